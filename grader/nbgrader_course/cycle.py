"""From what was collected to the gradebook and the feedback: intake, our runner, and nbgrader's own commands."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

from grader.errors import CourseError
from grader.grading.find import Problem
from grader.grading.run import Observer, Result, Settings

from .commands import Commands, require_nbgrader
from .folder import CourseFolder
from .intake import Taken, take_all
from .records import read_record, write_record
from .runner import grade_received

__all__ = ["Cycle", "run_cycle"]


@dataclasses.dataclass
class Cycle:
    """What came of it. `graded`: (student, assignment) that nbgrader took over now; `kept`: that were so already;
    `refused`: sentences about submissions that are not in the gradebook; `log`: what nbgrader printed, if it failed.
    """

    taken: list[Taken]
    result: Result
    problems: list[Problem]
    graded: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    kept: int = 0
    refused: list[str] = dataclasses.field(default_factory=list)
    log: str = ""


def run_cycle(folder: CourseFolder, settings: Settings, observer: Observer, say: Callable[[str], None]) -> Cycle:
    """Take in, grade, autograde and give feedback; what is done and unchanged is kept.

    `settings`: its source and out are the course folder's; `assignment` and `student` limit it. `say`: is told what
    nbgrader is doing. Raises GraderError where nothing can be done.
    """
    require_nbgrader()
    with folder.alone():
        taken, problems = take_all(folder, settings.course, settings.assignment)
        taken = [one for one in taken if settings.student in (None, one.student)]
        if not taken:
            raise CourseError(f"{folder.submitted}: no submission; run `nbgrader collect` or `nbgrader zip_collect` first")
        result = grade_received(folder, settings, observer)
        cycle = Cycle(taken, result, problems)
        with Commands() as nbgrader:
            handover = _Handover(folder, nbgrader, settings.student, cycle, say)
            for name in sorted({one.assignment for one in taken}):
                handover.all([one.student for one in taken if one.assignment == name], name)
    return cycle


@dataclasses.dataclass(frozen=True)
class _Handover:
    """Reports to nbgrader. `only`: one student, or None for all."""

    folder: CourseFolder
    nbgrader: Commands
    only: str | None
    cycle: Cycle
    say: Callable[[str], None]

    def all(self, students: list[str], name: str) -> None:
        """Those of one assignment: what changed, or was refused before, once more."""
        folder, cycle = self.folder, self.cycle
        todo = [student for student in students if not _is_done(folder, student, name)]
        cycle.kept += len(students) - len(todo)
        for student in todo:
            for step in ("autograded", "feedback"):
                shutil.rmtree(folder.root / step / student / name, ignore_errors=True)
        log = self._step("autograde", name, len(todo))
        done = [student for student in todo if _made(folder, "autograded", student, name, ".ipynb")]
        log += self._step("generate_feedback", name, len(done))
        graded = len(cycle.graded)
        for student in todo:
            if student not in done:
                cycle.refused.append(_why(student, name, log))
            elif not _made(folder, "feedback", student, name, ".html"):
                cycle.refused.append(f"{student}/{name}: it is in the gradebook, but nbgrader made no feedback")
            else:
                write_record(_mark(folder, student, name), read_record(folder.stamp(student, name)))
                cycle.graded.append((student, name))
        cycle.log += log if len(cycle.graded) < graded + len(todo) else ""

    def _step(self, step: str, name: str, many: int) -> str:
        """One of nbgrader's commands, if there is something to do; gives what it printed."""
        if not many:
            return ""
        self.say(f"{name}: nbgrader {step}, {many} submission{'s' if many > 1 else ''}")
        chosen = [] if self.only is None else [f"--student={self.only}"]
        return self.nbgrader(self.folder.root, step, name, *chosen)[1]


def _made(folder: CourseFolder, step: str, student: str, name: str, ending: str) -> bool:
    return (folder.root / step / student / name / f"{name}{ending}").is_file()


def _mark(folder: CourseFolder, student: str, name: str) -> Path:
    """Which stamped report nbgrader has taken over."""
    return folder.report(student, name).with_suffix(".done")


def _is_done(folder: CourseFolder, student: str, name: str) -> bool:
    stamp = read_record(folder.stamp(student, name))
    both = _made(folder, "autograded", student, name, ".ipynb") and _made(folder, "feedback", student, name, ".html")
    return bool(stamp) and both and read_record(_mark(folder, student, name)) == stamp


def _why(student: str, name: str, log: str) -> str:
    """What our preprocessor said about it, in nbgrader's log."""
    start = f"{student}/{name}: not graded: "
    said = [line[line.index(start) :] for line in log.splitlines() if start in line]
    return said[-1] if said else f"{student}/{name}: nbgrader did not take it over; see what it says"
