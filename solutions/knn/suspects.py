"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import functools
from collections import Counter

import numpy as np

from .oracle import accuracies, euclidean, fold_table, size_curve, winners

__all__ = ["distance_mistakes", "fold_mistakes", "prediction_mistakes", "size_mistakes", "vote_mistakes"]


def distance_mistakes(queries, rows):
    """What known mistakes give in place of the distances."""
    x, t = queries.astype(np.float64), rows.astype(np.float64)
    right = functools.cache(lambda: euclidean(x, t))
    cross = functools.cache(lambda: np.array([np.sum(t * query, axis=1) for query in x]))
    of_x, of_t = np.square(x).sum(axis=1)[:, None], np.square(t).sum(axis=1)
    return {
        "squared distances: the square root is missing": lambda: right() ** 2,
        "these are sums of absolute differences (L1), not Euclidean distances": lambda: np.array(
            [np.abs(t - query).sum(axis=1) for query in x]
        ),
        "these are largest differences, not Euclidean distances": lambda: np.array(
            [np.abs(t - query).max(axis=1) for query in x]
        ),
        "rows and columns are exchanged: dists[i, j] belongs to query i and training row j": lambda: right().T,
        "distances are cut to whole numbers: the array they are stored in has an integer dtype": lambda: np.trunc(right()),
        "distances are rounded to whole numbers": lambda: np.rint(right()),
        "the inputs are cut to whole numbers": lambda: euclidean(np.trunc(x), np.trunc(t)),
        "the squared norms of the training rows are missing": lambda: _root(of_x - 2 * cross()),
        "the squared norms of the queries are missing": lambda: _root(of_t - 2 * cross()),
        "the squared norms of the training rows are missing (negative squares are cut)": lambda: _root(
            np.maximum(of_x - 2 * cross(), 0)
        ),
        "the squared norms of the queries are missing (negative squares are cut)": lambda: _root(
            np.maximum(of_t - 2 * cross(), 0)
        ),
        "the product of the rows is taken once; the expansion has it twice": lambda: _root(of_x + of_t - cross()),
        "the product of the rows is added; the expansion subtracts it": lambda: _root(of_x + of_t + 2 * cross()),
        "the squared differences are averaged; they must be summed": lambda: right() / np.sqrt(x.shape[1]),
        "the sum runs over all rows; it must run over the features only (axis=1)": lambda: np.repeat(
            _root(np.square(right()).sum(axis=1, keepdims=True)), len(t), axis=1
        ),
    }


def _root(squares):
    """The square root, NaN of a negative number without a warning: so it is in the student's array."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(squares)


def vote_mistakes(dists, labels, k):
    """What known mistakes give in place of the vote."""
    codes = np.searchsorted(np.unique(labels), labels)
    order = np.argsort(dists, axis=1)
    return {
        "ties go to the largest label; they must go to the smallest": winners(dists, labels, k, tie=max),
        "ties go to the label that is met first; they must go to the smallest": winners(dists, labels, k, tie=_first),
        "ties go to the label that stands first in a set, which has no order; they must go to the smallest": lambda: (
            _of_sets(dists, labels, k)
        ),
        "the label that is met k times first is returned: count among the k nearest rows only": lambda: _race(
            dists, labels, k
        ),
        "the nearest row's label is returned, whatever k is": winners(dists, labels, 1),
        "k + 1 neighbours vote": winners(dists, labels, k + 1),
        "k - 1 neighbours vote": winners(dists, labels, max(k - 1, 1)),
        "the nearest row is left out of the vote": winners(dists, labels, k, skip=1) if k < len(labels) else labels[:0],
        "the farthest rows vote, not the nearest": winners(-dists, labels, k),
        "places in the sorted list of labels are returned, not the labels": winners(dists, codes, k),
        "the row's number is returned, not its label": order[:, 0],
        "the smallest label among the neighbours is returned, not the most frequent": labels[order[:, :k]].min(axis=1),
        "the labels of the neighbours are averaged; they must vote": lambda: labels[order[:, :k]].mean(axis=1),
        "all rows vote, whatever k is": winners(dists, labels, len(labels)),
    }


def share_mistakes(right, count):
    """What known mistakes give in place of shares of right predictions among `count`."""
    return {
        "these are percentages; fractions from 0 to 1 are expected": right * 100,
        "these are numbers of right predictions; fractions from 0 to 1 are expected": right * count,
        "these are shares of wrong predictions": 1 - right,
    }


def fold_mistakes(X, y, ks, num_folds):
    """What known mistakes give in place of the table of folds."""
    rows = np.arange(len(X))
    folds = np.array_split(rows, num_folds)
    right, short = fold_table(X, y, ks, folds), len(X) // num_folds
    equal = [rows[i * short : (i + 1) * short] for i in range(num_folds)]
    sizes = np.array([len(fold) for fold in folds])
    return share_mistakes(right, sizes) | {
        "the means over the folds are returned; every fold's accuracy is expected": right.mean(axis=1),
        "the fold that is judged is also trained on": lambda: fold_table(X, y, ks, folds, leak=True),
        "k is ignored: these are the accuracies of the nearest neighbour": lambda: np.repeat(
            fold_table(X, y, [1], folds), len(ks), axis=0
        ),
        "folds are every n-th row; contiguous pieces are expected": lambda: fold_table(
            X, y, ks, [rows[i::num_folds] for i in range(num_folds)]
        ),
        "folds are cut to equal length, so the last rows are in none; np.array_split hands out all rows": lambda: fold_table(
            X[: short * num_folds], y[: short * num_folds], ks, equal
        ),
        "all rows that are left over go to the last fold; np.array_split hands them to the first folds": lambda: fold_table(
            X, y, ks, [*equal[:-1], rows[(num_folds - 1) * short :]]
        ),
        "the rows left over are trained on but never judged; np.array_split hands out all rows": lambda: fold_table(
            X, y, ks, equal
        ),
    }


def prediction_mistakes(dists, labels, k):
    """What known mistakes give in place of a prediction."""
    return {"k is ignored: this is the label of the nearest row": winners(dists, labels, 1)} | vote_mistakes(
        dists, labels, k
    )


def size_mistakes(X, y, queries, truth, sizes, k):
    """What known mistakes give in place of the accuracies at `sizes`."""

    def curve(pieces, k=k):
        return size_curve(X, y, queries, truth, pieces, k)

    right = curve([slice(n) for n in sizes])
    return share_mistakes(right, len(truth)) | {
        "the last rows are used; the first are expected": lambda: curve([slice(len(X) - n, None) for n in sizes]),
        "all rows are used, whatever the size": lambda: curve([slice(None) for _ in sizes]),
        "the accuracy on the training rows is returned; the one on the test rows is expected": lambda: np.array(
            [accuracies(X[:n], y[:n], X[:n], y[:n], [k])[0] for n in sizes]
        ),
        "one row too few is used": lambda: curve([slice(n - 1) for n in sizes]),
        "one row too many is used": lambda: curve([slice(n + 1) for n in sizes]),
        "the test set is cut to the size as well": lambda: np.array(
            [accuracies(X[:n], y[:n], queries[:n], truth[:n], [k])[0] for n in sizes]
        ),
        "k is ignored: these are the accuracies of the nearest neighbour": lambda: curve([slice(n) for n in sizes], 1),
        "the sizes were sorted; the accuracies belong in the order of `sizes`": lambda: curve(
            [slice(n) for n in sorted(sizes)]
        ),
    }


def _first(labels):
    return next(iter(labels))


def _of_sets(dists, labels, k):
    """The vote by `max(set(near), key=near.count)`."""
    near = [labels[np.argsort(row)[:k]].tolist() for row in dists]
    return np.array([max(set(row), key=row.count) for row in near])


def _race(dists, labels, k):
    """The label that has k votes first when rows are counted in order of distance; else that of the farthest row."""
    result = []
    for row in dists:
        votes = Counter()
        for label in labels[np.argsort(row)].tolist():
            votes[label] += 1
            if votes[label] == k:
                break
        result.append(label)
    return np.array(result)
