"""Right by other means: Python's own numbers, lists and random; in the vectorized loss a loop over the classes only."""

import random

import numpy as np


def svm_loss_naive(W, X, y, reg):
    weights, columns = W.tolist(), range(W.shape[1])
    total, slopes = 0.0, [[0.0 for _ in columns] for _ in weights]
    for x, label in zip(X.tolist(), y.tolist(), strict=True):
        scores = [sum(a * row[j] for a, row in zip(x, weights, strict=True)) for j in columns]
        for j in columns:
            margin = scores[j] - scores[label] + 1
            if j != label and margin > 0:
                total += margin
                for d, a in enumerate(x):
                    slopes[d][j] += a
                    slopes[d][label] -= a
    squares = sum(w * w for row in weights for w in row)
    gradient = [[s / len(X) + 2 * reg * w for s, w in zip(*rows, strict=True)] for rows in zip(slopes, weights, strict=True)]
    return total / len(X) + reg * squares, gradient


def svm_loss_vectorized(W, X, y, reg):
    scores = X @ W
    true = np.choose(y, scores.T) if W.shape[1] <= 30 else scores[np.arange(len(y)), y]
    loss, pushes = reg * float((W**2).sum()), np.zeros_like(scores)
    for j in range(W.shape[1]):
        gap = np.where(y == j, 0.0, scores[:, j] - true + 1)
        loss += float(gap[gap > 0].sum()) / len(y)
        pushes[:, j] += gap > 0
    for j in range(W.shape[1]):
        pushes[y == j, j] = -pushes[y == j].sum(axis=1)
    return [loss, X.T @ pushes / len(y) + 2 * reg * W]


class LinearClassifier:
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        if self.W is None:
            self.W = np.array([[random.gauss(0, 0.001) for _ in range(max(y) + 1)] for _ in X[0]])
        history, left = [], num_iters
        while left > 0:
            chosen = [random.randrange(len(X)) for _ in range(batch_size)]
            loss, gradient = self.loss(X[chosen], y[chosen], reg)
            history += [loss]
            self.W = np.subtract(self.W, np.multiply(learning_rate, gradient))
            left -= 1
            if verbose:
                print(f"{left} to go: {loss}")
        return history

    def predict(self, X):
        return [max(range(len(scores)), key=scores.__getitem__) for scores in (X @ self.W).tolist()]


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    rows = [np.array([np.ravel(image) for image in part], dtype=float) for part in (X_train, *others)]
    mean = rows[0].sum(axis=0) / len(rows[0])
    return [np.c_[(part - mean) / 255, np.ones(len(part))] for part in rows]


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    def share(svm, X, y):
        return sum(guess == label for guess, label in zip(svm.predict(X), y.tolist(), strict=True)) / len(y)

    results, ranking = {}, []
    for rate in reversed(learning_rates):
        for reg in regs:
            svm = LinearSVM()
            svm.train(X_train, y_train, rate, reg, num_iters)
            results[rate, reg] = [share(svm, X_train, y_train), share(svm, X_val, y_val)]
            ranking.append((results[rate, reg][1], len(ranking), svm))
    return [results, max(ranking)[2]]


def weight_templates(W, image_shape=(32, 32, 3)):
    pictures = []
    for weights in W[:-1].T.tolist():
        low, high = min(weights), max(weights)
        pictures.append(bytes(round(255 * (w - low) / (high - low)) for w in weights))
    return np.frombuffer(b"".join(pictures), dtype=np.uint8).reshape(len(pictures), *image_shape)
