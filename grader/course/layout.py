"""Where the parts of a course lie.

::

    <root>/assignments/<name>/    public: assignment.toml, the stub, test_<name>.py
    <root>/solutions/<name>/      private mirror: reference, test_<name>_hidden.py; not in a student release
    <root>/solutions/sample_class/
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from grader.course.assignment import FILE_NAME, Assignment, load_assignment
from grader.course.strict import did_you_mean
from grader.errors import CourseError

__all__ = ["Course", "find_course", "nearest_assignment"]


@dataclasses.dataclass(frozen=True)
class Course:
    """A course by its root folder. In a student release, asking for a private part raises CourseError."""

    root: Path

    def assignments(self) -> list[str]:
        """Names of all assignments, sorted."""
        return sorted(path.parent.name for path in self.root.glob(f"assignments/*/{FILE_NAME}"))

    def assignment(self, name: str) -> Assignment:
        """The facts of one assignment. Raises CourseError with a suggestion for an unknown name."""
        known = self.assignments()
        if name not in known:
            raise CourseError(f"{self.root / 'assignments'}: no assignment {name!r}; {did_you_mean(name, known)}")
        return load_assignment(self.root / "assignments" / name)

    def public_suite(self, name: str) -> Path:
        """`assignments/<name>/test_<name>.py`."""
        path = self.assignment(name).folder / f"test_{name}.py"
        return _present(path, "write the public tests there")

    def hidden_suite(self, name: str) -> Path:
        """`solutions/<name>/test_<name>_hidden.py`."""
        return _present(self.solution_folder(name) / f"test_{name}_hidden.py", "write the hidden tests there")

    def solution_folder(self, name: str) -> Path:
        """`solutions/<name>/`."""
        self.assignment(name)
        return _present(self._solutions() / name, "the private half of the assignment belongs there")

    def reference(self, name: str) -> Path:
        """The reference solution, `solutions/<name>/<module>.py`."""
        path = self.solution_folder(name) / self.assignment(name).module_file
        return _present(path, "write the reference solution there")

    def sample_class(self) -> Path:
        """The submissions of an imaginary class, `solutions/sample_class/`."""
        return _present(self._solutions() / "sample_class", "the sample class belongs there")

    def _solutions(self) -> Path:
        folder = self.root / "solutions"
        if not folder.is_dir():
            raise CourseError(
                f"{folder}: not there: this is a student release, it holds no hidden suites; use the course's own repository"
            )
        return folder


def _present(path: Path, mend: str) -> Path:
    if not path.exists():
        raise CourseError(f"{path}: not there; {mend}")
    return path


def find_course(start: Path | None = None) -> Course:
    """The course that `start` (None: the working folder) lies in, looking upward. Raises CourseError."""
    first = (start or Path.cwd()).resolve()
    if not first.exists():
        raise CourseError(f"{first}: no such folder; name one inside the course with --course DIR")
    for folder in (first, *first.parents):
        if any(folder.glob(f"assignments/*/{FILE_NAME}")):
            return Course(folder)
    raise CourseError(
        f"{first}: no course here or above (a folder with assignments/<name>/{FILE_NAME}); "
        "change into one, or name it with --course DIR"
    )


def nearest_assignment(path: Path) -> Assignment | None:
    """The assignment that a file or folder belongs to: the nearest assignment.toml upward, or for something
    under `solutions/<name>/` the one of `assignments/<name>/`. None outside of both.
    """
    first = path.resolve()
    for folder in (first, *first.parents):
        mirrored = folder.parent.parent / "assignments" / folder.name
        home = mirrored if folder.parent.name == "solutions" else folder
        if (home / FILE_NAME).is_file():
            return load_assignment(home)
    return None
