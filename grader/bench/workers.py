"""Start of a worker and cost of a call, at every isolation level that is here."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np

from grader.course import Limits
from grader.grading.cores import Cores, pin
from grader.sandbox.levels import probe
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of
from grader.submission import Submission
from grader.submission.sandboxed import SandboxPort

from .figure import Figure, median_of

__all__ = ["run"]

_JOB = Job({"echo.py": b"def echo(x): return x\n"}, "echo.py")
_LIMITS = Limits(cpu=60)


def run() -> Iterator[Figure]:
    """Cold and warm start, a small call, 150 MB both ways; on one core, as a grader process is."""
    allowed, cores = os.sched_getaffinity(0), Cores()
    time.sleep(0.5)
    pin(cores.quietest()[0])
    for level in ("bubblewrap", "landlock"):
        if probe(level) is not None:
            continue
        yield median_of(f"{level}: start of a NumPy worker, cold", _starts(level, warm=False, count=15), "ms")
        yield median_of(f"{level}: start of a NumPy worker, warm", _starts(level, warm=True, count=40), "ms", 120)
        yield from _calls(level)
    os.sched_setaffinity(0, allowed)


def _starts(level: str, *, warm: bool, count: int) -> list[float]:
    sandbox = Sandbox(level, view_of(["numpy"]), warm=warm)
    sandbox.worker(_JOB, _LIMITS, time.monotonic() + 600).close()
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        worker = sandbox.worker(_JOB, _LIMITS, time.monotonic() + 600)
        taken.append((time.perf_counter() - begun) * 1e3)
        worker.close()
    sandbox.close()
    return taken


def _calls(level: str) -> Iterator[Figure]:
    sandbox = Sandbox(level, view_of(["numpy"]))
    port = SandboxPort(sandbox.worker(_JOB, _LIMITS, time.monotonic() + 600), "echo.py", ["echo.py"])
    echo = Submission(port).echo
    small, large = np.ones(100), np.ones(75 << 17)
    yield median_of(f"{level}: a call with 100 numbers both ways", [_timed(echo, small) for _ in range(2000)], "ms", 0.2)
    yield median_of(f"{level}: 75 MB to the worker and 75 MB back", [_timed(echo, large) for _ in range(7)], "ms")
    port.close()
    sandbox.close()


def _timed(function: object, value: object) -> float:
    begun = time.perf_counter()
    function(value)  # type: ignore[operator]
    return (time.perf_counter() - begun) * 1e3
