"""A student's own `pytest`: tests reach the module in this process, and at the end there is a table."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

import grader
from grader.course import Assignment, Seeds
from grader.errors import CourseError
from grader.grading.outcome import Outcome
from grader.submission import Backend, Contact, Source
from grader.submission.backend import LocalBackend

from .judge import Judge, student_failure
from .marks import mark_items, test_name
from .state import CONTACT, MARK, PROVIDER
from .table import table_lines
from .timeouts import Interrupter, guard

__all__ = ["PublicChecks"]


class PublicChecks:
    """Plugin object of a run in which student code and tests share the process. Gives tests their backend (a Provider)."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._backends: dict[Path, Backend] = {}
        self._judges: dict[str, Judge] = {}
        self._outcomes: list[Outcome] = []
        self._assignments: list[Assignment] = []
        self._interrupter = Interrupter()
        config.stash[PROVIDER] = self

    def backend(self, item: pytest.Item) -> Backend:
        """The in-process backend of the assignment that the test lies in."""
        folder = item.path.parent
        if folder not in self._backends:
            self._backends[folder] = LocalBackend(self._source(item), self.seeds(item).seed)
        return self._backends[folder]

    def seeds(self, item: pytest.Item) -> Seeds:
        """Public seeds: everybody has the same."""
        return Seeds.public(item.stash[MARK].assignment.name)

    def _source(self, item: pytest.Item) -> Source:
        assignment, named = item.stash[MARK].assignment, self._config.getoption("--submission")
        module = named or assignment.folder / assignment.module_file
        if not module.is_file():
            raise CourseError(f"{module} is missing: it is the file that the tests are about")
        module = module.resolve()
        files = {name: module.parent / name for name in assignment.files} | {module.name: module}
        beside = {name: item.path.parent / f"{name}.py" for name in ("guest", "baseline")}
        return Source(files, module.name, **{name: path for name, path in beside.items() if path.is_file()})

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks, bring each task's tests together, and guard each test against running for ever."""
        try:
            mark_items(items)
        except CourseError as error:
            raise pytest.UsageError(str(error)) from None
        marked = [item for item in items if MARK in item.stash]
        self._assignments = list(dict.fromkeys(item.stash[MARK].assignment for item in marked))
        order = {(a.folder, task.id): k for k, (a, task) in enumerate((a, t) for a in self._assignments for t in a.tasks)}
        marked.sort(key=lambda item: order[item.stash[MARK].assignment.folder, item.stash[MARK].task])
        items[:] = [item for item in items if MARK not in item.stash] + marked
        if self._config.pluginmanager.hasplugin("timeout"):
            for item in marked:
                guard(item, item.stash[MARK].assignment.limits.cpu)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge each phase; show the student's lines and the test's, not ours."""
        if MARK in item.stash:
            self._judge(item, call)
            if call.excinfo is not None:
                ours = str(Path(grader.__file__).parent)
                kept = call.excinfo.traceback.filter(lambda entry: not str(entry.path).startswith(ours))
                call.excinfo.traceback = kept or call.excinfo.traceback
        return (yield)

    def _judge(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        contact = item.stash.setdefault(CONTACT, Contact())
        judge = self._judges.setdefault(item.nodeid, Judge(test_name(item), item.stash[MARK], "public", contact))
        judge.see(call)
        backend = self._backends.get(item.path.parent)
        if judge.error is not None and isinstance(backend, LocalBackend):
            judge.error = student_failure(judge.error, *backend.place)
        if call.when == "teardown":
            self._outcomes.append(judge.outcome())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table, for each assignment whose tests ran."""
        for assignment in self._assignments:
            mine = [outcome for outcome in self._outcomes if self._belongs(outcome, assignment)]
            if mine:
                terminalreporter.section(f"{assignment.title}: public checks, not your grade", sep="=")
                for line, markup in table_lines(assignment, mine, terminalreporter._tw.fullwidth):
                    terminalreporter.write_line(line, **markup)

    def _belongs(self, outcome: Outcome, assignment: Assignment) -> bool:
        return any(j.mark.assignment == assignment and j.name == outcome.test for j in self._judges.values())

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: object) -> bool | None:
        """Where there is no SIGALRM (Windows), interrupt the test from a thread instead of ending the run."""
        return self._interrupter.start(item, settings)

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> bool | None:
        """The test has ended in time."""
        return self._interrupter.cancel()
