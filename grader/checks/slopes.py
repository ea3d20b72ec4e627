"""Slopes of a function by centred differences, and whether the function is smooth enough for them.

With one upstream gradient c (the cotangent), L(x) = sum(f(x) * c) is a number, and its slope along v is
(L(x + h v) - L(x - h v)) / 2h, up to h^2 times the third derivative and to rounding, eps |L| / h. The
difference is taken value by value before the sum, so that values of f that do not change cost no digits.

A kink nearer than h spoils it. Let the bend be the slope to the right of x less that to the left. On a smooth
function it halves with h; beside a kink of size k in a distance d < h it is k (h - d) / h, and the centred slope
is off by half of that. So where the bend is too large to leave no doubt, slope and bend are taken again at
h / 2 and compared; at any d the larger of the two differences is at least a third of the error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from .numbers import Array

__all__ = ["Line", "Slope", "unit"]

_EPS = float(np.finfo(np.float64).eps)


@dataclasses.dataclass(frozen=True)
class Slope:
    """`value`: the centred slope; `bend`: slope to the right less slope to the left; `noise`: about what rounding moves
    the slope by.
    """

    value: float
    bend: float
    noise: float


@dataclasses.dataclass(frozen=True)
class Line:
    """L along straight lines through `at`. `f` gives arrays of one shape, float64, `here` at `at`; `cotangent` has that
    shape.
    """

    f: Callable[[Array], Array]
    at: Array
    cotangent: Array
    here: Array

    def slope(self, direction: Array, h: float) -> Slope:
        """The slope along `direction` (shape of `at`) with steps of `h`."""
        right, left = self.f(self.at + h * direction), self.f(self.at - h * direction)
        moved = np.where((right != self.here) | (left != self.here), self.here * self.cotangent, 0.0)
        value = self._sum(right - left) / (2 * h)
        bend = (self._sum(right - self.here) - self._sum(self.here - left)) / h
        return Slope(value, bend, _EPS * float(np.linalg.norm(moved)) / h)

    def doubt(self, direction: Array, h: float, slope: Slope, least: float) -> float:
        """By how much `slope` is off because of a kink, at least; 0 where its bend is below `least`."""
        if abs(slope.bend) <= least:
            return 0.0
        half = self.slope(direction, h / 2)
        seen = max(abs(half.value - slope.value), abs(2 * half.bend - slope.bend) / 2)
        return max(0.0, seen - 8 * slope.noise)

    def _sum(self, values: Array) -> float:
        return float(np.sum(values * self.cotangent))


def unit(shape: tuple[int, ...], place: tuple[int, ...]) -> Array:
    """The direction of one coordinate."""
    result = np.zeros(shape)
    result[place] = 1.0
    return result
