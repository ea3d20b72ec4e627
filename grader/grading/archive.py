"""Opening a zip of submissions: it comes from outside, so nothing that it says of itself is believed.

Everything that the directory declares is judged before the first byte is written; then the bytes are counted
as they come. Entries are written as plain files (0600) in plain folders (0700) of a new folder, whatever
modes they ask for. A zip inside is left as it is.
"""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

from grader.course import format_size
from grader.errors import IntakeError

__all__ = ["ArchiveCaps", "extract"]

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # LZMA lets an entry choose gigabytes of dictionary
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_CHUNK = 1 << 16
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ArchiveCaps:
    """What an archive may hold at most.

    `archive`: bytes of the zip; `directory`: bytes of its table of contents; `entries`: how many; `entry`,
    `total`: bytes unpacked; `ratio`: unpacked by packed, for an entry above `ratio_from` bytes; `name`:
    characters of a path; `depth`: folders in it.
    """

    archive: int = 512 << 20
    directory: int = 16 << 20
    entries: int = 50_000
    entry: int = 64 << 20
    total: int = 1 << 30
    ratio: int = 200
    ratio_from: int = 4 << 20
    name: int = 1024
    depth: int = 20


@dataclasses.dataclass(frozen=True)
class _Entry:
    info: zipfile.ZipInfo
    parts: tuple[str, ...]
    is_folder: bool


def extract(archive: Path, destination: Path, caps: ArchiveCaps | None = None) -> None:
    """Unpack `archive` into the new folder `destination`. `__MACOSX` and `.DS_Store` are left out.

    Raises IntakeError that names the archive, the entry, the value and the mend; `destination` is then not
    there.
    """
    caps = caps or ArchiveCaps()
    try:
        with _CappedFile(archive, caps) as file, zipfile.ZipFile(file) as opened:
            entries = _judged(archive, opened.infolist(), caps)
            destination.mkdir(mode=0o700)
            try:
                _write_all(archive, opened, entries, destination, caps)
            except BaseException:
                shutil.rmtree(destination, ignore_errors=True)
                raise
    except OSError as problem:
        raise IntakeError(f"{archive}: cannot be unpacked ({problem.strerror}); check the file and the free space") from None
    except _BROKEN as problem:
        raise IntakeError(f"{archive}: damaged or no zip ({problem}); ask for it again, packed as .zip") from None


class _CappedFile(io.FileIO):
    """The archive without reads above the cap: zipfile reads a table of contents of any size in one go."""

    def __init__(self, archive: Path, caps: ArchiveCaps) -> None:
        super().__init__(archive)
        self._archive, self._cap = archive, caps.directory
        size = os.fstat(self.fileno()).st_size
        if size > caps.archive:
            self.close()
            mend = f"at most {format_size(caps.archive)} are unpacked; leave data sets out, or split the class"
            raise IntakeError(f"{archive}: {format_size(size)}; {mend}")

    def read(self, size: int | None = -1) -> bytes:
        asked = self._cap + 1 if size is None or size < 0 else size
        data = super().read(asked) if asked <= self._cap + 1 else None
        if data is None or len(data) > self._cap:
            raise self._too_large()
        return data

    def _too_large(self) -> IntakeError:
        most = format_size(self._cap)
        return IntakeError(f"{self._archive}: its table of contents is above {most}; split the class")


def _judged(archive: Path, infos: list[zipfile.ZipInfo], caps: ArchiveCaps) -> list[_Entry]:
    if len(infos) > caps.entries:
        raise IntakeError(f"{archive}: {len(infos)} entries; at most {caps.entries} are unpacked; split the class")
    entries = []
    for info in infos:
        problem = _name_problem(info.orig_filename, caps)
        parts = tuple(part for part in info.orig_filename.split("/") if part not in ("", "."))
        if problem is None and ("__MACOSX" in parts or ".DS_Store" in parts):
            continue
        if problem := problem or _problem(info, caps):
            raise IntakeError(f"{archive}, entry {info.orig_filename!r}: {problem}")
        if parts:
            entries.append(_Entry(info, parts, info.orig_filename.endswith("/")))
    total = sum(entry.info.file_size for entry in entries)
    if total > caps.total:
        raise IntakeError(f"{archive}: {format_size(total)} unpacked; at most {format_size(caps.total)}; split the class")
    _refuse_clashes(archive, entries)
    return entries


def _name_problem(name: str, caps: ArchiveCaps) -> str | None:
    again = "pack it again with relative names and /"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "a control character in its name; rename the file and pack it again"
    if "\\" in name:
        return f"a backslash in its name; {again}"
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return f"an absolute path; {again}"
    if ".." in name.split("/"):
        return f"'..' leads out of the archive; {again}"
    if len(name) > caps.name or name.count("/") > caps.depth or any(len(p.encode()) > 255 for p in name.split("/")):
        return f"a path of {len(name)} characters and {name.count('/')} folders is too long; shorten it"
    return None


def _problem(info: zipfile.ZipInfo, caps: ArchiveCaps) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "a link; pack the file that it points to"
    if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return "a device, pipe or socket; leave it out"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted; pack it again without a password"
    if info.compress_type not in _METHODS:
        return f"packed with method {info.compress_type}; pack it again as an ordinary (deflated) zip"
    if info.file_size > caps.entry:
        size, most = format_size(info.file_size), format_size(caps.entry)
        return f"{size} unpacked, at most {most}; leave data sets out"
    ratio = info.file_size // max(info.compress_size, 1)
    if info.file_size > caps.ratio_from and ratio > caps.ratio:
        return f"unpacks to {ratio} times its size, at most {caps.ratio}; leave it out"
    return None


def _refuse_clashes(archive: Path, entries: list[_Entry]) -> None:
    """Two spellings that a file system may take for one name, one name twice, a file where a folder is."""
    spelled: dict[str, tuple[str, bool]] = {}
    for entry in entries:
        for depth in range(1, len(entry.parts) + 1):
            name, is_last = "/".join(entry.parts[:depth]), depth == len(entry.parts)
            is_folder = entry.is_folder or not is_last
            key = unicodedata.normalize("NFC", name).casefold()
            other = spelled.get(key)
            if other is None:
                spelled[key] = (name, is_folder)
            elif other != (name, True) or not is_folder:
                raise IntakeError(f"{archive}, entry {name!r}: the same name as {other[0]!r}; rename one and pack it again")


def _write_all(archive: Path, opened: zipfile.ZipFile, entries: list[_Entry], destination: Path, caps: ArchiveCaps) -> None:
    left = caps.total
    for entry in entries:
        path = destination.joinpath(*entry.parts)
        folder = path if entry.is_folder else path.parent
        _make_folders(destination, folder)
        if not entry.is_folder:
            cap = min(caps.entry, left)
            size = _write(opened, entry.info, path, cap)
            if size > cap:
                where = f"{archive}, entry {entry.info.orig_filename!r}"
                raise IntakeError(f"{where}: more than the {format_size(cap)} left; leave it out")
            left -= size


def _make_folders(destination: Path, folder: Path) -> None:
    current = destination
    for part in folder.relative_to(destination).parts:
        current = current / part
        current.mkdir(mode=0o700, exist_ok=True)


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, cap: int) -> int:
    """Bytes written; stops one chunk after the cap is passed."""
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target, opened.open(info) as source:
        while size <= cap and (chunk := source.read(_CHUNK)):
            size += len(chunk)
            target.write(chunk)
    return size
