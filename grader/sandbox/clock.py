"""What the kernel says of a worker: CPU time, memory, threads; read from outside, so that nothing inside can falsify it."""

from __future__ import annotations

import contextlib
import errno
import os
import time

__all__ = ["cpu_seconds", "holdings", "pid_of", "starved"]

_FIELDS = (b"RssAnon:", b"RssShmem:", b"VmSwap:", b"Threads:")


def pid_of(pidfd: int) -> int:
    """The process id behind a pidfd, in our own pid namespace; -1 once the process is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as source:
        return next(int(line.split()[1]) for line in source if line.startswith("Pid:"))


def cpu_seconds(pid: int) -> float:
    """CPU seconds of every thread of the process, to the nanosecond. Raises OSError once it is gone.

    The clock id is the kernel's own encoding: the complement of the pid, shifted, with the scheduler's clock (2).
    """
    if pid <= 0:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))  # pid 0 would be this process
    return time.clock_gettime((~pid << 3) | 2)


def holdings(pid: int) -> tuple[int, int]:
    """Bytes of private and shared-anonymous memory that the process holds now, and its threads. Zeros once it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as source:
            lines = source.read().split(b"\n")
    except OSError:
        return 0, 0
    fields = dict(line.split(b":", 1) for line in lines if line.startswith(_FIELDS))
    threads = int(fields.pop(b"Threads", 0))
    return sum(int(value.split()[0]) * 1024 for value in fields.values()), threads


def starved(pid: int) -> float:
    """Seconds that the process was ready to run and had no core: of its thread that waited longest. Zero where untold.

    The second number of a thread's schedstat, in nanoseconds (Documentation/scheduler/sched-stats in the kernel's sources).
    """
    waited = 0
    with contextlib.suppress(OSError, ValueError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with open(f"{thread.path}/schedstat", "rb") as source:
                waited = max(waited, int(source.read().split()[1]))
    return waited / 1e9
