"""Checking one assignment: its files first, then its suites against answers that are known to be right, wrong or undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from grader.calibration import stale
from grader.course import Course, Limits
from grader.errors import GraderError
from grader.grading.crew import Crew, Work
from grader.grading.inprocess import IN_PROCESS
from grader.grading.score import Suite

from .cpu import CpuMeter
from .folder import folder_findings
from .handout import handout_findings, write_form
from .mistakes import Mistake, load_mistakes
from .mutants import judge_mutants
from .parts import Parts
from .stub import stub_findings, write_stub
from .student import student_findings
from .trials import Trial, few_right_answers, hidden_trials, in_process_trials, mistake_trials, public_trials, quick_tasks
from .verdicts import Ran, Tally, contact_findings, mistake_findings, right_findings
from .verdicts import stub_findings as undone_findings

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice

__all__ = ["Observer", "Plan", "Row", "check_assignment"]

_SECRET = b"a course is checked alike everywhere"
_EACH = 8  # trials that are worth a grader process of their own
_PATIENCE = 6  # the public suite may time a student's slow code; a student's pytest has no limit on CPU time


@dataclasses.dataclass(frozen=True)
class Plan:
    """How to check. `everything`: the full matrix; `write`: cut the stub anew first; `devices`: those that are here."""

    isolation: Choice
    devices: Sequence[str]
    workers: int = 1
    everything: bool = False
    write: bool = False


@dataclasses.dataclass
class Row:
    """What came of one assignment. `mutants`: killed, equivalent and survived, None where they were not tried; `written`:
    files that were made anew; `warnings` are no findings.
    """

    name: str
    tasks: int = 0
    tally: Tally = dataclasses.field(default_factory=Tally)
    alternatives: int = 0
    mutants: tuple[int, int, int] | None = None
    seconds: float = 0.0
    written: list[str] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    findings: list[str] = dataclasses.field(default_factory=list)


class Observer(Protocol):
    """Is told how it goes: `more` steps have come, one `step` is done."""

    def more(self, steps: int) -> None:
        """So many steps are to be done beside those known."""

    def step(self, what: str) -> None:
        """One step is done."""


def check_assignment(course: Course, name: str, plan: Plan, observer: Observer) -> Row:
    """Everything that can be checked of it; what cannot for a fault of the course is a finding."""
    row = Row(name)
    with CpuMeter() as meter:
        try:
            _Check(Parts.of(course, name), plan, observer, row).all()
        except GraderError as error:
            row.findings.append(str(error))
        row.seconds = meter.seconds()
    row.findings = list(dict.fromkeys(text.replace(f"{course.root}/", "") for text in row.findings))
    return row


class _Check:
    """One assignment, one plan; findings go to `row`."""

    def __init__(self, parts: Parts, plan: Plan, observer: Observer, row: Row) -> None:
        self._parts, self._plan, self._observer, self._row = parts, plan, observer, row
        row.tasks = len(parts.assignment.tasks)
        row.alternatives = len(parts.alternatives())

    def all(self) -> None:
        parts, found = self._parts, self._row.findings
        if self._plan.write:
            self._row.written = [*write_stub(parts), *write_form(parts)]
        found += [*stub_findings(parts), *handout_findings(parts), *folder_findings(parts)]
        mistakes, wrong = load_mistakes(parts)
        found += wrong
        self._thresholds()
        runs: list[Callable[[], None]] = [lambda: self._hidden(mistakes), self._in_process, self._public, self._students]
        for run in runs:
            try:
                run()
            except GraderError as error:
                found.append(str(error))

    def _thresholds(self) -> None:
        """Whether what was calibrated is still what is there. A warning: the thresholds that are there do hold."""
        try:
            lines = stale(self._parts.course, self._parts.name)
        except GraderError:
            return  # a half is missing, which is a finding already
        self._row.warnings = [text.replace(f"{self._parts.course.root}/", "") for text in lines]

    def _hidden(self, mistakes: Sequence[Mistake]) -> None:
        everything = self._plan.everything
        trials = list(hidden_trials(self._parts, everything=everything))
        with self._crew(self._plan.isolation.level, [*trials, *mistakes]) as crew:
            ran = self._judge("hidden", crew, trials)
            reference = next(one.graded for one in ran if one.trial.role == "right")
            quick = quick_tasks(reference.outcomes)
            self._judge("hidden", crew, list(mistake_trials(self._parts, mistakes, quick, everything=everything)))
            self._mutants(crew)

    def _in_process(self) -> None:
        if self._plan.isolation.level != IN_PROCESS:
            trials = list(in_process_trials(self._parts, everything=self._plan.everything))
            with self._crew(IN_PROCESS, trials) as crew:
                self._judge("hidden, in-process", crew, trials)

    def _public(self) -> None:
        self._parts.course.public_suite(self._parts.name)
        trials = list(public_trials(self._parts, everything=self._plan.everything))
        limits = self._parts.assignment.limits
        patient = dataclasses.replace(limits, cpu=_PATIENCE * limits.cpu, submission=_PATIENCE * limits.submission)
        with self._crew(self._plan.isolation.level, trials, suite="public", purpose="public") as crew:
            self._judge("public", crew, trials, patient)

    def _students(self) -> None:
        """The public suite in-process: as a student runs it."""
        answers = few_right_answers(self._parts, everything=self._plan.everything)
        self._observer.more(len(answers))
        for name, files in answers.items():
            self._row.findings += student_findings(self._parts, name, files)
            self._observer.step(f"{name} in a student's pytest")

    def _mutants(self, crew: Crew) -> None:
        told = 0

        def tell(done: int, total: int) -> None:
            nonlocal told
            self._observer.more(total - told)
            told = total
            self._observer.step(f"mutant {done} of {total}")

        parts = self._parts
        result = judge_mutants(parts.course, parts.name, crew, everything=self._plan.everything, tell=tell)
        self._row.mutants = (result.killed, result.equivalent, result.survived)
        self._row.findings += result.findings

    def _crew(self, level: str, trials: Sequence[object], **changed: Any) -> Crew:
        """Grader processes: one for a few trials, as each has its expected values to work out first."""
        settings = {
            "root": str(self._parts.course.root), "assignments": [self._parts.name], "level": level,
            "warm": self._plan.isolation.warm, "purpose": "feedback", "secret": _SECRET.hex(),
            "devices": sorted(self._plan.devices),
        }  # fmt: skip
        return Crew({**settings, **changed}, max(1, min(self._plan.workers, len(trials) // _EACH)))

    def _judge(self, where: str, crew: Crew, trials: Sequence[Trial], limits: Limits | None = None) -> list[Ran]:
        """Run the trials and add what their outcomes say, in the order of the trials."""
        suite = crew.suites.get(self._parts.name, {})
        allowed = limits or self._parts.assignment.limits
        ran = sorted(self._run(where, crew, trials, allowed), key=lambda one: one.graded.work.key)
        found = self._row.findings
        for one in ran:
            found += self._said(one, suite)
        found += contact_findings([one for one in ran if one.trial.role == "contact"], self._parts, suite)
        return ran

    def _run(self, where: str, crew: Crew, trials: Sequence[Trial], limits: Limits) -> Iterator[Ran]:
        self._observer.more(len(trials))
        name = self._parts.name
        works: Iterable[Work] = (
            Work(key, name, trial.files, limits, trial.tasks, trial.reverse) for key, trial in enumerate(trials)
        )
        for graded in crew.run(works):
            one = Ran(trials[graded.work.key], graded, where)
            self._observer.step(one.label)
            yield one

    def _said(self, one: Ran, suite: Suite) -> Iterator[str]:
        judges: dict[str, Callable[[], Iterator[str]]] = {
            "stub": lambda: undone_findings(one, self._parts, suite),
            "right": lambda: right_findings(one, self._parts, suite),
            "mistake": lambda: mistake_findings(one, self._parts, suite, self._row.tally),
            "contact": lambda: iter(()),  # judged together
        }
        return judges[one.trial.role]()
