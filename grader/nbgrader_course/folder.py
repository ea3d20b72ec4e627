"""Where the parts of an nbgrader course lie.

::

    <root>/nbgrader_config.py, gradebook.db
    <root>/source/<name>/, release/<name>/                 as nbgrader has them
    <root>/submitted/<student>/<name>/                     what was collected; after our intake: what is graded
    <root>/intake/received/<student>/<name>/               what was collected, as it came: what our runner reads
    <root>/intake/records/<student>/<name>.json            what our intake made of it
    <root>/reports/<student>/<name>.json, .stamp           what our runner gave, and for which submission
    <root>/overrides.toml                                  a TA's word on single tasks
    <root>/autograded/<student>/<name>/, feedback/...      as nbgrader has them
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

from grader.errors import CourseError
from grader.grading.find import safe_name

__all__ = ["CONFIG", "CourseFolder", "is_course_folder"]

CONFIG = "nbgrader_config.py"


def is_course_folder(path: Path) -> bool:
    """Whether nbgrader owns the folder."""
    return (path / CONFIG).is_file()


@dataclasses.dataclass(frozen=True)
class CourseFolder:
    """The nbgrader course in `root`. Names of folders are nbgrader's own, as its manual has them."""

    root: Path

    @property
    def submitted(self) -> Path:
        """What nbgrader collects into and autogrades."""
        return self.root / "submitted"

    @property
    def received(self) -> Path:
        """What was collected, as it came."""
        return self.root / "intake" / "received"

    @property
    def reports(self) -> Path:
        """Our reports."""
        return self.root / "reports"

    @property
    def overrides(self) -> Path:
        """A TA's overrides."""
        return self.root / "overrides.toml"

    def released(self, name: str) -> Path:
        """The notebook that students got. Raises CourseError where `nbgrader generate_assignment` has not run."""
        path = self.root / "release" / name / f"{name}.ipynb"
        if not path.is_file():
            raise CourseError(f"{path}: not there; run `nbgrader generate_assignment {name}` in {self.root}")
        return path

    def assignments(self) -> list[str]:
        """Names of the assignments that were released, sorted."""
        return sorted(path.parent.name for path in self.root.glob("release/*/*.ipynb") if path.stem == path.parent.name)

    def record(self, student: str, name: str) -> Path:
        """What our intake made of a submission."""
        return self.root / "intake" / "records" / safe_name(student) / f"{name}.json"

    def report(self, student: str, name: str) -> Path:
        """Our report on a submission."""
        return self.reports / safe_name(student) / f"{name}.json"

    def stamp(self, student: str, name: str) -> Path:
        """For which submission that report was made."""
        return self.report(student, name).with_suffix(".stamp")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts no other process of ours works on the course. Raises CourseError where one does."""
        import fcntl

        path = self.root / ".grader-lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CourseError(f"{self.root}: another `grader` works on this course; wait until it has ended") from None
            yield
        finally:
            os.close(descriptor)
