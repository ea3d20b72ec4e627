"""Public checks of the perceptrons: worked examples. The hidden suite asks the same of other numbers and shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from course_data import load

from grader.checks import describe, expect_close
from grader.errors import CheckFailed
from grader.submission import as_tensor

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)

# A network that solves XOR: 20 relu(x + y) - 40 relu(x + y - 1) - 10 is -10, 10, 10, -10 at the four points.
SOLVED = [np.array(part, np.float32) for part in ([[1, 1], [1, 1]], [0, -1], [[20, -40]], [-10])]
SURE, UNSURE = 1 / (1 + math.exp(10)), 1 / (1 + math.exp(-10))

# The same numbers without ReLU: 20 (x + y) - 40 (x + y - 1) - 10 = 30 - 20 (x + y).
STRAIGHT = [30.0, 10.0, 10.0, -10.0]


def arrays(parts):
    return [as_tensor(part) for part in parts]


def float32(*parts):
    return arrays(np.array(part, np.float32) for part in parts)


def several(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def floats(values, count):
    if not isinstance(values, list) or len(values) != count or not all(isinstance(value, float) for value in values):
        raise CheckFailed(f"it returned {describe(values)}; a list of {count} Python floats is expected")
    return values


def one_float(value, name):
    if not isinstance(value, float):
        raise CheckFailed(f"{name} is {describe(value)}; a Python float is expected: .item() makes one of a tensor")
    return value


def filled(guest, model, parts):
    shapes = guest.fill(model, arrays(parts))
    if shapes is not None:
        found, wanted = (", ".join(str(tuple(shape)) for shape in one) for one in (shapes, [part.shape for part in parts]))
        raise CheckFailed(f"the parameters have the shapes {found}; expected are {wanted}, in any order")
    return model


def gives(guest, model, x, expected, **suspects):
    out, tracks = guest.outputs(model, as_tensor(x))
    words = {text.replace("_", " "): value for text, value in suspects.items()}
    expect_close(out, np.array(expected), rtol=1e-3, atol=1e-4, name="what it gives", suspects=words)
    if not tracks:
        raise CheckFailed("what it gives tracks no gradient: the graph is cut somewhere")


@pytest.mark.task("xor_net")
def test_a_solution_of_xor(submission, guest):
    model = filled(guest, submission.XorNet(2), SOLVED)
    right = [[SURE], [UNSURE], [UNSURE], [SURE]]
    gives(guest, model, POINTS, right, the_sigmoid_is_missing=[[-10], [10], [10], [-10]])
    filled(guest, submission.XorNet(), [np.zeros(shape, np.float32) for shape in ((10, 2), (10,), (1, 10), (1,))])


@pytest.mark.task("xor_sequential")
def test_the_same_without_a_class(submission, guest):
    model = filled(guest, submission.xor_sequential(2), SOLVED)
    gives(guest, model, POINTS, [[SURE], [UNSURE], [UNSURE], [SURE]], the_sigmoid_is_missing=[[-10], [10], [10], [-10]])
    if not guest.is_sequential(model):
        raise CheckFailed("what comes back is no nn.Sequential")


@pytest.mark.task("train_xor")
def test_two_steps(submission, guest):
    """Weights (2, 0), bias 0: p = (1/2, 1/2, q, q), q = 0.8808. The loss is mean(ln 2, ln 2, -ln q, -ln(1 - q)) = 0.9101.

    Slopes (p - y) / 4 = (0.125, -0.125, -0.0298, 0.2202): the weights' are (0.1904, 0.0952), the bias's 0.1904.
    """
    losses, weight, bias = guest.xor_steps(submission.train_xor, *float32([[2, 0]], [0]), 1, 0.5)
    expect_close(weight, np.array([[2 - 0.5 * 0.1904, -0.5 * 0.0952]]), atol=1e-3, name="the weight after a step of 0.5")
    expect_close(bias, [-0.5 * 0.1904], atol=1e-3, name="the bias after it")
    expect_close(floats(losses, 1), [0.9101], atol=1e-3, name="the loss before it")


@pytest.mark.task("linear_stack")
def test_a_stack(submission, guest):
    model = filled(guest, submission.LinearStack(2), SOLVED)
    right = [[1 / (1 + math.exp(-value))] for value in STRAIGHT]
    gives(guest, model, POINTS, right, there_is_a_ReLU_in_it=[[SURE], [UNSURE], [UNSURE], [SURE]])
    for layer, shape in ((model.hidden, (2, 2)), (model.output, (1, 2))):
        if np.shape(layer.weight) != shape:
            raise CheckFailed(f"the weight of a layer has the shape {np.shape(layer.weight)}; {shape} is expected")


@pytest.mark.task("collapse")
def test_one_layer_for_two(submission, guest):
    """30 - 20 (x + y), as above."""
    W1, b1, W2, b2 = arrays(SOLVED)
    W, b = several(submission.collapse(guest.stack((W1, b1), (W2, b2))), 2, "W, b")
    expect_close(W, np.array([[-20, -20]]), name="W")
    expect_close(b, [30], name="b", suspects={"the first layer's bias is missing": [-10]})


@pytest.mark.task("mnist_mlp")
@pytest.mark.parametrize("shape", [(2, 1, 28, 28), (2, 784), (1, 1, 28, 28)])
def test_hidden_units_that_see_one_pixel(submission, guest, shape):
    """Hidden unit k is relu(pixel k - 0.5); logit c is 2 times unit c, less 1."""
    wide = [np.eye(256, 784, dtype=np.float32), np.full(256, -0.5, np.float32), 2 * np.eye(10, 256, dtype=np.float32)]
    model = filled(guest, submission.MnistMLP(), [*wide, np.full(10, -1, np.float32)])
    x = (np.arange(np.prod(shape), dtype=np.float32) % 5 / 4).reshape(shape)
    logits = 2 * np.maximum(x.reshape(shape[0], -1)[:, :10] - 0.5, 0) - 1
    gives(guest, model, x, logits, there_is_a_ReLU_behind_the_last_layer=np.maximum(logits, 0))


@pytest.mark.task("deep_mlp")
def test_a_deep_one(submission, guest):
    """Unit k of both layers passes pixel k on, where it is above 0.5 and then above 0.75; logit c is unit c, less 1."""
    model = submission.DeepMLP()
    weights, biases = [np.eye(1024, 784), np.eye(2048, 1024), np.eye(10, 2048)], [-0.5, -0.25, -1]
    deep = [part for W, b in zip(weights, biases, strict=True) for part in (W, np.full(len(W), b))]
    filled(guest, model, [part.astype(np.float32) for part in deep])
    x = (np.arange(2 * 784, dtype=np.float32) % 5 / 4).reshape(2, 1, 28, 28)
    logits = np.maximum(np.maximum(x.reshape(2, -1)[:, :10] - 0.5, 0) - 0.25, 0) - 1
    gives(guest, model, x, logits, there_is_a_ReLU_behind_the_last_layer=np.maximum(logits, 0))


@pytest.mark.task("probabilities")
def test_two_rows(submission):
    logits = np.log([[1, 2, 1], [6, 3, 1]]).astype(np.float32) + np.array([[0], [1000]], np.float32)
    found = submission.probabilities(as_tensor(logits))
    by_column = {"the probabilities of a column sum to 1; those of a row have to": np.array([[0, 0, 0], [1, 1, 1]])}
    expect_close(found, np.array([[0.25, 0.5, 0.25], [0.6, 0.3, 0.1]]), rtol=1e-3, name="them", suspects=by_column)


# One input and two classes: logits (x, -x). The rows are right with p = 1 / (1 + exp(-2 x)) = 0.8808, 0.5, 0.8808.
ONE_INPUT = float32([[1], [-1]], [0, 0], [[1], [0], [-1]])
LABELS = as_tensor(np.array([0, 0, 1]))


@pytest.mark.task("train_classifier")
def test_batches_of_two(submission, guest):
    """Without a step (a learning rate of 0) the losses are 0.1269, 0.6931 and 0.1269, in batches of 2 and 1."""
    losses, weight, _, modes = guest.classifier_steps(submission.train_classifier, *ONE_INPUT, LABELS, 2, 0.0, 2)
    means = {"the means of the batches are averaged; the last batch is smaller": [0.2685, 0.2685]}
    expect_close(floats(losses, 2), [0.3157, 0.3157], atol=1e-3, name="the losses of two epochs", suspects=means)
    if modes != [True]:
        raise CheckFailed("the model is not in training mode for every batch: model.train()")


@pytest.mark.task("train_classifier")
def test_a_step(submission, guest):
    """All rows in one batch: the slopes of the first logit are (p - 1, p - 1, 1 - p) / 3 = (-0.0397, -0.1667, 0.0397)."""
    losses, weight, bias, _ = guest.classifier_steps(submission.train_classifier, *ONE_INPUT, LABELS, 3, 1.0, 1)
    expect_close(weight, np.array([[1.0795], [-1.0795]]), atol=1e-3, name="the weight after a step of 1")
    expect_close(bias, [0.1667, -0.1667], atol=1e-3, name="the bias after it")
    expect_close(losses, [0.3157], atol=1e-3, name="the loss before it")


@pytest.mark.task("accuracy")
def test_two_of_three(submission, guest):
    """The model says class 0 where x is above 0, else class 1."""
    x, y = np.array([[2], [1], [-1]], np.float32), as_tensor(np.array([0, 1, 1]))
    found, modes = guest.accuracy_of(submission.accuracy, *ONE_INPUT[:2], as_tensor(x), y, 2)
    averaged = {"the shares of the batches are averaged; the last batch is smaller": 0.75}
    expect_close(one_float(found, "the accuracy"), 2 / 3, atol=1e-3, name="the accuracy", suspects=averaged)
    if modes != [False]:
        raise CheckFailed("the model is not in eval mode while it predicts: model.eval()")


@pytest.mark.task("compare_optimizers")
def test_both_optimizers(submission, guest):
    """The slope of the first weight is p - 1 = -0.1192: SGD makes it 1.0119. The first step of Adam is its rate: 1.001."""
    x, y = as_tensor(np.array([[1], [-1]], np.float32)), as_tensor(np.array([0, 1]))
    found, made = guest.comparison(submission.compare_optimizers, *ONE_INPUT[:2], x, y, 2)
    if not isinstance(found, dict) or sorted(found) != ["adam", "sgd"]:
        raise CheckFailed(f"it returned {describe(found)}; a dict with the keys 'sgd' and 'adam' is expected")
    for name, losses in (("sgd", [0.1269, 0.1241]), ("adam", [0.1269, 0.1267])):
        if not isinstance(found[name], dict) or sorted(found[name]) != ["accuracy", "losses"]:
            raise CheckFailed(
                f"under {name!r} stands {describe(found[name])}; a dict of 'losses' and 'accuracy' is expected"
            )
        expect_close(floats(found[name]["losses"], 2), losses, atol=1e-4, name=f"the losses of {name!r}")
        expect_close(one_float(found[name]["accuracy"], "an accuracy"), 1.0, name=f"the accuracy of {name!r}")
    if made != 2:
        raise CheckFailed(f"make_model was called {made} times; each of both trainings needs one new model")


@pytest.mark.task("digits")
def test_digits_of_the_test_set(submission, guest):
    """The hidden suite asks for more, of digits that are drawn for it."""
    sets = [load("mnist", split, n) for split, n in (("train", 4000), ("test", 500))]
    images = [(one.images.astype(np.float32) / 255).reshape(-1, 1, 28, 28) for one in sets]
    labels = as_tensor(sets[0].labels.astype(np.int64))
    train, unseen = map(as_tensor, images)
    logits = guest.reading(submission.MnistMLP, submission.train_classifier, train, labels, unseen)
    right = np.mean(np.argmax(logits, axis=1) == sets[1].labels)
    if right < 0.8:
        raise CheckFailed(f"it reads {100 * right:.1f} % of 500 digits; right solutions read about 91 %")
