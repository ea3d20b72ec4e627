"""Which course a folder of nbgrader's was made of."""

from __future__ import annotations

from pathlib import Path

from grader.errors import CourseError

from .records import read_record

__all__ = ["KIT", "course_of"]

KIT = "grader_course.json"


def course_of(root: Path) -> Path:
    """The folder with assignments/ and solutions/, as `build` wrote it down. Raises CourseError."""
    told = read_record(root / KIT).get("course")
    if not isinstance(told, str) or not (root / told / "assignments").is_dir():
        where = f"it names {told!r}, which has no assignments/" if told else "not there"
        raise CourseError(f"{root / KIT}: {where}; run `grader nbgrader build --out {root}` in the course")
    return (root / told).resolve()
