"""Curves for the student's page: losses, accuracies. Points are thinned out, what is not finite is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.course.picture import Curve, Picture
from grader.errors import CheckFailed

from .describe import as_numbers
from .words import escape

__all__ = ["plotted"]

_CURVES, _POINTS = 4, 120
_CAPTION, _LABEL = 200, 24
_HUGE = 1e100


def plotted(value: object, caption: str, *, x: str = "", y: str = "", alt: str = "") -> Picture | None:
    """`value`: names and values (n,) of each curve, or the values alone; against their number, from 1.

    Of more than 120 values every k-th is drawn, and the last. None where nothing can be drawn: no numbers, another
    shape, under two values that are finite and below 1e100. `x`, `y`: what the axes are; `alt`: words for whoever
    cannot see it, else the ends of each curve.
    """
    named: Mapping[Any, object] = value if isinstance(value, dict) else {"": value}
    curves = [curve for name, values in list(named.items())[:_CURVES] if (curve := _curve(name, values))]
    if not curves:
        return None
    words = alt or "; ".join(map(_ends, curves))
    axes = escape(x, _LABEL), escape(y, _LABEL)
    return Picture(escape(caption, _CAPTION), escape(words, 2 * _CAPTION), curves=tuple(curves), axes=axes)


def _curve(name: object, values: object) -> Curve | None:
    try:
        array = as_numbers(values, "a curve")
    except CheckFailed:
        return None
    if array.ndim != 1 or array.dtype.kind not in "buif":
        return None
    step = max(1, -(-len(array) // _POINTS))
    kept = sorted({*range(0, len(array), step), len(array) - 1}) if len(array) else []
    points = tuple((float(k + 1), _drawable(float(array[k]))) for k in kept if abs(array[k]) < _HUGE)
    return Curve(escape(str(name), _LABEL), points) if len(points) > 1 else None


def _drawable(value: float) -> float:
    """Six digits are more than can be seen."""
    return float(f"{value:.6g}") if abs(value) > 1 / _HUGE else 0.0


def _ends(curve: Curve) -> str:
    first, last = curve.points[0][1], curve.points[-1][1]
    return f"{curve.label or 'A curve'} goes from {first:.4g} to {last:.4g}"
