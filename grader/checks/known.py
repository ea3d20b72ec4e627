"""Suspects that many suites name: of the regulariser, of sums and means, of loops that add up, of layouts.

Each function gives a dict of words and values for `suspects`, to be joined with `|`. Nothing large is computed before an
answer is known to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .numbers import Array
from .orders import axis_orders

__all__ = ["accumulation_suspects", "count_suspects", "layout_suspects", "regulariser_suspects"]

Known = dict[str, Any]


def regulariser_suspects(
    data_part: npt.ArrayLike, W: npt.ArrayLike | Sequence[npt.ArrayLike], reg: float, n: int | None = None
) -> Known:
    """What a wrong regulariser gives where data_part + reg * sum(W * W), or its gradient, is right.

    `data_part`: without the regulariser; a number for the loss, an array of the shape of W for the gradient. `W`: the
    weights; for the loss also a list of several arrays. `n`: rows of the batch, for the regulariser that is divided by them.
    """
    data = np.asarray(data_part, dtype=np.float64)
    if data.ndim == 0:
        arrays = W if isinstance(W, list | tuple) and not np.isscalar(W[0]) else [W]
        return _of_loss(data, [np.asarray(array, dtype=np.float64) for array in arrays], reg, n)
    return _of_gradient(data, np.asarray(W, dtype=np.float64), reg, n)


def _of_loss(data: Array, arrays: list[Array], reg: float, n: int | None) -> Known:
    def total(function: Callable[[Array], Any]) -> Any:
        return sum(function(W) for W in arrays)

    squares = total(lambda W: np.sum(W * W))
    known = {
        "the regulariser is missing from the loss": data,
        "the regulariser is halved": data + reg * squares / 2,
        "the regulariser counts twice": data + 2 * reg * squares,
        "the regulariser is subtracted": data - reg * squares,
        "the strength reg is missing: sum(W * W) is added as it is": data + squares,
        "the regulariser sums W, not W * W": data + reg * total(np.sum),
        "the regulariser sums |W|, not W * W": data + reg * total(lambda W: np.sum(np.abs(W))),
        "the regulariser is the root of the sum of W * W": data + reg * total(np.linalg.norm),
        "the regulariser is the mean of W * W, not the sum": data + reg * total(lambda W: np.mean(W * W)),
        "only the regulariser is there: the loss of the data is missing": reg * squares,
    }
    if all(W.ndim == 2 for W in arrays):
        known["the regulariser sums W.dot(W.T), not W * W"] = data + reg * total(lambda W: np.sum(W @ W.T))
        known["the regulariser sums W.T.dot(W), not W * W"] = data + reg * total(lambda W: np.sum(W.T @ W))
    if n is not None:
        known["the regulariser is divided by N, as the data's loss is"] = data + reg * squares / n
    return known


def _of_gradient(data: Array, W: Array, reg: float, n: int | None) -> Known:
    known = {
        "the gradient of the regulariser is missing": data,
        "the gradient of the regulariser is halved: that of W * W is 2 * W": data + reg * W,
        "the gradient of the regulariser counts twice": data + 4 * reg * W,
        "the gradient of the regulariser is subtracted": data - 2 * reg * W,
        "the strength reg is missing: 2 * W is added as it is": data + 2 * W,
        "the strength reg is missing: W is added as it is": data + W,
        "the regulariser itself is added to the gradient, not its gradient": data + reg * np.sum(W * W),
        "W * W is added to the gradient: its gradient is 2 * W": data + reg * W * W,
        "only the gradient of the regulariser is there: that of the data is missing": 2 * reg * W,
    }
    if n is not None:
        known["the gradient of the regulariser is divided by N too: add it after dividing"] = data + 2 * reg * W / n
        known["the gradient of the regulariser is halved, and divided by N too"] = data + reg * W / n
    return known


def count_suspects(right: npt.ArrayLike, n: int, what: str = "N") -> Known:
    """What comes of a mean over `n` things, called `what`, that was not taken, or taken twice."""
    value = np.asarray(right, dtype=np.float64)
    return {
        f"the sum is not divided by {what}": value * n,
        f"the sum is divided by {what} twice, or where no mean is asked for": value / n,
    }


def accumulation_suspects(
    shape: tuple[int, ...], pieces: Iterable[tuple[Any, npt.ArrayLike]], start: npt.ArrayLike | None = None
) -> Known:
    """What a loop gives that should add up and does not.

    `pieces`: pairs (index, value) in the order of the loop, so that zeros of `shape` with `result[index] += value` are
    right. `start`: what the student may have added to in place of zeros.
    """
    steps = [(index, np.asarray(value, dtype=np.float64)) for index, value in pieces]
    known: Known = {
        "each step overwrites what those before it left: add up (+=), don't assign (=)": partial(_assigned, shape, steps),
        "the first step to reach a place stays, the others are lost: add up (+=)": partial(_assigned, shape, steps[::-1]),
        "only the last step is there: the sum starts anew at every step": partial(_assigned, shape, steps[-1:]),
    }
    if start is not None:
        known["the sum does not start from zeros"] = lambda: np.asarray(start) + _added(shape, steps)
    return known


def _assigned(shape: tuple[int, ...], steps: Sequence[tuple[Any, Array]]) -> Array:
    result = np.zeros(shape)
    for index, value in steps:
        result[index] = value
    return result


def _added(shape: tuple[int, ...], steps: Sequence[tuple[Any, Array]]) -> Array:
    result = np.zeros(shape)
    for index, value in steps:
        result[index] += value
    return result


def layout_suspects(function: Callable[[Array], Any], value: npt.ArrayLike, name: str) -> Known:
    """What `function` gives of `value` when that is reshaped where its axes have to be transposed first.

    For weights of shape (F, C, k, k) that meet windows of another order, for instance; a result that is scrambled itself
    is found without help. `name`: what `value` is called.
    """
    array = np.asarray(value)
    known: Known = {}
    for p in axis_orders(array.ndim):
        words = f"the layout of {name} is scrambled: its axes are read in the order {p}"
        known[words] = partial(_of_scrambled, function, array, p)
    return known


def _of_scrambled(function: Callable[[Array], Any], array: Array, p: tuple[int, ...]) -> Any:
    return function(array.transpose(p).reshape(array.shape))
