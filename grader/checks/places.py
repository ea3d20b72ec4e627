"""Standard mistakes of place: the wrong values fill some rows, a border, a triangle; or were never set."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence

import numpy as np

from .case import ENOUGH, Case, things_along
from .numbers import sample, whole

__all__ = ["place"]

_WIDEST = 3


def place(case: Case) -> str | None:
    """Where the wrong values lie, if they fill a run of rows, a border or a triangle; or were never set."""
    part = _run(case) or _border(case) or _triangle(case)
    values = case.actual[case.wrong]
    unset = case.count > 1 and bool(np.all(values == 0))
    if part is not None:
        return f"only {part} wrong" + (": 0 there, never set?" if unset else "; the rest is right")
    due = sample(case.expected[case.wrong])
    each = math.log2(len(np.unique(due))) if whole(due) else case.resolution
    if unset and case.count < case.actual.size and case.count * each >= 3 * ENOUGH:
        return f"{case.count:,} of {case.actual.size:,} values are 0: never set?"
    return None


def _likely(case: Case, inside: int) -> bool:
    """Whether wrong values that all lie among `inside` values are there by more than chance, and fill it."""
    if not 0 < inside < case.actual.size or 2 * case.count < inside:
        return False
    return case.count * math.log2(case.actual.size / inside) >= 3 * ENOUGH


def _run(case: Case) -> str | None:
    for axis in range(case.wrong.ndim):
        length = case.wrong.shape[axis]
        others = tuple(k for k in range(case.wrong.ndim) if k != axis)
        found = np.flatnonzero(case.wrong.any(axis=others))
        first, last = int(found[0]), int(found[-1])
        full = last - first + 1 == len(found)
        if full and _likely(case, len(found) * (case.actual.size // length)):
            return _run_text(things_along(case.wrong.ndim, axis), first, last, length)
    return None


def _run_text(things: str, first: int, last: int, length: int) -> str:
    noun, _, axis = things.partition(" ")
    along = f" {axis}" if axis else ""
    if first == last:
        return f"{noun[:-1]} {first}{along} is"
    return f"{noun} {first} to {last}{' (the last)' if last == length - 1 else ''}{along} are"


def _border(case: Case) -> str | None:
    """The sides of the last two axes (the ends of a single one) that hold all that is wrong, up to three wide."""
    shape = case.wrong.shape[-2:]
    sides = [(axis, end) for axis in range(len(shape)) for end in ("first", "last")]
    for width in range(1, min(_WIDEST, (min(shape, default=0) - 1) // 2) + 1):
        for count in range(2, len(sides) + 1):
            for some in itertools.combinations(sides, count):
                inner = tuple(_without(axis, some, width) for axis in range(len(shape)))
                inside = case.wrong[(slice(None),) * (case.wrong.ndim - len(shape)) + inner]
                if not inside.any() and _likely(case, case.wrong.size - inside.size):
                    return _border_text(case.wrong.ndim, some, width)
    return None


def _without(axis: int, sides: Collection[tuple[int, str]], width: int) -> slice:
    """The indices of an axis that lie on none of the sides."""
    return slice(width if (axis, "first") in sides else 0, -width if (axis, "last") in sides else None)


def _border_text(ndim: int, sides: Sequence[tuple[int, str]], width: int) -> str:
    if ndim == 1:
        return "the two ends are" if width == 1 else f"the two ends ({width} values each) are"
    if len(sides) == 4:
        place = "the first and the last index" if width == 1 else f"{width} wide, in the plane"
        return f"the border ({place} of the last two axes) is"
    things = ("row", "column") if width == 1 else (f"{width} rows", f"{width} columns")
    named = [f"the {end} {things[axis]}" for axis, end in sides]
    return f"{', '.join(named[:-1])} and {named[-1]}{' of the last two axes' if ndim > 2 else ''} are"


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
