"""Right by other means: a heap of pairs, np.unique for the vote, NaN replaced after the root, one loop by the expansion."""

import heapq
import warnings

import numpy as np


class KNearestNeighbor:
    def train(self, X, y):
        self.X_train, self.y_train = X, y

    def predict(self, X, k=1, num_loops=0):
        try:
            loops = ("no_loops", "one_loop", "two_loops")[{0: 0, 1: 1, 2: 2}[num_loops]]
        except KeyError:
            raise ValueError(f"no such method: {num_loops}") from None
        return self.predict_labels(getattr(self, f"compute_distances_{loops}")(X), k)

    def compute_distances_two_loops(self, X):
        dists = np.full((X.shape[0], self.X_train.shape[0]), np.nan)
        i = 0
        while i < X.shape[0]:
            for j in range(self.X_train.shape[0]):
                dists[i, j] = np.sqrt(np.power(X[i] - self.X_train[j], 2).sum(dtype=np.float64))
            i += 1
        return dists

    def compute_distances_one_loop(self, X):
        """The expansion, one row of the matrix product at a time."""
        norms = np.sum(self.X_train * self.X_train, axis=1)
        dists = np.zeros((X.shape[0], self.X_train.shape[0]))
        for i in range(X.shape[0]):
            dists[i] = np.sqrt(np.maximum(norms + X[i].dot(X[i]) - 2 * self.X_train.dot(X[i]), 0))
        return dists

    def compute_distances_no_loops(self, X):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            norms = np.sum(X**2, 1).reshape(-1, 1) + np.sum(self.X_train**2, 1).reshape(1, -1)
            return np.nan_to_num(np.sqrt(norms - 2 * X.dot(self.X_train.T)))

    def predict_labels(self, dists, k=1):
        predicted = []
        for row in dists:
            pairs = heapq.nsmallest(k, zip(row.tolist(), self.y_train.tolist(), strict=True))
            labels, counts = np.unique([label for _, label in pairs], return_counts=True)
            predicted.append(labels[np.argmax(counts)])
        return np.array(predicted, dtype=np.float32)


def k_fold_accuracies(X, y, ks, num_folds=5):
    pieces = list(zip(np.array_split(X, num_folds), np.array_split(y, num_folds), strict=True))
    result = {int(k): np.empty(num_folds) for k in ks}
    for i, (X_val, y_val) in enumerate(pieces):
        others = pieces[:i] + pieces[i + 1 :]
        knn = KNearestNeighbor()
        knn.train(np.vstack([X_part for X_part, _ in others]), np.hstack([y_part for _, y_part in others]))
        for k in result:
            result[k][i] = float(sum(knn.predict(X_val, k, 2) == y_val)) / len(y_val)
    return result


def choose_k(X_train, y_train, ks, num_folds=5):
    result = k_fold_accuracies(X_train, y_train, sorted(ks), num_folds)
    return sorted(result, key=lambda k: -result[k].mean())[0]


def accuracy_vs_size(X_train, y_train, X_test, y_test, sizes, k=1):
    def accuracy(size):
        knn = KNearestNeighbor()
        knn.train(X_train[:size].copy(), y_train[:size].copy())
        return np.mean(knn.predict(X_test, k) == y_test)

    return list(map(accuracy, sizes))
