"""How many times as fast as two loops each way without loops is: the figures of the speed task.

Run `OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python solutions/knn/measure_speed.py`; CPU time, best of five calls.
"""

from __future__ import annotations

import runpy
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

__all__ = ["main"]

HERE = Path(__file__).parent
D = 512

Method = Callable[[np.ndarray], object]


def seconds(method: Method, sets: list[np.ndarray]) -> float:
    """CPU seconds of the fastest call after the first."""
    readings = []
    for queries in sets:
        before = time.process_time()
        method(queries)
        readings.append(time.process_time() - before)
    return min(readings[1:])


def submissions(rows: np.ndarray) -> Iterator[tuple[str, Method]]:
    """The reference and the alternatives, trained."""
    for path in [HERE / "knn.py", *sorted((HERE / "alternatives").glob("*.py"))]:
        knn = runpy.run_path(str(path))["KNearestNeighbor"]()
        knn.train(rows, np.arange(len(rows)) % 3)
        yield path.stem, knn.compute_distances_no_loops


def one_loop_expanded(rows: np.ndarray, queries: np.ndarray) -> list[np.ndarray]:
    norms = (rows**2).sum(axis=1)
    return [np.sqrt(norms + query @ query - 2 * rows @ query) for query in queries]


def others(rows: np.ndarray) -> Iterator[tuple[str, Method]]:
    """What the threshold must keep out."""
    yield "one loop over products", lambda queries: one_loop_expanded(rows, queries)
    yield "one loop", lambda queries: [np.sqrt(((rows - query) ** 2).sum(axis=1)) for query in queries]
    yield "broadcasting", lambda queries: np.sqrt(((queries[:, None] - rows) ** 2).sum(axis=2))
    yield "broadcasting, norm", lambda queries: np.linalg.norm(queries[:, None] - rows, axis=2)


def main() -> None:
    """Print a table for both shapes."""
    rng = np.random.default_rng(0)
    two_loops = runpy.run_path(str(HERE / "baseline.py"))["TwoLoops"]
    for M, N in ((60, 500), (120, 250)):
        rows, sets = rng.normal(size=(N, D)), [rng.normal(size=(M, D)) for _ in range(6)]
        slow = seconds(two_loops(rows).distances, sets)
        print(f"{M} x {N} x {D}, two loops {1e3 * slow:.0f} ms")
        for name, method in [*submissions(rows), *others(rows)]:
            print(f"  {name:<24}{slow / seconds(method, sets):6.1f} x")


if __name__ == "__main__":
    main()
