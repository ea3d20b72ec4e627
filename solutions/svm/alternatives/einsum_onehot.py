"""Right by other means: one-hot labels, einsum, 0-d arrays, labels as floats, a history as array, a generator of its own."""

import itertools

import numpy as np


def svm_loss_naive(W, X, y, reg):
    dW, loss = 2.0 * reg * W, reg * np.einsum("dc,dc->", W, W)
    for i, j in itertools.product(range(X.shape[0]), range(W.shape[1])):
        gap = 1.0 + np.einsum("d,d->", X[i], W[:, j] - W[:, y[i]])
        if gap <= 0 or j == y[i]:
            continue
        loss = loss + gap / X.shape[0]
        step = X[i] / X.shape[0]
        dW[:, [j, y[i]]] += np.stack([step, -step], axis=1)
    return np.array(loss), dW


def svm_loss_vectorized(W, X, y, reg):
    truth = np.eye(W.shape[1])[y]
    scores = np.einsum("nd,dc->nc", X, W, optimize=True)
    gaps = np.clip(scores - np.einsum("nc,nc->n", scores, truth)[:, np.newaxis] + 1 - truth, 0, None)
    pushes = np.sign(gaps)
    pushes -= truth * pushes.sum(axis=1, keepdims=True)
    loss = np.einsum("nc->", gaps) / len(y) + reg * np.einsum("dc,dc->", W, W)
    return np.asarray(loss), np.einsum("nd,nc->dc", X, pushes, optimize=True) / len(y) + 2 * reg * W


class LinearClassifier:
    W = None

    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        rng = np.random.default_rng()
        if self.W is None:
            self.W = rng.normal(loc=0.0, scale=1e-3, size=(X.shape[1], y.max() + 1))
        losses = np.empty(num_iters)
        for step in range(num_iters):
            picked = rng.choice(X.shape[0], batch_size)
            losses[step], slope = self.loss(X.take(picked, axis=0), y.take(picked), reg)
            self.W -= learning_rate * slope
        return losses

    def predict(self, X):
        return np.einsum("nd,dc->nc", X, self.W).argmax(axis=1).astype(float)


class LinearSVM(LinearClassifier):
    pass


def preprocess(X_train, *others):
    centre = np.mean(X_train.reshape(X_train.shape[0], -1), axis=0)
    ready = []
    for images in [X_train, *others]:
        rows = np.ones((images.shape[0], centre.size + 1))
        rows[:, :-1] = (images.reshape(images.shape[0], -1) - centre) / 255.0
        ready.append(rows)
    return tuple(ready)


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    trained = {}
    for pair in itertools.product(np.array(learning_rates), np.array(regs)):
        trained[pair] = LinearSVM()
        trained[pair].train(X_train, y_train, *pair, num_iters)
    results = {
        pair: np.array([(svm.predict(X) == y).mean() for X, y in ((X_train, y_train), (X_val, y_val))])
        for pair, svm in trained.items()
    }
    return results, trained[max(results, key=lambda pair: results[pair][1])]


def weight_templates(W, image_shape=(32, 32, 3)):
    pictures = np.moveaxis(W[:-1].reshape(*image_shape, -1), -1, 0)
    low, high = pictures.min(axis=(1, 2, 3), keepdims=True), pictures.max(axis=(1, 2, 3), keepdims=True)
    return np.rint((pictures - low) * (255.0 / (high - low))).astype("uint8")
