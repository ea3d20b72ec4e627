"""Shapes, indices, numbers and foreign text, in words fit for a message."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["escape", "index_text", "pair_text", "sentence", "shape_reason", "shape_text"]

_MAX_TEXT = 80


def escape(text: str, limit: int = _MAX_TEXT) -> str:
    """`text` on one line, cut to `limit`; control, bidirectional and zero-width characters are spelt out."""
    shown = repr(text[: limit + 1])[1:-1]
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as it is written in Python: "(9, 40)", "(9,)"."""
    return str(tuple(int(length) for length in shape))


def index_text(index: tuple[Any, ...]) -> str:
    """An index as it is written behind an array: "[3, 17]"."""
    return "[" + ", ".join(str(int(part)) for part in index) + "]"


def shape_reason(got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """How a shape came to differ from the one that is expected, "" where that is not clear."""
    if 0 in got and 0 not in wanted:
        return "it is empty"
    if [n for n in got if n != 1] == [n for n in wanted if n != 1]:
        return _ones_reason(len(got) - len(wanted))
    if got == wanted[::-1]:
        return "it is transposed"
    if sorted(got) == sorted(wanted):
        return "the axes are in another order"
    if math.prod(got) == math.prod(wanted):
        return "as many values, laid out in another way"
    if len(got) != len(wanted):
        return f"it has {len(got)} {'axis' if len(got) == 1 else 'axes'} instead of {len(wanted)}"
    axes = [axis for axis in range(len(got)) if got[axis] != wanted[axis]]
    if len(axes) > 1 or len(got) == 1:
        return ""
    return f"axis {axes[0]} has length {got[axes[0]]} instead of {wanted[axes[0]]}"


def _ones_reason(more: int) -> str:
    if more == 0:
        return "the axis of length 1 is in another place"
    return "an axis of length 1 too many" if more > 0 else "an axis of length 1 is missing"


def pair_text(got: Any, wanted: Any, between: str) -> str:
    """Two numbers with `between` between them, with as few of up to 12 digits as tell them apart."""
    for digits in (6, 12):
        left, right = _short(got, digits), _short(wanted, digits)
        if left != right:
            return f"{left}{between}{right}"
    return f"{left}{between}{right} (they differ by {abs(got - wanted):.2g})"


def _short(value: Any, digits: int) -> str:
    if isinstance(value, (np.integer, np.bool_)):
        return str(value)
    return f"{value:.{digits}g}".replace("nan", "NaN").replace("inf", "infinity")


def sentence(name: str) -> str:
    """`name` at the start of a sentence: "The result", but "dW" as it is."""
    return "T" + name[1:] if name.startswith("the ") else name
