"""overrides.toml: a TA's word on single tasks and questions. It is read at every run, so it survives regrades.

::

    [[override]]
    student = "alice"
    assignment = "knn"
    task = "speed"              # or a question's id
    points = 10
    reason = "timed on the TA's machine, the grading machine was overloaded"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.course import Assignment, Task
from grader.course.strict import Table, did_you_mean, load_toml
from grader.errors import CourseError, ReportError
from grader.grading.audit import Override

__all__ = ["Overrides", "load_overrides"]

_KEYS = ("student", "assignment", "task", "points", "reason")


@dataclasses.dataclass(frozen=True)
class Overrides:
    """All overrides of a class, by (student, assignment, task)."""

    entries: Mapping[tuple[str, str, str], Override]

    def of(self, student: str, assignment: str) -> dict[str, Override]:
        """Those of one submission, by id of task or question: what `score` takes."""
        return {task: word for (who, what, task), word in self.entries.items() if (who, what) == (student, assignment)}

    def unused(self, graded: Iterable[tuple[str, str]]) -> list[str]:
        """A sentence for each override whose (student, assignment) is not among the graded ones."""
        pairs = set(graded)
        lost = sorted({(who, what) for who, what, _ in self.entries} - pairs)
        students = {who for who, _ in pairs}
        return [
            f"the override for student {who!r}, assignment {what!r} applies to nothing that was graded"
            + ("" if who in students else f"; {did_you_mean(who, students)}")
            for who, what in lost
        ]


def load_overrides(path: Path, assignment_of: Callable[[str], Assignment]) -> Overrides:
    """Read and check the file; one that is not there holds none. `assignment_of`: such as
    `course.assignment`.

    Raises ReportError that names the line, the entry, the value and the mend.
    """
    if not path.exists():
        return Overrides({})
    data, text = load_toml(path, ReportError)
    entries = Table(data, str(path), ("override",), ReportError).data.get("override", [])
    if not isinstance(entries, list):
        raise ReportError(f"{path}: override is no list; write [[override]] above each entry")
    found: dict[tuple[str, str, str], Override] = {}
    for where, entry in zip(_places(path, text, len(entries)), entries, strict=True):
        key, override = _entry(where, entry, assignment_of)
        if key in found:
            student, assignment, task = key
            raise ReportError(f"{where}: {student!r} has an override of {assignment}.{task} already; remove one of the two")
        found[key] = override
    return Overrides(found)


def _places(path: Path, text: str, count: int) -> list[str]:
    """`overrides.toml, line 7 (override 2)`; without lines where they cannot be told."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith("[[override]]")]
    if len(lines) != count:
        return [f"{path}, override {number}" for number in range(1, count + 1)]
    return [f"{path}, line {line} (override {number})" for number, line in enumerate(lines, 1)]


def _entry(
    where: str, entry: Mapping[str, Any], assignment_of: Callable[[str], Assignment]
) -> tuple[tuple[str, str, str], Override]:
    table = Table(entry, where, _KEYS, ReportError)
    student, name, task_id = table.text("student"), table.text("assignment"), table.text("task")
    points, reason = table.number("points"), table.text("reason")
    try:
        part = assignment_of(name).part(task_id)
    except CourseError as problem:
        raise ReportError(f"{where}: {problem}") from None
    if not 0 <= points <= part.points:
        kind = "task" if isinstance(part, Task) else "question"
        raise table.fail("points", f"the {kind} {task_id!r} gives 0 to {part.points:g}; write a number in that range")
    return (student, name, task_id), Override(points, reason)
