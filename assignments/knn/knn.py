"""k-nearest neighbours in NumPy.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_knn.py
checks them: run `pytest` in this folder.

Shapes: N training rows, M query rows, D features (3072 for a 32 x 32 colour image).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["KNearestNeighbor", "accuracy_vs_size", "choose_k", "k_fold_accuracies"]


class KNearestNeighbor:
    """A classifier that remembers its training rows and lets the k nearest of them vote."""

    def train(self, X: np.ndarray, y: np.ndarray) -> None:
        """Remember the training set. A second call replaces the first.

        Args:
            X: training rows (N, D), float32 or float64.
            y: their labels (N,), non-negative integers, not necessarily consecutive.
        """
        self.X_train = X
        self.y_train = y

    def predict(self, X: np.ndarray, k: int = 1, num_loops: int = 0) -> np.ndarray:
        """The label of every query row, by the vote of its k nearest training rows.

        Args:
            X: query rows (M, D).
            k: how many neighbours vote, 1 <= k <= N.
            num_loops: which of the three methods measures the distances: 0, 1 or 2 loops.

        Returns:
            labels (M,).

        Raises:
            ValueError: num_loops is not 0, 1 or 2.
        """
        raise NotImplementedError

    def compute_distances_two_loops(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances, one pair of rows at a time.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        raise NotImplementedError

    def compute_distances_one_loop(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances in a single loop, over the query rows or over the training rows.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        raise NotImplementedError

    def compute_distances_no_loops(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances by one matrix product: no loop, and no temporary of shape (M, N, D).

        Rows that coincide get a distance of 0 up to rounding, never NaN.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        raise NotImplementedError

    def predict_labels(self, dists: np.ndarray, k: int = 1) -> np.ndarray:
        """The most frequent label among the k nearest training rows; of equally frequent labels the smallest.

        Args:
            dists: distances (M, N) of M queries to the N training rows.
            k: how many neighbours vote, 1 <= k <= N.

        Returns:
            labels (M,).
        """
        raise NotImplementedError


def k_fold_accuracies(X: np.ndarray, y: np.ndarray, ks: Sequence[int], num_folds: int = 5) -> dict[int, list[float]]:
    """Accuracy on every fold, for every k, of a classifier trained on the other folds.

    The folds are contiguous pieces of the rows in the given order, as `np.array_split` cuts them.

    Args:
        X: rows (N, D).
        y: labels (N,).
        ks: the values of k to try; each is at most the number of rows outside a fold.
        num_folds: how many folds, at least 2.

    Returns:
        {k: [accuracy on fold 0, on fold 1, ...]} for every k of `ks`; accuracies are fractions from 0 to 1.
    """
    raise NotImplementedError


def choose_k(X_train: np.ndarray, y_train: np.ndarray, ks: Sequence[int], num_folds: int = 5) -> int:
    """The k with the best mean accuracy in cross-validation; of equally good ones the smallest.

    Args:
        X_train: rows (N, D).
        y_train: labels (N,).
        ks: the values of k to try, in any order.
        num_folds: how many folds, at least 2.

    Returns:
        one of `ks`.
    """
    raise NotImplementedError


def accuracy_vs_size(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_test: np.ndarray,
    y_test: np.ndarray,
    sizes: Sequence[int],
    k: int = 1,
) -> list[float]:
    """Accuracy on the test set when only the first n training rows are used, for every n of `sizes`.

    Args:
        X_train: training rows (N, D).
        y_train: their labels (N,).
        X_test: test rows (M, D).
        y_test: their labels (M,).
        sizes: numbers of training rows, in any order, each from k to N.
        k: how many neighbours vote.

    Returns:
        one accuracy, a fraction from 0 to 1, for every size, in the order of `sizes`.
    """
    raise NotImplementedError
