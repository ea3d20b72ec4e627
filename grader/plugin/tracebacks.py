"""Tracebacks as a student should see them: the test's lines and their own, none of ours between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import grader

__all__ = ["hide_ours"]

_OURS = (str(Path(grader.__file__).parent) + os.sep, "<frozen importlib")


def hide_ours(error: BaseException) -> None:
    """Take our frames, and those of the import system, out of the tracebacks of `error` and of what it is chained to.

    The tracebacks themselves are rebuilt, as pytest's own filter starts from them again, and so does a debugger. One that
    would be left empty stays as it is.
    """
    for link in _chain(error):
        kept = [step for step in _steps(link.__traceback__) if not step.tb_frame.f_code.co_filename.startswith(_OURS)]
        rebuilt: TracebackType | None = None
        for step in reversed(kept):
            rebuilt = TracebackType(rebuilt, step.tb_frame, step.tb_lasti, step.tb_lineno)
        if rebuilt is not None:
            link.__traceback__ = rebuilt


def _steps(step: TracebackType | None) -> Iterator[TracebackType]:
    while step is not None:
        yield step
        step = step.tb_next


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [other for other in (link.__cause__, link.__context__) if other is not None]
