"""Who handed in what: the layouts in which submissions arrive.

Known are a class (`<student>/<assignment>/…`, as nbgrader's `submitted/` has it, or `<student>/<module>.py`),
a course folder with such a `submitted/`, one student's folder of assignments, one submission, one single
file, and a zip of any of these. Links are never followed. What does not fit is a `Problem` to print; only
what the person at the keyboard asked for by name and is not there raises.
"""

from __future__ import annotations

import dataclasses
import os
import urllib.parse
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from grader.course import Course
from grader.course.strict import did_you_mean
from grader.errors import IntakeError
from grader.grading.archive import extract

__all__ = ["Found", "Problem", "find_submissions", "safe_name"]

_DEEPEST = 6  # wrapping folders that are looked through (`class/submitted/…`)
_LONGEST = 180  # characters of a file name, which leaves room for an ending
_OURS = ("grades.csv", "index.html")  # what lies beside the students' folders
_CLUTTER = ("__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini")


@dataclasses.dataclass(frozen=True)
class Found:
    """One submission: it lies in `root` / `parts`, and only `root` is known to be no student's doing.

    `single`: the one file there that stands for the module's file; nothing else is then taken.
    """

    student: str
    assignment: str
    root: Path
    parts: tuple[str, ...] = ()
    single: str | None = None

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.root.joinpath(*self.parts)


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something in the source that was passed over; `str` is one line to print."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where!r}: {self.text}"


def safe_name(student: str) -> str:
    """A file name for a student: unsafe characters percent-encoded, and no two students share one.

    Very long names are cut and carry their SHA-256 after `%-`, which an encoded name cannot hold.
    """
    name = urllib.parse.quote(student, safe="@+,=", errors="surrogatepass")
    name = "%2E" + name[1:] if name.startswith(".") else name or "%"
    if name.lower() in _OURS:
        name = name.replace(".", "%2E")
    if len(name) <= _LONGEST:
        return name
    return f"{name[:100]}%-{sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()}"


def find_submissions(
    source: Path, course: Course, *, scratch: Path, assignment: str | None = None, student: str | None = None
) -> tuple[list[Found], list[Problem]]:
    """Every submission in `source`, in the order of students and assignments, and what was passed over.

    `scratch`: a private folder of the caller's into which a zip is unpacked. `assignment`, `student`: only
    this one; for a single submission they say what it is. Raises CourseError for an unknown assignment,
    IntakeError for a source that is not there, no such student, or a submission whose assignment cannot be
    told.
    """
    if not os.path.exists(source):
        raise IntakeError(f"{source}: no such file or folder; check the path")
    source = source.resolve()
    chosen = [assignment] if assignment is not None else course.assignments()
    modules = {name: course.assignment(name).module_file for name in chosen}
    search = _Search(source, course.assignments(), modules, student, is_named=assignment is not None)
    if source.is_dir():
        search.folder(())
    elif source.suffix == ".py":
        search.file()
    elif source.is_file() and source.suffix.lower() == ".zip":
        search.root, search.outer = scratch / "archive", (source.stem,)
        extract(source, search.root)
        search.folder(())
    else:
        raise IntakeError(f"{source}: neither a folder, a .py file nor a .zip; name one of these")
    return search.found, list(dict.fromkeys(search.problems))


class _Search:
    """One walk. `modules`: module file of each wanted assignment; `known`: all assignments' names."""

    def __init__(self, source: Path, known: list[str], modules: dict[str, str], student: str | None, is_named: bool) -> None:
        self.source, self.known, self.modules, self.student = source, known, modules, student
        self.is_named = is_named
        self.root = source if source.is_dir() else source.parent
        self.outer: tuple[str, ...] = (self.root.parent.name, self.root.name)
        self.found: list[Found] = []
        self.problems: list[Problem] = []

    def file(self) -> None:
        """The source is one .py file."""
        names = list(self.modules) if self.is_named else self._of_files([self.source.name])
        if len(names) != 1:
            known = did_you_mean(self.source.name, self.modules.values())
            raise IntakeError(f"{self.source}: no assignment has this file; {known} Or say which with --assignment")
        self._add(names[0], (), self._student_of(names[0], ()), single=self.source.name)

    def folder(self, parts: tuple[str, ...]) -> None:
        """Tell the layout, and walk it. `<student>/<assignment>/` is the surest sign of a class."""
        folders, files = self._list(parts)
        children = [self._list((*parts, name), quiet=True) for name in folders]
        here = self._of_files(files)
        if "submitted" in folders:
            self.folder((*parts, "submitted"))
        elif set(folders) & set(self.known):
            self._submissions(parts, self.student or [*self.outer, *parts][-1])
        elif any(set(inner) & set(self.known) for inner, _ in children):
            self._class(parts, folders, files)
        elif here:
            self._one(parts, here)
        elif any(self._of_files(inner) for _, inner in children):
            self._class(parts, folders, files)
        elif len(folders) == 1 and not files and len(parts) < _DEEPEST:
            self.folder((*parts, folders[0]))
        elif self.is_named and files and not folders:
            self._one(parts, list(self.modules))
        else:
            self._nothing(parts, folders, files)

    def _one(self, parts: tuple[str, ...], names: list[str]) -> None:
        if len(names) > 1:
            files = " and ".join(repr(self.modules[name]) for name in names)
            raise IntakeError(f"{self.root.joinpath(*parts)}: holds {files}; say which is meant with --assignment")
        self._add(names[0], parts, self._student_of(names[0], parts))

    def _class(self, parts: tuple[str, ...], folders: list[str], files: list[str]) -> None:
        self._strays(parts, files)
        if self.student is not None and self.student not in folders:
            near = did_you_mean(self.student, folders)
            raise IntakeError(f"{self.root.joinpath(*parts)}: no student {self.student!r}; {near}")
        for name in folders if self.student is None else [self.student]:
            self._submissions((*parts, name), name)

    def _nothing(self, parts: tuple[str, ...], folders: list[str], files: list[str]) -> None:
        self._strays(parts, files)
        for name in folders:
            self._submissions((*parts, name), name)
        modules = ", ".join(map(repr, self.modules.values())) or "an assignment's file"
        self._problem(parts, f"no submission in it; expected <student>/<assignment>/ with {modules}")

    def _submissions(self, parts: tuple[str, ...], student: str) -> None:
        """The folder of one student."""
        folders, files = self._list(parts)
        wanted = [name for name in self.modules if name in folders]
        loose = [name for name in self._of_files(files) if name not in wanted]
        for name in sorted([*wanted, *loose]):
            self._add(name, (*parts, name) if name in wanted else parts, student)
        if not folders and not files:
            self._problem(parts, "an empty folder; nothing was handed in")
        elif not loose:
            self._pass_over(parts, folders, files)
            if not wanted and set(folders) & set(self.known):
                self._problem(parts, f"nothing for {', '.join(map(repr, self.modules))}")

    def _pass_over(self, parts: tuple[str, ...], folders: list[str], files: list[str]) -> None:
        self._strays(parts, files)
        for name in folders:
            if name not in self.known:
                near = did_you_mean(name, self.known)
                self._problem((*parts, name), f"no assignment is called {name!r}; {near} Rename the folder")

    def _add(self, name: str, parts: tuple[str, ...], student: str, single: str | None = None) -> None:
        self.found.append(Found(student, name, self.root, parts, single))

    def _problem(self, parts: tuple[str, ...], text: str) -> None:
        self.problems.append(Problem("/".join([self.source.name, *parts]), text))

    def _of_files(self, files: Iterable[str]) -> list[str]:
        return [name for name, module in self.modules.items() if module in files]

    def _strays(self, parts: tuple[str, ...], files: list[str]) -> None:
        for name in files:
            meant = [module for module in self.modules.values() if module.casefold() == name.casefold() != name]
            mend = f"; rename it to {meant[0]!r} if that is what it is" if meant else ""
            self._problem((*parts, name), "a stray file, not looked at" + mend)

    def _student_of(self, name: str, parts: tuple[str, ...]) -> str:
        """The given student, else the innermost folder that is not named after the assignment."""
        folders = [folder for folder in (*self.outer, *parts) if folder and folder != name]
        return self.student or (folders or [name])[-1]

    def _list(self, parts: tuple[str, ...], quiet: bool = False) -> tuple[list[str], list[str]]:
        """Names of folders and of all else, sorted; clutter is left out, links are problems."""
        folders: list[str] = []
        files: list[str] = []
        links: list[str] = []
        try:
            with os.scandir(self.root.joinpath(*parts)) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.name not in _CLUTTER:
                        kind = links if entry.is_symlink() else folders if entry.is_dir() else files
                        kind.append(entry.name)
        except OSError as problem:
            if not quiet:
                self._problem(parts, f"cannot be read ({problem.strerror}); make it readable for you")
        for name in () if quiet else sorted(links):
            self._problem((*parts, name), "a link, not followed; put the file or folder itself there")
        return sorted(folders), sorted(files)
