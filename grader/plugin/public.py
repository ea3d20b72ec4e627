"""A student's own `pytest`: tests reach the module in this process, and at the end there is a table."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from grader.course import Assignment, Seeds
from grader.course.assignment import load_assignment
from grader.errors import CourseError, Fault, GraderError, IntakeError
from grader.grading.devices import absence
from grader.grading.outcome import Outcome
from grader.submission import Backend, Contact, Source
from grader.submission.backend import LocalBackend

from . import REPORT_FIELD
from .judge import Judge, student_failure
from .markdown import append_summary, markdown_lines
from .marks import mark_items, test_name
from .questions import own_answers, question_lines
from .state import CONTACT, MARK, PROVIDER
from .table import table_lines
from .timeouts import Interrupter, guard
from .tracebacks import hide_ours

__all__ = ["PublicChecks"]


class PublicChecks:
    """Plugin object of a run in which student code and tests share the process. Gives tests their backend (a Provider)."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._backends: dict[Path, LocalBackend] = {}
        self._judges: dict[str, Judge] = {}
        self._outcomes: dict[Path, dict[str, Outcome]] = {}
        self._interrupter = Interrupter()
        config.stash[PROVIDER] = self
        # A cached module is told from its source by whole seconds and size: a quick edit would be tested in its old form.
        sys.dont_write_bytecode = True

    def backend(self, item: pytest.Item) -> Backend:
        """The in-process backend of the assignment that the test lies in. Raises IntakeError where its file is missing."""
        folder = item.path.parent
        if folder not in self._backends:
            self._backends[folder] = LocalBackend(self._source(item), self.seeds(item).seed)
        return self._backends[folder]

    def seeds(self, item: pytest.Item) -> Seeds:
        """Public seeds: everybody has the same."""
        return Seeds.public(item.stash[MARK].assignment.name)

    def device(self, item: pytest.Item) -> str:
        """The CPU, but for tests of a device."""
        return item.stash[MARK].device or "cpu"

    def _source(self, item: pytest.Item) -> Source:
        assignment, named = item.stash[MARK].assignment, self._config.getoption("--submission")
        beside = {name: item.path.parent / f"{name}.py" for name in ("guest", "baseline")}
        module = named or _own_module(item, assignment)
        if not module.is_file():
            raise IntakeError(f"{module} is missing: write your solution there, or name another file with --submission")
        module = module.resolve()
        files = {name: module.parent / name for name in assignment.files} | {module.name: module}
        return Source(files, module.name, **{name: path for name, path in beside.items() if path.is_file()})

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks, bring each task's tests together, and guard each test against running for ever."""
        try:
            mark_items(items)
        except CourseError as error:
            raise pytest.UsageError(str(error)) from None
        self._leave_out_absent_devices(items)
        marked = [item for item in items if MARK in item.stash]
        assignments = dict.fromkeys(item.stash[MARK].assignment for item in marked)
        order = {(a.folder, task.id): k for k, (a, task) in enumerate((a, t) for a in assignments for t in a.tasks)}
        marked.sort(key=lambda item: order[item.stash[MARK].assignment.folder, item.stash[MARK].task])
        items[:] = [item for item in items if MARK not in item.stash] + marked
        if any(map(self._config.pluginmanager.hasplugin, ("timeout", "pytest_timeout"))):
            for item in marked:
                guard(item, item.stash[MARK].assignment.limits.cpu)

    def _leave_out_absent_devices(self, items: list[pytest.Item]) -> None:
        """Tests whose device is not on this machine: the table says of their tasks that they were not run."""
        marked = [item for item in items if MARK in item.stash and self.device(item) != "cpu"]
        absent = [item for item in marked if absence(self.device(item), item.stash[MARK].assignment) is not None]
        if absent:
            self._config.hook.pytest_deselected(items=absent)
            items[:] = [item for item in items if item not in absent]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A new judge for each run of a test, also where a plugin runs it again."""
        if MARK in item.stash:
            contact = item.stash[CONTACT] = Contact()
            judge = Judge(test_name(item), item.stash[MARK], "public", contact, lambda error: self._told(item, error))
            self._judges[item.nodeid] = judge

    def _told(self, item: pytest.Item, error: BaseException) -> BaseException:
        backend = self._backends.get(item.path.parent)
        return error if backend is None else student_failure(error, *backend.place)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge each phase; show the student's lines and the test's, not ours."""
        judge, failure = self._judges.get(item.nodeid), call.excinfo
        if judge is not None:
            judge.see(call)
        if failure is not None:
            self._interrupter.cancel()
            if MARK in item.stash and not self._config.getoption("fulltrace"):
                hide_ours(failure.value)
                failure = call.excinfo = pytest.ExceptionInfo.from_exception(failure.value)
        report = yield
        if failure is not None and isinstance(failure.value, GraderError | Fault):
            report.longrepr = str(failure.value)
        elif failure is not None and judge is not None and _is_undone(failure) and not self._config.getoption("fulltrace"):
            report.longrepr = f"{Path(failure.traceback[-1].path).name}:{failure.traceback[-1].lineno + 1}: not done yet"
        if judge is not None and call.when == "teardown":
            facts = {"folder": str(judge.mark.assignment.folder), "outcome": judge.outcome().to_json()}
            setattr(report, REPORT_FIELD, facts)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what the table needs; a test that ran twice counts by its last run."""
        facts = getattr(report, REPORT_FIELD, None)
        if facts is not None:
            outcome = Outcome.from_json(facts["outcome"])
            self._outcomes.setdefault(Path(facts["folder"]), {})[report.nodeid] = outcome

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
        """The table, for each assignment whose tests ran; below pytest's own list of failures, which may be long."""
        yield
        width = terminalreporter._tw.fullwidth
        for folder, outcomes in self._outcomes.items():
            assignment = load_assignment(folder)
            terminalreporter.section(f"{assignment.title}: public checks, not your grade", sep="=")
            named: Path | None = self._config.getoption("--submission")
            answers = own_answers(assignment, folder if named is None else named.parent)
            tasks = table_lines(assignment, list(outcomes.values()), width)
            for line, markup in itertools.chain(tasks, question_lines(assignment, answers, width)):
                terminalreporter.write_line(line, **markup)
            if summary := self._config.getoption("--grader-summary"):
                append_summary(summary, markdown_lines(assignment, list(outcomes.values()), answers))

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: object) -> bool | None:
        """Start the clock of a graded test."""
        return self._interrupter.start(settings) if MARK in item.stash else None

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> bool | None:
        """The test has ended in time."""
        return self._interrupter.cancel()


def _own_module(item: pytest.Item, assignment: Assignment) -> Path:
    """The student's file; for a suite under solutions/, the reference beside it."""
    beside = item.path.parent / assignment.module_file
    return beside if beside.is_file() else assignment.folder / assignment.module_file


def _is_undone(failure: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether nothing is there to look at: the stub's own line raised."""
    entry = failure.traceback[-1]
    return type(failure.value) is NotImplementedError and str(entry.statement).strip() == "raise NotImplementedError"
