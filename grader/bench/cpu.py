"""CPU seconds of a command and of everything that comes of it, also of what nobody waits for.

`getrusage` misses processes that are reaped by the kernel or by a sandbox's own init. A `cpuacct` control group sees them
all; where there is none, the busy time of the whole machine is taken, which is right only on a quiet one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from grader.selfcheck.cpu import busy_seconds

__all__ = ["cpu_of"]

_ACCOUNT = Path("/sys/fs/cgroup/cpuacct")
_PATIENCE = 10.0  # seconds


def cpu_of(command: Sequence[str], env: dict[str, str]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """CPU seconds, and the finished process with its output."""
    group = _ACCOUNT / f"grader-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        before = busy_seconds()
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        return busy_seconds() - before, done
    join = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    try:
        done = subprocess.run([*join, *command], capture_output=True, text=True, env=env, check=False)
        _await_end(group)
        return int((group / "cpuacct.usage").read_text()) / 1e9, done
    finally:
        group.rmdir()


def _await_end(group: Path) -> None:
    """What the command has killed takes time to end: a process that has imported torch some tens of milliseconds."""
    ends = time.monotonic() + _PATIENCE
    while (group / "cgroup.procs").read_text() and time.monotonic() < ends:
        time.sleep(0.01)
