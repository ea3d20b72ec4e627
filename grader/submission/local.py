"""The in-process port: the student's module in this very process, with real tracebacks and a debugger that works.

Everything still passes through the codec, frame and all, so that a test cannot tell it from the sandboxed port.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from grader.errors import CheckFailed, SuiteFault, student_error
from grader.worker.defaults import reset
from grader.worker.executor import Executor
from grader.worker.failure import describe_failure
from grader.worker.frame import Buffer, Caps, TooLarge, pack, unpack

from .port import Port

__all__ = ["LocalPort"]

_CAPS = Caps()


class LocalPort(Port):
    """Runs `folder / module` in this process, afresh. Timings are advisory here."""

    advisory = True

    def __init__(self, folder: Path, module: str, files: Collection[str], guest: Path | None, seed: int) -> None:
        super().__init__(module, files)
        self._folder = str(folder)
        _forget_modules(self._folder)
        self._executor = Executor(str(folder / module), str(guest) if guest else None)
        reset(seed)

    def cpu_seconds(self) -> float:
        """CPU seconds of this process."""
        return time.process_time()

    def close(self) -> None:
        """Nothing to end."""

    def _exchange(self, head: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        __tracebackhide__ = True
        request, received = _through_the_wire(head, buffers)
        try:
            reply, sent = self._executor.perform(request, received)
            return _through_the_wire(reply, sent)
        except TooLarge as error:
            raise CheckFailed(f"{self._name} gave something that cannot be handed over: {error}") from None
        except SystemExit as error:
            failure = describe_failure(error, self._folder)
            raise student_error(failure["lineage"], failure["text"], failure["line"], failure["file"]) from error

    def _malformed(self, what: str) -> None:
        raise SuiteFault(f"the in-process worker gave no reply of ours: {what}")


def _through_the_wire(head: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
    """What arrives when this is sent: copies, nothing shared."""
    parts = pack(head, buffers, _CAPS)
    source = memoryview(b"".join(memoryview(part).cast("B") for part in parts))
    position = 0

    def fill(view: memoryview) -> None:
        nonlocal position
        view.cast("B")[:] = source[position : position + view.nbytes]
        position += view.nbytes

    return unpack(fill, _CAPS)


def _forget_modules(folder: str) -> None:
    """So that the student's other files are run afresh as well."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(f"{folder}/") and "." not in name:
            del sys.modules[name]
