"""Where the workers of one submission come from: one for each task, others for timing."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from grader.errors import Verdict

from .contact import Contact
from .port import Port

__all__ = ["Backend", "LocalBackend", "Source"]


@dataclasses.dataclass(frozen=True)
class Source:
    """`files` (name to path) of a submission, `module` among them, and the suite's `guest` and `baseline` files, if any."""

    files: Mapping[str, Path]
    module: str
    guest: Path | None = None
    baseline: Path | None = None


class Backend(abc.ABC):
    """Gives ports to tests. A task's worker serves all its tests; once dead, it stays dead for that task only."""

    def __init__(self, seed: Callable[[str], int]) -> None:
        self._seed = seed
        self._task: str | None = None
        self._port: Port | None = None
        self._verdict: Verdict | None = None

    @abc.abstractmethod
    def _open(self, seed: int) -> Port:
        """A port to a fresh run of the student's module."""

    @abc.abstractmethod
    def _open_baseline(self, seed: int) -> Port:
        """A port to a fresh run of the suite's baseline."""

    def port(self, task: str, contact: Contact) -> Port:
        """The port of this task's worker. Raises the verdict that an earlier test of the task died with."""
        if task != self._task:
            self.end_task()
            self._task = task
        if self._verdict is not None:
            contact.begun = True
            contact.verdict = self._verdict
            raise self._verdict
        if self._port is None:
            self._port = self._open(self._seed(f"worker {task}"))
        self._port.contact = contact
        return self._port

    def fresh(self, task: str, contact: Contact) -> Port:
        """A port to a worker of its own. The caller closes it."""
        port = self._open(self._seed(f"worker {task}"))
        port.contact = contact
        return port

    def baseline(self, task: str) -> Port:
        """A port to the suite's baseline, with no student code beside it. The caller closes it."""
        return self._open_baseline(self._seed(f"worker {task}"))

    def settle(self, contact: Contact) -> None:
        """After each test: a verdict of its worker holds for the rest of the task."""
        if contact.verdict is not None:
            self._verdict = contact.verdict

    def end_task(self) -> None:
        """End the task's worker."""
        if self._port is not None:
            self._port.close()
        self._port = self._verdict = self._task = None


class LocalBackend(Backend):
    """In this process: a student's `pytest`."""

    def __init__(self, source: Source, seed: Callable[[str], int]) -> None:
        super().__init__(seed)
        self._source = source

    @property
    def place(self) -> tuple[str, Collection[str]]:
        """Folder and names of the student's files."""
        return str(self._source.files[self._source.module].parent), self._source.files.keys()

    def _open(self, seed: int) -> Port:
        from .local import LocalPort

        path = self._source.files[self._source.module]
        return LocalPort(path.parent, self._source.module, self._source.files, self._source.guest, seed)

    def _open_baseline(self, seed: int) -> Port:
        from .local import LocalPort

        path = _baseline(self._source)
        return LocalPort(path.parent, path.name, [path.name], None, seed)


def _baseline(source: Source) -> Path:
    from grader.errors import SuiteFault

    if source.baseline is None:
        raise SuiteFault("the suite asks for a baseline, but there is no baseline.py beside it")
    return source.baseline
