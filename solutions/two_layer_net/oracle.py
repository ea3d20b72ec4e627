"""What the layers and the network must give: float64, one row at a time, no matrix product."""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "NAMES", "affine", "affine_gradients", "centred", "descend", "flat", "net_gradients", "net_loss", "net_scores", "relu",
    "softmax",
]  # fmt: skip

NAMES = ("W1", "b1", "W2", "b2")


def centred(f, x, h):
    """(f(x + h) - f(x - h)) / (2 h) for every coordinate."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def flat(x):
    """(N, D) float64."""
    return np.asarray(x, np.float64).reshape(len(x), -1)


def affine(x, w, b):
    """(N, M)."""
    w = np.asarray(w, np.float64)
    return np.array([(row[:, None] * w).sum(axis=0) for row in flat(x)]) + np.asarray(b, np.float64)


def affine_gradients(x, w, dout):
    """dx, dw, db."""
    rows, douts, w = flat(x), np.asarray(dout, np.float64), np.asarray(w, np.float64)
    dx = np.array([(w * d).sum(axis=1) for d in douts]).reshape(x.shape)
    dw = sum(row[:, None] * d for row, d in zip(rows, douts, strict=True))
    return dx, dw, sum(douts)


def relu(x):
    """max(0, x)."""
    return np.where(x > 0, x, 0.0)


def softmax(x, y):
    """Mean cross-entropy, and its gradient (N, C)."""
    losses, dx = [], np.zeros(np.shape(x))
    for n, (row, label) in enumerate(zip(np.asarray(x, np.float64), y, strict=True)):
        top = row.max()
        log_sum = top + math.log(sum(math.exp(value - top) for value in row))
        losses.append(log_sum - row[label])
        dx[n] = [math.exp(value - log_sum) for value in row]
        dx[n, label] -= 1
    return math.fsum(losses) / len(losses), dx / len(losses)


def net_scores(params, X):
    """Logits (N, C)."""
    return affine(relu(affine(X, params["W1"], params["b1"])), params["W2"], params["b2"])


def net_loss(params, X, y, reg):
    """Softmax loss of the logits plus reg * (sum(W1 * W1) + sum(W2 * W2))."""
    return softmax(net_scores(params, X), y)[0] + reg * sum(float(np.square(params[name]).sum()) for name in ("W1", "W2"))


def net_gradients(params, X, y, reg):
    """The gradient of `net_loss` for each parameter."""
    before = affine(X, params["W1"], params["b1"])
    dscores = softmax(net_scores(params, X), y)[1]
    dactive, dW2, db2 = affine_gradients(relu(before), params["W2"], dscores)
    _, dW1, db1 = affine_gradients(X, params["W1"], np.where(before > 0, dactive, 0.0))
    return {"W1": dW1 + 2 * reg * params["W1"], "b1": db1, "W2": dW2 + 2 * reg * params["W2"], "b2": db2}


def descend(params, batches, learning_rate, momentum, reg, velocities=None):
    """Parameters, losses and velocities after a step for each (X, y) of `batches`; every loss is taken before its step."""
    params = {name: np.array(params[name], np.float64) for name in NAMES}
    velocities = dict(velocities or {name: np.zeros(params[name].shape) for name in NAMES})
    losses = []
    for X, y in batches:
        losses.append(net_loss(params, X, y, reg))
        gradients = net_gradients(params, X, y, reg)
        for name in NAMES:
            velocities[name] = momentum * velocities[name] - learning_rate * gradients[name]
            params[name] = params[name] + velocities[name]
    return params, losses, velocities
