"""Hidden suite of kNN. What is right says oracle.py, what known mistakes give says suspects.py.

Tasks are judged apart where that can be: `voting` gets its distances from here, `prediction` has one test for each
number of loops, and what is drawn for prediction, cross-validation and the size study has two labels, odd k, and no
ties. `prediction` with no loops, `cross_validation`, `size_study` and `image_accuracy` do stand on the student's
distances without loops and on the student's vote; rows never coincide there, so NaN costs the task of that name only.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from course_data import cifar_like, flat_images

from grader.checks import describe, expect_close, learns, speed_ratio
from grader.checks.describe import as_numbers
from grader.errors import CheckFailed

from .oracle import euclidean, fold_table, size_curve, winners
from .suspects import distance_mistakes, fold_mistakes, prediction_mistakes, size_mistakes, vote_mistakes

GAPPED = np.array([0, 2, 7, 40, 999])

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
    expect_close(dists, euclidean(queries, rows), precision=dtype, name="dists", suspects=distance_mistakes(queries, rows))


# How many times as fast as the kit's two loops each way is, says thresholds.toml. 60 x 500 distances cost as much as
# 120 x 250, and leave less room between the right solutions that copy both sets of rows and the loop over products.


@functools.lru_cache(maxsize=1)
def speed_task(seed):
    """Training rows, eleven sets of queries, and their distances by the id of the set. Kept for the next submission."""
    rng = np.random.default_rng(seed)
    rows, sets = rng.normal(size=(250, 512)), [rng.normal(size=(120, 512)) for _ in range(11)]
    return rows, sets, {id(queries): euclidean(queries, rows) for queries in sets}


@pytest.mark.task("speed")
def test_speed(fresh_submission, baseline, seed, thresholds):
    rows, sets, right = speed_task(seed)
    knn = trained(fresh_submission, rows, np.arange(250) % 10)

    def check(dists, queries):
        expect_close(dists, right[id(queries)], name="dists", suspects=distance_mistakes(queries, rows))

    speed_ratio(
        knn.compute_distances_no_loops,
        baseline.TwoLoops(rows).distances,
        inputs=[(queries,) for queries in sets],
        check=check,
        at_least=thresholds["speed"],
        looks_like={
            "a loop over all pairs of rows": (0, 1.4),
            "broadcasting with a temporary of shape (M, N, D), or one loop; a matrix product is asked for": (1.4, 16),
            "a loop over matrix-vector products, or one matrix product among many copies": (16, math.inf),
        },
        baseline_name="two loops",
    )


@pytest.mark.task("coincident_points")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_coincident_points(submission, rng, dtype):
    rows = rng.normal(scale=3, size=(80, 50)).astype(dtype)
    queries = np.concatenate([rows[::2], rng.normal(scale=3, size=(10, 50)).astype(dtype)])
    dists = trained(submission, rows, rng.integers(0, 3, 80)).compute_distances_no_loops(queries)
    right = euclidean(queries, rows)
    refuse_nan(dists, right == 0)
    # A few eps of the squared length, left of 0 in the squares, become the root of that in the distance.
    longest = euclidean(np.zeros((1, 50)), rows).max()
    allowed = {"float64": 1e-6, "float32": 2e-3}[dtype] * longest
    expect_close(dists, right, precision=dtype, atol=allowed, name="dists", suspects=distance_mistakes(queries, rows))


def refuse_nan(dists, coincide):
    """Name the mistake if there is NaN where rows coincide, and nowhere else."""
    numbers = as_numbers(dists, "dists")
    if numbers.shape == coincide.shape and (nan := np.isnan(numbers)).any() and not nan[~coincide].any():
        raise CheckFailed(
            f"dists holds NaN at {nan.sum()} of {coincide.sum()} places where a query coincides with a training row: "
            "rounding leaves a tiny negative number there, and its square root is NaN. Cut the squares at 0 before the root."
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
    X, y, queries, _ = two_classes(rng, 60, 120)
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
def test_choose_k(submission, seed, num_folds):
    X, y, ks, means, of_five = clear_winner(seed, num_folds)
    expect_close(
        submission.choose_k(X, y, ks, num_folds=num_folds), ks[int(np.argmax(means))], name="k",
        suspects={
            "this is the k with the worst mean accuracy": ks[int(np.argmin(means))],
            "num_folds is ignored: this is the best k for five folds": of_five,
            "this is the place of the best k in `ks`, not k itself": int(np.argmax(means)),
            "this is the best mean accuracy, not the k that reaches it": max(means),
        },
    )  # fmt: skip


@functools.cache
def clear_winner(seed, num_folds):
    """Rows, labels, three k, their mean accuracies, and the k that is best for five folds. Kept for the next submission.

    The best k is neither the smallest, nor the first, nor close; if it is not five folds, theirs is another.
    """
    rng = np.random.default_rng(seed)
    while True:
        X, y, ks = *two_classes(rng, 60), [5, 1, 9]
        means, of_five = (
            fold_table(X, y, ks, np.array_split(np.arange(60), folds)).mean(axis=1) for folds in (num_folds, 5)
        )
        stands_out = means[2] > max(means[:2]) + 0.02 and means[0] != means[1]
        if stands_out and (num_folds == 5 or of_five[2] < max(of_five[:2]) - 0.01):
            return X, y, ks, means.tolist(), ks[int(np.argmax(of_five))]


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
    right = size_curve(X, y, queries, truth, [slice(n) for n in sizes], k or 1)
    mistakes = size_mistakes(X, y, queries, truth, sizes, k or 1)
    expect_close(answer, right, name="the list of accuracies", suspects=mistakes)


# ---------------------------------------------------------------- images


TRAIN, TEST, BATCH = 1000, 300, 10
# A prediction depends on nothing but the nearest row, so right code agrees with the oracle whatever the images are, while
# its accuracy varies with them: about 0.3, and from 0.1 to 0.3 for wrong code. So agreement is asked for.


@functools.lru_cache(maxsize=2)  # the seeds of both tries
def image_task(seed):
    """Training images and labels, other images, and the oracle's predictions of them. Kept for the next submission."""
    images, labels = cifar_like(TRAIN + TEST, seed)
    rows = flat_images(images)
    dists = euclidean(rows[TRAIN:], rows[:TRAIN])
    return rows[:TRAIN], labels[:TRAIN], rows[TRAIN:], labels[:TRAIN][dists.argmin(axis=1)]


@pytest.mark.task("image_accuracy")
def test_images(submission, seed, thresholds):
    def agreement(seed):
        X, y, queries, nearest = image_task(seed)
        knn = trained(submission, X, y)
        # In batches, so that a temporary of shape (batch, N, D) fits the memory: broadcasting costs the speed task only.
        batches = [knn.predict(queries[i : i + BATCH], k=1) for i in range(0, TEST, BATCH)]
        predicted, right = as_numbers(batches, "the list of predictions"), nearest.reshape(-1, BATCH)
        if predicted.shape != right.shape:
            expect_close(predicted, right, name="predictions (batch by image)")
        return np.mean(predicted == right)

    learns(
        agreement, at_least=thresholds["image_agreement"], seed=seed, of=TEST,
        name=f"the share of {TEST} images that get the label of the nearest of {TRAIN:,} training images",
    )  # fmt: skip
