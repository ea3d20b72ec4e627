"""Small JSON files that say which submission something was made of: an intake's record, a report's stamp."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.grading.atomic import write_atomic

__all__ = ["digest", "digests_of", "is_exactly", "read_record", "write_record"]

_MOST = 200  # files of a submission of ours


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def digests_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Digest and size of each file, as a record keeps them."""
    return {name: f"{len(data)}:{digest(data)}" for name, data in sorted(files.items())}


def is_exactly(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether the folder holds these files (see `digests_of`) and no other. No link is followed, nothing large is read."""
    found = _sizes(folder)
    if found is None or found.keys() != files.keys():
        return False
    if any(f"{size}" != files[name].split(":")[0] for name, size in found.items()):
        return False
    return digests_of({name: (folder / name).read_bytes() for name in found}) == dict(files)


def _sizes(folder: Path) -> dict[str, int] | None:
    """Size of each file by its relative path; None where something is there that is no regular file, or too much."""
    found: dict[str, int] = {}
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(here, name))
            if stat.S_ISREG(status.st_mode):
                found[Path(here, name).relative_to(folder).as_posix()] = status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                return None
        if len(found) > _MOST:
            return None
    return found


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write it whole or not at all."""
    write_atomic(path, json.dumps(record, indent=1, sort_keys=True).encode() + b"\n")


def read_record(path: Path) -> dict[str, Any]:
    """The record; an empty one where none can be read."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
