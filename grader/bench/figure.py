"""A measured figure beside its goal."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

__all__ = ["Figure", "median_of"]


@dataclasses.dataclass(frozen=True)
class Figure:
    """`value` in `unit`; `goal`: at most this, or None; `detail`: what else is worth knowing."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"  (goal <= {self.goal:g}{'' if self.value <= self.goal else ', MISSED'})"
        return f"{self.name:<58} {self.value:>9.3g} {self.unit}{goal}{'  ' + self.detail if self.detail else ''}"


def median_of(name: str, values: Sequence[float], unit: str, goal: float | None = None) -> Figure:
    """The median, with the extremes as detail."""
    return Figure(name, statistics.median(values), unit, goal, f"{min(values):.3g} to {max(values):.3g}, n = {len(values)}")
