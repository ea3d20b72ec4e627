"""CPU seconds of this process and of everything that it starts, also of what nobody waits for.

`getrusage` misses processes that are reaped by the kernel or by a sandbox's own init. A `cpuacct` control group sees them
all; where there is none, the busy time of the whole machine is taken, which is right only on a quiet one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from types import TracebackType

__all__ = ["CpuMeter", "busy_seconds"]

_ACCOUNT = Path("/sys/fs/cgroup/cpuacct")
_STAT = Path("/proc/stat")


class CpuMeter:
    """A context in which `seconds()` grows. Where a group can be made, this process lives in it meanwhile."""

    def __init__(self) -> None:
        self._group = _ACCOUNT / f"grader-check-{os.getpid()}-{secrets.token_hex(4)}"
        self._home = _ACCOUNT
        self._in_group = False
        self._begun = 0.0

    def __enter__(self) -> CpuMeter:
        with contextlib.suppress(OSError, StopIteration):
            self._home = _own_group()
            self._group.mkdir()
            try:
                self._move(self._group)
            except OSError:
                self._group.rmdir()
            else:
                self._in_group = True
        self._begun = self._read()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._in_group:
            self._move(self._home)
            _remove(self._group)

    def seconds(self) -> float:
        """CPU seconds since the context was entered."""
        return self._read() - self._begun

    def _read(self) -> float:
        return int((self._group / "cpuacct.usage").read_text()) / 1e9 if self._in_group else busy_seconds()

    def _move(self, group: Path) -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))


def _own_group() -> Path:
    """Where this process is now, to come back to."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    path = next(line.split(":", 2)[2] for line in lines if "cpuacct" in line.split(":")[1].split(","))
    here = _ACCOUNT / path.lstrip("/")
    return here if here.is_dir() else _ACCOUNT  # of another container's view


def _remove(group: Path) -> None:
    """It is busy for a moment after its last process ended."""
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.002)
        else:
            return


def busy_seconds() -> float:
    """CPU seconds that this machine has been busy: user, nice, system, irq and softirq time of all cores."""
    try:
        fields = [int(field) for field in _STAT.read_text().split("\n")[0].split()[1:]]
    except OSError:  # not Linux
        return time.process_time()
    return (sum(fields[:3]) + sum(fields[5:7])) / os.sysconf("SC_CLK_TCK")
