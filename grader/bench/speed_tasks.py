"""Whether the course's speed tasks flip on a loaded machine: graded as submissions are, beside processes that burn CPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grader.course import Course, find_course
from grader.grading.crew import Crew, Work
from grader.sandbox.levels import choose
from grader.selfcheck.mistakes import load_mistakes
from grader.selfcheck.parts import Parts

from .figure import Figure
from .speed_noise import BURNERS, burning

__all__ = ["run"]

_RUNS = 50


def run() -> Iterator[Figure]:
    """Of each speed task: gradings of the reference that miss full marks, and of slow but right solutions that get them."""
    course = find_course(None)
    for name in course.assignments():
        tasks = course.assignment(name).tasks
        for task in (task.id for task in tasks if task.id.endswith("speed") and task.device in (None, "cpu")):
            yield from _flips(course, name, task)


def _flips(course: Course, name: str, task: str) -> Iterator[Figure]:
    parts = Parts.of(course, name)
    slow = [mistake.files for mistake in load_mistakes(parts)[0] if mistake.fails == (task,)]
    limits = parts.assignment.limits
    files = [parts.reference() if turn % 2 else slow[turn // 2 % len(slow)] for turn in range(2 * _RUNS)]
    works = [Work(turn, name, one, limits, tasks=(task,)) for turn, one in enumerate(files)]
    level = choose().level
    settings = {
        "root": str(course.root), "assignments": [name], "level": level, "warm": True, "purpose": "feedback",
        "secret": "00" * 32, "devices": ["cpu"],
    }  # fmt: skip
    flips: Counter[str] = Counter()
    with burning(BURNERS), Crew(settings, 1) as crew:
        for graded in crew.run(works):
            right = all(outcome.fraction == 1.0 for outcome in graded.outcomes) and bool(graded.outcomes)
            fast = graded.work.key % 2 == 1
            flips["reference"] += fast and not right
            flips["slow"] += right and not fast
    where = f"{name}, {task}, with {BURNERS} burners, {_RUNS} gradings each"
    yield Figure(f"{where}: the reference falls", flips["reference"], "", 0)
    yield Figure(f"{where}: one of {len(slow)} slow solutions passes", flips["slow"], "", 0)
