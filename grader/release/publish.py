"""Writing a release: proved first, then put in its place as a whole."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grader.course import Course
from grader.errors import CourseError

from .contents import Contents, student_contents
from .leaks import refuse_leaks
from .tracked import walk
from .zipped import zip_bytes

__all__ = ["Release", "release"]

NAME = "course"  # of the folder and the zip; the name of the instructor's own folder must not change the bytes


@dataclasses.dataclass(frozen=True)
class Release:
    """What was written: the folder, the zip of it, how many files, the zip's bytes and SHA-256 (hex)."""

    folder: Path
    archive: Path
    files: int
    size: int
    sha256: str


def release(course: Course, out: Path, prove: Callable[[Contents, bytes], None] | None = None) -> Release:
    """Write `out`/course/ and `out`/course.zip, the students' archive.

    `prove`: a further proof of the contents and the zip's bytes; it raises to prevent the release. Raises CourseError for
    a leak, for contents that cannot be read, and where something is in the way that no release wrote; then nothing was
    written.
    """
    contents = student_contents(course)
    refuse_leaks(contents.files, course)
    data = zip_bytes(contents.files, NAME)
    folder, archive = out / NAME, out / f"{NAME}.zip"
    _refuse_others(folder, archive)
    if prove is not None:
        prove(contents, data)
    try:
        _put(contents.files, data, folder, archive)
    except OSError as problem:
        raise CourseError(f"{out}: cannot be written ({problem.strerror}); name another folder with --out") from None
    return Release(folder, archive, len(contents.files), len(data), hashlib.sha256(data).hexdigest())


def _put(files: Mapping[str, bytes], data: bytes, folder: Path, archive: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".release-", dir=folder.parent))
    try:
        for name, content in files.items():
            path = aside / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (aside / "zip").write_bytes(data)
        if folder.exists():
            folder.rename(aside / "old")
        (aside / "new").rename(folder)
        (aside / "zip").replace(archive)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _refuse_others(folder: Path, archive: Path) -> None:
    """A folder is replaced only if every file in it is as the zip beside it has it, so that nobody's work is lost."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CourseError(f"{folder}: no folder that a release wrote; remove it, or name another place with --out")
    former = dict(_former(archive))
    for name in walk(folder) if folder.exists() else ():
        path = folder / name
        if path.is_symlink() or former.get(f"{NAME}/{name}") != path.read_bytes():
            raise CourseError(
                f"{path}: not what {archive.name} beside it has: somebody worked there; "
                f"move {folder.name}/ away, or name another place with --out"
            )


def _former(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.exists():
        with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
            for name in opened.namelist():
                yield name, opened.read(name)
