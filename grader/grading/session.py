"""The grader process: hidden suites under pytest, collected once, run for one submission after another.

It is started by a nursery with descriptors: it reads a Config (the secret in it is on no command line), collects, and
then either forks the processes that grade (see `forking`) or grades itself: it reads jobs and writes events, one JSON object
a line. It never imports student code, but for the level "in-process" (see `inprocess`).

Events: `ready` (the tests of every suite, with weights), `test` (one outcome), `done` (prints of the
submission), `broken` (the suites cannot be collected).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

import pytest
from _pytest.runner import runtestprotocol

from grader.course import Assignment, Course, Limits, Purpose, Seeds
from grader.errors import CourseError, Fault, GraderError
from grader.plugin import MARKER
from grader.plugin.judge import Judge
from grader.plugin.marks import mark_items, test_name
from grader.plugin.state import CONTACT, MARK, PROVIDER, TaskMark
from grader.submission import Backend, Contact

from .forking import serve_forks
from .inprocess import IN_PROCESS, InProcess
from .outcome import Outcome
from .place import Place, Submitted
from .turns import Turns

__all__ = ["Config", "GradingSession", "main"]


@dataclasses.dataclass(frozen=True)
class Config:
    """What a grader process is started with.

    `root` of the course; its `assignments`; the isolation `level`, or "in-process"; `warm`: fork workers or start each
    from nothing; `purpose` and `secret` (hex) of the seeds; `devices` that are here; `suite`: a grade comes from the hidden
    one, a course that checks itself runs the public one too; `run_on`: device of the tests that have none of their own and
    ask for the fixture `device`, cpu in a grade; `turns`: folder of the run's locks on devices.
    """

    root: str
    assignments: list[str]
    level: str
    warm: bool
    purpose: Purpose
    secret: str = dataclasses.field(repr=False)
    devices: list[str]
    suite: Literal["hidden", "public"] = "hidden"
    run_on: str = "cpu"
    turns: str = "."


class GradingSession:
    """Plugin object that takes over pytest's loop. Gives tests the running submission's backend (a Provider)."""

    def __init__(self, config: Config, place: Place, events: TextIO, work: TextIO | socket.socket) -> None:
        """`work`: jobs to grade, or the socket over which the crew asks for forks."""
        self._config, self._place, self._events, self._work = config, place, events, work
        self._course = Course(Path(config.root))
        self._items: dict[str, list[pytest.Item]] = {}
        self._backend: Backend | None = None
        self._judges: dict[str, Judge] = {}
        self._turns = Turns(Path(config.turns))
        self._turn: tuple[str, str, str] | None = None  # assignment, task, device
        self._timed: set[tuple[str, str, str]] = set()
        self._round: int | None = None  # of a calibration

    def backend(self, item: pytest.Item) -> Backend:
        """The backend of the submission that is being graded."""
        if self._backend is None:
            raise Fault("no submission is being graded")
        return self._backend

    def seeds(self, item: pytest.Item) -> Seeds:
        """Seeds of this run's purpose; in a calibration, those of the round."""
        return self._seeds(item.stash[MARK].assignment)

    def device(self, item: pytest.Item) -> str:
        """Where the test computes."""
        mark = item.stash[MARK]
        follows = self._config.run_on in mark.assignment.devices and "device" in getattr(item, "fixturenames", ())
        return mark.device or (self._config.run_on if follows else "cpu")

    def _seeds(self, assignment: Assignment) -> Seeds:
        secret = bytes.fromhex(self._config.secret)
        if self._round is not None:
            secret += f", calibration round {self._round}".encode()
        return Seeds(secret, self._config.purpose, assignment.name)

    def emit(self, event: str, **fields: Any) -> None:
        """Write one event."""
        self._events.write(json.dumps({"event": event, **fields}) + "\n")
        self._events.flush()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place that a student's own run would have."""
        config.stash[PROVIDER] = self
        config.addinivalue_line("markers", MARKER)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Sort the tests by assignment and task."""
        mark_items(session.items)
        for item in session.items:
            if MARK not in item.stash:
                raise CourseError(f'{item.path.name}, {item.name} has no @pytest.mark.task("id"): nobody would count it')
            self._items.setdefault(item.stash[MARK].assignment.name, []).append(item)
        for name in self._config.assignments:
            self._arrange(self._course.assignment(name))

    def _arrange(self, assignment: Assignment) -> None:
        items = self._items.get(assignment.name, [])
        tested = {item.stash[MARK].task for item in items}
        for task in assignment.tasks:
            if task.id not in tested and self._config.suite == "hidden":
                suite = self._course.hidden_suite(assignment.name)
                raise CourseError(f"{suite} has no test for the task {task.id!r} of assignment.toml; write one")
        order = {task.id: k for k, task in enumerate(assignment.tasks)}
        items.sort(key=lambda item: order[item.stash[MARK].task])
        timed = [item for item in items if "fresh_submission" in getattr(item, "fixturenames", ())]
        self._timed |= {(assignment.name, item.stash[MARK].task, self.device(item)) for item in timed}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Grade jobs until there are no more. Takes the place of pytest's own loop."""
        if session.testsfailed:
            return True  # a suite could not be collected; it has been told
        self.emit("ready", suites={name: _tests(items) for name, items in self._items.items()})
        if isinstance(self._work, socket.socket):
            given = serve_forks(self._work)
            if given is not None:
                self._events.close()  # the nursery's own: its crew listens for the end of it
                jobs, self._events = given
                self._grade_all(jobs, session)
                for stream in (self._events, sys.stdout, sys.stderr):
                    stream.flush()
                os._exit(0)  # what pytest would do at its end is the nursery's to do
        else:
            self._grade_all(self._work, session)
        return True

    def _grade_all(self, jobs: TextIO, session: pytest.Session) -> None:
        try:
            for line in jobs:
                self._do(json.loads(line), session)
        finally:
            session._setupstate.teardown_exact(None)
            self._place.close()

    def _do(self, job: dict[str, Any], session: pytest.Session) -> None:
        files = {name: base64.b64decode(data) for name, data in job["files"].items()}
        self._round = job["calibration"]
        items = _chosen(self._items[job["assignment"]], job["tasks"], job["reverse"], self._round is not None)
        session._setupstate.teardown_exact(items[0] if items else None)  # fixtures of another module, or suite
        try:
            assignment = dataclasses.replace(self._course.assignment(job["assignment"]), limits=Limits(**job["limits"]))
            output = self._grade(assignment, files, items, job["until_failure"])
        finally:
            self._judges.clear()  # they hold what the submission returned
        self.emit("done", job=job["job"], output=output)

    def _grade(self, assignment: Assignment, files: dict[str, bytes], items: list[pytest.Item], until_failure: bool) -> str:
        """Run these tests of the assignment on these files; gives what the submission printed."""
        hidden = self._config.suite == "hidden"
        folder = self._course.solution_folder(assignment.name) if hidden else assignment.folder
        beside = {name: folder / f"{name}.py" for name in ("guest", "baseline")}
        present = {name: path for name, path in beside.items() if path.is_file()}
        backend = self._place.backend(Submitted(assignment, files, present, self._seeds(assignment).seed))
        self._backend = backend
        try:
            faults = self._run_all(items, backend, until_failure)
        finally:
            self._leave(backend)
            self._backend = None
        output = self._place.output(backend)
        if faults:
            self._place.renew()
        return output

    def _run_all(self, items: Sequence[pytest.Item], backend: Backend, until_failure: bool) -> int:
        """How many faults there were. After the last test, the fixtures of its module stay for the next submission."""
        faults = 0
        for k, item in enumerate(items):
            following: Any = items[(k + 1) % len(items)] if len(items) > 1 else item.parent
            outcome = self._run(item, following, backend)
            faults += outcome.verdict == "fault"
            self.emit("test", outcome=outcome.to_json())
            if until_failure and outcome.verdict in ("failed", "fault"):
                break
        return faults

    def _run(self, item: pytest.Item, following: pytest.Item, backend: Backend) -> Outcome:
        """One test. `following` tells pytest which fixtures stay."""
        mark, contact = item.stash[MARK], Contact(measured=None if self._round is None else [])
        device = self.device(item)
        if why := self._unassessed(mark.assignment, device):
            return Outcome(
                test_name(item), mark.task, "not assessed", mark.weight, 0.0, "device", f"not assessed here: {why}"
            )
        item.stash[CONTACT] = contact
        judge = Judge(test_name(item), mark, self._config.purpose, contact, self._place.translate)
        self._judges[item.nodeid] = judge
        self._take_turn(mark, device, backend)
        runtestprotocol(item, log=False, nextitem=following)
        backend.settle(contact, device)
        return judge.outcome()

    def _unassessed(self, assignment: Assignment, device: str) -> str | None:
        """Why tests on the device cannot run, if so. Never the student's doing."""
        if device == "cpu":
            return None
        if device not in self._config.devices:
            return f"this machine has no {device}"
        return self._place.absence(assignment, device)

    def _take_turn(self, mark: TaskMark, device: str, backend: Backend) -> None:
        """Hold the device for as long as the task's tests run on it: alone, if one of them takes the time."""
        turn = mark.assignment.name, mark.task, device
        if self._turn is not None and self._turn[:2] != turn[:2]:
            self._leave(backend)
        if device != "cpu" and self._turn is None:

            def waiting(seconds: float) -> None:
                backend.extend(seconds)
                self.emit("waiting", seconds=seconds)

            backend.begin(mark.task)  # a worker of an earlier task computes no longer beside it
            self._turns.take(device, alone=turn in self._timed, waiting=waiting)
            self._turn = turn

    def _leave(self, backend: Backend) -> None:
        backend.end_task()
        self._turns.release()
        self._turn = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Judge each phase. Takes the place of pytest's own report, whose traceback would cost more than the test."""
        self._judges[item.nodeid].see(call)
        outcome: Literal["failed", "passed"] = "failed" if call.excinfo is not None else "passed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)  # type: ignore[arg-type]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell why a suite cannot be collected."""
        if report.failed:
            self.emit("broken", message=str(report.longrepr)[-4000:])

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell what is wrong with the suites, or with us."""
        known = isinstance(excinfo.value, GraderError | Fault)
        self.emit("broken", message=str(excinfo.value) if known else str(excrepr)[-4000:])


def _chosen(
    items: Sequence[pytest.Item], tasks: Sequence[str] | None, reverse: bool, calibrating: bool
) -> list[pytest.Item]:
    chosen = [item for item in items if tasks is None or item.stash[MARK].task in tasks]
    if calibrating:
        chosen = [item for item in chosen if "thresholds" in getattr(item, "fixturenames", ())]
    return chosen[::-1] if reverse else chosen


def _tests(items: Sequence[pytest.Item]) -> dict[str, list[tuple[str, float]]]:
    tests: dict[str, list[tuple[str, float]]] = {}
    for item in items:
        tests.setdefault(item.stash[MARK].task, []).append((test_name(item), item.stash[MARK].weight))
    return tests


def main(config: int, events: int, jobs: int, control: int) -> int:
    """Run one process on these descriptors, of which either `jobs` or `control` is -1; the exit status is pytest's."""
    for descriptor in (config, events, max(jobs, control)):
        os.set_inheritable(descriptor, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who started us ends us
    sys.dont_write_bytecode = True  # suites' caches are told apart by whole seconds and size only
    with os.fdopen(config, encoding="utf-8") as file:
        settings = Config(**json.load(file))
    work = os.fdopen(jobs, encoding="utf-8") if control < 0 else socket.socket(fileno=control)
    with os.fdopen(events, "w", encoding="utf-8") as told, work:
        session = GradingSession(settings, _place(settings), told, work)
        return int(pytest.main(list(_arguments(settings)), plugins=[session]))


def _place(config: Config) -> Place:
    if config.level == IN_PROCESS:
        return InProcess()
    from .sandboxes import Sandboxes  # Linux only

    return Sandboxes(config.level, warm=config.warm)


def _arguments(config: Config) -> Iterator[str]:
    course = Course(Path(config.root))
    yield from ("--import-mode=importlib", "--assert=plain", "-s", "-c", os.devnull, f"--rootdir={config.root}")
    yield from ("-p", "grader.plugin.fixtures")
    for plugin in ("cacheprovider", "terminal", "logging", "faulthandler"):
        yield from ("-p", f"no:{plugin}")
    for name in config.assignments:
        yield str(course.hidden_suite(name) if config.suite == "hidden" else course.public_suite(name))
