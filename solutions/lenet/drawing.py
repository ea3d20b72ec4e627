"""Inputs of the hidden suite, float32 as the handout says."""

from __future__ import annotations

import numpy as np
from course_data import digits

from grader.checks import draw_until

from .oracle import logits_of

__all__ = ["RATES", "blobs", "digits_of", "line_model", "shares"]

TRAINED, JUDGED = 10_000, 2_000
RATES = [0.005, 0.004, 0.003, 0.002, 0.001, 0.0002]  # of the epochs


def digits_of(seed):
    """(images, labels) to train on, and to judge by; the classes are numbered in another order than 0 to 9."""
    images, labels = digits(TRAINED + JUDGED, seed)
    labels = np.random.default_rng(seed).permutation(10)[labels].astype(np.int64)
    return (images[:TRAINED], labels[:TRAINED]), (images[TRAINED:], labels[TRAINED:])


def blobs(rng, N):
    """Images (N, 1, 28, 28) of noise with a bright square, whose place is the class, and labels (N,)."""
    labels = rng.permutation(np.arange(N) % 10)
    images = rng.uniform(0, 0.5, (N, 1, 28, 28))
    for image, label in zip(images, labels, strict=True):
        top, left = 1 + 9 * (label // 4), 7 * (label % 4)
        image[0, top : top + 7, left : left + 6] += 1
    return images.astype(np.float32), labels.astype(np.int64)


def line_model(rng, N, C, shape=(1, 2, 3)):
    """(W, b, shift) of guest.Line and (images, labels): some predictions are right in either mode, no two logits near."""
    D = int(np.prod(shape))

    def draw():
        W, b, shift = (rng.normal(size=size) for size in ((C, D), C, C))
        x, labels = rng.normal(size=(N, *shape)), rng.integers(0, C, N)
        return [array.astype(np.float32) for array in (W, b, shift)], (x.astype(np.float32), labels)

    def told_apart(found):
        (W, b, shift), (x, labels) = found
        shares_right = []
        for logits in (logits_of(x, W, b), logits_of(x, W, b, shift)):
            top = np.sort(logits, axis=1)
            shares_right.append(np.mean(logits.argmax(axis=1) == labels))
            if np.min(top[:, -1] - top[:, -2]) < 0.01:
                return False
        return shares_right[0] != shares_right[1] and all(0.15 < share < 0.85 for share in shares_right)

    return draw_until(draw, told_apart)


def shares(rng, N, C):
    """Probabilities (N, C), no two alike, and labels, of which about half are right."""
    logits = rng.normal(size=(N, C)) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(rng.random(N) < 0.5, p.argmax(axis=1), rng.integers(0, C, N))
    return p.astype(np.float32), labels.astype(np.int64)
