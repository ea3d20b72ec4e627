"""Grading a folder of submissions: find, take in, look up, grade, score, write. What it does is told to an observer."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import platform
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import grader
from grader.course import Assignment, Course, Purpose, Seeds
from grader.errors import CourseError, ReportError

from .atomic import write_atomic
from .cache import KeyParts, constraints_digest, grade_key, grader_digest, lookup, suite_digest
from .crew import Crew, Graded, Work
from .devices import absence, hardware
from .find import Problem, find_submissions
from .gradebook import grades_csv
from .intake import Intake, take_in
from .outcome import FAULT, Outcome
from .overrides import Overrides, load_overrides
from .replies import Examiner
from .report import Grading, build_report, read_report, report_path, rescored, write_report
from .score import Suite, score

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice

__all__ = ["Observer", "PageWriter", "Result", "Settings", "Silent", "grade", "overrides_file"]


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to grade and how. `devices`: those that are here and wanted; `waived`: devices that nobody is assessed on;
    `overrides`: file with a TA's overrides, or None for `overrides.toml` beside the submissions; `without`: assignments that
    are left out; `run_on`: device for tests that follow one (see `session.Config`), other than cpu for references only;
    `pages`: who writes a page for every report and for the class, if anybody.
    """

    course: Course
    source: Path
    out: Path
    isolation: Choice
    purpose: Purpose
    secret: bytes
    devices: Collection[str]
    waived: Collection[str] = ()
    assignment: str | None = None
    student: str | None = None
    workers: int = 1
    force: bool = False
    overrides: Path | None = None
    without: Collection[str] = ()
    run_on: str = "cpu"
    pages: PageWriter | None = None


@dataclasses.dataclass
class Result:
    """What came of it: reports by student and assignment, what was passed over, overrides that met nothing."""

    reports: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    unused: list[str] = dataclasses.field(default_factory=list)
    fresh: int = 0

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Reports without a score."""
        return [report for report in self.reports if report["public"]["score"] is None]


class PageWriter(Protocol):
    """Makes pages of reports."""

    def write(self, report: Path, content: Mapping[str, Any]) -> object:
        """The page of the report at this path."""

    def overview(self, folder: Path, reports: Sequence[Mapping[str, Any]]) -> object:
        """The page of the class, in the folder of the reports."""


class Observer(Protocol):
    """Is told how it goes."""

    def begin(self, found: int, cached: int) -> None:
        """So many submissions were found, so many of them graded before and unchanged."""

    def working(self, student: str, assignment: str, done: int, tests: int) -> None:
        """A submission is being graded: `done` of its tests have run."""

    def graded(self, report: Mapping[str, Any], cached: bool) -> None:
        """One more report is there."""


class Silent(Observer):
    """Tells nobody."""

    def begin(self, found: int, cached: int) -> None:
        """Nothing."""
        return

    def working(self, student: str, assignment: str, done: int, tests: int) -> None:
        """Nothing."""
        return

    def graded(self, report: Mapping[str, Any], cached: bool) -> None:
        """Nothing."""
        return


def grade(settings: Settings, observer: Observer) -> Result:
    """Grade what `settings` name. Reports are written one by one, so a run that is killed goes on where it stopped.

    Raises GraderError where nothing can be graded.
    """
    result = Result()
    with tempfile.TemporaryDirectory(prefix="grader-intake-") as scratch:
        found, result.problems = find_submissions(
            settings.source,
            settings.course,
            scratch=Path(scratch),
            assignment=settings.assignment,
            student=settings.student,
        )
        found = [item for item in found if item.assignment not in settings.without]
        taken = [(item, take_in(item, settings.course.assignment(item.assignment))) for item in found]
    overrides = load_overrides(overrides_file(settings), settings.course.assignment)
    run = _Run(settings, overrides, observer, result)
    whole = False
    try:
        run.all([intake for _, intake in taken])
        whole = settings.assignment is None and settings.student is None
    finally:
        result.reports.sort(key=_whose)
        _write_class(settings, result.reports, whole=whole)
    result.unused = overrides.unused((item.student, item.assignment) for item in found)
    return result


def overrides_file(settings: Settings) -> Path:
    """Where a TA's overrides are."""
    if settings.overrides is not None:
        return settings.overrides
    folder = settings.source if settings.source.is_dir() else settings.source.parent
    return folder / "overrides.toml"


def _write_class(settings: Settings, reports: list[dict[str, Any]], *, whole: bool) -> None:
    """grades.csv and the class's page of these reports; after a part of the class, of those that are kept as well."""
    rows = {_whose(report): report for report in [*([] if whole else _kept(settings.out)), *reports]}
    if rows:
        write_atomic(settings.out / "grades.csv", grades_csv(list(rows.values())))
    if rows and settings.pages is not None:
        settings.pages.overview(settings.out, list(rows.values()))


def _kept(out: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(out.glob("*/*.json")):
        with contextlib.suppress(ReportError):
            yield read_report(path)


def _whose(report: Mapping[str, Any]) -> tuple[str, str]:
    return report["public"]["student"], report["public"]["assignment"]


class _Run:
    """One call of `grade`: what it looks up once, and the steps for each submission."""

    def __init__(self, settings: Settings, overrides: Overrides, observer: Observer, result: Result) -> None:
        self._settings, self._overrides, self._observer, self._result = settings, overrides, observer, result
        self._package = Path(grader.__file__).parent
        self._grader = grader_digest(self._package)
        self._constraints = constraints_digest(self._package / "constraints.txt")
        self._suites: dict[str, str] = {}
        self._found: dict[str, dict[str, str]] = {}
        self._examiner = Examiner(settings.course, settings.purpose)

    def all(self, intakes: list[Intake]) -> None:
        """Grade what has to be graded; keep what is known already."""
        known = {k: report for k, intake in enumerate(intakes) if (report := self._known(intake)) is not None}
        self._observer.begin(len(intakes), len(known))
        for k, report in known.items():
            self._finish(intakes[k], report, cached=True)
        todo = [k for k in range(len(intakes)) if k not in known]
        if todo:
            for k in todo:
                self._environment(self._settings.course.assignment(intakes[k].assignment))
            self._result.fresh = len(todo)
            self._grade(intakes, todo)

    def _known(self, intake: Intake) -> dict[str, Any] | None:
        return None if self._settings.force else lookup(self._path(intake), self._key(intake))

    def _grade(self, intakes: list[Intake], todo: list[int]) -> None:
        course = self._settings.course
        names = sorted({intakes[k].assignment for k in todo})

        def tell(work: Work, done: int) -> None:
            tests = sum(map(len, crew.suites[work.assignment].values()))
            self._observer.working(intakes[work.key].student, work.assignment, done, tests)

        with Crew(self._crew_settings(names), min(self._settings.workers, len(todo)), tell=tell) as crew:
            works = []
            for k in todo:
                assignment = course.assignment(intakes[k].assignment)
                if assignment.module_file in intakes[k].files:
                    works.append(Work(k, assignment.name, intakes[k].code, assignment.limits))
                else:
                    suite = crew.suites[assignment.name]
                    self._report(intakes[k], _nothing(intakes[k], assignment, suite), "", 0.0, suite)
            works.sort(key=lambda work: work.assignment)  # a suite's module fixtures are made once
            for graded in crew.run(works):
                suite = crew.suites[graded.work.assignment]
                self._report(intakes[graded.work.key], _with_fault(graded, suite), graded.output, graded.seconds, suite)

    def _crew_settings(self, names: list[str]) -> dict[str, Any]:
        own = self._settings
        return {
            "root": str(own.course.root), "assignments": names, "level": own.isolation.level, "warm": own.isolation.warm,
            "purpose": own.purpose, "secret": own.secret.hex(), "devices": sorted(own.devices), "run_on": own.run_on,
        }  # fmt: skip

    def _report(self, intake: Intake, outcomes: list[Outcome], output: str, seconds: float, suite: Suite) -> None:
        assignment = self._settings.course.assignment(intake.assignment)
        replies = self._examiner.replies(assignment, intake.answers)
        grading = Grading(
            student=intake.student, outcomes=outcomes, suite=suite, problems=intake.problems, output=output,
            environment=self._environment(assignment), key=self._key(intake), replies=replies,
            timing={"grading": round(seconds, 3), "finished": round(time.time(), 3)},
        )  # fmt: skip
        result = score(assignment, outcomes, suite, replies=replies)
        self._finish(intake, build_report(assignment, result, grading), cached=False)

    def _finish(self, intake: Intake, report: dict[str, Any], *, cached: bool) -> None:
        """Apply overrides and waivers, which may have changed since; write; tell."""
        assignment = self._settings.course.assignment(intake.assignment)
        overrides = self._overrides.of(intake.student, intake.assignment)
        final = rescored(report, assignment, overrides, self._settings.waived)
        path = self._path(intake)
        if not cached or final != report:
            write_report(path, final)
        if self._settings.pages is not None:
            self._settings.pages.write(path, final)
        self._result.reports.append(final)
        self._observer.graded(final, cached)

    def _path(self, intake: Intake) -> Path:
        return report_path(self._settings.out, intake.student, intake.assignment)

    def _seeds(self, name: str) -> Seeds:
        return Seeds(self._settings.secret, self._settings.purpose, name)

    def _key(self, intake: Intake) -> str:
        name, own = intake.assignment, self._settings
        if name not in self._suites:
            self._suites[name] = suite_digest(own.course, name)
        limits = own.course.assignment(name).limits
        device = "+".join([*sorted(own.devices), *self._hardware(own.course.assignment(name)).values()])
        return grade_key(
            KeyParts(
                intake.digest,
                self._suites[name],
                self._grader,
                self._seeds(name).id,
                device,
                own.isolation.level,
                "generated",
                limits,
                self._constraints,
            )  # fmt: skip
        )

    def _hardware(self, assignment: Assignment) -> dict[str, str]:
        """What the assignment's devices are, or why its packages do not reach them: whoever mends that grades anew."""
        wanted = [device for device in assignment.devices if device in self._settings.devices and device != "cpu"]
        if assignment.name not in self._found:
            found = hardware(wanted)
            self._found[assignment.name] = {device: absence(device, assignment) or found[device] for device in wanted}
        return self._found[assignment.name]

    def _environment(self, assignment: Assignment) -> dict[str, Any]:
        own = self._settings
        return {
            "isolation": own.isolation.level, "devices": sorted(own.devices), "purpose": own.purpose,
            "seed_id": self._seeds(assignment.name).id, "data": "generated", "constraints": self._constraints[:12],
            "grader": self._grader[:12], "python": platform.python_version(), "machine": platform.machine(),
            "packages": {name: _version(name) for name in assignment.present_packages},
            **({"hardware": found} if (found := self._hardware(assignment)) else {}),
        }  # fmt: skip


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise CourseError(f"the assignment's package {package!r} is not installed: pip install {package}") from None


def _tests(suite: Suite) -> Iterator[tuple[str, str, float]]:
    return ((task, test, weight) for task, tests in suite.items() for test, weight in tests)


def _nothing(intake: Intake, assignment: Assignment, suite: Suite) -> list[Outcome]:
    """Every test failed: there was no module to test."""
    why = next((line for line in intake.problems if assignment.module_file in line), f"{assignment.module_file} is missing")
    return [Outcome(test, task, "failed", weight, 0.0, "missing", why) for task, test, weight in _tests(suite)]


def _with_fault(graded: Graded, suite: Suite) -> list[Outcome]:
    """The outcomes; where the grader itself failed, a fault for every test that did not get to run."""
    outcomes = list(graded.outcomes)
    if graded.fault:
        ran = {outcome.test for outcome in outcomes}
        for task, test, weight in _tests(suite):
            if test not in ran:
                outcomes.append(Outcome(test, task, "fault", weight, 0.0, "fault", FAULT, detail=graded.fault))
    return outcomes
