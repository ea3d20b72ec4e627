"""`expect_close` and `expect_equal`: is this what the handout asks for, and if not, which mistake is it?

Tolerance of `expect_close`: |actual - expected| <= rtol * |expected| + atol for every value, where `atol`, unless given,
is `floor` times the largest magnitude expected (sums of many terms cancel, so a small value carries the error of its
large neighbours). Unless `rtol` is given::

    precision   rtol    floor     honest code stays below, relative to the largest magnitude
    float64     1e-7    1e-9      1e-12
    float32     1e-4    3e-5      1e-5 (sums of 3e5 terms, distances at D = 3072)
    float16     2e-2    1e-2      2e-3

The precision is that of the coarser of `expected` and `precision` (what the test says the computing may be done in),
and float32 where the result is float32 or is float64 that holds nothing but float32 values. A float16 result does not
loosen its own check: only `precision="float16"` does. With `rtol` given, `floor` is rtol / 100.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .describe import Mismatch, as_numbers, describe, index_text, oracle, shape_text
from .suspects import Array, Case, Suspect, named, standard

__all__ = ["expect_close", "expect_equal"]

_LEVELS = {8: (1e-7, 1e-9), 4: (1e-4, 3e-5), 2: (2e-2, 1e-2)}  # bytes of a real float: rtol, floor
_BLOCK = 1 << 16
_SENTINEL = 1e8
_EXACT_BITS = 52.0
_MAX_KEYS = 5


@dataclasses.dataclass(frozen=True)
class _Tolerance:
    rtol: float
    atol: float | None
    floor: float

    def absolute(self, expected: Array) -> float:
        return self.floor * _scale(expected) if self.atol is None else self.atol


def expect_close(
    actual: object,
    expected: npt.ArrayLike,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    precision: npt.DTypeLike | None = None,
    name: str = "the result",
    suspects: Mapping[str, Suspect] | None = None,
    standard: bool = True,
) -> None:
    """Passes when `actual` holds the numbers `expected`; raises Mismatch with an explanation otherwise.

    `actual`: an array, a number, a (nested) list of numbers; its dtype does not matter. `expected`: the oracle's value;
    NaN and infinities in it are expected at their places. `rtol`, `atol`, `precision`: see this module's text; give
    `precision="float32"` where the inputs are float32. `suspects`: known mistakes in the words of the message and what
    each would give (or a function of no arguments for that), tried in order before the standard mistakes, which
    `standard=False` leaves out. The shape of a suspect may be wrong as well. `name` leads or ends sentences: "dW".
    """
    wanted = oracle(expected, name)
    got = as_numbers(actual, name)
    tolerance = _tolerance(got, wanted, rtol, atol, precision)
    if got.shape == wanted.shape and _misfit(got, wanted, tolerance, 1.0) <= 1.0:
        return
    if rtol is None and got.shape == wanted.shape and _holds_float32(got):
        tolerance = dataclasses.replace(_tolerance(got, wanted, rtol, atol, np.float32))
        if _misfit(got, wanted, tolerance, 1.0) <= 1.0:
            return
    _explain(got, wanted, tolerance, name, suspects, standard)


def _tolerance(
    got: Array, wanted: Array, rtol: float | None, atol: float | None, precision: npt.DTypeLike | None
) -> _Tolerance:
    if rtol is not None:
        return _Tolerance(rtol, atol, rtol / 100)
    widths = [_width(wanted.dtype), max(4, _width(got.dtype))]
    if precision is not None:
        widths.append(_width(np.dtype(precision)))
    level, floor = _LEVELS[min(widths)]
    return _Tolerance(level, atol, floor)


def _width(dtype: np.dtype[Any]) -> int:
    """Bytes of the real numbers of a dtype, 8 for all but small floats: integers are exact."""
    if dtype.kind not in "fc":
        return 8
    return min(8, dtype.itemsize // (2 if dtype.kind == "c" else 1))


def _holds_float32(values: Array) -> bool:
    """Whether float64 values are float32 ones in truth (computed so and stored in `np.zeros(...)`)."""
    if values.dtype.kind != "f" or np.all(values == np.rint(values)):
        return False
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float32).astype(values.dtype), values, equal_nan=True))


def _scale(expected: Array) -> float:
    """The largest finite magnitude, 1 where all are 0. A mask's -1e9 among ordinary values does not set the scale."""
    if expected.size == 0:
        return 1.0
    top = _largest(expected)
    if not math.isfinite(top):
        finite = expected[np.isfinite(expected)]
        return _scale(finite)
    if top >= _SENTINEL:
        sizes = np.abs(_wide(expected))
        rest = float(np.max(sizes, initial=0.0, where=sizes < _SENTINEL))
        far = float(np.min(sizes, initial=top, where=sizes >= _SENTINEL)) >= 1e4 * rest
        return rest if far and rest >= 1e-3 else top
    return top or 1.0


def _largest(values: Array) -> float:
    if values.dtype.kind == "c":
        return float(np.max(np.abs(_wide(values))))
    return max(float(np.max(values)), -float(np.min(values)))


def _wide(values: Array) -> Array:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64, copy=False)


def _misfit(actual: Array, candidate: Array, tolerance: _Tolerance, limit: float = math.inf) -> float:
    """The worst error in units of the tolerance, inf above `limit` and for another shape; goes by blocks to save memory."""
    if actual.shape != candidate.shape:
        return math.inf
    flat_a, flat_c, absolute, worst = actual.reshape(-1), candidate.reshape(-1), tolerance.absolute(candidate), 0.0
    with np.errstate(all="ignore"):
        for start in range(0, flat_a.size, _BLOCK):
            a, c = _wide(flat_a[start : start + _BLOCK]), _wide(flat_c[start : start + _BLOCK])
            error, allowed = np.abs(a - c), np.abs(c) * tolerance.rtol + absolute
            if limit <= 1.0 and np.all(error <= allowed) and np.all(np.isfinite(c)):
                continue
            worst = max(worst, float(np.max(_ratio(a, c, error, allowed))))
            if worst > limit:
                return math.inf
    return worst


def _ratio(a: Array, c: Array, error: Array, allowed: Array) -> Array:
    ratio = np.where(error == 0, 0.0, error / allowed)
    same = (a == c) | (np.isnan(a) & np.isnan(c))
    return np.where(same, 0.0, np.where(np.isfinite(a) & np.isfinite(c), ratio, math.inf))


def _explain(
    got: Array, wanted: Array, tolerance: _Tolerance, name: str, suspects: Mapping[str, Suspect] | None, standard_too: bool
) -> NoReturn:
    """Raises the Mismatch of a result that is known to be wrong."""
    own = _misfit(got, wanted, tolerance)
    text, remarks = named(suspects, functools.partial(_misfit, got, tolerance=tolerance, limit=100.0), own)
    error = _shape(got, wanted, name, text) or _kind(got, wanted, name, text) or _finite(got, wanted, name, text)
    if error is None:
        error = _values(_case(got, wanted, tolerance), name, text, standard_too)
    for remark in remarks:
        error.add_note(remark)
    raise error


def _told(suspect: str | None, finding: str) -> str:
    return finding if suspect is None else f"{suspect.rstrip('.')}. {finding}"


def _shape(got: Array, wanted: Array, name: str, suspect: str | None) -> Mismatch | None:
    if got.shape == wanted.shape:
        return None
    if got.ndim == 0:
        finding = f"{name} is a single number where shape {shape_text(wanted.shape)} is expected."
    elif wanted.ndim == 0:
        finding = f"{name} has shape {shape_text(got.shape)} where a single number is expected."
    else:
        reason = _shape_reason(got.shape, wanted.shape)
        finding = f"{name} has shape {shape_text(got.shape)} where {shape_text(wanted.shape)} is expected{reason}."
    return Mismatch(_told(suspect, finding), kind="shape", suspect=suspect)


def _shape_reason(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if 0 in got and 0 not in wanted:
        return ": it is empty"
    if got == wanted[::-1]:
        return ": transposed"
    if [n for n in got if n != 1] == [n for n in wanted if n != 1]:
        return f": an axis of length 1 too {'many' if len(got) > len(wanted) else 'few' if len(got) < len(wanted) else 'early'}"
    if sorted(got) == sorted(wanted):
        return ": the axes are in another order"
    if math.prod(got) == math.prod(wanted):
        return ": as many values, laid out in another way"
    return _axis_reason(got, wanted)


def _axis_reason(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if len(got) != len(wanted):
        return f": it has {len(got)} {'axis' if len(got) == 1 else 'axes'} instead of {len(wanted)}"
    axes = [axis for axis in range(len(got)) if got[axis] != wanted[axis]]
    if len(axes) > 1 or len(got) == 1:
        return ""
    return f": axis {axes[0]} has length {got[axes[0]]} instead of {wanted[axes[0]]}"


def _kind(got: Array, wanted: Array, name: str, suspect: str | None) -> Mismatch | None:
    if got.dtype.kind == "b" and wanted.dtype.kind != "b":
        finding = f"{name} holds True and False where numbers are expected."
    elif got.dtype.kind == "c" and wanted.dtype.kind != "c" and np.any(got.imag != 0):
        finding = f"{name} holds complex numbers where real ones are expected."
    else:
        return None
    return Mismatch(_told(suspect, finding), kind="type", suspect=suspect)


def _finite(got: Array, wanted: Array, name: str, suspect: str | None) -> Mismatch | None:
    for what, test in (("NaN", np.isnan), ("infinity", np.isinf)):
        extra, lost = test(got) & ~test(wanted), test(wanted) & (test(got) ^ True | (got != wanted) & (what != "NaN"))
        if np.any(extra):
            finding = f"{name} is {what}" if got.ndim == 0 else f"{name} holds {what}: {_where(extra)}"
            return Mismatch(_told(suspect, finding + "."), kind="finite", suspect=suspect)
        if np.any(lost):
            finding = f"{name} is {_pair(got, wanted, _first(lost), ' where ')} is expected."
            return Mismatch(_told(suspect, finding), kind="finite", suspect=suspect)
    return None


def _where(mask: Array) -> str:
    count = int(np.count_nonzero(mask))
    if count == mask.size:
        return f"all {count:,} values"
    return f"{count:,} of {mask.size:,} values, the first at {index_text(_first(mask))}"


def _first(mask: Array) -> tuple[Any, ...]:
    return np.unravel_index(int(np.argmax(mask)), mask.shape)


def _case(got: Array, wanted: Array, tolerance: _Tolerance) -> Case:
    """The finite values of a failed comparison; infinities and NaN that are as expected become 0 in both."""
    finite = np.isfinite(wanted)
    a, e = (x if finite.all() else np.where(finite, x, 0) for x in (got, wanted))
    absolute = tolerance.absolute(e)
    with np.errstate(all="ignore"):
        wrong = np.asarray(~(np.abs(_wide(a) - _wide(e)) <= np.abs(_wide(e)) * tolerance.rtol + absolute))
    relative = tolerance.rtol + absolute / _scale(e)
    bits = min(_EXACT_BITS, -math.log2(2 * relative)) if relative > 0 else _EXACT_BITS
    return Case(a, e, wrong, functools.partial(_misfit, a, tolerance=tolerance, limit=1.0), max(bits, 0.0))


def _values(case: Case, name: str, suspect: str | None, standard_too: bool) -> Mismatch:
    suspect = suspect or (standard(case) if standard_too else None)
    with np.errstate(all="ignore"):
        error = np.where(case.wrong, np.abs(_wide(case.actual) - _wide(case.expected)), -1.0)
    return _value_mismatch(case, name, suspect, np.unravel_index(int(np.argmax(error)), error.shape), "the largest difference is")


def _value_mismatch(case: Case, name: str, suspect: str | None, index: tuple[Any, ...], which: str) -> Mismatch:
    if case.actual.ndim == 0:
        pair = _pair(case.actual, case.expected, (), " where ")
        unknown = "" if suspect else " (no known mistake fits)"
        return Mismatch(_told(suspect, f"{name} is {pair} is expected{unknown}."), kind="value", suspect=suspect)
    counts = f"{case.count:,} of {case.actual.size:,} values differ" if case.count > 1 or case.actual.size > 1 else "the one value differs"
    worst = f"{counts}; {which} at {index_text(index)}: got {_pair(case.actual, case.expected, index, ', expected ')}."
    if suspect is None:
        return Mismatch(f"{name} has wrong values (no known mistake fits). {worst[0].upper()}{worst[1:]}", kind="value")
    return Mismatch(_told(suspect, f"In {name}, {worst}"), kind="value", suspect=suspect)


def _pair(got: Array, wanted: Array, index: tuple[Any, ...], between: str) -> str:
    """Both values at `index`, with as few of up to 12 digits as tell them apart."""
    a, e = got[index], wanted[index]
    for digits in (6, 12):
        left, right = _text(a, digits), _text(e, digits)
        if left != right:
            return f"{left}{between}{right}"
    return f"{left}{between}{right} (they differ by {abs(_wide(np.asarray(a)) - _wide(np.asarray(e))):.2g})"


def _text(value: Any, digits: int) -> str:
    if np.isnan(value):
        return "NaN"
    if isinstance(value, (np.integer, np.bool_)):
        return str(value)
    return f"{value:.{digits}g}".replace("inf", "infinity")
