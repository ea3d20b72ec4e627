"""Which mistake explains a wrong array.

A mistake counts as the explanation only when the wrong array equals what that mistake would give, and when
that can hardly be chance: every wrong value that is explained tells some bits (about 22 for a float compared
to 1e-7, log2(3) for one of three labels), every mistake has a price in bits, and what is left must reach
`_ENOUGH`. So `2` for `1` is not "doubled", five equal values are not "in reverse order", and a random array
has no explanation.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Case", "Suspect", "named_mistake", "sample", "standard_mistake"]

Array = npt.NDArray[Any]
Suspect = npt.ArrayLike | Callable[[], npt.ArrayLike]
Guess = tuple[str, Callable[[], Array | None], float]  # words, what that mistake gives, price in bits

_ENOUGH = 4.0
_RARE = 8.0  # price of a mistake that is seldom made, against 0 for the few that everybody makes
_NAMED_LIMIT = 10.0
_SAMPLE = 4096


@dataclasses.dataclass(frozen=True)
class Case:
    """A wrong result: `actual` and `expected` (equal shape, finite), `wrong` (bool, same shape, at least one
    True).

    `misfit(candidate)`: the worst error of `actual` against `candidate` in units of the tolerance, inf where
    it is far off. `resolution`: bits that one matching float tells, log2 of magnitude over tolerance.
    """

    actual: Array
    expected: Array
    wrong: Array
    misfit: Callable[[Array], float]
    resolution: float

    @property
    def count(self) -> int:
        """How many values are wrong."""
        return int(np.count_nonzero(self.wrong))

    def bits_each(self) -> float:
        """What one matching value tells."""
        values = sample(self.actual[self.wrong])
        if _whole(values):
            return math.log2(max(len(np.unique(sample(self.actual))), 1))
        return self.resolution

    def bits(self) -> float:
        """What it tells that all wrong values match; equal floats count once, they may have one reason."""
        values = sample(self.actual[self.wrong])
        if _whole(values):
            return self.count * self.bits_each()
        with np.errstate(all="ignore"):
            return len(np.unique(values.astype(np.complex64))) * self.resolution


def sample(values: Array) -> Array:
    """At most 4096 of the values, spread evenly; all of them where there are no more."""
    flat = values.reshape(-1)
    return flat[:: max(1, -(-flat.size // _SAMPLE))]


def _whole(values: Array) -> bool:
    return values.dtype.kind in "biu" or (values.dtype.kind == "f" and bool(np.all(values == np.rint(values))))


def named_mistake(
    suspects: Mapping[str, Any] | None, misfit: Callable[[Any], float], own: float
) -> tuple[str | None, list[str]]:
    """The first of the test's suspects that fits, and remarks about suspects that could not be computed.

    A suspect fits when the result lies within ten tolerances of it and at least ten times nearer to it than
    to the right answer (`own`: the misfit against that), so a suspect that equals the right answer never
    does.
    """
    remarks = []
    for text, suspect in (suspects or {}).items():
        try:
            off = misfit(suspect() if callable(suspect) else suspect)
        except Exception as error:  # an explanation that cannot be had must not change a verdict that stands
            remarks.append(f"the suspect {text!r} could not be computed: {type(error).__name__}: {error}")
            continue
        if off <= _NAMED_LIMIT and off <= own / 10:
            return text, remarks
    return None, remarks


def standard_mistake(case: Case) -> str | None:
    """The standard mistake that explains `case`, in words; None where none does."""
    blank = _blank(case)
    if blank is not None:
        return blank
    bits = case.bits()
    for text, candidate, price in _guesses(case):
        if bits - price >= _ENOUGH and _fits(case, candidate):
            return text
    return _place(case)


def _fits(case: Case, candidate: Callable[[], Array | None]) -> bool:
    with np.errstate(all="ignore"):
        value = candidate()
        return value is not None and case.misfit(value) <= 1.0


def _blank(case: Case) -> str | None:
    first = case.actual.reshape(-1)[0]
    if case.actual.size < 2 or np.any(case.actual != first):
        return None
    if case.actual.dtype.kind == "b":
        return f"every value is {first}"
    if first == 0:
        return "all zeros"
    varied = case.actual.size > 2 and np.any(case.expected != case.expected.reshape(-1)[0])
    return f"every value is the same ({first:.6g})" if varied else None


def _guesses(case: Case) -> Iterator[Guess]:
    yield from _factors(case.expected)
    yield from _orders(case.expected)
    if case.expected.dtype.kind != "c":
        yield from _functions(case.expected)
    yield from _fitted(case)
    yield from _shuffles(case)


def _factors(e: Array) -> Iterator[Guess]:
    if e.dtype.kind == "b":
        yield "True and False are exchanged", partial(np.logical_not, e), _RARE
        return
    yield "the sign is flipped", lambda: -_float(e), 0.0
    yield "every value is twice what is expected", lambda: 2 * _float(e), 0.0
    yield "every value is half of what is expected", lambda: _float(e) / 2, 0.0
    lengths = {n: _axis_of(e.shape, n) for n in e.shape if n > 2}
    if e.ndim > 1 and e.size > 2:
        lengths.setdefault(e.size, "the number of values")
    for n, what in lengths.items():
        yield (
            f"every value is {n} times what is expected ({n} is {what})",
            partial(np.multiply, _float(e), n),
            _RARE,
        )
        yield (
            f"every value is 1/{n} of what is expected ({n} is {what})",
            partial(np.divide, _float(e), n),
            _RARE,
        )


def _float(values: Array) -> Array:
    return values if values.dtype.kind in "fc" else values.astype(np.float64)


def _axis_of(shape: tuple[int, ...], length: int) -> str:
    axes = [axis for axis, n in enumerate(shape) if n == length]
    return "the number of values" if len(shape) == 1 else f"the length of axis {' and of axis '.join(map(str, axes))}"


def _orders(e: Array) -> Iterator[Guess]:
    """The right values, moved as a whole: transposed, reversed, shifted, scrambled."""
    if e.ndim == 2 and e.shape[0] == e.shape[1]:
        yield "transposed", lambda: e.T, 0.0
    for p in _permutations(e.ndim):
        if e.ndim > 2 and e.transpose(p).shape == e.shape:
            words = f"the axes are permuted: the result is the right one transposed to {p}"
            yield words, partial(np.transpose, e, p), _RARE
    for axis in range(e.ndim):
        things = _things(e.ndim, axis)
        yield f"the {things} are in reverse order", partial(np.flip, e, axis), _RARE
        for step in (1, -1):
            words = f"the {things} are shifted by one, to the {'next' if step > 0 else 'previous'} index"
            yield words, partial(np.roll, e, step, axis), _RARE
    text = "the layout is scrambled: the right values, but reshaped where the axes have to be transposed first"
    for p in _permutations(e.ndim):
        yield text, partial(_reshaped, e, p), _RARE
        yield text, partial(_refilled, e, p), _RARE


def _reshaped(e: Array, p: tuple[int, ...]) -> Array:
    """What comes of an array with its axes in order `p` that is reshaped where a transpose is needed."""
    return e.transpose(p).reshape(e.shape)


def _refilled(e: Array, p: tuple[int, ...]) -> Array:
    """What comes of reading the values of `e`, in their right order, into its axes in order `p`."""
    return e.reshape([e.shape[k] for k in p]).transpose(np.argsort(p))


def _permutations(ndim: int) -> list[tuple[int, ...]]:
    """All orders of up to four axes but the given one; of more axes only the exchanges of two."""
    axes = tuple(range(ndim))
    if ndim <= 4:
        return list(itertools.permutations(axes))[1:]
    swaps = itertools.combinations(axes, 2)
    return [tuple(j if k == i else i if k == j else k for k in axes) for i, j in swaps]


def _things(ndim: int, axis: int) -> str:
    if ndim == 1:
        return "values"
    return ("rows", "columns")[axis] if ndim == 2 else f"slices along axis {axis}"


def _functions(e: Array) -> Iterator[Guess]:
    yield "the values are squared", lambda: np.square(_float(e)), _RARE
    yield "the values are the square roots of what is expected", lambda: np.sqrt(_float(e)), _RARE
    yield "the values are absolute values: signs are lost", lambda: np.abs(_float(e)), _RARE
    yield "negative values are cut to 0", lambda: np.maximum(e, 0), _RARE
    yield "the values are truncated to integers", lambda: np.trunc(_float(e)), _RARE
    yield "the values are rounded to integers", lambda: np.rint(_float(e)), _RARE
    yield "the values are the logarithms of what is expected", lambda: np.log(_float(e)), _RARE
    yield "the values are the exponentials of what is expected", lambda: np.exp(_float(e)), _RARE


def _fitted(case: Case) -> Iterator[Guess]:
    """Mistakes with a constant that is read off the result; the constant costs as much as a value tells."""
    a, e, price = _float(case.actual), _float(case.expected), _RARE + case.bits_each()
    with np.errstate(all="ignore"):
        factor = np.vdot(e, a) / np.vdot(e, e)
        offset = np.mean(a - e)
    if np.isfinite(factor):
        yield f"every value is {_constant(factor)} times what is expected", lambda: e * factor, price
    if np.isfinite(offset) and a.dtype.kind == e.dtype.kind == "f":
        words = f"every value is {_constant(abs(offset))} too {'large' if offset > 0 else 'small'}"
        yield words, lambda: e + offset, price
    for axis in range(e.ndim if e.ndim == 2 and min(e.shape) > 1 else 0):
        if not case.wrong.any(axis).all():
            continue
        words = f"each {('column', 'row')[axis]} is scaled by a factor of its own"
        yield words, partial(_scaled, a, e, axis), _RARE + e.shape[1 - axis] * case.bits_each()


def _constant(value: Any) -> str:
    return f"{value:.4g}"


def _scaled(a: Array, e: Array, axis: int) -> Array:
    factors = np.sum(np.conj(e) * a, axis, keepdims=True) / np.sum(np.conj(e) * e, axis, keepdims=True)
    return np.asarray(e * factors)


def _shuffles(case: Case) -> Iterator[Guess]:
    """The right rows or values in another order; the order costs the log2 of the number of orders."""
    a, e = case.actual, case.expected
    for axis in range(e.ndim if e.ndim > 1 else 0):
        words = f"the right {_things(e.ndim, axis)} in another order"
        yield words, partial(_matched, a, e, axis), _RARE + _log2_factorial(e.shape[axis])
    if a.dtype.kind != "c" and e.dtype.kind != "c":
        yield (
            "the right values in the wrong places",
            lambda: _sorted_like(a, e),
            _RARE + _log2_factorial(case.count),
        )


def _log2_factorial(n: int) -> float:
    return math.lgamma(n + 1) / math.log(2)


def _matched(a: Array, e: Array, axis: int) -> Array:
    """`e` with its slices along `axis` in the order of those of `a`, told apart by random projections."""
    rows_a, rows_e = (np.moveaxis(_float(x), axis, 0).reshape(x.shape[axis], -1) for x in (a, e))
    probe = np.random.default_rng(0).standard_normal(rows_a.shape[1])
    order = np.empty(len(rows_a), dtype=np.intp)
    order[np.argsort(rows_a @ probe)] = np.argsort(rows_e @ probe)
    return np.take(e, order, axis)


def _sorted_like(a: Array, e: Array) -> Array:
    result = np.empty(e.size, e.dtype)
    result[np.argsort(a, axis=None)] = np.sort(e, axis=None)
    return result.reshape(e.shape)


def _place(case: Case) -> str | None:
    """Where the wrong values lie, if they fill a run of rows, a border or a triangle; or were never set."""
    part = _run(case) or _border(case) or _triangle(case)
    values = case.actual[case.wrong]
    unset = case.count > 1 and bool(np.all(values == 0))
    if part is not None:
        return f"only {part} wrong" + (": 0 there, never set?" if unset else "; the rest is right")
    due = sample(case.expected[case.wrong])
    each = math.log2(len(np.unique(due))) if _whole(due) else case.resolution
    if unset and case.count < case.actual.size and case.count * each >= 3 * _ENOUGH:
        return f"{case.count:,} of {case.actual.size:,} values are 0: never set?"
    return None


def _likely(case: Case, inside: int) -> bool:
    """Whether wrong values that all lie among `inside` values are there by more than chance, and fill it."""
    if not 0 < inside < case.actual.size or 2 * case.count < inside:
        return False
    return case.count * math.log2(case.actual.size / inside) >= 3 * _ENOUGH


def _run(case: Case) -> str | None:
    for axis in range(case.wrong.ndim):
        length = case.wrong.shape[axis]
        others = tuple(k for k in range(case.wrong.ndim) if k != axis)
        found = np.flatnonzero(case.wrong.any(axis=others))
        first, last = int(found[0]), int(found[-1])
        full = last - first + 1 == len(found)
        if full and _likely(case, len(found) * (case.actual.size // length)):
            return _run_text(_things(case.wrong.ndim, axis), first, last, length)
    return None


def _run_text(things: str, first: int, last: int, length: int) -> str:
    noun, _, axis = things.partition(" ")
    along = f" {axis}" if axis else ""
    if first == last:
        return f"{noun[:-1]} {first}{along} is"
    return f"{noun} {first} to {last}{' (the last)' if last == length - 1 else ''}{along} are"


def _border(case: Case) -> str | None:
    shape = case.wrong.shape
    axes = range(max(0, len(shape) - 2), len(shape))
    if not shape or min(shape[axis] for axis in axes) < 3:
        return None
    inner = tuple(slice(1, -1) if axis in axes else slice(None) for axis in range(len(shape)))
    inside = case.wrong[inner]
    if inside.any() or not _likely(case, case.wrong.size - inside.size):
        return None
    return "the border (the first and the last index of the last two axes) is" if len(shape) > 1 else "the two ends are"


def _triangle(case: Case) -> str | None:
    if case.wrong.ndim != 2 or case.wrong.shape[0] != case.wrong.shape[1]:
        return None
    n = len(case.wrong)
    for words, mask in (
        ("the diagonal is", np.eye(n, dtype=bool)),
        ("the part above the diagonal is", np.triu(np.ones((n, n), dtype=bool), 1)),
        ("the part below the diagonal is", np.tril(np.ones((n, n), dtype=bool), -1)),
    ):
        if not np.any(case.wrong & ~mask) and _likely(case, int(mask.sum())):
            return words
    return None
