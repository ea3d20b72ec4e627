"""Opening the files of one submission, whatever is there under their names, and saying why one is not taken.

Where the system opens files relative to a folder (Linux, macOS), nothing that is renamed meanwhile leads outside of the
source's own folder. Elsewhere (Windows) files are opened by their paths: there nothing is graded, students pack their own.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import operator
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.course import format_size

__all__ = ["FILE_CAP", "Folder", "Refused", "elsewhere", "open_folders", "read_file"]

FILE_CAP = 1 << 20  # bytes of one file

Folder = int | Path
"""An open folder: a descriptor, or a path where the system has none."""

_RELATIVE = os.open in os.supports_dir_fd
_SEARCHED = 200  # entries looked at for a file that was put in the wrong place
_DEEPEST = 3  # folders below the submission's own
_NEAR, _VERY_NEAR = 0.6, 0.75  # likeness of names; answers.toml is like answers.txt by 0.78, like assignment.toml by 0.59
_FLAGS = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")


class Refused(Exception):
    """Why a file is not taken; `is_absent` where nothing of that name is there."""

    def __init__(self, sentence: str, is_absent: bool = False) -> None:
        super().__init__(sentence)
        self.is_absent = is_absent


def open_folders(root: Path, parts: tuple[str, ...], stack: contextlib.ExitStack) -> Folder:
    """The folder root/parts, closed by `stack`; no part below the root may be a link. Raises Refused."""
    try:
        folder = _root(root, stack)
        for part in parts:
            folder = _enter(folder, part, stack)
    except OSError as problem:
        where = "/".join(parts) or root.name
        raise Refused(
            f"{where!r}: not a folder that can be read ({problem.strerror}); put the folder itself there"
        ) from None
    return folder


def read_file(folder: Folder, name: str, cap: int = FILE_CAP) -> bytes:
    """The bytes of one file below an open folder, `cap` of them at most. Raises Refused."""
    *parents, last = name.split("/")
    with contextlib.ExitStack() as stack:
        try:
            for parent in parents:
                _refuse_kind(_status(folder, parent), stat.S_ISDIR, parent)
                folder = _enter(folder, parent, stack)
            _refuse_kind(_status(folder, last), stat.S_ISREG)
            # The kind may have changed since: the open follows no link and waits for no pipe, and only what
            # was opened counts.
            descriptor = _open(folder, last)
            stack.callback(os.close, descriptor)
            _refuse_kind(os.fstat(descriptor), stat.S_ISREG)
            return _content(descriptor, cap)
        except FileNotFoundError:
            raise Refused("not handed in", is_absent=True) from None
        except OSError as problem:
            raise Refused(f"cannot be read ({problem.strerror}); make it a readable file") from None


def _flags(*more: str) -> int:
    """Those that this system has."""
    flags: int = functools.reduce(operator.or_, (getattr(os, flag, 0) for flag in (*_FLAGS, *more)))
    return flags


def _root(root: Path, stack: contextlib.ExitStack) -> Folder:
    if not _RELATIVE:
        os.listdir(root)  # raises what opening would
        return root
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    stack.callback(os.close, folder)
    return folder


def _enter(folder: Folder, name: str, stack: contextlib.ExitStack) -> Folder:
    if isinstance(folder, Path):
        if not stat.S_ISDIR(_status(folder, name).st_mode):
            raise NotADirectoryError(20, "Not a directory")
        return folder / name
    inner = os.open(name, _flags("O_DIRECTORY"), dir_fd=folder)
    stack.callback(os.close, inner)
    return inner


def _status(folder: Folder, name: str) -> os.stat_result:
    if isinstance(folder, Path):
        return os.lstat(folder / name)
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _open(folder: Folder, name: str) -> int:
    if isinstance(folder, Path):
        return os.open(folder / name, _flags())
    return os.open(name, _flags(), dir_fd=folder)


def _content(descriptor: int, cap: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size <= cap:
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(cap + 1)
        size = len(data)
        if size <= cap:
            return data
    raise Refused(f"{format_size(size)}, at most {format_size(cap)} is taken; keep data and output out of it")


def _refuse_kind(status: os.stat_result, is_right: Callable[[int], bool], parent: str = "") -> None:
    if is_right(status.st_mode):
        return
    subject = f"{parent!r} is " if parent else ""
    if stat.S_ISLNK(status.st_mode):
        raise Refused(f"{subject}a link, which is not followed; hand in the file itself")
    if parent:
        raise Refused(f"{subject}no folder; hand in a folder of that name")
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise Refused(f"{kind}; hand in a regular file of that name")


def elsewhere(folder: Folder, name: str, may_miss: bool) -> str:
    """What to do about a file that is not there, judged by the names around; nothing where it may miss and none is like
    it.
    """
    base = name.rsplit("/", 1)[-1]
    others = list(_names_below(folder))
    for other in others:
        if other.casefold() == name.casefold():
            return f"; {other!r} is there: rename it to {name!r}, upper and lower case count"
    for other in others:
        if other.rsplit("/", 1)[-1].casefold() == base.casefold():
            return f"; {other!r} is there: move it to {name!r}"
    cutoff = _VERY_NEAR if may_miss else _NEAR
    near = difflib.get_close_matches(base, [other for other in others if "/" not in other], n=1, cutoff=cutoff)
    if near:
        return f"; {near[0]!r} is there: rename it to {name!r} if that is it"
    return "" if may_miss else "; hand it in under that name"


def _names_below(folder: Folder) -> Iterator[str]:
    """Relative names of the first few hundred files, nearest folders first; no file is opened."""
    seen = 0
    for top, folders, files in _walk(folder):
        deeper = folders if top.count("/") < _DEEPEST else []
        folders[:] = sorted(name for name in deeper if not name.startswith((".", "__")))
        for name in sorted(files):
            yield f"{top}/{name}".removeprefix("./")
        seen += len(files) + len(folders)
        if seen > _SEARCHED:
            return


def _walk(folder: Folder) -> Iterator[tuple[str, list[str], list[str]]]:
    """Folder (`.` and what is below it, with `/`), names of its folders, which may be changed, and of its files."""
    if isinstance(folder, Path):
        for top, folders, files in os.walk(folder):
            yield "/".join([".", *Path(top).relative_to(folder).parts]), folders, files
    else:
        for top, folders, files, _ in os.fwalk(".", dir_fd=folder, onerror=None):
            yield top, folders, files
