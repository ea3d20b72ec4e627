"""Inputs of the hidden suite. Nothing that is compared lies near a kink of ReLU."""

from __future__ import annotations

import functools

import numpy as np
from course_data import digits

from grader.checks import draw_until

from .oracle import affine, descend

__all__ = ["digit_set", "drawn_params", "is_batch", "loss_digits", "net_case", "separate_rows", "step_case", "two_clouds"]

_OFF = 1e-2


def drawn_params(rng, D, H, C):
    """Four arrays of ordinary size; no bias is 0."""
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    return {name: rng.normal(scale=0.7, size=shape) + (0.1 if name[0] == "b" else 0) for name, shape in shapes.items()}


def _clear(params, X):
    """No input of ReLU is near 0, some are above it and some below."""
    before = affine(X, params["W1"], params["b1"])
    return np.abs(before).min() > _OFF and 0.2 < np.mean(before > 0) < 0.8


def net_case(rng, D, H, C, N):
    """Parameters, X and y with every input of ReLU clear of 0. Every class is there, if N allows it."""
    params, X = draw_until(lambda: (drawn_params(rng, D, H, C), rng.normal(size=(N, D))), lambda drawn: _clear(*drawn))
    return params, X, rng.permutation(np.arange(N) % C)


def step_case(rng, D, H, C, N, learning_rate, momentum, reg, steps):
    """Parameters, X, y: N times the same row, so that every batch is the same; clear of kinks on the right way down."""

    def draw():
        row = rng.normal(size=(1, D))
        return drawn_params(rng, D, H, C), row, np.array([rng.integers(C)])

    def clear(drawn):
        params, row, y = drawn
        return all(_clear(descend(params, [(row, y)] * n, learning_rate, momentum, reg)[0], row) for n in range(steps + 1))

    params, row, y = draw_until(draw, clear)
    return params, np.repeat(row, N, axis=0), np.repeat(y, N)


def separate_rows(rng, N, H, C):
    """Parameters, X, y: row n has the n-th input to itself, every hidden unit is on. Who was in a batch shows in W1."""
    params = drawn_params(rng, N, H, C)
    params["b1"] = np.full(H, 40.0)
    return params, np.eye(N), rng.permutation(np.arange(N) % C)


def loss_digits(rng, N, base=5, unit=0.005):
    """Parameters, X, y: row n has the softmax loss unit * base ** n, so that a batch's loss tells its rows."""
    y = rng.permutation(np.arange(N) % 2)
    params = {"W1": np.eye(N), "b1": np.zeros(N), "W2": np.zeros((N, 2)), "b2": np.zeros(2)}
    params["W2"][np.arange(N), 1 - y] = np.log(np.expm1(unit * float(base) ** np.arange(N)))
    return params, np.eye(N), y


def is_batch(total, count, N, base=5, unit=0.005):
    """Whether `total` is the sum of the losses of `count` rows of `loss_digits`, none more than `base` - 1 times."""
    units = total / unit
    if not 0 <= units < base**N or abs(units - round(units)) > 1e-6 * max(1.0, units):
        return False
    return sum(round(units) // base**n % base for n in range(N)) == count


def two_clouds(rng, *counts, features=8, spread=1.5):
    """Rows around two middles and their classes, for each count: near enough for mistakes to be made."""
    middle = rng.normal(size=features)
    middle *= spread / np.linalg.norm(middle)
    sets = []
    for count in counts:
        y = rng.permutation(np.arange(count) % 2)
        sets += [rng.normal(size=(count, features)) + np.where(y[:, None] == 1, middle, -middle), y]
    return sets


@functools.cache
def digit_set(seed, train=1000, held_out=400):
    """Digits to learn from and digits to be judged by, as rows of numbers from 0 to 1. Kept for the next submission."""
    images, labels = digits(train + held_out, seed % 2**32)
    rows = images.reshape(len(images), -1) / 255.0
    return rows[:train], labels[:train], rows[train:], labels[train:]
