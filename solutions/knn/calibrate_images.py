"""What right and wrong code reaches on the image task: the figures of its threshold.

Run `PYTHONPATH=datasets python solutions/knn/calibrate_images.py [SEEDS]` (40 seeds take two minutes).
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
from course_data import cifar_like, flat_images

__all__ = ["main"]

HERE = Path(__file__).parent
TRAIN, TEST = 1000, 300


def exact(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Squared distances (M, N) in float64, from the differences."""
    gaps = (rows.astype(np.float64) - query for query in queries)
    return np.array([np.einsum("ij,ij->i", gap, gap) for gap in gaps])


def wrong_ways(X: np.ndarray, y: np.ndarray, queries: np.ndarray, dists: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions (M,) of some mistakes."""
    pixels, order = X[:, ::64], np.argsort(dists, axis=1)
    l1 = np.array([np.abs(pixels - query[::64]).sum(axis=1) for query in queries])
    norms = np.square(X, dtype=np.float64).sum(axis=1)
    return {
        "training norms missing": y[np.argmin(dists - norms, axis=1)],
        "product counted once": y[np.argmin(dists + norms, axis=1)],
        "second nearest": y[order[:, 1]],
        "farthest": y[order[:, -1]],
        "L1 on a few pixels": y[l1.argmin(axis=1)],
        "one class for all": np.zeros(len(queries), dtype=int),
    }


def main(seeds: int) -> None:
    """Print the extremes of agreement with the oracle, and mean, spread and extremes of accuracy."""
    paths = [HERE / "knn.py", *sorted((HERE / "alternatives").glob("*.py"))]
    right = {path.stem: runpy.run_path(str(path))["KNearestNeighbor"]() for path in paths}
    reached: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        images, labels = cifar_like(TRAIN + TEST, seed)
        rows, y, truth = flat_images(images), labels[:TRAIN], labels[TRAIN:]
        X, queries = rows[:TRAIN], rows[TRAIN:]
        dists = exact(queries, X)
        nearest = y[dists.argmin(axis=1)]
        predictions = wrong_ways(X, y, queries, dists)
        for name, knn in right.items():
            knn.train(X, y)
            predictions[name] = np.asarray(knn.predict(queries, k=1))
        for name, labels_of in predictions.items():
            reached.setdefault(name, []).append((np.mean(labels_of == truth), np.mean(labels_of == nearest)))
    print(
        f"{seeds} seeds{'agreement':>27}    accuracy\n{'':26}{'min':>8}{'max':>8}{'mean':>10}{'sd':>8}{'min':>8}{'max':>8}"
    )
    for name, pairs in reached.items():
        accuracy, agreement = np.array(pairs).T
        print(f"{name:<26}{agreement.min():8.3f}{agreement.max():8.3f}{accuracy.mean():10.3f}", end="")
        print(f"{accuracy.std(ddof=1):8.3f}{accuracy.min():8.3f}{accuracy.max():8.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
