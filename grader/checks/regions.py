"""Suspects that say where or in what form a result is wrong, not what it is: a region, NaN and infinities, a shape."""

from __future__ import annotations

import abc
import dataclasses
import math
from typing import Any

import numpy as np

from .case import Case
from .numbers import Array
from .standard import whole_mistake

__all__ = ["NotFinite", "Place", "Region", "Shape"]

_ENOUGH = 8.0  # bits; the suite expects this mistake, so less is asked than of the standard ones


class Place(abc.ABC):
    """A suspect of a test that is no value."""

    @abc.abstractmethod
    def explains(self, case: Case) -> str | None:
        """What to add to the words of the suspect ("" for nothing), None where it does not explain `case`."""


@dataclasses.dataclass(frozen=True, eq=False)
class Region(Place):
    """ "Only the values in `mask` are wrong": every wrong value lies there, and by more than chance.

    `mask`: bool, of the shape of the result or one that broadcasts to it. The message adds how many of the values there are
    wrong, and what is wrong with all of them if a standard mistake explains that.
    """

    mask: Any

    def explains(self, case: Case) -> str | None:
        """Part of `Place`. Raises ValueError for a mask that does not fit the result."""
        mask = np.broadcast_to(np.asarray(self.mask, dtype=bool), case.wrong.shape)
        inside = int(np.count_nonzero(mask))
        if np.any(case.wrong & ~mask) or _bits(case.count, inside, case.wrong.size) < _ENOUGH:
            return None
        if case.count < inside:
            unset = case.count > 1 and np.all(case.actual[case.wrong] == 0)
            return f" ({case.count:,} of {inside:,} values there{', all 0' if unset else ''})"
        known = _within(case, mask)
        return f": there, {known}" if known else f" (all {inside:,} values there)"


def _bits(count: int, inside: int, size: int) -> float:
    """Minus log2 of the chance that `count` wrong values of `size`, thrown at random, all fall among `inside`."""
    if not count <= inside < size:
        return 0.0
    return (_log2_choose(size, count) - _log2_choose(inside, count)) if count else 0.0


def _log2_choose(n: int, k: int) -> float:
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(2)


def _within(case: Case, mask: Array) -> str | None:
    """The standard mistake of the values in `mask` by themselves."""
    part = case.part(mask)
    return whole_mistake(part, scattered=True) if np.all(np.isfinite(part.actual)) else None


class NotFinite(Place):
    """ "It overflows": NaN or infinity came back where a finite number is expected, wherever that is."""

    def explains(self, case: Case) -> str | None:
        """Part of `Place`."""
        return "" if np.any(~np.isfinite(case.actual) & np.isfinite(case.expected)) else None


@dataclasses.dataclass(frozen=True)
class Shape(Place):
    """ "This shape is what that mistake gives": for a result of a wrong shape, whatever its values are."""

    shape: tuple[int, ...]

    def explains(self, case: Case) -> str | None:
        """Part of `Place`: a result of the right shape is no case of it."""
        return None
