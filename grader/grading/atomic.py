"""Files that are there whole or not at all, whenever the run is killed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from grader.errors import ReportError

__all__ = ["write_atomic"]


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step, readable for the owner only (0600): a temporary file beside it
    takes its place.

    Missing parent folders are made. Raises ReportError; what was at `path` before is then untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        _sync_folder(path.parent)
    except OSError as problem:
        raise ReportError(
            f"{path}: cannot be written ({problem.strerror}); free space or make the folder writable for you"
        ) from None


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
