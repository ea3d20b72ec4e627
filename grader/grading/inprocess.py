"""The place for code that the course's own people wrote: references, alternatives, mistakes. Nothing confines it.

With it a hidden suite runs exactly as in a grade, but for the transport: what the two give must be equal, and a machine
that has no sandbox can still check a course. Never for what students hand in.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from grader.course import Assignment
from grader.plugin.judge import student_failure
from grader.submission import Backend, Source
from grader.submission.backend import LocalBackend

from .devices import absence, modules_for
from .place import Place, Submitted

__all__ = ["IN_PROCESS", "InProcess"]

IN_PROCESS = "in-process"
"""In the place of an isolation level."""


class InProcess(Place):
    """Runs the module in the grader process itself."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._backend: LocalBackend | None = None

    def absence(self, assignment: Assignment, device: str) -> str | None:
        """A package that does not reach it. Where none is meant to, nothing keeps code from the device here."""
        if not isinstance(modules_for(assignment, device), str):
            return absence(device, assignment)
        wanted = assignment.optional_packages
        installed = set(wanted) & set(assignment.present_packages)
        return None if installed or not wanted else f"none of {', '.join(wanted)} is installed"

    def backend(self, submitted: Submitted) -> Backend:
        """The files, written to a folder of their own."""
        self.close()
        self._folder = tempfile.TemporaryDirectory(prefix="grader-inprocess-")
        root = Path(self._folder.name)
        for name, content in submitted.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        files = {name: root / name for name in submitted.files}
        source = Source(files, submitted.assignment.module_file, **submitted.beside)
        self._backend = LocalBackend(source, submitted.seed)
        return self._backend

    def translate(self, error: BaseException) -> BaseException:
        """An exception that passed through the submission's files, as a StudentError."""
        return error if self._backend is None else student_failure(error, *self._backend.place)

    def close(self) -> None:
        """Remove the files."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = self._backend = None
