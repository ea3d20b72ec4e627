"""Between nbgrader's `collect` and its `autograde`: what was collected is put aside, and a clean submission made of it.

A submission in `submitted/` that is not one of ours is moved to `intake/received/`, which our runner reads. In its place
goes what nbgrader may see: the released notebook with the student's text, the files that assignment.toml lists, and
`timestamp.txt`. A run that is killed goes on where it stopped: a record is written before the folder that it describes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.grading.find import Found, Problem
from grader.grading.intake import take_in
from grader.grading.reading import Refused, open_folders, read_file

from .folder import CourseFolder
from .rebuild import rebuild, written_cells
from .records import digest, digests_of, is_exactly, read_record, write_record

__all__ = ["Taken", "take_all"]

_NOTEBOOK_CAP = 32 << 20  # bytes: pictures in outputs, which are not taken, make notebooks large
_TIMESTAMP = "timestamp.txt"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(UTC|Z|[+-]\d\d:?\d\d))?")
_SCRATCH = ".making-"
_LONGEST = 128  # characters of a student's id in nbgrader's database


@dataclasses.dataclass(frozen=True)
class Taken:
    """A submission that is ready for nbgrader. `problems`: sentences about its notebook; `is_new`: made by this call."""

    student: str
    assignment: str
    problems: tuple[str, ...]
    is_new: bool


def take_all(folder: CourseFolder, course: Course, only: str | None = None) -> tuple[list[Taken], list[Problem]]:
    """Take in every submission of the released assignments (`only` this one), and say what was passed over.

    Raises CourseError where an assignment was not released.
    """
    known = course.assignments()
    names = [only] if only is not None else [name for name in folder.assignments() if name in known]
    taken: list[Taken] = []
    problems: list[Problem] = []
    for left in folder.root.glob(f"intake/{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    for name in names:
        one = _Assignment(folder, course, name)
        for student in sorted({*_students(folder.submitted, name), *_students(folder.received, name)}):
            if why := _unfit(student):
                problems.append(Problem(f"submitted/{student}", why))
            else:
                taken.append(one.take(student))
    return taken, problems


def _students(root: Path, name: str) -> Iterator[str]:
    """Students with a folder of that assignment; links are no folders of ours."""
    if not root.is_dir():
        return
    with os.scandir(root) as entries:
        for entry in entries:
            inner = Path(entry.path, name)
            if entry.is_dir(follow_symlinks=False) and (inner.is_dir() or inner.is_symlink()):
                yield entry.name


def _unfit(student: str) -> str | None:
    """Why nbgrader would pass a student over without a word, or None."""
    if student.startswith(".") or student != student.strip() or set(student) & set("*?[]") or not student.isprintable():
        return "no id that nbgrader finds: it begins with a dot, or has *, ?, [, ] or blanks at its ends; rename the folder"
    if len(student) > _LONGEST:
        return f"an id of {len(student)} characters, nbgrader keeps {_LONGEST}; rename the folder"
    return None


class _Assignment:
    """Taking in submissions of one assignment."""

    def __init__(self, folder: CourseFolder, course: Course, name: str) -> None:
        self._folder, self._facts, self._name = folder, course.assignment(name), name
        data = folder.released(name).read_bytes()
        self._released: dict[str, Any] = json.loads(data)
        self._basis = digest(data + repr(self._facts.files).encode())

    def take(self, student: str) -> Taken:
        path = self._folder.record(student, self._name)
        place = self._folder.submitted / student / self._name
        received = self._folder.received / student / self._name
        record = read_record(path)
        is_ours = bool(record) and is_exactly(place, record.get("files", {}))
        if is_ours and record.get("basis") == self._basis and received.is_dir():
            return Taken(student, self._name, tuple(record["problems"]), is_new=False)
        if not is_ours and os.path.lexists(place):
            self._set_aside(place, received)
        files, problems = self._files(student)
        write_record(path, {"basis": self._basis, "files": digests_of(files), "problems": problems})
        self._put(files, place)
        return Taken(student, self._name, tuple(problems), is_new=True)

    def _set_aside(self, place: Path, received: Path) -> None:
        """Move what was collected to where our runner reads; an earlier submission makes room."""
        received.parent.mkdir(parents=True, exist_ok=True)
        with self._scratch() as scratch:
            if os.path.lexists(received):
                received.rename(scratch / "earlier")
            place.rename(received)

    def _files(self, student: str) -> tuple[dict[str, bytes], list[str]]:
        """What nbgrader may see of it, and sentences about the notebook."""
        found = Found(student, self._name, self._folder.received, (student, self._name))
        files = dict(take_in(found, self._facts).files)
        data, problems = self._notebook(found)
        notebook, more = rebuild(self._released, data)
        files[f"{self._name}.ipynb"] = json.dumps(notebook, indent=1, sort_keys=True).encode() + b"\n"
        with contextlib.suppress(Refused), contextlib.ExitStack() as stack:
            data = read_file(open_folders(found.root, found.parts, stack), _TIMESTAMP, 100)
            time = data.decode("ascii", "replace").strip()
            if _TIME.fullmatch(time):
                files[_TIMESTAMP] = f"{time}\n".encode()
            else:
                more.append(f"{_TIMESTAMP}: not a time such as 2026-05-01 12:00:00 UTC; the submission counts as in time")
        return files, [*problems, *more]

    def _notebook(self, found: Found) -> tuple[bytes | None, list[str]]:
        """The notebook's bytes, or a sentence why there are none."""
        wanted = f"{self._name}.ipynb"
        with contextlib.ExitStack() as stack:
            try:
                folder = open_folders(found.root, found.parts, stack)
                name, note = _named(found.folder, wanted)
                return read_file(folder, name, _NOTEBOOK_CAP), note
            except Refused as refused:
                if refused.is_absent and not written_cells(self._released):
                    return None, []
                return None, [f"{wanted}: {refused}; no text is taken from it"]

    def _put(self, files: dict[str, bytes], place: Path) -> None:
        with self._scratch() as scratch:
            made = scratch / "made"
            for name, data in files.items():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_bytes(data)
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place):
                place.rename(scratch / "earlier")
            made.rename(place)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder on the course's own file system, gone afterwards."""
        parent = self._folder.root / "intake"
        parent.mkdir(exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=parent, prefix=_SCRATCH))
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _named(folder: Path, wanted: str) -> tuple[str, list[str]]:
    """The notebook's name: as it should be, or that of the one notebook that is there."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".ipynb") and not name.startswith(".")]
    except OSError:
        return wanted, []
    if wanted in names or len(names) != 1:
        return wanted, []
    return names[0], [f"{wanted}: not handed in; {names[0]!r} is taken for it"]
