"""Everything done, by other methods: one-hot labels, labels as floats, results as arrays."""

import numpy as np


def svm_loss_naive(W, X, y, reg):
    n = len(X)
    total = 0
    grad = np.zeros_like(W)
    for k in range(n):
        s = np.dot(X[k], W)
        others = [c for c in range(W.shape[1]) if c != y[k]]
        for c in others:
            m = max(0, s[c] - s[y[k]] + 1)
            total = total + m
            if m:
                grad[:, c] = grad[:, c] + X[k] / n
                grad[:, y[k]] = grad[:, y[k]] - X[k] / n
    return total / n + reg * (W**2).sum(), grad + reg * 2 * W


def svm_loss_vectorized(W, X, y, reg):
    n, classes = len(X), W.shape[1]
    hot = np.eye(classes)[y]
    scores = X @ W
    gap = scores - (scores * hot).sum(1, keepdims=True) + 1
    active = ((gap > 0) & (hot == 0)).astype(float)
    loss = (gap * active).sum() / n + reg * np.sum(np.square(W))
    grad = X.T @ (active - hot * active.sum(1, keepdims=True)) / n + 2 * reg * W
    return loss, grad


class LinearClassifier:
    def __init__(self):
        self.W = None
        self.losses = []

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        if self.W is None:
            self.W = np.random.normal(scale=0.001, size=(X.shape[1], max(y) + 1))
        self.losses = []
        while len(self.losses) < num_iters:
            rows = np.random.randint(0, X.shape[0], batch_size)
            value, slope = self.loss(X[rows], y[rows], reg)
            self.losses.append(value)
            self.W = self.W - learning_rate * slope
            if verbose:
                print(len(self.losses), value)
        return np.array(self.losses)

    def predict(self, X):
        scores = X @ self.W
        labels = np.zeros(len(X))
        best = scores[:, 0]
        for c in range(1, scores.shape[1]):
            labels[scores[:, c] > best] = c
            best = np.maximum(best, scores[:, c])
        return labels

    def loss(self, X_batch, y_batch, reg):
        raise NotImplementedError


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    flat = [np.asarray(X, dtype=np.float32).reshape(len(X), -1) for X in [X_train, *others]]
    mean = flat[0].mean(axis=0)
    return [np.c_[(X - mean) / 255, np.ones(len(X), dtype=np.float32)] for X in flat]


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    results, machines = {}, {}
    for pair in [(lr, reg) for reg in regs for lr in learning_rates]:
        m = machines[pair] = LinearSVM()
        m.train(X_train, y_train, pair[0], pair[1], num_iters, 100)
        results[pair] = np.array([(m.predict(X_train) == y_train).mean(), (m.predict(X_val) == y_val).mean()])
    best = sorted(results, key=lambda pair: results[pair][1])[-1]
    return results, machines[best]


def weight_templates(W, image_shape=(32, 32, 3)):
    w = W[:-1] - W[:-1].min(axis=0)
    return np.rint(w / w.max(axis=0) * 255).T.reshape((-1,) + tuple(image_shape)).astype(np.uint8)
