"""Inputs on which a gradient can be checked: away from kinks by construction.

ReLU, the hinge and max pooling are not differentiable where a value is 0, a margin is met or two values tie. There
the numeric gradient is wrong and right code differs; no student's answer is judged there. Keep 10 h or more
away: the margins here are far above that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from grader.errors import SuiteFault

from .numbers import Array

__all__ = ["distinct", "draw_until", "keep_off", "keep_off_zero"]

T = TypeVar("T")


def keep_off_zero(x: npt.ArrayLike, margin: float = 1e-2) -> Array:
    """`x` with every value that is nearer to 0 than `margin` moved outwards by it; signs stay (0 becomes positive).

    For inputs of ReLU and |x|.
    """
    return keep_off(x, (0.0,), margin)


def keep_off(x: npt.ArrayLike, kinks: Any, margin: float = 1e-2) -> Array:
    """`x` with every value that is nearer to one of `kinks` than `margin` moved away from it by `margin`.

    Values that were different stay so. Raises SuiteFault where two kinks are nearer than 4 margins, so that there
    may be no room between them.
    """
    points = np.unique(np.asarray(kinks, dtype=np.float64))
    if len(points) > 1 and np.min(np.diff(points)) < 4 * margin:
        raise SuiteFault(f"keep_off got kinks nearer than 4 x {margin:g}: take a smaller margin")
    result = np.array(x, dtype=np.float64)
    for kink in points:
        off = result - kink
        result = np.where(np.abs(off) < margin, result + np.where(off < 0, -margin, margin), result)
    return result


def distinct(rng: np.random.Generator, shape: int | tuple[int, ...], gap: float = 1e-2) -> Array:
    """Random values around 0 in random order, any two of them at least `gap` apart: no maximum of any window ties."""
    size = int(np.prod(shape))
    ranks = rng.permutation(size) - (size - 1) / 2
    return ((2 * ranks + rng.uniform(-0.5, 0.5, size)) * gap).reshape(shape)


def draw_until(draw: Callable[[], T], accept: Callable[[T], bool], tries: int = 1000) -> T:
    """The first of `draw()` that `accept` likes, for conditions that cannot be had by construction (hinge margins).

    Raises SuiteFault after `tries` draws.
    """
    for _ in range(tries):
        value = draw()
        if accept(value):
            return value
    raise SuiteFault(f"draw_until drew {tries} times and nothing was accepted: loosen the condition")
