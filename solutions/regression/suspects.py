"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from .oracle import GRADIENTS, descend, gradients, least_squares, losses_of, planar, standardized, to_chw

__all__ = [
    "AUTOGRAD", "accumulation_mistakes", "dataset_mistakes", "epoch_mistakes", "gradient_mistakes", "image_mistakes", "only",
    "orders_kept", "path_mistakes", "standard_mistakes",
]  # fmt: skip


def image_mistakes(images):
    """In place of the images as (N, C, H, W) from 0 to 1."""
    right = to_chw(images)
    N, H, W, C = images.shape
    return {
        "the numbers are still from 0 to 255: divide by 255": right * 255,
        "the numbers are divided by 256; 255 has to become 1": right * 255 / 256,
        "the numbers are from -1 to 1": 2 * right - 1,
        "the numbers are divided by 255 as integers: all but 255 become 0": np.floor(right),
        "the memory is read as if it were (N, C, H, W) (view or reshape): pixels get mixed up; the axes have to be "
        "exchanged (permute)": images.reshape(N, C, H, W) / 255,
        "height and width are exchanged: this is (N, C, W, H)": right.transpose(0, 1, 3, 2),
        "the axes are exchanged, but not in the order (N, C, H, W)": images.transpose(0, 2, 3, 1) / 255,
        "the axes are still (N, H, W, C)": images / 255,
    }


def standard_mistakes(X, part):
    """In place of Z (0), the means (1), the standard deviations (2)."""
    X = np.asarray(X, np.float64)
    Z, mean, std = standardized(X)
    N, safe, least, span = len(X), np.where(std > 0, std, 1), X.min(axis=0), np.ptp(X, axis=0)
    with np.errstate(all="ignore"):
        sample = std * np.sqrt(N / (N - 1)) if N > 1 else std * np.nan
        rows = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
        whole = X.mean(), X.std()
        of_rows = "the statistics are those of the rows; each column has its own (dim=0)"
        known = {
            "the standard deviation divides by N - 1 (torch's default); by N is asked for (correction=0)": (
                (X - mean) / np.where(sample > 0, sample, 1), mean, sample),
            "this is the variance; the standard deviation is its root": (
                (X - mean) / np.where(std > 0, std**2, 1), mean, std**2),
            "std is 1 for the columns that are constant; there it is 0, and only what Z is divided by has to be another": (
                Z, mean, safe),
            of_rows: ((X - rows[0]) / rows[1], rows[0][:, 0], rows[1][:, 0]),
            "the statistics of the rows are broadcast along the columns; each column has its own (dim=0)": (
                (X - rows[0][:, 0]) / rows[1][:, 0] if len(X) == X.shape[1] else Z * np.nan, rows[0][:, 0], rows[1][:, 0]),
            "the statistics are those of all numbers together; each column has its own (dim=0)": (
                (X - whole[0]) / whole[1], np.full(mean.shape, whole[0]), np.full(std.shape, whole[1])),
            "the mean is not subtracted": (X / safe, mean, std),
            "Z is not divided by the standard deviation": (X - mean, mean, std),
            "this is scaled to [0, 1] by the minimum and the maximum": (
                (X - least) / np.where(span > 0, span, 1), least, span),
        }  # fmt: skip
    return {words: values[part] for words, values in known.items()}


def gradient_mistakes(name, x):
    """In place of the gradient of the function of that name."""
    zeros = "all zeros: is the gradient read from the tensor that f was given, and after backward?"
    if name == "rounded":
        zeros = "all zeros: this f goes up in steps, whose slope autograd sees and no difference quotient does"
    return {
        "this is twice the gradient: two backward passes have been added up": 2 * GRADIENTS[name](x),
        "this is x itself": x,
        zeros: np.zeros(x.shape),
    }


def accumulation_mistakes(name, x, n):
    """In place of the sum of `n` gradients, the k-th of which (from 1) is k² times that of the function."""
    right, factor = GRADIENTS[name](x), sum(k * k for k in range(1, n + 1))
    return {
        "only the last gradient is there: it has been set to zero between the passes": n * n * right,
        "f is called once, and its gradient multiplied by n; each pass calls f anew": n * right,
        "only the first gradient is there": right,
        "this is the mean of the gradients; their sum is asked for": factor / n * right,
        "there is one pass too many": (factor + (n + 1) ** 2) * right,
        "there is one pass too few": (factor - n * n) * right,
    }


# ---------------------------------------------------------------- ways down


def _broadcast(X, y, W, b):
    """Gradients of the mean of ALL differences of a prediction and a target: what (N, 1) - (N,) gives."""
    off = 2 * (planar(X, W, b) - y.mean())
    return (off[:, None] * X).mean(axis=0), off.mean()


def _sum(X, y, W, b):
    dW, db = gradients(X, y, W, b)
    return len(X) * dW, len(X) * db


def _absolute(X, y, W, b):
    signs = np.sign(planar(X, W, b) - y)
    return (signs[:, None] * X).mean(axis=0), signs.mean()


def _scaled(dW, db):
    """The right gradients with a factor each."""

    def of(X, y, W, b):
        right = gradients(X, y, W, b)
        return dW * right[0], db * right[1]

    return of


def _half(X, y, W, b):
    return losses_of(X, y, W, b) / 2


def _all(X, y, W, b):
    return len(X) * losses_of(X, y, W, b)


def _distances(X, y, W, b):
    return np.abs(planar(X, W, b) - y)


def _everything(X, y, W, b):
    return (planar(X, W, b)[:, None] - y) ** 2


_NOT_ZEROED = "the gradients are not set to zero after a step: each step takes the sum of all so far"
_WAYS = {  # how a step goes wrong: words, the gradients that it takes, the errors whose mean is told
    "nothing moves: W and b are as they began. Is `loss.backward()` called, with its brackets, and are the gradients set to "
    "zero after the step, not before it?": (_scaled(0, 0), losses_of),
    "predictions (N, 1) and targets (N,) are broadcast to (N, N): every prediction is compared with every target": (
        _broadcast, _everything),
    "the loss is halved": (_scaled(0.5, 0.5), _half),
    "the step is halved": (_scaled(0.5, 0.5), losses_of),
    "the squared errors are summed; their mean is asked for": (_sum, _all),
    "the steps go uphill: w - learning_rate * gradient": (_scaled(-1, -1), losses_of),
    "b is never moved": (_scaled(1, 0), losses_of),
    "W is never moved": (_scaled(0, 1), losses_of),
    "the loss is the mean absolute error; the mean squared error is asked for": (_absolute, _distances),
}  # fmt: skip


def _walk(X, y, rate, batches, gradient, start=None, summed=False, errors=losses_of):
    """W and b, the mean `errors` before and after each step, with other gradients; `summed`: they are never set to zero."""
    X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    W, b = (np.zeros(X.shape[1]), 0.0) if start is None else (np.array(start[0], np.float64), float(start[1]))
    before, after, kept = [], [], (0.0, 0.0)
    with np.errstate(all="ignore"):
        for rows in batches:
            before.append(errors(X[rows], y[rows], W, b).mean())
            new = gradient(X[rows], y[rows], W, b)
            kept = (kept[0] + new[0], kept[1] + new[1]) if summed else new
            W, b = W - rate * kept[0], b - rate * kept[1]
            after.append(errors(X[rows], y[rows], W, b).mean())
    return W, b, np.array(before), np.array(after)


def path_mistakes(X, y, rate, batches, start=None):
    """{words: function for (W, b, losses)} of known ways to go wrong; `batches`: the rows of each step."""
    batches, ones = list(batches), (np.ones(np.shape(X)[1]), 1.0)

    def walk(gradient=gradients, errors=losses_of, batches=batches, start=start, summed=False):
        return functools.cache(lambda: _walk(X, y, rate, batches, gradient, start, summed, errors)[:3])

    def told(losses):
        """W and b are right, the losses are not."""

        def found():
            W, b, before, after = _walk(X, y, rate, batches, gradients, start)
            return W, b, losses(before, after)

        return functools.cache(found)

    known = {_NOT_ZEROED: walk(summed=True)} | {words: walk(*way) for words, way in _WAYS.items()}
    best, spread = least_squares(X, y), np.ones(len(batches))
    known |= {
        "this is the best line or plane at once; gradient descent goes step by step": lambda: (*best[:2], best[2] * spread),
        "there is one step too many": walk(batches=[*batches, batches[-1]]),
        "there is one step too few": walk(batches=batches[:-1]),
        "each loss is taken after its step; it belongs before it": told(lambda before, after: after),
        "the losses are halved": told(lambda before, after: before / 2),
        "the losses are roots of the mean squared error": told(lambda before, after: np.sqrt(before)),
        "the losses are sums of squared errors; their mean is asked for": told(
            lambda before, after: before * [len(rows) for rows in batches]),
    }  # fmt: skip
    return known | ({"W and b begin at 1; they begin at 0": walk(start=ones)} if start is None else {})


AUTOGRAD = {  # what exceptions of a training mean: type, words of theirs, words of the report
    ("TypeError", "NoneType"): "a step finds no gradient (None): is `loss.backward()` called, with its brackets, before it?",
    ("AttributeError", "NoneType"): "a gradient is None: is `loss.backward()` called, with its brackets?",
    ("RuntimeError", "in-place"): "the step itself is recorded for the next gradient: take it under torch.no_grad()",
    ("RuntimeError", "does not require grad"): "nothing that the loss is computed from requires a gradient",
    ("RuntimeError", "a second time"): "a loss is computed once and differentiated twice: compute it anew for each step",
    ("RuntimeError", "dtype"): "float32 meets another dtype",
}


def only(known, part, pick=lambda value: value):
    """Of the mistakes of `path_mistakes` one part, as suspects: W (0), b (1), the losses (2)."""
    return {words: functools.partial(lambda found: pick(found()[part]), found) for words, found in known.items()}


# ---------------------------------------------------------------- batches


def dataset_mistakes(X, y, index):
    """In place of the row at an index."""
    return {
        "this is the row before": X[index - 1], "this is the next row": X[(index + 1) % len(X)],
        "all rows come back; one is asked for": X, "this is the target; the row comes first": y[index],
    }  # fmt: skip


def epoch_mistakes(X, y, rate, size, epochs):
    """In place of the losses of each epoch, rows taken in their order."""
    order = [np.arange(first, min(first + size, len(X))) for first in range(0, len(X), size)]
    losses = descend(X, y, rate, order * epochs)[2].reshape(epochs, len(order))
    counts, most = np.array([len(rows) for rows in order]), max(1, len(X) - len(order[-1]))
    after = _walk(X, y, rate, order * epochs, gradients)[3].reshape(epochs, len(order))
    ends = [losses_of(X, y, *descend(X, y, rate, order * (k + 1))[:2]).mean() for k in range(epochs)]
    return {
        "the means of the batches are averaged; a smaller batch then counts as much as a full one": losses.mean(axis=1),
        "the losses of the batches are summed": losses.sum(axis=1),
        "the squared errors are summed; divide by the number of rows": losses @ counts,
        "the summed squared errors are divided by the number of batches": losses @ counts / len(order),
        "the sum of the batches' means is divided by the number of rows": losses.sum(axis=1) / len(X),
        "this is the loss of the last batch of each epoch": losses[:, -1],
        "the mean of each batch is weighted with batch_size; the last batch is smaller": losses.sum(axis=1) * size / len(X),
        "the last, smaller batch is left out": losses[:, :-1] @ counts[:-1] / most,
        "each loss is taken after the step of its batch; it belongs before it": after @ counts / len(X),
        "this is the loss of all rows after each epoch; each batch's is taken before its step": np.array(ends),
        "the sum goes on from epoch to epoch; it begins anew at each": (losses @ counts / len(X)).cumsum(),
    }


def orders_kept(X, y, rate, epochs):
    """Losses of each epoch, batches of 1, for every order of the rows that stays the same from epoch to epoch."""
    for order in itertools.permutations(range(len(X))):
        losses = descend(X, y, rate, [[row] for row in order] * epochs)[2]
        yield order, losses.reshape(epochs, len(X)).mean(axis=1)
