"""Public checks of LeNet: worked examples. The hidden suite asks the same of other numbers and shapes."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import describe, expect_close, expect_equal
from grader.errors import CheckFailed
from grader.submission import as_tensor

IMAGE = np.array([[[[1, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]]]], np.float32)
KERNEL = np.array([[1, 0], [-1, 2]], np.float32)

# Images of one pixel: the model Signs of guest.py gives the logits (x, -x), which is right for labels 0 where x > 0.
NUMBERS = np.array([1.0, -1.0, 2.0], np.float32)
LABELS = np.array([0, 0, 0])
LOSSES = np.log1p(np.exp(-2 * NUMBERS))  # 0.127, 2.127, 0.018

PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]], np.float32)
TRUE = np.array([1, 1, 0, 0])  # rows 0 and 2 are wrong


def parts(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"{describe(answer)} came back; {wanted} is asked for")
    return answer


@pytest.mark.task("output_size")
def test_sizes(submission):
    for arguments, right in (((28, 5), 24), ((24, 2, 2), 12), ((7, 2, 2), 3), ((32, 3, 1, 1), 32), ((224, 7, 2, 3), 112)):
        expect_equal(submission.output_size(*arguments), right, name=f"output_size{arguments}")


@pytest.mark.task("apply_filter")
def test_filter(submission):
    """1*1 + 2*0 + 0*(-1) + 1*2 = 3, one place to the right 2*1 + 0*0 + 1*(-1) + 3*2 = 7, ..."""
    flipped = np.array([[[[0, 3, -2], [3, 3, 6]]]])
    expect_close(
        submission.apply_filter(as_tensor(IMAGE), as_tensor(KERNEL)), [[[[3, 7, 1], [-2, 3, 4]]]], name="the response",
        suspects={"the kernel is flipped": flipped},
    )  # fmt: skip


@pytest.mark.task("pool_images")
def test_pools(submission):
    expect_close(submission.pool_images(as_tensor(IMAGE), "max", 2), [[[[2, 3]]]], name="the largest pixels")
    expect_close(submission.pool_images(as_tensor(IMAGE), "mean", 2), [[[[1, 1.5]]]], name="the means")
    try:
        submission.pool_images(as_tensor(IMAGE), "median", 2)
    except ValueError:
        return
    raise CheckFailed("'median' is neither 'max' nor 'mean': a ValueError is asked for")


@pytest.mark.task("make_loaders")
def test_loaders(submission, guest):
    """Image k has the value 51 * k everywhere, and the label k."""
    labels = np.arange(6, dtype=np.uint8)
    images = np.broadcast_to(51 * labels[:, None, None], (6, 4, 3)).copy()
    (train, test), dtypes = guest.gathered(submission.make_loaders, images, labels, images[:5], labels[:5], 4)
    expect_equal(dtypes, [["torch.float32", "torch.int64"]] * 2, name="the dtypes of images and labels")
    expect_equal([[len(batch[1]) for batch in batches] for batches in (train, test)], [[4, 2], [4, 1]], name="the batches")
    for name, batches, right in (("training", train, None), ("test", test, np.arange(5))):
        found, told = (np.concatenate([batch[part] for batch in batches]) for part in (0, 1))
        expect_equal(np.sort(told), labels[: len(told)], name=f"the {name} labels, sorted")
        values = np.broadcast_to(told[:, None, None, None] / 5, (len(told), 1, 4, 3))
        expect_close(
            found, values, precision="float32", name=f"the {name} images", suspects={"they are from 0 to 255": 255 * values}
        )
        if right is not None:
            expect_equal(told, right, name="the test labels, in their order")


@pytest.mark.task("lenet")
def test_lenet_has_its_size(submission, guest):
    for shape, rows in (((3, 1, 28, 28), 3), ((1, 28, 28), 1)):
        number, shapes = guest.sizes(submission.LeNet, list(shape))
        expect_equal(number, 44_426, name="the number of parameters", suspects={"the first convolution is padded": 61_706})
        expect_equal(shapes, [[rows, 10], [rows, 256]], name=f"the shapes of (logits, hidden) for {shape}")


@pytest.mark.task("train_epoch")
def test_a_step(submission, guest):
    """One batch. In training mode the logits are (x, -x) with x = 10 * 0.1 * NUMBERS: those of NUMBERS themselves.

    d loss / d factor = mean of -20 NUMBERS / (1 + exp(2 NUMBERS)).
    """
    told, factor = guest.trained(submission.train_epoch, as_tensor(NUMBERS), as_tensor(LABELS), 3)
    loss, accuracy = parts(told, 2, "(loss, accuracy)")
    expect_close(factor, 0.1 + 0.1 * np.mean(20 * NUMBERS / (1 + np.exp(2 * NUMBERS))), precision="float32",
                 name="the parameter after a step", suspects={"it has not moved": 0.1})  # fmt: skip
    expect_close([loss, accuracy], [LOSSES.mean(), 2 / 3], precision="float32", name="(loss, accuracy)")


@pytest.mark.task("evaluate")
def test_evaluation(submission, guest):
    """Batches of 2 and 1."""
    told, mode = guest.judged(submission.evaluate, as_tensor(NUMBERS), as_tensor(LABELS), 2)
    loss, accuracy = parts(told, 2, "(loss, accuracy)")
    by_batches = (LOSSES[:2].mean() + LOSSES[2]) / 2
    expect_close(
        loss, LOSSES.mean(), precision="float32", name="the loss", suspects={"batch means are averaged": by_batches}
    )
    expect_close(accuracy, 2 / 3, name="the accuracy", suspects={"batch means are averaged": 0.75, "a percentage": 200 / 3})
    if mode is not True:
        raise CheckFailed("the model came in training mode; put the mode back at the end")


@pytest.mark.task("digits")
def test_bars(submission, guest):
    """Not digits yet: bars across and bars down, 40 images, eight epochs."""
    accuracies = guest.learned(submission.LeNet, submission.train_epoch, 8)
    if not max(accuracies) >= 0.9:
        raise CheckFailed(
            f"bars across and bars down are told apart in {100 * max(accuracies):.0f} % of the images; 90 % is easy"
        )


@pytest.mark.task("get_predictions")
def test_predictions(submission, guest):
    told, mode = guest.judged(submission.get_predictions, as_tensor(NUMBERS), as_tensor(LABELS), 2)
    images, labels, probabilities = parts(told, 3, "(images, labels, probabilities)")
    right = 1 / (1 + np.exp(-2 * NUMBERS))
    expect_close(probabilities, np.column_stack([right, 1 - right]), precision="float32", name="the probabilities")
    expect_close(images, NUMBERS.reshape(3, 1, 1, 1), name="the images")
    expect_equal(labels, LABELS, name="the labels")
    if mode is not True:
        raise CheckFailed("the model came in training mode; put the mode back at the end")


@pytest.mark.task("confusion_matrix")
def test_confusion(submission):
    found = submission.confusion_matrix(as_tensor(np.array([0, 0, 1, 2, 2])), as_tensor(np.array([0, 1, 1, 0, 0])), 3)
    right = np.array([[1, 1, 0], [0, 1, 0], [2, 0, 0]])
    expect_equal(found, right, name="the matrix", suspects={"rows are the predicted classes": right.T})


@pytest.mark.task("most_incorrect")
def test_incorrect(submission):
    images = np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1)
    found = submission.most_incorrect(as_tensor(images), as_tensor(TRUE), as_tensor(PROBABILITIES), 5)
    if not isinstance(found, list) or len(found) != 2:
        raise CheckFailed(f"{describe(found)} came back; a list of two tuples is asked for, for images 0 and 2")
    for entry, row, true, predicted, probability in ((found[0], 0, 1, 0, 0.9), (found[1], 2, 0, 1, 0.6)):
        image, *classes, share = parts(entry, 4, "(image, true, predicted, probability)")
        expect_close(image, [[[row]]], name="the image")
        expect_equal(classes, [true, predicted], name="true and predicted class")
        expect_close(share, probability, precision="float32", name="the probability")


@pytest.mark.task("basic_cnn")
def test_basic_cnn(submission, guest):
    expect_equal(
        guest.sizes(submission.BasicCNN, [2, 1, 28, 28]), (206_922, [[2, 10]]), name="parameters, and shape of the logits"
    )


@pytest.mark.task("deep_cnn")
def test_deep_cnn(submission, guest):
    number, shapes = guest.sizes(submission.DeepCNN, [2, 1, 28, 28])
    without = {"without the biases of the convolutions": 390_634}
    if number != 390_634:
        expect_equal(number, 390_858, name="the number of parameters", suspects=without)
    expect_equal(shapes, [[2, 10]], name="the shape of the logits")
    if not guest.twice(submission.DeepCNN, [4, 1, 28, 28], False):
        raise CheckFailed("in evaluation mode two calls give different logits: dropout is active")
    if guest.twice(submission.DeepCNN, [4, 1, 28, 28], True):
        raise CheckFailed("in training mode two calls give the same logits: dropout is missing")


@pytest.mark.task("cifar_nets")
def test_cifar_nets(submission, guest):
    expect_equal(
        guest.sizes(submission.CifarCNN, [1, 3, 32, 32]), (5_851_338, [[1, 10]]), name="CifarCNN: parameters, shape"
    )
    for side in (32, 40):
        found = guest.sizes(submission.SimpleCNN, [1, 3, side, side])
        expect_equal(found, (356_810, [[1, 10]]), name=f"SimpleCNN: parameters, shape for {side} x {side}")


@pytest.mark.task("compare")
def test_comparison(submission, guest):
    told, are_modules = guest.bright_or_dark(submission.compare, 2)
    expect_equal(sorted(told), ["BasicCNN", "DeepCNN"], name="the keys")
    expect_equal(are_modules, [True, True], name="whether 'model' is a module")
    for name, entry in told.items():
        for key in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
            values = entry.get(key)
            if not isinstance(values, list) or len(values) != 2:
                raise CheckFailed(f"{name}: {key} is {describe(values)}; a list of two floats is asked for")
        if type(entry.get("parameters")) is not int:
            raise CheckFailed(f"{name}: 'parameters' is {describe(entry.get('parameters'))}; an int is asked for")
