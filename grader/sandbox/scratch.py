"""A worker's folder on this machine, for the levels at which it cannot mount one of its own.

What lies in `tmp/` was made by student code: names, links and modes are its choice, and there may be any number of
folders within folders. So nothing here follows a link, goes down by a path, or recurses.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["Scratch", "scratch_root"]

_ENTRY = 4096  # bytes that a file or a folder costs beside its content
_DEPTH = 40  # folders within folders that are looked into; what is deeper counts as too much
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Scratch:
    """`submission/` with the student's files, not to be changed, and `tmp/`, which belongs to the worker's user."""

    def __init__(self, root: Path, number: int, files: Mapping[str, bytes]) -> None:
        self.folder = root / f"worker-{number}"
        self.submission, self.tmp = self.folder / "submission", self.folder / "tmp"
        for folder in (self.folder, self.submission):
            _make(folder)
        for name, content in files.items():
            target = self.submission / name
            for folder in reversed(target.relative_to(self.submission).parents[:-1]):
                _make(self.submission / folder)
            target.write_bytes(content)
            target.chmod(0o444)
        self.tmp.mkdir(mode=0o700)

    def give_to(self, uid: int | None) -> None:
        """Let this user write to `tmp/`."""
        if uid is not None:
            os.chown(self.tmp, uid, uid)

    def used(self, pid: int, enough: int) -> int:
        """Bytes that the worker's files take, those too that process `pid` holds open though their names are gone.

        Stops counting beyond `enough`, however much more there is.
        """
        total = 0
        for size in self._sizes(pid):
            total += size
            if total > enough:
                break
        return total

    def remove(self) -> None:
        """Remove the folder with everything in it. The worker must be gone."""
        with contextlib.suppress(OSError):
            _empty(self.tmp)  # rmtree would recurse as deep as the folders go
        with contextlib.suppress(RecursionError):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _sizes(self, pid: int) -> Iterator[int]:
        with contextlib.suppress(OSError):
            yield from _in_folder(os.open(self.tmp, _FOLDER), _DEPTH)
        for entry in _scan(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found = os.stat(entry.path)
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    yield _size(found)


def scratch_root() -> Path:
    """A fresh folder that another user can pass through but not list; the time in its name tells who finds it left over."""
    folder = Path(tempfile.mkdtemp(prefix=f"grader-{time.strftime('%H%M%S')}-", dir=_open_to_others()))
    folder.chmod(0o711)
    return folder


def _open_to_others() -> str:
    """Where to put it: root's workers become another user, whom a private TMPDIR would lock out."""
    own = tempfile.gettempdir()
    for place in (own, "/tmp", "/var/tmp"):
        ways = [Path(place).resolve(), *Path(place).resolve().parents]
        if os.getuid() != 0 or all(way.is_dir() and way.stat().st_mode & stat.S_IXOTH for way in ways):
            return place
    return own


def _make(folder: Path) -> None:
    """A folder that every user can enter, whatever the umask says."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def _size(found: os.stat_result) -> int:
    """What is larger: the length, which may be holes, or the blocks, which may lie beyond the end."""
    return _ENTRY + max(found.st_size, 512 * found.st_blocks)


def _in_folder(descriptor: int, depth: int) -> Iterator[int]:
    """Sizes of all that lies under an open folder, which is closed in the end."""
    try:
        for entry in _scan(descriptor):
            with contextlib.suppress(OSError):
                found = os.stat(entry.name, dir_fd=descriptor, follow_symlinks=False)
                yield _size(found)
                if stat.S_ISDIR(found.st_mode):
                    inner = os.open(entry.name, _FOLDER, dir_fd=descriptor)
                    yield from _in_folder(inner, depth - 1) if depth else _too_deep(inner)
    finally:
        os.close(descriptor)


def _too_deep(descriptor: int) -> Iterator[int]:
    os.close(descriptor)
    yield 1 << 62


def _scan(place: str | int) -> Iterator[os.DirEntry[str]]:
    try:
        entries = os.scandir(place)
    except OSError:
        return
    with entries:
        yield from entries


def _empty(folder: Path) -> None:
    """Remove all that lies in the folder. A folder in it is first moved up, so that no path grows long."""
    folder.chmod(0o700)
    names = (f".{secrets.token_hex(16)}" for _ in itertools.count())
    top = os.open(folder, _FOLDER)
    try:
        while entries := os.listdir(top):
            for entry in entries:
                _remove(top, entry, names)
    finally:
        os.close(top)


def _remove(top: int, name: str, names: Iterator[str]) -> None:
    """Remove this entry of `top`; of a folder, move the folders in it to `top` instead, under the next of `names`."""
    if not _is_folder(name, top):
        os.unlink(name, dir_fd=top)
        return
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=top)
        return
    inner = _unlocked(name, top)
    try:
        for entry in os.listdir(inner):
            if _is_folder(entry, inner):
                os.close(_unlocked(entry, inner))
                os.rename(entry, next(names), src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(entry, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, place: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)


def _unlocked(name: str, place: int) -> int:
    """The folder, opened, when it has been made ours to change; never what a link points to."""
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
        return os.open(".", _FOLDER, dir_fd=handle)
    finally:
        os.close(handle)
