"""The form of what came back: how many values, which keys, how many losses. What is wrong with it is told in words."""

from __future__ import annotations

import numpy as np

from grader.checks import as_numbers, describe
from grader.errors import CheckFailed

__all__ = [
    "alone",
    "classifier",
    "losses_of",
    "pair",
    "predictions",
    "refuse_constants",
    "rows_of",
    "search_results",
    "weights",
]

_OTHER = {"naive": "vectorized", "vectorized": "naive"}


def pair(answer, name):
    """The two values that `name` returned."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise CheckFailed(f"{name} returned {describe(answer)}; two values are expected: loss, dW")
    return answer


def alone(submission, version):
    """svm_loss_<version> as a function that gives two values, in a module from which the other version is taken away."""
    name, other = f"svm_loss_{version}", f"svm_loss_{_OTHER[version]}"
    loss = getattr(submission, name)
    setattr(submission, other, None)

    def call(*arguments):
        try:
            return pair(loss(*arguments), name)
        except TypeError as error:
            if "'NoneType' object is not callable" not in str(error):
                raise
            raise CheckFailed(f"{name} calls {other}: each has to find the loss by itself") from None

    return call


def refuse_constants(first, second):
    """Two answers for different labels: functions that ignore what they are given agree as well."""
    for what, a, b in zip(("loss", "dW"), first, second, strict=True):
        if np.array_equal(as_numbers(a, what), as_numbers(b, what)):
            raise CheckFailed(f"both versions give the same {what} whatever the labels are")


def classifier(submission, W=None):
    """A LinearSVM, with these weights if they are given."""
    svm = submission.LinearSVM()
    if W is not None:
        svm.W = W
    return svm


def weights(svm):
    """Its W as an array."""
    return as_numbers(svm.W, "W")


def losses_of(history, steps):
    """The losses as an array, one for every iteration."""
    losses = as_numbers(history, "the loss history")
    if losses.shape == (steps,):
        return losses
    why = ""
    if losses.shape == (2 * steps,):
        why = ": every iteration records two"
    elif losses.ndim == 1 and len(losses) < steps:
        why = ": no early stop, and no iteration left out"
    raise CheckFailed(f"train returned {describe(history)} for {steps} iterations; expected is one loss for each{why}")


def predictions(svm, X):
    """Labels (len(X),) from `predict`."""
    labels = as_numbers(svm.predict(X), "the prediction")
    if labels.shape != (len(X),):
        raise CheckFailed(f"predict returned {describe(labels)} for {len(X):,} rows; one label for each is expected")
    return labels


def rows_of(losses, size, rows, base):
    """How often each batch of a puzzle holds each row (batches, rows); None where no batches of `size` have these losses."""
    sums = losses * size
    if not np.all(np.isfinite(sums)) or np.any(sums < 0) or np.any(np.abs(sums - np.rint(sums)) > 0.05):
        return None
    times = np.rint(sums).astype(np.int64)[:, None] // base ** np.arange(rows) % base
    return times if np.all(times.sum(axis=1) == size) else None


def strange_batches(losses, size, rows, base):
    """Why these are not the losses of batches of `size` rows of a batch puzzle."""
    for other in range(1, base):
        if rows_of(losses, other, rows, base) is not None:
            return f"batches hold {other} rows where batch_size={size} is asked for, of {rows} rows"
    return (
        f"the losses of the batches are none that {size} rows can have, each with its own label: take the same row numbers "
        "from X and from y, and see to it that the loss of a batch is the mean over its rows"
    )


def search_results(answer, learning_rates, regs):
    """`results` as {(lr, reg): (train, val)} of floats, and `best`."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise CheckFailed(f"search returned {describe(answer)}; two values are expected: results, best")
    results, best = answer
    wanted = {(rate, reg) for rate in learning_rates for reg in regs}
    if not isinstance(results, dict) or set(results) != wanted:
        swapped = isinstance(results, dict) and set(results) == {(reg, rate) for rate, reg in wanted}
        why = ": these are (reg, learning rate)" if swapped else ""
        raise CheckFailed(
            f"results is {describe(results)}; expected is a dict with the {len(wanted)} keys (learning rate, reg){why}"
        )
    if not getattr(type(best), "__grader_handle__", False):
        raise CheckFailed(f"best is {describe(best)}; the LinearSVM that validates best is expected")
    return {key: _shares(value, key) for key, value in results.items()}, best


def _shares(value, key):
    shares = as_numbers(value, f"results[{key}]")
    if shares.shape != (2,):
        raise CheckFailed(f"results[{key}] is {describe(value)}; two accuracies are expected: training, validation")
    if not np.all((shares >= 0) & (shares <= 1)):
        raise CheckFailed(f"results[{key}] is ({shares[0]:.4g}, {shares[1]:.4g}); accuracies are fractions from 0 to 1")
    return float(shares[0]), float(shares[1])
