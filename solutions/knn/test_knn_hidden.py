"""Hidden suite of kNN. Every oracle is explicit float64 arithmetic: no matrix product, no argpartition.

Tasks are judged apart where that can be: `voting` gets its distances from here, `prediction` has one test for each
number of loops, and what is drawn for prediction, cross-validation and the size study has two labels, odd k, and no
ties. `prediction` with no loops, `cross_validation`, `size_study` and `image_accuracy` do stand on the student's
distances without loops and on the student's vote; rows never coincide there, so NaN costs the task of that name only.
"""

from __future__ import annotations

import functools
from collections import Counter

import numpy as np
import pytest
from course_data import cifar_like, flat_images

from grader.checks import describe, expect_close, speed_ratio
from grader.checks.describe import as_numbers
from grader.errors import CheckFailed

GAPPED = np.array([0, 2, 7, 40, 999])

# ---------------------------------------------------------------- oracles


def euclidean(queries, rows):
    """Distances (M, N) in float64, from the differences themselves."""
    queries, rows = queries.astype(np.float64), rows.astype(np.float64)
    return np.array([np.sqrt(np.square(rows - query).sum(axis=1)) for query in queries])


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


def first(labels):
    return next(iter(labels))


# ---------------------------------------------------------------- known mistakes


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
        "the squared norms of the training rows are missing": lambda: root(of_x - 2 * cross()),
        "the squared norms of the queries are missing": lambda: root(of_t - 2 * cross()),
        "the squared norms of the training rows are missing (negative squares are cut)": lambda: root(
            np.maximum(of_x - 2 * cross(), 0)
        ),
        "the squared norms of the queries are missing (negative squares are cut)": lambda: root(
            np.maximum(of_t - 2 * cross(), 0)
        ),
        "the product of the rows is taken once; the expansion has it twice": lambda: root(of_x + of_t - cross()),
        "the product of the rows is added; the expansion subtracts it": lambda: root(of_x + of_t + 2 * cross()),
        "the squared differences are averaged; they must be summed": lambda: right() / np.sqrt(x.shape[1]),
    }


def root(squares):
    """The square root, NaN of a negative number without a warning: so it is in the student's array."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(squares)


def vote_mistakes(dists, labels, k):
    """What known mistakes give in place of the vote."""
    codes = np.searchsorted(np.unique(labels), labels)
    order = np.argsort(dists, axis=1)
    return {
        "ties go to the largest label; they must go to the smallest": winners(dists, labels, k, tie=max),
        "ties go to the label that is met first; they must go to the smallest": winners(dists, labels, k, tie=first),
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
        "folds are cut to equal length, so the last rows are in none; np.array_split hands out all rows": lambda: (
            fold_table(X[: short * num_folds], y[: short * num_folds], ks, equal)
        ),
        "all rows that are left over go to the last fold; np.array_split hands them to the first folds": lambda: (
            fold_table(X, y, ks, [*equal[:-1], rows[(num_folds - 1) * short :]])
        ),
        "the rows left over are trained on but never judged; np.array_split hands out all rows": lambda: fold_table(
            X, y, ks, equal
        ),
    }


# ---------------------------------------------------------------- inputs


def normal(rng, *shape):
    return rng.normal(size=shape)


def pixels(rng, *shape):
    return rng.uniform(0, 255, size=shape)


def far(rng, *shape):
    return rng.normal(size=shape) + 20


def on_a_line(rng, count, features):
    """Rows of which any two are at least 0.5 apart, even in one feature."""
    return rng.permutation(count)[:, None] + rng.uniform(0, 0.5, size=(count, features))


CASES = {  # M, N, D, dtype, how the numbers are drawn
    "ordinary": (7, 11, 5, "float64", normal),
    "more-queries-than-rows": (12, 4, 30, "float64", normal),
    "one-query": (1, 9, 6, "float64", normal),
    "one-row": (9, 1, 6, "float64", normal),
    "one-feature": (6, 5, 1, "float64", on_a_line),
    "pixels": (5, 8, 300, "float64", pixels),
    "far-from-zero": (6, 7, 16, "float64", far),
    "float32": (8, 13, 20, "float32", normal),
    "float32-pixels": (5, 8, 300, "float32", pixels),
}
METHODS = [pytest.param(name, marks=pytest.mark.task(name), id=name) for name in ("two_loops", "one_loop", "no_loops")]


def trained(submission, X, y):
    knn = submission.KNearestNeighbor()
    knn.train(X, y)
    return knn


def two_classes(rng, *counts, features=6, labels=(3, 17)):
    """Noisy rows of two classes, one set for every count: with odd k no vote can tie."""
    sets = []
    for count in counts:
        y = rng.choice(labels, size=count)
        sets += [rng.normal(size=(count, features)) + 0.7 * (y == labels[1])[:, None], y]
    return sets


# ---------------------------------------------------------------- distances


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_distances(submission, rng, method, case):
    M, N, D, dtype, draw = CASES[case]
    queries, rows = np.split(draw(rng, M + N, D).astype(dtype), [M])
    knn = trained(submission, rows, rng.integers(0, 3, N))
    dists = getattr(knn, f"compute_distances_{method}")(queries)
    expect_close(
        dists, euclidean(queries, rows), precision=dtype, name="dists", suspects=distance_mistakes(queries, rows)
    )


@functools.cache
def speed_task(seed):
    """Training rows, eleven sets of queries, and their distances by the id of the set. Kept for the next submission."""
    rng = np.random.default_rng(seed)
    rows, sets = rng.normal(size=(500, 512)), [rng.normal(size=(60, 512)) for _ in range(11)]
    return rows, sets, {id(queries): euclidean(queries, rows) for queries in sets}


@pytest.mark.task("speed")
def test_speed(fresh_submission, baseline, seed):
    rows, sets, right = speed_task(seed)
    knn = trained(fresh_submission, rows, np.arange(500) % 10)

    def check(dists, queries):
        expect_close(dists, right[id(queries)], name="dists", suspects=distance_mistakes(queries, rows))

    speed_ratio(
        knn.compute_distances_no_loops,
        baseline.TwoLoops(rows).distances,
        inputs=[(queries,) for queries in sets],
        check=check,
        at_least=30,
        looks_like={
            "a loop over all pairs of rows": (0, 1.4),
            "broadcasting with a temporary of shape (M, N, D), or one loop; the handout asks for a matrix product": (1.4, 30),
        },
        baseline_name="two loops",
    )


@pytest.mark.task("coincident_points")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_coincident_points(submission, rng, dtype):
    rows = rng.normal(scale=3, size=(80, 50)).astype(dtype)
    queries = np.concatenate([rows[::2], rng.normal(scale=3, size=(10, 50)).astype(dtype)])
    dists = trained(submission, rows, rng.integers(0, 3, 80)).compute_distances_no_loops(queries)
    refuse_nan(dists)
    # A rounding error of a few eps in the squared distance is its root in the distance.
    longest = np.sqrt(np.square(rows.astype(np.float64)).sum(axis=1).max())
    allowed = 4 * np.sqrt(np.finfo(dtype).eps) * longest
    expect_close(
        dists, euclidean(queries, rows), precision=dtype, atol=allowed, name="dists",
        suspects=distance_mistakes(queries, rows),
    )  # fmt: skip


def refuse_nan(dists):
    if isinstance(dists, np.ndarray) and dists.dtype.kind == "f" and np.isnan(dists).any():
        raise CheckFailed(
            f"dists holds NaN at {np.isnan(dists).sum()} places where a query coincides with a training row: rounding "
            "leaves a tiny negative number there, and its square root is NaN. Cut the squares at 0 before the root."
        )


# ---------------------------------------------------------------- voting


def distinct_distances(rng, M, N):
    """Distances (M, N); within a row any two differ by at least 0.05."""
    return 1 + 0.1 * rng.permuted(np.tile(np.arange(N), (M, 1)), axis=1) + rng.uniform(0, 0.05, size=(M, N))


def gapped_labels(rng, N, labels=GAPPED):
    """N labels, each of `labels` about equally often, in any order."""
    return labels[rng.permutation(N) % len(labels)]


@pytest.mark.task("voting")
@pytest.mark.parametrize(
    ("M", "N", "k", "dtype"),
    [(40, 25, 1, "float64"), (40, 25, 5, "float64"), (40, 25, 13, "float32"), (9, 25, 25, "float64"),
     (1, 12, 3, "float64"), (3, 1, 1, "float64")],
)  # fmt: skip
def test_majority(submission, rng, M, N, k, dtype):
    dists, labels = distinct_distances(rng, M, N).astype(dtype), gapped_labels(rng, N, np.array([4, 31]))
    predicted = trained(submission, rng.normal(size=(N, 3)), labels).predict_labels(dists, k=k)
    expect_close(predicted, winners(dists, labels, k), name="labels", suspects=vote_mistakes(dists, labels, k))


@pytest.mark.task("voting", weight=2)
@pytest.mark.parametrize("k", [4, 6, 10])
def test_ties_go_to_the_smallest_label(submission, rng, k):
    dists, labels = distinct_distances(rng, 60, 40), gapped_labels(rng, 40)
    predicted = trained(submission, rng.normal(size=(40, 3)), labels).predict_labels(dists, k=k)
    expect_close(predicted, winners(dists, labels, k), name="labels", suspects=vote_mistakes(dists, labels, k))


# ---------------------------------------------------------------- prediction


@pytest.mark.task("prediction")
@pytest.mark.parametrize("num_loops", [0, 1, 2])
def test_prediction(submission, rng, num_loops):
    X, y, queries, _ = two_classes(rng, 60, 40)
    predicted = trained(submission, X, y).predict(queries, k=5, num_loops=num_loops)
    dists = euclidean(queries, X)
    expect_close(predicted, winners(dists, y, 5), name="labels", suspects=prediction_mistakes(dists, y, 5))


@pytest.mark.task("prediction")
def test_prediction_by_default(submission, rng):
    """One neighbour, and the training set of the second `train` only."""
    X_old, y_old, X, y, queries, _ = two_classes(rng, 50, 31, 30)
    knn = trained(submission, X_old, y_old)
    knn.train(X, y)
    dists, of_old = euclidean(queries, X), euclidean(queries, X_old)
    forgot = {
        "the second `train` did not replace the first": winners(of_old, y_old, 1),
        "the second `train` was added to the first": lambda: winners(
            np.hstack([of_old, dists]), np.concatenate([y_old, y]), 1
        ),
    }
    expect_close(
        knn.predict(queries), winners(dists, y, 1), name="labels", suspects=forgot | prediction_mistakes(dists, y, 1)
    )


@pytest.mark.task("prediction")
@pytest.mark.parametrize("num_loops", [3, -1])
def test_unknown_number_of_loops(submission, rng, num_loops):
    X, y, queries, _ = two_classes(rng, 12, 4)
    knn = trained(submission, X, y)
    with pytest.raises(ValueError):
        knn.predict(queries, k=1, num_loops=num_loops)


def prediction_mistakes(dists, labels, k):
    return {"k is ignored: this is the label of the nearest row": winners(dists, labels, 1)} | vote_mistakes(
        dists, labels, k
    )


# ---------------------------------------------------------------- cross-validation


def check_table(answer, right, ks, mistakes):
    """`answer`, a dict of lists, against the table `right` (len(ks), folds)."""
    if not isinstance(answer, dict) or set(answer) != set(ks):
        keys = ", ".join(map(str, ks))
        raise CheckFailed(f"k_fold_accuracies returned {describe(answer)}; expected is a dict with the keys {keys}")
    expect_close([answer[k] for k in ks], right, name="the table of accuracies (k by fold)", suspects=mistakes)


@pytest.mark.task("cross_validation", weight=2)
@pytest.mark.parametrize(("N", "folds"), [(43, None), (32, 3), (40, 4)])
def test_accuracy_on_every_fold(submission, rng, N, folds):
    X, y = two_classes(rng, N)
    ks, num_folds = [1, 7, 3], folds or 5
    answer = submission.k_fold_accuracies(X, y, ks, **({"num_folds": folds} if folds else {}))
    right = fold_table(X, y, ks, np.array_split(np.arange(N), num_folds))
    check_table(answer, right, ks, fold_mistakes(X, y, ks, num_folds))


@pytest.mark.task("cross_validation")
@pytest.mark.parametrize("num_folds", [5, 4])
def test_choose_k(submission, rng, num_folds):
    X, y, ks, means = clear_winner(rng, num_folds)
    expect_close(
        submission.choose_k(X, y, ks, num_folds=num_folds), ks[int(np.argmax(means))], name="k",
        suspects={
            "this is the k with the worst mean accuracy": ks[int(np.argmin(means))],
            "this is the place of the best k in `ks`, not k itself": int(np.argmax(means)),
            "this is the best mean accuracy, not the k that reaches it": max(means),
        },
    )  # fmt: skip


def clear_winner(rng, num_folds):
    """Rows, labels, three k and their mean accuracies: the best is neither the smallest, nor the first, nor close."""
    while True:
        X, y, ks = *two_classes(rng, 60), [5, 1, 9]
        means = fold_table(X, y, ks, np.array_split(np.arange(60), num_folds)).mean(axis=1)
        if means[2] > max(means[:2]) + 0.02 and means[0] != means[1]:
            return X, y, ks, means.tolist()


@pytest.mark.task("cross_validation")
def test_equally_good_k(submission, rng):
    X, y = two_islands(rng)
    expect_close(
        submission.choose_k(X, y, [5, 1, 3, 9, 7]), 3, name="k",
        suspects={
            "of equally good k the first in `ks` was taken; it must be the smallest": 5,
            "of equally good k the last in `ks` was taken; it must be the smallest": 7,
            "of equally good k the largest was taken; it must be the smallest": 9,
            "the smallest k was taken, though others are better": 1,
        },
    )  # fmt: skip


def two_islands(rng):
    """Two far groups of 15; in each a stray label misleads its nearest row at k = 1, and no other row at k = 3 to 9.

    The strays lie in the first of five folds and the two rows next to them in the last, so that k = 1 does meet them.
    """
    strays, misled = [0, 15], [1, 16]
    middle, y = np.repeat([0.0, 100.0], 15), np.repeat([6, 50], 15)
    X = rng.uniform(-1, 1, size=(30, 2)) + middle[:, None]
    X[strays], X[misled] = middle[strays, None] + 5, middle[misled, None] + 4.9
    y[strays] = 56 - y[strays]
    between = rng.permutation([row for row in range(30) if row not in strays + misled])
    order = np.concatenate([strays, between, misled])
    return X[order], y[order]


# ---------------------------------------------------------------- size study


@pytest.mark.task("size_study")
@pytest.mark.parametrize(("sizes", "k"), [([5, 12, 30, 61], 5), ([40, 3, 20], 3), ([1, 9, 33], None)])
def test_accuracy_vs_size(submission, rng, sizes, k):
    X, y, queries, truth = two_classes(rng, 61, 47)
    answer = submission.accuracy_vs_size(X, y, queries, truth, sizes, **({"k": k} if k else {}))

    def curve(rows, k=k or 1, queries=queries, truth=truth):
        return np.array([accuracies(X[n], y[n], queries, truth, [k])[0] for n in rows])

    right = curve([slice(n) for n in sizes])
    mistakes = share_mistakes(right, len(truth)) | {
        "the last rows are used; the first are expected": lambda: curve([slice(len(X) - n, None) for n in sizes]),
        "all rows are used, whatever the size": lambda: curve([slice(None) for _ in sizes]),
        "the accuracy on the training rows is returned; the one on the test rows is expected": lambda: np.array(
            [accuracies(X[:n], y[:n], X[:n], y[:n], [k or 1])[0] for n in sizes]
        ),
        "one row too few is used": lambda: curve([slice(n - 1) for n in sizes]),
        "one row too many is used": lambda: curve([slice(n + 1) for n in sizes]),
        "the test set is cut to the size as well": lambda: np.array(
            [accuracies(X[:n], y[:n], queries[:n], truth[:n], [k or 1])[0] for n in sizes]
        ),
        "k is ignored: these are the accuracies of the nearest neighbour": lambda: curve([slice(n) for n in sizes], 1),
        "the sizes were sorted; the accuracies belong in the order of `sizes`": lambda: curve(
            [slice(n) for n in sorted(sizes)]
        ),
    }
    expect_close(answer, right, name="the list of accuracies", suspects=mistakes)


# ---------------------------------------------------------------- images


TRAIN, TEST, BATCH = 1000, 300, 10
LEAST_ACCURACY, LEAST_AGREEMENT = 0.18, 0.99


@functools.cache
def image_task(seed):
    """Images and labels under the private seed, and the oracle's predictions. Kept for the next submission."""
    images, labels = cifar_like(TRAIN + TEST, seed)
    rows = flat_images(images)
    dists = euclidean(rows[TRAIN:], rows[:TRAIN])
    return rows[:TRAIN], labels[:TRAIN], rows[TRAIN:], labels[TRAIN:], labels[:TRAIN][dists.argmin(axis=1)]


@pytest.mark.task("image_accuracy")
def test_images(submission, seed):
    X, y, queries, truth, nearest = image_task(seed)
    knn = trained(submission, X, y)
    # In batches, so that a temporary of shape (batch, N, D) fits the memory: broadcasting costs the speed task only.
    batches = [knn.predict(queries[i : i + BATCH], k=1) for i in range(0, TEST, BATCH)]
    predicted, right = as_numbers(batches, "the list of predictions"), nearest.reshape(-1, BATCH)
    if predicted.shape == right.shape and (accuracy := np.mean(predicted.ravel() == truth)) < LEAST_ACCURACY:
        raise CheckFailed(
            f"{accuracy:.1%} of the images are given their class; the nearest of {TRAIN:,} training images is right "
            f"for at least {LEAST_ACCURACY:.0%} (guessing: 10%)"
        )
    if predicted.shape != right.shape or np.mean(predicted == right) < LEAST_AGREEMENT:
        expect_close(predicted, right, name="predictions (batch by image)")
