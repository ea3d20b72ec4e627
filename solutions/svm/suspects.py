"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import numpy as np

from .oracle import hinge, hinge_loss, margins, preprocessed, templates

__all__ = [
    "agreement_mistakes", "gradient_mistakes", "loss_mistakes", "predict_mistakes", "preprocess_mistakes", "step_mistakes",
    "template_mistakes",
]  # fmt: skip


def loss_mistakes(W, X, y, reg):
    """What known mistakes give in place of the loss."""
    W, (N, C) = W.astype(np.float64), (len(X), W.shape[1])
    gaps = margins(W, X, y)
    wrong = np.isfinite(gaps)
    data, square = np.maximum(gaps, 0).sum() / N, np.sum(W * W)
    full = data + reg * square
    raw = np.where(wrong, gaps, 0)
    return {
        "the regularisation is missing from the loss": data,
        "the data loss is missing: this is the regularisation alone": reg * square or np.nan,
        "the regularisation is halved: reg * sum(W * W) is asked for, without 1/2": data + reg * square / 2,
        "the regularisation counts twice": data + 2 * reg * square,
        "the true class counts too: it adds its margin of 1 to every row": full + 1,
        "the regularisation is divided by N as well": data + reg * square / N,
        "the losses of the rows are summed; their mean is asked for": data * N + reg * square,
        "the losses of the rows are summed (their mean is asked for), and the regularisation is missing": data * N,
        "the sum of W @ W.T is not the sum of the squares: W * W is asked for": data + reg * np.sum(W @ W.T),
        "the sum of W.T @ W is not the sum of the squares: W * W is asked for": data + reg * np.sum(W.T @ W),
        "the regularisation is the root of the sum of squares": data + reg * np.sqrt(square),
        "the regularisation sums absolute values; squares are asked for": data + reg * np.abs(W).sum(),
        "the regularisation sums the weights, not their squares": data + reg * W.sum(),
        "the last row of W is left out of the regularisation": data + reg * np.square(W[:-1]).sum(),
        "the regularisation does not use reg": data + square,
        "negative margins are not cut at 0": raw.sum() / N + reg * square,
        "negative margins are not cut at 0, and the true class counts too": raw.sum() / N + 1 + reg * square,
        "the margin of 1 is missing": np.maximum(np.where(wrong, gaps - 1, 0), 0).sum() / N + reg * square,
        "the margin is subtracted, not added": np.maximum(np.where(wrong, gaps - 2, 0), 0).sum() / N + reg * square,
        "the margins are reversed: the score of the true class is to be subtracted": (
            np.maximum(np.where(wrong, 2 - gaps, 0), 0).sum() / N + reg * square
        ),
        "the margins are squared": np.square(np.maximum(raw, 0)).sum() / N + reg * square,
        "only the largest margin of each row counts; all positive ones do": (
            np.maximum(gaps.max(axis=1), 0).sum() / N + reg * square
        ),
        "positive margins are counted, not summed": (gaps > 0).sum() / N + reg * square,
        "the mean is over rows and classes; only the rows are averaged": data / C + reg * square,
        "the mean is over rows and wrong classes; only the rows are averaged": data / (C - 1) + reg * square,
    } | {words: lambda labels=labels: hinge_loss(W, X, labels, reg) for words, labels in _misread(y, C).items()}


def _misread(y, C):
    """Labels as they come out where y is read wrongly."""
    return {
        "y is read one class too low: label 1 means class 1, counting from 0": (y - 1) % C,
        "y is read one class too high: label 1 means class 1, counting from 0": (y + 1) % C,
        "the label of the first row is taken for all rows": np.full_like(y, y[0]),
        "class 0 is taken for the true class of all rows": np.zeros_like(y),
    }


def gradient_mistakes(W, X, y, reg):
    """What known mistakes give in place of the gradient."""
    W, X, (N, C) = W.astype(np.float64), X.astype(np.float64), (len(X), W.shape[1])
    gaps, true = margins(W, X, y), np.eye(C)[y]
    on = gaps > 0
    count = on.sum(axis=1, keepdims=True)
    cut = np.maximum(gaps, 0)
    data, penalty = np.einsum("nd,nc->dc", X, on - true * count) / N, 2 * reg * W

    def by(weights, divisor=N):
        return np.einsum("nd,nc->dc", X, weights) / divisor + penalty

    return {
        "the regularisation is missing from the gradient": data,
        "the gradient of the data loss is missing: this is the regularisation alone": penalty,
        "the regularisation is half of what it must be in the gradient: 2 * reg * W": data + penalty / 2,
        "the regularisation is a quarter of what it must be in the gradient: 2 * reg * W": data + penalty / 4,
        "the regularisation is double what it must be in the gradient: 2 * reg * W": data + 2 * penalty,
        "the regularisation is divided by N: add it after the division": data + penalty / N,
        "the regularisation is half of what it must be, and divided by N": data + penalty / 2 / N,
        "the regularisation is subtracted from the gradient": data - penalty,
        "the gradient of the regularisation does not use reg: 2 * reg * W": data + 2 * W,
        "the last row of W is left out of the regularisation": data
        + np.where(np.arange(len(W))[:, None] < len(W) - 1, penalty, 0),
        "the gradients of the rows are summed; their mean is asked for": data * N + penalty,
        "the gradients of the rows are summed (their mean is asked for), and the regularisation is missing": data * N,
        "the mean is over rows and classes; only the rows are averaged": data / C + penalty,
        "only the column of the true class is updated": lambda: by(-true * count),
        "the column of the true class is not updated": lambda: by(on),
        "the true class loses x once for each row; it must, once for each positive margin": lambda: by(
            on - true * (count > 0)
        ),
        "the true class loses x for every wrong class, whether its margin is positive or not": lambda: by(
            on - true * (C - 1)
        ),
        "the true class counts among the positive margins": lambda: by(on - true * (count + 1)),
        "the true class gains what it must lose": lambda: by(on + true * count),
        "the data part of the gradient has the wrong sign": -data + penalty,
        "the columns of wrong classes keep the last row only: += is needed where = stands": lambda: _overwritten(
            W, X, y, reg, true=False
        ),
        "columns keep the last row only: += is needed where = stands": lambda: _overwritten(W, X, y, reg, true=True),
        "margins that are not positive contribute too": lambda: by((1 - true) - true * (C - 1)),
        "rows are weighted by the size of their margins; a positive margin counts 1, however large": lambda: by(
            cut - true * cut.sum(axis=1, keepdims=True)
        ),
        "the margin of 1 is missing": lambda: by((gaps > 1) - true * (gaps > 1).sum(axis=1, keepdims=True)),
        "the gradient is divided by the number of positive margins; it must be by N": lambda: by(
            on - true * count, max(on.sum(), 1)
        ),
    } | {words: lambda labels=labels: hinge(W, X, labels, reg)[1] for words, labels in _misread(y, C).items()}


def _overwritten(W, X, y, reg, *, true):
    """The gradient where the columns of wrong classes are set and not added to; `true`: the true class's as well."""
    dW, on = np.zeros(W.shape), margins(W, X, y) > 0
    for i, j in zip(*np.nonzero(on), strict=True):
        dW[:, j] = X[i]
        dW[:, y[i]] = -X[i] if true else dW[:, y[i]] - X[i]
    return dW / len(X) + 2 * reg * W


def agreement_mistakes(W, X, y, reg):
    """Why the versions disagree, where one of them is right: of the loss, of dW."""
    loss, dW = hinge(W, X, y, reg)
    words = "the naive version is wrong, the vectorized one is right here"
    return {words: loss} | loss_mistakes(W, X, y, reg), {words: dW} | gradient_mistakes(W, X, y, reg)


def predict_mistakes(scores):
    """What known mistakes give in place of the class with the largest of `scores` (N, C)."""
    best = scores.argmax(axis=1)
    return {
        "these are the scores; the class with the largest is asked for": scores,
        "these are the largest scores; the class that has it is asked for": scores.max(axis=1),
        "this is the class with the smallest score": scores.argmin(axis=1),
        "the largest score is looked for among the rows; it must be among the classes": scores.argmax(axis=0),
        "classes are counted from 1; they must be from 0": best + 1,
        "this is the class whose score is largest in size, signs aside": np.abs(scores).argmax(axis=1),
    }


def step_mistakes(W, dW, dW_without, learning_rate, batch_size):
    """What known mistakes give in place of W after one step; `dW_without`: the gradient where reg is 0."""
    return {
        "W is as it was: no step was taken": W,
        "the step goes up the gradient; the loss falls the other way": W + learning_rate * dW,
        "the learning rate is not used": W - dW,
        "the step is divided by batch_size: the gradient is a mean already": W - learning_rate * dW / batch_size,
        "the step is multiplied by batch_size: the gradient is a mean already": W - learning_rate * dW * batch_size,
        "reg is not handed on to the loss": W - learning_rate * dW_without,
        "reg is used twice: the gradient of the loss holds it already": W - learning_rate * (2 * dW - dW_without),
        "W is replaced by the step; the step is to be added": -learning_rate * dW,
        "the step has length learning_rate, whatever the gradient is": W - learning_rate * dW / np.linalg.norm(dW),
        "the step follows the sign of the gradient only": W - learning_rate * np.sign(dW),
    }


def preprocess_mistakes(sets, index):
    """What known mistakes give in place of set `index` of `sets`."""
    rows = [np.reshape(part, (len(part), -1)).astype(np.float64) for part in sets]
    right, own, mean = preprocessed(*sets)[index], rows[index], rows[0].mean(axis=0)
    body, ones = right[:, :-1], right[:, -1:]
    largest = max(part.max() for part in rows)

    def whole(part):
        return np.hstack([part, ones])

    return {
        "the column of ones is missing": body,
        "the ones are the first column; they must be the last": np.hstack([ones, body]),
        "the last column holds zeros; ones are asked for": np.hstack([body, 0 * ones]),
        "each set loses its own mean; all must lose that of the training set": whole((own - own.mean(axis=0)) / 255),
        "the mean is that of all sets together; only the training set may be used": whole(
            (own - np.concatenate(rows).mean(axis=0)) / 255
        ),
        "the mean is that of the last set; it must be the training set's": whole((own - rows[-1].mean(axis=0)) / 255),
        "the mean image is not subtracted": whole(own / 255),
        "the mean image is added": whole((own + mean) / 255),
        "the division by 255 is missing": whole(own - mean),
        "the mean image is not divided by 255 as the images are": whole(own / 255 - mean),
        "the images are not divided by 255 as the mean image is": whole(own - mean / 255),
        "the division is by 256; it must be by 255": whole((own - mean) / 256),
        "the division is by the largest value; it must be by 255": whole((own - mean) / largest),
        "one mean of all pixels is subtracted; every pixel has a mean of its own": whole((own - rows[0].mean()) / 255),
        "every image loses its own mean; all must lose the mean image": whole((own - own.mean(axis=1, keepdims=True)) / 255),
        "the images are divided by the standard deviation too": lambda: whole(_standard(own, rows[0])),
        "the mean image is subtracted in bytes, where 3 - 5 is 254": lambda: whole((own - np.trunc(mean)) % 256 / 255),
    }


def _standard(rows, train):
    with np.errstate(all="ignore"):
        return (rows - train.mean(axis=0)) / train.std(axis=0)


def template_mistakes(W, image_shape):
    """What known mistakes give in place of the templates."""
    classes, right = W.shape[1], templates(W, image_shape)
    body = W[:-1]

    def stretched(weights, low, high):
        return 255 * (weights.T.reshape(classes, *image_shape) - low) / (high - low)

    def each(values):
        return values.reshape(classes, 1, 1, 1)

    largest = each(np.abs(body).max(axis=0))
    return {
        "all classes are stretched together; each must be on its own": stretched(body, body.min(), body.max()),
        "all classes are stretched together, by limits that include the biases": stretched(body, W.min(), W.max()),
        "the limits include the last row, the biases": stretched(body, each(W.min(axis=0)), each(W.max(axis=0))),
        "the first row of W is dropped; the biases are the last": templates(np.roll(W, -1, axis=0), image_shape),
        "the values go from 0 to 1; 0 to 255 is asked for": right / 255,
        "light and dark are exchanged: the smallest weight must become 0": 255 - right,
        "0 is kept in the middle; the smallest weight must become 0, the largest 255": 127.5
        + 127.5 * stretched(body, 0, largest) / 255,
        "only the largest weight is used; the smallest must become 0": stretched(body, 0, largest),
        "the classes are on the last axis; they must be on the first": np.moveaxis(right, 0, -1),
        "the weights of different classes are mixed up: W holds a class in each column, so transpose before the reshape": (
            _scrambled(body, classes, image_shape)
        ),
        "each row of W is stretched, over the classes; each class must be, over its weights": lambda: np.moveaxis(
            (255 * (body - body.min(axis=1, keepdims=True)) / np.ptp(body, axis=1, keepdims=True)), 0, 1
        ).reshape(classes, *image_shape),
        "each colour is stretched on its own; a class is stretched as a whole": lambda: (
            255 * (right - right.min(axis=(1, 2), keepdims=True)) / np.ptp(right, axis=(1, 2), keepdims=True)
        ),
    }


def _scrambled(body, classes, image_shape):
    mixed = body.reshape(classes, *image_shape)
    low, high = mixed.min(axis=(1, 2, 3), keepdims=True), mixed.max(axis=(1, 2, 3), keepdims=True)
    return 255 * (mixed - low) / (high - low)
