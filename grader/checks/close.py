"""`expect_close` and `expect_equal`: is this what the handout asks for, and if not, which mistake is it?

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
import functools
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from grader.errors import SuiteFault

from .describe import (
    Mismatch,
    as_numbers,
    describe,
    index_text,
    keys_text,
    numbers_or_none,
    oracle,
    pair_text,
    sentence,
    shape_reason,
    shape_text,
)  # fmt: skip
from .suspects import Array, Case, Suspect, named_mistake, sample, standard_mistake

__all__ = ["expect_close", "expect_equal"]

_LEVELS = {8: (1e-7, 1e-9), 4: (1e-4, 3e-5), 2: (2e-2, 1e-2)}  # bytes of a real float: rtol, floor
_BLOCK = 1 << 16
_SENTINEL = 1e8
_EXACT_BITS = 52.0
_UNKNOWN = "wrong result (no known mistake fits)"


@dataclasses.dataclass(frozen=True)
class _Tolerance:
    rtol: float
    atol: float | None
    floor: float

    def absolute(self, expected: Array) -> float:
        return self.floor * _scale(expected) if self.atol is None else self.atol


_EXACT = _Tolerance(0.0, 0.0, 0.0)


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

    `actual`: an array, a number, a (nested) list of numbers; its dtype does not matter. `expected`: the
    oracle's value; NaN and infinities in it are expected at their places. `rtol`, `atol`, `precision`: see
    this module's text; give `precision="float32"` where the inputs are float32. `suspects`: known mistakes in
    the words of the message and what each would give (or a function of no arguments for that), tried in order
    before the standard mistakes, which `standard=False` leaves out; a suspect may have a wrong shape. `name`
    stands in sentences: "dW".
    """
    wanted = oracle(expected, name)
    got = as_numbers(actual, name)
    tolerance = _tolerance(got, wanted, rtol, atol, precision)
    if _misfit(got, wanted, tolerance, 1.0) <= 1.0:
        return
    if rtol is None and _holds_float32(got):
        tolerance = _tolerance(got, wanted, rtol, atol, "float32")
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
    if values.dtype.kind != "f":
        return False
    some = sample(values)
    with np.errstate(over="ignore"):
        single = some.astype(np.float32).astype(some.dtype)
    return bool(np.array_equal(single, some, equal_nan=True) and np.any(some != np.rint(some)))


def _scale(expected: Array) -> float:
    """The largest finite magnitude, 1 where all are 0. A mask's -1e9 among ordinary values sets no scale."""
    top = _largest(expected)
    if not math.isfinite(top):
        expected = expected[np.isfinite(expected)]
        top = _largest(expected)
    if top < _SENTINEL:
        return top or 1.0
    sizes = np.abs(_wide(expected))
    rest = float(np.max(sizes, initial=0.0, where=sizes < _SENTINEL))
    masks = float(np.min(sizes, initial=top, where=sizes >= _SENTINEL))
    return rest if rest >= 1e-3 and masks >= 1e4 * rest else top


def _largest(values: Array) -> float:
    if values.size == 0:
        return 0.0
    if values.dtype.kind == "c":
        return float(np.max(np.abs(_wide(values))))
    return max(float(np.max(values)), -float(np.min(values)))


def _wide(values: Array) -> Array:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64, copy=False)


def _misfit(actual: Array, candidate: Array, tolerance: _Tolerance, limit: float = math.inf) -> float:
    """The worst error in units of the tolerance, inf above `limit` and for another shape; in small blocks."""
    if actual.shape != candidate.shape:
        return math.inf
    flat_a, flat_c, worst = actual.reshape(-1), candidate.reshape(-1), 0.0
    with np.errstate(all="ignore"):
        absolute = tolerance.absolute(candidate)
        for start in range(0, flat_a.size, _BLOCK):
            a, c = _wide(flat_a[start : start + _BLOCK]), _wide(flat_c[start : start + _BLOCK])
            error, allowed = np.abs(a - c), np.abs(c) * tolerance.rtol + absolute
            if limit <= 1.0 and np.all(error <= allowed) and np.all(np.isfinite(allowed)):
                continue
            worst = max(worst, float(np.max(_ratio(a, c, error, allowed))))
            if worst > limit:
                return math.inf
    return worst


def _misfit_of(actual: Array, suspect: object, tolerance: _Tolerance) -> float:
    candidate = numbers_or_none(suspect)
    return math.inf if candidate is None else _misfit(actual, candidate, tolerance, 100.0)


def _ratio(a: Array, c: Array, error: Array, allowed: Array) -> Array:
    ratio = np.where(error == 0, 0.0, error / allowed)
    return np.where(_same(a, c), 0.0, np.where(np.isfinite(a) & np.isfinite(c), ratio, math.inf))


def _same(a: Array, c: Array) -> Array:
    return np.asarray((a == c) | (np.isnan(a) & np.isnan(c)))


def _explain(
    got: Array,
    wanted: Array,
    tolerance: _Tolerance,
    name: str,
    suspects: Mapping[str, Suspect] | None,
    standard: bool,
) -> NoReturn:
    """Raises the Mismatch of a result that is known to be wrong."""
    own = _misfit(got, wanted, tolerance)
    suspect, remarks = named_mistake(suspects, lambda value: _misfit_of(got, value, tolerance), own)
    error = _form(got, wanted, name, suspect)
    if error is None:
        wrong = _wrong(got, wanted, tolerance)
        error = _finite(got, wanted, wrong, name, suspect)
    if error is None:
        case = _case(got, wanted, wrong, tolerance)
        suspect = suspect or (standard_mistake(case) or _coarse(case) if standard else None)
        error = _values(case, name, suspect, _worst(case), "the largest difference is")
    raise _remarked(error, remarks)


def _remarked(error: Mismatch, remarks: list[str]) -> Mismatch:
    for remark in remarks:
        error.add_note(remark)
    return error


def _form(got: Array, wanted: Array, name: str, suspect: str | None) -> Mismatch | None:
    """What is wrong with the shape or the kind of number."""
    subject, kind = sentence(name), "shape"
    if got.shape != wanted.shape:
        if got.ndim == 0:
            finding = f"is a single number where shape {shape_text(wanted.shape)} is expected"
        elif wanted.ndim == 0:
            finding = f"has shape {shape_text(got.shape)} where a single number is expected"
        else:
            reason = shape_reason(got.shape, wanted.shape)
            finding = f"has shape {shape_text(got.shape)} where {shape_text(wanted.shape)} is expected"
            finding += f": {reason}" if reason else ""
    elif got.dtype.kind == "b" and wanted.dtype.kind != "b":
        finding, kind = "holds True and False where numbers are expected", "type"
    elif got.dtype.kind == "c" and wanted.dtype.kind != "c":
        finding, kind = "holds complex numbers where real ones are expected", "type"
    else:
        return None
    return Mismatch(f"{subject} {finding}.", kind=kind, suspect=suspect)


def _wrong(got: Array, wanted: Array, tolerance: _Tolerance) -> Array:
    with np.errstate(all="ignore"):
        a, c = _wide(got), _wide(wanted)
        return np.asarray(~(_same(a, c) | (np.abs(a - c) <= np.abs(c) * tolerance.rtol + tolerance.absolute(c))))


def _finite(got: Array, wanted: Array, wrong: Array, name: str, suspect: str | None) -> Mismatch | None:
    """What is wrong with NaN and infinities: some came back unasked, some were expected and did not."""
    for what, unasked in (
        ("NaN", np.isnan(got) & ~np.isnan(wanted)),
        ("infinity", np.isinf(got) & np.isfinite(wanted)),
    ):
        if np.any(unasked):
            rest = "" if np.any(wrong & ~unasked) or np.all(unasked) else "; all other values are right"
            index = _first(unasked)
            scalar = f"is {pair_text(got[index], wanted[index], ' where ')} is expected"
            finding = f"holds {what}: {_where(unasked)}{rest}" if got.ndim else scalar
            return Mismatch(f"{sentence(name)} {finding}.", kind="finite", suspect=suspect)
    lost = np.asarray(~np.isfinite(wanted) & ~_same(got, wanted))
    if not np.any(lost):
        return None
    index = _first(lost)
    pair = pair_text(got[index], wanted[index], " where ")
    place = f" at {index_text(index)}" if got.ndim else ""
    return Mismatch(f"{sentence(name)} is {pair} is expected{place}.", kind="finite", suspect=suspect)


def _where(mask: Array) -> str:
    count = int(np.count_nonzero(mask))
    if count == mask.size:
        return "every value"
    return f"{count:,} of {mask.size:,} values, the first at {index_text(_first(mask))}"


def _first(mask: Array) -> tuple[Any, ...]:
    return np.unravel_index(int(np.argmax(mask)), mask.shape)


def _case(got: Array, wanted: Array, wrong: Array, tolerance: _Tolerance) -> Case:
    """The comparison without infinities and NaN, which are as expected here: 0 in both."""
    finite = np.isfinite(wanted)
    a, e = (x if finite.all() else np.where(finite, x, 0) for x in (got, wanted))
    relative = tolerance.rtol + tolerance.absolute(e) / _scale(e)
    bits = max(0.0, min(_EXACT_BITS, -math.log2(2 * relative))) if relative > 0 else _EXACT_BITS
    return Case(a, e, wrong, functools.partial(_misfit, a, tolerance=tolerance, limit=1.0), bits)


def _worst(case: Case) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        return _first(np.where(case.wrong, np.abs(_wide(case.actual) - _wide(case.expected)), -1.0))


def _coarse(case: Case) -> str | None:
    if case.actual.dtype != np.float16 or _misfit(case.actual, case.expected, _Tolerance(0.0, None, 1e-2)) > 1.0:
        return None
    return "computed in half precision (float16), which is too coarse"


def _values(case: Case, name: str, suspect: str | None, index: tuple[Any, ...], which: str) -> Mismatch:
    got, wanted = case.actual[index], case.expected[index]
    if case.actual.ndim == 0:
        finding = f"{sentence(name)} is {pair_text(got, wanted, ' where ')} is expected."
    else:
        worst = f"{which} at {index_text(index)}: got {pair_text(got, wanted, ', expected ')}"
        differ = "differs" if case.count == 1 else "differ"
        finding = f"In {name}, {case.count:,} of {case.actual.size:,} values {differ}; {worst}."
    return Mismatch(finding, kind="value", suspect=suspect, lead=_UNKNOWN)


def expect_equal(
    actual: object,
    expected: object,
    *,
    name: str = "the result",
    suspects: Mapping[str, Any] | None = None,
) -> None:
    """Passes when `actual` equals `expected` exactly; raises Mismatch with an explanation otherwise.

    For labels, counts, text, None, lists and dicts of those. Numbers are compared as numbers, so 2.0 equals 2
    and an array equals a list; a tuple equals a list. `suspects` as for `expect_close`; each is compared in
    the same way. Floats that were computed need `expect_close`, value by value in a dict.
    """
    try:
        _equal(actual, expected, name)
    except Mismatch as error:
        found, remarks = named_mistake(suspects, lambda value: _unequal(actual, value, name), math.inf)
        if found is not None:
            error = Mismatch(error.finding, kind=error.kind, suspect=found)
        raise _remarked(error, remarks) from None


def _unequal(actual: object, candidate: object, name: str) -> float:
    try:
        _equal(actual, candidate, name)
    except Mismatch:
        return math.inf
    return 0.0


def _equal(actual: object, expected: object, name: str) -> None:
    numbers = numbers_or_none(expected)
    if isinstance(expected, dict):
        _equal_dict(actual, expected, name)
    elif numbers is not None:
        _equal_numbers(as_numbers(actual, name), numbers, name)
    elif isinstance(expected, (list, tuple)):
        _equal_items(actual, expected, name)
    elif expected is None:
        if actual is not None:
            _equal_fails(actual, "None", name)
    elif not isinstance(expected, (str, bytes)):
        raise SuiteFault(f"what is expected of {name} is {describe(expected)}: give numbers, text, lists or dicts of them")
    elif not isinstance(actual, (str, bytes)) or actual != expected:
        _equal_fails(actual, describe(expected), name)


def _equal_fails(actual: object, wanted: str, name: str) -> NoReturn:
    kind = "missing" if actual is None else "value" if isinstance(actual, (str, bytes)) else "type"
    raise Mismatch(f"{sentence(name)} is {describe(actual)} where {wanted} is expected.", kind=kind)


def _equal_dict(actual: object, expected: dict[Any, Any], name: str) -> None:
    if not isinstance(actual, dict):
        _equal_fails(actual, "a dict", name)
    lacking = [key for key in expected if key not in actual]
    extra = [key for key in actual if key not in expected]
    if lacking or extra:
        parts = [f"lacks the keys {keys_text(lacking)}"] if lacking else []
        parts += [f"has the keys {keys_text(extra)} that are not expected"] if extra else []
        raise Mismatch(f"{sentence(name)} {' and '.join(parts)}.", kind="shape")
    for key, value in expected.items():
        _equal(actual[key], value, f"{name}[{keys_text([key])}]")


def _equal_items(actual: object, expected: list[Any] | tuple[Any, ...], name: str) -> None:
    if not isinstance(actual, (list, tuple)):
        _equal_fails(actual, describe(expected), name)
    if len(actual) != len(expected):
        raise Mismatch(f"{sentence(name)} is {describe(actual)} where {len(expected)} are expected.", kind="shape")
    for index, value in enumerate(expected):
        _equal(actual[index], value, f"{name}[{index}]")


def _equal_numbers(got: Array, wanted: Array, name: str) -> None:
    error = None if got.dtype.kind == "b" and got.shape == wanted.shape else _form(got, wanted, name, None)
    if error is None:
        wrong = ~_same(got, wanted)
        if not np.any(wrong):
            return
        error = _finite(got, wanted, wrong, name, None)
    if error is None:
        case = _case(got, wanted, wrong, _EXACT)
        error = _values(case, name, standard_mistake(case), _first(wrong), "the first is")
    raise error
