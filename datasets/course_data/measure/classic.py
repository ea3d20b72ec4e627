"""Standard models in NumPy: nearest neighbours, linear classifiers, a multi-layer perceptron."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from course_data.dataset import Dataset

__all__ = ["Loss", "accuracy", "gradient_descent", "nearest_neighbours"]

Rows = NDArray[np.float32]
Loss = Literal["softmax", "svm"]

_BATCH, _MOMENTUM = 64, 0.9


def nearest_neighbours(train: Dataset, test: Dataset, k: int) -> float:
    """The share of `test` that a vote of the k nearest images of `train`, by Euclidean distance of pixels, gets right."""
    X, queries = _flat(train), _flat(test)
    squares = (X * X).sum(axis=1) - 2 * queries @ X.T  # but for a term that is the same for all of a row
    nearest = train.labels[np.argpartition(squares, k - 1, axis=1)[:, :k]]
    votes = np.stack([(nearest == c).sum(axis=1) for c in range(len(train.class_names))], axis=1)
    return float(np.mean(votes.argmax(axis=1) == test.labels))


def gradient_descent(
    train: Dataset, test: Dataset, loss: Loss, *, hidden: int = 0, epochs: int, rate: float, decay: float, seed: int = 0
) -> float:
    """The share of `test` that a linear classifier gets right, or a perceptron with `hidden` ReLU units.

    Trained by SGD with momentum on standardised pixels, with a rate that falls to 0 along half a cosine. `decay` is
    the weight of the squared weights in the loss.
    """
    rng = np.random.default_rng(seed)
    X, queries = _standardised(train, test)
    sizes = [X.shape[1], *([hidden] if hidden else []), len(train.class_names)]
    weights = [rng.normal(0, np.sqrt(2 / a), (a + 1, b)).astype(np.float32) for a, b in zip(sizes, sizes[1:], strict=False)]
    if not hidden:
        weights[0] *= 0.01
    speeds = [np.zeros_like(W) for W in weights]
    steps, step = epochs * -(-len(X) // _BATCH), 0
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for batch in np.split(order, range(_BATCH, len(X), _BATCH)):
            now = np.float32(rate * (1 + np.cos(np.pi * step / steps)) / 2)
            for W, speed, slope in zip(weights, speeds, _slopes(weights, X[batch], train.labels[batch], loss), strict=True):
                speed *= np.float32(_MOMENTUM)
                speed -= now * (slope + np.float32(2 * decay) * W)
                W += speed
            step += 1
    return accuracy(_layers(weights, queries)[-1].argmax(axis=1), test)


def accuracy(predicted: NDArray[np.integer], test: Dataset) -> float:
    """The share of right predictions, (n,), on `test`."""
    return float(np.mean(predicted == test.labels))


def _flat(data: Dataset) -> Rows:
    return data.images.reshape(len(data), -1).astype(np.float32)


def _standardised(train: Dataset, test: Dataset) -> tuple[Rows, Rows]:
    X, queries = _flat(train), _flat(test)
    mean, spread = X.mean(axis=0), np.float32(X.std())
    return (X - mean) / spread, (queries - mean) / spread


def _layers(weights: list[Rows], X: Rows) -> list[Rows]:
    """Input of every layer, then the scores; the last row of each weight matrix is its bias."""
    values = [X]
    for number, W in enumerate(weights):
        out = values[-1] @ W[:-1] + W[-1]
        values.append(np.maximum(out, 0) if number < len(weights) - 1 else out)
    return values


def _slopes(weights: list[Rows], X: Rows, y: NDArray[np.int64], loss: Loss) -> list[Rows]:
    """The loss's gradient for every weight matrix."""
    values = _layers(weights, X)
    back, result = _score_slopes(values[-1], y, loss), []
    for W, inputs in zip(reversed(weights), reversed(values[:-1]), strict=True):
        result.append(np.concatenate([inputs.T @ back, back.sum(axis=0, keepdims=True)]))
        back = (back @ W[:-1].T) * (inputs > 0)
    return result[::-1]


def _score_slopes(scores: Rows, y: NDArray[np.int64], loss: Loss) -> Rows:
    """The gradient for the scores (n, C) of cross-entropy, or of hinges with margin 1."""
    rows = np.arange(len(y))
    if loss == "softmax":
        slopes = np.exp(scores - scores.max(axis=1, keepdims=True))
        slopes /= slopes.sum(axis=1, keepdims=True)
        slopes[rows, y] -= 1
    else:
        slopes = (scores - scores[rows, y][:, None] + 1 > 0).astype(np.float32)
        slopes[rows, y] -= slopes.sum(axis=1)
    result: Rows = slopes / np.float32(len(y))
    return result
