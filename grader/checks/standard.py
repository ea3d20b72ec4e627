"""Which standard mistake of all values explains a wrong array; what counts as an explanation is in `case`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .case import ENOUGH, Case, Guess
from .guesses import factors, fitted, functions
from .numbers import Array
from .orders import orders, shuffles

__all__ = ["whole_mistake"]


def whole_mistake(case: Case, scattered: bool = False) -> str | None:
    """The standard mistake of all values that explains `case`, in words; None where none does.

    `scattered`: the values come from here and there in a larger array, so their order says nothing.
    """
    blank = _blank(case)
    if blank is not None:
        return blank
    bits = case.bits()
    for text, candidate, price in _guesses(case, scattered):
        if bits - price >= ENOUGH and _fits(case, candidate):
            return text
    return None


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


def _guesses(case: Case, scattered: bool) -> Iterator[Guess]:
    yield from factors(case.expected)
    if not scattered:
        yield from orders(case)
    if case.expected.dtype.kind != "c":
        yield from functions(case.expected)
    yield from fitted(case)
    if not scattered:
        yield from shuffles(case)
