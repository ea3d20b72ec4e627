"""A small map of where an array is wrong, for a terminal.

Two axes span it; over the others it sums up if the same cells are wrong all along them, and else it shows the slice with the
worst element. At most 12 x 24 cells; where the array is larger a cell stands for a block. Nothing of the values is shown.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from .case import Case
from .numbers import Array, wide
from .tolerance import scale_of

__all__ = ["map_of_case", "map_of_mask"]

_ROWS, _COLUMNS = 12, 24
_FEWEST, _MOST = 4, 10_000
_SLIGHT = 0.01
_ALIKE = 0.9
_RIGHT, _SOME, _WRONG = "·", "o", "#"


def map_of_case(case: Case) -> str:
    """The map of values that differ; "" where it would tell nothing: under two axes, too few values, one or all wrong."""
    if not _tells(case.wrong):
        return ""
    with np.errstate(all="ignore"):
        error = np.where(case.wrong, np.abs(wide(case.actual) - wide(case.expected)), 0.0)
    return _map(case.wrong, error / (_SLIGHT * scale_of(case.expected)))


def map_of_mask(wrong: Array) -> str:
    """The map of the True in `wrong`, under the same conditions."""
    return _map(wrong, np.where(wrong, math.inf, 0.0)) if _tells(wrong) else ""


def _tells(wrong: Array) -> bool:
    if wrong.ndim < 2 or not _FEWEST <= wrong.size <= _MOST or min(np.sort(wrong.shape)[-2:]) < 2:
        return False
    return 1 < int(np.count_nonzero(wrong)) < wrong.size


def _map(wrong: Array, error: Array) -> str:
    """`error`: how wrong, in units of what is called slight."""
    axes, shares = _axes(wrong)
    where = [":"] * wrong.ndim
    if axes is None:
        axes = wrong.ndim - 2, wrong.ndim - 1
        worst = np.unravel_index(int(np.argmax(error)), error.shape)[:-2]
        where[:-2] = [str(int(part)) for part in worst]
        wrong, error = wrong[worst], error[worst]
        shares = wrong.astype(float)
    for axis, letter in zip(axes, ("row", "column"), strict=True):
        where[axis] = letter
    others = tuple(axis for axis in range(error.ndim) if error.ndim > 2 and axis not in axes)
    cells, steps = _cells(shares, np.max(error, axis=others) if others else error)
    if len(np.unique(cells)) < 2:
        return ""
    head = f"where it is wrong, [{', '.join(where)}]: {_legend(cells, steps)}"
    return "\n".join([head, *_lines(cells, steps, shares.shape)])


def _axes(wrong: Array) -> tuple[tuple[int, int] | None, Array]:
    """The two axes that say most about which values are wrong, and the share of wrong ones along all the others.

    None for the axes if no two of them say it: cells would be wrong here and right there.
    """
    pairs = list(itertools.combinations(range(wrong.ndim), 2))[::-1]
    shares = [wrong.mean(axis=tuple(k for k in range(wrong.ndim) if k not in pair)) for pair in pairs]
    told = [float(np.mean(share**2) / np.mean(share)) if min(share.shape) > 1 else 0.0 for share in shares]
    best = max(range(len(pairs)), key=lambda k: round(told[k], 3))
    return (pairs[best] if told[best] >= _ALIKE else None), shares[best]


def _cells(shares: Array, error: Array) -> tuple[Array, tuple[int, int]]:
    """A symbol for every block of values, and the size of a block."""
    steps = -(-shares.shape[0] // _ROWS), -(-shares.shape[1] // _COLUMNS)
    rows = []
    for top in range(0, shares.shape[0], steps[0]):
        blocks = [np.s_[top : top + steps[0], left : left + steps[1]] for left in range(0, shares.shape[1], steps[1])]
        rows.append([_symbol(shares[block], error[block], steps == (1, 1)) for block in blocks])
    return np.array(rows), steps


def _symbol(shares: Array, error: Array, single: bool) -> str:
    if not np.any(shares):
        return _RIGHT
    if single:
        return _WRONG if np.any(error > 1) or np.any(np.isnan(error)) else _SOME
    return _WRONG if np.all(shares > 0) else _SOME


def _legend(cells: Array, steps: tuple[int, int]) -> str:
    words = {
        _WRONG: "wrong",
        _SOME: f"off by less than {_SLIGHT:.0%}" if steps == (1, 1) else "partly wrong",
        _RIGHT: "right",
    }
    told = ", ".join(f"{symbol} {text}" for symbol, text in words.items() if np.any(cells == symbol))
    return told + (f"; a cell is a block of {steps[0]} x {steps[1]}" if steps != (1, 1) else "")


def _lines(cells: Array, steps: tuple[int, int], shape: tuple[int, ...]) -> list[str]:
    """Every row with its first index in front, above them the column's at both ends."""
    labels = [str(row * steps[0]) for row in range(len(cells))]
    margin = max(len("row"), *map(len, labels))
    last = str((cells.shape[1] - 1) * steps[1])
    width = 2 * cells.shape[1] - 1
    ruler = f"{'row':>{margin}}  0{last:>{width - 1}}" if width > len(last) + 1 else f"{'row':>{margin}}  0"
    return [ruler, *(f"{label:>{margin}}  {' '.join(row)}" for label, row in zip(labels, cells, strict=True))]
