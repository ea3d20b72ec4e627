"""The sandboxed backend: every worker of a submission in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.course.limits import Limits
from grader.errors import SandboxFault, SuiteFault
from grader.sandbox.sandbox import Job, Sandbox

from .backend import Backend
from .port import Port
from .sandboxed import SandboxPort

__all__ = ["SandboxedBackend"]

_GUEST = "_grader_guest.py"


class SandboxedBackend(Backend):
    """Workers of one submission: `files` (name to content) with `module`, its limits, the suite's `guest` and `baseline`.
    `on(device)`: the sandbox in which student code reaches this device, where there is one.

    `output`: what the submission printed so far, for the TA.
    """

    def __init__(
        self, sandbox: Sandbox, files: Mapping[str, bytes], module: str, limits: Limits, seed: Callable[[str], int],
        *, guest: Path | None = None, baseline: Path | None = None, on: Callable[[str], Sandbox] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(seed)
        self._sandbox, self._files, self._module, self._limits = sandbox, dict(files), module, limits
        self._guest, self._baseline, self._on = guest, baseline, on
        self._deadline = time.monotonic() + limits.submission
        self._outputs: list[str] = []

    @property
    def output(self) -> str:
        """Prints of the workers that have ended, task by task."""
        return "".join(self._outputs)

    def end_task(self) -> None:
        """End the task's worker, keeping what it printed."""
        ports, task = list(self._ports.values()), self._task
        super().end_task()
        for port in ports:
            if isinstance(port, SandboxPort) and port.worker.output:
                self._outputs.append(f"--- {task}\n{port.worker.output.rstrip()}\n")

    def extend(self, seconds: float) -> None:
        """Move the submission's deadline."""
        self._deadline += seconds

    def _open(self, seed: int, device: str | None) -> Port:
        files = dict(self._files)
        if self._guest is not None:
            files[_GUEST] = self._guest.read_bytes()
        guest = _GUEST if self._guest is not None else None
        return self._start(Job(files, self._module, guest, seed), self._sandbox_for(device))

    def _open_baseline(self, seed: int) -> Port:
        if self._baseline is None:
            raise SuiteFault("the suite asks for a baseline, but there is no baseline.py beside it")
        return self._start(Job({"baseline.py": self._baseline.read_bytes()}, "baseline.py", None, seed), self._sandbox)

    def _sandbox_for(self, device: str | None) -> Sandbox:
        if device is None:
            return self._sandbox
        if self._on is None:
            raise SandboxFault(f"no sandbox passes {device} on to submissions here")
        return self._on(device)

    def _start(self, job: Job, sandbox: Sandbox) -> Port:
        worker = sandbox.worker(job, self._limits, self._deadline)
        return SandboxPort(worker, job.module, self._files)
