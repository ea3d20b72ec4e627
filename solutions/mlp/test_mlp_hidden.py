"""Hidden suite of the perceptrons. What is right says oracle.py, what known mistakes give says suspects.py.

The suite itself does without torch. Weights are drawn here and put into the student's networks; trainings start from weights
of the suite's own and go through batches in a fixed order, so that the right way down is known. `compare_optimizers` stands
on the student's training loop and accuracy, `digits` on the network and the training loop; all else is judged apart.
"""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import as_numbers, describe, draw_until, expect_close, learns
from grader.errors import CheckFailed
from grader.submission import as_tensor

from .drawing import (
    batches_of,
    clear,
    clear_winners,
    digit_set,
    drawn_layers,
    known_logits,
    linear_start,
    points,
    rounds,
    safe,
    xor_start,
)
from .oracle import (
    XOR,
    adam,
    bias_gradients,
    cross_entropy,
    epoch_means,
    logistic,
    momentum,
    outputs,
    relu,
    same,
    sgd,
    share,
    sigmoid,
    softmax,
    walk,
)
from .suspects import (
    accuracy_mistakes,
    classifier_mistakes,
    collapse_mistakes,
    compared_mistakes,
    epoch_mistakes,
    logit_mistakes,
    net_mistakes,
    only,
    probability_mistakes,
    xor_mistakes,
)

PATH = {"rtol": 1e-3, "atol": 1e-4}  # of many steps in float32
NARROW, WIDE, DEEP = (2, None, 1), (784, 256, 10), (784, 1024, 2048, 10)


def tensors(layers, device="cpu"):
    """Layers as the sandbox takes them."""
    return [(as_tensor(weight, device), as_tensor(bias, device)) for weight, bias in layers]


def where(device):
    """The argument `device` for a function of the student's: none for its default."""
    return () if device == "cpu" else (device,)


def several(answer, count, wanted):
    """The `count` values that came back."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def is_tensor(kind, name):
    """Raises CheckFailed unless the sandbox says that it is a float32 tensor which tracks no gradient."""
    if kind != "float32 tensor":
        raise CheckFailed(f"{name} is a {kind}; a float32 tensor is expected")


def a_float(value, name):
    """A Python float."""
    if not isinstance(value, float | int) or isinstance(value, bool):
        advice = "; .item() makes a Python float of a tensor that holds one number" if isinstance(value, np.ndarray) else ""
        raise CheckFailed(f"{name} is {describe(value)}; a Python float is expected{advice}")
    return float(value)


def floats(value, count, name, each):
    """A list of `count` Python floats."""
    if not isinstance(value, list):
        raise CheckFailed(f"{name} is {describe(value)}; a list of {count} Python floats is expected")
    if len(value) != count:
        raise CheckFailed(f"{name} has {len(value)} entries; {count} are expected, one for each {each}")
    for item in value:
        if isinstance(item, np.ndarray):
            raise CheckFailed(
                f"{name} holds tensors; loss.item() is a Python float, and lets go of all that led to the loss"
            )
        a_float(item, f"an entry of {name}")
    return np.array(value)


def same_layers(actual, expected, known, name):
    """Compares the layers of a network of ours after a training, last layer first: its mistakes are the plainest."""
    for n in reversed(range(len(expected))):
        for part, what in ((0, "weight"), (1, "bias")):
            words = f"the {what} of layer {n + 1} {name}"
            expect_close(actual[n][part], expected[n][part], **PATH, name=words, suspects=only(known, n, part))


# ---------------------------------------------------------------- networks


def network(guest, device, make, layers, *more):
    """A network of the student's with these parameters."""
    flat = [array for layer in layers for array in layer]
    model, shapes = guest.filled(make, [as_tensor(array, device) for array in flat], *more)
    if shapes is None:
        return model
    if isinstance(shapes, str):
        raise CheckFailed(f"what comes back is a {shapes:.40}; an nn.Module is expected")
    wanted = ", ".join(str(array.shape) for array in flat)
    found = ", ".join(str(tuple(shape)) for shape in shapes) or "none"
    raise CheckFailed(
        f"the parameters have the shapes {found}; expected are {wanted}, in any order: {len(layers)} nn.Linear with biases"
    )


def check_network(guest, device, model, layers, x, upstream, bend, last, slope, suspects, flat=None):
    """What the network gives for x in training and in eval mode, and the gradients of its biases."""
    out, steady, kind, gradients = guest.passed(model, as_tensor(x, device), as_tensor(upstream, device))
    rows = x if flat is None else flat
    right = outputs(layers, rows, bend, last)
    expect_close(steady, right, **PATH, name="what it gives", suspects=suspects)
    is_tensor(kind, "what it gives")
    if not np.allclose(as_numbers(out, "what it gives in training mode"), right, **PATH):
        raise CheckFailed(
            "in training mode it gives something else than in eval mode: no dropout and no normalisation, please"
        )
    if not gradients:
        raise CheckFailed("what it gives tracks no gradient: the graph is cut somewhere (.data, .detach(), torch.no_grad())")
    wanted = {
        bias.shape: g for (_, bias), g in zip(layers, bias_gradients(layers, rows, upstream, bend, slope), strict=True)
    }
    for shape, gradient in gradients:
        name = f"the gradient of the bias of shape {tuple(shape)}"
        if gradient is None:
            raise CheckFailed(f"{name} is None: the graph is cut before that layer (.data, .detach(), torch.no_grad())")
        expect_close(
            gradient, wanted[tuple(shape)], **PATH, name=name,
            suspects={"no gradient comes through: the graph is cut (.data, .detach())": 0 * wanted[tuple(shape)]},
        )  # fmt: skip


def sigmoid_slope(out):
    return sigmoid(out) * (1 - sigmoid(out))


def check_narrow(guest, device, make, rng, hidden, N, bend):
    """A network of 2 - hidden - 1 with a sigmoid at the end."""
    layers, x = draw_until(
        lambda: (drawn_layers(rng, 2, hidden, 1), points(rng, N)),
        lambda drawn: clear(*drawn) and all(outputs(*drawn, between).min() < -0.2 for between in (relu, same)),
    )  # so that a ReLU at the end shows
    model = network(guest, device, make, layers, *(() if hidden == 10 else (hidden,)))
    upstream = rng.normal(size=(N, 1)).astype(np.float32)
    check_network(guest, device, model, layers, x, upstream, bend, sigmoid, sigmoid_slope, net_mistakes(layers, x, bend))
    return model


def check_new_ones(guest, make, *more):
    """Two networks have parameters of their own, which differ and are not all alike."""
    first, second = guest.two(make, *more)
    if len(first) != 4 or len(second) != 4:
        raise CheckFailed(f"a new network has {len(first)} parameters; two weights and two biases are expected")
    for one, other in zip(first, second, strict=True):
        if one.size > 1 and (np.ptp(one) == 0 or np.array_equal(one, other)):
            shared = np.array_equal(one, other) and np.ptp(one) > 0
            raise CheckFailed(
                "two new networks have the same numbers: make the layers in the call (in __init__), not once for all"
                if shared else "all numbers of a new layer are equal, so its units stay copies of one another; leave them "
                "as nn.Linear begins them"
            )  # fmt: skip


SIZES = [(10, 7), (3, 5), (6, 1), (2, 4)]


@pytest.mark.task("xor_net")
@pytest.mark.parametrize(("hidden", "N"), SIZES)
def test_xor_net(submission, guest, rng, device, hidden, N):
    check_narrow(guest, device, submission.XorNet, rng, hidden, N, relu)


@pytest.mark.task("xor_net")
def test_new_xor_nets(submission, guest):
    check_new_ones(guest, submission.XorNet)


@pytest.mark.task("xor_sequential")
@pytest.mark.parametrize(("hidden", "N"), SIZES)
def test_xor_sequential(submission, guest, rng, device, hidden, N):
    model = check_narrow(guest, device, submission.xor_sequential, rng, hidden, N, relu)
    if not guest.is_sequential(model)[0]:
        raise CheckFailed("what comes back is no nn.Sequential")


@pytest.mark.task("xor_sequential")
def test_new_sequentials(submission, guest):
    check_new_ones(guest, submission.xor_sequential)


@pytest.mark.task("linear_stack")
@pytest.mark.parametrize(("hidden", "N"), SIZES)
def test_linear_stack(submission, guest, rng, device, hidden, N):
    model = check_narrow(guest, device, submission.LinearStack, rng, hidden, N, same)
    for name, shape in guest.attributes(model).items():
        wanted = {"hidden": (hidden, 2), "output": (1, hidden)}[name]
        if isinstance(shape, str) or tuple(shape) != wanted:
            found = f"a {shape:.40}" if isinstance(shape, str) else f"an nn.Linear with a weight {tuple(shape)}"
            raise CheckFailed(f"its attribute {name!r} is {found}; an nn.Linear with a weight {wanted} is expected")


@pytest.mark.task("linear_stack")
def test_new_stacks(submission, guest):
    check_new_ones(guest, submission.LinearStack)


def check_wide(guest, device, make, rng, sizes, N, as_images):
    """A network for digits, given images or rows."""
    layers = drawn_layers(rng, *sizes)
    rows = draw_until(lambda: rng.uniform(0, 1, (N, 784)).astype(np.float32), lambda rows: clear(layers, rows, near=1e-5))
    x = rows.reshape(N, 1, 28, 28) if as_images else rows
    upstream = rng.normal(size=(N, 10)).astype(np.float32)
    model = network(guest, device, make, layers)
    check_network(guest, device, model, layers, x, upstream, relu, same, None, logit_mistakes(layers, rows), rows)


@pytest.mark.task("mnist_mlp")
@pytest.mark.parametrize(("N", "as_images"), [(5, True), (3, False), (1, True), (1, False), (10, True)])
def test_mnist_mlp(submission, guest, rng, device, N, as_images):
    check_wide(guest, device, submission.MnistMLP, rng, WIDE, N, as_images)


@pytest.mark.task("mnist_mlp")
def test_new_mnist_mlps(submission, guest):
    check_new_ones(guest, submission.MnistMLP)


@pytest.mark.task("deep_mlp")
@pytest.mark.parametrize(("N", "as_images"), [(4, True), (1, False)])
def test_deep_mlp(submission, guest, rng, device, N, as_images):
    check_wide(guest, device, submission.DeepMLP, rng, DEEP, N, as_images)


@pytest.mark.task("probabilities")
@pytest.mark.parametrize(("N", "C", "scale"), [(5, 3, 1.0), (4, 4, 2.0), (1, 6, 1.0), (7, 2, 1.5)])
def test_probabilities(submission, guest, rng, device, N, C, scale):
    logits = (scale * rng.normal(size=(N, C))).astype(np.float32)
    result, kind = guest.look(submission.probabilities, as_tensor(logits, device))
    expect_close(result, softmax(logits.astype(np.float64)), name="the probabilities", suspects=probability_mistakes(logits))
    is_tensor(kind, "what comes back")


@pytest.mark.task("probabilities")
@pytest.mark.parametrize("offset", [1000.0, -1000.0])
def test_probabilities_of_large_logits(submission, rng, device, offset):
    logits = (rng.normal(size=(4, 5)) + offset * rng.uniform(0.5, 1, (4, 1))).astype(np.float32)
    result = submission.probabilities(as_tensor(logits, device))
    expect_close(
        result, softmax(logits.astype(np.float64)), rtol=1e-3, name=f"the probabilities of logits near {offset:g}",
        suspects={"exp overflows, or all become 0: subtract the largest logit of each row first": naive_softmax(logits)},
    )  # fmt: skip


def naive_softmax(logits):
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return powers / powers.sum(axis=1, keepdims=True)


# ---------------------------------------------------------------- XOR


def check_moved(guest, task, function, rng):
    """On a device that is not the CPU nothing may be left behind."""
    sizes, y = ((2, 3, 1), np.zeros(4)) if task == "train_xor" else ((4, 3, 5), rng.integers(0, 5, 7))
    wrong = guest.elsewhere(
        task, function, tensors(drawn_layers(rng, *sizes)), as_tensor(points(rng, len(y), sizes[0])), as_tensor(y)
    )
    if wrong:
        raise CheckFailed(f"on another device than the CPU it does not work: {wrong:.80}")


@pytest.mark.task("train_xor")
@pytest.mark.parametrize(("hidden", "rate", "steps"), [(4, 0.7, 1), (5, 0.3, 2), (10, 1.0, 25), (3, 2.0, 6)])
def test_steps_on_xor(submission, guest, rng, device, hidden, rate, steps):
    layers = xor_start(rng, hidden, rate, steps)
    losses, after = guest.xor_trained(submission.train_xor, tensors(layers, device), steps, rate)
    right, path = walk(layers, [XOR] * steps, sgd(rate), logistic)
    known = xor_mistakes(layers, rate, steps)
    told = floats(losses, steps, "what comes back", "step")
    same_layers(after, right, known, f"after {steps} step{'s' if steps > 1 else ''}")
    expect_close(told, path, **PATH, name="the losses", suspects={words: of_losses(found) for words, found in known.items()})


def of_losses(found):
    return lambda: found()[1]


@pytest.mark.task("train_xor")
def test_no_step_on_xor(submission, guest, rng):
    layers = xor_start(rng, 3, 1.0, 1)
    one, _ = guest.xor_trained(submission.train_xor, tensors(layers), steps=1, learning_rate=0.5)
    right = walk(layers, [XOR], sgd(0.5), logistic)[1]
    expect_close(floats(one, 1, "what comes back", "step"), right, **PATH, name="the loss of a single step")
    losses, after = guest.xor_trained(submission.train_xor, tensors(layers), steps=0, learning_rate=0.5)
    floats(losses, 0, "what comes back", "step")
    expect_close(after[0][0], layers[0][0], name="the weight of layer 1 after 0 steps, which has to be as it was")


@pytest.mark.task("train_xor")
def test_xor_where_the_model_is(submission, guest, rng):
    layers = xor_start(rng, 3, 1.0, 1)
    losses, _ = guest.xor_trained(submission.train_xor, tensors(layers), 1)
    expect_close(losses, walk(layers, [XOR], sgd(1.0), logistic)[1], **PATH, name="the losses")
    check_moved(guest, "train_xor", submission.train_xor, rng)


@pytest.mark.task("train_xor", weight=2)
def test_solves_xor(submission, guest, seed, device):
    """All defaults; the best of up to three starts, by the loss of the weights that are left."""

    def best_loss(seed):
        rng, found = np.random.default_rng(seed), []
        while len(found) < 3 and min(found, default=1.0) > 0.002:
            losses, after = guest.xor_trained(submission.train_xor, tensors(linear_start(rng, 2, 10, 1), device))
            floats(losses, 2000, "what comes back", "step")
            logits = outputs(finite_layers(after, (2, 10, 1)), XOR[0])
            found.append(logistic(logits, XOR[1])[0].mean())
        return min(found)

    learns(best_loss, seed=seed, name="the loss on XOR after 2,000 steps, the best of three starts", at_most=0.002)


def finite_layers(layers, sizes):
    """Layers that came back, as numbers of these sizes."""
    found = []
    for (weight, bias), inputs, units in zip(layers, sizes, sizes[1:], strict=False):
        weight, bias = as_numbers(weight, "a weight"), as_numbers(bias, "a bias")
        if weight.shape != (units, inputs) or bias.shape != (units,):
            raise CheckFailed(f"a layer has the shapes {weight.shape} and {bias.shape}; its sizes are {inputs} and {units}")
        found.append((weight, bias))
    return found


@pytest.mark.task("collapse")
@pytest.mark.parametrize(("hidden", "offset"), [(10, 0), (4, 0), (2, 0), (7, 60), (5, -150)])
def test_collapse(submission, guest, rng, device, hidden, offset):
    """The stacks of the last cases are so sure that their sigmoid is 1 or 0 in float32."""
    layers = drawn_layers(rng, 2, hidden, 1)
    layers[1][1][:] += offset
    result, kinds, after, graded = guest.collapsed(submission.collapse, tensors(layers, device))
    several(result, 2, "W and b")
    (first, bias), (second, last) = ((weight.astype(np.float64), b.astype(np.float64)) for weight, b in layers)
    for part, (name, right) in enumerate((("W", second @ first), ("b", second @ bias + last))):
        expect_close(result[part], right, **PATH, name=name, suspects=collapse_mistakes(layers, part))
        is_tensor(kinds[part], name)
    x = points(rng, 6)
    expect_close(
        x @ np.asarray(result[0]).T + result[1],
        outputs(layers, x, same),
        **PATH,
        name="x @ W.T + b, what lies before the sigmoid",
    )
    for n, (weight, b) in enumerate(layers):
        expect_close(after[n][0], weight, rtol=0, atol=0, name="a weight of the stack, which has to be as it was")
        expect_close(after[n][1], b, rtol=0, atol=0, name="a bias of the stack, which has to be as it was")
    if graded:
        raise CheckFailed("gradients are left on the stack, which has to be as it was")


# ---------------------------------------------------------------- classifiers


STEPS = {"sgd": sgd, "momentum": momentum, "adam": adam}
TRAININGS = {  # sizes, N, batch size, optimizer, learning rate, epochs, training mode at the start, scale
    "smaller last batch": ((6, 8, 3), 14, 4, "sgd", 0.3, 3, True, 1.0),
    "one batch": ((5, 4, 6), 6, 20, "sgd", 0.6, 4, True, 1.0),
    "one row left": ((4, 7, 2), 9, 4, "momentum", 0.05, 2, True, 1.0),
    "adam": ((5, 6, 4), 12, 4, "adam", 0.02, 3, True, 1.0),
    "in eval mode at the start": ((6, 5, 3), 10, 5, "sgd", 0.25, 2, False, 0.5),
}


@pytest.mark.task("train_classifier", weight=2)
@pytest.mark.parametrize("case", TRAININGS)
def test_training(submission, guest, rng, device, case):
    sizes, N, size, optimizer, rate, epochs, mode, scale = TRAININGS[case]
    layers, (x, y), batches = training_set(rng, sizes, N, size, STEPS[optimizer](rate), epochs, scale)
    losses, after, gone = guest.classifier_trained(
        submission.train_classifier, tensors(layers), as_tensor(x), as_tensor(y), size, optimizer, rate, epochs,
        *where(device), mode=mode, scale=scale,
    )  # fmt: skip
    told = floats(losses, epochs, "what comes back", "epoch")
    right, path = walk(layers, batches * epochs, STEPS[optimizer](rate), cross_entropy, scale=scale)
    known = classifier_mistakes(layers, batches, STEPS[optimizer](rate), epochs, scale)
    same_layers(after, right, known, f"after {epochs} epochs")
    counts = [len(labels) for _, labels in batches]
    expect_close(
        told, epoch_means(path, counts), **PATH, name="the losses of the epochs",
        suspects=epoch_mistakes(layers, batches, STEPS[optimizer](rate), epochs, scale),
    )  # fmt: skip
    if gone < epochs:
        raise CheckFailed(
            f"the loader is gone through {gone} times for {epochs} epochs; a shuffling one would give another order in each"
        )


def training_set(rng, sizes, N, size, step, epochs, scale=1.0):
    """Layers, rows and labels, and their batches, clear of kinks on the right way."""

    def draw():
        layers, (x, y) = drawn_layers(rng, *sizes), rounds(rng, N, sizes[0], sizes[-1])
        return layers, (x, y), batches_of(x, y, size)

    return draw_until(draw, lambda found: safe(found[0], found[2] * epochs, step, cross_entropy, scale=scale))


@pytest.mark.task("train_classifier")
def test_no_epoch(submission, guest, rng):
    """One epoch in a single batch, so that its loss is that of the start; then none."""
    layers, (x, y), batches = training_set(rng, (3, 4, 2), 5, 5, sgd(0.5), 1)
    losses, after = {}, []
    for epochs in (1, 0):
        losses[epochs], after, _ = guest.classifier_trained(
            submission.train_classifier, tensors(layers), as_tensor(x), as_tensor(y), 5, "sgd", 0.5, epochs
        )
    right = walk(layers, batches, sgd(0.5), cross_entropy)[1]
    expect_close(floats(losses[1], 1, "what comes back", "epoch"), right, **PATH, name="the loss of a single epoch")
    floats(losses[0], 0, "what comes back", "epoch")
    expect_close(after[0][0], layers[0][0], name="the weight of layer 1 after 0 epochs, which has to be as it was")


@pytest.mark.task("train_classifier")
def test_training_on_a_device(submission, guest, rng):
    layers, (x, y), batches = training_set(rng, (3, 4, 2), 6, 3, sgd(0.1), 1)
    losses, _, _ = guest.classifier_trained(
        submission.train_classifier, tensors(layers), as_tensor(x), as_tensor(y), 3, "sgd", 0.1, 1
    )
    expect_close(losses, [walk(layers, batches, sgd(0.1), cross_entropy)[1].mean()], **PATH, name="the losses of the epochs")
    check_moved(guest, "train_classifier", submission.train_classifier, rng)


MEASURED = {  # N, C, batch size
    "smaller last batch": (23, 4, 5),
    "as many rows as classes": (16, 4, 4),
    "one row left": (11, 3, 5),
    "one batch": (9, 6, 30),
}


@pytest.mark.task("accuracy", weight=2)
@pytest.mark.parametrize("case", MEASURED)
def test_accuracy(submission, guest, rng, device, case):
    N, C, size = MEASURED[case]
    logits, wild, y = known_logits(rng, N, C)
    value, _ = guest.measured(submission.accuracy, as_tensor(logits), as_tensor(wild), as_tensor(y), size, *where(device))
    check_accuracy(value, logits, wild, y, size)


def check_accuracy(value, logits, wild, y, size):
    found, right = a_float(value, "what comes back"), share(logits, y)
    expect_close(found, right, name="the accuracy", suspects=accuracy_mistakes(logits, wild, y, size))


@pytest.mark.task("accuracy", weight=2)
def test_accuracy_of_a_model_in_training_mode(submission, guest, rng):
    logits, wild, y = known_logits(rng, 22, 5)
    value, tracked = guest.measured(submission.accuracy, as_tensor(logits), as_tensor(wild), as_tensor(y), 8, mode=True)
    check_accuracy(value, logits, wild, y, 8)
    if tracked:
        raise CheckFailed("gradients are tracked while the model predicts: torch.no_grad() is missing")


@pytest.mark.task("accuracy")
def test_accuracy_on_a_device(submission, guest, rng):
    logits, wild, y = known_logits(rng, 12, 3)
    value, _ = guest.measured(submission.accuracy, as_tensor(logits), as_tensor(wild), as_tensor(y), 4)
    check_accuracy(value, logits, wild, y, 4)
    check_moved(guest, "accuracy", submission.accuracy, rng)


# ---------------------------------------------------------------- both together


def comparison(rng, epochs, N=18, size=6, D=4, H=8, C=3):
    """Layers, training and test rows, layers afterwards: what both optimizers reach differs, also from the start."""

    def draw():
        layers, (x, y) = linear_start(rng, D, H, C), rounds(rng, 2 * N + 7, D, C)
        train, test = (x[:N], y[:N]), (x[N:], y[N:])
        return (
            layers,
            train,
            test,
            [walk(layers, batches_of(*train, size) * epochs, step, cross_entropy)[0] for step in BOTH],
        )

    def telling(found):
        layers, (x, y), (test, labels), ends = found
        if not all(clear_winners(end, rows) for end in ends for rows in (test, x)):
            return False
        told = [share(outputs(net, test), labels) for net in (layers, *ends)] + [share(outputs(net, x), y) for net in ends]
        batches = batches_of(x, y, size) * epochs
        return len(set(told)) == len(told) and all(safe(layers, batches, step, cross_entropy) for step in BOTH)

    return draw_until(draw, telling, tries=5000)


BOTH = (sgd(0.1), adam(0.001))


@pytest.mark.task("compare_optimizers", weight=3)
@pytest.mark.parametrize("epochs", [12, 30])
def test_comparison(submission, guest, rng, device, epochs):
    layers, train, test, ends = comparison(rng, epochs)
    pairs = [tuple(map(as_tensor, rows)) for rows in (train, test)]
    result, made = guest.compared(submission.compare_optimizers, tensors(layers), *pairs, 6, epochs, *where(device))
    batches = batches_of(*train, 6)
    for name, step, end in zip(("sgd", "adam"), BOTH, ends, strict=True):
        one = one_of(result, name)
        told = floats(one["losses"], epochs, f"the losses of {name!r}", "epoch")
        known = compared_mistakes(layers, batches, epochs, name)
        path = walk(layers, batches * epochs, step, cross_entropy)[1]
        expect_close(
            told, path.reshape(epochs, -1).mean(axis=1), **PATH, name=f"the losses of {name!r}",
            suspects={words: by_epoch(found, epochs) for words, found in known.items()},
        )  # fmt: skip
        reached = a_float(one["accuracy"], f"the accuracy of {name!r}")
        expect_close(
            reached, share(outputs(end, test[0]), test[1]), name=f"the accuracy of {name!r}",
            suspects=reached_mistakes(layers, end, train, test),
        )  # fmt: skip
    if len(made) != 2:
        raise CheckFailed(f"make_model was called {len(made)} times; each of both trainings needs one new model")


def by_epoch(found, epochs):
    return lambda: found()[1].reshape(epochs, -1).mean(axis=1)


def reached_mistakes(layers, end, train, test):
    """In place of the accuracy after a training."""
    right = share(outputs(end, test[0]), test[1])
    return {
        "this is the accuracy on the rows that the model was trained on": share(outputs(end, train[0]), train[1]),
        "this is the accuracy before the training": share(outputs(layers, test[0]), test[1]),
        "this is a percentage; a share from 0 to 1 is asked for": 100 * right,
    }  # fmt: skip


def one_of(result, name):
    """The dict of one of both."""
    if not isinstance(result, dict):
        raise CheckFailed(f"it returned {describe(result)}; a dict with the keys 'sgd' and 'adam' is expected")
    if set(result) != {"sgd", "adam"}:
        raise CheckFailed(f"the keys are {describe(sorted(map(str, result)))}; 'adam' and 'sgd' are expected")
    one = result[name]
    if not isinstance(one, dict) or set(one) != {"losses", "accuracy"}:
        found = describe(sorted(map(str, one))) if isinstance(one, dict) else describe(one)
        raise CheckFailed(f"under {name!r} stands {found}; a dict with the keys 'losses' and 'accuracy' is expected")
    return one


@pytest.mark.task("compare_optimizers")
def test_comparison_on_a_device(submission, guest, rng):
    layers, train, test, _ = comparison(rng, 12)
    pairs = [tuple(map(as_tensor, rows)) for rows in (train, test)]
    result, _ = guest.compared(submission.compare_optimizers, tensors(layers), *pairs, 6, 1)
    path = walk(layers, batches_of(*train, 6), sgd(0.1), cross_entropy)[1]
    expect_close(one_of(result, "sgd")["losses"], [path.mean()], **PATH, name="the losses of 'sgd'")
    check_moved(guest, "compare_optimizers", submission.compare_optimizers, rng)


@pytest.mark.task("digits")
def test_digits(submission, guest, seed, device, thresholds):
    """The suite's own network reads the digits, with the weights that came back."""

    def accuracy(seed):
        images, labels, unseen, truth = digit_set(seed)
        pairs = as_tensor(images), as_tensor(labels)
        model = guest.trained(submission.MnistMLP, submission.train_classifier, *pairs, seed % 2**31, *where(device))
        layers = by_shape(guest.parameters(model), WIDE)
        right = outputs(layers, unseen)
        expect_close(
            guest.logits(model, as_tensor(unseen[:8], device)), right[:8], **PATH, name="its logits after the training",
            suspects=logit_mistakes(layers, unseen[:8]),
        )  # fmt: skip
        return share(right, truth)

    learns(
        accuracy, seed=seed, of=2000, name="2,000 digits that the network has not seen", at_least=thresholds["digits"],
        looks_like={"guessing: nothing was learned, or it learned something else": (0, 0.2)},
    )  # fmt: skip


def by_shape(parameters, sizes):
    """The layers of a network whose parameters came back in any order."""
    shapes = {as_numbers(parameter, "a parameter").shape: parameter for parameter in parameters}
    layers = [((units, inputs), (units,)) for inputs, units in zip(sizes, sizes[1:], strict=False)]
    if sorted(shapes) != sorted(shape for layer in layers for shape in layer):
        raise CheckFailed(f"the parameters have the shapes {', '.join(map(str, shapes))}; 784 - 256 - 10 is expected")
    return [tuple(shapes[shape] for shape in layer) for layer in layers]
