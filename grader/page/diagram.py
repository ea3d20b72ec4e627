"""A diagram of curves, measured out for SVG."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Diagram", "Line", "diagram"]

_WIDTH, _HEIGHT = 460, 170
_TICKS = 4


@dataclasses.dataclass(frozen=True)
class Line:
    """One curve: its name, its SVG path, its number (from 0), which says how it is drawn."""

    label: str
    path: str
    number: int


@dataclasses.dataclass(frozen=True)
class Diagram:
    """Lines within `width` x `height`, and the ticks of both axes as (place, words)."""

    width: int
    height: int
    lines: Sequence[Line]
    xs: Sequence[tuple[float, str]]
    ys: Sequence[tuple[float, str]]


def diagram(curves: Sequence[Mapping[str, Any]]) -> Diagram:
    """The diagram of these curves (`label`, `points`), all of them on the same axes."""
    points = [point for curve in curves for point in curve["points"]]
    (left, right), (low, high) = (_span([point[axis] for point in points]) for axis in (0, 1))
    ticks = _ticks(low, high)
    bottom, top = min(low, ticks[0]), max(high, ticks[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        return _WIDTH * (x - left) / (right - left), _HEIGHT * (top - y) / (top - bottom)

    lines = [Line(curve["label"], _path([place(x, y) for x, y in curve["points"]]), k) for k, curve in enumerate(curves)]
    ys = [(round(place(left, y)[1], 1), f"{y:.6g}") for y in ticks]
    xs = [(round(place(x, low)[0], 1), f"{x:.6g}") for x in (left, right)]
    return Diagram(_WIDTH, _HEIGHT, lines, xs, ys)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """From the smallest to the largest; never nothing."""
    low, high = min(values), max(values)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    room = abs(low) / 2 or 1.0
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) around the span, five or so."""
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
    return [
        round(k * step, 12) if step > 1e-9 else k * step for k in range(math.floor(low / step), math.ceil(high / step) + 1)
    ]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
