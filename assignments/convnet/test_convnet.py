"""Public checks of convolution and pooling: worked examples. Run `pytest` here; grading asks the same of other numbers."""

from __future__ import annotations

import numpy as np
import pytest
from course_data import cifar_like

from grader.checks import as_numbers, describe, expect_close, learns
from grader.errors import CheckFailed


def pattern(seed, *shape):
    """Whole numbers from -5 to 5 that look mixed, always the same ones."""
    k = np.arange(np.prod(shape)) + seed
    return (k * (k + 2 * seed + 3) * 7919 % 10007 % 11 - 5.0).reshape(shape)


def values(answer, count, name, what):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"{name} returned {describe(answer)}; {count} values are expected: {what}")
    return answer


def conv(submission, x, w, b, stride, pad):
    answer = submission.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    return values(answer, 2, "conv_forward_naive", "out, cache")


def conv_back(submission, dout, cache):
    return values(submission.conv_backward_naive(dout, cache), 3, "conv_backward_naive", "dx, dw, db")


# ---------------------------------------------------------------- convolution

# The example of README.md: one image of 3 x 4, one filter of 2 x 2.
IMAGE = np.array([[[[1.0, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]]]])
FILTER = np.array([[[[1.0, 0], [-1, 2]]]])
OUT = np.array([[[[4.0, 8, 2], [-1, 4, 5]]]])
DOUT = np.array([[[[1.0, 0, 2], [0, -1, 0]]]])
DX = np.array([[[[1.0, 0, 2, 0], [-1, 1, -2, 4], [0, 1, -2, 0]]]])
# Two images of 5 x 3 with two channels, three filters of 3 x 3, stride 2, pad 1.
STRIDED = {"x": pattern(1, 2, 2, 5, 3), "w": pattern(2, 3, 2, 3, 3), "b": pattern(3, 3), "stride": 2, "pad": 1}
# One image of 3 x 4 with two channels, two filters of 2 x 3, stride 1, pad 2.
WIDE = {"x": pattern(1, 1, 2, 3, 4), "w": pattern(2, 2, 2, 2, 3), "b": pattern(3, 2), "stride": 1, "pad": 2}
STRIDED_OUT = [
    [[[-17, -22], [-35, -3], [-15, -36]], [[35, -19], [23, 18], [-16, 11]], [[-9, 66], [-1, -54], [27, -36]]],
    [[[-34, -19], [72, -7], [29, 25]], [[29, 6], [-33, 34], [-30, 10]], [[-3, -13], [22, -22], [18, 48]]],
]
WIDE_OUT = [
    [
        [
            [-1, -1, -1, -1, -1, -1],
            [1, -1, -8, -6, -9, 3],
            [25, 7, -26, -48, 6, 4],
            [9, 3, -15, 18, -1, -18],
            [9, 1, -23, -24, -14, 11],
            [-1, -1, -1, -1, -1, -1],
        ],
        [
            [0, 0, 0, 0, 0, 0],
            [-15, -32, -14, 24, 24, -12],
            [5, 32, 29, -16, -29, 17],
            [-35, -30, -11, 27, 16, -5],
            [5, 5, 29, -14, 7, -4],
            [0, 0, 0, 0, 0, 0],
        ],
    ]
]


@pytest.mark.task("conv_forward")
def test_conv_forward_by_hand(submission):
    out, _ = conv(submission, IMAGE, FILTER, np.array([1.0]), stride=1, pad=0)
    expect_close(out, OUT, name="out", suspects={
        "the bias is missing": OUT - 1,
        "the kernel is flipped: this is a true convolution; without flipping is asked for": [[[[4, 2, 1], [0, 5, 7]]]],
    })  # fmt: skip


@pytest.mark.task("conv_forward")
@pytest.mark.parametrize(("given", "out"), [(STRIDED, STRIDED_OUT), (WIDE, WIDE_OUT)], ids=["stride-2-pad-1", "pad-2"])
def test_conv_forward(submission, given, out):
    expect_close(conv(submission, **given)[0], out, name="out")


@pytest.mark.task("conv_backward")
def test_conv_backward_by_hand(submission):
    _, cache = conv(submission, IMAGE, FILTER, np.array([1.0]), stride=1, pad=0)
    dx, dw, db = conv_back(submission, DOUT, cache)
    expect_close(db, [2.0], name="db")
    expect_close(dw, [[[[0.0, 1], [6, 4]]]], name="dw")
    expect_close(dx, DX, name="dx", suspects={
        "dx[:, :, pad:-pad, pad:-pad] is empty for pad 0: crop with pad:pad + H and pad:pad + W": np.zeros((1, 1, 0, 0)),
        "dx is cropped by 1:-1 whatever pad is: crop with pad:pad + H and pad:pad + W": DX[:, :, 1:-1, 1:-1],
        "windows overlap: add to dx (+=), don't assign (=)": [[[[1, 0, 2, 0], [-1, -1, 0, 4], [0, 1, -2, 0]]]],
    })  # fmt: skip


STRIDED_GRADIENTS = {
    "dx": [
        [
            [[5, -10, -17], [-31, -4, 2], [-17, -28, -5], [9, 19, 31], [-5, -13, 17]],
            [[-12, -25, -23], [-11, 16, -14], [0, 19, 12], [-7, 7, 11], [-11, 52, 0]],
        ],
        [
            [[23, -27, -14], [-36, 15, 31], [-14, 0, 17], [20, -29, -3], [2, 27, 7]],
            [[-16, -30, 14], [-26, 35, 17], [2, 48, 0], [4, -21, -7], [18, -21, -20]],
        ],
    ],
    "dw": [
        [[[-11, -1, 27], [18, 31, -20], [-15, -5, 11]], [[8, -1, -10], [8, -32, -20], [-12, -26, 8]]],
        [[[-5, -4, 6], [1, -7, -24], [35, 12, 5]], [[-8, -14, 6], [-12, 6, 12], [10, 13, 8]]],
        [[[33, 1, -6], [-55, -36, 28], [-15, 3, -17]], [[8, 22, 6], [16, 64, -12], [10, -9, -14]]],
    ],
    "db": [14, 0, -3],
}
WIDE_GRADIENTS = {
    "dx": [
        [
            [[-9, 15, 38, -35], [-40, 46, 5, -21], [-13, -19, -26, 26]],
            [[-37, 27, -13, -11], [-10, 24, -39, 31], [51, -2, -12, 12]],
        ]
    ],
    "dw": [
        [[[12, -40, -16], [22, 14, -22]], [[-4, 18, 2], [-4, -14, 18]]],
        [[[-10, -19, -15], [-27, 6, -1]], [[-7, 2, 9], [42, -17, -19]]],
    ],
    "db": [11, 0],
}


@pytest.mark.task("conv_backward")
@pytest.mark.parametrize(
    ("given", "shape", "right"),
    [(STRIDED, (2, 3, 3, 2), STRIDED_GRADIENTS), (WIDE, (1, 2, 6, 6), WIDE_GRADIENTS)],
    ids=["stride-2-pad-1", "pad-2"],
)
def test_conv_backward(submission, given, shape, right):
    _, cache = conv(submission, **given)
    for actual, (name, expected) in zip(conv_back(submission, pattern(4, *shape), cache), right.items(), strict=True):
        expect_close(actual, expected, name=name)


# ---------------------------------------------------------------- pooling and flattening

CELLS = np.array([[[[1.0, 5, 2], [6, 4, 8], [3, 7, 0]]]])
POOL_DX = np.array([[[[0.0, 0, 0], [1, 0, 6], [0, 3, 0]]]])


def pool(submission, x, height, width, stride):
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    return values(submission.max_pool_forward_naive(x, param), 2, "max_pool_forward_naive", "out, cache")


@pytest.mark.task("pool_forward")
def test_pool_forward_by_hand(submission):
    expect_close(pool(submission, CELLS, 2, 2, 1)[0], [[[[6.0, 8], [7, 8]]]], name="out")


@pytest.mark.task("pool_forward")
@pytest.mark.parametrize(
    ("height", "width", "stride", "out"),
    [
        (2, 2, 2, [[[[-2.0, -1.0]]]]),
        (1, 3, 1, [[[[-3.0, -1, -1], [-2, -4, -4], [-6, -6, -5]]]]),
        (3, 2, 2, [[[[-2.0, -1]]]]),
    ],
)
def test_pool_forward_of_negative_values(submission, height, width, stride, out):
    x = np.array([[[[-7.0, -9, -3, -1, -8], [-2, -10, -11, -4, -12], [-13, -6, -14, -15, -5]]]])
    expect_close(pool(submission, x, height, width, stride)[0], out, name="out", suspects={
        "the maximum begins at 0, so that negative values are lost: begin at -inf": np.zeros(np.shape(out)),
    })  # fmt: skip


@pytest.mark.task("pool_backward")
def test_pool_backward_of_overlapping_windows(submission):
    _, cache = pool(submission, CELLS, 2, 2, 1)
    dx = submission.max_pool_backward_naive(np.array([[[[1.0, 2], [3, 4]]]]), cache)
    expect_close(dx, POOL_DX, name="dx", suspects={
        "windows overlap: add to dx (+=), don't assign (=)": [[[[0, 0, 0], [1, 0, 4], [0, 3, 0]]]],
        "every pixel of a window gets its dout; only the largest may": [[[[1, 3, 2], [4, 10, 6], [3, 7, 4]]]],
    })  # fmt: skip


@pytest.mark.task("pool_backward")
def test_pool_backward_where_windows_do_not_tile(submission):
    x = np.array([[[[4.0, 1, 9], [2, 3, 8], [7, 6, 5]], [[1, 2, 3], [6, 4, 5], [9, 8, 7]]]])
    _, cache = pool(submission, x, 2, 2, 2)
    dx = submission.max_pool_backward_naive(np.array([[[[5.0]], [[-2]]]]), cache)
    expect_close(dx, [[[[5.0, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [-2, 0, 0], [0, 0, 0]]]], name="dx")


@pytest.mark.task("flatten")
def test_flatten(submission):
    x = np.array([[[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]], [[[9, 8], [7, 6]], [[5, 4], [3, 2]]]])
    expect_close(submission.flatten(x), [[1.0, 2, 3, 4, 5, 6, 7, 8], [9, 8, 7, 6, 5, 4, 3, 2]], name="the rows")
    expect_close(submission.flatten(np.array([[1.0, 2, 3]])), [[1.0, 2, 3]], name="rows that are rows already")


# ---------------------------------------------------------------- the network

SIZES = {"input_dim": (1, 4, 2), "num_filters": 2, "filter_size": 3, "hidden_dim": 3, "num_classes": 3}
SHAPES = {"W1": (2, 1, 3, 3), "b1": (2,), "W2": (4, 3), "b2": (3,), "W3": (3, 3), "b3": (3,)}
PARAMS = {
    name: pattern(seed, *shape) / (10 if name[0] == "W" else 20)
    for seed, (name, shape) in enumerate(SHAPES.items(), start=4)
}
IMAGES, CLASSES = pattern(9, 2, 1, 4, 2) / 4, np.array([2, 0])
SCORES = np.array([[0.132, 0.182, 0.61], [0.1945, 0.1365, 0.4095]])
LOSS = 0.9892861025  # without regularisation
PENALTY = 0.348  # 0.1 times the sum of the squares of W1, W2 and W3
GRADIENTS = {  # with reg = 0.1
    "W1": [
        [[[-0.02, 0.05150201, 0.03283145], [0.02, 0.01293609, 0.03637367], [-0.06, 0.02280473, -0.01083934]]],
        [
            [
                [0.16180663, -0.11457504, 0.03119654],
                [0.18503984, -0.11706743, -0.00401731],
                [-0.05546287, 0.0226421, 0.01521385],
            ]
        ],
    ],
    "b1": [-0.07628886, 0.05779473],
    "W2": [
        [-0.04356865, -0.1, -0.02624419],
        [-0.18449479, -0.1, 0.13736589],
        [-0.08356865, 0, -0.03545371],
        [-0.22625646, 0.08, 0.0566365],
    ],
    "b2": [-0.19559583, 0, -0.03407267],
    "W3": [[-0.032594, 0.02001642, -0.02742242], [-0.06, -0.02, 0.1], [-0.08587137, 0.23174572, -0.00587435]],
    "b3": [-0.2064822, 0.29166388, -0.08518167],
}


def network(submission):
    model = submission.ThreeLayerConvNet(**SIZES)
    model.params = {name: value.copy() for name, value in PARAMS.items()}
    return model


def parameters(model):
    params = model.params
    if not isinstance(params, dict) or set(params) != set(SHAPES):
        raise CheckFailed(f"params is {describe(params)}; a dict with the keys {', '.join(SHAPES)} is expected")
    return {name: as_numbers(value, name) for name, value in params.items()}


@pytest.mark.task("initialisation")
def test_init(submission):
    sizes = {"input_dim": (3, 8, 4), "num_filters": 30, "filter_size": 5, "hidden_dim": 60, "num_classes": 50}
    params, again, other = (parameters(submission.ThreeLayerConvNet(**sizes, seed=seed)) for seed in (3, 3, 4))
    for name, shape, inputs in (("W1", (30, 3, 5, 5), 75), ("W2", (240, 60), 240), ("W3", (60, 50), 60)):
        if params[name].shape != shape:
            raise CheckFailed(f"{name} has shape {params[name].shape} where {shape} is expected")
        spread = float(np.std(params[name]) / np.sqrt(2 / inputs))
        expect_close(spread, 1.0, rtol=0, atol=0.1, name=f"the standard deviation of {name} over sqrt(2 / {inputs})")
        expect_close(again[name], params[name], name=f"{name} of the same seed")
        if np.array_equal(other[name], params[name]):
            raise CheckFailed(f"another seed gives the same {name}: the seed is not used")
    for name, length in (("b1", 30), ("b2", 60), ("b3", 50)):
        expect_close(params[name], np.zeros(length), name=name)


@pytest.mark.task("scores_and_loss")
def test_scores(submission):
    expect_close(network(submission).loss(IMAGES), SCORES, name="the scores")


@pytest.mark.task("scores_and_loss")
@pytest.mark.parametrize("reg", [0.0, 0.1])
def test_loss(submission, reg):
    loss, _ = values(network(submission).loss(IMAGES, CLASSES, reg=reg), 2, "loss", "loss, grads")
    expect_close(loss, LOSS + reg * 10 * PENALTY, name="the loss", suspects={
        "the regulariser is missing from the loss": LOSS,
        "the regulariser is halved": LOSS + reg * 5 * PENALTY,
        "the losses of the images are summed; their mean is asked for": 2 * LOSS + reg * 10 * PENALTY,
    })  # fmt: skip


@pytest.mark.task("gradients")
@pytest.mark.parametrize("name", ["W3", "b3", "W2", "b2", "W1", "b1"])
def test_gradient(submission, name):
    _, grads = values(network(submission).loss(IMAGES, CLASSES, reg=0.1), 2, "loss", "loss, grads")
    if not isinstance(grads, dict) or name not in grads:
        raise CheckFailed(f"grads is {describe(grads)}; a dict with the key {name} is expected")
    right, penalty = np.array(GRADIENTS[name]), 0.2 * PARAMS[name] * (name[0] == "W")
    expect_close(grads[name], right, rtol=1e-6, name=f"the gradient of {name}", suspects={
        "the gradient of the regulariser is missing": right - penalty,
        "the gradient of the regulariser is halved: that of W * W is 2 * W": right - penalty / 2,
    })  # fmt: skip


# ---------------------------------------------------------------- learning


@pytest.mark.task("overfit")
def test_overfit_step_by_step(submission):
    model = network(submission)
    losses = as_numbers(submission.overfit(model, IMAGES, CLASSES, 0.01, 3), "the list of losses")
    if losses.shape != (3,):
        raise CheckFailed(f"overfit returned {describe(losses)} for 3 epochs; a list of 3 losses is expected")
    expect_close(losses[0], LOSS, name="the first loss")
    after = parameters(model)
    for name, value in PARAMS.items():
        if np.array_equal(after[name], value):
            raise CheckFailed(f"{name} of the model is what it was; the model itself must be trained")


@pytest.mark.task("overfit")
def test_overfit_five_images(submission, seed):
    def last_loss(number):
        images, y = cifar_like(5, number)
        small = images.reshape(5, 16, 2, 16, 2, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
        X = (small - small.mean()) / small.std()
        model = submission.ThreeLayerConvNet(input_dim=(3, 16, 16), num_filters=8, filter_size=3, seed=number % 1000)
        submission.overfit(model, X, y, 0.01, 20)
        return as_numbers(values(model.loss(X, y), 2, "loss", "loss, grads")[0], "the loss")

    learns(last_loss, seed=seed, at_most=0.02, name="the loss of five images after 20 epochs")


@pytest.mark.task("training")
def test_train(submission, rng):
    model = network(submission)
    X, y = rng.normal(size=(12, 1, 4, 2)), np.arange(12) % 3
    history = submission.train(model, X, y, X[:5], y[:5], learning_rate=0.01, num_epochs=4, batch_size=3)
    if not isinstance(history, dict) or not {"loss", "train_acc", "val_acc"} <= set(history):
        raise CheckFailed(f"train returned {describe(history)}; a dict with the keys loss, train_acc, val_acc is expected")
    for key, count, images, labels in (("loss", 16, X, y), ("train_acc", 4, X, y), ("val_acc", 4, X[:5], y[:5])):
        numbers = as_numbers(history[key], f"history['{key}']")
        if numbers.shape != (count,):
            raise CheckFailed(f"history['{key}'] is {describe(history[key])}; {count} numbers are expected")
        if key != "loss":
            right = np.mean(as_numbers(model.loss(images), "the scores").argmax(axis=1) == labels)
            expect_close(numbers[-1], right, name=f"the last number of history['{key}']")


# ---------------------------------------------------------------- pictures


@pytest.mark.task("edge_filter")
def test_edge_filter(submission):
    image = (25 * pattern(5, 3, 4, 3) + 125).astype(np.uint8)
    right = np.array([[1275, 175, -50, -1075], [1375, -225, 325, -1625], [1125, -375, 200, -1325]])
    expect_close(submission.edge_filter(image), right, name="the response", suspects={
        "the kernel is flipped: the response has the wrong sign": -right,
        "the colours are averaged; their responses are summed": right / 3,
        "the response is cut to 0 .. 255; it is asked for as it is": np.clip(right, 0, 255),
    })  # fmt: skip


@pytest.mark.task("filter_pictures")
def test_filters(submission):
    model = submission.ThreeLayerConvNet(input_dim=(3, 2, 2), num_filters=2, filter_size=1, hidden_dim=2, num_classes=2)
    W1 = np.array([[[[1.0]], [[2]], [[3]]], [[[0.5]], [[-0.5]], [[0.3]]]])
    model.params = {**parameters(model), "W1": W1}
    pictures = submission.first_layer_filters(model)
    expect_close(pictures, [[[[0.0, 127.5, 255]]], [[[255, 0, 204]]]], rtol=0, atol=1, name="the pictures")
    if as_numbers(pictures, "the pictures").dtype != np.uint8:
        raise CheckFailed(f"first_layer_filters returned {describe(pictures)}; uint8 is expected")
