"""nbgrader's `collect`, which follows no link: what a student links to, the TA may read and the student may not. And its
`zip_collect`, which no single archive stops.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import unzip

from grader.grading.archive import extract
from grader.grading.reading import Refused, open_folders, read_file

__all__ = ["Archives", "Collect", "Extractor"]


class Collect(ExchangeCollect):
    """In place of nbgrader's own: regular files only. Links, pipes and devices in the inbound folder stay where they are."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy one submission. What is no regular file, is ignored by the course or too large, is told and left out."""
        size, most = self.get_size(src), 1000 * self.coursedir.max_dir_size
        if size > most:
            self.fail(f"{src}: {size} bytes, at most {most} are collected (CourseDirectory.max_dir_size)")
        source = Path(src)
        with contextlib.ExitStack() as stack:
            try:
                folder = open_folders(source.parent, (source.name,), stack)
            except Refused as refused:
                self.fail(f"{src}: {refused}")
            os.makedirs(dest)
            for name in _names(source, self.coursedir.ignore):
                try:
                    data = read_file(folder, name, 1000 * self.coursedir.max_file_size)
                except Refused as refused:
                    self.log.warning("%s: not collected: %s", source / name, refused)
                    continue
                path = Path(dest, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        if self.coursedir.groupshared:
            for path in (Path(dest), *Path(dest).rglob("*")):
                path.chmod(0o2770 | path.stat().st_mode & 0o777 if path.is_dir() else 0o660 | path.stat().st_mode & 0o777)


class Archives(FileNameCollectorPlugin):
    """In place of nbgrader's own, which gives up where an archive has two files of one name: here the first is taken."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._seen: set[tuple[str, str]] = set()

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose file it is and its name; None for one that is passed over."""
        found: dict[str, str] | None = super().collect(submitted_file)
        if found is None or "timestamp" in found:
            return found
        key = found["student_id"], found["file_id"]
        if key in self._seen:
            self.log.warning("%s: %s has a %r already, not collected", submitted_file, *key)
            return None
        self._seen.add(key)
        return found


class Extractor(ExtractorPlugin):
    """In place of nbgrader's own, which ends for everybody where one archive is broken or reaches out of its folder."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack each archive below `archive_path` into a folder of its name; what cannot be is told and left out."""
        for path in sorted(Path(archive_path).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            place = Path(extracted_path, path.parent.relative_to(archive_path))
            place.mkdir(parents=True, exist_ok=True)
            try:
                self._take(path, place)
            except Exception as error:  # of whatever kind: the others' archives are not to blame
                self.log.warning("%s: not collected: %s", path, error)

    def _take(self, path: Path, place: Path) -> None:
        if path.suffix == ".zip":
            extract(path, place / path.stem)
        elif path.suffix in self.zip_ext:
            unzip(str(path), str(place), zip_ext=self.zip_ext, create_own_folder=True)
        else:
            (place / path.name).write_bytes(path.read_bytes())


def _names(source: Path, ignore: list[str]) -> list[str]:
    """Relative paths of all that is no folder, sorted; folders behind links are not looked into."""
    found = []
    for here, folders, files in os.walk(source):
        folders[:] = [name for name in folders if not _matches(name, ignore)]
        links = [name for name in folders if Path(here, name).is_symlink()]
        found += [Path(here, name).relative_to(source).as_posix() for name in (*files, *links) if not _matches(name, ignore)]
    return sorted(found)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
