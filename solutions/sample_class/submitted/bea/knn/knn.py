"""Everything done, by other methods; labels as a list."""

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
        return np.array([[np.linalg.norm(x - t) for t in self.X_train] for x in X])

    def compute_distances_one_loop(self, X):
        return np.stack([np.linalg.norm(self.X_train - x, axis=1) for x in X])

    def compute_distances_no_loops(self, X):
        squares = np.einsum("ij,ij->i", X, X)[:, None] + np.einsum("ij,ij->i", self.X_train, self.X_train)
        squares -= 2 * np.matmul(X, self.X_train.T)
        return np.sqrt(squares.clip(min=0))

    def predict_labels(self, dists, k=1):
        nearest = np.argpartition(dists, k - 1, axis=1)[:, :k]
        answer = []
        for row in self.y_train[nearest]:
            labels, counts = np.unique(row, return_counts=True)
            answer.append(int(labels[counts.argmax()]))
        return answer


def k_fold_accuracies(X, y, ks, num_folds=5):
    X_folds, y_folds = np.array_split(X, num_folds), np.array_split(y, num_folds)
    result = {}
    for k in ks:
        result[k] = []
        for f in range(num_folds):
            X_train = np.concatenate(X_folds[:f] + X_folds[f + 1 :])
            y_train = np.concatenate(y_folds[:f] + y_folds[f + 1 :])
            model = KNearestNeighbor()
            model.train(X_train, y_train)
            result[k].append(np.mean(model.predict(X_folds[f], k=k) == y_folds[f]))
    return result


def choose_k(X_train, y_train, ks, num_folds=5):
    accuracies = k_fold_accuracies(X_train, y_train, ks, num_folds)
    return max(sorted(ks), key=lambda k: np.mean(accuracies[k]))


def accuracy_vs_size(X_train, y_train, X_test, y_test, sizes, k=1):
    result = []
    for n in sizes:
        model = KNearestNeighbor()
        model.train(X_train[:n], y_train[:n])
        result.append(float(np.mean(model.predict(X_test, k=k) == y_test)))
    return result
