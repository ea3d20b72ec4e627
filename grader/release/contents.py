"""What students get: the assignments, the grader, the data, and their own README.md, tox.ini and pyproject.toml."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping
from pathlib import Path

from grader.course import Course
from grader.errors import CourseError

from .student import student_pyproject, student_readme, student_tox
from .tracked import course_files, left_behind

__all__ = ["Contents", "student_contents"]

_FOLDERS = ("assignments", "grader", "datasets")
_FILES = (".gitignore", "LICEN[CS]E*", "COPYING*", "NOTICE*")

# Not for students: the kit's own tests, figures and docs, models that are answers to assignments, and a whole assignment
# with its solution.
_INSTRUCTORS = (
    "grader/bench/", "grader/ci/", "grader/docs/", "grader/release/template/", "grader/tests/",
    "datasets/course_data/measure/",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Contents:
    """`files`: bytes by relative path (with `/`), sorted; `notes`: what the person who releases should know."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def student_contents(course: Course) -> Contents:
    """The files of a student release, from the course's folder as it is now. Raises CourseError."""
    root = course.root
    if not (root / "solutions").is_dir():
        raise CourseError(f"{root / 'solutions'}: not there: this is a student release already; release from the course")
    for name in ("grader/__init__.py", "datasets", "pyproject.toml"):
        if not (root / name).exists():
            raise CourseError(f"{root / name}: not there; a release holds the grader, so that students can install it")
    files = {name: _read(root, name) for name in course_files(root) if _is_for_students(name)}
    made = {
        "README.md": student_readme(course),
        "pyproject.toml": student_pyproject(course),
        "tox.ini": student_tox(course),
    }
    files |= {name: text.encode() for name, text in made.items()}
    return Contents(dict(sorted(files.items())), tuple(left_behind(root, _FOLDERS)))


def _is_for_students(name: str) -> bool:
    if "/" not in name:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in _FILES)
    return name.startswith(tuple(f"{folder}/" for folder in _FOLDERS)) and not name.startswith(_INSTRUCTORS)


def _read(root: Path, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except OSError as problem:
        raise CourseError(
            f"{root / name}: cannot be read ({problem.strerror}); git's index has it, so restore it or `git rm` it"
        ) from None
