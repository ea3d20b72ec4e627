"""Inputs of the hidden suite. No hinge margin that decides a result lies at its kink: the nearest is GAP away."""

from __future__ import annotations

import functools

import numpy as np
from course_data import cifar_like

from grader.checks import draw_until

from .oracle import hinge, margins

__all__ = [
    "CASES", "batch_puzzle", "byte_images", "clusters", "half_spaces", "hinge_case", "image_set", "speed_task", "step_case",
]  # fmt: skip

GAP = 1e-3

CASES = {  # N, D, C, dtype, reg
    "ordinary": (9, 6, 4, "float64", 0.3),
    "two-classes": (8, 5, 2, "float64", 0.7),
    "one-row": (1, 7, 3, "float64", 0.4),
    "one-feature": (11, 1, 5, "float64", 0.2),
    "many-classes": (6, 4, 13, "float64", 0.1),
    "no-regularisation": (10, 4, 3, "float64", 0.0),
    "strong-regularisation": (7, 8, 5, "float64", 25.0),
    "classes-without-rows": (9, 3, 6, "float64", 0.5),
    "margins-all-met": (12, 6, 5, "float64", 0.6),
    "float32": (13, 10, 7, "float32", 0.2),
}


def hinge_case(rng, case):
    """W, X, y, reg of one of CASES."""
    N, D, C, dtype, reg = CASES[case]

    def draw():
        W, X = rng.normal(size=(D, C)), rng.normal(size=(N, D))
        y = rng.permutation(np.arange(N) % C)
        if case == "classes-without-rows":
            y = rng.choice([1, 4], size=N)
        if case == "margins-all-met":
            W, X = 3 * np.eye(D)[:, :C] + 0.1 * W, 2 * np.eye(D)[y] + 0.1 * X
        return W.astype(dtype), X.astype(dtype), y

    return *draw_until(draw, lambda drawn: _clear(*drawn)), reg


def _clear(W, X, y):
    """Whether no margin is near 0."""
    return np.abs(margins(W, X, y)).min() > GAP


@functools.cache
def speed_task(seed):
    """Eleven sets of (W, X, y, 0), and what each must give by the id of its W. Kept for the next submission."""
    rng = np.random.default_rng(seed)
    sets = []
    for _ in range(11):
        sets.append((0.1 * rng.normal(size=(128, 10)), rng.normal(size=(400, 128)), rng.integers(0, 10, 400), 0.0))
    return sets, {id(one[0]): hinge(*one) for one in sets}


def step_case(rng, D, C, reg, learning_rate, steps):
    """W, one row (1, D), its class (1,): at least one margin is positive, and none is near 0 on the right way down.

    The class is the last one, so that max(y) + 1 is C.
    """
    y = np.array([C - 1])

    def draw():
        return rng.normal(size=(D, C)), rng.normal(size=(1, D))

    def clear(drawn):
        W, row = drawn
        if margins(W, row, y).max() < 0:
            return False
        for _ in range(steps + 1):
            if not _clear(W, row, y):
                return False
            W = W - learning_rate * hinge(W, row, y, reg)[1]
        return True

    return *draw_until(draw, clear), y


def batch_puzzle(rng, rows, base):
    """W, X, y in which row i, with its own label, has the loss base ** i: a batch's loss tells which rows it holds."""
    y = rng.permutation(np.arange(rows) % 2)
    W = np.zeros((rows, 2))
    W[np.arange(rows), 1 - y] = float(base) ** np.arange(rows) - 1
    return W, np.eye(rows), y


def clusters(rng, *counts, radius, classes=4, features=12):
    """Rows around middles at right angles, one for each class, with a last column of ones; and their labels."""
    middles = radius * np.linalg.qr(rng.normal(size=(features, features)))[0][:classes]
    sets = []
    for count in counts:
        y = rng.permutation(np.arange(count) % classes)
        sets += [np.hstack([middles[y] + rng.normal(size=(count, features)), np.ones((count, 1))]), y]
    return sets


def half_spaces(rng, *counts, features=40):
    """Rows on both sides of one plane through 0, labels by side. Any other plane is right for about half of them."""
    normal = rng.normal(size=features)
    sets = []
    for count in counts:
        X = rng.normal(size=(count, features))
        sets += [X, (X @ normal > 0).astype(int)]
    return sets


def byte_images(rng, *shapes):
    """Sets of small pictures, each set brighter than the one before it."""
    return [rng.integers(0, 120 + 40 * i, size=shape, endpoint=True).astype(np.uint8) for i, shape in enumerate(shapes)]


@functools.cache
def image_set(seed, train, held_out=0):
    """Images and labels to train on, then to judge by, under the private seed. Kept for the next submission."""
    images, labels = cifar_like(train + held_out, seed)
    return images[:train], labels[:train], images[train:], labels[train:]
