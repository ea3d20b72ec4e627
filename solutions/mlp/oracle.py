"""What is right, in NumPy and float64: the networks, gradients written out, SGD and Adam from their papers' formulas.

A network is a list of layers (weight (out, in), bias (out,)), as nn.Linear holds them.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "XOR", "adam", "bends", "bias_gradients", "cross_entropy", "epoch_means", "logistic", "momentum", "nearest", "outputs",
    "relu", "same", "sgd", "share", "sigmoid", "softmax", "walk",
]  # fmt: skip

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float64), np.array([0, 1, 1, 0])


def relu(x):
    """max(x, 0)."""
    return np.where(x > 0, x, 0.0)


def same(x):
    """x."""
    return x


def sigmoid(x):
    """1 / (1 + exp(-x)), by the exponential that does not overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softmax(x, axis=1):
    """exp(x) over its sum along an axis."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def bends(layers, x, bend=relu, scale=1.0):
    """What goes into each layer, and last what comes out of the last one, before anything behind it."""
    values = [np.asarray(x, np.float64).reshape(len(x), -1)]
    for n, (weight, bias) in enumerate(layers):
        out = values[-1] @ np.asarray(weight, np.float64).T + bias
        values.append(out if n == len(layers) - 1 else scale * bend(out))
    return values


def outputs(layers, x, bend=relu, last=same):
    """What the network gives for x."""
    return last(bends(layers, x, bend)[-1])


def _back(layers, values, slopes, scale=1.0):
    """The gradients of each layer, given that of the output of the last one."""
    gradients = []
    for n in reversed(range(len(layers))):
        gradients.append((slopes.T @ values[n], slopes.sum(axis=0)))
        slopes = slopes @ np.asarray(layers[n][0], np.float64) * (scale * (values[n] > 0))
    return gradients[::-1]


def bias_gradients(layers, x, upstream, bend=relu, slope=None):
    """Of sum(outputs * upstream) with respect to each bias. `slope`: of what comes behind, from its input, or None."""
    values = bends(layers, x, bend)
    slopes = upstream * (1.0 if slope is None else slope(values[-1]))
    found = []
    for n in reversed(range(len(layers))):
        found.append(slopes.sum(axis=0))
        slopes = slopes @ np.asarray(layers[n][0], np.float64) * (1.0 if bend is same else values[n] > 0)
    return found[::-1]


# ---------------------------------------------------------------- losses: (of each row, slopes of their mean)


def logistic(out, y):
    """Binary cross-entropy of sigmoid(out): log(1 + exp(-out)) for 1, log(1 + exp(out)) for 0."""
    y = y[:, None]
    losses = np.logaddexp(0, out) - y * out
    return losses[:, 0], (sigmoid(out) - y) / len(out)


def cross_entropy(out, y):
    """-log softmax(out) at the label."""
    p = softmax(out)
    shifted = out - out.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]
    return losses, (p - np.eye(out.shape[1])[y]) / len(out)


# ---------------------------------------------------------------- steps


def sgd(rate):
    """w - rate * gradient."""
    return lambda w, g, state: (w - rate * g, state)


def momentum(rate, keep=0.9):
    """v = keep * v + gradient, w - rate * v."""

    def step(w, g, state):
        velocity = keep * (0.0 if state is None else state) + g
        return w - rate * velocity, velocity

    return step


def adam(rate, first=0.9, second=0.999, eps=1e-8):
    """Kingma and Ba: means of gradients and of their squares, each corrected for its start at 0."""

    def step(w, g, state):
        m, v, t = (0.0, 0.0, 0) if state is None else state
        m, v, t = first * m + (1 - first) * g, second * v + (1 - second) * g**2, t + 1
        return w - rate * (m / (1 - first**t)) / (np.sqrt(v / (1 - second**t)) + eps), (m, v, t)

    return step


def walk(layers, batches, step, loss, *, scale=1.0, seen=None):
    """Layers after one step for each batch (x, y), and the mean loss of each batch before its step.

    `scale`: of the hidden units. `seen`: a list that collects how near an input of ReLU came to 0.
    """
    layers = [[np.array(part, np.float64) for part in layer] for layer in layers]
    states = [[None, None] for _ in layers]
    losses = []
    for x, y in batches:
        values = bends(layers, x, scale=scale)
        if seen is not None:
            seen.append(nearest(layers, values))
        each, slopes = loss(values[-1], y)
        losses.append(each.mean())
        for n, gradients in enumerate(_back(layers, values, slopes, scale)):
            for part, gradient in enumerate(gradients):
                layers[n][part], states[n][part] = step(layers[n][part], gradient, states[n][part])
    return layers, np.array(losses)


def nearest(layers, values):
    """How near an input of ReLU comes to 0; `values`: what goes into each layer."""
    return min(np.abs(x @ weight.T + bias).min() for (weight, bias), x in zip(layers[:-1], values, strict=False))


def epoch_means(losses, counts):
    """Of the batches' mean losses (epochs * batches,), the mean of the samples of each epoch."""
    return losses.reshape(-1, len(counts)) @ counts / np.sum(counts)


def share(logits, y):
    """The share of rows whose largest logit is at the label."""
    return sum(int(max(range(len(row)), key=row.__getitem__) == label) for row, label in zip(logits, y, strict=True)) / len(
        y
    )
