"""Grader processes at work: jobs go out, outcomes come in, a process that dies or hangs costs its job a fault
only.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from grader.course import Limits
from grader.errors import CourseError, GraderError

from .outcome import Outcome

__all__ = ["Crew", "Graded", "Work"]

_MARGIN = 120.0  # seconds beyond a submission's own limit that its suite may take for expected values


@dataclasses.dataclass(frozen=True)
class Work:
    """One submission to grade: `key` (ours), its assignment, its files, its limits."""

    key: int
    assignment: str
    files: Mapping[str, bytes]
    limits: Limits


@dataclasses.dataclass(frozen=True)
class Graded:
    """What became of a Work. `fault` says why the grader itself failed, else it is empty."""

    work: Work
    outcomes: tuple[Outcome, ...]
    output: str
    seconds: float
    fault: str = ""


class _Process:
    """One grader process and the job that it is at."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115: lives as long as the process
        jobs, self._jobs = os.pipe()
        self.events, events = os.pipe()
        command = [
            sys.executable,
            "-m",
            "grader.grading.session",
            json.dumps({**config, "reading": jobs, "writing": events}),
        ]
        env = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        env.pop("PYTEST_ADDOPTS", None)
        self._process = subprocess.Popen(
            command,
            pass_fds=(jobs, events),
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env=env,
        )
        os.close(jobs)
        os.close(events)
        self.buffer = b""
        self.work: Work | None = None
        self.outcomes: list[Outcome] = []
        self.begun = 0.0

    def give(self, work: Work) -> None:
        self.work, self.outcomes, self.begun = work, [], time.monotonic()
        files = {name: base64.b64encode(data).decode() for name, data in work.files.items()}
        line = json.dumps({"job": work.key, "assignment": work.assignment, "files": files}) + "\n"
        with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(self._jobs), "w") as pipe:
            pipe.write(line)

    def lines(self) -> Iterator[dict[str, Any]] | None:
        """Events that arrived; None at the end of them."""
        chunk = os.read(self.events, 1 << 20)
        if not chunk:
            return None
        *lines, self.buffer = (self.buffer + chunk).split(b"\n")
        return (json.loads(line) for line in lines)

    @property
    def overdue(self) -> bool:
        return self.work is not None and time.monotonic() - self.begun > self.work.limits.submission + _MARGIN

    def said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace").strip()[-2000:]

    def close(self, *, kill: bool) -> None:
        os.close(self._jobs)
        if kill:
            self._process.kill()
        self._process.wait()
        os.close(self.events)
        self._errors.close()


class Crew:
    """`size` grader processes for these settings (see `grader.grading.session.Config`). Use as a context
    manager.
    """

    def __init__(self, settings: Mapping[str, Any], size: int) -> None:
        self._settings = {key: value for key, value in settings.items()}
        self._size = size
        self._selector = selectors.DefaultSelector()
        self.suites: dict[str, dict[str, list[tuple[str, float]]]] = {}

    def __enter__(self) -> Crew:
        """Start one process and wait for the suites' tests; raises CourseError where they cannot be
        collected.
        """
        first = self._start()
        while not self.suites:
            events = first.lines()
            if events is None:
                raise CourseError(
                    f"the grader process ended before it began: {first.said() or 'it said nothing'}"
                )
            for event in events:
                self._note(event)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes():
            self._end(process, kill=process.work is not None)
        self._selector.close()

    def run(self, works: Iterable[Work]) -> Iterator[Graded]:
        """Grade all of them; in the order in which they are done."""
        waiting = deque(works)
        while len(self._processes()) < min(self._size, len(waiting)):
            self._start()
        while waiting or any(process.work for process in self._processes()):
            for process in self._processes():
                if process.work is None and waiting:
                    process.give(waiting.popleft())
            yield from self._listen()
            if waiting and not self._processes():
                self._start()

    def _processes(self) -> list[_Process]:
        return [key.data for key in self._selector.get_map().values()]

    def _start(self) -> _Process:
        process = _Process(self._settings)
        self._selector.register(process.events, selectors.EVENT_READ, process)
        return process

    def _end(self, process: _Process, *, kill: bool) -> None:
        self._selector.unregister(process.events)
        process.close(kill=kill)

    def _listen(self) -> Iterator[Graded]:
        for key, _ in self._selector.select(timeout=1.0):
            process: _Process = key.data
            events = process.lines()
            if events is None:
                yield from self._lost(
                    process, f"the grader process ended: {process.said() or 'it said nothing'}"
                )
                continue
            for event in events:
                yield from self._take(process, event)
        for process in self._processes():
            if process.overdue:
                yield from self._lost(process, "the suite itself took too long")

    def _lost(self, process: _Process, why: str) -> Iterator[Graded]:
        work, outcomes, begun = process.work, tuple(process.outcomes), process.begun
        self._end(process, kill=True)
        if work is None:
            raise GraderError(why)
        yield Graded(work, outcomes, "", time.monotonic() - begun, why)

    def _take(self, process: _Process, event: dict[str, Any]) -> Iterator[Graded]:
        work = process.work
        if event["event"] == "test":
            process.outcomes.append(Outcome.from_json(event["outcome"]))
        elif event["event"] == "done" and work is not None:
            process.work = None
            yield Graded(work, tuple(process.outcomes), event["output"], time.monotonic() - process.begun)
        else:
            self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "broken":
            raise CourseError(f"the hidden suites cannot be used: {event['message']}")
        if event["event"] == "ready":
            self.suites = {name: {task: [tuple(t) for t in tests] for task, tests in suite.items()}
                           for name, suite in event["suites"].items()}  # fmt: skip
