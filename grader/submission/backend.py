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
    """Gives ports to tests. A task's worker serves all its tests; once dead, it stays dead for that task only.

    A task that has tests on a `device` as well (None and "cpu": on none) has a worker for it.
    """

    def __init__(self, seed: Callable[[str], int]) -> None:
        self._seed = seed
        self._task: str | None = None
        self._ports: dict[str | None, Port] = {}
        self._verdicts: dict[str | None, Verdict] = {}

    @abc.abstractmethod
    def _open(self, seed: int, device: str | None) -> Port:
        """A port to a fresh run of the student's module that can reach the device."""

    @abc.abstractmethod
    def _open_baseline(self, seed: int) -> Port:
        """A port to a fresh run of the suite's baseline."""

    def begin(self, task: str) -> None:
        """From now on this task is at work: end the workers of another one."""
        if task != self._task:
            self.end_task()
            self._task = task

    def port(self, task: str, contact: Contact, device: str | None = None) -> Port:
        """The port of this task's worker. Raises the verdict that an earlier test of the task died with."""
        self.begin(task)
        place = _place(device)
        if (verdict := self._verdicts.get(place)) is not None:
            contact.begun = True
            contact.verdict = verdict
            raise verdict
        if place not in self._ports:
            self._ports[place] = self._open(self._seed(f"worker {task}"), place)
        self._ports[place].contact = contact
        return self._ports[place]

    def fresh(self, task: str, contact: Contact, device: str | None = None) -> Port:
        """A port to a worker of its own. The caller closes it."""
        self.begin(task)
        port = self._open(self._seed(f"worker {task}"), _place(device))
        port.contact = contact
        return port

    def baseline(self, task: str) -> Port:
        """A port to the suite's baseline, with no student code beside it. The caller closes it."""
        return self._open_baseline(self._seed(f"worker {task}"))

    def settle(self, contact: Contact, device: str | None = None) -> None:
        """After each test: a verdict of its worker holds for the rest of the task."""
        if contact.verdict is not None:
            self._verdicts[_place(device)] = contact.verdict

    def extend(self, seconds: float) -> None:
        """So many seconds the submission had to wait for others; they are not its own."""
        return

    def end_task(self) -> None:
        """End the task's workers."""
        for port in self._ports.values():
            port.close()
        self._ports, self._verdicts, self._task = {}, {}, None


def _place(device: str | None) -> str | None:
    return None if device == "cpu" else device


class LocalBackend(Backend):
    """In this process: a student's `pytest`."""

    def __init__(self, source: Source, seed: Callable[[str], int]) -> None:
        super().__init__(seed)
        self._source = source

    @property
    def place(self) -> tuple[str, Collection[str]]:
        """Folder and names of the student's files."""
        return str(self._source.files[self._source.module].parent), self._source.files.keys()

    def _open(self, seed: int, device: str | None) -> Port:
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
