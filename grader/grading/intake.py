"""From what lies in a folder or a zip to the bytes that are graded.

`find_submissions` says who handed in what; `take_in` reads the listed files of one of them, once: what is
graded are those bytes, whatever happens to the folder afterwards. Student files are opened by name from the
source's own folder downward, never through a link, and read only if they are regular.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

from grader.course import ANSWERS_FILE, Assignment
from grader.grading.answers import Answers, no_answers, read_answers
from grader.grading.find import Found, Problem, find_submissions, safe_name
from grader.grading.reading import FILE_CAP, Folder, Refused, elsewhere, open_folders, read_file

__all__ = ["FILE_CAP", "Found", "Intake", "Problem", "find_submissions", "safe_name", "take_in"]


@dataclasses.dataclass(frozen=True)
class Intake:
    """What one student handed in: `files` by the names of assignment.toml, `problems` as sentences for the
    report, `missing`: required files that are not among `files`; `answers` to the questions.
    """

    student: str
    assignment: str
    files: Mapping[str, bytes]
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    answers: Answers = Answers({})

    @property
    def code(self) -> dict[str, bytes]:
        """The files that go to the sandbox: answers do not."""
        return {name: data for name, data in self.files.items() if name != ANSWERS_FILE or not self.answers.given}

    @property
    def digest(self) -> str:
        """SHA-256 over names, bytes and problems, in hex: equal means an equal intake in the report."""
        digest = hashlib.sha256()
        parts = [str(len(self.files)).encode()]
        for name in sorted(self.files):
            parts += [name.encode(), self.files[name]]
        parts += [problem.encode("utf-8", "backslashreplace") for problem in self.problems]
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def write_to(self, folder: Path) -> None:
        """Write the files into the new folder `folder`, readable for the owner only."""
        folder.mkdir(mode=0o700, parents=True)
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(data)


def take_in(found: Found, assignment: Assignment) -> Intake:
    """Read the files that `assignment` lists. What cannot be taken is a sentence in `problems`."""
    files: dict[str, bytes] = {}
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        try:
            folder = open_folders(found.root, found.parts, stack)
        except Refused as refused:
            problems.append(str(refused))
        else:
            for name in assignment.files:
                files |= _take_one(found, assignment, folder, name, problems)
    required = [name for name in assignment.files if name not in assignment.optional]
    missing = tuple(name for name in required if name not in files)
    answers = _answers(assignment, files, problems)
    return Intake(found.student, assignment.name, files, (*problems, *answers.problems), missing, answers)


def _answers(assignment: Assignment, files: Mapping[str, bytes], problems: list[str]) -> Answers:
    if assignment.questions and ANSWERS_FILE in files:
        return read_answers(files[ANSWERS_FILE], assignment.questions)
    why = next((problem for problem in problems if problem.startswith(f"{ANSWERS_FILE}: ")), "")
    return no_answers(assignment.questions, why)


def _take_one(found: Found, assignment: Assignment, folder: Folder, name: str, problems: list[str]) -> dict[str, bytes]:
    try:
        data = read_file(folder, _source_name(found, assignment, name))
    except Refused as refused:
        may_miss = refused.is_absent and name in assignment.optional
        where = elsewhere(folder, name, may_miss) if refused.is_absent and found.single is None else ""
        if where or not may_miss:
            problems.append(f"{name}: {refused}{where}")
        return {}
    if not data:
        problems.append(f"{name}: empty (0 bytes); save your work and hand it in again")
    return {name: data}


def _source_name(found: Found, assignment: Assignment, name: str) -> str:
    if found.single is None:
        return name
    if name != assignment.module_file:
        raise Refused(f"not handed in: only {found.single!r} was; grade the whole folder", is_absent=True)
    return found.single
