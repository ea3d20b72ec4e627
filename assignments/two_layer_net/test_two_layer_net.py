"""Public checks of the two-layer net: worked examples. The hidden suite asks the same of other numbers and shapes."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import as_numbers, describe, expect_close
from grader.errors import CheckFailed

# Powers of 2 as exp(logits): the probabilities of the rows are (1/4, 1/4, 1/2) and (1/8, 3/4, 1/8).
LOGITS = np.log([[1.0, 1.0, 2.0], [1.0, 6.0, 1.0]])
CLASSES = np.array([2, 0])
LOSS = (np.log(2) + np.log(8)) / 2
DX = np.array([[0.125, 0.125, -0.25], [-0.4375, 0.375, 0.0625]])

X = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]])
W = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]])
B = np.array([10.0, 20.0])
OUT = np.array([[15.0, 19.0], [8.0, 23.0]])
DOUT = np.array([[1.0, 0.0], [-1.0, 2.0]])

# Two inputs, two hidden units, two classes. Hidden units (3, -1) before ReLU, (3, 0) after it; scores (3, 3).
PARAMS = {
    "W1": np.array([[1.0, -1.0], [1.0, 0.0]]), "b1": np.zeros(2),
    "W2": np.array([[1.0, 0.0], [5.0, 7.0]]), "b2": np.array([0.0, 3.0]),
}  # fmt: skip
ROW = np.array([[1.0, 2.0]])


def several(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def network(submission, params=PARAMS):
    net = submission.TwoLayerNet(*np.shape(params["W1"]), len(params["b2"]))
    net.set_params(params)
    return net


@pytest.mark.task("numeric_gradient")
def test_numeric_gradient_of_a_sum_of_cubes(submission, guest):
    """The centred difference of x^3 is 3 x^2 + h^2, the one-sided one 3 x^2 + 3 x h + h^2."""
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    gradient, after = guest.gradient_of_cubes(submission.numeric_gradient, x, 0.1)
    expect_close(
        gradient, np.array([[3.01, 12.01], [0.76, 27.01]]), rtol=1e-6, name="the gradient",
        suspects={"this is the forward difference (f(x + h) - f(x)) / h": 3 * x**2 + 0.3 * x + 0.01,
                  "f(x + h) and f(x - h) are 2 h apart": 6 * x**2 + 0.02, "h is ignored": 3 * x**2},
    )  # fmt: skip
    expect_close(after, x, atol=1e-9, name="x after the call, which has to be as it was before")


@pytest.mark.task("softmax_loss")
def test_softmax_loss(submission):
    loss, _ = several(submission.softmax_loss(LOGITS, CLASSES), 2, "loss, dx")
    suspects = {"the losses of the rows are summed; their mean is asked for": 2 * LOSS, "the sign is reversed": -LOSS}
    expect_close(loss, LOSS, name="the loss", suspects=suspects)


@pytest.mark.task("softmax_loss")
def test_softmax_loss_of_large_logits(submission):
    loss, _ = several(submission.softmax_loss(np.array([[1e4, 0.0]]), np.array([1])), 2, "loss, dx")
    expect_close(loss, 1e4, name="the loss of logits (10000, 0) whose true class is the second")


@pytest.mark.task("softmax_gradient")
def test_softmax_gradient(submission):
    _, dx = several(submission.softmax_loss(LOGITS, CLASSES), 2, "loss, dx")
    expect_close(dx, DX, name="dx", suspects={"the gradient is not divided by N": 2 * DX})


@pytest.mark.task("affine_forward")
def test_affine_forward(submission):
    for x in (X, X.reshape(2, 3, 1)):
        out, _ = several(submission.affine_forward(x, W, B), 2, "out, cache")
        expect_close(out, OUT, name="out", suspects={"the bias is missing": OUT - B})


@pytest.mark.task("affine_backward")
def test_affine_backward(submission):
    x = X.reshape(2, 1, 3)
    _, cache = several(submission.affine_forward(x, W, B), 2, "out, cache")
    dx, dw, db = several(submission.affine_backward(DOUT, cache), 3, "dx, dw, db")
    expect_close(dx, np.array([[[1.0, 2.0, 0.0]], [[-3.0, -2.0, 2.0]]]), name="dx")
    expect_close(dw, np.array([[1.0, 0.0], [3.0, -2.0], [-3.0, 6.0]]), name="dw")
    expect_close(db, np.array([0.0, 2.0]), name="db", suspects={"db is averaged over the batch": np.array([0.0, 1.0])})


@pytest.mark.task("relu")
def test_relu(submission):
    x, dout = np.array([[-1.0, 2.0], [3.0, -4.0]]), np.array([[5.0, -6.0], [7.0, 8.0]])
    out, cache = several(submission.relu_forward(x), 2, "out, cache")
    expect_close(out, np.array([[0.0, 2.0], [3.0, 0.0]]), name="out")
    expect_close(submission.relu_backward(dout, cache), np.array([[0.0, -6.0], [7.0, 0.0]]), name="dx")


@pytest.mark.task("momentum")
def test_momentum_step(submission):
    """v = 0.5 * (4, 0) - 0.1 * (10, 20) = (1, -2)."""
    w, v = several(
        submission.momentum_step(np.array([1.0, 1.0]), np.array([10.0, 20.0]), np.array([4.0, 0.0]), 0.1, 0.5), 2, "w, v"
    )
    expect_close(w, np.array([2.0, -1.0]), name="w")
    expect_close(v, np.array([1.0, -2.0]), name="v")


@pytest.mark.task("initialisation")
def test_initialisation(submission):
    params = [submission.TwoLayerNet(20, 30, 4, weight_scale=0.5, seed=seed).params for seed in (1, 1, 2)]
    expect_close(params[0]["b1"], np.zeros(30), name="b1")
    expect_close(params[0]["b2"], np.zeros(4), name="b2")
    expect_close(as_numbers(params[0]["W1"], "W1").std(), 0.5, rtol=0.2, name="the standard deviation of W1")
    expect_close(params[1]["W2"], as_numbers(params[0]["W2"], "W2"), name="W2 of a second network with the same seed")
    if np.allclose(params[2]["W2"], params[0]["W2"]):
        raise CheckFailed("W2 is the same with another seed")


@pytest.mark.task("net_loss")
def test_scores_and_loss(submission):
    """Scores (3, 3): both classes have the probability 1/2. The squares of W1 sum to 3, those of W2 to 75."""
    expect_close(network(submission).loss(ROW), np.array([[3.0, 3.0]]), name="the scores")
    loss, _ = several(network(submission).loss(ROW, np.array([1]), 0.01), 2, "loss, grads")
    expect_close(
        loss, np.log(2) + 0.78, name="the loss",
        suspects={"the regularisation is halved": np.log(2) + 0.39, "the regularisation is missing": np.log(2),
                  "the biases are regularised too": np.log(2) + 0.87},
    )  # fmt: skip


@pytest.mark.task("net_gradients")
def test_gradients(submission):
    """dscores is (0.5, -0.5); the second hidden unit is off."""
    _, grads = several(network(submission).loss(ROW, np.array([1]), 0.01), 2, "loss, grads")
    right = {
        "W1": np.array([[0.52, -0.02], [1.02, 0.0]]), "b1": np.array([0.5, 0.0]),
        "W2": np.array([[1.52, -1.5], [0.1, 0.14]]), "b2": np.array([0.5, -0.5]),
    }  # fmt: skip
    for name, wanted in right.items():
        expect_close(grads[name], wanted, name=f"grads[{name!r}]")


@pytest.mark.task("training")
def test_two_steps_on_one_row(submission):
    """Only b2 can move: the hidden units are off. p of class 0: 1/2, then, with scores (-0.05, 0.05), 0.475."""
    params = {"W1": np.zeros((2, 3)), "b1": np.full(3, -1.0), "W2": np.zeros((3, 2)), "b2": np.zeros(2)}
    net = network(submission, params)
    rows, classes = np.ones((4, 2)), np.ones(4, dtype=int)
    history = net.train(
        rows, classes, rows, 1 - classes, learning_rate=0.1, momentum=0.5, reg=0.0, num_epochs=2, batch_size=4
    )
    p = 1 / (1 + np.exp(0.1))
    expect_close(history["loss"], [np.log(2), np.log(1 + np.exp(-0.1))], name="history['loss']")
    expect_close(history["train_acc"], [1.0, 1.0], name="history['train_acc']")
    expect_close(history["val_acc"], [0.0, 0.0], name="history['val_acc']")
    second = 0.5 * 0.05 + 0.1 * p
    expect_close(net.params["b2"], np.array([-0.05 - second, 0.05 + second]), name="b2 after two steps")


@pytest.mark.task("learning")
def test_predictions(submission):
    rows = np.array([[1.0, 2.0], [4.0, 0.0], [0.0, 1.0]])
    params = {**PARAMS, "b2": np.array([0.0, 2.5])}
    expect_close(network(submission, params).predict(rows), np.array([0, 0, 1]), name="the predicted classes")
