"""What a step down the gradient must give, judged apart from the gradient.

Every batch of equal rows is the same, whatever is drawn: so are its loss, its gradient and the step.
"""

from __future__ import annotations

import numpy as np

from grader.checks import as_numbers, expect_close
from grader.errors import CheckFailed

from .forms import classifier, pair, weights
from .oracle import hinge

__all__ = ["check_weights", "equal_rows", "loss_for_steps", "shrinkage"]


def loss_for_steps(submission, W, row, y, batch_size, reg):
    """`loss(W) -> (loss, dW)` of such a batch: the student's own where its gradient points about the right way, since a step
    is judged by itself; else the right one.
    """
    svm, (X, labels) = classifier(submission), equal_rows(row, y, batch_size)

    def own(at):
        svm.W = at
        loss, dW = pair(svm.loss(X, labels, reg), "loss")
        return float(as_numbers(loss, "the loss")), as_numbers(dW, "dW")

    (loss, dW), right = own(W), hinge(W, row, y, reg)[1]
    if dW.shape == right.shape and np.isfinite(loss) and _cosine(dW, right) > 0.25:
        return own
    return lambda at: hinge(at, row, y, reg)


def _cosine(a, b):
    return np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b) or 1.0)


def equal_rows(row, y, count):
    """X and y of so many times the same row."""
    return np.repeat(row, count, axis=0), np.repeat(y, count)


def check_weights(svm, start, expected, mistakes):
    """W after training, against `expected`; `start` is what it was set to."""
    W = weights(svm)
    if W.shape == start.shape and np.linalg.norm(W) < 0.2 * np.linalg.norm(start) < np.linalg.norm(expected):
        raise CheckFailed("W begins anew in train; a W that is there already has to be continued")
    expect_close(W, expected, name="W after training", suspects=mistakes)


def shrinkage(submission, zeros, y):
    """The factor of one step, by the student's own gradient where it has one; 1 - 2 * learning rate * reg is right."""
    svm = classifier(submission, np.ones((zeros.shape[1], 3)))
    svm.train(zeros, y, learning_rate=0.2, reg=0.1, num_iters=1)
    factor = float(np.mean(weights(svm)))
    return factor if 0.9 < factor < 0.99 else 0.96
