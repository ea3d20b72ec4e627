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
        # BEGIN SOLUTION
        methods = {
            0: self.compute_distances_no_loops,
            1: self.compute_distances_one_loop,
            2: self.compute_distances_two_loops,
        }
        if num_loops not in methods:
            raise ValueError(f"num_loops must be 0, 1 or 2, not {num_loops!r}")
        return self.predict_labels(methods[num_loops](X), k)
        # END SOLUTION

    def compute_distances_two_loops(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances, one pair of rows at a time.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        # BEGIN SOLUTION
        dists = np.empty((len(X), len(self.X_train)))
        for i, query in enumerate(X):
            for j, row in enumerate(self.X_train):
                dists[i, j] = np.sqrt(np.sum((query - row) ** 2))
        return dists
        # END SOLUTION

    def compute_distances_one_loop(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances in a single loop, over the query rows or over the training rows.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        # BEGIN SOLUTION
        dists = np.empty((len(X), len(self.X_train)))
        for i, query in enumerate(X):
            dists[i] = np.sqrt(np.sum((self.X_train - query) ** 2, axis=1))  # (N, D) -> (N,)
        return dists
        # END SOLUTION

    def compute_distances_no_loops(self, X: np.ndarray) -> np.ndarray:
        """Euclidean distances by one matrix product: no loop, and no temporary of shape (M, N, D).

        Rows that coincide get a distance of 0 up to rounding, never NaN.

        Args:
            X: query rows (M, D).

        Returns:
            dists (M, N): dists[i, j] is the distance of query row i to training row j.
        """
        # BEGIN SOLUTION
        # |x - t|^2 = |x|^2 - 2 x.t + |t|^2, gathered in the array that the matrix product leaves behind.
        squared = X @ self.X_train.T  # (M, N)
        squared *= -2
        squared += np.einsum("ij,ij->i", X, X)[:, None]
        squared += np.einsum("ij,ij->i", self.X_train, self.X_train)
        # Rounding can leave a tiny negative number where two rows coincide, and its root would be NaN.
        np.maximum(squared, 0, out=squared)
        return np.sqrt(squared, out=squared)
        # END SOLUTION

    def predict_labels(self, dists: np.ndarray, k: int = 1) -> np.ndarray:
        """The most frequent label among the k nearest training rows; of equally frequent labels the smallest.

        Args:
            dists: distances (M, N) of M queries to the N training rows.
            k: how many neighbours vote, 1 <= k <= N.

        Returns:
            labels (M,).
        """
        # BEGIN SOLUTION
        nearest = np.argsort(dists, axis=1)[:, :k]  # (M, k)
        labels = np.unique(self.y_train)  # (L,), ascending
        votes = (self.y_train[nearest][:, :, None] == labels).sum(axis=1)  # (M, k, L) -> (M, L)
        # argmax takes the first of several maxima, and the labels ascend: ties go to the smallest.
        return labels[votes.argmax(axis=1)]
        # END SOLUTION


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
    # BEGIN SOLUTION
    accuracies: dict[int, list[float]] = {k: [] for k in ks}
    for held_out in np.array_split(np.arange(len(X)), num_folds):
        rest = np.delete(np.arange(len(X)), held_out)
        knn = KNearestNeighbor()
        knn.train(X[rest], y[rest])
        dists = knn.compute_distances_no_loops(X[held_out])
        for k in ks:
            accuracies[k].append(float(np.mean(knn.predict_labels(dists, k) == y[held_out])))
    return accuracies
    # END SOLUTION


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
    # BEGIN SOLUTION
    accuracies = k_fold_accuracies(X_train, y_train, ks, num_folds)
    return min(ks, key=lambda k: (-np.mean(accuracies[k]), k))
    # END SOLUTION


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
    # BEGIN SOLUTION
    accuracies = []
    for size in sizes:
        knn = KNearestNeighbor()
        knn.train(X_train[:size], y_train[:size])
        accuracies.append(float(np.mean(knn.predict(X_test, k) == y_test)))
    return accuracies
    # END SOLUTION
