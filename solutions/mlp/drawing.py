"""Inputs of the hidden suite, float32 as the handout says. Nothing that is compared lies near a kink of ReLU."""

from __future__ import annotations

import functools

import numpy as np
from course_data import digits

from grader.checks import draw_until

from .oracle import XOR, bends, logistic, nearest, outputs, sgd, walk

__all__ = [
    "batches_of", "clear", "clear_winners", "digit_set", "drawn_layers", "known_logits", "linear_start", "points",
    "rounds", "safe", "xor_start",
]  # fmt: skip

_NEAR = 1e-4


def drawn_layers(rng, *sizes, spread=1.6):
    """Layers whose outputs are of ordinary size; no bias is near 0."""
    layers = []
    for inputs, units in zip(sizes, sizes[1:], strict=False):
        weight = rng.normal(scale=spread / np.sqrt(inputs), size=(units, inputs))
        bias = rng.uniform(0.1, 0.6, units) * rng.choice([-1, 1], units)
        layers.append((weight.astype(np.float32), bias.astype(np.float32)))
    return layers


def linear_start(rng, *sizes):
    """Layers as nn.Linear begins them: uniform within 1 / sqrt(inputs)."""
    layers = []
    for inputs, units in zip(sizes, sizes[1:], strict=False):
        bound = 1 / np.sqrt(inputs)
        layers.append(tuple(rng.uniform(-bound, bound, shape).astype(np.float32) for shape in ((units, inputs), (units,))))
    return layers


def points(rng, N, features=2):
    """(N, features), standard normal."""
    return rng.normal(size=(N, features)).astype(np.float32)


def safe(layers, batches, step, loss, **more):
    """Whether no input of ReLU comes near 0 on the right way."""
    seen = []
    walk(layers, batches, step, loss, seen=seen, **more)
    return min(seen, default=1.0) > _NEAR


def clear(layers, x, near=_NEAR):
    """Whether no input of ReLU is nearer than `near` to 0."""
    return nearest(layers, bends(layers, x)) > near


def xor_start(rng, hidden, rate, steps):
    """Layers of a network for XOR from which the right way is clear of kinks."""
    return draw_until(
        lambda: drawn_layers(rng, 2, hidden, 1), lambda layers: safe(layers, [XOR] * max(steps, 1), sgd(rate), logistic)
    )


def batches_of(x, y, size):
    """The batches of one epoch, in the order of the rows."""
    return [(x[first : first + size], y[first : first + size]) for first in range(0, len(y), size)]


def rounds(rng, N, D, C):
    """Rows and labels, every class among them; the classes lie apart, though not far."""
    y = rng.permutation(np.arange(N) % C)
    middles = rng.normal(size=(C, D))
    return (middles[y] + rng.normal(size=(N, D))).astype(np.float32), y


def known_logits(rng, N, C):
    """Logits, other ones for training mode, labels: about half of the rows are right, with the other ones a quarter.

    Rows have offsets of their own, so that a column's largest logit tells nothing.
    """
    y = rng.integers(0, C, N)
    tables = []
    for part in (0.55, 0.25):
        table = np.argsort(rng.random((N, C)), axis=1) + rng.uniform(-0.3, 0.3, (N, C)) + rng.normal(scale=3, size=(N, 1))
        top, right = table.argmax(axis=1), rng.permutation(N) < round(part * N)
        aim = np.where(right, y, (y + rng.integers(1, C, N)) % C)
        rows = np.arange(N)
        table[rows, top], table[rows, aim] = table[rows, aim].copy(), table[rows, top].copy()
        tables.append(table.astype(np.float32))
    return *tables, y


def clear_winners(layers, x, gap=1e-3):
    """Whether in every row the largest output leads by more than rounding."""
    ordered = np.sort(outputs(layers, x), axis=1)
    return np.min(ordered[:, -1] - ordered[:, -2]) > gap


@functools.lru_cache(maxsize=2)
def digit_set(seed, train=4000, held_out=2000):
    """Images (N, 1, 28, 28) from 0 to 1 and labels to train on, then to judge by, under the private seed."""
    images, labels = digits(train + held_out, seed)
    images = (images.astype(np.float32) / 255)[:, None]
    return images[:train], labels[:train].astype(np.int64), images[train:], labels[train:]
