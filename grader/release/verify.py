"""A release tried out as a student has it: unpacked, installed in a clean environment, `pytest` in every assignment."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.course import Assignment, Course
from grader.errors import CourseError

from .clean import CleanEnvironment
from .student import extras

__all__ = ["verify"]

_ROW = re.compile(r"\| .* \| [^|]* \| ([^|]*) \| .*\|")
_UNDONE = ("not done", "not run")  # not run: its device is not here
_TESTS_FAILED = 1  # pytest's exit status
_SHOWN = 30
_IMPORTS = """
import sys, grader, grader.cli, grader.plugin.public, course_data
for module in grader, course_data:
    assert module.__file__.startswith(sys.prefix), f"not the installed one: {module.__file__}"
"""
_MISSING = """
import sys, importlib.util, importlib.metadata as metadata
for name in sys.argv[1:]:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        print(name)
"""


def verify(archive: bytes, *, offline: bool = False, with_extras: bool = False) -> Iterator[str]:
    """Install the zip and run its public tests on the stubs, where all must fail as undone; a line for each step.

    `offline`: see CleanEnvironment. `with_extras`: install what pyproject.toml calls optional and an assignment needs
    (torch). An assignment whose packages are not there is not run, and its line says so. Raises CourseError that says what
    failed and shows the end of its output.
    """
    with tempfile.TemporaryDirectory(prefix="grader-release-") as scratch:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            opened.extractall(f"{scratch}/unpacked")
        course = Course(next(Path(scratch, "unpacked").iterdir()))
        place = CleanEnvironment(Path(scratch, "venv"), offline=offline)
        place.install(course.root, extras(course) if with_extras else [])
        yield f"installed in a clean environment ({place.maker}{', dependencies of this one' if offline else ''})"
        place.run("-c", _IMPORTS, cwd=Path(scratch), failing="the installed grader cannot be imported without solutions/")
        for name in course.assignments():
            yield f"{name}: {_try(place, course.assignment(name), Path(scratch, f'{name}.md'))}"


def _try(place: CleanEnvironment, assignment: Assignment, summary: Path) -> str:
    missing = place.run("-c", _MISSING, *assignment.packages, cwd=assignment.folder).stdout.split()
    if missing:
        return f"NOT RUN: {', '.join(missing)} is not in the clean environment; --extras installs it"
    done = place.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--grader-summary", str(summary), cwd=assignment.folder
    )  # fmt: skip
    verdicts = _verdicts(summary)
    ran = len(verdicts) == len(assignment.tasks) and set(verdicts) <= set(_UNDONE) and "not done" in verdicts
    if done.returncode != _TESTS_FAILED or not ran:
        told = ", ".join(dict.fromkeys(verdicts)) or "no table"
        raise CourseError(
            f"assignments/{assignment.name}: its public tests must fail as `not done` on the stub (pytest's exit status "
            f"{_TESTS_FAILED}), but: {told} (exit status {done.returncode}); mend the stub or the tests:\n"
            + "\n".join(done.stdout.strip().splitlines()[-_SHOWN:])
        )
    return f"{len(verdicts)} tasks, not one of them done on the stub"


def _verdicts(summary: Path) -> list[str]:
    """The third column of the table, without its head."""
    if not summary.exists():
        return []
    rows = map(_ROW.fullmatch, summary.read_text(encoding="utf-8").splitlines())
    return [row[1] for row in rows if row][1:]
