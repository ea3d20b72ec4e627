"""Right by other means: classes for the loss, the descent and the preparation, margins by a mask of the true classes."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Hinge:
    """Loss and gradient of one batch, both from the table of margins."""

    W: np.ndarray
    X: np.ndarray
    y: np.ndarray
    reg: float

    def __post_init__(self):
        scores = self.X @ self.W
        self.own = np.arange(self.W.shape[1])[None, :] == self.y[:, None]
        self.gaps = np.where(self.own, 0, scores - scores[self.own][:, None] + 1)
        self.positive = self.gaps > 0

    def value(self):
        return np.mean(np.sum(self.gaps * self.positive, axis=1)) + self.reg * np.vdot(self.W, self.W)

    def slope(self):
        balance = self.positive - self.own * np.count_nonzero(self.positive, axis=1)[:, None]
        return np.tensordot(self.X, balance, axes=(0, 0)) / len(self.X) + 2 * self.reg * self.W

    def both(self):
        return self.value(), self.slope()


def svm_loss_vectorized(W, X, y, reg):
    return Hinge(W, X, y, reg).both()


def svm_loss_naive(W, X, y, reg):
    """One row at a time, as a batch of its own without regularisation, one class at a time within it."""
    value, slope = 0.0, np.zeros(W.shape)
    for x, label in zip(X, y, strict=True):
        for j in [c for c in range(W.shape[1]) if c != label]:
            difference = np.zeros(W.shape)
            difference[:, j], difference[:, label] = x, -x
            margin = 1 + np.sum(difference * W)
            value += max(margin, 0)
            slope += difference * (margin > 0)
    return value / len(X) + reg * np.sum(W**2), slope / len(X) + reg * (W + W)


class Descent:
    def __init__(self, rate):
        self.rate = rate
        self.history = []

    def step(self, model, X, y, reg):
        loss, slope = model.loss(X, y, reg)
        self.history.append(float(loss))
        model.W = model.W - self.rate * slope


class LinearClassifier:
    def __init__(self, W=None):
        self.W = W
        self.optimiser = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        if self.W is None:
            self.W = np.random.normal(0, 0.001, (X.shape[-1], len(np.bincount(y))))
        self.optimiser = Descent(learning_rate)
        for number in range(num_iters):
            rows = np.floor(np.random.random(batch_size) * len(X)).astype(int)
            self.optimiser.step(self, X[rows], y[rows], reg)
            if verbose and number + 1 == num_iters:
                print("done:", self.optimiser.history[-1])
        return self.optimiser.history

    def scores(self, X):
        return X @ self.W

    def predict(self, X):
        scores = self.scores(X)
        return (scores == scores.max(axis=1, keepdims=True)).argmax(axis=1)


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return Hinge(self.W, X_batch, y_batch, reg).both()

    def accuracy(self, X, y):
        return 1.0 - np.count_nonzero(self.predict(X) - y) / len(y)


class Preparation:
    def __init__(self, images):
        self.mean = self.flat(images).mean(axis=0, keepdims=True)

    @staticmethod
    def flat(images):
        return np.true_divide(images, 255).reshape(len(images), -1)

    def __call__(self, images):
        return np.pad(self.flat(images) - self.mean, ((0, 0), (0, 1)), constant_values=1)


def preprocess(X_train, *others):
    prepare = Preparation(X_train)
    return [prepare(X_train), *map(prepare, others)]


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    table, models = {}, []
    for rate in learning_rates:
        for reg in regs:
            model = LinearSVM()
            model.train(X_train, y_train, rate, reg, num_iters, batch_size=128)
            table[(rate, reg)] = model.accuracy(X_train, y_train), model.accuracy(X_val, y_val)
            models.append(model)
    return table, max(models, key=lambda model: model.accuracy(X_val, y_val))


def weight_templates(W, image_shape=(32, 32, 3)):
    return np.stack([np.interp(w, (w.min(), w.max()), (0, 255)).astype(np.uint8).reshape(image_shape) for w in W[:-1].T])
