"""The grader process: hidden suites under pytest, collected once, run for one submission after another.

Started as `python -m grader.grading.session CONFIG`, it reads jobs and writes events, one JSON object a line,
on two descriptors of its own. It never imports student code. CONFIG: `root` of the course, `assignments`,
`level`, `warm`, `purpose`, `secret` (hex), `devices` that are here, `reading` and `writing` descriptors.

Events: `ready` (the tests of every suite, with weights), `test` (one outcome), `done` (prints of the
submission), `broken` (the suites cannot be collected).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TextIO

import pytest
from _pytest.runner import runtestprotocol

from grader.course import Assignment, Course, Purpose, Seeds
from grader.errors import CourseError, Fault
from grader.plugin.judge import Judge
from grader.plugin.marks import mark_items, test_name
from grader.plugin.state import CONTACT, MARK, PROVIDER
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.view import view_of
from grader.submission import Backend, Contact
from grader.submission.remote import SandboxedBackend

from .outcome import Outcome

__all__ = ["Config", "GradingSession", "main"]


@dataclasses.dataclass(frozen=True)
class Config:
    """What a grader process is started with; see the module's text."""

    root: str
    assignments: list[str]
    level: str
    warm: bool
    purpose: Purpose
    secret: str
    devices: list[str]
    reading: int
    writing: int


class GradingSession:
    """Plugin object that takes over pytest's loop. Gives tests the running submission's backend (a Provider).
    """

    def __init__(self, config: Config, jobs: TextIO, events: TextIO) -> None:
        self._config, self._jobs, self._events = config, jobs, events
        self._course = Course(Path(config.root))
        self._items: dict[str, list[pytest.Item]] = {}
        self._sandboxes: dict[tuple[str, ...], Sandbox] = {}
        self._backend: Backend | None = None
        self._judges: dict[str, Judge] = {}

    def backend(self, item: pytest.Item) -> Backend:
        """The backend of the submission that is being graded."""
        if self._backend is None:
            raise Fault("no submission is being graded")
        return self._backend

    def seeds(self, item: pytest.Item) -> Seeds:
        """Seeds of this run's purpose."""
        return self._seeds(item.stash[MARK].assignment)

    def _seeds(self, assignment: Assignment) -> Seeds:
        return Seeds(bytes.fromhex(self._config.secret), self._config.purpose, assignment.name)

    def emit(self, event: str, **fields: Any) -> None:
        """Write one event."""
        self._events.write(json.dumps({"event": event, **fields}) + "\n")
        self._events.flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the provider's place before the plugin of the fixtures looks for one."""
        config.stash[PROVIDER] = self

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Sort the tests by assignment and task; tell what there is."""
        mark_items(session.items)
        for item in session.items:
            if MARK not in item.stash:
                raise CourseError(f'{item.nodeid} has no @pytest.mark.task("id"): nobody would count it')
            self._items.setdefault(item.stash[MARK].assignment.name, []).append(item)
        for name, items in self._items.items():
            order = {task.id: k for k, task in enumerate(self._course.assignment(name).tasks)}
            items.sort(key=lambda item, order=order: order[item.stash[MARK].task])
        self._require_tests()

    def _require_tests(self) -> None:
        for name in self._config.assignments:
            tested = {item.stash[MARK].task for item in self._items.get(name, [])}
            for task in self._course.assignment(name).tasks:
                if task.id not in tested:
                    raise CourseError(
                        f"{self._course.hidden_suite(name).name} has no test for task {task.id!r}"
                    )

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Grade jobs until there are no more. Takes the place of pytest's own loop."""
        suites = {name: self._tests(items) for name, items in self._items.items()}
        self.emit("ready", suites=suites)
        for line in self._jobs:
            job = json.loads(line)
            files = {name: base64.b64decode(data) for name, data in job["files"].items()}
            output = self._grade(self._course.assignment(job["assignment"]), files)
            self.emit("done", job=job["job"], output=output)
        for sandbox in self._sandboxes.values():
            sandbox.close()
        return True

    def _tests(self, items: list[pytest.Item]) -> dict[str, list[tuple[str, float]]]:
        tests: dict[str, list[tuple[str, float]]] = {}
        for item in items:
            tests.setdefault(item.stash[MARK].task, []).append((test_name(item), item.stash[MARK].weight))
        return tests

    def _grade(self, assignment: Assignment, files: dict[str, bytes]) -> str:
        """Run every test of the assignment on these files; gives what the submission printed."""
        folder = self._course.solution_folder(assignment.name)
        beside = {name: folder / f"{name}.py" for name in ("guest", "baseline")}
        present = {name: path for name, path in beside.items() if path.is_file()}
        backend = SandboxedBackend(
            self._sandbox(assignment),
            files,
            assignment.module_file,
            assignment.limits,
            self._seeds(assignment).seed,
            **present,
        )
        self._backend = backend
        try:
            items = self._items[assignment.name]
            for item, following in zip(items, [*items[1:], items[0]], strict=True):
                self.emit("test", outcome=self._run(item, following, backend).to_json())
        finally:
            backend.end_task()
            self._backend = None
        return backend.output

    def _sandbox(self, assignment: Assignment) -> Sandbox:
        if assignment.packages not in self._sandboxes:
            view = view_of(assignment.packages)
            self._sandboxes[assignment.packages] = Sandbox(self._config.level, view, warm=self._config.warm)
        return self._sandboxes[assignment.packages]

    def _run(self, item: pytest.Item, following: pytest.Item, backend: Backend) -> Outcome:
        """One test. `following` tells pytest which fixtures stay: after the last test those of the module, for the next job."""
        mark, contact = item.stash[MARK], Contact()
        if mark.device is not None and mark.device not in self._config.devices:
            message = f"not assessed here: this machine has no {mark.device}"
            return Outcome(test_name(item), mark.task, "not assessed", mark.weight, 0.0, "device", message)
        item.stash[CONTACT] = contact
        judge = self._judges[item.nodeid] = Judge(test_name(item), mark, self._config.purpose, contact)
        runtestprotocol(item, log=False, nextitem=following if following is not item else None)
        backend.settle(contact)
        return judge.outcome()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Judge each phase. Takes the place of pytest's own report, whose traceback would cost more than the test."""
        self._judges[item.nodeid].see(call)
        outcome: Literal["failed", "passed"] = "failed" if call.excinfo is not None else "passed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)


def main(argument: str) -> int:
    """Run one grader process; the exit status is pytest's."""
    config = Config(**json.loads(argument))
    for descriptor in (config.reading, config.writing):
        os.set_inheritable(descriptor, False)
    with (
        os.fdopen(config.reading, encoding="utf-8") as jobs,
        os.fdopen(config.writing, "w", encoding="utf-8") as events,
    ):
        session = GradingSession(config, jobs, events)
        try:
            return int(pytest.main(list(_arguments(config)), plugins=[session, _Complaints(session)]))
        except Fault as fault:
            session.emit("broken", message=str(fault))
            return 3


def _arguments(config: Config) -> Iterator[str]:
    course = Course(Path(config.root))
    yield from ("--import-mode=importlib", "--assert=plain", "-p", "grader.plugin", "-p", "no:cacheprovider", "-s")
    yield from (
        "-p",
        "no:terminal",
        "-p",
        "no:logging",
        "-p",
        "no:faulthandler",
        "-c",
        os.devnull,
        f"--rootdir={config.root}",
    )
    for name in config.assignments:
        yield str(course.hidden_suite(name))


class _Complaints:
    """Passes on why suites could not be collected."""

    def __init__(self, session: GradingSession) -> None:
        self._session = session

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._session.emit("broken", message=str(report.longrepr)[-4000:])

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        error = excinfo.value
        text = str(error) if isinstance(error, CourseError | Fault) else str(excrepr)[-4000:]
        self._session.emit("broken", message=text)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
