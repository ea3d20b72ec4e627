"""What one worker may still use: its limits, looked at from outside while it is asked something."""

from __future__ import annotations

import contextlib
import os
import time

from grader.course.limits import Limits, format_size
from grader.errors import LimitExceeded, Verdict, WorkerDied

from .cgroup import Cgroup
from .clock import cpu_seconds, holdings, starved
from .scratch import Scratch

__all__ = ["THREADS", "TICK", "Watch"]

THREADS = 64  # of one worker, beside the processes that it may start
TICK = 0.05  # seconds between two looks


class Watch:
    """Limits of the process `pid`. `deadline` is that of the submission, by time.monotonic; what `group` and `scratch` hold
    is looked at where they are. Every method that looks takes the bytes `printed` so far and raises LimitExceeded.

    Time in which the worker, or this process, was ready and had no core does not count: on a machine that is overloaded,
    a call may take as long as it has to.
    """

    def __init__(self, pid: int, limits: Limits, deadline: float, group: Cgroup | None, scratch: Scratch | None) -> None:
        self._pid, self._limits, self._deadline = pid, limits, deadline
        self._group, self._scratch = group, scratch
        self._call_ends, self._next_look = deadline, 0.0
        self._base_cpu = self._base_memory = self._peak = 0.0
        self._base_starved: float | None = None

    def begin_start(self, seconds: float) -> None:
        """The worker may take so long to shut itself in. That is our time, not the submission's."""
        self._call_ends = time.monotonic() + seconds

    def begin_call(self) -> None:
        """The next call may take as long as the limits say, and no longer than the submission."""
        self._call_ends = min(time.monotonic() + self._limits.wall, self._deadline)
        self._base_starved = None

    def count_from_here(self) -> None:
        """What the worker has used so far was ours. Raises OSError if it is gone."""
        self._base_cpu, self._base_memory = cpu_seconds(self._pid), holdings(self._pid)[0]

    def look(self, printed: int) -> None:
        """Look at everything if the last time was a while ago. To be called however busy the wire is."""
        now = time.monotonic()
        if now >= self._next_look or printed > self._limits.output:
            self._next_look = now + TICK
            if self._base_starved is None:
                self._base_starved = self._starved()
            self.glance(printed)
            self._look_at_holdings()

    def glance(self, printed: int) -> None:
        """Look at what costs next to nothing to look at: prints, CPU time, wall time."""
        if printed > self._limits.output:
            raise self._too_much_output()
        with contextlib.suppress(OSError):
            used = cpu_seconds(self._pid) - self._base_cpu
            if self._base_cpu and used > self._limits.cpu:
                raise LimitExceeded("cpu", f"used {used:.1f} s of {self._limits.cpu:g} s CPU time")
        if time.monotonic() > self._call_ends and time.monotonic() > self._call_ends + self._starved_in_call():
            raise self._too_late()

    def ending(self, printed: int) -> Verdict:
        """Why the worker is gone, as far as it can be told."""
        if self._group is not None and self._group.out_of_memory():
            return self._too_much_memory(self._peak)
        if printed > self._limits.output:
            return self._too_much_output()
        return WorkerDied("the process ended in the middle of a call (a crash, os._exit, or a signal)")

    def _starved(self) -> float:
        return starved(self._pid) + starved(os.getpid())

    def _starved_in_call(self) -> float:
        """Since the first look during the call, which comes at most one tick after its beginning."""
        return 0.0 if self._base_starved is None else self._starved() - self._base_starved

    def _look_at_holdings(self) -> None:
        limits, (memory, threads) = self._limits, holdings(self._pid)
        held = memory - self._base_memory
        self._peak = max(self._peak, held)
        if self._base_memory and held > limits.memory:
            raise self._too_much_memory(held)
        if threads > THREADS:
            raise LimitExceeded("processes", f"ran {threads} threads, where {THREADS} are allowed")
        if self._scratch is not None and self._scratch.used(self._pid, limits.disk) > limits.disk:
            raise LimitExceeded("disk", f"wrote more than the {format_size(limits.disk)} of files that are allowed")

    def _too_late(self) -> LimitExceeded:
        if self._call_ends == self._deadline:
            return LimitExceeded("submission", f"all tasks together took longer than {self._limits.submission:g} s")
        return LimitExceeded("wall", f"gave no answer for {self._limits.wall:g} s (it waited more than it computed)")

    def _too_much_memory(self, held: float) -> LimitExceeded:
        limit = self._limits.memory
        return LimitExceeded("memory", f"used {format_size(int(max(held, limit)))} of {format_size(limit)} of memory")

    def _too_much_output(self) -> LimitExceeded:
        return LimitExceeded("output", f"printed more than the {format_size(self._limits.output)} that are allowed")
