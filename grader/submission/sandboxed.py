"""The sandboxed port: the student's module in a worker behind the wire."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from grader.course import format_size
from grader.errors import LimitExceeded, MalformedReply, StudentError
from grader.sandbox.worker import Worker
from grader.worker.frame import Buffer

from .port import Port

__all__ = ["SandboxPort"]


class SandboxPort(Port):
    """Asks `worker`, and closes it at the end."""

    def __init__(self, worker: Worker, module: str, files: Collection[str]) -> None:
        super().__init__(module, files)
        self.worker = worker

    def cpu_seconds(self) -> float:
        """CPU seconds of the worker by the kernel's clock."""
        return self.worker.cpu_seconds()

    def close(self) -> None:
        """Kill the worker."""
        self.worker.close()

    def _exchange(self, head: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        __tracebackhide__ = True
        return self.worker.request(head, buffers)

    def _examined(self, error: StudentError) -> StudentError:
        """Memory that was refused is a limit passed, whether the kernel says so or our own watch was quicker."""
        if isinstance(error, MemoryError):
            limit = format_size(self.worker.limits.memory)
            asked = f"asked for {format_size(error.wanted)} at once, of" if error.wanted else "used more than"
            self.worker.condemn(LimitExceeded("memory", f"{asked} {limit} of memory"))
        return error

    def _malformed(self, what: str) -> None:
        self.worker.condemn(MalformedReply(f"the worker sent a reply that is not one: {what}"))
