"""Whether a speed task flips on a loaded machine: kNN's, in the sandbox, beside three processes that only burn CPU."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from grader.checks import speed_ratio
from grader.course import Limits, find_course
from grader.sandbox.levels import choose
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of
from grader.submission import Submission
from grader.submission.sandboxed import SandboxPort

from .figure import Figure, median_of

__all__ = ["BURNERS", "burning", "run"]

_RUNS, BURNERS = 50, 3
_LEAST = 30  # of kNN's speed task; its shapes are M x N x D = 120 x 250 x 512
_LIMITS = Limits(cpu=600, submission=3600)
_METHODS = {"no loops": "compute_distances_no_loops", "two loops": "compute_distances_two_loops"}


def run() -> Iterator[Figure]:
    """Flips of the reference and of the version with two loops in 50 runs each, every one judged by a single measurement.

    (A grade is milder to the student: what falls short is measured once more.)
    """
    ratios: dict[str, list[float]] = {name: [] for name in _METHODS}
    sandbox = Sandbox(choose().level, view_of(["numpy"]))
    with burning(BURNERS):
        for number in range(_RUNS):
            for name, method in _METHODS.items():
                ratios[name].append(_ratio(sandbox, method, number))
    sandbox.close()
    slow = sum(ratio < _LEAST for ratio in ratios["no loops"])
    fast = sum(ratio >= _LEAST for ratio in ratios["two loops"])
    yield Figure(f"speed with {BURNERS} burners: reference below {_LEAST}x, of {_RUNS} runs", slow, "", 0)
    yield Figure(f"speed with {BURNERS} burners: two loops at {_LEAST}x, of {_RUNS} runs", fast, "", 0)
    for name, values in ratios.items():
        yield median_of(f"speed with {BURNERS} burners: {name}, times the two loops", values, "x")


@contextlib.contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that never rest."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def _ratio(sandbox: Sandbox, method: str, seed: int) -> float:
    """Of one measurement of five calls a side, in fresh workers."""
    course, rng = find_course(None), np.random.default_rng(seed)
    rows, sets = rng.normal(size=(250, 512)), [rng.normal(size=(120, 512)) for _ in range(10)]
    files = [course.reference("knn"), course.solution_folder("knn") / "baseline.py"]
    ports = []
    for file in files:
        worker = sandbox.worker(Job({file.name: file.read_bytes()}, file.name), _LIMITS, time.monotonic() + 3600)
        ports.append(SandboxPort(worker, file.name, [file.name]))
    knn = Submission(ports[0]).KNearestNeighbor()
    knn.train(rows, np.arange(250) % 10)
    baseline = Submission(ports[1]).TwoLoops(rows).distances
    inputs = [(queries,) for queries in sets]
    ratio = speed_ratio(getattr(knn, method), baseline, inputs=inputs, at_least=0.0).ratio
    for port in ports:
        port.close()
    return ratio
