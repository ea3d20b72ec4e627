"""Standard mistakes value by value: a factor, a function of every value, a constant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from .case import RARE, Case, Guess
from .numbers import Array, as_float

__all__ = ["factors", "fitted", "functions"]


def factors(e: Array) -> Iterator[Guess]:
    """Twice, half, negative; times or divided by the length of an axis."""
    if e.dtype.kind == "b":
        yield "True and False are exchanged", partial(np.logical_not, e), RARE
        return
    yield "the sign is flipped", lambda: -as_float(e), 0.0
    yield "every value is twice what is expected", lambda: 2 * as_float(e), 0.0
    yield "every value is half of what is expected", lambda: as_float(e) / 2, 0.0
    lengths = {n: _axis_of(e.shape, n) for n in e.shape if n > 2}
    if e.ndim > 1 and e.size > 2:
        lengths.setdefault(e.size, "the number of values")
    for n, what in lengths.items():
        yield (
            f"every value is {n} times what is expected ({n} is {what})",
            partial(np.multiply, as_float(e), n),
            RARE,
        )
        yield (
            f"every value is 1/{n} of what is expected ({n} is {what})",
            partial(np.divide, as_float(e), n),
            RARE,
        )


def _axis_of(shape: tuple[int, ...], length: int) -> str:
    axes = [axis for axis, n in enumerate(shape) if n == length]
    return "the number of values" if len(shape) == 1 else f"the length of axis {' and of axis '.join(map(str, axes))}"


def functions(e: Array) -> Iterator[Guess]:
    """Squared, rounded, cut at 0 ..."""
    yield "the values are squared", lambda: np.square(as_float(e)), RARE
    yield "the values are the square roots of what is expected", lambda: np.sqrt(as_float(e)), RARE
    yield "the values are absolute values: signs are lost", lambda: np.abs(as_float(e)), RARE
    yield "negative values are cut to 0", lambda: np.maximum(e, 0), RARE
    yield "the values are truncated to integers", lambda: np.trunc(as_float(e)), RARE
    yield "the values are rounded to integers", lambda: np.rint(as_float(e)), RARE
    yield "the values are the logarithms of what is expected", lambda: np.log(as_float(e)), RARE
    yield "the values are the exponentials of what is expected", lambda: np.exp(as_float(e)), RARE


def fitted(case: Case) -> Iterator[Guess]:
    """Mistakes with a constant that is read off the result; the constant costs as much as a value tells."""
    a, e, price = as_float(case.actual), as_float(case.expected), RARE + case.bits_each()
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
        yield words, partial(_scaled, a, e, axis), RARE + e.shape[1 - axis] * case.bits_each()


def _constant(value: Any) -> str:
    """Four digits, more where they would read 1: a factor of 1.0001 is not "1 times"."""
    text = f"{value:.4g}"
    return f"{value:.8g}" if text == "1" else text


def _scaled(a: Array, e: Array, axis: int) -> Array:
    factors = np.sum(np.conj(e) * a, axis, keepdims=True) / np.sum(np.conj(e) * e, axis, keepdims=True)
    return np.asarray(e * factors)
