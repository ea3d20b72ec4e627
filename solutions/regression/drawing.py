"""Inputs of the hidden suite, float32 as the handout says."""

from __future__ import annotations

import numpy as np

from grader.checks import draw_until

from .oracle import planar

__all__ = ["chunks", "line", "plane", "runs"]


def line(rng, N, noise=1.0):
    """x in U(-5, 5) and y around a line whose coefficients are not near 0."""
    w, b = (rng.uniform(2, 5) * rng.choice([-1, 1]) for _ in range(2))
    x = rng.uniform(-5, 5, N)
    return x.astype(np.float32), (w * x + b + noise * rng.normal(size=N)).astype(np.float32)


def plane(rng, N, D, noise=0.5):
    """X of standard normal numbers and y around a plane. Where rows abound no direction is flat: 1,000 steps get there."""

    def spread(X):
        return N < 20 * D or np.linalg.eigvalsh(np.cov(X.T, bias=True).reshape(D, D))[0] > 0.6

    X = draw_until(lambda: rng.normal(size=(N, D)), spread).astype(np.float32)
    W, b = rng.uniform(1, 4, D) * rng.choice([-1, 1], D), rng.uniform(3, 6)
    return X, (planar(X, W, b) + noise * rng.normal(size=N)).astype(np.float32)


def chunks(N, size):
    """The rows of each batch, in their order."""
    return [np.arange(first, min(first + size, N)) for first in range(0, N, size)]


def runs(rng):
    """(losses, what they are, why): trainings on either side of every border."""
    first = rng.uniform(5, 50)
    falling = first * 0.9 ** np.arange(40)

    def flat_at_the_end(count, tail, percent):
        """Falls fast, then by this much over the last `tail` epochs."""
        rest = count - tail - 1
        early = first * np.geomspace(1, 0.1, rest + 1)
        return [*early, *np.linspace(early[-1], early[-1] * (1 - percent / 100), tail + 1)[1:]]

    return [
        ([*falling[:9], np.inf], "diverged", "the last loss is infinite"),
        ([*falling[:5], np.nan, *falling[5:9]], "diverged", "a loss in the middle is NaN"),
        ([first, np.inf, *falling[2:]], "diverged", "a loss is infinite, and the last is low again"),
        ([np.nan, *falling], "diverged", "the first loss is NaN"),
        ([first, 2 * first, 1.02 * first], "diverged", "the last loss is above the first"),
        ([first, 0.5 * first, 1.0002 * first], "diverged", "the last loss is above the first, by little"),
        (list(falling), "too slow", "the loss still falls by a tenth in each epoch"),
        ([first, 5 * first, 0.3 * first], "too slow", "the loss rose in between, and falls at the end"),
        ([first] * 8 + [0.999 * first], "converged", "the loss hardly falls at all"),
        ([first, 0.95 * first], "too slow", "it fell by 5 % in the last of 2 epochs"),
        ([first, 0.995 * first], "converged", "it fell by 0.5 % in the last of 2 epochs"),
        (flat_at_the_end(100, 10, 0.5), "converged", "it fell by 0.5 % over the last tenth of 100 epochs"),
        (flat_at_the_end(100, 10, 1.5), "too slow", "it fell by 1.5 % over the last tenth of 100 epochs"),
        (flat_at_the_end(1000, 100, 0.7), "converged", "it fell by 0.7 % over the last tenth of 1,000 epochs"),
        (flat_at_the_end(1000, 100, 1.3), "too slow", "it fell by 1.3 % over the last tenth of 1,000 epochs"),
        (flat_at_the_end(29, 2, 0.6), "converged", "it fell by 0.6 % over the last 2 of 29 epochs"),
        (flat_at_the_end(29, 2, 1.4), "too slow", "it fell by 1.4 % over the last 2 of 29 epochs"),
        ([first, *[0.5 * first] * 12, 0.505 * first], "converged", "it rose a little at the end, below the first loss"),
        (flat_at_the_end(19, 1, 0.8), "converged", "it fell by 0.8 % over the last of 19 epochs"),
        (flat_at_the_end(20, 2, 1.4), "too slow", "it fell by 1.4 % over the last 2 of 20 epochs"),
    ]
