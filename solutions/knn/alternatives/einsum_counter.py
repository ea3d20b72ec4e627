"""Right by other means: np.linalg.norm per pair, einsum over pairs with optimize, Counter for the vote, float labels."""

from collections import Counter

import numpy as np


class KNearestNeighbor:
    def __init__(self):
        pass

    def train(self, X, y):
        self.X_train = X
        self.y_train = y

    def predict(self, X, k=1, num_loops=0):
        if num_loops == 0:
            dists = self.compute_distances_no_loops(X)
        elif num_loops == 1:
            dists = self.compute_distances_one_loop(X)
        elif num_loops == 2:
            dists = self.compute_distances_two_loops(X)
        else:
            raise ValueError(f"Invalid value {num_loops} for num_loops")
        return self.predict_labels(dists, k=k)

    def compute_distances_two_loops(self, X):
        num_test, num_train = X.shape[0], self.X_train.shape[0]
        dists = np.zeros((num_test, num_train))
        for i in range(num_test):
            for j in range(num_train):
                dists[i, j] = np.linalg.norm(X[i] - self.X_train[j])
        return dists

    def compute_distances_one_loop(self, X):
        dists = np.zeros((X.shape[0], self.X_train.shape[0]))
        for i in range(X.shape[0]):
            dists[i, :] = np.linalg.norm(self.X_train - X[i, :], axis=1)
        return dists

    def compute_distances_no_loops(self, X):
        cross = np.einsum("id,jd->ij", X, self.X_train, optimize=True)
        squares = np.sum(X**2, axis=1, keepdims=True) + np.sum(self.X_train**2, axis=1) - 2 * cross
        return np.sqrt(squares.clip(min=0))

    def predict_labels(self, dists, k=1):
        y_pred = np.zeros(len(dists))
        for i, row in enumerate(dists):
            closest = sorted(self.y_train[np.argsort(row)[:k]])
            y_pred[i] = Counter(closest).most_common(1)[0][0]
        return y_pred


def k_fold_accuracies(X, y, ks, num_folds=5):
    X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)
    result = {}
    for k in ks:
        result[k] = []
        for i in range(num_folds):
            knn = KNearestNeighbor()
            knn.train(np.concatenate(X_folds[:i] + X_folds[i + 1 :]), np.concatenate(y_folds[:i] + y_folds[i + 1 :]))
            result[k].append(np.mean(knn.predict(X_folds[i], k=k) == y_folds[i]))
    return result


def choose_k(X_train, y_train, ks, num_folds=5):
    means = {k: np.mean(v) for k, v in k_fold_accuracies(X_train, y_train, ks, num_folds).items()}
    best = None
    for k in sorted(means):
        if best is None or means[k] > means[best]:
            best = k
    return best


def accuracy_vs_size(X_train, y_train, X_test, y_test, sizes, k=1):
    result = np.zeros(len(sizes))
    for place, size in enumerate(sizes):
        knn = KNearestNeighbor()
        knn.train(X_train[:size], y_train[:size])
        result[place] = np.sum(knn.predict(X_test, k) == y_test) / len(y_test)
    return result
