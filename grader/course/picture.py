"""What a suite shows to the student: finished PNG files, or curves, and their words, as plain data."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["Curve", "Picture"]


@dataclasses.dataclass(frozen=True)
class Curve:
    """One line of a diagram: its name, and its points (x, y) from left to right."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture, several of one size, or a diagram of curves.

    `caption`: what it shows; `alt`: the same for whoever cannot see it; `width`, `height`: pixels of each tile; `tiles`:
    PNG files in base64; `labels`: what stands below each tile, or (); `curves`: of a diagram, which has no tiles; `axes`:
    what its x and y are.
    """

    caption: str
    alt: str
    width: int = 0
    height: int = 0
    tiles: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()
    axes: tuple[str, str] = ("", "")

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the fields as keys."""
        curves = [{"label": curve.label, "points": [list(point) for point in curve.points]} for curve in self.curves]
        lists = {name: list(getattr(self, name)) for name in ("tiles", "labels", "axes")}
        return {**dataclasses.asdict(self), **lists, "curves": curves}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Picture:
        """The inverse of `to_json`; an unknown or missing key raises TypeError or KeyError."""
        curves = tuple(Curve(one["label"], tuple((x, y) for x, y in one["points"])) for one in data["curves"])
        lists: dict[str, Any] = {name: tuple(data[name]) for name in ("tiles", "labels", "axes")}
        return cls(**{**data, **lists, "curves": curves})
