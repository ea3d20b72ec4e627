"""Hidden suite of LeNet. What is right say oracle.py and nets.py, what known mistakes give says suspects.py.

The suite itself does without torch: arrays marked by `as_tensor` arrive as tensors, and tensors come back as arrays. What
only the sandbox can tell (is it a tensor, of which dtype, in which mode was the model?) guest.py looks at there. Networks
are judged by what they compute from numbers that the suite puts into them. Every task is judged apart.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.checks import as_numbers, describe, expect_close, expect_equal, learns
from grader.errors import CheckFailed
from grader.submission import as_tensor

from .drawing import JUDGED, RATES, blobs, digits_of, line_model, shares
from .nets import NETS, specs, through
from .oracle import (
    confusion,
    descend,
    filtered,
    logits_of,
    measured,
    pool_by_loops,
    probabilities,
    ranked,
    scaled,
    steps_of,
)
from .suspects import (
    confusion_mistakes,
    filter_mistakes,
    hidden_mistakes,
    loader_mistakes,
    logit_mistakes,
    only,
    path_mistakes,
    pool_mistakes,
    probability_mistakes,
    size_mistakes,
    told_mistakes,
)
from .weights import drawn, places_of

FLOAT32 = {"precision": "float32"}


def several(answer, count, wanted):
    """The `count` values that came back."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {wanted} is asked for")
    return answer


def is_tensor(kind, name, dtype="float32"):
    """Raises CheckFailed unless the sandbox says that it is a tensor of this dtype which tracks no gradient."""
    if kind != f"{dtype} tensor":
        raise CheckFailed(f"{name} is a {kind}; a {dtype} tensor is expected")


def are_floats(kinds, what):
    """Raises CheckFailed unless these are Python floats (NumPy's is one of them)."""
    for kind, name in zip(kinds, what, strict=True):
        if kind not in ("float", "float64"):
            advice = "; .item() makes one of a tensor" if "tensor" in kind else ""
            raise CheckFailed(f"the {name} is of type {kind}; a Python float is expected{advice}")


# ---------------------------------------------------------------- windows


SIZES = [(28, 5, 1, 0), (24, 2, 2, 0), (32, 3, 1, 1), (224, 7, 2, 3), (7, 2, 2, 0), (5, 5, 1, 0), (10, 3, 4, 2),
         (9, 4, 3, 1), (2, 5, 3, 2)]  # fmt: skip


@pytest.mark.task("output_size")
@pytest.mark.parametrize("more", [0, 2], ids=["defaults", "all-arguments"])
def test_sizes(submission, rng, more):
    drawn_sizes = [tuple(map(int, rng.integers((12, 1, 1, 0), (60, 9, 5, 4)))) for _ in range(6)]
    for size, kernel, stride, padding in SIZES + drawn_sizes:
        if not more:
            stride, padding = 1, 0
            size = max(size, kernel)
        found = submission.output_size(size, kernel, *([stride, padding] if more else []))
        right = len(range(0, size + 2 * padding - kernel + 1, stride))
        name = f"the size for {size} pixels, a kernel of {kernel}, stride {stride}, padding {padding}"
        if isinstance(found, float):
            raise CheckFailed(f"{name} is {describe(found)}; a Python int is asked for (//)")
        expect_equal(found, right, name=name, suspects=size_mistakes(size, kernel, stride, padding))


FILTERS = {  # N, H, W, k
    "3-by-3": (3, 9, 12, 3), "2-by-2": (2, 7, 5, 2), "5-by-5": (2, 8, 11, 5), "1-by-1": (4, 3, 5, 1),
    "as-large-as-the-image": (2, 4, 4, 4),
}  # fmt: skip


@pytest.mark.task("apply_filter")
@pytest.mark.parametrize("case", FILTERS)
def test_filters(submission, guest, rng, case):
    N, H, W, k = FILTERS[case]
    images, kernel = rng.random((N, 1, H, W)).astype(np.float32), rng.normal(size=(k, k)).astype(np.float32)
    found, kind = guest.look(submission.apply_filter, as_tensor(images), as_tensor(kernel))
    suspects = filter_mistakes(images, kernel)
    expect_close(found, filtered(images, kernel), **FLOAT32, name="the response", suspects=suspects)
    is_tensor(kind, "the response")


POOLS = {"even": (3, 8, 12, 2), "not-tiling": (2, 7, 11, 3), "one-pixel": (2, 5, 6, 1), "large-windows": (2, 9, 14, 4)}


@pytest.mark.task("pool_images")
@pytest.mark.parametrize("kind", ["max", "mean"])
@pytest.mark.parametrize("case", POOLS)
def test_pools(submission, guest, rng, case, kind):
    N, H, W, size = POOLS[case]
    images = (rng.normal(size=(N, 1, H, W)) - 1).astype(np.float32)
    found, told = guest.look(submission.pool_images, as_tensor(images), kind, size)
    right = pool_by_loops(images, kind, size)
    expect_close(found, right, **FLOAT32, name=f"the {kind}", suspects=pool_mistakes(images, kind, size))
    is_tensor(told, "the result")


@pytest.mark.task("pool_images")
@pytest.mark.parametrize("kind", ["median", "Max", ""])
def test_other_pools(submission, rng, kind):
    images = rng.random((2, 1, 4, 4)).astype(np.float32)
    expect_close(
        submission.pool_images(as_tensor(images), "max", 2), pool_by_loops(images, "max", 2), **FLOAT32, name="the max"
    )
    try:
        found = submission.pool_images(as_tensor(images), kind, 2)
    except ValueError:
        return
    raise CheckFailed(f"kind {kind!r} gives {describe(found)}; a ValueError is asked for")


# ---------------------------------------------------------------- loaders


def bytes_of(rng, N, H=9, W=7):
    """Images whose pixels are from 0 to 255, and labels as files hold them."""
    images = rng.integers(0, 256, (N, H, W)).astype(np.uint8)
    images.reshape(-1)[:2] = 0, 255
    return images, rng.integers(0, 10, N).astype(np.uint8)


def loaded(submission, guest, train, test, *size):
    """[loader][epoch] -> (rows (N, ...), labels (N,), sizes of the batches); the dtypes are checked."""
    found, kinds = guest.two_epochs(submission.make_loaders, *train, *test, *size)
    if kinds is None:
        raise CheckFailed(f"it returned {describe(found)}; (train_loader, test_loader) is asked for")
    for name, kind in zip(("train_loader", "test_loader"), kinds, strict=True):
        if not isinstance(kind, list) or len(kind) != 2:
            raise CheckFailed(f"a batch of {name} does not consist of images and labels")
        for part, dtype, told in (("images", "float32", kind[0]), ("labels", "int64", kind[1])):
            is_tensor(told, f"a batch of {part} of {name}", dtype)
    return [[_joined(epoch) for epoch in epochs] for epochs in found]


def _joined(batches):
    images, labels = ([batch[part] for batch in batches] for part in (0, 1))
    return np.concatenate(images), np.concatenate(labels), [len(part) for part in labels]


def has_all_batches(sizes, N, batch_size, name):
    """Raises CheckFailed where rows are missing or batches are of another size."""
    wanted = [len(rows) for rows in steps_of(N, batch_size)]
    if sizes != wanted:
        left = sizes == wanted[:-1] and wanted[-1] < batch_size
        why = ": the last, smaller batch is left out (drop_last)" if left else ""
        raise CheckFailed(f"{name} gives batches of {sizes[:8]} images where {wanted[:8]} are expected{why}")


@pytest.mark.task("make_loaders")
@pytest.mark.parametrize(
    "sizes", [(37, 22, 8), (24, 16, 8), (70, 65)], ids=["smaller-last-batch", "whole-batches", "default"]
)
def test_test_loader(submission, guest, rng, sizes):
    N, M, *size = sizes
    (train, test) = bytes_of(rng, N), bytes_of(rng, M)
    _, (first, second) = loaded(submission, guest, train, test, *size)
    for images, labels, counts in (first, second):
        right = scaled(test[0])
        order = order_of(images, test[0])
        if order is not None and len(order) == M and sorted(order) == list(range(M)) and list(order) != list(range(M)):
            raise CheckFailed("the test images are shuffled; they are asked for in their order")
        has_all_batches(counts, M, *size or [64], "test_loader")
        expect_close(images, right, **FLOAT32, name="the test images", suspects=loader_mistakes(right, "training"))
        expect_equal(labels, test[1], name="the test labels")


@pytest.mark.task("make_loaders")
@pytest.mark.parametrize(
    "sizes", [(37, 22, 8), (24, 16, 8), (70, 65)], ids=["smaller-last-batch", "whole-batches", "default"]
)
def test_train_loader(submission, guest, rng, sizes):
    N, M, *size = sizes
    (train, test) = bytes_of(rng, N), bytes_of(rng, M)
    epochs, _ = loaded(submission, guest, train, test, *size)
    orders = []
    for images, labels, counts in epochs:
        has_all_batches(counts, N, *size or [64], "train_loader")
        order = order_of(images, train[0])
        if order is None or sorted(order) != list(range(N)):
            raise CheckFailed("an epoch of train_loader does not hold every training image once")
        right = scaled(train[0])[order]
        expect_close(images, right, **FLOAT32, name="the training images", suspects=loader_mistakes(right, "test"))
        expect_equal(labels, train[1][order], name="the training labels, in the order of their images",
                     suspects={"the images are shuffled, and their labels are not": train[1]})  # fmt: skip
        orders.append(list(order))
    if orders[0] == list(range(N)):
        raise CheckFailed("the training images come in their order; train_loader has to shuffle them")
    if orders[0] == orders[1]:
        raise CheckFailed("every epoch has the same order; train_loader has to shuffle anew in each")


def order_of(images, originals):
    """Which original each image is, whatever it is scaled by; None where that cannot be told."""
    rows = [np.asarray(part, np.float64).reshape(len(part), -1) for part in (images, originals)]
    if rows[0].shape[1] != rows[1].shape[1] or not np.all(np.isfinite(rows[0])):
        return None
    unit = [(part - part.mean(axis=1, keepdims=True)) / np.maximum(part.std(axis=1, keepdims=True), 1e-12) for part in rows]
    return (unit[0] @ unit[1].T).argmax(axis=1)


# ---------------------------------------------------------------- networks


def network(guest, model_class, rng, name, shape, *arguments, steps=None):
    """A model of the student's that holds numbers of ours, the steps it should take, and the numbers for the oracle."""
    steps = steps or NETS[name]
    model, parameters, buffers = guest.built(model_class, [1, *shape], *arguments)
    places = places_of(steps, parameters, buffers, free_biases=name == "DeepCNN")
    layers, arrays, running = drawn(rng, places)
    guest.fill(model, arrays, running)
    return model, steps, layers


def logits_are_right(guest, net, x):
    """Raises CheckFailed unless the model gives these logits in evaluation mode, twice."""
    model, steps, layers = net
    first, second = (one_array(found) for found in guest.outputs(model, as_tensor(x), times=2))
    if first.shape == second.shape and not np.array_equal(first, second):
        raise CheckFailed(
            "in evaluation mode the logits differ from call to call: dropout is active, which is for training only"
        )
    right = through(steps, layers, x)[-1]
    expect_close(first, right, **FLOAT32, name="the logits", suspects=logit_mistakes(steps, layers, x))


def one_array(found):
    """Logits, and not a tuple."""
    if isinstance(found, tuple | list):
        raise CheckFailed(f"the model returns {describe(found)}; the logits alone are asked for")
    return as_numbers(found, "the logits")


def lenet_steps(output_dim):
    """The steps of a LeNet with so many outputs."""
    return [*NETS["LeNet"][:-1], ("linear", output_dim, 84)]


@pytest.mark.task("lenet")
@pytest.mark.parametrize(("N", "output_dim"), [(3, 10), (5, 7), (1, 10)], ids=["ten-classes", "seven-classes", "one-image"])
def test_lenet(submission, guest, rng, N, output_dim):
    arguments = [] if output_dim == 10 else [output_dim]
    steps = lenet_steps(output_dim)
    model, _, layers = network(guest, submission.LeNet, rng, "LeNet", (1, 28, 28), *arguments, steps=steps)
    x = rng.normal(size=(N, 1, 28, 28)).astype(np.float32)
    lenet_gives(guest.outputs(model, as_tensor(x))[0], steps, layers, x)


def lenet_gives(found, steps, layers, x):
    """Raises CheckFailed unless these are the logits and hidden."""
    values = through(steps, layers, x)
    flat = [step[0] for step in steps].index("flatten")
    if not isinstance(found, tuple | list):
        raise CheckFailed(f"forward gives {describe(found)} alone; a tuple (logits, hidden) is asked for")
    logits, hidden = several(found, 2, "a tuple (logits, hidden)")
    known = {"the logits and hidden are exchanged: (logits, hidden) is asked for": values[flat]}
    expect_close(logits, values[-1], **FLOAT32, name="the logits", suspects=known | logit_mistakes(steps, layers, x))
    expect_close(hidden, values[flat], **FLOAT32, name="hidden", suspects=hidden_mistakes(steps, layers, x))


@pytest.mark.task("lenet")
def test_lenet_of_a_single_image(submission, guest, rng):
    model, steps, layers = network(guest, submission.LeNet, rng, "LeNet", (1, 28, 28))
    x = rng.normal(size=(1, 1, 28, 28)).astype(np.float32)
    lenet_gives(guest.outputs(model, as_tensor(x[0]))[0], steps, layers, x)


@pytest.mark.task("basic_cnn")
def test_basic_cnn(submission, guest, rng):
    net = network(guest, submission.BasicCNN, rng, "BasicCNN", (1, 28, 28))
    logits_are_right(guest, net, rng.normal(size=(3, 1, 28, 28)).astype(np.float32))


@pytest.mark.task("basic_cnn")
def test_basic_cnn_in_training(submission, guest, rng):
    model, steps, layers = network(guest, submission.BasicCNN, rng, "BasicCNN", (1, 28, 28))
    x = rng.normal(size=(2, 1, 28, 28)).astype(np.float32)
    found = one_array(guest.outputs(model, as_tensor(x), training=True)[0])
    right = through(steps, layers, x)[-1]
    expect_close(found, right, **FLOAT32, name="the logits in training mode, where nothing is random",
                 suspects=logit_mistakes(steps, layers, x))  # fmt: skip


@pytest.mark.task("deep_cnn")
def test_deep_cnn(submission, guest, rng):
    net = network(guest, submission.DeepCNN, rng, "DeepCNN", (1, 28, 28))
    logits_are_right(guest, net, rng.normal(size=(3, 1, 28, 28)).astype(np.float32))


@pytest.mark.task("deep_cnn", weight=2)
def test_deep_cnn_in_training(submission, guest, rng):
    """Batch norm takes the batch's statistics and moves the running ones; dropout sets half of the values to 0."""
    net = network(guest, submission.DeepCNN, rng, "DeepCNN", (1, 28, 28))
    model, steps, layers = net
    x = rng.normal(size=(20, 1, 28, 28)).astype(np.float32)
    before = _copies(layers)
    drops(guest, net, x, 0.5)
    still = through(steps, [*before[:-1], layers[-1]], x)[-1]
    found = one_array(guest.outputs(model, as_tensor(x))[0])
    expect_close(
        found, through(steps, layers, x)[-1], **FLOAT32,
        name="the logits in evaluation mode, after three batches in training mode",
        suspects={"batch norm's running statistics have not moved in training": still} | logit_mistakes(steps, layers, x),
    )  # fmt: skip


def drops(guest, net, x, p):
    """Raises CheckFailed unless dropout sets a share p of the last hidden values to 0, in training, and scales the others.

    Every logit is made to show one hidden value h: it is b or b + h / (1 - p).
    """
    model, steps, layers = net
    place = [step[0] for step in steps].index("dropout")
    peek = through(steps, _copies(layers), x, training=True)[place - 1]
    shown = np.argsort(-(peek > 0).sum(axis=0), kind="stable")[:10]
    frozen = through(steps, layers, x)[place - 1][:, shown]
    show(guest, net, shown)
    found = np.stack([one_array(logits) for logits in guest.outputs(model, as_tensor(x), training=True, times=3)])
    h = np.stack([through(steps, layers, x, training=True)[place - 1][:, shown] for _ in range(3)])
    if found.shape != h.shape:
        raise CheckFailed(f"the logits have the shape {found.shape[1:]} in training; {h.shape[1:]} is expected")
    b = layers[-1]["bias"]
    kept = np.abs(found - b) > 0.25 * h / (1 - p)
    right = b + kept * h / (1 - p)
    suspects = {"dropout does nothing in training": b + h}
    suspects |= {f"dropout is there with p = {other}; {p} is asked for": b + kept * h / (1 - other)
                 for other in (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8) if other != p}  # fmt: skip
    suspects["what dropout leaves is not scaled by 1 / (1 - p)"] = b + kept * h
    if any(step[0] == "norm" for step in steps):
        left = np.abs(found - b) > 0.25 * frozen / (1 - p)
        words = "batch norm takes the running statistics in training; those of the batch are asked for"
        suspects[words] = b + left * frozen / (1 - p)
    expect_close(found, right, **FLOAT32, name="the logits in training mode", suspects=suspects)
    alive = h > 0
    share, n = np.mean(~kept[alive]), int(alive.sum())
    if abs(share - p) > 5 * math.sqrt(p * (1 - p) / n):
        raise CheckFailed(f"dropout sets {100 * share:.0f} % of the values to 0 in training; {100 * p:.0f} % is asked for")
    if np.array_equal(kept[0], kept[1]):
        raise CheckFailed("dropout sets the same values to 0 at every call")


def show(guest, net, shown):
    """Makes each logit show one hidden value."""
    model, steps, layers = net
    weight = np.zeros_like(layers[-1]["weight"])
    weight[np.arange(10), shown] = 1
    layers[-1]["weight"] = weight
    guest.set_weight(model, list(weight.shape), as_tensor(weight.astype(np.float32)))


def _copies(layers):
    return [dict(layer) for layer in layers]


@pytest.mark.task("deep_cnn")
def test_deep_cnn_begins_as_he_says(submission, guest, rng):
    model, parameters, buffers = guest.built(submission.DeepCNN, [1, 1, 28, 28])
    places = places_of(NETS["DeepCNN"], parameters, buffers, free_biases=True)
    found = guest.beginnings(submission.DeepCNN, [1, 1, 28, 28], [int(seed) for seed in rng.integers(2**31, size=4)])
    layers = [layer for layer in zip(specs(NETS["DeepCNN"]), places.parameters, strict=True) if layer[0][1] != "norm"]
    for (name, _, shape), known in layers[:-1]:
        weights = np.stack([as_numbers(begin[known["weight"]], name) for begin in found])
        is_he(weights.astype(np.float64), name, shape)
        if "bias" in known and any(np.any(begin[known["bias"]]) for begin in found):
            raise CheckFailed(f"the bias of {name} does not begin as 0")
        if np.array_equal(weights[0], weights[1]):
            raise CheckFailed(f"{name} begins with the same numbers whatever torch's seed is")
    (name, _, shape), known = layers[-1]
    is_default([begin[known["weight"]] for begin in found], [begin[known["bias"]] for begin in found], shape[1])


def is_he(weights, name, shape):
    """Raises CheckFailed unless the spread is sqrt(2 / fan_in) and the mean 0, within five standard errors."""
    fan_in, fan_out = (math.prod(shape[1:]), shape[0] * math.prod(shape[2:]))
    wanted, n = math.sqrt(2 / fan_in), weights.size
    spread, near = weights.std(), 5 / math.sqrt(2 * n)
    if abs(spread / wanted - 1) > near:
        known = {"fan_out in place of fan_in": math.sqrt(2 / fan_out), "PyTorch's own, no He": math.sqrt(1 / (3 * fan_in)),
                 "sqrt(1 / fan_in), without the 2": math.sqrt(1 / fan_in), "the variance": 2 / fan_in,
                 "Glorot's (Xavier)": math.sqrt(2 / (fan_in + fan_out))}  # fmt: skip
        why = next((f": this looks like {words}" for words, value in known.items() if abs(spread / value - 1) < near), "")
        found = f"the weights of {name} begin with a standard deviation of {spread:.4f}"
        raise CheckFailed(f"{found}; He's is sqrt(2 / {fan_in}) = {wanted:.4f}{why}")
    if abs(weights.mean()) > 5 * wanted / math.sqrt(n):
        raise CheckFailed(f"the weights of {name} begin with a mean of {weights.mean():.4f}; 0 is expected")


def is_default(weights, biases, fan_in):
    """Raises CheckFailed unless these are numbers from -1 / sqrt(fan_in) to 1 / sqrt(fan_in), all alike frequent."""
    bound = 1 / math.sqrt(fan_in)
    spread, wanted = np.std(weights), bound / math.sqrt(3)
    if abs(spread / wanted - 1) > 0.15 or np.abs(weights).max() > 1.001 * bound:
        raise CheckFailed(
            f"the weights of the output layer begin with a standard deviation of {spread:.4f}; as PyTorch makes them it is "
            f"{wanted:.4f}: He's initialisation is not for the output layer, after which no ReLU comes"
        )
    if not np.any(biases) or np.abs(biases).max() > 1.001 * bound:
        raise CheckFailed("the bias of the output layer does not begin as PyTorch makes it")


@pytest.mark.task("cifar_nets")
def test_cifar_cnn(submission, guest, rng):
    net = network(guest, submission.CifarCNN, rng, "CifarCNN", (3, 32, 32))
    logits_are_right(guest, net, rng.normal(size=(2, 3, 32, 32)).astype(np.float32))


@pytest.mark.task("cifar_nets")
@pytest.mark.parametrize("shape", [(3, 32, 32), (3, 20, 45)], ids=["square", "not-square"])
def test_simple_cnn(submission, guest, rng, shape):
    net = network(guest, submission.SimpleCNN, rng, "SimpleCNN", (3, 32, 32))
    logits_are_right(guest, net, rng.normal(size=(3, *shape)).astype(np.float32))


@pytest.mark.task("cifar_nets")
def test_simple_cnn_in_training(submission, guest, rng):
    net = network(guest, submission.SimpleCNN, rng, "SimpleCNN", (3, 32, 32))
    drops(guest, net, rng.normal(size=(20, 3, 32, 32)).astype(np.float32), 0.3)


# ---------------------------------------------------------------- training and judging


EPOCHS = {  # images, classes, batch size, epochs, learning rate, momentum, what the optimizer holds, tuple
    "as-many-images-as-classes": (12, 4, 4, 1, 0.3, 0.0, "", False),
    "smaller-last-batch": (11, 3, 4, 2, 0.2, 0.9, "", False),
    "one-image-left": (9, 5, 4, 1, 0.3, 0.0, "", True),
    "one-batch": (8, 3, 20, 2, 0.3, 0.0, "", False),
    "an-optimizer-of-the-bias": (10, 3, 4, 2, 0.3, 0.0, "bias", True),
}


def sent(arrays):
    return [as_tensor(array) for array in arrays]


@pytest.mark.task("train_epoch")
@pytest.mark.parametrize("case", EPOCHS)
def test_training(submission, guest, rng, case):
    """The model arrives in evaluation mode."""
    N, C, size, epochs, rate, momentum, held, pair = EPOCHS[case]
    weights, (x, labels) = line_model(rng, N, C)
    results, W, b, kinds, _ = guest.epochs_of(
        submission.train_epoch, sent(weights), sent([x, labels]), size, epochs,
        rate=rate, momentum=momentum, only=held, pair=pair,
    )  # fmt: skip
    batches = steps_of(N, size) * epochs
    right = descend(x, labels, *weights, batches, rate, momentum, only=held)
    mistakes = path_mistakes(x, labels, *weights, batches, rate, momentum, held)
    for part, name, value in ((0, "the weight", W), (1, "the bias", b)):
        words = f"{name} of a model after {len(batches)} batches"
        expect_close(value, right[part], **FLOAT32, name=words, suspects=only(mistakes, part))
    for epoch, told in enumerate(results):
        loss, accuracy = several(told, 2, "a tuple (loss, accuracy)")
        seen = right[2][epoch * N : (epoch + 1) * N]
        are_told(loss, accuracy, seen, labels, size, ", before the steps,")
    are_floats(kinds, ("loss", "accuracy"))


def are_told(loss, accuracy, logits, labels, size, when="", other_mode=None):
    """Compares what is told of these logits with what is so."""
    right = measured(logits, labels)
    for part, name, value in ((0, "the loss", loss), (1, "the accuracy", accuracy)):
        suspects = told_mistakes(logits, labels, size, part, other_mode)
        expect_close(value, right[part], **FLOAT32, name=f"{name}{when} over all images", suspects=suspects)


JUDGINGS = {  # images, classes, batch size, tuple, training mode before
    "as-many-images-as-classes": (12, 4, 4, False, True),
    "smaller-last-batch": (11, 3, 4, False, True),
    "one-image-left": (9, 4, 8, True, False),
    "one-batch": (8, 5, 20, True, True),
}


def judging(submission, guest, rng, name, case):
    """What evaluate or get_predictions gives for a model of the suite's, and the logits in both modes."""
    N, C, size, pair, training = JUDGINGS[case]
    weights, (x, labels) = line_model(rng, N, C)
    found, kinds, W, b, mode, seen = guest.judged(
        getattr(submission, name), sent(weights), sent([x, labels]), size, pair=pair, training=training
    )
    logits = [logits_of(x.reshape(N, -1).astype(np.float64), weights[0], weights[1], shift) for shift in (None, weights[2])]

    def undisturbed():
        for name, value, had in (("weight", W, weights[0]), ("bias", b, weights[1])):
            expect_close(value, had, rtol=0, atol=0, name=f"the model's {name}, which has to stay as it is")
        if mode != training:
            modes = {True: "training mode", False: "evaluation mode"}
            raise CheckFailed(
                f"the model came in {modes[training]} and is left in {modes[mode]}; put the mode back at the end"
            )
        if any(recorded for _, recorded, _ in seen):
            raise CheckFailed("gradients are recorded while the model is judged: use torch.no_grad()")

    return found, kinds, x, labels, logits, size, undisturbed


@pytest.mark.task("evaluate")
@pytest.mark.parametrize("case", JUDGINGS)
def test_evaluation(submission, guest, rng, case):
    found, kinds, _, labels, logits, size, undisturbed = judging(submission, guest, rng, "evaluate", case)
    loss, accuracy = several(found, 2, "a tuple (loss, accuracy)")
    are_told(loss, accuracy, logits[0], labels, size, "", logits[1])
    are_floats(kinds, ("loss", "accuracy"))
    undisturbed()


@pytest.mark.task("get_predictions")
@pytest.mark.parametrize("case", JUDGINGS)
def test_predictions(submission, guest, rng, case):
    found, kinds, x, labels, logits, size, undisturbed = judging(submission, guest, rng, "get_predictions", case)
    images, true, shares_given = several(found, 3, "a tuple (images, labels, probabilities)")
    expect_close(shares_given, probabilities(logits[0]), **FLOAT32, name="the probabilities",
                 suspects=probability_mistakes(*logits, size))  # fmt: skip
    expect_close(images, x, **FLOAT32, name="the images")
    expect_equal(true, labels, name="the labels",
                 suspects={"these are the predicted classes": logits[0].argmax(axis=1)})  # fmt: skip
    for kind, name, dtype in zip(kinds, ("images", "labels", "probabilities"), ("float32", "int64", "float32"), strict=True):
        is_tensor(kind, f"what comes back as {name}", dtype)
    undisturbed()


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.task(name))
                                  for name in ("train_epoch", "evaluate", "get_predictions")])  # fmt: skip
def test_other_devices(submission, guest, rng, name):
    """The model lies on a device that holds shapes and no values; batches come on the CPU."""
    weights, (x, labels) = line_model(rng, 6, 3)
    images_on, labels_on = guest.on_another_device(
        getattr(submission, name), sent(weights), sent([x, labels]), 4, training=name == "train_epoch"
    )
    on_the_device(images_on, labels_on)


def on_the_device(images_on, labels_on):
    """Raises CheckFailed where images or labels stay behind."""
    if images_on != ["meta"]:
        where = ", ".join(map(str, images_on)) or "nowhere"
        raise CheckFailed(f"the images are not moved to `device` (they are on: {where}): write images.to(device)")
    if labels_on not in ([], ["meta"]):
        raise CheckFailed("the labels are not moved to `device`: write labels.to(device)")


@pytest.mark.task("digits")
def test_digits(submission, guest, seed, thresholds):
    """LeNet and train_epoch, six epochs on 10,000 digits; the labels of the 2,000 that count stay here."""

    def right(seed):
        (images, labels), (unseen, truth) = digits_of(seed)
        logits = guest.learned(
            submission.LeNet,
            submission.train_epoch,
            as_tensor(images),
            as_tensor(labels),
            as_tensor(unseen),
            RATES,
            seed % 2**32,
        )
        scores = as_numbers(logits, "the logits of new digits")
        if scores.shape != (JUDGED, 10):
            raise CheckFailed(f"the logits of {JUDGED:,} new digits have the shape {scores.shape}; (N, 10) is expected")
        return np.mean(scores.argmax(axis=1) == truth)

    learns(
        right, at_least=thresholds["digits"], seed=seed, of=JUDGED, name="new digits that are read rightly",
        looks_like={"a model that has not learnt: guessing gives 10 %": (0, 0.2),
                    "some classes that are never predicted: is there a ReLU on the logits?": (0.2, 0.93)},
    )  # fmt: skip


# ---------------------------------------------------------------- what goes wrong


CONFUSIONS = {  # images, classes, those that occur
    "four-classes": (80, 4, [0, 1, 2, 3]), "ten-by-default": (60, 10, range(10)), "absent-classes": (40, 6, [1, 3, 4]),
    "one-image": (1, 3, [1]),
}  # fmt: skip


@pytest.mark.task("confusion_matrix")
@pytest.mark.parametrize("case", CONFUSIONS)
def test_confusions(submission, rng, case):
    N, C, present = CONFUSIONS[case]
    labels, predictions = rng.choice(present, (2, N)).astype(np.int64)
    more = [] if case == "ten-by-default" else [C]
    found = submission.confusion_matrix(as_tensor(labels), as_tensor(predictions), *more)
    suspects = confusion_mistakes(labels, predictions, C)
    expect_close(found, confusion(labels, predictions, C), rtol=0, atol=1e-6, name="the matrix", suspects=suspects)


def rankings(labels, p):
    """Other orders that mistakes give."""
    wrong, right = ranked(labels, p), [i for i in range(len(p)) if p[i].argmax() == labels[i]]
    everything = sorted(range(len(p)), key=lambda i: -p[i].max())
    return {
        "the least sure ones come first; the surest are asked for": wrong[::-1],
        "right predictions are among them; the wrong ones alone are asked for": everything,
        "these are the right predictions; the wrong ones are asked for": sorted(right, key=lambda i: -p[i].max()),
        "they are in the order of the probability of the true class; that of the predicted one is asked for": sorted(
            wrong, key=lambda i: -p[i][labels[i]]),
        "the smallest probabilities of the true class come first; the largest of the predicted one are asked for": sorted(
            wrong, key=lambda i: p[i][labels[i]]),
        "they are in the order of the images; the surest ones are asked for first": sorted(wrong),
    }  # fmt: skip


@pytest.mark.task("most_incorrect")
@pytest.mark.parametrize("n", [4, 1, 100, 0], ids=["four", "one", "more-than-there-are", "none"])
def test_most_incorrect(submission, guest, rng, n):
    p, labels = shares(rng, 30, 4)
    images = rng.random((30, 1, 5, 4)).astype(np.float32)
    wanted = ranked(labels, p)
    found, kinds = guest.look(submission.most_incorrect, as_tensor(images), as_tensor(labels), as_tensor(p), n)
    if n == 0:  # an empty list is what a function gives that does nothing, too
        several(submission.most_incorrect(as_tensor(images), as_tensor(labels), as_tensor(p), 2), 2, "a list of 2 tuples")
    if not isinstance(found, list):
        raise CheckFailed(f"it returned {describe(found)}; a list of tuples is asked for")
    if len(found) > min(n, 30) or (len(found) < min(n, len(wanted))):
        raise CheckFailed(f"{len(found)} tuples came back for n = {n}; {min(n, len(wanted))} are expected"
                          f" ({len(wanted)} predictions are wrong)")  # fmt: skip
    order = [_which(entry, images) for entry in found]
    for words, other in rankings(labels, p).items():
        if order == other[:n] and order != wanted[:n]:
            raise CheckFailed(words)
    if order != wanted[:n]:
        raise CheckFailed("these are not the wrong predictions with the largest probabilities, the largest first")
    for entry, kind, i in zip(found, kinds, wanted, strict=False):
        is_entry(entry, kind, labels[i], p[i])


def _which(entry, images):
    """Which image a tuple is about."""
    image = as_numbers(several(entry, 4, "a tuple (image, true, predicted, probability)")[0], "the image of a tuple")
    if image.shape != images.shape[1:]:
        raise CheckFailed(f"the image of a tuple has the shape {image.shape}; {images.shape[1:]} is expected")
    same = [i for i in range(len(images)) if np.array_equal(images[i], image)]
    return same[0] if same else None


def is_entry(entry, kind, true, p):
    """Raises CheckFailed unless these are the classes and the probability."""
    for name, value, right, other in (("true", entry[1], true, p.argmax()), ("predicted", entry[2], p.argmax(), true)):
        if not isinstance(value, int | np.integer):
            raise CheckFailed(f"the {name} class of a tuple is {describe(value)}; a Python int is asked for (.item())")
        expect_equal(value, right, name=f"the {name} class of a tuple",
                     suspects={"true and predicted are exchanged": other})  # fmt: skip
    if kind[3] not in ("float", "float64"):
        raise CheckFailed(f"the probability of a tuple is a {kind[3]}; a Python float is asked for (.item())")
    expect_close(entry[3], p.max(), **FLOAT32, name="the probability of a tuple",
                 suspects={"this is the probability of the true class": p[true]})  # fmt: skip


@pytest.mark.task("most_incorrect")
def test_nothing_is_wrong(submission, rng):
    """One prediction is made wrong, then none."""
    p, _ = shares(rng, 6, 3)
    images, labels = rng.random((6, 1, 3, 3)).astype(np.float32), p.argmax(axis=1)
    one = labels.copy()
    one[2] = (one[2] + 1) % 3
    for truth, wanted in ((one, 1), (labels, 0)):
        found = submission.most_incorrect(as_tensor(images), as_tensor(truth), as_tensor(p), 3)
        if not isinstance(found, list) or len(found) != wanted:
            raise CheckFailed(f"it returned {describe(found)} where {wanted} of 6 predictions are wrong and n = 3")


# ---------------------------------------------------------------- two networks compared


LISTS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
EPOCHS_COMPARED = 5
ANEW = "models that are made anew in every epoch, which forgets what was learnt: make each once"
NOT_TRAINED = "a model that is not trained: does its optimizer hold the parameters of this very model?"


@pytest.mark.task("compare")
def test_compare(submission, guest, seed):
    """Eight batches an epoch, and 26 images to test on in batches of 6. Unseen images have a loss of 0.1 at most with right
    solutions, of 0.9 with gradients that are never zeroed, and of 2.0 at least with a model that forgets or never learns.
    """

    looks: dict[str, tuple[float, float]] = {}

    def worse(seed):
        rng = np.random.default_rng(seed)
        train, test, unseen = (blobs(rng, N) for N in (48, 26, 40))
        told, models, made = guest.compared(
            submission.compare, sent(train), sent(test), as_tensor(unseen[0]), 6, EPOCHS_COMPARED, seed % 2**32
        )
        is_complete(told, models)
        losses = []
        for name, entry in told.items():
            _, numbers, known, logits = models[name]
            expect_equal(entry["parameters"], numbers, name=f"{name}: parameters")
            has_last_values(name, entry, as_numbers(known, "the logits of its model"), test[1])
            losses.append(measured(as_numbers(logits, "the logits of its model").astype(np.float64), unseen[1])[0])
        anew = made >= EPOCHS_COMPARED * 5  # convolutions: BasicCNN has two, DeepCNN three
        looks.clear()
        looks[ANEW if anew else NOT_TRAINED] = (0, math.inf)
        return max(losses)

    learns(
        worse, at_most=1.7, seed=seed, looks_like=looks,
        name="the loss of the worse of both models on new images, after five epochs",
    )  # fmt: skip


def is_complete(told, models):
    """Raises CheckFailed unless there are two dicts with all entries."""
    if not isinstance(told, dict) or set(told) != {"BasicCNN", "DeepCNN"}:
        given = sorted(map(str, told)) if isinstance(told, dict) else describe(told)
        raise CheckFailed(f"it returned {given}; a dict with the keys 'BasicCNN' and 'DeepCNN' is asked for")
    for name, entry in told.items():
        missing = [key for key in (*LISTS, "parameters") if key not in entry] + ([] if name in models else ["model"])
        if missing:
            raise CheckFailed(f"{name}: there is no {missing[0]!r}; there are {sorted(map(str, entry))}")
        kind = models[name][0]
        if kind != name:
            raise CheckFailed(f"{name}: the model is a {kind}; a {name} is asked for")
        for key in LISTS:
            values = entry[key]
            if not isinstance(values, list) or [isinstance(value, float) for value in values] != [True] * EPOCHS_COMPARED:
                wanted = f"a list of {EPOCHS_COMPARED} Python floats, one for each epoch, is asked for"
                raise CheckFailed(f"{name}: {key} is {describe(values)}; {wanted}")
            if key.endswith("accuracy") and not all(0 <= value <= 1 for value in values):
                raise CheckFailed(f"{name}: {key} holds a number outside of 0 to 1")


def has_last_values(name, entry, logits, labels):
    """Raises CheckFailed unless the last values on the test set are those of the model that is left."""
    logits = logits.astype(np.float64)
    for part, (train, test) in enumerate((LISTS[:2], LISTS[2:])):
        right = measured(logits, labels)[part]
        suspects = told_mistakes(logits, labels, 6, part)
        if math.isclose(entry[train][-1], right, rel_tol=1e-3, abs_tol=1e-6):
            suspects = {"train and test are exchanged": entry[test][-1]}
        expect_close(entry[test][-1], right, rtol=1e-3, atol=2e-6, suspects=suspects,
                     name=f"{name}: the last {test}, compared with that of the model")  # fmt: skip


@pytest.mark.task("compare")
def test_compare_elsewhere(submission, guest, rng):
    on_the_device(*guest.compared_elsewhere(submission.compare, sent(blobs(rng, 16)), sent(blobs(rng, 8))))
