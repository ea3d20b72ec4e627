"""What the SVM must give, by explicit float64 arithmetic: no matrix product, no index arrays."""

from __future__ import annotations

import numpy as np

__all__ = ["accuracy", "descend", "hinge", "hinge_loss", "margins", "preprocessed", "templates"]


def margins(W, X, y):
    """s_j - s_y + 1 for every row and class (N, C), not cut; -inf at the true classes."""
    W, X = np.asarray(W, np.float64), np.asarray(X, np.float64)
    scores = np.stack([(X * column).sum(axis=1) for column in W.T], axis=1)
    true = np.array([row[label] for row, label in zip(scores, y, strict=True)])
    gaps = scores - true[:, None] + 1
    gaps[np.arange(W.shape[1]) == np.asarray(y)[:, None]] = -np.inf
    return gaps


def hinge_loss(W, X, y, reg):
    """Mean over the rows of the sum of positive margins, plus reg * sum(W * W)."""
    return float(np.maximum(margins(W, X, y), 0).sum() / len(X) + reg * np.square(W, dtype=np.float64).sum())


def hinge(W, X, y, reg):
    """Loss and gradient (D, C): for every positive margin, +x in the column of that class and -x in the true one's."""
    on = margins(W, X, y) > 0
    X = np.asarray(X, np.float64)
    dW = np.zeros(W.shape)
    for j in range(W.shape[1]):
        dW[:, j] = X[on[:, j]].sum(axis=0) - (X * np.where(y == j, on.sum(axis=1), 0)[:, None]).sum(axis=0)
    return hinge_loss(W, X, y, reg), dW / len(X) + 2 * reg * np.asarray(W, np.float64)


def descend(loss, W, learning_rate, steps):
    """W after so many steps down the gradient of `loss(W) -> (loss, dW)`, and the loss before each step."""
    history = []
    for _ in range(steps):
        value, dW = loss(W)
        history.append(float(value))
        W = W - learning_rate * np.asarray(dW)
    return W, np.array(history)


def accuracy(predicted, truth):
    """Share of equal labels."""
    return float(np.mean(np.asarray(predicted) == truth))


def preprocessed(*sets):
    """Rows / 255, minus the mean row of the first set, and a column of ones: float64."""
    rows = [np.reshape(part, (len(part), -1)).astype(np.float64) / 255 for part in sets]
    mean = sum(rows[0]) / len(rows[0])
    return [np.concatenate([part - mean, np.ones((len(part), 1))], axis=1) for part in rows]


def templates(W, image_shape):
    """Each class's weights but the last, stretched to 0 .. 255: (C, *image_shape), not rounded."""
    pictures = [column[:-1].reshape(image_shape) for column in np.asarray(W).T]
    return np.stack([255 * (picture - picture.min()) / np.ptp(picture) for picture in pictures])
