"""An exception of student code as data: the names of its class and its bases, its text, its line in the student's file."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["describe_failure"]

_TEXT = 400


def describe_failure(error: BaseException, folder: str) -> dict[str, Any]:
    """`lineage` (nearest class first), `text` (cut), `file` and `line` of the innermost frame under `folder`, `wanted`.

    `wanted` is the size in bytes that a failed allocation of NumPy's asked for, else None.
    """
    file, line = _place(error, folder)
    lineage = [kind.__name__ for kind in type(error).__mro__][:16]
    return {"lineage": lineage, "text": _text(error), "file": file, "line": line, "wanted": _wanted(error)}


def _text(error: BaseException) -> str:
    """`str(error)`, which may be the student's own code."""
    try:
        if isinstance(error, KeyError) and len(error.args) == 1:
            return repr(error.args[0])[:_TEXT]
        if isinstance(error, SyntaxError):
            return str(error.msg)[:_TEXT]
        return str(error)[:_TEXT]
    except BaseException:
        return "(its text could not be made)"


def _place(error: BaseException, folder: str) -> tuple[str | None, int | None]:
    place: tuple[str | None, int | None] = None, None
    if isinstance(error, SyntaxError) and _inside(error.filename, folder):
        return os.path.basename(str(error.filename)), error.lineno
    step = error.__traceback__
    while step is not None:
        if _inside(step.tb_frame.f_code.co_filename, folder):
            place = os.path.basename(step.tb_frame.f_code.co_filename), step.tb_lineno
        step = step.tb_next
    return place


def _inside(path: object, folder: str) -> bool:
    return isinstance(path, str) and os.path.dirname(path) == folder


def _wanted(error: BaseException) -> int | None:
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
    if not isinstance(error, MemoryError) or not isinstance(shape, tuple) or dtype is None:
        return None
    size = int(getattr(dtype, "itemsize", 1))
    for length in shape:
        size *= int(length)
    return size
