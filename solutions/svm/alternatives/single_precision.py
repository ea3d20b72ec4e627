"""Right by other means: everything in float32, sums by matrix products with ones, broadcasting over pairs of classes."""

import numpy as np


def _single(*arrays):
    return [np.asarray(array, dtype=np.float32) for array in arrays]


def svm_loss_naive(W, X, y, reg):
    W, X = _single(W, X)
    loss, dW = np.float32(0), np.zeros_like(W)
    for i in range(len(X)):
        gaps = X[i] @ W - X[i] @ W[:, y[i]] + 1
        for j in np.flatnonzero(gaps > 0):
            if j != y[i]:
                loss += gaps[j]
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return np.float32(loss / len(X) + reg * np.square(W).sum()), (dW / len(X) + 2 * reg * W).astype(np.float32)


def svm_loss_vectorized(W, X, y, reg):
    W, X = _single(W, X)
    scores = X @ W
    gaps = scores - np.take_along_axis(scores, y[:, None], axis=1) + 1
    np.put_along_axis(gaps, y[:, None], 0, axis=1)
    on = (gaps > 0).astype(np.float32)
    np.put_along_axis(on, y[:, None], -on @ np.ones((W.shape[1], 1), np.float32), axis=1)
    share = np.float32(1 / len(X))
    return np.float32(np.maximum(gaps, 0).sum() * share + reg * np.square(W).sum()), share * (X.T @ on) + np.float32(
        2 * reg
    ) * W


class LinearClassifier:
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        classes = 1 + int(np.sort(y)[-1])
        if self.W is None:
            self.W = (np.random.standard_normal((X.shape[1], classes)) / 1000).astype(np.float32)
        history = {}
        for step in range(num_iters):
            rows = np.random.randint(0, len(X), batch_size)
            history[step], slope = self.loss(X[rows], y[rows], reg)
            self.W = (self.W - learning_rate * slope).astype(np.float32)
        return list(history.values())

    def predict(self, X):
        return np.argmax(X.astype(np.float32) @ self.W, axis=-1)


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    sets = [images.reshape(len(images), -1).astype(np.float32) for images in (X_train, *others)]
    mean = sets[0].mean(axis=0)
    return [np.append((rows - mean) / np.float32(255), np.ones((len(rows), 1), np.float32), axis=1) for rows in sets]


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    grid = [(rate, reg) for rate in learning_rates for reg in regs]
    machines = [LinearSVM() for _ in grid]
    for machine, (rate, reg) in zip(machines, grid, strict=True):
        machine.train(X_train, y_train, learning_rate=rate, reg=reg, num_iters=num_iters)
    scores = np.array([[np.mean(m.predict(X_train) == y_train), np.mean(m.predict(X_val) == y_val)] for m in machines])
    return dict(zip(grid, scores, strict=True)), machines[scores[:, 1].argmax()]


def weight_templates(W, image_shape=(32, 32, 3)):
    weights = W[:-1] - W[:-1].min(axis=0)
    weights = weights / weights.max(axis=0)
    return np.clip(weights.T.reshape(W.shape[1], *image_shape) * 256, 0, 255).astype(np.uint8)
