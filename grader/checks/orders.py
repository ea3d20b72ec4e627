"""Standard mistakes of order: the right values in the wrong places."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from .case import RARE, Case, Guess, things_along
from .numbers import Array, as_float

__all__ = ["axis_orders", "orders", "shuffles"]

_PAIR = 4.0  # bits: of two orders at once there are many
_SMALL = 20_000


def orders(case: Case) -> Iterator[Guess]:
    """Transposed, permuted, reversed, shifted, scrambled; nothing where the values are not the right ones."""
    e = case.expected
    if not _is_rearranged(case):
        return
    if e.ndim == 2 and e.shape[0] == e.shape[1]:
        yield "transposed", lambda: e.T, 0.0
    for p in axis_orders(e.ndim):
        if e.ndim > 2 and e.transpose(p).shape == e.shape:
            words = f"the axes are permuted: the result is the right one transposed to {p}"
            yield words, partial(np.transpose, e, p), RARE
    for axis in range(e.ndim):
        things = things_along(e.ndim, axis)
        yield f"the {things} are in reverse order", partial(np.flip, e, axis), RARE
        for step in (1, -1):
            words = f"the {things} are shifted by one, to the {'next' if step > 0 else 'previous'} index"
            yield words, partial(np.roll, e, step, axis), RARE
    yield from _scrambles(e)


def _is_rearranged(case: Case) -> bool:
    """Whether the result may hold the right values in another order. Complex numbers have none: it may."""
    if case.actual.dtype.kind == "c" or case.expected.dtype.kind == "c":
        return True
    with np.errstate(all="ignore"):
        return case.misfit(_sorted_like(case.actual, case.expected)) <= 1.0


def _scrambles(e: Array) -> Iterator[Guess]:
    """Arrays that were reshaped where their axes have to be transposed, before, after, or both."""
    text = "the layout is scrambled: the right values, but reshaped where the axes have to be transposed first"
    others = axis_orders(e.ndim)
    for p in others:
        yield text, partial(_rearranged, e, p, None), RARE
        yield text, partial(_rearranged, e, None, p), RARE
    if e.size <= _SMALL:
        for p, q in itertools.product(others, repeat=2):
            yield text, partial(_rearranged, e, p, q), RARE + _PAIR


def _rearranged(e: Array, p: tuple[int, ...] | None, q: tuple[int, ...] | None) -> Array:
    """The values of `e`, read with its axes in order `p`, filled into its axes in order `q`."""
    read = e if p is None else e.transpose(p)
    if q is None:
        return read.reshape(e.shape)
    return read.reshape([e.shape[k] for k in q]).transpose(np.argsort(q))


def axis_orders(ndim: int) -> list[tuple[int, ...]]:
    """All orders of up to four axes but the given one; of more axes only the exchanges of two."""
    axes = tuple(range(ndim))
    if ndim <= 4:
        return list(itertools.permutations(axes))[1:]
    swaps = itertools.combinations(axes, 2)
    return [tuple(j if k == i else i if k == j else k for k in axes) for i, j in swaps]


def shuffles(case: Case) -> Iterator[Guess]:
    """The right rows or values in another order; the order costs the log2 of the number of orders."""
    a, e = case.actual, case.expected
    for axis in range(e.ndim if e.ndim > 1 else 0):
        words = f"the right {things_along(e.ndim, axis)} in another order"
        yield words, partial(_matched, a, e, axis), RARE + _log2_factorial(e.shape[axis])
    if a.dtype.kind != "c" and e.dtype.kind != "c":
        yield (
            "the right values in the wrong places",
            lambda: _sorted_like(a, e),
            RARE + _log2_factorial(case.count),
        )


def _log2_factorial(n: int) -> float:
    return math.lgamma(n + 1) / math.log(2)


def _matched(a: Array, e: Array, axis: int) -> Array:
    """`e` with its slices along `axis` in the order of those of `a`, told apart by random projections."""
    rows_a, rows_e = (np.moveaxis(as_float(x), axis, 0).reshape(x.shape[axis], -1) for x in (a, e))
    probe = np.random.default_rng(0).standard_normal(rows_a.shape[1])
    order = np.empty(len(rows_a), dtype=np.intp)
    order[np.argsort(rows_a @ probe)] = np.argsort(rows_e @ probe)
    return np.take(e, order, axis)


def _sorted_like(a: Array, e: Array) -> Array:
    result = np.empty(e.size, e.dtype)
    result[np.argsort(a, axis=None)] = np.sort(e, axis=None)
    return result.reshape(e.shape)
