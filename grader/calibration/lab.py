"""Measuring: the tests of the hidden suite that ask for thresholds, run by the grader processes that also grade."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from grader.course import Course
from grader.errors import CourseError
from grader.grading.crew import Crew, Graded, Work

from .kept import Kept, Results
from .programs import Program
from .traces import data_source, digest, program_digest, suite_digest, versions

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice

__all__ = ["SECRET", "Lab", "Settings", "Tell", "Wanted"]

SECRET = b"calibration: equal on every machine, and no course's own"

Tell = Callable[[int, int, str], None]
"""Called with how many of how many measurements of a batch are there, and what was measured last."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to calibrate and how. `seeds`: runs of every right solution; `only`: the one threshold to set, None for all."""

    course: Course
    name: str
    isolation: Choice
    devices: Collection[str]
    seeds: int = 30
    only: str | None = None
    workers: int = 1

    @property
    def command(self) -> str:
        """What gives this table again."""
        only = f" --only {self.only}" if self.only else ""
        return f"grader calibrate {self.name} --seeds {self.seeds}{only}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A program's values in one round (see `Work.calibration`), for these tasks."""

    program: Program
    round: int
    tasks: tuple[str, ...]


class Lab:
    """Gives outcomes with what was measured; what is kept from before is not run again. Use as a context manager.

    The grader processes start when the first measurement is needed.
    """

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings, self._tell = settings, tell
        course, name = settings.course, settings.name
        self._kept = Kept(course.root / ".grader" / "calibration" / f"{name}.jsonl")
        self._place = digest(
            [name, suite_digest(course, name), data_source(course, name), versions(course, name), *sorted(settings.devices)]
        )
        self._crew: Crew | None = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def measure(self, wanted: Sequence[Wanted]) -> None:
        """Measure what is not kept. Raises CourseError for a right solution that does not pass."""
        missing = [lack for one in wanted if (lack := self._missing(one)).tasks]
        if not missing:
            return
        limits = self._settings.course.assignment(self._settings.name).limits
        works = [
            Work(key, self._settings.name, one.program.files, limits, tasks=one.tasks, calibration=one.round)
            for key, one in enumerate(missing)
        ]
        self._tell(0, len(works), "")
        for done, graded in enumerate(self._crew_for(len(works)).run(works), 1):
            one = missing[graded.work.key]
            self._take(one, graded)
            self._tell(done, len(works), f"{one.program.name}, seed {one.round}")

    def results(self, one: Wanted) -> Results:
        """The outcomes of what was measured."""
        return tuple(found for task in one.tasks for found in self._kept.get(self._key(one, task)) or ())

    def _missing(self, one: Wanted) -> Wanted:
        tasks = tuple(task for task in one.tasks if self._kept.get(self._key(one, task)) is None)
        return dataclasses.replace(one, tasks=tasks)

    def _key(self, one: Wanted, task: str) -> str:
        return digest([self._place, program_digest(one.program), str(one.round), task])

    def _take(self, one: Wanted, graded: Graded) -> None:
        _refuse(one, graded)
        for task in one.tasks:
            self._kept.keep(self._key(one, task), [outcome for outcome in graded.outcomes if outcome.task == task])

    def _crew_for(self, count: int) -> Crew:
        if self._crew is None:
            own = self._settings
            settings = {
                "root": str(own.course.root), "assignments": [own.name], "level": own.isolation.level,
                "warm": own.isolation.warm, "purpose": "feedback", "secret": SECRET.hex(), "devices": sorted(own.devices),
            }  # fmt: skip
            self._crew = self._open.enter_context(Crew(settings, own.workers))
        return self._crew


def _refuse(one: Wanted, graded: Graded) -> None:
    """Nothing may be kept of a run that shows a fault, or a right solution that fails."""
    where = f"{one.program.name}, seed {one.round}"
    if graded.fault:
        raise CourseError(f"{where}: the grader itself failed: {graded.fault}")
    for outcome in graded.outcomes:
        if outcome.verdict == "fault":
            raise CourseError(f"{where}, {outcome.test}: the suite failed, not the solution: {outcome.detail}")
        if not one.program.fails and outcome.verdict == "failed":
            raise CourseError(f"{where}, {outcome.test}: a right solution must pass: {outcome.message}; mend one of them")
