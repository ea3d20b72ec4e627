"""What kNN must give, by explicit float64 arithmetic: no matrix product, no argpartition."""

from __future__ import annotations

from collections import Counter

import numpy as np

__all__ = ["accuracies", "euclidean", "fold_table", "size_curve", "winners"]


def euclidean(queries, rows):
    """Distances (M, N) in float64, from the differences themselves."""
    gaps = (rows.astype(np.float64) - query for query in queries.astype(np.float64))
    return np.array([np.sqrt(np.einsum("ij,ij->i", gap, gap)) for gap in gaps])


def winners(dists, labels, k, *, tie=min, skip=0):
    """The vote (M,): the most frequent of the k nearest labels, `tie` among equals; `skip` leaves out the nearest."""
    result = []
    for row in dists:
        votes = Counter(labels[np.argsort(row)[skip : skip + k]].tolist())  # in order of distance
        most = max(votes.values())
        result.append(tie(label for label, count in votes.items() if count == most))
    return np.array(result)


def accuracies(X, y, queries, truth, ks):
    """Shares of right predictions, one for each k."""
    dists = euclidean(queries, X)
    return [float(np.mean(winners(dists, y, k) == truth)) for k in ks]


def fold_table(X, y, ks, folds, *, leak=False):
    """Accuracies (len(ks), folds); `folds` holds the rows of each, `leak` keeps them in the training set."""
    table = []
    for fold in folds:
        rest = np.arange(len(X)) if leak else np.setdiff1d(np.arange(len(X)), fold)
        table.append(accuracies(X[rest], y[rest], X[fold], y[fold], ks))
    return np.array(table).T


def size_curve(X, y, queries, truth, pieces, k):
    """Accuracies when only X[piece] is trained on, one for each slice of `pieces`."""
    return np.array([accuracies(X[piece], y[piece], queries, truth, [k])[0] for piece in pieces])
