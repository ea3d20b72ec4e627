"""What the kernel says of a worker: CPU time and memory, read from outside, so that nothing inside can falsify it."""

from __future__ import annotations

import time

__all__ = ["cpu_seconds", "memory_bytes", "pid_of"]


def pid_of(pidfd: int) -> int:
    """The process id behind a pidfd, in our own pid namespace; -1 once the process is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as source:
        return next(int(line.split()[1]) for line in source if line.startswith("Pid:"))


def cpu_seconds(pid: int) -> float:
    """CPU seconds of every thread of the process, to the nanosecond. Raises OSError once it is gone.

    The clock id is the kernel's own encoding: the complement of the pid, shifted, with the scheduler's clock (2).
    """
    return time.clock_gettime((~pid << 3) | 2)


def memory_bytes(pid: int) -> int:
    """Private and shared-anonymous memory that the process holds now. 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as source:
            fields = dict(line.split(":", 1) for line in source if line.startswith(("RssAnon", "RssShmem")))
    except OSError:
        return 0
    return sum(int(value.split()[0]) * 1024 for value in fields.values())


