"""Returns garbage of every kind."""

import numpy as np


class KNearestNeighbor:
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
            raise ValueError("Invalid value %d for num_loops" % num_loops)
        return self.predict_labels(dists, k=k)

    def compute_distances_two_loops(self, X):
        return None

    def compute_distances_one_loop(self, X):
        return "dists"

    def compute_distances_no_loops(self, X):
        return np.zeros((0,))

    def predict_labels(self, dists, k=1):
        return np.array([None] * len(dists))


def k_fold_accuracies(X, y, ks, num_folds=5):
    return {k: "good" for k in ks}


def choose_k(X_train, y_train, ks, num_folds=5):
    return KNearestNeighbor()


def accuracy_vs_size(X_train, y_train, X_test, y_test, sizes, k=1):
    return [float("nan")] * len(sizes)
