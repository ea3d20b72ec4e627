"""Public checks of the SVM: worked examples. Run `pytest` in this folder; grading asks the same of other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from course_data import load

from grader.checks import as_numbers, check_gradient, describe, expect_close, speed_ratio
from grader.errors import CheckFailed

# The example of README.md: the positive margins are 6 (row 1, class 0), 3 and 2 (row 2, classes 1 and 2).
W = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]])
X = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0], [-2.0, 0.0]])
Y = np.array([1, 1, 0, 2])
LOSS, DW = 3.45, np.array([[0.95, -0.75, -0.2], [-0.75, 0.9, 0.45]])
LOSS_MISTAKES = {
    "the regularisation is missing from the loss": 2.75,
    "the regularisation is halved: reg * sum(W * W) is asked for, without 1/2": 3.1,
    "the true class counts too: it adds its margin of 1 to every row": 4.45,
    "the losses of the rows are summed; their mean is asked for": 11.7,
    "negative margins are not cut at 0": 1.2,
}
DATA_DW = DW - 0.2 * W
GRADIENT_MISTAKES = {
    "the regularisation is missing from the gradient": DATA_DW,
    "the regularisation is half of what it must be in the gradient: 2 * reg * W": DATA_DW + 0.1 * W,
    "the regularisation is divided by N: add it after the division": DATA_DW + 0.05 * W,
    "the gradients of the rows are summed; their mean is asked for": 4 * DATA_DW + 0.2 * W,
    "only the column of the true class is updated": np.array([[0, -0.75, 0], [-0.5, 0.25, 0]]) + 0.2 * W,
    "the column of the true class is not updated": np.array([[0.75, 0, 0], [-0.25, 0.25, 0.25]]) + 0.2 * W,
}


def versions(kind):
    return [pytest.param(name, marks=pytest.mark.task(f"{name}_{kind}"), id=name) for name in ("naive", "vectorized")]


def loss_and_gradient(submission, version, *arguments):
    answer = getattr(submission, f"svm_loss_{version}")(*arguments)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise CheckFailed(f"svm_loss_{version} returned {describe(answer)}; two values are expected: loss, dW")
    return answer


@pytest.mark.parametrize("version", versions("loss"))
def test_loss(submission, version):
    loss, _ = loss_and_gradient(submission, version, W, X, Y, 0.1)
    expect_close(loss, LOSS, name="the loss", suspects=LOSS_MISTAKES)


@pytest.mark.parametrize("version", versions("loss"))
def test_loss_of_one_row(submission, version):
    scores = np.array([[3.0, 1.0, 0.5]])
    loss, _ = loss_and_gradient(submission, version, scores, np.ones((1, 1)), np.array([1]), 0.0)
    expect_close(loss, 3.5, name="the loss", suspects={"the true class counts too": 4.5, "the margin of 1 is missing": 2.0})


@pytest.mark.parametrize("version", versions("loss"))
def test_loss_of_small_weights(submission, rng, version):
    """About 1 for each of the nine wrong classes."""
    small, rows, y = 1e-5 * rng.normal(size=(50, 10)), rng.normal(size=(20, 50)), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission, version, small, rows, y, 1e-5)
    expect_close(loss, 9.0, rtol=0, atol=0.2, name="the loss of ten classes with weights near 0")


@pytest.mark.parametrize("version", versions("gradient"))
def test_gradient(submission, version):
    _, dW = loss_and_gradient(submission, version, W, X, Y, 0.1)
    expect_close(dW, DW, name="dW", suspects=GRADIENT_MISTAKES)


@pytest.mark.parametrize("version", versions("gradient"))
def test_gradient_is_the_slope(submission, version):
    """Of your own loss; where that is computed in float32, a difference has no digits left, and nothing is checked."""
    loss, dW = loss_and_gradient(submission, version, W, X, Y, 0.1)
    if as_numbers(loss, "the loss").dtype != np.float32:

        def loss_at(at):
            return loss_and_gradient(submission, version, at, X, Y, 0.1)[0]

        check_gradient(dW, loss_at, W, name="dW against the slope of your loss", trusted=False)


@pytest.mark.task("agreement")
@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_versions_agree(submission, rng, reg):
    weights, rows = rng.normal(size=(6, 5)), rng.normal(size=(8, 6))
    y = rng.integers(0, 5, 8)
    naive, vectorized = (loss_and_gradient(submission, name, weights, rows, y, reg) for name in ("naive", "vectorized"))
    expect_close(vectorized[0], as_numbers(naive[0], "the naive loss"), name="the vectorized loss, against the naive one")
    expect_close(vectorized[1], as_numbers(naive[1], "the naive dW"), name="the vectorized dW, against the naive one")


@pytest.mark.task("speed")
def test_vectorized_is_faster_than_naive(submission, fresh_submission, rng, credit):
    """Your version without loops against your own with two: advisory. Grading measures against ours."""

    def check(answer, *arguments):
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise CheckFailed(f"svm_loss_vectorized returned {describe(answer)}; two values are expected: loss, dW")
        loss, _ = loss_and_gradient(submission, "naive", *arguments)
        expect_close(answer[0], as_numbers(loss, "the naive loss"), name="the vectorized loss, against the naive one")

    sets = [(0.1 * rng.normal(size=(128, 10)), rng.normal(size=(400, 128)), rng.integers(0, 10, 400), 0.0) for _ in range(5)]
    measured = speed_ratio(
        fresh_submission.svm_loss_vectorized, submission.svm_loss_naive, inputs=sets, check=check, at_least=3,
        baseline_name="your two loops",
    )  # fmt: skip
    credit(1.0, measured.text)


@pytest.mark.task("sgd_step")
@pytest.mark.parametrize("batch_size", [2, 4, 9])
def test_one_step(submission, batch_size):
    """Four times the row (1, 2) of class 0: scores 1, 4, 1, margins 4 and 1, dW = (-1.8, 1, 0.8; -4, 2.4, 2.2)."""
    svm = submission.LinearSVM()
    svm.W = W
    history = svm.train(
        np.array([[1.0, 2.0]] * 4), np.zeros(4, dtype=int), learning_rate=0.1, reg=0.1, num_iters=1, batch_size=batch_size
    )
    expect_close(svm.W, np.array([[1.18, -0.1, -1.08], [0.4, 1.76, 0.78]]), name="W after one step", suspects={
        "W is as it was: no step was taken": W,
        "the step goes up the gradient; the loss falls the other way": np.array([[0.82, 0.1, -0.92], [-0.4, 2.24, 1.22]]),
        "the learning rate is not used": np.array([[2.8, -1, -1.8], [4, -0.4, -1.2]]),
    })  # fmt: skip
    expect_close(history, [5.7], name="the loss history", suspects={"every iteration records two": [5.7, 5.7]})


@pytest.mark.task("training")
def test_training(submission, rng):
    """Three groups of points, far apart, and a last column of ones."""
    y = np.arange(90) % 3
    rows = np.array([[4.0, 0.0, 1.0], [-4.0, 3.0, 1.0], [-2.0, -5.0, 1.0]])[y] + rng.normal(size=(90, 3)) * [0.5, 0.5, 0]
    svm = submission.LinearSVM()
    history = as_numbers(svm.train(rows, y, learning_rate=0.05, reg=1e-3, num_iters=200, batch_size=30), "the loss history")
    if history.shape != (200,):
        raise CheckFailed(f"train returned losses of shape {history.shape} for 200 iterations; one for each is expected")
    expect_close(history[0], 2.0, rtol=0, atol=0.2, name="the first loss, of three classes with weights near 0")
    if history[-20:].mean() > 0.3:
        raise CheckFailed(f"the loss goes from {history[0]:.3g} to {history[-20:].mean():.3g}; it should fall below 0.3")
    expect_close(svm.predict(rows), y, name="labels after training")


@pytest.mark.task("training")
def test_train_makes_weights_for_all_classes(submission, rng):
    svm = submission.LinearSVM()
    svm.train(rng.normal(size=(12, 7)), np.array([1, 4] * 6), num_iters=3, batch_size=20)
    if as_numbers(svm.W, "W").shape != (7, 5):
        raise CheckFailed(f"W is {describe(svm.W)}; with labels 1 and 4, and rows of 7 features, it is (7, 5)")


@pytest.mark.task("training")
def test_predict(submission):
    svm = submission.LinearSVM()
    svm.W = W
    expect_close(svm.predict(X), [1, 0, 1, 2], name="labels")


@pytest.mark.task("preprocessing")
def test_preprocess(submission, untouched):
    """Two training pictures of one row and two columns, one other; 51 is a fifth of 255."""
    train = np.array([[[[0, 51, 102], [153, 204, 255]]], [[[102, 51, 0], [51, 102, 255]]]], dtype=np.uint8)  # (2, 1, 2, 3)
    other = np.array([[[[51, 51, 51], [102, 255, 0]]]], dtype=np.uint8)  # (1, 1, 2, 3)
    with untouched():
        answer = submission.preprocess(train, other)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise CheckFailed(f"preprocess returned {describe(answer)} for two sets; a list of two arrays is expected")
    expected = np.array([[-0.2, 0, 0.2, 0.2, 0.2, 0, 1], [0.2, 0, -0.2, -0.2, -0.2, 0, 1]])
    expect_close(answer[0], expected, precision="float32", name="X_train, preprocessed", suspects={
        "the column of ones is missing": expected[:, :-1],
        "the division by 255 is missing": expected * [255, 255, 255, 255, 255, 255, 1],
    })  # fmt: skip
    expect_close(answer[1], [[0, 0, 0, 0, 0.4, -1, 1]], precision="float32", name="the other set, preprocessed", suspects={
        "each set loses its own mean; all must lose that of the training set": [[0, 0, 0, 0, 0, 0, 1]],
    })  # fmt: skip


def pictures(n_train, n_test):
    train, test = (load("cifar10", split, n=n, source="generated") for split, n in (("train", n_train), ("test", n_test)))
    return train.images, train.labels, test.images, test.labels


@pytest.mark.task("preprocessing")
def test_pixels_must_be_prepared(submission):
    """At a rate of 0.005, raw pixels diverge and prepared ones do not."""
    images, labels, _, _ = pictures(200, 0)
    raw = np.hstack([images.reshape(200, -1).astype(float), np.ones((200, 1))])
    ends = []
    for rows in (raw, submission.preprocess(images)[0]):
        svm = submission.LinearSVM()
        ends.append(np.mean(svm.train(rows, labels, learning_rate=5e-3, reg=1e-3, num_iters=40, batch_size=50)[-5:]))
    if not ends[1] < 8 < 100 < ends[0]:
        raise CheckFailed(
            f"the loss goes from 9 to {ends[1]:.3g} on prepared pictures, where it should fall, and to {ends[0]:.3g} on raw "
            "ones, where it should be huge"
        )


@pytest.mark.task("search")
def test_search(submission, rng):
    y = np.arange(120) % 2
    rows = rng.normal(size=(120, 6)) + 2.0 * (y == 1)[:, None] - 1
    rates, regs = [0.05, 1e-9], [1e-3, 0.1]
    results, best = submission.search(rows[:80], y[:80], rows[80:], y[80:], rates, regs, num_iters=50)
    if not isinstance(results, dict) or set(results) != {(rate, reg) for rate in rates for reg in regs}:
        raise CheckFailed(f"results is {describe(results)}; expected is a dict with four keys (learning rate, reg)")
    shares = as_numbers([list(results[key]) for key in sorted(results)], "results")
    if shares.shape != (4, 2) or shares.min() < 0 or shares.max() > 1:
        raise CheckFailed("every value of results must be (training accuracy, validation accuracy), fractions from 0 to 1")
    reached = np.mean(as_numbers(best.predict(rows[80:]), "labels") == y[80:])
    expect_close(reached, shares[:, 1].max(), name="the share of validation rows that best has right")
    if results[0.05, 1e-3][0] < 0.9:
        raise CheckFailed("at a learning rate of 0.05, more than 0.9 of the training rows should be right")


@pytest.mark.task("image_accuracy")
def test_images(submission):
    """1,000 pictures to learn from, 500 to classify."""
    images, labels, queries, truth = pictures(1000, 500)
    ready, unseen = submission.preprocess(images, queries)
    svm = submission.LinearSVM()
    svm.train(ready, labels, learning_rate=3e-3, reg=1e-2, num_iters=300, batch_size=100)
    right = np.mean(as_numbers(svm.predict(unseen), "labels") == truth)
    if right < 0.36:
        raise CheckFailed(f"{right:.1%} of 500 pictures are given their class; expect about 47 %")


@pytest.mark.task("templates")
def test_templates(submission):
    """Two classes, pictures of one row and two columns; the last weights are biases."""
    weights = np.array([[0, -2], [1, -1], [2, 0], [3, 2], [4, 1], [5, 3], [99, -99]], dtype=float)
    answer = submission.weight_templates(weights, image_shape=(1, 2, 3))
    expected = np.array([[[[0, 51, 102], [153, 204, 255]]], [[[0, 51, 102], [204, 153, 255]]]])
    expect_close(answer, expected, rtol=0, atol=1, name="the templates", suspects={
        "the last row, the biases, must be left out of the limits": 255 * (weights[:-1].T.reshape(2, 1, 2, 3) + 0) / 99,
        "all classes are stretched together; each must be on its own": 255 * (weights[:-1].T.reshape(2, 1, 2, 3) + 2) / 7,
    })  # fmt: skip
    if as_numbers(answer, "the templates").dtype != np.uint8:
        raise CheckFailed(f"weight_templates returned {describe(answer)}; pictures have the dtype uint8")
