"""The sandboxed port: the student's module in a worker behind the wire."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from grader.errors import MalformedReply
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

    def _malformed(self, what: str) -> None:
        self.worker.condemn(MalformedReply(f"the worker sent a reply that is not one: {what}"))
