"""How far right solutions stay from the fixed limits of the hidden suite: of the speed, of diverging and of the search.

Run `OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=.:datasets python -m solutions.svm.measure_margins [SEEDS]`.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .drawing import half_spaces, image_set, speed_task

__all__ = ["main"]

HERE = Path(__file__).parent
Solution = dict[str, Callable]


def solutions() -> Iterator[tuple[str, Solution]]:
    """The reference and the alternatives, by name."""
    for path in [HERE / "svm.py", *sorted((HERE / "alternatives").glob("*.py"))]:
        yield path.stem, runpy.run_path(str(path))


def seconds(loss: Callable, sets: list[tuple]) -> float:
    """CPU seconds of the fastest call after the first."""
    readings = []
    for arguments in sets:
        before = time.process_time()
        loss(*arguments)
        readings.append(time.process_time() - before)
    return min(readings[1:])


def loop_over_rows(W, X, y, reg):
    """What the speed task must keep out: a loop over the rows, none over the classes."""
    loss, dW = 0.0, np.zeros(W.shape)
    for row, label in zip(X, y, strict=True):
        scores = row @ W
        gaps = np.maximum(scores - scores[label] + 1, 0)
        gaps[label] = 0
        count = (gaps > 0) * 1.0
        count[label] = -count.sum()
        loss += gaps.sum()
        dW += np.outer(row, count)
    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W


def speeds() -> None:
    """Times as fast as two loops."""
    sets, _ = speed_task(0)
    slow = seconds(runpy.run_path(str(HERE / "baseline.py"))["two_loops"], sets)
    ways = {name: solution["svm_loss_vectorized"] for name, solution in solutions()} | {"loop over rows": loop_over_rows}
    for name, way in ways.items():
        print(f"{name:<20}{slow / seconds(way, sets):6.1f} times as fast as two loops")


def descent(solution: Solution, seed: int) -> tuple[float, float]:
    """Largest loss on raw pixels, last losses on preprocessed ones."""
    images, labels, _, _ = image_set(seed, 300)
    raw = np.hstack([images.reshape(300, -1).astype(np.float64), np.ones((300, 1))])
    found = []
    for rows in (raw, solution["preprocess"](images)[0]):
        svm = solution["LinearSVM"]()
        found.append(np.array(svm.train(rows, labels, learning_rate=5e-3, reg=1e-3, num_iters=60, batch_size=60)))
    return found[0].max(), found[1][-10:].mean()


def shares(solution: Solution, seed: int) -> tuple[float, float, float, float]:
    """Accuracies in the search: learned on training and validation rows, lame on both."""
    X, y, queries, truth = half_spaces(np.random.default_rng(seed), 300, 200)
    results, _ = solution["search"](X, y, queries, truth, [0.05, 1e-9], [1e-3])
    return *results[0.05, 1e-3], *results[1e-9, 1e-3]


def main(seeds: int) -> None:
    """Print the extremes over the seeds."""
    speeds()
    print(f"{seeds} seeds{'raw, least':>23}{'ready, most':>13}{'learned, least':>18}{'lame':>16}")
    for name, solution in solutions():
        raw, ready = np.array([descent(solution, seed) for seed in range(seeds)]).T
        train, val, *lame = np.array([shares(solution, seed) for seed in range(seeds)]).T
        print(f"{name:<20}{raw.min():12.0f}{ready.max():13.2f}{train.min():10.3f}{val.min():8.3f}", end="")
        print(f"{np.min(lame):9.3f} -{np.max(lame):6.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
