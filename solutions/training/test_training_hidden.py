"""Hidden suite of the training toolkit. What is right says oracle.py, what known mistakes give says suspects.py.

Everything is computed twice: by the student's code in the sandbox, on small models and loaders of guest.py, and here in
NumPy from the same numbers. Nothing that the sandbox notes of itself is worth a point where a number can tell.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.checks import as_numbers, describe, draw_until, expect_close, expect_equal, learns
from grader.errors import CheckFailed
from grader.submission import as_tensor

from .drawing import PATTERNS, curve, labelled, losses_like, samples, spiral, training
from .events import graph_nodes, scalars
from .looks import (
    LISTS,
    MEAN,
    NOISE,
    STATE,
    STD,
    a_float,
    an_int,
    as_before,
    chosen_in_order,
    disjoint,
    each,
    events_of,
    floats,
    history_of,
    is_noise,
    moved,
    nothing_random,
    other_place,
    out_of,
    pictures,
    ramps,
    records_of,
    same,
    scale_mistakes,
    scaled,
    several,
    sweep_length,
    unfit,
    without_gradients,
)
from .oracle import RATES, adam, averages, chunks, confusion, cross_entropy, metrics, plateau, stopped, sweep, train
from .suspects import (
    IN_TRAINING,
    NOT_ZEROED,
    NOTHING_MOVES,
    evaluation_mistakes,
    history_mistakes,
    matrix_mistakes,
    metric_mistakes,
    rate_mistakes,
    statistics_mistakes,
    stop_mistakes,
    sweep_mistakes,
    weights_mistakes,
)

PATH = {"rtol": 1e-3, "atol": 1e-4}  # of tens of steps in float32


# ---------------------------------------------------------------- evaluation


SETS = {  # N, D, C, batch size, drop_last, modes of the model and of its frozen module
    "smaller-last-batch": (10, 3, 4, 4, False, (True, False)),
    "whole-batches": (9, 2, 3, 3, False, (True, True)),
    "one-row-left": (13, 4, 3, 6, False, (False, True)),
    "one-batch": (5, 3, 2, 20, False, (False, False)),
    "drop-last": (11, 2, 3, 4, True, (True, False)),
}


def gauged(guest, rng, N, D, C, modes=(True, False)):
    """(X, y, W, b, model): no two logits of a sample are near."""
    X, y = samples(rng, N, D, C)
    W, b = (rng.normal(size=shape).astype(np.float32) for shape in ((C, D), C))
    return X, y, W, b, guest.gauge(as_tensor(W), as_tensor(b), 2.0, *modes)


@pytest.mark.task("predict")
@pytest.mark.parametrize("case", SETS)
def test_predictions(submission, guest, rng, case):
    N, D, C, size, drop_last, modes = SETS[case]
    X, y, W, b, model = gauged(guest, rng, N, D, C, modes)
    before = guest.modes(model)
    loader = guest.batches(as_tensor(X), as_tensor(y), size, drop_last)
    result, kinds = guest.look(submission.predict, model, loader)
    logits, labels = several(result, 2, "logits, labels")
    rows = np.concatenate(chunks(N, size, drop_last))
    right = (X @ W.T + b)[rows]
    exponents = np.exp(right - right.max(axis=1, keepdims=True))
    parts = chunks(N, size, drop_last)
    expect_close(
        logits,
        right,
        precision="float32",
        name="the logits",
        suspects={
            IN_TRAINING: 2 * right,
            "only the last batch comes back": right[-len(parts[-1]) :],
            "only the first batch comes back": right[: len(parts[0])],
            "these are probabilities (softmax); the logits are asked for": exponents / exponents.sum(axis=1, keepdims=True),
            "these are the predicted classes; the logits are asked for": right.argmax(axis=1),
        },
    )
    expect_close(
        labels,
        y[rows],
        name="the labels",
        suspects={"these are the predictions": right.argmax(axis=1), "only the last batch comes back": y[parts[-1]]},
    )
    for what, name in zip(kinds, ("the logits", "the labels"), strict=True):
        if "gradient" in what:
            raise CheckFailed(f"{name} are a {what}: torch.no_grad() is missing")
        if not what.endswith("tensor"):
            raise CheckFailed(f"{name} are a {what}; a tensor is expected")
    without_gradients(guest.calls(model))
    as_before(guest, model, before)


@pytest.mark.task("evaluate")
@pytest.mark.parametrize("case", SETS)
def test_loss_and_accuracy(submission, guest, rng, case):
    N, D, C, size, drop_last, modes = SETS[case]
    X, y, W, b, model = gauged(guest, rng, N, D, C, modes)
    before = guest.modes(model)
    loader = guest.batches(as_tensor(X), as_tensor(y), size, drop_last)
    found = several(submission.evaluate(model, loader, guest.cross_entropy()), 2, "the loss and the accuracy")
    batches = chunks(N, size, drop_last)
    rows = np.concatenate(batches)
    logits = X.astype(np.float64) @ W.T + b
    losses, accuracies = evaluation_mistakes(logits, y, batches, size, 2.0)
    right = cross_entropy(logits[rows], y[rows]).mean(), (logits[rows].argmax(axis=1) == y[rows]).mean()
    expect_close(a_float(found[0], "the loss"), right[0], precision="float32", name="the loss", suspects=losses)
    expect_close(a_float(found[1], "the accuracy"), right[1], name="the accuracy", suspects=accuracies)
    without_gradients(guest.calls(model))
    as_before(guest, model, before)


@pytest.mark.task("predict")
def test_predictions_elsewhere(submission, guest, rng):
    X, y, W, b, model = gauged(guest, rng, 7, 3, 3)
    arguments = model, guest.batches(as_tensor(X), as_tensor(y), 4), "mps"
    logits, _ = several(moved(submission, guest, "predict", model, None, arguments), 2, "logits, labels")
    expect_close(logits, X @ W.T + b, precision="float32", name="the logits")


@pytest.mark.task("evaluate")
def test_evaluation_elsewhere(submission, guest, rng):
    X, y, W, b, model = gauged(guest, rng, 7, 3, 3)
    loss = guest.cross_entropy()
    arguments = model, guest.batches(as_tensor(X), as_tensor(y), 4), loss, "mps"
    found = several(moved(submission, guest, "evaluate", model, loss, arguments), 2, "the loss and the accuracy")
    expect_close(found[0], cross_entropy(X @ W.T + b, y).mean(), precision="float32", name="the loss")


# ---------------------------------------------------------------- the loop


RUNS = {  # D, C, N, V, batch sizes, drop_last, learning rate, epochs, whether the model comes in training mode
    "smaller-last-batches": (3, 3, 10, 7, (4, 3), False, 0.1, 4, True),
    "whole-batches": (2, 4, 12, 8, (4, 4), False, 0.08, 3, False),
    "one-batch": (4, 2, 6, 5, (20, 20), False, 0.2, 3, True),
    "one-row-left-one-epoch": (3, 4, 9, 5, (4, 2), False, 0.1, 1, False),
    "drop-last": (2, 3, 11, 6, (4, 4), True, 0.1, 3, True),
}


def loaders(guest, rows, val, sizes, drop_last=False):
    """The loaders of a training."""
    return [
        guest.batches(as_tensor(X), as_tensor(y), size, last)
        for (X, y, _), size, last in ((rows, sizes[0], drop_last), (val, sizes[1], False))
    ]


@pytest.mark.task("fit")
@pytest.mark.parametrize("case", RUNS)
def test_histories(submission, guest, rng, case):
    """The validation loss falls all the time, so that the last epoch is the best."""
    D, C, N, V, sizes, drop_last, rate, epochs, training_mode = RUNS[case]
    start, rows, val = training(rng, D, C, N, V, chunks(N, sizes[0], drop_last), chunks(V, sizes[1]), rate, epochs)
    model = guest.gauge(*map(as_tensor, start), 2.0, training_mode)
    loss = guest.cross_entropy()
    history = history_of(
        submission.fit(model, guest.sgd(model, rate), loss, *loaders(guest, rows, val, sizes, drop_last), epochs)
    )
    run = train(start, rows, val, rate, epochs)
    right, mistakes = averages(run), history_mistakes(start, rows, val, rate, epochs, sizes, N)
    for name in LISTS:
        expect_close(floats(history[name], name), right[name], **PATH, name=name, suspects=mistakes[name])
    after = guest.state(model)
    for name, ends in (("linear.weight", run.W), ("linear.bias", run.b)):
        expect_close(
            after[name],
            ends[-1],
            **PATH,
            name=f"{name} in the end",
            suspects={"it has not moved": start[len(ends[0].shape) == 1]},
        )
    expect_close(floats(history["learning_rate"], "learning_rate"), np.full(epochs, rate), name="learning_rate")


@pytest.mark.task("fit")
def test_habits(submission, guest, rng):
    """Gradients in the validation; graphs that are kept."""
    N = 12
    start, rows, val = training(rng, 2, 3, N, 9, chunks(N, 2), chunks(9, 3), 0.05, 2)
    model, loss = guest.gauge(*map(as_tensor, start)), guest.cross_entropy()
    history = history_of(submission.fit(model, guest.sgd(model, 0.05), loss, *loaders(guest, rows, val, (2, 3)), 2))
    right = averages(train(start, rows, val, 0.05, 2))
    expect_close(floats(history["train_loss"], "train_loss"), right["train_loss"], **PATH, name="train_loss")
    without_gradients(guest.calls(model))
    if guest.alive(loss) > 3:
        raise CheckFailed(
            "the losses are summed together with their graphs, so that all that led to them stays in memory until the end "
            "of the epoch: add loss.item()"
        )


@pytest.mark.task("fit")
def test_training_elsewhere(submission, guest, rng):
    start, rows, val = training(rng, 3, 3, 10, 7, chunks(10, 4), chunks(7, 3), 0.1, 2)
    model, loss = guest.gauge(*map(as_tensor, start)), guest.cross_entropy()
    arguments = model, guest.sgd(model, 0.1), loss, *loaders(guest, rows, val, (4, 3)), 2
    history = history_of(moved(submission, guest, "fit", model, loss, arguments, device="mps"))
    right = averages(train(start, rows, val, 0.1, 2))
    expect_close(floats(history["train_loss"], "train_loss"), right["train_loss"], **PATH, name="train_loss")


@pytest.mark.task("fit")
def test_on_epoch(submission, guest, rng):
    """Called after every epoch with its number and the history so far, while the model has the weights of this epoch."""
    steps, epochs, rate = 3, 4, float(rng.uniform(0.01, 0.1))
    fitted, _, _, diary = scripted_fit(submission, guest, [4.0, 3.0, 2.0, 1.0], epochs, steps, rate, diary=True)
    history_of(fitted)
    entries = several(guest.entries(diary), epochs, f"one call of on_epoch for each of {epochs} epochs")
    for k, (epoch, lengths, w) in enumerate(entries):
        expect_equal(epoch, k, name="the number that on_epoch is told", suspects={"epochs are counted from 0": k + 1})
        expect_equal(
            lengths, [k + 1] * 3, name=f"the lengths of the lists in the history that on_epoch is told in epoch {k}"
        )
        expect_close(w, -(k + 1) * steps * rate, **PATH, name=f"the model's weight when on_epoch is called in epoch {k}")


def scripted_fit(submission, guest, losses, epochs, steps, rate, diary=False, scheduler=None, **named):
    """A training of w, which falls by the learning rate in every step, with these validation losses; for equal batches.

    Gives what came back, the model, the optimizer and the diary.
    """
    model = guest.scalar()
    optimizer = guest.sgd(model, rate, 0.0, True)
    loss = guest.scripted(losses, optimizer, steps)
    if scheduler is not None:
        named["scheduler"] = guest.scheduler(scheduler, optimizer)
    noted = guest.diary(model) if diary else None
    if diary:
        named["on_epoch"] = noted
    loaders = guest.flat_batches(steps, 2, 0), guest.flat_batches(2, 2, 1)
    return submission.fit(model, optimizer, loss, *loaders, epochs, **named), model, optimizer, noted


@pytest.mark.task("fit", weight=2)
def test_learns(submission, guest, seed, thresholds):
    """A small network learns three arms of a spiral; its accuracy on 1,000 new points is computed here from its weights."""

    def accuracy(seed):
        rng = np.random.default_rng(seed)
        (X, y), (VX, Vy), (TX, Ty) = spiral(rng, 240), spiral(rng, 120), spiral(rng, 1000)
        start = int(rng.integers(2**31))
        model = guest.network([2, 32, 3], start)
        shuffled = guest.batches(as_tensor(X), as_tensor(y), 16, False, start)
        val = guest.batches(as_tensor(VX), as_tensor(Vy), 64)
        history_of(submission.fit(model, guest.adam(model, 0.03), guest.cross_entropy(), shuffled, val, 15))
        layers = {name: as_numbers(value, name) for name, value in guest.state(model).items()}
        hidden = np.maximum(TX @ layers["0.weight"].T + layers["0.bias"], 0)
        return ((hidden @ layers["2.weight"].T + layers["2.bias"]).argmax(axis=1) == Ty).mean()

    learns(
        accuracy,
        seed=seed,
        of=1000,
        at_least=thresholds["accuracy"],
        name="the accuracy on 1,000 new points after 15 epochs",
        looks_like={"a network that does not learn": (0, 0.45)},
    )


# ---------------------------------------------------------------- schedules


@pytest.mark.task("schedule")
@pytest.mark.parametrize("name", RATES)
def test_schedule(submission, guest, rng, name):
    """The learning rate of every epoch is noted, and every step is taken with it."""
    steps, epochs, rate = 3, 5, float(rng.uniform(0.02, 0.1))
    losses = losses_like(rng, range(9, 9 - epochs, -1))
    fitted, _, optimizer, _ = scripted_fit(submission, guest, losses, epochs, steps, rate, scheduler=name)
    right = np.array([RATES[name](rate, k) for k in range(epochs)])
    used = guest.rates(optimizer)[0]
    expect_equal(len(used), steps * epochs, name="the number of steps")
    mistakes = rate_mistakes(name, rate, epochs, steps)
    firsts = np.array(used)[::steps, 0]
    expect_close(firsts, right, name=f"with {name}, the learning rate of the first step of each epoch", suspects=mistakes)
    expect_close(
        np.array(used)[:, 0],
        right.repeat(steps),
        name="the learning rate of each step",
        suspects={
            "the scheduler is stepped after every batch; once in each epoch is asked for": np.array(
                [RATES[name](rate, k) for k in range(steps * epochs)]
            )
        },
    )
    told = floats(history_of(fitted)["learning_rate"], "learning_rate")
    expect_close(told, right, name="learning_rate", suspects=mistakes)


@pytest.mark.task("schedule")
def test_plateau(submission, guest, rng):
    """ReduceLROnPlateau goes by the validation loss; here the training loss falls all the time."""
    steps, rate = 2, float(rng.uniform(0.02, 0.1))
    losses = losses_like(rng, (9, 7, 8, 6, 6.5, 6.2, 5))
    fitted, _, optimizer, _ = scripted_fit(
        submission, guest, losses, len(losses), steps, rate, scheduler="ReduceLROnPlateau"
    )
    right, mistakes = plateau(rate, losses), rate_mistakes("", rate, len(losses), steps, losses)
    used = guest.rates(optimizer)[0]
    expect_equal(len(used), steps * len(losses), name="the number of steps")
    expect_close(
        np.array(used)[:, 0],
        right.repeat(steps),
        name="with ReduceLROnPlateau, the learning rate of each step",
        suspects={words: value.repeat(steps) for words, value in mistakes.items()},
    )
    expect_close(
        floats(history_of(fitted)["learning_rate"], "learning_rate"), right, name="learning_rate", suspects=mistakes
    )


# ---------------------------------------------------------------- the best epoch


@pytest.mark.task("early_stopping")
@pytest.mark.parametrize("case", PATTERNS)
def test_best_epoch(submission, guest, rng, case):
    """What the model holds in the end tells after which epoch it was copied: w falls by steps * rate in each."""
    ranks, patience = PATTERNS[case]
    losses, steps, rate = losses_like(rng, ranks), 2, float(rng.uniform(0.02, 0.1))
    fitted, model, _, _ = scripted_fit(submission, guest, losses, len(losses), steps, rate, patience=patience)
    history = history_of(fitted)
    count, best = stopped(losses, patience)
    counts, bests = stop_mistakes(losses, patience)
    told = floats(history["val_loss"], "val_loss")
    within = f"with patience={patience}"
    expect_equal(len(told), count, name=f"{within}, the number of epochs that are trained", suspects=counts)
    expect_close(told, losses[:count], name="val_loss")
    expect_equal(an_int(history["best_epoch"], "best_epoch"), best, name=f"{within}, best_epoch", suspects=bests)
    for name in (*LISTS, "learning_rate"):
        length = len(history[name]) if isinstance(history[name], list) else history[name]
        expect_equal(length, count, name=f"the length of {name}")
    after = guest.state(model)
    right, mistakes = -(best + 1) * steps * rate, weights_mistakes(rate, steps, count, best)
    expect_close(after["w"], [right], **PATH, name="the weight in the end", suspects=each(mistakes))
    expect_close(
        after["seen"],
        [right],
        **PATH,
        name="a buffer of the model (such as BatchNorm has) in the end",
        suspects={
            "it is that of the last epoch: buffers belong to the state too, state_dict() has them": [-count * steps * rate]
        }
        | each(mistakes),
    )


# ---------------------------------------------------------------- learning rates


SWEEPS = {"usual": (1e-3, 1.0, 7), "two-batches": (0.01, 0.5, 2), "one-batch": (0.02, 1.0, 1), "falling": (0.5, 0.001, 5)}


def swept(submission, guest, losses, init, final, count, rate=0.3):
    """What a sweep over scripted losses gives, and its model and optimizer."""
    model = guest.scalar()
    optimizer = guest.sgd(model, rate, 0.0, True)
    loss = guest.scripted([0.0], optimizer, 1, losses)
    found = submission.lr_range_test(model, guest.flat_batches(count, 2, 0), loss, optimizer, init, final)
    lrs, told = several(found, 2, "the learning rates and the losses")
    return floats(lrs, "lrs"), floats(told, "losses"), model, optimizer


@pytest.mark.task("lr_range_test")
@pytest.mark.parametrize("case", SWEEPS)
def test_sweep(submission, guest, rng, case):
    """The gradient is 1 in every step, so that w tells with which learning rates the steps were taken."""
    init, final, count = SWEEPS[case]
    losses = [float(np.float32(loss)) for loss in rng.uniform(1, 2, count)]
    lrs, told, model, optimizer = swept(submission, guest, losses, init, final, count)
    right, mistakes = np.geomspace(init, final, count), sweep_mistakes(init, final, count) if count > 2 else {}
    expect_close(lrs, right, rtol=1e-5, name="lrs", suspects=mistakes)
    smooth = list(losses)
    for k in range(1, count):
        smooth[k] = 0.9 * smooth[k - 1] + 0.1 * losses[k]
    expect_close(
        told,
        losses,
        precision="float32",
        name="losses",
        suspects={
            "they are smoothed; the losses are asked for as they are": smooth,
            "they are averaged; the losses are asked for as they are": np.cumsum(losses) / np.arange(1, count + 1),
            "the first or the last loss is missing": losses[1:],
            "the last loss is missing": losses[:-1],
        },
    )
    used = np.array(guest.rates(optimizer)[0])
    expect_equal(used.shape, (count, 2), name="(number of steps, number of groups)")
    expect_close(used[:, 0], right, rtol=1e-5, name="the learning rate of each step", suspects=mistakes)
    expect_close(
        used[:, 1],
        right,
        rtol=1e-5,
        name="the learning rate of each step in the optimizer's second group",
        suspects={"only the first group gets it; set it in all of optimizer.param_groups": np.full(count, 0.6)},
    )
    steps, later = -right.cumsum()[:-1], np.arange(count, 0, -1)
    expect_close(
        guest.path(model)[:count],
        [0, *steps],
        **PATH,
        name="the weight before each step",
        suspects={
            NOTHING_MOVES: np.zeros(count),
            NOT_ZEROED: [0, *-(right * np.arange(1, count + 1)).cumsum()[:-1]],
            "later steps are taken first": [0, *-(right[::-1]).cumsum()[:-1] * (later[:-1] > 0)],
        },
    )


ENDS = {  # factors of the losses, how many are recorded
    "above-4-times-the-lowest": ((2, 3, 1, 3.5, 4.3, 5, 9, 37, 1, 1), 4),
    "far-above-at-once": ((1, 4.5, 1, 1), 1),
    "nearly-4-times": ((4, 3, 1, 2, 3.9, 4.2, 1, 1), 5),
    "compared-with-the-lowest": ((9, 10, 20, 35, 3, 13, 1, 1), 5),
    "exactly-4-times": ((2, 1, 4, 3, 4.2), 4),
    "not-a-number": ((3, 2, math.nan, 1, 1), 2),
    "infinite": ((3, 2, 4, math.inf, 1), 3),
    "never": ((5, 4, 3, 2, 7, 7.5), 6),
}


@pytest.mark.task("lr_range_test")
@pytest.mark.parametrize("case", ENDS)
def test_end_of_the_sweep(submission, guest, rng, case):
    factors, count = ENDS[case]
    losses = [float(np.float32(loss)) for loss in rng.uniform(0.5, 2) * np.array(factors)]
    lrs, told, model, _ = swept(submission, guest, losses, 1e-3, 0.1, len(losses))
    suspects = {
        "the loss that ends the sweep is recorded too": count + 1,
        "the sweep does not end early": len(losses),
        "each loss is compared with the first one; with the lowest so far is asked for": sweep_length(
            losses, lambda told: told[0]
        ),
        "each loss is compared with the one before; with the lowest so far is asked for": sweep_length(
            losses, lambda told: told[-1]
        ),
        "the last loss before the end is missing": count - 1,
    }
    why = f"where a loss is {'not finite' if not np.isfinite(losses).all() else 'above 4 times the lowest so far'}"
    where = why if count < len(losses) else "where none is above 4 times the lowest so far"
    expect_equal(len(told), count, name=f"the number of losses {where}", suspects=suspects)
    expect_equal(len(lrs), count, name=f"the number of learning rates {where}", suspects=suspects)
    expect_close(told, losses[:count], precision="float32", name="losses")
    if len(guest.path(model)) > count + 1:
        raise CheckFailed("the sweep goes on after the loss that ends it")


def level(guest, rng, N, size, modes=(True, False)):
    """As gauged; no loss of a sweep from 0.001 to 0.2 is near 4 times another."""

    def draw():
        X, y = samples(rng, N, 3, 3)
        W, b = (0.3 * rng.normal(size=shape).astype(np.float32) for shape in ((3, 3), 3))
        return X, y, W, b

    def is_level(drawn):
        X, y, W, b = drawn
        batches = chunks(N, size)
        losses = sweep((W, b), X, y, batches, np.geomspace(0.001, 0.2, len(batches)))
        return losses.max() < 3 * losses.min()

    X, y, W, b = draw_until(draw, is_level)
    return X, y, W, b, guest.gauge(as_tensor(W), as_tensor(b), 2.0, *modes)


@pytest.mark.task("lr_range_test")
@pytest.mark.parametrize("modes", [(False, False), (True, False)])
def test_losses_of_the_sweep(submission, guest, rng, modes):
    X, y, W, b, model = level(guest, rng, 14, 4, modes)
    before = guest.modes(model)
    loader, batches = guest.batches(as_tensor(X), as_tensor(y), 4), chunks(14, 4)
    found = submission.lr_range_test(model, loader, guest.cross_entropy(), guest.sgd(model, 0.7), 0.001, 0.2)
    told = floats(several(found, 2, "the learning rates and the losses")[1], "losses")
    lrs = np.geomspace(0.001, 0.2, 4)
    right = sweep((W, b), X, y, batches, lrs)
    expect_close(
        told,
        right,
        **PATH,
        name="losses",
        suspects={
            "the model is in evaluation mode; it is trained, so model.train()": sweep((W, b), X, y, batches, lrs, 1.0),
            NOTHING_MOVES: sweep((W, b), X, y, batches, 0 * lrs),
        },
    )
    as_before(guest, model, before)
    same("the model's", {"linear.weight": W, "linear.bias": b}, guest.state(model), STATE)


@pytest.mark.task("lr_range_test")
@pytest.mark.parametrize("ends_early", [False, True])
def test_nothing_is_changed_by_the_sweep(submission, guest, rng, ends_early):
    model = guest.scalar(float(np.float32(rng.normal())))
    optimizer = guest.sgd(model, 0.3, 0.9, True)
    guest.one_step(model, optimizer)
    before = guest.state(model), guest.memory(optimizer), guest.rates(optimizer)[1]
    losses = [1.0, 1.0, 9.0 if ends_early else 1.0, 1.0]
    found = submission.lr_range_test(
        model, guest.flat_batches(4, 2, 0), guest.scripted([0.0], optimizer, 1, losses), optimizer, 0.01, 1.0
    )
    expect_equal(
        len(several(found, 2, "the learning rates and the losses")[0]), 2 if ends_early else 4, name="the number of steps"
    )
    after = guest.state(model), guest.memory(optimizer), guest.rates(optimizer)[1]
    same("the model's", before[0], after[0], STATE)
    expect_close(
        after[2],
        before[2],
        name="the learning rates of the optimizer's groups after the sweep",
        suspects={"they are those of the last step: the optimizer was not put back": [1.0, 1.0]},
    )
    expect_equal(len(after[1]), len(before[1]), name="the number of parameters that the optimizer remembers something of")
    for one, two in zip(before[1], after[1], strict=True):
        same("the optimizer's", one, two, "state (momentum, for instance): load a copy of its state dict")


@pytest.mark.task("lr_range_test")
def test_a_fresh_optimizer_stays_fresh(submission, guest, rng):
    model = guest.scalar(float(np.float32(rng.normal())))
    optimizer = guest.adam(model, 0.01)
    loss = guest.scripted([0.0], optimizer, 1, [1.0, 1.0, 1.0])
    found = submission.lr_range_test(model, guest.flat_batches(3, 2, 0), loss, optimizer)
    lrs = floats(several(found, 2, "the learning rates and the losses")[0], "lrs")
    expect_close(lrs, [1e-6, 1e-3, 1], rtol=1e-5, name="lrs with the default of init_lr and final_lr")
    if guest.memory(optimizer):
        raise CheckFailed(
            "the sweep leaves the optimizer changed: it remembers its steps (Adam's means); load a copy of its state"
        )


@pytest.mark.task("lr_range_test")
def test_sweep_elsewhere(submission, guest, rng):
    X, y, W, b, model = level(guest, rng, 9, 3)
    loss = guest.cross_entropy()
    arguments = model, guest.batches(as_tensor(X), as_tensor(y), 3), loss, guest.sgd(model, 0.1), 0.001, 0.2
    found = several(moved(submission, guest, "lr_range_test", model, loss, arguments, device="mps"), 2, "lrs, losses")
    right = sweep((W, b), X, y, chunks(9, 3), np.geomspace(0.001, 0.2, 3))
    expect_close(floats(found[1], "losses"), right, **PATH, name="losses")


@pytest.mark.task("suggest_lr")
@pytest.mark.parametrize("count", [100, 60, 200])
def test_suggestion(submission, rng, count):
    lrs, losses, at = curve(rng, count)
    found = a_float(submission.suggest_lr(lrs, losses), "the learning rate")
    if not found > 0:
        raise CheckFailed(f"{found:.4g} is no learning rate" + (" (this may be its logarithm)" if -7 < found < 0 else ""))
    if abs(np.log10(found) - at) > 1:
        raise CheckFailed(
            f"{found:.3g} is not within a factor of 10 of the steepest place, {10**at:.2g}{other_place(found, lrs, losses)}"
        )


GROUPS = {
    "one-prefix": [("head", 10.0)],
    "first-match-wins": [("layer1.0", 0.1), ("layer1", 0.5), ("stem", 0.01), ("layer1.2", 7.0)],
    "a-beginning-only": [("layer1.", 0.2), ("norm", 3.0), ("bias", 4.0)],
    "a-weight": [("stem.weight", 0.3), ("head.layer1", 2.0), ("layer10", 0.0)],
    "no-groups": [],
    "all": [("", 0.4), ("head", 5.0)],
}


@pytest.mark.task("parameter_groups")
@pytest.mark.parametrize("case", GROUPS)
def test_groups(submission, guest, rng, case):
    groups, rate, model = GROUPS[case], float(rng.uniform(0.01, 0.5)), guest.parts()
    found = guest.members(submission.parameter_groups, model, groups, rate)
    if isinstance(found, str):
        raise CheckFailed(f"it returned {describe(found)}; a list of dicts is expected, each with its 'params' and 'lr'")
    names, had = guest.names(model), [name for name, _ in found]
    for name in names:
        if had.count(name) > 1:
            raise CheckFailed(
                f"{name} is in {had.count(name)} groups; every parameter is in exactly one (the first that fits)"
            )
        if name not in had:
            raise CheckFailed(f"{name} is in no group, so it would never learn{unfit(name, groups)}")
    expect_equal(len(had), len(names), name="the number of parameters in the groups")
    told = dict(found)

    def rates(pick):
        return [rate * pick([factor for prefix, factor in groups if fits(name, prefix)] or [1.0]) for name in names]

    def fits(name, prefix):
        return name.startswith(prefix)

    right = rates(lambda factors: factors[0])
    last = rates(lambda factors: factors[-1])
    product = rates(math.prod)
    inside = [rate * next((factor for prefix, factor in groups if prefix in name), 1.0) for name in names]
    parts = [
        rate * next((factor for prefix, factor in groups if (name + ".").startswith(prefix.rstrip(".") + ".")), 1.0)
        for name in names
    ]
    expect_close(
        [told[name] for name in names],
        right,
        name="the learning rates of the parameters, in the order of named_parameters",
        suspects={
            "the last prefix that fits wins; the first one has to": last,
            "the factors of all prefixes that fit are multiplied": product,
            "a prefix counts anywhere in the name; the name has to begin with it": inside,
            "a prefix only counts up to a point of the name; name.startswith(prefix) is asked for": parts,
            "these are the factors; times learning_rate they are the rates": [value / rate for value in right],
            "the factors are taken for the rates": [rate if value == rate else value / rate for value in right],
            "all have the same rate": [rate] * len(names),
            "it is learning_rate / factor; learning_rate * factor is asked for": [
                rate * rate / value if value else 0 for value in right
            ],
        },
    )


# ---------------------------------------------------------------- noise and transforms


@pytest.mark.task("transforms")
@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.1), (0.3, 0.5), (-1.0, 2.0)])
def test_noise(submission, guest, rng, mean, std):
    """40,000 draws: mean and deviation within 6 standard errors; a share of 0.683 within one deviation."""
    x = rng.uniform(-1, 1, (20, 40, 50)).astype(np.float32)
    made = submission.GaussianNoise(mean, std)
    result, kinds = guest.seeded(int(rng.integers(2**31)), made, as_tensor(x))
    if kinds != "float32 tensor":
        raise CheckFailed(f"it gives a {kinds}; a float32 tensor is expected")
    result = as_numbers(result, "the result")
    if result.shape != x.shape:
        raise CheckFailed(f"the result has the shape {result.shape}; {x.shape} came in")
    is_noise(result - x, mean, std)
    again, _ = guest.look(made, as_tensor(x))
    if np.array_equal(again, result):
        raise CheckFailed("it adds the same noise at every call")


@pytest.mark.task("transforms")
def test_noise_leaves_its_tensor(submission, untouched, rng):
    made = submission.GaussianNoise(0.5, 0.2)
    x = rng.normal(size=(3, 4, 5)).astype(np.float32)
    with untouched():
        result = made(as_tensor(x))
    if np.allclose(as_numbers(result, "the result"), x):
        raise CheckFailed("nothing is added")
    for arguments, wanted in (((0.5, 0.2), "GaussianNoise(mean=0.5, std=0.2)"), ((), "GaussianNoise(mean=0.0, std=0.1)")):
        shown = repr(submission.GaussianNoise(*arguments))
        if shown != wanted:
            raise CheckFailed(f"repr gives {describe(shown)}; {wanted!r} is expected")


SHAPES = [(40, 40, 16), (30, 52, 24), (47, 33, 20)]


@pytest.mark.task("transforms")
@pytest.mark.parametrize(("H", "W", "size"), SHAPES)
def test_scale_in_evaluation(submission, guest, rng, H, W, size):
    """An image of one colour: where it is cropped does not matter."""
    colour = rng.integers(30, 226, 3).astype(np.uint8)
    found = guest.results(submission.eval_transform(size), np.broadcast_to(colour, (H, W, 3)).copy(), 1, 2)
    first, second = pictures(found, size, 2, "eval_transform")
    nothing_random(first, second)
    right = scaled(colour / 255)
    expect_close(
        first.mean(axis=(1, 2)),
        right,
        rtol=1e-4,
        atol=1e-4,
        name="an image of one colour in evaluation, mean of each channel",
        suspects=scale_mistakes(colour / 255),
    )
    expect_close(
        first, np.broadcast_to(right[:, None, None], first.shape), rtol=1e-4, atol=1e-4, name="an image of one colour"
    )


@pytest.mark.task("transforms")
@pytest.mark.parametrize(("H", "W", "size"), [(48, 72, 24), (60, 40, 20), (24, 24, 24), (18, 30, 36)])
def test_the_middle_in_evaluation(submission, guest, rng, H, W, size):
    """Colours that grow along the axes tell where every pixel comes from."""
    tilt = rng.uniform(0.5, 0.9, 3) * rng.choice([-1, 1], 3)
    image, right, squashed, corner, cropped = ramps(H, W, size, tilt)
    found = guest.results(submission.eval_transform(size), image, 1, 2)
    first, second = pictures(found, size, 2, "eval_transform")
    nothing_random(first, second)
    inner = (slice(None), slice(2, -2), slice(2, -2))  # resizing has its own ways at the border
    suspects = {
        "both sides are resized to `size`, which squashes the image: Resize(size) keeps the ratio, CenterCrop(size) then "
        "takes the middle": squashed,
        "the corner is taken; the middle is asked for": corner,
        "it is mirrored": right[:, :, ::-1],
        "it is upside down": right[:, ::-1],
        "height and width are exchanged": right.transpose(0, 2, 1),
        "the image is cropped without being resized": cropped,
    }
    expect_close(
        first[inner],
        right[inner],
        rtol=0,
        atol=0.08,
        name="the middle of the image",
        suspects={words: value[inner] for words, value in suspects.items()},
    )


@pytest.mark.task("transforms")
def test_scale_in_training(submission, guest, rng):
    """An image of one colour tells the scale and the noise: 20 results of 24 x 24, 11,520 values a channel."""
    size, colour = 24, rng.integers(60, 196, 3).astype(np.uint8)
    found = guest.results(
        submission.train_transform(size), np.broadcast_to(colour, (40, 50, 3)).copy(), int(rng.integers(2**31)), 20
    )
    made = np.array(pictures(found, size, 20, "train_transform"))
    right = scaled(colour / 255)
    expect_close(
        made.mean(axis=(0, 2, 3)),
        right,
        rtol=0,
        atol=0.02,
        name="an image of one colour in training, mean of each channel",
        suspects=scale_mistakes(colour / 255),
    )
    noise = made - right[:, None, None]
    expect_close(
        noise.std(axis=(0, 2, 3)),
        NOISE / STD,
        rtol=0.05,
        atol=0,
        name="the noise in training, standard deviation of each channel",
        suspects={
            "there is no noise": np.zeros(3),
            "the noise is added after the standardisation; it belongs before it": np.full(3, NOISE),
            "the noise has the deviation 0.1; NOISE is asked for": 0.1 / STD,
        },
    )
    for channel in range(3):
        is_noise(noise[:, channel], 0.0, NOISE / STD[channel], "the noise in training")


@pytest.mark.task("transforms")
def test_crops_in_training(submission, guest, rng):
    """Colours that grow along the axes: which part it is, and whether it is mirrored, 60 times."""
    tilt = np.array([0.9, 0.9, 0.9])
    image = ramps(48, 48, 24, tilt)[0]
    found = guest.results(submission.train_transform(24), image, int(rng.integers(2**31)), 60)
    values = (
        np.array(pictures(found, 24, 60, "train_transform")) * STD[:, None, None] + MEAN[:, None, None]
    )  # (60, 3, 24, 24)
    across = (values[:, 0, :, -6:] - values[:, 0, :, :6]).mean(axis=(1, 2))
    down = (values[:, 1, -6:] - values[:, 1, :6]).mean(axis=(1, 2))
    centres = values[:, :2].mean(axis=(2, 3))
    if (down < 0).any():
        raise CheckFailed("some results are upside down; they are mirrored from left to right only")
    mirrored = (across < 0).mean()
    if not 0.15 <= mirrored <= 0.85:
        raise CheckFailed(f"{mirrored:.0%} of the results are mirrored; half of them should be (RandomHorizontalFlip)")
    if centres.std(axis=0).min() < 0.02:
        raise CheckFailed("every result shows the same part of the image: a random crop is asked for (RandomResizedCrop)")
    if np.abs(down).max() > 1.3 * 0.9 or np.abs(down).std() < 0.01:
        raise CheckFailed("every result is cut out at the same size: RandomResizedCrop takes parts of different sizes")


# ---------------------------------------------------------------- data


PARTS = {"usual": (40, 0.25), "rounded-down": (23, 0.3), "small": (7, 0.5), "nothing": (9, 0.1), "most": (30, 0.9)}


def parts_of(submission, guest, items, labels, fraction, seed, transforms=(None, None)):
    """(items, labels) of the training and of the validation set."""
    dataset = guest.pairs(items, labels)
    found = several(submission.split(dataset, fraction, seed, *transforms), 2, "the training and the validation set")
    parts = []
    for part, name in zip(found, ("training", "validation"), strict=True):
        pairs, is_dataset = guest.content(part)
        if not is_dataset:
            raise CheckFailed(f"the {name} set is no torch.utils.data.Dataset")
        parts.append([several(pair, 2, "an item and its label") for pair in pairs])
    return parts, dataset


@pytest.mark.task("split")
@pytest.mark.parametrize("case", PARTS)
def test_parts(submission, guest, rng, case):
    """Items are numbers in the order of their labels, as a data set from folders is."""
    n, fraction = PARTS[case]
    items = rng.choice(10_000, n, replace=False).tolist()
    labels = sorted(rng.integers(0, 4, n).tolist())
    (train, val), _ = parts_of(submission, guest, items, labels, fraction, int(rng.integers(1000)))
    sizes = {"the part is for training; val_fraction is that of the validation set": n - len(items[: int(n * fraction)])}
    expect_equal(len(val), int(n * fraction), name="the number of pairs for validation", suspects=sizes)
    chosen = [item for item, _ in val]
    disjoint(items, [item for item, _ in train], chosen)
    own = dict(zip(items, labels, strict=True))
    if any(own.get(item) != label for item, label in [*train, *val]):
        raise CheckFailed("an item comes with the label of another one")
    if int(n * fraction) >= 5 and n - len(chosen) >= 5 and chosen_in_order(items, set(chosen)):
        raise CheckFailed(
            "the split is not random: one part is the beginning of the data, which is sorted by class; shuffle first"
        )


@pytest.mark.task("split")
def test_seeds_of_the_split(submission, guest, rng):
    items, labels = list(range(60)), [k // 15 for k in range(60)]
    before = guest.generators()
    found = [sorted(item for item, _ in parts_of(submission, guest, items, labels, 0.3, seed)[0][1]) for seed in (5, 5, 6)]
    if found[0] != found[1]:
        raise CheckFailed("the same seed gives another split at the second call")
    if found[0] == found[2]:
        raise CheckFailed("another seed gives the same split")
    expect_equal(len(found[0]), 18, name="the number of pairs for validation")
    if guest.generators() != before:
        raise CheckFailed("a global generator is used or seeded: take one of your own, torch.Generator().manual_seed(seed)")


@pytest.mark.task("split", weight=2)
def test_transforms_of_the_parts(submission, guest, rng):
    items, labels = rng.choice(1000, 20, replace=False).tolist(), [k // 5 for k in range(20)]
    parts, dataset = parts_of(submission, guest, items, labels, 0.4, 3, (guest.tagger("train"), guest.tagger("val")))
    tags = [{several(item, 3, "what the transform gives")[0] for item, _ in part} for part in parts]
    if tags[0] == tags[1]:
        raise CheckFailed(
            f"both parts have the {'training' if tags[0] == {'train'} else 'validation'} transform: they share one data "
            "set, and with it its `transform`; each needs its own (a small Dataset around it, or a copy of it)"
        )
    if tags != [{"train"}, {"val"}]:
        raise CheckFailed("the parts do not have the transforms that they should have")
    disjoint(items, *([item[2] for item, _ in part] for part in parts))
    if not guest.own_transform(dataset):
        raise CheckFailed("the data set that came in has a transform now; leave it as it is")
    expect_equal(
        [list(pair) for pair in guest.content(dataset)[0]],
        [[i, y] for i, y in zip(items, labels, strict=True)],
        name="the data set that came in",
    )


@pytest.mark.task("split")
def test_transforms_anew(submission, guest, rng):
    """A random transform gives something else each time; so it must not be kept."""
    found = several(
        submission.split(guest.pairs([7, 8, 9, 10], [0, 1, 0, 1]), 0.5, 1, guest.tagger("t"), None), 2, "two data sets"
    )
    first, again = guest.content(found[0])[0], guest.content(found[0])[0]
    if [item[1] for item, _ in first] != [1, 2] or [item[1] for item, _ in again] != [3, 4]:
        raise CheckFailed(
            "the transform has to be applied once each time that an item is taken, not before and not more often"
        )
    if any(not isinstance(item, int) for item, _ in guest.content(found[1])[0]):
        raise CheckFailed("where the transform is None the item stays as it is")


IMAGES = {
    "smaller-last-batch": (7, 3, 4, 5, 3),
    "one-channel": (5, 1, 3, 2, 2),
    "one-batch": (4, 2, 3, 6, 10),
    "one-image": (1, 4, 2, 3, 1),
}


@pytest.mark.task("channel_stats")
@pytest.mark.parametrize("case", IMAGES)
def test_channels(submission, guest, rng, case):
    N, C, H, W, size = IMAGES[case]
    bright = rng.uniform(0.1, 0.9, (N, C, 1, 1))
    X = np.clip(bright + rng.uniform(0.05, 0.3, (1, C, 1, 1)) * rng.normal(size=(N, C, H, W)), 0, 1).astype(np.float32)
    found = submission.channel_stats(guest.images(as_tensor(X), as_tensor(np.zeros(N, np.int64)), size))
    mean, std = several(found, 2, "mean, std")
    means, stds = statistics_mistakes(X, chunks(N, size))
    flat = [np.concatenate([image[c].ravel() for image in X.astype(np.float64)]) for c in range(C)]
    right = np.array([sum(values) / len(values) for values in flat])
    deviation = np.array([math.sqrt(sum((values - m) ** 2) / len(values)) for values, m in zip(flat, right, strict=True)])
    expect_close(mean, right, rtol=1e-3, atol=1e-5, name="mean", suspects=means)
    expect_close(std, deviation, rtol=1e-3, atol=1e-5, name="std", suspects=stds)


def class_files(rng, counts, prefix=""):
    """[(path, content)] with so many files in each class folder."""
    return [
        (f"{prefix}{name}/{rng.integers(10**6):06}-{k}.txt", rng.bytes(5) + str(k).encode())
        for name, n in counts.items()
        for k in range(n)
    ]


FOLDERS = {
    "usual": ({"cat": 11, "dog": 20, "axolotl": 7}, 0.7),
    "rounded-down": ({"b": 9, "a": 3}, 0.5),
    "nothing-to-train": ({"many": 12, "one": 1}, 0.8),
}


@pytest.mark.task("split_class_folders")
@pytest.mark.parametrize("case", FOLDERS)
def test_copies(submission, guest, rng, case):
    counts, fraction = FOLDERS[case]
    root, files = guest.folder(), class_files(rng, counts)
    guest.write(root, [*files, ("notes.txt", b"beside the folders")])
    out = guest.path_in(guest.folder(), "parts")
    submission.split_class_folders(root, out, fraction, int(rng.integers(1000)))
    made, folders = guest.tree(out)
    made = dict(several(pair, 2, "path and content") for pair in made)
    strangers = [path for path in made if path.split("/")[0] not in ("train", "val") or path.count("/") != 2]
    if strangers:
        raise CheckFailed(f"{out_of(strangers[0])}: out/train/<class>/<file> and out/val/<class>/<file> are expected")
    parts = {part: {path[len(part) + 1 :] for path in made if path.startswith(part + "/")} for part in ("train", "val")}
    if both := parts["train"] & parts["val"]:
        raise CheckFailed(f"{len(both)} files are in train and in val: what is validated with has been trained on (a leak)")
    if len(made) < len(files):
        raise CheckFailed(f"{len(files) - len(made)} of {len(files)} files are in neither part")
    expect_equal(
        sorted(parts["train"] | parts["val"]), sorted(path for path, _ in files), name="the files in both parts together"
    )
    for name, n in counts.items():
        there = sum(path.startswith(name + "/") for path in parts["train"])
        expect_equal(
            there,
            int(n * fraction),
            name=f"the number of training files of a class with {n}, train_fraction {fraction}",
            suspects={
                "this is the part for validation": n - int(n * fraction),
                "it is rounded; int(n * train_fraction) is asked for": round(n * fraction),
                "it is rounded up": math.ceil(n * fraction),
            },
        )
    if any(made[f"{part}/{path}"] != dict(files)[path] for part, paths in parts.items() for path in paths):
        raise CheckFailed("a copy has another content than its file")
    for folder in (f"{part}/{name}" for part in ("train", "val") for name in counts):
        if folder not in folders:
            raise CheckFailed(
                "a class without files in one part has no folder there; both parts have a folder for every class"
            )
    left = dict(several(pair, 2, "path and content") for pair in guest.tree(root)[0])
    if any(left.get(path) != content for path, content in files):
        raise CheckFailed("files are moved away or changed under root; they have to be copied")


@pytest.mark.task("split_class_folders")
def test_seeds_of_the_folders(submission, guest, rng):
    """The choice follows from the seed and the names, whatever order the folder gives them in."""
    files = class_files(rng, {"x": 14, "y": 10})
    found = []
    for seed, order in ((1, files), (1, files[::-1]), (2, files)):
        root, out = guest.folder(), guest.path_in(guest.folder(), "out")
        guest.write(root, order)
        submission.split_class_folders(root, out, 0.5, seed)
        found.append([path for path, _ in guest.tree(out)[0] if path.startswith("train/")])
    expect_equal(len(found[0]), 12, name="the number of files in train")
    if found[0] != found[1]:
        raise CheckFailed(
            "the same seed gives another choice for the same names: sort them before you shuffle (folders have no order)"
        )
    if found[0] == found[2]:
        raise CheckFailed("another seed gives the same choice: it is not random")


def image_files(rng, mode):
    """An array that Pillow takes as this mode."""
    shape = {"RGB": (5, 4, 3), "L": (5, 4), "RGBA": (5, 4, 4), "P": (5, 4, 3)}[mode]
    return rng.integers(0, 256, shape).astype(np.uint8)


MODES = {"colours": ("RGB", "RGB"), "grey": ("L", "RGB"), "transparent": ("RGBA", "RGB"), "palette": ("P", "RGB")}


@pytest.mark.task("folder_dataset")
@pytest.mark.parametrize("case", MODES)
def test_images_from_folders(submission, guest, rng, case):
    counts = {"zebra": 2, "ant": 3, "moth": 1, "nobody": 0}
    names = [f"{name}/{rng.integers(10**6):06}.png" for name, n in counts.items() for _ in range(n)]
    data = {name: guest.png(image_files(rng, MODES[case][k % 2]), MODES[case][k % 2]) for k, name in enumerate(names)}
    root = guest.folder()
    guest.write(root, [*data.items(), ("readme.txt", b"no class")], list(counts))
    dataset = submission.FolderDataset(root)
    classes = sorted(counts)
    expect_equal(dataset.classes, classes, name="classes", suspects={"they are not sorted": classes[::-1]})
    expect_equal(len(dataset), len(names), name="the length")
    for index, name in enumerate(sorted(names)):
        item, mode, label, is_dataset = several(guest.pair_at(dataset, index), 4, "an image and its label")
        if not is_dataset:
            raise CheckFailed("FolderDataset is no Dataset: write `class FolderDataset(Dataset)`")
        right = classes.index(name.split("/")[0])
        expect_equal(
            label,
            right,
            name=f"the label of item {index}",
            suspects={"the classes are not sorted": list(counts).index(name.split("/")[0])},
        )
        if mode != "RGB":
            raise CheckFailed(f"item {index} is an image of mode {describe(mode)}; 'RGB' is expected: image.convert('RGB')")
        expect_close(item, guest.decoded(data[name]), name=f"the pixels of item {index}")
    expect_equal(dataset.class_counts(), {name: counts[name] for name in classes}, name="class_counts()")


@pytest.mark.task("folder_dataset")
def test_transform_of_the_images(submission, guest, rng):
    root = guest.folder()
    guest.write(
        root, [(f"c{k}/p.png", guest.png(rng.integers(0, 256, (3, 4 + 2 * k, 3)).astype(np.uint8), "RGB")) for k in range(3)]
    )
    dataset = submission.FolderDataset(root, transform=guest.halved())
    found = [several(guest.pair_at(dataset, k), 4, "an image and its label")[0] for k in (0, 1, 1, 2)]
    for item, right in zip(found, ([2.0, 1], [3.0, 2], [3.0, 3], [4.0, 4]), strict=True):
        if not isinstance(item, tuple | list):
            raise CheckFailed(f"the transform is not applied: an item is {describe(item)}")
        expect_close(list(item), right, name="what the transform gives: (half the width, how often it was called)")
    if dataset.transform is None:
        raise CheckFailed("`transform` is not kept as an attribute")


# ---------------------------------------------------------------- checkpoints


@pytest.mark.task("checkpoint", weight=2)
@pytest.mark.parametrize("later", [3, 1])
def test_goes_on(submission, guest, fresh_submission, fresh_guest, rng, later):
    """Steps and a checkpoint; in another process, which gets nothing but the file, another model goes on as Adam would."""
    D, early, epoch = 4, 3, int(rng.integers(2, 50))
    start, other = (rng.normal(size=D).astype(np.float32) for _ in range(2))
    scales = np.geomspace(1, 0.1, early + later)[:, None]
    gradients = (scales * rng.normal(size=(early + later, D))).astype(np.float32)
    first, folder = guest.weights(as_tensor(start), 0.1), guest.folder()
    guest.steps(first, list(map(as_tensor, gradients[:early])))
    guest.steps(first, [], 0.02)
    guest.save(submission.save_checkpoint, guest.path_in(folder, "model.pt"), first, epoch)
    files = [several(file, 2, "path and content") for file in guest.tree(folder)[0]]
    if [path for path, _ in files] != ["model.pt"]:
        raise CheckFailed("one file is expected, at `path`, and nothing beside it")
    place = fresh_guest.folder()
    fresh_guest.write(place, [tuple(file) for file in files])
    second = fresh_guest.weights(as_tensor(other), 0.5)
    found, kind = fresh_guest.load(fresh_submission.load_checkpoint, fresh_guest.path_in(place, "model.pt"), second)
    epochs = {"this is the next epoch": epoch + 1}
    expect_equal(an_int(found, f"the epoch (a {kind})"), epoch, name="the epoch", suspects=epochs)
    found, counted = fresh_guest.steps(second, list(map(as_tensor, gradients[early:])))
    w, memory = adam(start, gradients[:early], [0.1] * early)

    def end(w, rate, *remembered):
        return adam(w, gradients[early:], [rate] * later, *remembered)[0]

    expect_close(
        found,
        end(w, 0.02, early, memory),
        rtol=1e-4,
        atol=1e-5,
        name=f"the weights {later} steps after loading",
        suspects={
            "the optimizer's state is not saved or not loaded: Adam begins anew": end(w, 0.02),
            "the optimizer is not loaded (its means and its learning rate)": end(w, 0.5),
            "only the optimizer's learning rate is missing": end(w, 0.5, early, memory),
            "neither the model nor the optimizer is loaded": end(other, 0.5),
            "the model's weights are not loaded": end(other, 0.02, early, memory),
        },
    )
    buffers = {"buffers are not saved": float(later)}
    expect_equal(float(counted), float(early + later), name="a buffer of the model", suspects=buffers)


@pytest.mark.task("checkpoint")
def test_state_dicts_only(submission, guest, rng):
    path = guest.path_in(guest.folder(), "a.pt")
    guest.save(submission.save_checkpoint, path, guest.weights(as_tensor(rng.normal(size=3).astype(np.float32)), 0.1), 3)
    there, plain = several(guest.is_plain(path), 2, "two answers")
    if not there:
        raise CheckFailed("there is no file at `path`")
    if not plain:
        raise CheckFailed(
            "the file holds more than data (a whole model or optimizer is pickled): save the state dicts, model.state_dict()"
        )


@pytest.mark.task("checkpoint")
def test_safe_loading(submission, guest, rng):
    """A file that would run code when it is unpickled."""
    path, pair = guest.path_in(guest.folder(), "b.pt"), guest.weights(as_tensor(rng.normal(size=3).astype(np.float32)), 0.1)
    guest.save(submission.save_checkpoint, path, pair, 3)
    if guest.load(submission.load_checkpoint, path, pair)[0] != 3:
        raise CheckFailed("the epoch that comes back is not the one that was saved")
    exploded, raised = several(guest.poisoned(submission.load_checkpoint, path, pair), 2, "two answers")
    if exploded:
        raise CheckFailed("loading runs code that is in the file: torch.load(path, weights_only=True) reads data only")
    if not raised:
        raise CheckFailed("a file that holds more than data is loaded without an exception")


# ---------------------------------------------------------------- TensorBoard


TAGS = {
    "loss/train": "train_loss",
    "loss/val": "val_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/val": "val_accuracy",
    "learning_rate": "learning_rate",
}


@pytest.mark.task("tensorboard")
@pytest.mark.parametrize("epochs", [4, 1])
def test_curves(submission, guest, rng, epochs):
    history = {name: rng.uniform(0.1, 2, epochs).tolist() for name in TAGS.values()} | {"best_epoch": epochs - 1}
    found = scalars(events_of(guest.logged(submission.log_history, history)))
    if not found:
        raise CheckFailed("no scalar is written")
    for tag, name in TAGS.items():
        if tag not in found:
            raise CheckFailed(
                f"nothing is written under the tag {tag!r}; there are {', '.join(map(describe, sorted(found)[:6]))}"
            )
        steps, values = zip(*found[tag], strict=True)
        others = {f"this is {other}": history[other] for other in TAGS.values() if other != name}
        expect_equal(len(values), epochs, name=f"the number of values of {tag}")
        expect_equal(
            list(steps),
            list(range(epochs)),
            name=f"the steps of {tag}",
            suspects={"epochs are counted from 0": list(range(1, epochs + 1))},
        )
        expect_close(values, history[name], precision="float32", name=f"the values of {tag}", suspects=others)
    if more := [tag for tag in found if tag not in TAGS]:
        raise CheckFailed(f"there is also {describe(more[0])}; only the five lists are asked for")


@pytest.mark.task("tensorboard")
def test_graph(submission, guest, rng):
    """Every layer that the example runs through is a node; the model's modes stay."""
    X, y, _, _, model = gauged(guest, rng, 3, 3, 4)
    before = guest.modes(model)
    nodes = graph_nodes(events_of(guest.logged(submission.log_graph, model, as_tensor(X))))
    if not nodes:
        raise CheckFailed("no graph is written: writer.add_graph(model, example)")
    if not any("linear" in f"{name} {operation}".lower() for name, operation in nodes):
        raise CheckFailed("the model's linear layer is not in the graph")
    if any("mul" in operation for _, operation in nodes):
        raise CheckFailed("the graph is that of the training mode; the evaluation is what a graph shows")
    as_before(guest, model, before)


# ---------------------------------------------------------------- shapes


@pytest.mark.task("shape_recorder")
@pytest.mark.parametrize(("B", "channels", "classes", "side"), [(2, 5, 4, 7), (1, 3, 2, 5)])
def test_shapes(submission, guest, rng, B, channels, classes, side):
    """Layers in the order in which they run; one runs twice; another one's name comes first."""
    model, shape = guest.twice(channels, classes), (B, 3, side, side)
    recorder = submission.ShapeRecorder(model)
    before = guest.hooks(model)
    guest.run(model, shape)
    if recorder.records:
        raise CheckFailed("something is recorded before the block begins: the hooks belong into __enter__")
    with recorder as entered:
        given = guest.run(model, shape)
        expect_equal(given, [B, classes], name="the shape of what the model gives in the block")
        found = records_of(entered)
    after = [B, channels, side - 2, side - 2]
    right = [
        ["block.0", list(shape), after],
        ["block.1", after, after],
        ["mix", after, after],
        ["mix", after, after],
        ["head", [B, channels], [B, classes]],
    ]
    named = [name for name, _, _ in found]
    if "block" in named or "" in named:
        raise CheckFailed(
            "modules that hold others are recorded too; only layers (modules without modules in them) are asked for"
        )
    names = [name for name, _, _ in right]
    expect_equal(
        named,
        names,
        name="the names, in the order in which the layers run",
        suspects={
            "a layer that runs twice is recorded once": ["block.0", "block.1", "mix", "head"],
            "these are the types of the layers": ["Conv2d", "ReLU", "Conv2d", "Conv2d", "Bilinear"],
        },
    )
    for part, what in ((1, "input"), (2, "output")):
        expect_equal(
            [record[part] for record in found],
            [record[part] for record in right],
            name=f"the {what} shapes",
            suspects={"input and output shapes are exchanged": [record[3 - part] for record in right]},
        )
    guest.run(model, shape)
    if len(records_of(recorder)) != len(right) or guest.hooks(model) != before:
        raise CheckFailed(
            "hooks are left on the model after the block: keep what register_forward_hook gives, and call remove()"
        )


@pytest.mark.task("shape_recorder")
def test_a_model_of_one_layer(submission, guest, rng):
    model = guest.single(4, 3)
    with submission.ShapeRecorder(model) as recorder:
        guest.run(model, (2, 4))
    right = [["", [2, 4], [2, 3]]]
    missing = {"the model is a layer itself; it is in named_modules(), with the name ''": []}
    expect_equal(records_of(recorder), right, name="the records of a model that is one layer", suspects=missing)


@pytest.mark.task("shape_recorder")
def test_exceptions_and_other_hooks(submission, guest, rng):
    model, shape = guest.twice(3, 2), (2, 3, 6, 6)
    count = guest.hook(model)
    recorder = submission.ShapeRecorder(model)
    went_on = guest.failing(recorder, model, shape)
    if len(records_of(recorder)) != 4:
        raise CheckFailed(f"{len(recorder.records)} layers are recorded where 4 have run before an exception")
    if not went_on:
        raise CheckFailed("an exception in the block is swallowed: __exit__ must not return True")
    left = guest.hooks(model)
    if left > 1:
        raise CheckFailed("hooks are left on the model where the block ends by an exception")
    if left < 1 or guest.run(model, shape) != [2, 2] or count() != 4:
        raise CheckFailed("a hook that was on the model before is gone: remove your own hooks only")


# ---------------------------------------------------------------- metrics


LABELS = [(30, 4), (9, 6), (50, 3)]


def drawn(rng, N, C):
    labels, predictions = labelled(rng, N, C)
    return labels, predictions, as_tensor(labels), as_tensor(predictions), C


@pytest.mark.task("metrics")
@pytest.mark.parametrize(("N", "C"), LABELS)
def test_confusion(submission, rng, N, C):
    labels, predictions, *arguments = drawn(rng, N, C)
    found = submission.confusion_matrix(*arguments)
    expect_close(
        found, confusion(labels, predictions, C), name="the matrix", suspects=matrix_mistakes(labels, predictions, C)
    )


@pytest.mark.task("metrics")
@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize(("N", "C"), LABELS)
def test_precision_recall_f1(submission, rng, N, C, average):
    labels, predictions, *arguments = drawn(rng, N, C)
    found = several(submission.precision_recall_f1(*arguments, average=average), 3, "precision, recall, f1")
    values, there = metrics(labels, predictions, C)
    weights = there / N if average == "weighted" else np.full(C, 1 / C)
    for part, name in enumerate(("precision", "recall", "f1")):
        expect_close(
            a_float(found[part], name),
            (weights * values[part]).sum(),
            name=f"{name}, {average}",
            suspects=metric_mistakes(labels, predictions, C, average, part),
        )


@pytest.mark.task("metrics")
def test_averages(submission, rng):
    """Macro is the default; a class that is neither there nor predicted counts, too; another word is an error."""
    labels, predictions, *arguments, C = drawn(rng, 20, 3)
    found = several(submission.precision_recall_f1(*arguments, C + 1), 3, "precision, recall, f1")
    right = metrics(labels, predictions, C + 1)[0].mean(axis=1)
    without = metrics(labels, predictions, C)[0].mean(axis=1)
    expect_close(
        [a_float(value, "a value") for value in found],
        right,
        name="without `average`, (precision, recall, f1)",
        suspects={"a class without samples or predictions is left out; it counts as 0": without},
    )
    with pytest.raises(ValueError):
        submission.precision_recall_f1(*arguments, C, average="micro-macro")


@pytest.mark.task("metrics")
@pytest.mark.parametrize(("N", "C"), LABELS)
def test_accuracy_of_classes(submission, rng, N, C):
    labels, predictions, *arguments = drawn(rng, N, C)
    matrix = confusion(labels, predictions, C)
    with np.errstate(invalid="ignore", divide="ignore"):
        right, columns = np.diag(matrix) / matrix.sum(axis=1), np.diag(matrix) / matrix.sum(axis=0)
    expect_close(
        submission.per_class_accuracy(*arguments),
        right,
        name="the accuracy of each class",
        suspects={
            "a class without samples gets 0; NaN is asked for": np.nan_to_num(right),
            "this is the precision": columns,
            "it is divided by the number of all samples": np.diag(matrix) / N,
        },
    )
