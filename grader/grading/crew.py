"""Grader processes at work: jobs go out, outcomes come in, a process that dies or hangs costs its job a fault
only.
"""

from __future__ import annotations

import os
import selectors
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from grader.errors import CourseError

from .cores import Cores
from .nursery import Nursery
from .outcome import Outcome
from .process import Graded, Process, Work

__all__ = ["Crew", "Graded", "Work"]

_MARGIN = 120.0  # seconds beyond a submission's own limit that its suite may take for expected values
_TICK = 0.5


class Crew:
    """`size` grader processes for these settings (see `grader.grading.session.Config`). Use as a context
    manager.

    `margin`: seconds that a suite may take beyond a submission's own limit; `tell(work, done)` is called when a submission
    is begun and after each of its tests. `suites`: every suite's tests with their weights, by assignment and task.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        size: int,
        *,
        margin: float = _MARGIN,
        tell: Callable[[Work, int], None] = lambda work, done: None,
    ) -> None:
        self._settings, self._size, self._margin, self._tell = dict(settings), size, margin, tell
        self._selector = selectors.DefaultSelector()
        self._scratch = tempfile.TemporaryDirectory(prefix="grader-crew-", ignore_cleanup_errors=True)
        os.chmod(self._scratch.name, 0o711)  # the user that workers run as passes through
        self._nursery: Nursery | None = None
        self._cores: list[int] = []
        self.suites: dict[str, dict[str, list[tuple[str, float]]]] = {}

    def __enter__(self) -> Crew:
        """Collect the suites; raises CourseError where that cannot be done."""
        try:
            cores = Cores()
            self.suites = self._ready_nursery().suites
            self._cores = cores.quietest()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes():
            self._end(process, kill=process.work is not None)
        self._selector.close()
        if self._nursery is not None:
            self._nursery.close()
        self._scratch.cleanup()

    @property
    def pids(self) -> list[int]:
        """Ids of the grader processes that are there now."""
        return [process.pid for process in self._processes()]

    def run(self, works: Iterable[Work]) -> Iterator[Graded]:
        """Grade all of them; in the order in which they are done."""
        waiting = deque(works)
        while waiting or any(process.work for process in self._processes()):
            idle = [process for process in self._processes() if process.work is None]
            missing = min(self._size - len(self._processes()), len(waiting) - len(idle))
            for process in [*idle, *(self._start() for _ in range(missing))][: len(waiting)]:
                work = waiting.popleft()
                process.give(work, self._margin)
                self._tell(work, 0)
            yield from self._listen()

    def _ready_nursery(self) -> Nursery:
        """The nursery; a new one if it died, which only a machine out of memory should bring about."""
        if self._nursery is None or not self._nursery.alive:
            if self._nursery is not None:
                self._nursery.close()
            self._nursery = Nursery({**self._settings, "turns": self._scratch.name}, self._scratch.name)
        return self._nursery

    def _processes(self) -> list[Process]:
        return [key.data for key in self._selector.get_map().values()]

    def _start(self) -> Process:
        nursery = self._ready_nursery()
        process = Process(nursery.start, self._free_core())
        self._selector.register(process.events, selectors.EVENT_READ, process)
        return process

    def _free_core(self) -> int | None:
        """The quietest core that has the fewest of our processes."""
        taken = [process.core for process in self._processes()]
        return min(self._cores, key=taken.count, default=None)

    def _end(self, process: Process, *, kill: bool) -> str:
        self._selector.unregister(process.events)
        return process.end(kill=kill)

    def _listen(self) -> Iterator[Graded]:
        for key, _ in self._selector.select(timeout=_TICK):
            process: Process = key.data
            events = process.lines()
            if events is None:
                yield from self._lost(process, self._end(process, kill=False))
            else:
                for event in events:
                    yield from self._take(process, event)
        for process in self._processes():
            if process.overdue:
                self._end(process, kill=True)
                yield from self._lost(process, "the suite itself took too long")

    def _lost(self, process: Process, why: str) -> Iterator[Graded]:
        if process.work is not None:
            yield Graded(process.work, tuple(process.outcomes), "", time.monotonic() - process.begun, why)

    def _take(self, process: Process, event: dict[str, Any]) -> Iterator[Graded]:
        work = process.work
        if event["event"] == "broken":
            raise CourseError(f"the hidden suites cannot be used: {event['message']}")
        if work is not None and event["event"] == "test":
            process.outcomes.append(Outcome.from_json(event["outcome"]))
            self._tell(work, len(process.outcomes))
        elif event["event"] == "waiting":
            process.extend(event["seconds"])
        elif work is not None and event["event"] == "done":
            process.work = None
            yield Graded(work, tuple(process.outcomes), event["output"], time.monotonic() - process.begun)
