"""The sandboxed backend: every worker of a submission in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.course.limits import Limits
from grader.errors import SuiteFault
from grader.sandbox.sandbox import Job, Sandbox

from .backend import Backend
from .port import Port
from .sandboxed import SandboxPort

__all__ = ["SandboxedBackend"]

_GUEST = "_grader_guest.py"


class SandboxedBackend(Backend):
    """Workers of one submission: `files` (name to content) with `module`, its limits, the suite's `guest` and `baseline`.

    `output`: what the submission printed so far, for the TA.
    """

    def __init__(
        self, sandbox: Sandbox, files: Mapping[str, bytes], module: str, limits: Limits, seed: Callable[[str], int],
        *, guest: Path | None = None, baseline: Path | None = None, address_space: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(seed)
        self._sandbox, self._files, self._module, self._limits = sandbox, dict(files), module, limits
        self._guest, self._baseline, self._address_space = guest, baseline, address_space
        self._deadline = time.monotonic() + limits.submission
        self._outputs: list[str] = []

    @property
    def output(self) -> str:
        """Prints of the workers that have ended, task by task."""
        return "".join(self._outputs)

    def end_task(self) -> None:
        """End the task's worker, keeping what it printed."""
        port, task = self._port, self._task
        super().end_task()
        if isinstance(port, SandboxPort) and port.worker.output:
            self._outputs.append(f"--- {task}\n{port.worker.output.rstrip()}\n")

    def _open(self, seed: int) -> Port:
        files = dict(self._files)
        if self._guest is not None:
            files[_GUEST] = self._guest.read_bytes()
        guest = _GUEST if self._guest is not None else None
        return self._start(Job(files, self._module, guest, seed, self._address_space))

    def _open_baseline(self, seed: int) -> Port:
        if self._baseline is None:
            raise SuiteFault("the suite asks for a baseline, but there is no baseline.py beside it")
        return self._start(Job({"baseline.py": self._baseline.read_bytes()}, "baseline.py", None, seed))

    def _start(self, job: Job) -> Port:
        worker = self._sandbox.worker(job, self._limits, self._deadline)
        return SandboxPort(worker, job.module, self._files)
