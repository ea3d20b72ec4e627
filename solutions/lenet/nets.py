"""What the networks compute, in NumPy and float64, from a list of their steps; and what is computed with one step wrong."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["NETS", "Step", "change", "conv", "count", "forward", "pooled", "specs", "through"]

# One step: its name, the outputs (and the inputs of a layer), the sides of a window, the padding.
Step = tuple[object, ...]


def _block(inputs, outputs, norm=False, pool=("pool", 2)):
    return [("conv", outputs, inputs, 3, 1), *([("norm", outputs)] if norm else []), ("relu",), *([pool] if pool else [])]


NETS = {
    "LeNet": [
        ("conv", 6, 1, 5, 0), ("pool", 2), ("relu",), ("conv", 16, 6, 5, 0), ("pool", 2), ("relu",), ("flatten",),
        ("linear", 120, 256), ("relu",), ("linear", 84, 120), ("relu",), ("linear", 10, 84),
    ],
    "BasicCNN": [
        *_block(1, 16), *_block(16, 32), ("flatten",), ("linear", 128, 1568), ("relu",), ("linear", 10, 128),
    ],
    "DeepCNN": [
        *_block(1, 32, True), *_block(32, 64, True), *_block(64, 128, True),
        ("flatten",), ("linear", 256, 1152), ("relu",), ("dropout",), ("linear", 10, 256),
    ],
    "CifarCNN": [
        *_block(3, 32, pool=None), *_block(32, 64), *_block(64, 128, pool=None), *_block(128, 128),
        *_block(128, 256, pool=None), *_block(256, 256),
        ("flatten",), ("linear", 1024, 4096), ("relu",), ("linear", 512, 1024), ("relu",), ("linear", 10, 512),
    ],
    "SimpleCNN": [
        *_block(3, 32), *_block(32, 64), *_block(64, 128, pool=("adaptive", 4)),
        ("flatten",), ("linear", 128, 2048), ("relu",), ("dropout",), ("linear", 10, 128),
    ],
}  # fmt: skip


def specs(steps):
    """(what it is, shape of the weight) of every layer, in order."""
    found, numbers = [], {"conv": 0, "linear": 0, "norm": 0}
    words = {"conv": "convolution", "linear": "linear layer", "norm": "batch norm"}
    for step in steps:
        if step[0] in numbers:
            numbers[step[0]] += 1
            name = f"{words[step[0]]} {numbers[step[0]]}"
            shape = (step[1],) if step[0] == "norm" else (step[1], step[2], *([step[3]] * 2 if step[0] == "conv" else []))
            found.append((name, step[0], shape))
    return found


def count(steps):
    """How many numbers are trained."""
    return sum(math.prod(shape) + shape[0] for _, _, shape in specs(steps))


def conv(x, w, b, pad):
    """(N, C, H, W) -> (N, F, H', W'), not flipped."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))  # (N, C, H', W', k, k)
    return np.moveaxis(np.tensordot(windows, w, ([1, 4, 5], [1, 2, 3])), -1, 1) + b[:, None, None]


def pooled(x, size, kind=np.max):
    """One value for every window; what is left over is left out."""
    rows, columns = x.shape[2] // size, x.shape[3] // size
    cut = x[:, :, : rows * size, : columns * size].reshape(*x.shape[:2], rows, size, columns, size)
    return kind(cut, axis=(3, 5))


def _adaptive(x, size):
    """Means of size x size windows: window i of n pixels goes from floor(i n / size) to ceil((i + 1) n / size)."""
    out = np.zeros((*x.shape[:2], size, size))
    borders = [[(i * n // size, -(-(i + 1) * n // size)) for i in range(size)] for n in x.shape[2:]]
    for (i, (top, bottom)), (j, (left, right)) in ((a, b) for a in enumerate(borders[0]) for b in enumerate(borders[1])):
        out[:, :, i, j] = x[:, :, top:bottom, left:right].mean(axis=(2, 3))
    return out


def _normed(x, p, training):
    """Batch norm, and in training its running statistics afterwards (momentum 0.1, the variance divided by n - 1)."""
    mean, var = p["mean"], p["var"]
    if training:
        n = x.size // x.shape[1]
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        p["mean"], p["var"] = 0.9 * p["mean"] + 0.1 * mean, 0.9 * p["var"] + 0.1 * var * n / (n - 1)
    scale = p["weight"] / np.sqrt(var + 1e-5)
    return x * scale[:, None, None] + (p["bias"] - mean * scale)[:, None, None]


def through(steps, parameters, x, *, training=False):
    """What is there after each step. `parameters`: a dict for each layer; running statistics in it move in training.

    Dropout is left out here.
    """
    layers, values = iter(parameters), []
    x = np.asarray(x, np.float64)
    for step in steps:
        x = _after(step, x, layers, training)
        values.append(x)
    return values


def _after(step, x, layers, training):
    name = step[0]
    if name == "conv":
        p = next(layers)
        return conv(x, p["weight"], p["bias"], step[4])
    if name == "linear":
        p = next(layers)
        return x @ p["weight"].T + p["bias"]
    if name == "norm":
        return _normed(x, next(layers), training)
    if name == "drop_norm":
        next(layers)
        return x
    simple = {
        "relu": lambda: np.maximum(x, 0), "pool": lambda: pooled(x, step[1]), "mean": lambda: pooled(x, step[1], np.mean),
        "adaptive": lambda: _adaptive(x, step[1]),
        "flatten": lambda: x.reshape(len(x), -1), "dropout": lambda: x,
        "hwc": lambda: x.transpose(0, 2, 3, 1).reshape(len(x), -1),
        "mixed": lambda: np.moveaxis(x, 0, -1).reshape(len(x), -1),
        "exchanged": lambda: x.swapaxes(0, 1).reshape(len(x), -1),
        "sigmoid": lambda: 1 / (1 + np.exp(-x)), "tanh": lambda: np.tanh(x),
        "softmax": lambda: _softmax(x), "log_softmax": lambda: np.log(_softmax(x)),
    }  # fmt: skip
    return simple[name]()


def _softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(steps, parameters, x, *, training=False):
    """Logits."""
    return through(steps, parameters, x, training=training)[-1]


def change(steps, index, *new):
    """The steps with the one at this index replaced by `new`."""
    return [*steps[:index], *new, *steps[index + 1 :]]
