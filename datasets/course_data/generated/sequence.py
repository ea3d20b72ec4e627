"""Endless sequences of labelled images, cut into chunks that are drawn apart.

Every chunk has a generator of its own, so the first n images do not depend on how many are asked for, and a
draw can begin anywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bytes", "Labels", "draw", "shuffled_labels"]

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64]


def draw(
    name: str, chunk: Callable[[int, int], tuple[Bytes, Labels]], length: int, n: int, seed: int, start: int
) -> tuple[Bytes, Labels]:
    """Images `start` to `start + n` of the sequence whose chunk number i is `chunk(seed, i)`, `length` images long.

    `name` is the public function that was called, for its messages.

    Raises:
        ValueError: n, seed or start is negative.
    """
    for what, value in (("n", n), ("seed", seed), ("start", start)):
        if value < 0:
            raise ValueError(f"{name}: {what} is {value}; give 0 or more")
    first, skip = divmod(start, length)
    needed = max(1, -(-(skip + n) // length))
    images, labels = zip(*(chunk(seed, first + number) for number in range(needed)), strict=True)
    return np.concatenate(images)[skip : skip + n], np.concatenate(labels)[skip : skip + n]


def shuffled_labels(rng: np.random.Generator, length: int, classes: int) -> Labels:
    """Labels 0 .. classes - 1, each equally often, in random order: (length,)."""
    return rng.permutation(np.arange(length, dtype=np.int64) % classes)
