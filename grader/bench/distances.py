"""The reference's loop-free distances beside SciPy, scikit-learn and torch, 500 x 5000 x 3072, one thread."""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.course import find_course

from .figure import Figure

__all__ = ["run"]

_REPEATS = 5


def run() -> Iterator[Figure]:
    """Milliseconds of each, interleaved, and the ratio of ours to the best of the others."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        if os.environ.get(variable) != "1":
            raise SystemExit(f"set {variable}=1 first: the comparison is on one thread")
    for dtype in (np.float32, np.float64):
        rng = np.random.default_rng(0)
        train, test = rng.normal(size=(5000, 3072)).astype(dtype), rng.normal(size=(500, 3072)).astype(dtype)
        times = _times(_candidates(train, test))
        best = min((name for name in times if name != "ours"), key=times.__getitem__)
        label = np.dtype(dtype).name
        for name, seconds in times.items():
            yield Figure(f"no loops, {label}, {name}", seconds * 1e3, "ms")
        yield Figure(f"no loops, {label}: ours over {best}", times["ours"] / times[best], "x", 1.3)


def _candidates(train: Any, test: Any) -> dict[str, Callable[[], object]]:
    """What is installed."""
    spec = importlib.util.spec_from_file_location("knn_reference", find_course(None).reference("knn"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ours = module.KNearestNeighbor()
    ours.train(train, np.zeros(len(train), int))
    found: dict[str, Callable[[], object]] = {"ours": lambda: ours.compute_distances_no_loops(test)}
    if importlib.util.find_spec("scipy"):
        from scipy.spatial.distance import cdist

        found["scipy cdist"] = lambda: cdist(test, train)
    if importlib.util.find_spec("sklearn"):
        from sklearn.metrics.pairwise import euclidean_distances

        found["scikit-learn euclidean_distances"] = lambda: euclidean_distances(test, train)
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        a, b = torch.from_numpy(test), torch.from_numpy(train)
        found["torch.cdist"] = lambda: torch.cdist(a, b)
    return found


def _times(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each; one warm-up, then in turn, so that a slow moment hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for repeat in range(_REPEATS + 1):
        for name, function in candidates.items():
            begun = time.perf_counter()
            function()
            if repeat:
                taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values) for name, values in taken.items()}
