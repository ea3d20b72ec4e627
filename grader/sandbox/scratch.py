"""A worker's folder on this machine, for the levels at which it cannot mount one of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Scratch", "scratch_root"]

_ENTRY = 4096  # bytes that a file costs beside its content


class Scratch:
    """`submission/` with the student's files, not to be changed, and `tmp/`, which belongs to the worker's user."""

    def __init__(self, root: Path, number: int, files: Mapping[str, bytes]) -> None:
        self.folder = root / f"worker-{number}"
        self.submission, self.tmp = self.folder / "submission", self.folder / "tmp"
        for name, content in files.items():
            target = self.submission / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o444)
        self.tmp.mkdir(mode=0o700)

    def give_to(self, uid: int | None) -> None:
        """Let this user write to `tmp/`."""
        if uid is not None:
            os.chown(self.tmp, uid, uid)

    def used(self) -> int:
        """Bytes that the worker's files take."""
        total = 0
        for folder, _, names in os.walk(self.tmp):
            for name in names:
                with contextlib.suppress(OSError):
                    total += _ENTRY + os.lstat(os.path.join(folder, name)).st_size
        return total

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def scratch_root() -> Path:
    """A fresh folder that another user can pass through but not list; the time in its name tells who finds it left over."""
    folder = Path(tempfile.mkdtemp(prefix=f"grader-{time.strftime('%H%M%S')}-"))
    folder.chmod(0o711)
    return folder
