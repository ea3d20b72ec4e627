"""One assignment as what could be handed in: its stub, its reference, other right answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from grader.course import Assignment, Course

__all__ = ["Files", "Parts", "shown"]

Files = dict[str, bytes]
"""What is handed in: content by the names of assignment.toml."""


@dataclasses.dataclass(frozen=True)
class Parts:
    """The two halves of an assignment: `assignment.folder` is public, `private` its mirror under solutions/."""

    course: Course
    assignment: Assignment
    private: Path

    @classmethod
    def of(cls, course: Course, name: str) -> Parts:
        """The parts of that assignment. Raises CourseError where its facts are wrong or a half is missing."""
        return cls(course, course.assignment(name), course.solution_folder(name))

    @property
    def name(self) -> str:
        """The assignment's name."""
        return self.assignment.name

    def shown(self, path: Path) -> str:
        """The path as a finding names it: from the course's root."""
        return shown(self.course, path)

    def stub(self) -> Files:
        """What a student has who has done nothing."""
        return self._files(self.assignment.folder)

    def reference(self) -> Files:
        """What a student has who has done everything; files without a solution are the public ones."""
        return self.stub() | self._files(self.private)

    def alternatives(self) -> dict[str, Files]:
        """The reference with its module replaced by each of alternatives/*.py, by the path that a finding names."""
        module, rest = self.assignment.module_file, self.reference()
        paths = sorted((self.private / "alternatives").glob("*.py"))
        return {self.shown(path): rest | {module: path.read_bytes()} for path in paths}

    def _files(self, folder: Path) -> Files:
        paths = {name: folder / name for name in self.assignment.files}
        return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def shown(course: Course, path: Path) -> str:
    """The path from the course's root, with `/`."""
    return path.relative_to(course.root).as_posix()
