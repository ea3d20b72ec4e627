"""Public checks of kNN: worked examples. Run `pytest` in this folder; the hidden suite asks the same of other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from course_data import knn_images

from grader.checks import describe, expect_close, speed_ratio
from grader.checks.describe import as_numbers
from grader.errors import CheckFailed

# Right-angled triangles with whole sides: (6, 8, 10), (5, 12, 13) ...
ROWS = np.array([[6.0, 8.0], [0.0, -5.0], [5.0, 12.0]])
QUERIES = np.array([[0.0, 0.0], [5.0, 0.0]])
DISTS = np.array([[10.0, 5.0, 13.0], [np.sqrt(65), np.sqrt(50), 12.0]])
MISTAKES = {
    "squared distances: the square root is missing": DISTS**2,
    "these are sums of absolute differences (L1), not Euclidean distances": np.array([[14.0, 5, 17], [9, 10, 12]]),
    "rows and columns are exchanged: dists[i, j] belongs to query i and training row j": DISTS.T,
}
METHODS = [pytest.param(name, marks=pytest.mark.task(name), id=name) for name in ("two_loops", "one_loop", "no_loops")]

# Two groups on a line, in each one row (1.5 and 22) with the other group's label: alone it misleads its neighbours,
# among three it is outvoted. Three folds are rows 0 to 3, 4 to 6 and 7 to 9.
LINE = np.array([1.5, 22.0, 1.1, 20.0, 2.3, 21.2, 23.9, 3.6, 0.0, 22.5])[:, None]
LABELS = np.array([4, 1, 1, 4, 1, 4, 4, 1, 1, 4])


def trained(submission, X, y):
    knn = submission.KNearestNeighbor()
    knn.train(X, y)
    return knn


@pytest.mark.parametrize("method", METHODS)
def test_distances_in_the_plane(submission, method):
    knn = trained(submission, ROWS, np.array([0, 1, 2]))
    dists = getattr(knn, f"compute_distances_{method}")(QUERIES)
    expect_close(dists, DISTS, name="dists", suspects=MISTAKES)


@pytest.mark.parametrize("method", METHODS)
def test_distances_in_space_in_float32(submission, method):
    rows = np.array([[3, 4, 7], [2, 5, 9], [-1, 7, 10], [5, 5, 8]], dtype=np.float32)
    knn = trained(submission, rows, np.array([0, 1, 2, 3]))
    dists = getattr(knn, f"compute_distances_{method}")(np.ones((1, 3), dtype=np.float32))
    expect_close(dists, np.array([[7.0, 9.0, 11.0, 9.0]]), precision="float32", name="dists")


@pytest.mark.task("speed")
@pytest.mark.timeout(60)
def test_no_loops_is_faster_than_two_loops(submission, fresh_submission, rng, credit):
    """Your method without loops against your own with two: advisory. Grading measures against ours."""
    rows, labels = rng.normal(size=(250, 512)), np.zeros(250, dtype=int)
    fast, slow = trained(fresh_submission, rows, labels), trained(submission, rows, labels)

    def check(dists, queries):
        first = as_numbers(dists, "dists")[:1]
        expect_close(first, slow.compute_distances_two_loops(queries[:1]), name="no loops, against your two loops")

    measured = speed_ratio(
        fast.compute_distances_no_loops,
        slow.compute_distances_two_loops,
        inputs=[(rng.normal(size=(120, 512)),) for _ in range(5)],
        check=check,
        at_least=30,
        baseline_name="your two loops",
    )
    credit(1.0, measured.text)


@pytest.mark.task("voting")
@pytest.mark.parametrize(("k", "expected"), [(1, [40, 2]), (3, [7, 2]), (4, [7, 7]), (5, [7, 7])])
def test_vote(submission, k, expected):
    labels = np.array([40, 7, 7, 40, 2])
    dists = np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]])
    knn = trained(submission, np.arange(5.0)[:, None], labels)
    expect_close(
        knn.predict_labels(dists, k=k), expected, name=f"labels for k = {k}",
        suspects={
            "the nearest row's label is returned, whatever k is": [40, 2],
            "ties go to the largest label, or to the one that is met first; they must go to the smallest": {
                3: [7, 40], 4: [40, 7], 5: [40, 40],
            }.get(k, expected),
            "ties go to the label that is met first; they must go to the smallest": [40, 7],
        },
    )  # fmt: skip


@pytest.mark.task("prediction")
@pytest.mark.parametrize("num_loops", [0, 1, 2])
@pytest.mark.parametrize(("k", "expected"), [(1, [3, 8, 8]), (3, [3, 8, 3])])
def test_prediction(submission, num_loops, k, expected):
    rows, labels = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]), np.array([3, 3, 8, 8, 8, 3])
    knn = trained(submission, rows, labels)
    predicted = knn.predict(np.array([[0.4], [11.1], [1.9]]), k=k, num_loops=num_loops)
    expect_close(predicted, expected, name="labels", suspects={"k is ignored": [3, 8, 8]})


@pytest.mark.task("prediction")
def test_unknown_number_of_loops(submission):
    knn = trained(submission, ROWS, np.array([0, 1, 2]))
    with pytest.raises(ValueError):
        knn.predict(QUERIES, k=1, num_loops=3)


@pytest.mark.task("cross_validation")
def test_accuracy_on_every_fold(submission):
    answer = submission.k_fold_accuracies(LINE, LABELS, [1, 3], num_folds=3)
    if not isinstance(answer, dict) or set(answer) != {1, 3}:
        raise CheckFailed(f"k_fold_accuracies returned {describe(answer)}; expected is a dict with the keys 1 and 3")
    expect_close(answer[1], [2 / 4, 1 / 3, 2 / 3], name="accuracies[1]")
    expect_close(answer[3], [2 / 4, 1, 1], name="accuracies[3]")


@pytest.mark.task("cross_validation")
def test_choose_k(submission):
    expect_close(submission.choose_k(LINE, LABELS, [5, 1, 3], num_folds=3), 3, name="k")


@pytest.mark.task("cross_validation")
def test_equally_good_k(submission):
    """Two groups so far apart that every k is always right: the smallest is asked for."""
    rows, labels = np.array([[0.0], [50.0], [1.0], [51.0], [2.0], [52.0], [3.0], [53.0]]), np.array([5, 9] * 4)
    expect_close(
        submission.choose_k(rows, labels, [3, 1, 2], num_folds=4), 1, name="k",
        suspects={"of equally good k the smallest is asked for": 3},
    )  # fmt: skip


@pytest.mark.task("size_study")
def test_accuracy_vs_size(submission):
    queries, truth = np.array([[1.6], [21.4], [0.7], [23.0], [3.0]]), np.array([1, 4, 1, 4, 1])
    answer = submission.accuracy_vs_size(LINE, LABELS, queries, truth, [10, 2, 6, 3])
    expect_close(
        answer, [0.8, 0.0, 0.6, 0.2], name="the list of accuracies",
        suspects={
            "these are percentages; fractions from 0 to 1 are expected": [80, 0, 60, 20],
            "these are numbers of right predictions; fractions from 0 to 1 are expected": [4, 0, 3, 1],
        },
    )  # fmt: skip


@pytest.mark.task("image_accuracy")
def test_images(submission):
    """1,000 training images, 200 to classify: the nearest training image has the right class for 61 of them."""
    X_train, y_train, X_test, y_test = knn_images(1000, 200)
    knn = trained(submission, X_train, y_train)
    batches = [knn.predict(X_test[i : i + 10]) for i in range(0, 200, 10)]
    predicted = as_numbers(batches, "the list of predictions")
    if predicted.shape != (20, 10):
        raise CheckFailed(f"predict returned {describe(batches[0])} for 10 images; 10 labels are expected")
    expect_close(np.mean(predicted.ravel() == y_test), 61 / 200, atol=0.01, name="the accuracy")


@pytest.mark.task("coincident_points")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_row_is_at_distance_0_of_itself(submission, rng, dtype):
    rows = rng.normal(size=(50, 30)).astype(dtype)
    dists = trained(submission, rows, np.arange(50)).compute_distances_no_loops(rows)
    if isinstance(dists, np.ndarray) and np.isnan(dists).any():
        raise CheckFailed("dists holds NaN: rounding leaves a tiny negative number, and its square root is NaN")
    diagonal = as_numbers(dists, "dists")[np.eye(50, dtype=bool)]
    allowed = {"float64": 1e-6, "float32": 2e-3}[dtype] * np.sqrt((rows**2).sum(axis=1).max())
    expect_close(diagonal, np.zeros(50), atol=allowed, name="the diagonal of dists")
