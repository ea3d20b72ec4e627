"""The loss by two loops that the speed task is measured against, loaded in a worker without student code."""

from __future__ import annotations

import numpy as np

__all__ = ["two_loops"]


def two_loops(W: np.ndarray, X: np.ndarray, y: np.ndarray, reg: float) -> tuple[float, np.ndarray]:
    """Hinge loss and gradient (D, C) of W (D, C) on rows X (N, D) with classes y (N,)."""
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(len(X)):
        scores = X[i] @ W
        for j in range(W.shape[1]):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W
