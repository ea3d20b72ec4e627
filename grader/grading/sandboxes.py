"""The place for submissions: a sandbox for each set of packages, and another in which they reach CUDA."""

from __future__ import annotations

import functools
import time

from grader.course import Assignment
from grader.errors import CourseError, Fault
from grader.sandbox.driver import look, with_driver
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of
from grader.submission import Backend
from grader.submission.remote import SandboxedBackend

from .devices import modules_for
from .place import Place, Submitted

__all__ = ["Sandboxes"]

_Kind = tuple[tuple[str, ...], tuple[str, ...]]  # packages, and modules that have to reach CUDA


class Sandboxes(Place):
    """Sandboxes at one isolation level, each started when it is first needed."""

    def __init__(self, level: str, *, warm: bool) -> None:
        self._level, self._warm = level, warm
        self._made: dict[_Kind, Sandbox] = {}
        self._refused: dict[_Kind, str | None] = {}

    def absence(self, assignment: Assignment, device: str) -> str | None:
        """Found out by starting a worker there. MPS no sandbox passes on."""
        if device != "cuda":
            return f"the sandbox does not pass {device} on to submissions"
        modules = modules_for(assignment, device)
        if isinstance(modules, str):
            return modules
        kind = assignment.present_packages, modules
        if kind not in self._refused:
            self._refused[kind] = self._refusal(kind, assignment)
        return self._refused[kind]

    def backend(self, submitted: Submitted) -> Backend:
        """Workers in the sandbox that shows the assignment's packages; for a device, in another."""
        assignment = submitted.assignment
        return SandboxedBackend(
            self._sandbox((assignment.present_packages, ())), submitted.files, assignment.module_file, assignment.limits,
            submitted.seed, guest=submitted.beside.get("guest"), baseline=submitted.beside.get("baseline"),
            on=functools.partial(self._on, assignment),
        )  # fmt: skip

    def output(self, backend: Backend) -> str:
        """Prints, task by task."""
        return backend.output if isinstance(backend, SandboxedBackend) else ""

    def close(self) -> None:
        """End every zygote."""
        for sandbox in self._made.values():
            sandbox.close()
        self._made.clear()

    def _on(self, assignment: Assignment, device: str) -> Sandbox:
        modules = modules_for(assignment, device)
        if isinstance(modules, str):
            raise CourseError(modules)
        return self._sandbox((assignment.present_packages, modules))

    def _refusal(self, kind: _Kind, assignment: Assignment) -> str | None:
        """Why a worker of this kind does not start. What it starts with is a computation on the device."""
        job = Job({"probe.py": b""}, "probe.py")
        try:
            self._sandbox(kind).worker(job, assignment.limits, time.monotonic() + assignment.limits.submission).close()
        except (Fault, CourseError, OSError) as error:
            return f"CUDA does not start in the sandbox ({self._level}): {error}"
        return None

    def _sandbox(self, kind: _Kind) -> Sandbox:
        if kind not in self._made:
            packages, modules = kind
            view, driver = view_of(packages), look() if modules else None
            if isinstance(driver, str):
                raise CourseError(driver)
            shown = view if driver is None else with_driver(view, driver, modules)
            self._made[kind] = Sandbox(self._level, shown, warm=self._warm)
        return self._made[kind]
