"""How far apart two numbers may be, and how far two arrays are.

Tolerance of `expect_close`: |actual - expected| <= rtol * |expected| + atol for every value, where `atol`,
unless given, is `floor` times the largest magnitude expected: sums of many terms cancel, so a small value
carries the error of its large neighbours. Unless `rtol` is given::

    precision   rtol    floor
    float64     1e-7    1e-9    measured 4e-11 (distances by a matrix product, 100 off the origin)
    float32     1e-4    3e-5    measured 6e-6 (300,000 terms added one by one)
    float16     2e-2    1e-2

("measured" is the worst error of honest code relative to the largest magnitude.)
The precision is that of the coarser of `expected` and `precision` (what the test says the computing may be
done in), and float32 where the result is float32, or float64 that holds nothing but float32 values. A float16
result does not loosen its own check: only `precision="float16"` does. Where `rtol` is given, `floor` is
rtol / 100.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .numbers import Array, numbers_or_none, sample, wide

__all__ = [
    "EXACT", "SINGLE", "Tolerance", "holds_float32", "misfit", "misfit_of", "same", "scale_of", "tolerance_of", "wrong",
]  # fmt: skip

_LEVELS = {8: (1e-7, 1e-9), 4: (1e-4, 3e-5), 2: (2e-2, 1e-2)}  # bytes of a real float: rtol, floor
_BLOCK = 1 << 16
_SENTINEL = 1e8


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """`rtol` of each value, and `atol`; None: `floor` times the largest magnitude expected."""

    rtol: float
    atol: float | None
    floor: float

    def absolute(self, expected: Array) -> float:
        """What every value of `expected` may be off, whatever its size."""
        return self.floor * scale_of(expected) if self.atol is None else self.atol


EXACT = Tolerance(0.0, 0.0, 0.0)
SINGLE = Tolerance(0.0, None, _LEVELS[4][1])
"""Of code that computed in float32, by the largest magnitude alone."""


def tolerance_of(
    got: Array, wanted: Array, rtol: float | None, atol: float | None, precision: npt.DTypeLike | None
) -> Tolerance:
    """The tolerance by this module's table."""
    if rtol is not None:
        return Tolerance(rtol, atol, rtol / 100)
    widths = [_width(wanted.dtype), max(4, _width(got.dtype))]
    if precision is not None:
        widths.append(_width(np.dtype(precision)))
    level, floor = _LEVELS[min(widths)]
    return Tolerance(level, atol, floor)


def _width(dtype: np.dtype[Any]) -> int:
    """Bytes of the real numbers of a dtype, 8 for all but small floats: integers are exact."""
    if dtype.kind not in "fc":
        return 8
    return min(8, dtype.itemsize // (2 if dtype.kind == "c" else 1))


def holds_float32(values: Array) -> bool:
    """Whether float64 values are float32 ones in truth (computed so and stored in `np.zeros(...)`)."""
    if values.dtype.kind != "f":
        return False
    some = sample(values)
    with np.errstate(over="ignore"):
        single = some.astype(np.float32).astype(some.dtype)
    return bool(np.array_equal(single, some, equal_nan=True) and np.any(some != np.rint(some)))


def scale_of(expected: Array) -> float:
    """The largest finite magnitude, 1 where all are 0. A mask's -1e9 among ordinary values sets no scale."""
    top = _largest(expected)
    if not math.isfinite(top):
        expected = expected[np.isfinite(expected)]
        top = _largest(expected)
    if top < _SENTINEL:
        return top or 1.0
    sizes = np.abs(wide(expected))
    rest = float(np.max(sizes, initial=0.0, where=sizes < _SENTINEL))
    masks = float(np.min(sizes, initial=top, where=sizes >= _SENTINEL))
    return rest if rest >= 1e-3 and masks >= 1e4 * rest else top


def _largest(values: Array) -> float:
    if values.size == 0:
        return 0.0
    if values.dtype.kind == "c":
        return float(np.max(np.abs(wide(values))))
    return max(float(np.max(values)), -float(np.min(values)))


def misfit(actual: Array, candidate: Array, tolerance: Tolerance, limit: float = math.inf) -> float:
    """The worst error in units of the tolerance, inf above `limit` and for another shape; in small blocks."""
    if actual.shape != candidate.shape:
        return math.inf
    flat_a, flat_c, worst = actual.reshape(-1), candidate.reshape(-1), 0.0
    with np.errstate(all="ignore"):
        absolute = tolerance.absolute(candidate)
        for start in range(0, flat_a.size, _BLOCK):
            a, c = wide(flat_a[start : start + _BLOCK]), wide(flat_c[start : start + _BLOCK])
            error, allowed = np.abs(a - c), np.abs(c) * tolerance.rtol + absolute
            if limit <= 1.0 and np.all(error <= allowed) and np.all(np.isfinite(allowed)):
                continue
            worst = max(worst, float(np.max(_ratio(a, c, error, allowed))))
            if worst > limit:
                return math.inf
    return worst


def misfit_of(actual: Array, suspect: object, tolerance: Tolerance) -> float:
    """`misfit` of what a suspect gives, looked at up to 100 tolerances; inf where that is no array of numbers."""
    candidate = numbers_or_none(suspect)
    return math.inf if candidate is None else misfit(actual, candidate, tolerance, 100.0)


def _ratio(a: Array, c: Array, error: Array, allowed: Array) -> Array:
    ratio = np.where(error == 0, 0.0, error / allowed)
    return np.where(same(a, c), 0.0, np.where(np.isfinite(a) & np.isfinite(c), ratio, math.inf))


def same(a: Array, c: Array) -> Array:
    """Where the values are equal, NaN to NaN."""
    return np.asarray((a == c) | (np.isnan(a) & np.isnan(c)))


def wrong(got: Array, wanted: Array, tolerance: Tolerance) -> Array:
    """Where the values are outside the tolerance."""
    with np.errstate(all="ignore"):
        a, c = wide(got), wide(wanted)
        return np.asarray(~(same(a, c) | (np.abs(a - c) <= np.abs(c) * tolerance.rtol + tolerance.absolute(c))))
