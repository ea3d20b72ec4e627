"""A class of submissions of a PyTorch assignment: what grading costs beyond the student's own computing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.course import Assignment, Course, find_course

from .cpu import cpu_of
from .figure import Figure, median_of

__all__ = ["run"]

_NAME = "regression"
_STUDENTS, _ROUNDS = 20, 3
_REPEATS = 3  # of the suite, for each core, to see what the student's own computing takes
_SECRET = "00" * 32
_METER = """

def _metered(function, into={into!r}):
    import functools, time

    @functools.wraps(function)
    def call(*arguments, **named):
        begun = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            with open(into, "a") as file:
                print(time.thread_time() - begun, file=file)

    return call


globals().update({{name: _metered(globals()[name]) for name in __all__ if not isinstance(globals()[name], type)}})
"""


def run() -> Iterator[Figure]:
    """CPU seconds a submission, by the whole hidden suite: the student's own, and everything beyond it, start of the grader
    included. Nothing but a line where a package of the assignment is missing.

    The student's own is what passes in the functions of the reference where the suite runs in one process, without workers,
    sandbox or wire. What a fork makes slower in them counts as ours.
    """
    course = find_course(None)
    if obstacle := course.assignment(_NAME).obstacle:
        print(f"{_NAME}: {obstacle}", flush=True)
        return
    own, beyond = [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            own.append(_own(course, Path(folder) / "own"))
            beyond.append(_graded(course, Path(folder)) / _STUDENTS - own[-1])
    yield median_of(f"class of 20, {_NAME}: the student's own computing", own, "CPU s a submission")
    yield median_of(f"class of 20, {_NAME}: beyond it", beyond, "CPU s a submission", 0.3)


def _own(course: Course, meter: Path) -> float:
    """CPU seconds in the functions of the reference, on all cores at once, as grading is."""
    from grader.grading.crew import Crew, Work
    from grader.grading.inprocess import IN_PROCESS

    assignment = course.assignment(_NAME)
    source = course.reference(_NAME).read_text() + _METER.format(into=str(meter))
    files = {assignment.module_file: source.encode()}
    settings = {
        "root": str(course.root), "assignments": [_NAME], "level": IN_PROCESS, "warm": True, "purpose": "feedback",
        "secret": _SECRET, "devices": ["cpu"],
    }  # fmt: skip
    cores = len(os.sched_getaffinity(0))
    with Crew(settings, cores) as crew:
        for warm_up in (True, False):
            meter.write_text("")
            works = [Work(key, _NAME, files, assignment.limits) for key in range(cores * (1 if warm_up else _REPEATS))]
            _expect_passed(one.outcomes for one in crew.run(works))
    return sum(map(float, meter.read_text().split())) / len(works)


def _expect_passed(runs: Iterator[tuple[object, ...]]) -> None:
    for outcomes in runs:
        if wrong := [outcome for outcome in outcomes if getattr(outcome, "verdict", None) != "passed"]:
            raise SystemExit(f"the reference fails: {wrong[0]}")


def _graded(course: Course, folder: Path) -> float:
    """CPU seconds of everything that grading the class started."""
    source = folder / "submitted"
    _hand_in(course, course.assignment(_NAME), source)
    where = [str(source), "--course", str(course.root), "--out", str(folder / "reports"), "--device", "cpu"]
    command = [sys.executable, "-m", "grader", "grade", *where]
    total, done = cpu_of(command, {**os.environ, "GRADER_SECRET": _SECRET, "COLUMNS": "200"})
    _check(done, sum(task.points for task in course.assignment(_NAME).tasks))
    return total


def _hand_in(course: Course, assignment: Assignment, source: Path) -> None:
    """Submissions that are the reference, each a little different, so that none is graded twice."""
    reference = course.reference(_NAME).read_text()
    for k in range(_STUDENTS):
        mine = source / f"s{k:03}" / _NAME
        mine.mkdir(parents=True)
        (mine / assignment.module_file).write_text(f"{reference}\n# {k}\n")


def _check(done: subprocess.CompletedProcess[str], points: float) -> None:
    if done.returncode or done.stdout.count(f"{points:g} / {points:g}") != _STUDENTS:
        raise SystemExit(f"the class was not graded as it should be:\n{done.stdout}\n{done.stderr}")
