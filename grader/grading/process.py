"""One grader process as its crew sees it: jobs go in, events come out."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.course import Limits

from .nursery import Start, last_words
from .outcome import Outcome

__all__ = ["Graded", "Process", "Work"]


@dataclass(frozen=True)
class Work:
    """One submission to grade: `key` (ours), its assignment, its files, its limits.

    The rest is for a course that checks itself; a grade takes the defaults, and is the same in every order and task by
    task. `tasks`: ids of those to run, None for all; `reverse`: the suite from its end; `until_failure`: leave out what
    follows the first test that fails; `calibration`: run the tests that ask for a threshold, under the seeds of
    this round, and note in their outcomes what they measure instead of judging it.
    """

    key: int
    assignment: str
    files: Mapping[str, bytes]
    limits: Limits
    tasks: tuple[str, ...] | None = None
    reverse: bool = False
    until_failure: bool = False
    calibration: int | None = None


@dataclass(frozen=True)
class Graded:
    """What became of a Work. `fault` says why the grader itself failed, else it is empty."""

    work: Work
    outcomes: tuple[Outcome, ...]
    output: str
    seconds: float
    fault: str = ""


class Process:
    """A grader process and the job that it is at; `start` makes it, on a `core` of its own, or on any.

    It is idle until `give`, and again after each `done`.
    """

    def __init__(self, start: Start, core: int | None = None) -> None:
        self.core = core
        self._errors = tempfile.TemporaryFile()  # lives as long as the process # noqa: SIM115
        jobs, self._jobs = os.pipe()
        self.events, events = os.pipe()
        try:
            self._child = start(jobs, events, self._errors.fileno(), core)
        except BaseException:
            os.close(self._jobs)
            os.close(self.events)
            self._errors.close()
            raise
        finally:
            os.close(jobs)
            os.close(events)
        self._buffer = b""
        self.work: Work | None = None
        self.outcomes: list[Outcome] = []
        self.begun = self._ends = 0.0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def overdue(self) -> bool:
        """Whether it takes longer than its job may."""
        return self.work is not None and time.monotonic() > self._ends

    def give(self, work: Work, margin: float) -> None:
        """Begin a job; it is overdue `margin` seconds after the submission's own limit."""
        self.work, self.outcomes, self.begun = work, [], time.monotonic()
        self._ends = self.begun + work.limits.submission + margin
        files = {name: base64.b64encode(data).decode() for name, data in work.files.items()}
        how: dict[str, Any] = {"tasks": work.tasks, "reverse": work.reverse, "until_failure": work.until_failure}
        how["calibration"] = work.calibration
        limits = dataclasses.asdict(work.limits)
        message = {"job": work.key, "assignment": work.assignment, "files": files, "limits": limits, **how}
        # A process that is gone is noticed when it is listened to.
        with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(self._jobs), "w") as pipe:
            pipe.write(json.dumps(message) + "\n")

    def extend(self, seconds: float) -> None:
        """It waited for others: its job may take so much longer."""
        self._ends += seconds

    def lines(self) -> Iterator[dict[str, Any]] | None:
        """Events that arrived; None at the end of them."""
        chunk = os.read(self.events, 1 << 20)
        if not chunk:
            return None
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        return (json.loads(line) for line in lines)

    def end(self, *, kill: bool) -> str:
        """End it, if it has not ended: an idle one by itself, or by force. Gives how it ended, and its last words."""
        os.close(self._jobs)
        status = self._child.end(kill=kill)
        os.close(self.events)
        with self._errors:
            return last_words(status, self._errors)
