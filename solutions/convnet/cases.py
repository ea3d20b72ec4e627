"""Inputs of the hidden suite. No maximum ties, and no ReLU input that decides a result lies at its kink."""

from __future__ import annotations

import functools

import numpy as np
from course_data import cifar_like, digits

from grader.checks import distinct, draw_until

from .oracle import net_layers, parameter_shapes

__all__ = [
    "CONV_CASES", "DIGITS", "FIVE", "POOL_CASES", "conv_case", "digit_set", "five_images", "net_case", "pool_case",
    "small_net",
]  # fmt: skip

GAP = 1e-3

# What the handout calls them: N, C, H, W, F, HH, WW, stride, pad, dtype. N, C, H, W and F are distinct and above 1.
CONV_CASES = {
    "pad 0": (2, 3, 7, 6, 4, 3, 3, 1, 0, "float64"),
    "pad 1": (3, 2, 5, 7, 4, 3, 3, 1, 1, "float64"),
    "pad 2": (2, 4, 6, 5, 3, 3, 3, 1, 2, "float64"),
    "pad 0, stride 2": (3, 2, 7, 9, 4, 3, 3, 2, 0, "float64"),
    "pad 1, stride 2": (2, 3, 7, 5, 4, 3, 3, 2, 1, "float64"),
    "pad 2, stride 2": (4, 2, 5, 7, 3, 3, 3, 2, 2, "float64"),
    "windows higher than wide": (2, 3, 8, 5, 4, 4, 2, 1, 1, "float64"),
    "windows wider than high": (3, 2, 6, 8, 4, 2, 5, 1, 2, "float64"),
    "windows of one pixel": (2, 3, 4, 5, 6, 1, 1, 1, 0, "float64"),
    "windows that do not tile": (2, 3, 8, 6, 4, 3, 3, 2, 0, "float64"),
    "float32": (3, 4, 6, 7, 5, 3, 3, 1, 1, "float32"),
}

# N, C, H, W, pool_height, pool_width, stride, dtype
POOL_CASES = {
    "separate windows": (2, 3, 6, 8, 2, 2, 2, "float64"),
    "overlapping windows": (3, 2, 7, 9, 3, 3, 2, "float64"),
    "overlapping windows, stride 1": (2, 4, 5, 6, 3, 3, 1, "float64"),
    "windows higher than wide": (2, 3, 7, 8, 3, 2, 2, "float64"),
    "windows wider than high": (3, 2, 8, 6, 2, 4, 2, "float64"),
    "windows that do not tile": (2, 3, 7, 5, 2, 2, 2, "float64"),
    "overlapping windows that do not tile": (3, 2, 8, 6, 3, 3, 2, "float64"),
    "gaps between the windows": (3, 2, 8, 5, 2, 2, 3, "float64"),
    "negative values only": (2, 3, 6, 4, 2, 2, 2, "float64"),
    "float32": (3, 2, 6, 8, 2, 2, 2, "float32"),
}


def conv_case(rng, case):
    """x, w, b, dout, stride, pad."""
    N, C, H, W, F, HH, WW, stride, pad, dtype = CONV_CASES[case]
    size = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    shapes = (N, C, H, W), (F, C, HH, WW), (F,), (N, F, *size)
    return *(rng.normal(size=shape).astype(dtype) for shape in shapes), stride, pad


def pool_case(rng, case):
    """x, dout, (pool_height, pool_width), stride."""
    N, C, H, W, height, width, stride, dtype = POOL_CASES[case]
    x = distinct(rng, (N, C, H, W))
    if case == "negative values only":
        x = x - x.max() - 0.5
    size = (H - height) // stride + 1, (W - width) // stride + 1
    return x.astype(dtype), rng.normal(size=(N, C, *size)).astype(dtype), (height, width), stride


# input_dim, num_filters, filter_size, hidden_dim, num_classes
SMALL = (2, 6, 8), 4, 3, 7, 5
WIDE = (3, 8, 4), 2, 5, 6, 3
ARGUMENTS = "input_dim", "num_filters", "filter_size", "hidden_dim", "num_classes"


def small_net(filter_size):
    """Arguments of a small network with filters of this size, by name."""
    return dict(zip(ARGUMENTS, {3: SMALL, 5: WIDE}[filter_size], strict=True))


def net_case(rng, filter_size, count=3):
    """params, X, y: nothing that ReLU or the maximum sees is near a kink."""
    shape = small_net(filter_size)

    def draw():
        params = {
            name: rng.normal(scale=0.3 if name[0] == "b" else np.sqrt(2 / _inputs(name, size)), size=size)
            for name, size in parameter_shapes(**shape).items()
        }
        return params, rng.normal(size=(count, *shape["input_dim"]))

    params, X = draw_until(draw, lambda drawn: _clear(*drawn))
    return params, X, rng.integers(0, shape["num_classes"], count)


def _inputs(name, shape):
    return np.prod(shape[1:]) if name == "W1" else shape[0]


def _clear(params, X):
    """Whether every ReLU input is away from 0 and every maximum above 0 from the next value."""
    at = net_layers(params, X)
    windows = at["conv"].reshape(*at["conv"].shape[:2], at["pool"].shape[2], 2, at["pool"].shape[3], 2)
    ordered = np.sort(np.moveaxis(windows, 3, 4).reshape(*at["pool"].shape, 4), axis=-1)
    gaps = np.where(ordered[..., 3] > 0, ordered[..., 3] - ordered[..., 2], 1)
    return min(np.abs(at["conv"]).min(), np.abs(at["hidden"]).min(), gaps.min()) > GAP


FIVE = {"input_dim": (3, 16, 16), "num_filters": 8, "filter_size": 3, "hidden_dim": 100, "num_classes": 10}
DIGITS = {"input_dim": (1, 8, 8), "num_filters": 6, "filter_size": 3, "hidden_dim": 50, "num_classes": 10}


@functools.cache
def five_images(seed):
    """Five CIFAR-like images, standardised, and their classes: X (5, 3, 16, 16), y. Kept for the next submission."""
    images, y = cifar_like(5, seed)
    return _standardised(_shrunk(images.astype(np.float64), 2).transpose(0, 3, 1, 2)), y


@functools.cache
def digit_set(seed, *counts):
    """Digits of 8 x 8, standardised: X (count, 1, 8, 8) and y for each of `counts`. Kept for the next submission.

    The classes are numbered anew for each seed, so that nothing is known of them before the training.
    """
    images, labels = digits(sum(counts), seed)
    X = _standardised(_shrunk(images[:, 2:26, 2:26, None].astype(np.float64), 3).transpose(0, 3, 1, 2))
    y = np.random.default_rng(seed).permutation(10)[labels]
    ends = np.cumsum(counts)
    return tuple((X[end - count : end], y[end - count : end]) for count, end in zip(counts, ends, strict=True))


def _shrunk(images, factor):
    """Means over squares of `factor` pixels; images (N, H, W, C)."""
    N, H, W, C = images.shape
    return images.reshape(N, H // factor, factor, W // factor, factor, C).mean(axis=(2, 4))


def _standardised(X):
    return (X - X.mean()) / X.std()
