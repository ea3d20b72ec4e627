"""The reference's method with float32 images kept as they are, an SVD-free initialisation and generators for batches."""

from itertools import product

import numpy as np


def numeric_gradient(f, x, h=1e-5):
    gradient = np.empty(x.shape)
    for index in product(*map(range, x.shape)):
        kept = x[index]
        values = []
        for moved in (kept + h, kept - h):
            x[index] = moved
            values.append(f(x.copy()))
        x[index] = kept
        gradient[index] = np.subtract(*values) / (2.0 * h)
    return gradient


def softmax_loss(x, y):
    z = (x.T - x.max(1)).T
    e = np.exp(z)
    s = e.sum(1)
    p = (e.T / s).T
    loss = np.average(np.log(s) - z[range(len(y)), y])
    p[range(len(y)), y] -= 1
    p /= len(y)
    return loss, p


def affine_forward(x, w, b):
    return np.dot(x.reshape(x.shape[0], -1), w) + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = np.dot(dout, w.T).reshape(*x.shape)
    dw = np.tensordot(x.reshape(x.shape[0], -1), dout, axes=(0, 0))
    db = np.add.reduce(dout).reshape(b.shape)
    return dx, dw, db


def relu_forward(x):
    return (x + np.abs(x)) / 2, x


def relu_backward(dout, cache):
    return dout * np.heaviside(cache, 0)


def momentum_step(w, dw, v, learning_rate, momentum):
    v[...] = momentum * v - learning_rate * dw
    return w + v, v


def batches(count, size):
    order = np.random.choice(count, count, replace=False)
    for step in range(max(count // size, 1)):
        yield order[step * size : step * size + size]


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, num_classes, weight_scale=1e-2, seed=0):
        rng = np.random.Generator(np.random.PCG64(seed))
        self.params = {
            "W1": rng.standard_normal((input_size, hidden_size)) * weight_scale, "b1": np.zeros(hidden_size),
            "W2": rng.standard_normal((hidden_size, num_classes)) * weight_scale, "b2": np.zeros(num_classes),
        }  # fmt: skip

    def set_params(self, params):
        self.params = {name: np.array(value, dtype=float) for name, value in params.items()}

    def _forward(self, X):
        hidden, first = affine_forward(X, self.params["W1"], self.params["b1"])
        active, mask = relu_forward(hidden)
        scores, second = affine_forward(active, self.params["W2"], self.params["b2"])
        return scores, (first, mask, second)

    def loss(self, X, y=None, reg=0.0):
        scores, (first, mask, second) = self._forward(X)
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        grads = {}
        d, grads["W2"], grads["b2"] = affine_backward(d, second)
        _, grads["W1"], grads["b1"] = affine_backward(relu_backward(d, mask), first)
        for name in ["W1", "W2"]:
            loss += reg * float(np.vdot(self.params[name], self.params[name]))
            grads[name] += 2 * reg * self.params[name]
        return np.float32(loss) if X.dtype == np.float32 else loss, grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-2, momentum=0.9, reg=1e-4, num_epochs=10, batch_size=100):
        loss_history, train_acc, val_acc = [], [], []
        v = {k: np.zeros(self.params[k].shape) for k in self.params}
        for _ in range(num_epochs):
            for rows in batches(len(X), batch_size):
                loss, grads = self.loss(X[rows], y[rows], reg)
                loss_history += [loss]
                for k in grads:
                    self.params[k], v[k] = momentum_step(self.params[k], grads[k], v[k], learning_rate, momentum)
            train_acc += [np.mean(self.predict(X) == y)]
            val_acc += [np.mean(self.predict(X_val) == y_val)]
        return {"loss": loss_history, "train_acc": train_acc, "val_acc": val_acc}

    def predict(self, X):
        return np.argmax(self._forward(X)[0], axis=-1)
