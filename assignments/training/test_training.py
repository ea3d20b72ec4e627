"""Public checks of the training toolkit: worked examples. The hidden suite asks the same of other numbers and models."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import describe, expect_close, expect_equal
from grader.errors import CheckFailed
from grader.submission import as_tensor

# Logits of the model `louder` with w = 1: (x, 0), so that class 0 is predicted where x > 0. Batches of 2, 2 and 1.
X = as_tensor(np.array([[1], [2], [3], [4], [-5]], np.float32))
LABELS = as_tensor(np.array([0, 0, 1, 0, 1]))
ZEROS, ONES = (as_tensor(np.full(4, k)) for k in (0, 1))
ROWS = as_tensor(np.array([[1], [1], [1], [1]], np.float32))

# Labels 0 0 0 1, predictions 0 0 1 1, and nothing of class 2.
TRUE, SAID = as_tensor(np.array([0, 0, 0, 1])), as_tensor(np.array([0, 0, 1, 1]))


def several(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def floats(*values):
    for value in values:
        if not isinstance(value, float):
            raise CheckFailed(f"{describe(value)} came back where a Python float is expected: .item() makes one of a tensor")
    return list(values)


def as_before(guest, model):
    if guest.modes(model) != [True, False]:
        raise CheckFailed("the model, or the frozen module in it, is not in the mode in which it was before")


@pytest.mark.task("predict")
def test_predictions(submission, guest):
    model = guest.louder()
    logits, labels = several(submission.predict(model, guest.batches(X, LABELS, 2)), 2, "logits, labels")
    right = np.array([[1, 0], [2, 0], [3, 0], [4, 0], [-5, 0]])
    expect_close(logits, right, name="the logits", suspects={"the model is in training mode": 2 * right})
    expect_close(labels, [0, 0, 1, 0, 1], name="the labels")
    as_before(guest, model)


@pytest.mark.task("evaluate")
def test_loss_and_accuracy(submission, guest):
    """The batches have the losses 1.5, 3.5 and -5: (2 * 1.5 + 2 * 3.5 - 5) / 5. Right are all but x = 3."""
    model = guest.louder()
    found = several(submission.evaluate(model, guest.batches(X, LABELS, 2), guest.first_logit), 2, "loss, accuracy")
    suspects = {"the means of the batches are averaged": 0.0, "the model is in training mode": 2.0}
    expect_close(floats(found[0]), [1.0], name="the loss", suspects={words: [value] for words, value in suspects.items()})
    expect_close(
        floats(found[1]), [0.8], name="the accuracy", suspects={"this is a count": [4.0], "this is in percent": [80.0]}
    )
    as_before(guest, model)


@pytest.mark.task("fit")
def test_two_epochs(submission, guest):
    """In training the logits are (2 w x, 0): the loss of the first batch is 3 w, that of the second 7 w, of the third -10 w,
    and so are their slopes. With a learning rate of 0.1, w is 1, 0.7, 0 and then 1.
    """
    model = guest.louder()
    loaders = guest.batches(X, LABELS, 2), guest.batches(X, LABELS, 5)
    history = submission.fit(model, guest.sgd(model, 0.1), guest.first_logit, *loaders, 2)
    if not isinstance(history, dict):
        raise CheckFailed(f"it returned {describe(history)}; a dict is expected")
    expect_close(floats(*history["train_loss"]), [(2 * 3 + 2 * 4.9 + 0) / 5] * 2, name="train_loss")
    expect_close(floats(*history["train_accuracy"]), [0.6] * 2, name="train_accuracy")
    expect_close(floats(*history["val_loss"]), [1.0, 1.0], name="val_loss", suspects={"in training mode": [2.0, 2.0]})
    expect_close(floats(*history["val_accuracy"]), [0.8] * 2, name="val_accuracy")
    expect_close(floats(*history["learning_rate"]), [0.1, 0.1], name="learning_rate")


def scripted(submission, guest, losses, **named):
    """w falls by 2 * learning rate in each epoch of one batch; the losses of the validations are told."""
    model = guest.louder(10.0)
    optimizer = guest.sgd(model, 0.5)
    if named.pop("halving", False):
        named["scheduler"] = guest.halving(optimizer)
    loaders = guest.batches(ROWS, ZEROS, 4), guest.batches(ROWS, ONES, 4)
    return submission.fit(model, optimizer, guest.told(losses), *loaders, len(losses), **named), guest.weight(model)


@pytest.mark.task("schedule")
def test_halved_in_every_epoch(submission, guest):
    history, w = scripted(submission, guest, [3.0, 2.0, 1.0], halving=True)
    expect_close(
        floats(*history["learning_rate"]), [0.5, 0.25, 0.125], name="learning_rate",
        suspects={"these are those of the next epochs": [0.25, 0.125, 0.0625], "it never changes": [0.5, 0.5, 0.5]},
    )  # fmt: skip
    expect_close(w, 10 - 1 - 0.5 - 0.25, name="w after three steps")


@pytest.mark.task("early_stopping")
def test_stops_and_goes_back(submission, guest):
    """Epoch 1 is the best: then w is 8. Epochs 2 and 3 are not below it, so with a patience of 2 that is all."""
    history, w = scripted(submission, guest, [5.0, 3.0, 4.0, 3.0, 1.0], patience=2)
    expect_equal(len(history["val_loss"]), 4, name="the number of epochs")
    expect_equal(history["best_epoch"], 1, name="best_epoch")
    expect_close(w, 8, name="w in the end", suspects={"this is w after the last epoch: copy the state, copy.deepcopy": 6})


@pytest.mark.task("lr_range_test")
def test_three_rates(submission, guest):
    """The slope of the loss is 2, so that w is 10, 9.98, 9.78 before the three steps; then all is as it was."""
    model = guest.louder(10.0)
    optimizer = guest.sgd(model, 0.3)
    three = guest.batches(as_tensor(np.ones((6, 1), np.float32)), as_tensor(np.zeros(6, np.int64)), 2)
    found = submission.lr_range_test(model, three, guest.first_logit, optimizer, 0.01, 1.0)
    lrs, losses = several(found, 2, "lrs, losses")
    expect_close(floats(*lrs), [0.01, 0.1, 1], name="lrs", suspects={"this grows linearly": [0.01, 0.505, 1]})
    expect_close(floats(*losses), [20, 19.96, 19.56], name="losses")
    expect_close(guest.weight(model), 10, name="the weight after the sweep")
    expect_close(optimizer.param_groups[0]["lr"], 0.3, name="the optimizer's learning rate after the sweep")


@pytest.mark.task("suggest_lr")
def test_steepest_place(submission):
    """Flat at 2 up to 1e-4, then down by 1 until 1e-3, slowly on to 1e-1, and up."""
    u = np.linspace(-6, 0, 61)
    losses = np.interp(u, [-6, -4, -3, -1, 0], [2, 2, 1, 0.9, 5])
    found = floats(submission.suggest_lr((10**u).tolist(), losses.tolist()))[0]
    if not 10**-4.5 <= found <= 10**-2.5:
        raise CheckFailed(
            f"{found:.3g} is not where the loss falls most steeply, between 1e-4 and 1e-3; it is lowest at 1e-1"
        )


@pytest.mark.task("parameter_groups")
def test_rates(submission, guest):
    rates = guest.rates(submission.parameter_groups, [("head.bias", 2.0), ("head", 10.0)], 0.1)
    right = {"body.weight": 0.1, "body.bias": 0.1, "head.weight": 1.0, "head.bias": 0.2}
    expect_equal(sorted(rates), sorted(right), name="the parameters")
    expect_close([rates[name] for name in right], list(right.values()), name=f"the learning rates of {', '.join(right)}")


@pytest.mark.task("transforms")
def test_noise(submission):
    noise = submission.GaussianNoise(2.0, 0.5)
    noisy = noise(as_tensor(np.ones((100, 100), np.float32)))
    expect_close([noisy.mean(), noisy.std()], [3, 0.5], rtol=0.02, name="mean and deviation of 1 + noise (2.0, 0.5)")
    expect_equal(repr(noise), "GaussianNoise(mean=2.0, std=0.5)", name="its repr")


@pytest.mark.task("transforms")
@pytest.mark.parametrize("name", ["train_transform", "eval_transform"])
def test_one_colour(submission, guest, name):
    """(51, 102, 153) is (0.2, 0.4, 0.6)."""
    made = guest.pictures(getattr(submission, name)(16), [51, 102, 153], 5)
    for one in made:
        expect_equal(np.shape(one), (3, 16, 16), name="the shape")
    right = (np.array([0.2, 0.4, 0.6]) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expect_close(np.mean(made, axis=(0, 2, 3)), right, rtol=0, atol=0.06, name="the mean of each channel")
    random = not np.array_equal(made[0], made[1])
    if random != (name == "train_transform"):
        raise CheckFailed("there is something random in evaluation" if random else "nothing is random in training")


@pytest.mark.task("split")
def test_parts(submission, guest):
    dataset = guest.numbers(20)
    parts = several(submission.split(dataset, 0.25, 3, guest.negative, guest.thousands), 2, "train, val")
    train, val = (guest.pairs(part) for part in parts)
    expect_equal([len(train), len(val)], [15, 5], name="how many pairs are in training and in validation")
    items = [-1 - item for item, _ in train] + [item - 1000 for item, _ in val]
    expect_equal(sorted(items), list(range(20)), name="the items of both parts, with their transforms undone")
    expect_equal([label for _, label in [*train, *val]], [item // 5 for item in items], name="their labels")
    if dataset.transform is not None:
        raise CheckFailed("the data set that came in has a transform now")


@pytest.mark.task("channel_stats")
def test_channels(submission, guest):
    """Three images of one pixel with two channels, in batches of 2: 1, 2, 6 and 0, 0, 3."""
    images = as_tensor(np.array([[1, 0], [2, 0], [6, 3]], np.float32).reshape(3, 2, 1, 1))
    loader = guest.batches(images, as_tensor(np.zeros(3, np.int64)), 2)
    mean, std = several(submission.channel_stats(loader), 2, "mean, std")
    expect_close(mean, [3, 1], name="mean", suspects={"the means of the batches are averaged": [3.75, 1.5]})
    expect_close(std, [np.sqrt(14 / 3), np.sqrt(2)], name="std", suspects={"divided by N - 1": [np.sqrt(7), np.sqrt(3)]})


@pytest.mark.task("split_class_folders")
def test_copies(submission, guest):
    root, out = guest.class_folders({"cat": 5, "dog": 2})
    submission.split_class_folders(root, out, 0.7, 1)
    copies = guest.files(out)
    counts = [
        sum(path.startswith(f"{part}/{name}/") for path in copies) for part in ("train", "val") for name in ("cat", "dog")
    ]
    expect_equal(counts, [3, 1, 2, 1], name="the numbers of files in train/cat, train/dog, val/cat, val/dog")
    expect_equal(sorted(path.split("/", 1)[1] for path in copies), guest.files(root), name="all copies together")


@pytest.mark.task("folder_dataset")
def test_two_images(submission, guest):
    dataset = submission.FolderDataset(guest.images())
    expect_equal(dataset.classes, ["ant", "zebra"], name="classes")
    expect_equal([len(dataset), dataset.class_counts()], [2, {"ant": 1, "zebra": 1}], name="the length and class_counts()")
    pixels, mode, label = guest.image_at(dataset, 1)
    expect_equal([mode, label], ["RGB", 1], name="mode and label of item 1")
    expect_close(pixels, np.array([[[0, 0, 0], [200, 200, 200]]]), name="the pixels of item 1")


@pytest.mark.task("checkpoint")
def test_goes_on(submission, guest):
    """The first step is 1, the second 1 + 0.5 * 1: from 0 to -1, and to -2.5."""
    first, epoch, second = guest.resumed(submission.save_checkpoint, submission.load_checkpoint)
    expect_equal([first, epoch], [-1.0, 7], name="w at the checkpoint, and the epoch")
    expect_close(
        second, -2.5, name="w after one more step",
        suspects={"the optimizer's momentum is lost": -2.0, "the weights are not loaded": -0.5},
    )  # fmt: skip


@pytest.mark.task("tensorboard")
def test_curves(submission, guest):
    keys = {"loss/train": "train_loss", "loss/val": "val_loss", "accuracy/train": "train_accuracy",
            "accuracy/val": "val_accuracy", "learning_rate": "learning_rate"}  # fmt: skip
    history = {key: [number, number + 0.5] for number, key in enumerate(keys.values())} | {"best_epoch": 1}
    right = sorted((tag, history[key][epoch], epoch) for tag, key in keys.items() for epoch in range(2))
    found = sorted(tuple(call) for call in guest.logged(submission.log_history, history))
    expect_equal(found, right, name="what is written: (tag, value, step)")


@pytest.mark.task("tensorboard")
def test_graph(submission, guest):
    if guest.graph_files(submission.log_graph) < 300:
        raise CheckFailed("no graph is written")


@pytest.mark.task("shape_recorder")
def test_shapes(submission, guest):
    model = guest.layers()
    with submission.ShapeRecorder(model) as recorder:
        guest.run(model)
    guest.run(model)
    found = [[name, list(given), list(gave)] for name, given, gave in recorder.records]
    expect_equal(
        found, [["0", [5, 3], [5, 4]], ["1", [5, 4], [5, 4]]], name="the records of one run in the block and one after"
    )


@pytest.mark.task("metrics")
def test_confusion(submission):
    right = np.array([[2, 1, 0], [0, 1, 0], [0, 0, 0]])
    expect_close(
        submission.confusion_matrix(TRUE, SAID, 3), right, name="the matrix", suspects={"rows are the labels": right.T}
    )
    expect_close(submission.per_class_accuracy(TRUE, SAID, 3), [2 / 3, 1, np.nan], name="the accuracy of each class")


@pytest.mark.task("metrics")
def test_averages(submission):
    """Of the classes: precision 1, 1/2, 0; recall 2/3, 1, 0; F1 4/5, 2/3, 0."""
    macro = several(submission.precision_recall_f1(TRUE, SAID, 3), 3, "precision, recall, f1")
    expect_close(floats(*macro), [1.5 / 3, (2 / 3 + 1) / 3, (4 / 5 + 2 / 3) / 3], name="the macro averages")
    weighted = several(submission.precision_recall_f1(TRUE, SAID, 3, average="weighted"), 3, "precision, recall, f1")
    expect_close(floats(*weighted), [(3 + 0.5) / 4, (2 + 1) / 4, (12 / 5 + 2 / 3) / 4], name="the weighted averages")
