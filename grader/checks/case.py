"""A wrong array beside the right one, and how much it tells that a mistake explains it.

A mistake counts as the explanation only when the wrong array equals what that mistake would give, and when
that can hardly be chance: every wrong value that is explained tells some bits (about 22 for a float compared
to 1e-7, log2(3) for one of three labels), every mistake has a price in bits, and what is left must reach
`ENOUGH`. So `2` for `1` is not "doubled", five equal values are not "in reverse order", and a random array
has no explanation.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from .numbers import Array, sample, whole
from .tolerance import Tolerance, misfit, scale_of

__all__ = ["ENOUGH", "RARE", "Case", "Guess", "things_along"]

ENOUGH = 4.0
RARE = 8.0
"""Price of a mistake that is seldom made, against 0 for the few that everybody makes."""

_EXACT_BITS = 52.0

Guess = tuple[str, Callable[[], Array | None], float]
"""Words, what that mistake gives, its price in bits."""


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A wrong result: `actual` and `expected` (equal shape), `wrong` (bool, same shape, at least one True).

    `resolution`: bits that one matching float tells, log2 of magnitude over tolerance.
    """

    actual: Array
    expected: Array
    wrong: Array
    tolerance: Tolerance
    resolution: float

    @classmethod
    def of(cls, got: Array, wanted: Array, where: Array, tolerance: Tolerance) -> Case:
        """The comparison without infinities and NaN that are as expected: they are 0 in both."""
        finite = np.isfinite(wanted)
        a, e = (x if finite.all() else np.where(finite, x, 0) for x in (got, wanted))
        relative = tolerance.rtol + tolerance.absolute(e) / scale_of(e)
        bits = max(0.0, min(_EXACT_BITS, -math.log2(2 * relative))) if relative > 0 else _EXACT_BITS
        return cls(a, e, where, tolerance, bits)

    def part(self, mask: Array) -> Case:
        """The values in `mask` as a case of one axis, all of them taken as wrong; the tolerance stays that of the whole."""
        tolerance = dataclasses.replace(self.tolerance, atol=self.tolerance.absolute(self.expected))
        actual = self.actual[mask]
        return Case(actual, self.expected[mask], np.ones(actual.shape, dtype=bool), tolerance, self.resolution)

    def misfit(self, candidate: Array) -> float:
        """The worst error of `actual` against `candidate` in units of the tolerance, inf where it is above one."""
        return misfit(self.actual, candidate, self.tolerance, 1.0)

    @property
    def count(self) -> int:
        """How many values are wrong."""
        return int(np.count_nonzero(self.wrong))

    def bits_each(self) -> float:
        """What one matching value tells."""
        values = sample(self.actual[self.wrong])
        if whole(values):
            return math.log2(max(len(np.unique(sample(self.actual))), 1))
        return self.resolution

    def bits(self) -> float:
        """What it tells that all wrong values match; equal floats count once, they may have one reason."""
        values = sample(self.actual[self.wrong])
        if whole(values):
            return self.count * self.bits_each()
        with np.errstate(all="ignore"):
            return len(np.unique(values.astype(np.complex64))) * self.resolution


def things_along(ndim: int, axis: int) -> str:
    """What lies along an axis: rows, columns, slices."""
    if ndim == 1:
        return "values"
    return ("rows", "columns")[axis] if ndim == 2 else f"slices along axis {axis}"
