"""The place for submissions: a sandbox for each set of packages."""

from __future__ import annotations

from grader.sandbox.sandbox import Sandbox
from grader.sandbox.view import view_of
from grader.submission import Backend
from grader.submission.remote import SandboxedBackend

from .place import Place, Submitted

__all__ = ["Sandboxes"]


class Sandboxes(Place):
    """Sandboxes at one isolation level, each started when it is first needed."""

    def __init__(self, level: str, *, warm: bool) -> None:
        self._level, self._warm = level, warm
        self._made: dict[tuple[str, ...], Sandbox] = {}

    def backend(self, submitted: Submitted) -> Backend:
        """Workers in the sandbox that shows the assignment's packages."""
        assignment = submitted.assignment
        return SandboxedBackend(
            self._sandbox(assignment.present_packages), submitted.files, assignment.module_file, assignment.limits,
            submitted.seed, guest=submitted.beside.get("guest"), baseline=submitted.beside.get("baseline"),
        )  # fmt: skip

    def output(self, backend: Backend) -> str:
        """Prints, task by task."""
        return backend.output if isinstance(backend, SandboxedBackend) else ""

    def close(self) -> None:
        """End every zygote."""
        for sandbox in self._made.values():
            sandbox.close()
        self._made.clear()

    def _sandbox(self, packages: tuple[str, ...]) -> Sandbox:
        if packages not in self._made:
            self._made[packages] = Sandbox(self._level, view_of(packages), warm=self._warm)
        return self._made[packages]
