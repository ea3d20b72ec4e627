"""Grader processes at work: jobs go out, outcomes come in, a process that dies or hangs costs its job a fault
only.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.course import Limits
from grader.errors import CourseError, GraderError

from .outcome import Outcome

__all__ = ["Crew", "Graded", "Work"]

_MARGIN = 120.0  # seconds beyond a submission's own limit that its suite may take for expected values
_START = 300.0  # seconds for the suites' imports: torch from a cold disk, on a loaded machine
_END = 30.0
_TICK = 0.5
_BOOT = "import sys; from grader.grading.session import main; raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))"
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CHANGES_TESTS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT")


@dataclass(frozen=True)
class Work:
    """One submission to grade: `key` (ours), its assignment, its files, its limits.

    The rest is for a course that checks itself; a grade takes the defaults, and is the same in every order and task by
    task. `tasks`: ids of those to run, None for all; `reverse`: the suite from its end; `until_failure`: leave out what
    follows the first test that does not pass.
    """

    key: int
    assignment: str
    files: Mapping[str, bytes]
    limits: Limits
    tasks: tuple[str, ...] | None = None
    reverse: bool = False
    until_failure: bool = False


@dataclass(frozen=True)
class Graded:
    """What became of a Work. `fault` says why the grader itself failed, else it is empty."""

    work: Work
    outcomes: tuple[Outcome, ...]
    output: str
    seconds: float
    fault: str = ""


class _Process:
    """One grader process and the job that it is at. It is idle between `ready` and `give`, and again after each `done`."""

    def __init__(self, config: Mapping[str, Any], scratch: str) -> None:
        self._errors = tempfile.TemporaryFile()  # lives as long as the process # noqa: SIM115
        jobs, self._jobs = os.pipe()
        self.events, events = os.pipe()
        self._process = subprocess.Popen(
            # -P: a folder of submissions that we are started in must not be on the path
            [sys.executable, "-P", "-c", _BOOT, str(jobs), str(events)], pass_fds=(jobs, events), stdin=subprocess.DEVNULL,
            stdout=self._errors, stderr=self._errors, env=_environment(scratch),
        )  # fmt: skip
        os.close(jobs)
        os.close(events)
        self._buffer = b""
        self.work: Work | None = None
        self.outcomes: list[Outcome] = []
        self.ready = False
        self.begun = time.monotonic()
        self._ends = self.begun + _START
        self._write(config)

    @property
    def idle(self) -> bool:
        return self.ready and self.work is None

    @property
    def overdue(self) -> bool:
        return not self.idle and time.monotonic() > self._ends

    def give(self, work: Work, margin: float) -> None:
        self.work, self.outcomes, self.begun = work, [], time.monotonic()
        self._ends = self.begun + work.limits.submission + margin
        files = {name: base64.b64encode(data).decode() for name, data in work.files.items()}
        how = {"tasks": work.tasks, "reverse": work.reverse, "until_failure": work.until_failure}
        self._write({"job": work.key, "assignment": work.assignment, "files": files, **how})

    def lines(self) -> Iterator[dict[str, Any]] | None:
        """Events that arrived; None at the end of them."""
        chunk = os.read(self.events, 1 << 20)
        if not chunk:
            return None
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        return (json.loads(line) for line in lines)

    def end(self) -> str:
        """How it ended, and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END)
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip()[-2000:]
        return f"the grader process ended with status {self._process.returncode}, and said: {said or 'nothing'}"

    def close(self) -> None:
        """Let an idle one end by itself; kill any other."""
        os.close(self._jobs)
        if not self.idle:
            self._process.kill()
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self.events)
        self._errors.close()

    def _write(self, message: Mapping[str, Any]) -> None:
        """A process that is gone is noticed when it is listened to."""
        with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(self._jobs), "w") as pipe:
            pipe.write(json.dumps(message) + "\n")


class Crew:
    """`size` grader processes for these settings (see `grader.grading.session.Config`). Use as a context
    manager.

    `margin`: seconds that a suite may take beyond a submission's own limit; `tell(work, done)` is called when a submission
    is begun and after each of its tests.
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
        self.suites: dict[str, dict[str, list[tuple[str, float]]]] = {}

    def __enter__(self) -> Crew:
        """Start one process and wait for the suites' tests; raises CourseError where they cannot be
        collected.
        """
        try:
            self._start()
            while not self.suites:
                for _ in self._listen():
                    pass
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes():
            self._end(process)
        self._selector.close()
        self._scratch.cleanup()

    def run(self, works: Iterable[Work]) -> Iterator[Graded]:
        """Grade all of them; in the order in which they are done."""
        waiting = deque(works)
        while waiting or any(process.work for process in self._processes()):
            idle = [process for process in self._processes() if process.idle]
            for process in idle[: len(waiting)]:
                work = waiting.popleft()
                process.give(work, self._margin)
                self._tell(work, 0)
            starting = sum(not process.ready for process in self._processes())
            for _ in range(min(self._size - len(self._processes()), len(waiting) - starting)):
                self._start()
            yield from self._listen()

    def _processes(self) -> list[_Process]:
        return [key.data for key in self._selector.get_map().values()]

    def _start(self) -> None:
        process = _Process(self._settings, self._scratch.name)
        self._selector.register(process.events, selectors.EVENT_READ, process)

    def _end(self, process: _Process) -> None:
        self._selector.unregister(process.events)
        process.close()

    def _listen(self) -> Iterator[Graded]:
        for key, _ in self._selector.select(timeout=_TICK):
            process: _Process = key.data
            events = process.lines()
            if events is None:
                yield from self._lost(process, process.end())
            else:
                for event in events:
                    yield from self._take(process, event)
        for process in self._processes():
            if process.overdue:
                yield from self._lost(process, "the suite itself took too long")

    def _lost(self, process: _Process, why: str) -> Iterator[Graded]:
        work, outcomes, seconds = process.work, tuple(process.outcomes), time.monotonic() - process.begun
        was_ready = process.ready
        process.ready = False
        self._end(process)
        if work is not None:
            yield Graded(work, outcomes, "", seconds, why)
        elif not was_ready:
            raise GraderError(f"the suites could not be made ready: {why}")

    def _take(self, process: _Process, event: dict[str, Any]) -> Iterator[Graded]:
        work = process.work
        if event["event"] == "broken":
            raise CourseError(f"the hidden suites cannot be used: {event['message']}")
        if event["event"] == "ready":
            process.ready = True
            self.suites = {name: {task: [(test, weight) for test, weight in tests] for task, tests in suite.items()}
                           for name, suite in event["suites"].items()}  # fmt: skip
        elif work is not None and event["event"] == "test":
            process.outcomes.append(Outcome.from_json(event["outcome"]))
            self._tell(work, len(process.outcomes))
        elif work is not None and event["event"] == "done":
            process.work = None
            yield Graded(work, tuple(process.outcomes), event["output"], time.monotonic() - process.begun)


def _environment(scratch: str) -> dict[str, str]:
    """Ours, less what would change how tests run. What a killed process leaves behind lies in `scratch`."""
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_TESTS}
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": scratch}
    return {**kept, **dict.fromkeys(_ONE_THREAD, "1"), **fixed}
