"""A control group for one worker, where this machine lets us make one: memory and number of processes, kept by the kernel.

Version 2 (one tree) and version 1 (a tree a controller). Where neither can be written, `Cgroup.make` gives None and the
limits rest on rlimits and on the trusted side's own watch.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from pathlib import Path

__all__ = ["Cgroup"]

_ROOT = Path("/sys/fs/cgroup")
_NEW = 60  # seconds in which a grader, of another container perhaps, may still put a process into its group
_V1 = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
_V2 = {"memory": "memory.max", "pids": "pids.max"}


class Cgroup:
    """The folders of one group. Made empty, given one process, removed when that process is gone."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    @classmethod
    def make(cls, memory: int, tasks: int) -> Cgroup | None:
        """A group with these limits (bytes; processes and threads), or None where it cannot be made."""
        name = f"grader-{os.getpid()}-{secrets.token_hex(4)}"
        unified = (_ROOT / "cgroup.controllers").exists()
        files = _V2 if unified else _V1
        group = cls({kind: _ROOT / name if unified else _ROOT / kind / name for kind in files})
        try:
            for folder in set(group._folders.values()):
                folder.mkdir()
            for kind, limit in (("memory", memory), ("pids", tasks)):
                (group._folders[kind] / files[kind]).write_text(str(limit))
        except OSError:
            group.remove()
            return None
        return group

    @staticmethod
    def sweep() -> None:
        """Remove what graders that were killed have left: groups of theirs that are empty and not new."""
        for folder in [*_ROOT.glob("grader-*"), *(each for kind in _V1 for each in (_ROOT / kind).glob("grader-*"))]:
            with contextlib.suppress(OSError, IndexError):
                if not Path("/proc", folder.name.split("-")[1]).exists() and time.time() - folder.stat().st_mtime > _NEW:
                    folder.rmdir()

    def add(self, pid: int) -> None:
        """Move a process (with all its threads) into the group. Raises OSError if it is gone."""
        if pid <= 0:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))  # 0 would be this very process
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def out_of_memory(self) -> bool:
        """Whether the kernel killed for lack of memory in this group."""
        for name in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError):
                fields = dict(line.split() for line in (self._folders["memory"] / name).read_text().splitlines())
                return int(fields.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Remove the folders; a group is busy for a moment after its last process ended."""
        for folder in set(self._folders.values()):
            for _ in range(50):
                try:
                    folder.rmdir()
                except OSError as error:
                    if error.errno == errno.EBUSY:
                        time.sleep(0.002)
                        continue
                break
