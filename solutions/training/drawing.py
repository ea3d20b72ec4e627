"""Inputs of the hidden suite."""

from __future__ import annotations

import numpy as np

from grader.checks import draw_until

from .oracle import averages, confusion, metrics, train

__all__ = ["PATTERNS", "curve", "labelled", "losses_like", "samples", "spiral", "training"]


def samples(rng, N, D, C):
    """X float32 around a centre for each class, y int64 with every class in it where N allows, in no order."""
    y = rng.permutation(np.arange(N) % C).astype(np.int64)
    return (rng.normal(size=(N, D)) + 1.5 * rng.normal(size=(C, D))[y]).astype(np.float32), y


def training(rng, D, C, N, V, batches, vbatches, rate, epochs):
    """(start, rows, val) of a training whose validation loss falls in every epoch, and in which no two logits are near."""

    def draw():
        X, y = samples(rng, N + V, D, C)
        W, b = (0.5 * rng.normal(size=shape).astype(np.float32) for shape in ((C, D), C))
        return (W, b), (X[:N], y[:N], batches), (X[N:], y[N:], vbatches)

    def clear(drawn):
        start, rows, val = drawn
        run = train(start, rows, val, rate, epochs)
        falls = np.diff(averages(run)["val_loss"]) < -1e-3
        ends = [*zip(run.W, run.b, strict=True), start]
        logits = np.concatenate([X @ W.T + b for W, b in ends for X in (rows[0], val[0])])
        gaps = np.diff(np.sort(logits, axis=1), axis=1)
        return falls.all() and gaps.min() > 1e-4

    return draw_until(draw, clear)


# Ranks of validation losses: (the lower the better, patience or None).
PATTERNS = {
    "every-mistake-ends-elsewhere": ((4, 6, 9, 2, 8, 2, 2, 7, 4, 4, 4, 6, 6, 8), 3),
    "a-plateau": ((9, 7, 8, 7, 7.5, 6, 5), 3),
    "in-a-row": ((9, 9.5, 8, 8.5, 7, 7.5, 6, 6.5, 6.6, 6.7, 5), 2),
    "falling-to-the-end": ((9, 8, 7, 6), 2),
    "patience-1": ((9, 8, 8.5, 7, 6), 1),
    "first-is-best": ((3, 4, 5, 4, 2), 3),
    "stops-at-the-last-epoch": ((5, 3, 4, 6), 2),
    "no-patience": ((5, 3, 4, 6, 3, 7, 8, 9), None),
}


def losses_like(rng, ranks):
    """Losses in the order of these ranks, as float32 holds them."""
    return [float(np.float32(loss)) for loss in rng.uniform(0.2, 0.5) + rng.uniform(0.1, 0.3) * np.array(ranks)]


def curve(rng, count):
    """(learning rates, losses, log10 of the steepest place) of a sweep: flat, down, slowly on, and up; with one loss that
    lies off. The lowest loss is two powers of ten above the steepest place, the one that lies off nearly two below.
    """
    at = rng.uniform(-3.9, -2.3)
    u = np.linspace(-6, 0, count)
    losses = 1 / (1 + np.exp((u - at) / 0.15)) - 0.1 * np.maximum(u - at, 0) + 3 * np.maximum(u - at - 2, 0) ** 2
    losses += 0.002 * rng.normal(size=count)
    losses[np.abs(u - at + 1.8).argmin()] += 30 / count
    return (10**u).tolist(), (rng.uniform(2, 4) + rng.uniform(1, 2) * losses).tolist(), at


def labelled(rng, N, C):
    """Labels and predictions (N,), about half of them right; no class is left out but the last, which no label has.

    The matrix tells rows from columns, and no two averages are near.
    """
    often = np.arange(1, C) / np.arange(1, C).sum()

    def draw():
        labels = rng.permutation([*range(C - 1), *rng.choice(C - 1, N - C + 1, p=often)])
        return labels, np.where(rng.random(N) < 0.5, labels, rng.integers(0, C, N))

    def telling(drawn):
        (precision, recall, f1), there = metrics(*drawn, C)
        macro = [values.mean() for values in (precision, recall, f1)]
        weighted = [there @ values / N for values in (precision, recall, f1)]
        found = [*macro, *weighted, 2 * macro[0] * macro[1] / (macro[0] + macro[1] + 1e-9)]
        return np.diff(np.sort(found)).min() > 0.005 and confusion(*drawn, C).max() > 1

    return draw_until(draw, telling)


def spiral(rng, N):
    """(X (N, 2) float32, y): three arms of a spiral, in the order of their classes."""
    y = np.sort(np.arange(N) % 3)
    radius = np.sqrt(rng.uniform(0.02, 1, N))
    angle = 2 * np.pi * y / 3 + 4 * radius + 0.15 * rng.normal(size=N)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32) * 2, y.astype(np.int64)
