"""From what lies in a folder or a zip to the bytes that are graded.

`find_submissions` says who handed in what; `take_in` reads the listed files of one of them, once: what is
graded are those bytes, whatever happens to the folder afterwards. Student files are opened by name from the
source's own folder downward, never through a link, and read only if they are regular.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import hashlib
import operator
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grader.course import Assignment, format_size
from grader.grading.find import Found, Problem, find_submissions, safe_name

__all__ = ["FILE_CAP", "Found", "Intake", "Problem", "find_submissions", "safe_name", "take_in"]

FILE_CAP = 1 << 20  # bytes of one file

_SEARCHED = 200  # entries looked at for a file that was put in the wrong place
_DEEPEST = 3  # folders below the submission's own
_FLAGS = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC")


@dataclasses.dataclass(frozen=True)
class Intake:
    """What one student handed in: `files` by the names of assignment.toml, `problems` as sentences for the
    report, `missing`: required files that are not among `files`.
    """

    student: str
    assignment: str
    files: Mapping[str, bytes]
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

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


class _Refused(Exception):
    """Why a file is not taken; `is_absent` where nothing of that name is there."""

    def __init__(self, sentence: str, is_absent: bool = False) -> None:
        super().__init__(sentence)
        self.is_absent = is_absent


def take_in(found: Found, assignment: Assignment) -> Intake:
    """Read the files that `assignment` lists. What cannot be taken is a sentence in `problems`."""
    files: dict[str, bytes] = {}
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        try:
            folder = _open_folders(found.root, found.parts, stack)
        except _Refused as refused:
            problems.append(str(refused))
        else:
            for name in assignment.files:
                files |= _take_one(found, assignment, folder, name, problems)
    required = [name for name in assignment.files if name not in assignment.optional]
    missing = tuple(name for name in required if name not in files)
    return Intake(found.student, assignment.name, files, tuple(problems), missing)


def _take_one(found: Found, assignment: Assignment, folder: int, name: str, problems: list[str]) -> dict[str, bytes]:
    try:
        data = _read(folder, _source_name(found, assignment, name))
    except _Refused as refused:
        if not (refused.is_absent and name in assignment.optional):
            where = _elsewhere(folder, name) if refused.is_absent and found.single is None else ""
            problems.append(f"{name}: {refused}{where}")
        return {}
    if not data:
        problems.append(f"{name}: empty (0 bytes); save your work and hand it in again")
    return {name: data}


def _source_name(found: Found, assignment: Assignment, name: str) -> str:
    if found.single is None:
        return name
    if name != assignment.module_file:
        raise _Refused(f"not handed in: only {found.single!r} was; grade the whole folder", is_absent=True)
    return found.single


def _flags(*more: str) -> int:
    flags: int = functools.reduce(operator.or_, (getattr(os, flag) for flag in (*_FLAGS, *more)))
    return flags


def _open_folders(root: Path, parts: tuple[str, ...], stack: contextlib.ExitStack) -> int:
    """A descriptor of root/parts; no part below the root may be a link."""
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, folder)
        for part in parts:
            folder = os.open(part, _flags("O_DIRECTORY"), dir_fd=folder)
            stack.callback(os.close, folder)
    except OSError as problem:
        where = "/".join(parts) or root.name
        raise _Refused(
            f"{where!r}: not a folder that can be read ({problem.strerror}); put the folder itself there"
        ) from None
    return folder


def _read(folder: int, name: str) -> bytes:
    """The bytes of one file below an open folder. Raises _Refused."""
    *parents, last = name.split("/")
    with contextlib.ExitStack() as stack:
        try:
            for parent in parents:
                _refuse_kind(os.stat(parent, dir_fd=folder, follow_symlinks=False), stat.S_ISDIR, parent)
                folder = os.open(parent, _flags("O_DIRECTORY"), dir_fd=folder)
                stack.callback(os.close, folder)
            _refuse_kind(os.stat(last, dir_fd=folder, follow_symlinks=False), stat.S_ISREG)
            # The kind may have changed since: the open follows no link and waits for no pipe, and only what
            # was opened counts.
            descriptor = os.open(last, _flags(), dir_fd=folder)
            stack.callback(os.close, descriptor)
            _refuse_kind(os.fstat(descriptor), stat.S_ISREG)
            return _content(descriptor)
        except FileNotFoundError:
            raise _Refused("not handed in", is_absent=True) from None
        except OSError as problem:
            raise _Refused(f"cannot be read ({problem.strerror}); make it a readable file") from None


def _content(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size <= FILE_CAP:
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(FILE_CAP + 1)
        size = len(data)
        if size <= FILE_CAP:
            return data
    raise _Refused(f"{format_size(size)}, at most {format_size(FILE_CAP)} is taken; keep data and output out of it")


def _refuse_kind(status: os.stat_result, is_right: Callable[[int], bool], parent: str = "") -> None:
    if is_right(status.st_mode):
        return
    subject = f"{parent!r} is " if parent else ""
    if stat.S_ISLNK(status.st_mode):
        raise _Refused(f"{subject}a link, which is not followed; hand in the file itself")
    if parent:
        raise _Refused(f"{subject}no folder; hand in a folder of that name")
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise _Refused(f"{kind}; hand in a regular file of that name")


def _elsewhere(folder: int, name: str) -> str:
    """What to do about a file that is not there, judged by the names around."""
    base = name.rsplit("/", 1)[-1]
    others = list(_names_below(folder))
    for other in others:
        if other.casefold() == name.casefold():
            return f"; {other!r} is there: rename it to {name!r}, upper and lower case count"
    for other in others:
        if other.rsplit("/", 1)[-1].casefold() == base.casefold():
            return f"; {other!r} is there: move it to {name!r}"
    near = difflib.get_close_matches(base, [other for other in others if "/" not in other], n=1)
    if near:
        return f"; {near[0]!r} is there: rename it to {name!r} if that is it"
    return "; hand it in under that name"


def _names_below(folder: int) -> Iterator[str]:
    """Relative names of the first few hundred files, nearest folders first; no file is opened."""
    seen = 0
    for top, folders, files, _ in os.fwalk(".", dir_fd=folder, onerror=None):
        deeper = folders if top.count("/") < _DEEPEST else []
        folders[:] = sorted(name for name in deeper if not name.startswith((".", "__")))
        for name in sorted(files):
            yield f"{top}/{name}".removeprefix("./")
        seen += len(files) + len(folders)
        if seen > _SEARCHED:
            return
