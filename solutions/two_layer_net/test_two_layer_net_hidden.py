"""Hidden suite of the two-layer net. What is right says oracle.py, what known mistakes give says suspects.py.

Every backward pass gets the student's own cache. `net_loss`, `net_gradients`, `training` and `learning` stand on the layers
that the student wrote; the layers are judged alone.
"""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import as_numbers, check_gradient, describe, expect_close, keep_off_zero, learns
from grader.errors import CheckFailed

from .drawing import digit_set, drawn_params, is_batch, loss_digits, net_case, separate_rows, step_case, two_clouds
from .guest import FUNCTIONS
from .oracle import NAMES, affine, affine_gradients, centred, descend, net_gradients, net_loss, net_scores, relu, softmax
from .suspects import (
    affine_mistakes,
    dsoftmax_mistakes,
    dw_mistakes,
    dx_mistakes,
    gradient_mistakes,
    loss_mistakes,
    momentum_mistakes,
    numeric_mistakes,
    overflow,
    path_mistakes,
    relu_mistakes,
    score_mistakes,
    softmax_mistakes,
)


def several(answer, count, name, wanted):
    """The `count` values that `name` returned."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"{name} returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


# ---------------------------------------------------------------- numeric gradient


@pytest.mark.task("numeric_gradient")
@pytest.mark.parametrize(
    ("name", "shape", "h"),
    [("cubes", (5,), 0.1), ("waves", (3, 4), 0.3), ("coupled", (2, 3, 2), 0.05), ("waves", (1, 6), None),
     ("coupled", (4,), None), ("weighted", (3, 1), 1e-3)],
)  # fmt: skip
def test_numeric_gradient(submission, guest, rng, name, shape, h):
    """With a large h the formula shows in the digits: x^3 has a centred difference of 3 x^2 + h^2."""
    x, f = rng.normal(size=shape) + 0.2, FUNCTIONS[name]
    gradient, _ = guest.gradient_of(submission.numeric_gradient, name, x, *(() if h is None else (h,)))
    right = centred(f, x, h or 1e-5)
    expect_close(
        gradient, right, rtol=1e-6, atol=1e-7, name="the gradient", suspects=numeric_mistakes(f, x, h or 1e-5)
    )  # fmt: skip


@pytest.mark.task("numeric_gradient")
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_x_is_as_before(submission, guest, rng, shape):
    x, f = rng.normal(size=shape), FUNCTIONS["waves"]
    gradient, after = guest.gradient_of(submission.numeric_gradient, "waves", x, 0.1)
    expect_close(gradient, centred(f, x, 0.1), rtol=1e-6, name="the gradient", suspects=numeric_mistakes(f, x, 0.1))
    expect_close(after, x, rtol=0, atol=1e-9, name="x after the call, which has to be as it was before")


# ---------------------------------------------------------------- softmax

LOGITS = {  # N, C, scale of the logits, what is added to each row, dtype
    "ordinary": (6, 4, 1.0, 0.0, "float64"),
    "one-row": (1, 5, 2.0, 0.0, "float64"),
    "two-classes": (9, 2, 1.5, 0.0, "float64"),
    "more-classes-than-rows": (3, 8, 1.0, 0.0, "float64"),
    "rows-far-apart": (5, 3, 1.0, 30.0, "float64"),
    "float32": (7, 6, 1.0, 0.0, "float32"),
}


def logits(rng, case):
    N, C, scale, apart, dtype = LOGITS[case]
    x = scale * rng.normal(size=(N, C)) + apart * np.arange(N)[:, None]
    return x.astype(dtype), rng.integers(0, C, N)


def softmax_of(submission, x, y):
    return several(submission.softmax_loss(x, y), 2, "softmax_loss", "loss, dx")


@pytest.mark.task("softmax_loss")
@pytest.mark.parametrize("case", LOGITS)
def test_softmax_loss(submission, rng, case):
    x, y = logits(rng, case)
    loss, _ = softmax_of(submission, x, y)
    expect_close(loss, softmax(x, y)[0], precision=x.dtype, name="the loss", suspects=softmax_mistakes(x, y))


@pytest.mark.task("softmax_gradient")
@pytest.mark.parametrize("case", LOGITS)
def test_softmax_gradient(submission, rng, case):
    x, y = logits(rng, case)
    _, dx = softmax_of(submission, x, y)
    expect_close(dx, softmax(x, y)[1], precision=x.dtype, name="dx", suspects=dsoftmax_mistakes(x, y))


@pytest.mark.task("softmax_gradient")
def test_softmax_gradient_is_that_of_the_loss(submission, rng):
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    _, dx = softmax_of(submission, x, y)
    check_gradient(dx, lambda at: softmax(at, y)[0], x, name="dx", suspects=dsoftmax_mistakes(x, y))


LARGE = {
    "all-large": np.array([[1e4, 9998.0, 9999.5], [1e4, 1e4 - 3, 1e4 + 1]]),
    "true-class-far-below": np.array([[1e4, 0.0, -5.0], [3.0, -1e4, 2.0]]),
    "rows-of-both-signs": np.array([[1e4, 1e4 - 1, 1e4 - 2], [-1e4, -1e4 + 2, -1e4 + 1]]),
}


@pytest.mark.parametrize(
    "part", [pytest.param(0, marks=pytest.mark.task("softmax_loss"), id="loss"),
             pytest.param(1, marks=pytest.mark.task("softmax_gradient"), id="gradient")],
)  # fmt: skip
@pytest.mark.parametrize("case", LARGE)
def test_large_logits(submission, case, part):
    x, y = LARGE[case], np.array([1, 1] if case == "true-class-far-below" else [1, 2])
    name = ("the loss of logits of 1e4", "dx of logits of 1e4")[part]
    found, right = softmax_of(submission, x, y)[part], softmax(x, y)[part]
    expect_close(found, right, atol=1e-9, rtol=1e-7, name=name, suspects=overflow(x, y, part))


# ---------------------------------------------------------------- affine

AFFINE = {  # shape of x, outputs, dtype
    "matrix": ((5, 4), 3, "float64"),
    "images": ((3, 2, 4, 5), 6, "float64"),
    "one-row": ((1, 7), 2, "float64"),
    "one-output": ((4, 3), 1, "float64"),
    "rank-three": ((6, 2, 3), 4, "float64"),
    "float32": ((4, 5), 3, "float32"),
}


def affine_case(rng, case):
    shape, outputs, dtype = AFFINE[case]
    D = int(np.prod(shape[1:]))
    drawn = (
        rng.normal(size=shape),
        rng.normal(size=(D, outputs)),
        rng.normal(size=outputs),
        rng.normal(size=(shape[0], outputs)),
    )
    return [value.astype(dtype) for value in drawn]


def affine_of(submission, x, w, b):
    return several(submission.affine_forward(x, w, b), 2, "affine_forward", "out, cache")


@pytest.mark.task("affine_forward")
@pytest.mark.parametrize("case", AFFINE)
def test_affine_forward(submission, rng, case):
    x, w, b, _ = affine_case(rng, case)
    out, _ = affine_of(submission, x, w, b)
    expect_close(out, affine(x, w, b), precision=x.dtype, name="out", suspects=affine_mistakes(x, w, b))


@pytest.mark.task("affine_backward")
@pytest.mark.parametrize("case", AFFINE)
def test_affine_backward(submission, rng, case):
    x, w, b, dout = affine_case(rng, case)
    _, cache = affine_of(submission, x, w, b)
    found = several(submission.affine_backward(dout, cache), 3, "affine_backward", "dx, dw, db")
    mistakes = [dx_mistakes(x, w, dout), *dw_mistakes(x, w, dout)]
    for name, value, right, suspects in zip(("dx", "dw", "db"), found, affine_gradients(x, w, dout), mistakes, strict=True):
        expect_close(value, right, precision=x.dtype, name=name, suspects=suspects)


@pytest.mark.task("affine_backward")
def test_affine_gradients_are_those_of_the_forward_pass(submission, rng):
    x, w, b, dout = affine_case(rng, "images")
    _, cache = affine_of(submission, x, w, b)
    dx, dw, db = several(submission.affine_backward(dout, cache), 3, "affine_backward", "dx, dw, db")
    check_gradient(dx, lambda at: affine(at, w, b), x, dout, name="dx")
    check_gradient(dw, lambda at: affine(x, at, b), w, dout, name="dw")
    check_gradient(db, lambda at: affine(x, w, at), b, dout, name="db")


@pytest.mark.task("affine_backward")
def test_two_layers_keep_caches_of_their_own(submission, rng):
    """The second forward pass must not spoil what the first one noted."""
    first, second = affine_case(rng, "matrix"), affine_case(rng, "rank-three")
    caches = [affine_of(submission, *case[:3])[1] for case in (first, second)]
    for (x, w, _, dout), cache in zip((first, second), caches, strict=True):
        dx, _, _ = several(submission.affine_backward(dout, cache), 3, "affine_backward", "dx, dw, db")
        expect_close(dx, affine_gradients(x, w, dout)[0], name="dx", suspects=dx_mistakes(x, w, dout))


# ---------------------------------------------------------------- ReLU


@pytest.mark.task("relu")
@pytest.mark.parametrize("shape", [(4, 6), (3, 2, 5), (7,)])
def test_relu(submission, rng, shape):
    x, dout = keep_off_zero(rng.normal(size=shape)), rng.normal(size=shape)
    out, cache = several(submission.relu_forward(x), 2, "relu_forward", "out, cache")
    expect_close(
        out, relu(x), name="out",
        suspects={"this is |x|; ReLU is max(0, x)": np.abs(x), "this is min(0, x); ReLU is max(0, x)": np.minimum(x, 0),
                  "this is the mask; ReLU is max(0, x)": (x > 0) * 1.0, "x passes unchanged": x},
    )  # fmt: skip
    expect_close(submission.relu_backward(dout, cache), np.where(x > 0, dout, 0), name="dx", suspects=relu_mistakes(x, dout))


# ---------------------------------------------------------------- momentum


@pytest.mark.task("momentum")
@pytest.mark.parametrize(
    ("shape", "rate", "mu"),
    [((3, 4), 0.1, 0.9), ((5,), 0.02, 0.5), ((2, 3), 0.5, 0.0), ((4,), 0.3, 1.0), ((2, 2), 0.0, 0.7)],
)
def test_momentum_step(submission, rng, shape, rate, mu):
    w, dw, v = rng.normal(size=(3, *shape))
    found = several(submission.momentum_step(w, dw, v, rate, mu), 2, "momentum_step", "w, v")
    of_w, of_v = momentum_mistakes(w, dw, v, rate, mu)
    new = mu * v - rate * dw
    expect_close(found[0], w + new, name="w", suspects=of_w)
    expect_close(found[1], new, name="v", suspects=of_v)


# ---------------------------------------------------------------- the network


def arrays(found, name, wanted):
    """Four named arrays, as a dict."""
    if not isinstance(found, dict) or not set(NAMES) <= set(found):
        raise CheckFailed(f"{name} is {describe(found)}; expected is a dict with {', '.join(map(repr, NAMES))}")
    for key in NAMES:
        shape = as_numbers(found[key], f"{name}[{key!r}]").shape
        if shape != wanted[key]:
            raise CheckFailed(f"{name}[{key!r}] has the shape {shape}; expected is {wanted[key]}")
    return {key: as_numbers(found[key], f"{name}[{key!r}]") for key in NAMES}


def shapes(D, H, C):
    return {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}


def network(submission, params):
    """A network with these parameters."""
    (D, H), C = params["W1"].shape, len(params["b2"])
    net = submission.TwoLayerNet(D, H, C)
    net.set_params(params)
    return net


@pytest.mark.task("initialisation")
@pytest.mark.parametrize("scale", [None, 0.3])
def test_parameters_at_the_start(submission, scale):
    D, H, C = 40, 30, 11
    net = submission.TwoLayerNet(D, H, C, **({} if scale is None else {"weight_scale": scale}), seed=5)
    params, scale = arrays(net.params, "params", shapes(D, H, C)), scale or 1e-2
    for name in ("b1", "b2"):
        expect_close(params[name], np.zeros(len(params[name])), rtol=0, atol=1e-12, name=f"params[{name!r}] at the start")
    for name in ("W1", "W2"):
        size = params[name].size  # the bounds are six standard errors
        expect_close(
            params[name].std(), scale, rtol=6 / np.sqrt(2 * size), name=f"the standard deviation of params[{name!r}]",
            suspects={"weight_scale is not used: these are standard normal numbers": 1.0,
                      "the numbers are uniform from 0 to 1 times weight_scale; they are normal": scale / np.sqrt(12),
                      "weight_scale is ignored: it is 1e-2 always": 1e-2,
                      "all are zero: no unit would differ from another": 0.0},
        )  # fmt: skip
        expect_close(
            params[name].mean(), 0.0, rtol=0, atol=6 * scale / np.sqrt(size), name=f"the mean of params[{name!r}]",
            suspects={"the numbers are uniform from 0 to 1; they are normal, around 0": 0.5 * scale},
        )  # fmt: skip
        large = float(np.mean(np.abs(params[name]) > 2 * scale))
        if not 0.01 < large < 0.11:  # 4.6 % of a normal sample, none of a uniform one of that standard deviation
            raise CheckFailed(
                f"params[{name!r}] is not normally distributed: {large:.1%} lie beyond two standard deviations"
            )


@pytest.mark.task("initialisation")
def test_the_seed_decides(submission):
    def made(seed):
        return arrays(submission.TwoLayerNet(6, 5, 3, seed=seed).params, "params", shapes(6, 5, 3))

    first, second, other = made(3), made(3), made(4)
    for name in ("W1", "W2"):
        expect_close(
            second[name], first[name], rtol=0, atol=0, name=f"params[{name!r}] of a second network with the same seed"
        )
        if np.allclose(other[name], first[name]):
            raise CheckFailed(f"params[{name!r}] is the same with another seed")
    if np.allclose(first["W1"].ravel()[:15], first["W2"].ravel()):
        raise CheckFailed("W1 and W2 begin with the same numbers: draw them one after the other from one generator")


NETS = {  # D, H, C, N, reg
    "ordinary": (6, 5, 3, 8, 0.1),
    "one-row": (4, 7, 3, 1, 0.3),
    "wide": (3, 9, 5, 4, 0.0),
    "strongly-regularised": (5, 4, 2, 11, 1.7),
}


@pytest.mark.task("net_loss")
@pytest.mark.parametrize("case", NETS)
def test_scores(submission, rng, case):
    params, X, _ = net_case(rng, *NETS[case][:4])
    expect_close(
        network(submission, params).loss(X), net_scores(params, X), name="scores", suspects=score_mistakes(params, X)
    )


@pytest.mark.task("net_loss")
@pytest.mark.parametrize("case", NETS)
def test_loss(submission, rng, case):
    *sizes, reg = NETS[case]
    params, X, y = net_case(rng, *sizes)
    loss, _ = several(network(submission, params).loss(X, y, reg), 2, "loss", "loss, grads")
    expect_close(loss, net_loss(params, X, y, reg), name="the loss", suspects=loss_mistakes(params, X, y, reg))


@pytest.mark.task("net_loss")
def test_no_regularisation_by_default(submission, rng):
    params, X, y = net_case(rng, 4, 6, 3, 5)
    loss, _ = several(network(submission, params).loss(X, y), 2, "loss", "loss, grads")
    expect_close(loss, net_loss(params, X, y, 0.0), name="the loss without reg, which is 0 by default")


def gradients(submission, params, X, y, reg):
    _, grads = several(network(submission, params).loss(X, y, reg=reg), 2, "loss", "loss, grads")
    return arrays(grads, "grads", {name: value.shape for name, value in params.items()})


@pytest.mark.task("net_gradients")
@pytest.mark.parametrize("case", NETS)
def test_gradients(submission, rng, case):
    *sizes, reg = NETS[case]
    params, X, y = net_case(rng, *sizes)
    grads, right, mistakes = (
        gradients(submission, params, X, y, reg),
        net_gradients(params, X, y, reg),
        gradient_mistakes(params, X, y, reg),
    )
    for name in NAMES:
        expect_close(grads[name], right[name], name=f"grads[{name!r}]", suspects=mistakes[name])


@pytest.mark.task("net_gradients")
def test_gradients_are_those_of_the_loss(submission, rng):
    params, X, y = net_case(rng, 5, 4, 3, 6)
    grads, mistakes = gradients(submission, params, X, y, 0.2), gradient_mistakes(params, X, y, 0.2)
    for name in NAMES:
        check_gradient(
            grads[name], lambda at, name=name: net_loss({**params, name: at}, X, y, 0.2), params[name],
            name=f"grads[{name!r}]", suspects=mistakes[name],
        )  # fmt: skip


@pytest.mark.task("net_gradients")
def test_a_loss_leaves_the_parameters_alone(submission, rng):
    params, X, y = net_case(rng, 4, 5, 3, 6)
    net = network(submission, params)
    net.loss(X, y, 0.5)
    after = arrays(net.params, "params", shapes(4, 5, 3))
    for name in NAMES:
        expect_close(after[name], params[name], name=f"params[{name!r}] after a call of loss")


# ---------------------------------------------------------------- training

LISTS = ("loss", "train_acc", "val_acc")


def history_of(found, steps, epochs):
    """The three lists as arrays, with as many entries as there have to be. `steps`: one count, or a choice of them."""
    if not isinstance(found, dict) or not set(LISTS) <= set(found):
        raise CheckFailed(f"train returned {describe(found)}; expected is a dict with {', '.join(map(repr, LISTS))}")
    choice = steps if isinstance(steps, tuple) else (steps,)
    told = {}
    for name, wanted, what in zip(LISTS, (choice, (epochs,), (epochs,)), ("step", "epoch", "epoch"), strict=True):
        told[name] = as_numbers(found[name], f"history[{name!r}]")
        if told[name].shape not in [(count,) for count in wanted]:
            count = told[name].size
            twice = {2 * n for n in wanted}
            why = f": there are two for every {what}" if count in twice else ""
            raise CheckFailed(f"history[{name!r}] has {count} entries; {wanted[0]} are expected, one for each {what}{why}")
    return told


def check_path(net, told, params, batches, rate, mu, reg):
    """Losses and parameters after these steps."""
    right, losses, _ = descend(params, batches, rate, mu, reg)
    mistakes = path_mistakes(params, batches, rate, mu, reg)
    expect_close(
        told["loss"],
        losses,
        rtol=1e-6,
        name="history['loss']",
        suspects={words: found[1] for words, found in mistakes.items()},
    )
    after = arrays(net.params, "params", {name: value.shape for name, value in params.items()})
    for name in NAMES:
        suspects = {words: found[0][name] for words, found in mistakes.items()}
        expect_close(after[name], right[name], rtol=1e-6, name=f"params[{name!r}] after the training", suspects=suspects)
    return right


STEPS = {  # N, batch_size, epochs, learning rate, momentum, reg
    "one-step": (4, 4, 1, 0.1, 0.9, 0.05),
    "one-batch-an-epoch": (5, 5, 4, 0.05, 0.8, 0.1),
    "several-batches": (6, 2, 2, 0.03, 0.6, 0.02),
    "batch-larger-than-N": (3, 10, 3, 0.05, 0.7, 0.05),
}


@pytest.mark.task("training")
@pytest.mark.parametrize("case", STEPS)
def test_steps_of_training(submission, rng, case):
    """N times the same row: every batch is the same, so that every step is known."""
    N, batch, epochs, rate, mu, reg = STEPS[case]
    steps = epochs * max(1, N // batch)
    params, X, y = step_case(rng, 5, 6, 3, N, rate, mu, reg, steps)
    net = network(submission, params)
    told = history_of(
        net.train(X, y, X, y, learning_rate=rate, momentum=mu, reg=reg, num_epochs=epochs, batch_size=batch), steps, epochs
    )
    check_path(net, told, params, [(X[:1], y[:1])] * steps, rate, mu, reg)


@pytest.mark.task("training")
def test_a_second_training_goes_on_with_velocities_of_zero(submission, rng):
    rate, mu, reg = 0.04, 0.8, 0.03
    params, X, y = step_case(rng, 4, 6, 3, 4, rate, mu, reg, 6)
    net = network(submission, params)
    settings = {"learning_rate": rate, "momentum": mu, "reg": reg, "num_epochs": 2, "batch_size": 4}
    net.train(X, y, X, y, **settings)
    told = history_of(net.train(X, y, X, y, **settings), 2, 2)
    batches = [(X[:1], y[:1])] * 2
    middle, _, velocities = descend(params, batches, rate, mu, reg)
    kept = descend(middle, batches, rate, mu, reg, velocities)[1]
    right = descend(middle, batches, rate, mu, reg)[1]
    expect_close(
        told["loss"], right, rtol=1e-6, name="history['loss'] of a second training",
        suspects={"the velocities of the first training were kept; each training begins with zeros": kept,
                  "the parameters began anew; a second training goes on from those that are there": (
                      descend(params, batches, rate, mu, reg)[1])},
    )  # fmt: skip


@pytest.mark.task("training")
@pytest.mark.parametrize(("N", "batch"), [(24, 6), (25, 6)])
def test_accuracies_after_every_epoch(submission, rng, N, batch):
    X, y, X_val, y_val = two_clouds(rng, N, 40)
    net = network(submission, drawn_params(rng, 8, 5, 2))
    for _ in range(3):
        told = history_of(
            net.train(X, y, X_val, y_val, learning_rate=0.05, momentum=0.5, reg=0.0, num_epochs=1, batch_size=batch),
            (N // batch, -(-N // batch)), 1,
        )  # fmt: skip
        params = arrays(net.params, "params", shapes(8, 5, 2))
        train, val = (
            float(np.mean(net_scores(params, rows).argmax(axis=1) == truth)) for rows, truth in ((X, y), (X_val, y_val))
        )
        for name, right, other, count in (("train_acc", train, val, N), ("val_acc", val, train, 40)):
            expect_close(
                told[name], [right], name=f"history[{name!r}]",
                suspects={"train_acc and val_acc are exchanged": [other],
                          "this is a percentage; a fraction is asked for": [100 * right],
                          "this is the fraction of wrong predictions": [1 - right],
                          "this is a number of predictions; a fraction is asked for": [right * count]},
            )  # fmt: skip


@pytest.mark.task("training")
def test_batches_are_drawn_at_random_from_all_rows(submission, rng):
    """Row n has the n-th input to itself: the n-th row of W1 moves as soon as it is in a batch."""
    N = 12
    params, X, y = separate_rows(rng, N, 4, 3)
    net = network(submission, params)
    net.train(X, y, X, y, learning_rate=1e-3, momentum=0.0, reg=0.0, num_epochs=60, batch_size=3)
    moved = np.abs(arrays(net.params, "params", shapes(N, 4, 3))["W1"] - params["W1"]).max(axis=1) > 0
    if not moved.all():
        raise CheckFailed(
            f"{np.sum(~moved)} of {N} training rows were in no batch of 60 epochs; draw from all rows at random"
        )
    net.set_params(params)
    told = history_of(net.train(X, y, X, y, learning_rate=1e-3, momentum=0.0, reg=0.0, num_epochs=2, batch_size=1), 2 * N, 2)
    one = [(X[n : n + 1], y[n : n + 1]) for n in range(N)]
    for words, order in (("in their order", one), ("in reverse order", one[::-1])):
        if np.allclose(told["loss"], descend(params, order * 2, 1e-3, 0.0, 0.0)[1], rtol=1e-6):
            raise CheckFailed(f"the rows are taken {words} in every epoch; draw the batches at random")


@pytest.mark.task("training")
def test_a_batch_has_batch_size_rows(submission, rng):
    """Row n has a loss of its own, so that a batch's loss tells which rows, with their own labels, are in it."""
    N, batch, epochs = 8, 3, 6
    params, X, y = loss_digits(rng, N)
    told = history_of(
        network(submission, params).train(
            X, y, X, y, learning_rate=0.0, momentum=0.0, reg=0.0, num_epochs=epochs, batch_size=batch
        ),
        (epochs * (N // batch), epochs * -(-N // batch)),
        epochs,
    )
    for loss in told["loss"]:
        if not any(is_batch(loss * count, count, N) for count in (batch, N % batch)):
            raise CheckFailed(
                f"a loss of {loss:.6g} is not that of {batch} rows of X with their own labels: take the same rows of "
                "X and y, and batch_size of them"
            )


# ---------------------------------------------------------------- learning


@pytest.mark.task("learning")
def test_predictions_are_the_highest_scores(submission, rng):
    params, X, _ = net_case(rng, 5, 7, 4, 20)
    params["b2"] -= 30  # no score is above 0
    scores = net_scores(params, X)
    expect_close(
        network(submission, params).predict(X), scores.argmax(axis=1), name="the predicted classes",
        suspects={"these are the classes with the lowest scores": scores.argmin(axis=1),
                  "these are the highest scores; their classes are asked for": scores.max(axis=1),
                  "the maximum runs down the columns; it runs over the classes of each row (axis=1)": scores.argmax(axis=0)},
    )  # fmt: skip


@pytest.mark.task("learning", weight=3)
def test_digits(submission, seed, thresholds):
    def accuracy(seed):
        rows, labels, held_out, truth = digit_set(seed)
        net = submission.TwoLayerNet(784, 32, 10, seed=seed % 2**31)
        net.train(
            rows, labels, rows[:100], labels[:100], learning_rate=0.05, momentum=0.9, reg=1e-4, num_epochs=8, batch_size=50
        )
        predicted = as_numbers(net.predict(held_out), "the predicted classes")
        if predicted.shape != truth.shape:
            raise CheckFailed(f"predict gave {describe(predicted)} for {len(truth)} rows; one class each is expected")
        return float(np.mean(predicted == truth))

    learns(
        accuracy, seed=seed, name="accuracy on 400 new digits", at_least=thresholds["digits"], of=400,
        looks_like={"guessing: nothing was learned": (0.0, 0.2),
                    "a network that has learned little: are the steps as large as asked, and all epochs run?": (0.2, 0.75)},
    )  # fmt: skip
