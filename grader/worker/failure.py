"""An exception of student code as data: the names of its class and its bases, its text, its line in the student's file."""

from __future__ import annotations

import math
import os
import re
from typing import Any

__all__ = ["describe_failure"]

_TEXT = 400
_NAME = 80
_name_of = type.__dict__["__name__"].__get__  # a class of a metaclass may lie about its own name
_bases_of = type.__dict__["__mro__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_TORCH_REFUSED = re.compile(r"DefaultCPUAllocator: [\w' ]+: you tried to allocate (\d{1,18}) bytes")


def describe_failure(error: BaseException, folder: str) -> dict[str, Any]:
    """`lineage` (nearest class first), `text` (cut), `file` and `line` of the innermost frame under `folder`, `wanted`.

    `wanted` is the size in bytes that a failed allocation of NumPy's or torch's asked for, else None. Nothing that the
    exception's own code does can make this fail.
    """
    file, line = _place(error, folder)
    lineage = [_name_of(kind)[:_NAME] for kind in _bases_of(type(error))[:16]]
    text, wanted = _text(error), _wanted(error)
    if lineage[0] == "RuntimeError" and (refused := _TORCH_REFUSED.search(text)):
        lineage, wanted = ["MemoryError", *lineage], int(refused[1])  # torch has no type of its own for it
    return {"lineage": lineage, "text": text, "file": file, "line": line, "wanted": wanted}


def _text(error: BaseException) -> str:
    """`str(error)`, which may be the student's own code."""
    try:
        if issubclass(type(error), KeyError) and len(error.args) == 1:
            return _cut(repr(error.args[0]))
        if issubclass(type(error), SyntaxError):
            return _cut(str(getattr(error, "msg", "")))
        return _cut(str(error))
    except BaseException:
        return "(its text could not be made)"


def _cut(text: str) -> str:
    """The beginning, as a plain string: a subclass may have come up with its own way of slicing."""
    return str.__getitem__(text, slice(_TEXT))


def _place(error: BaseException, folder: str) -> tuple[str | None, int | None]:
    place = _place_of_syntax(error, folder)
    step = _traceback_of(error) if place == (None, None) else None
    while step is not None:
        if _inside(step.tb_frame.f_code.co_filename, folder):
            place = os.path.basename(step.tb_frame.f_code.co_filename), step.tb_lineno
        step = step.tb_next
    return place


def _place_of_syntax(error: BaseException, folder: str) -> tuple[str | None, int | None]:
    if not issubclass(type(error), SyntaxError):
        return None, None
    try:
        file, line = error.filename, error.lineno  # type: ignore[attr-defined]
    except BaseException:
        return None, None
    return (os.path.basename(file), line) if _inside(file, folder) and type(line) is int else (None, None)


def _inside(path: object, folder: str) -> bool:
    return type(path) is str and os.path.dirname(path) == folder


def _wanted(error: BaseException) -> int | None:
    if not issubclass(type(error), MemoryError):
        return None
    try:
        size = math.prod(error.shape) * error.dtype.itemsize  # type: ignore[attr-defined]
    except BaseException:
        return None
    return size if type(size) is int and 0 < size < 1 << 62 else None
