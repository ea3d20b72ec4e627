"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import copy

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .nets import change, forward, specs, through
from .oracle import (
    confusion,
    descend,
    filtered,
    losses_of,
    measured,
    pool_by_loops,
    probabilities,
)

__all__ = [
    "confusion_mistakes", "filter_mistakes", "hidden_mistakes", "loader_mistakes", "logit_mistakes", "only", "path_mistakes",
    "pool_mistakes", "probability_mistakes", "size_mistakes", "told_mistakes",
]  # fmt: skip


def size_mistakes(size, kernel, stride, padding):
    """In place of the number of places."""
    exact = (size + 2 * padding - kernel) / stride + 1
    return {
        "this is the size divided by the stride; the window must fit in at the last place too": -(-size // stride),
        "the padding is counted once; it is added at both ends": (size + padding - kernel) // stride + 1,
        "the padding is not counted": (size - kernel) // stride + 1,
        "the stride is not counted": size + 2 * padding - kernel + 1,
        "the last + 1 is missing: a window that just fits has one place": (size + 2 * padding - kernel) // stride,
        "this is rounded up; a window that does not fit in whole has no place": int(np.ceil(exact)),
        "the 1 is divided by the stride too": (size + 2 * padding - kernel + 1) // stride,
    }


def filter_mistakes(images, kernel):
    """In place of the responses."""
    right, k = filtered(images, kernel), len(kernel)
    before, after = (k - 1) // 2, k // 2
    same = filtered(np.pad(images, ((0, 0), (0, 0), (before, after), (before, after))), kernel)
    return {
        "the kernel is flipped (a convolution as mathematics has it): cross-correlation leaves it as it is": filtered(
            images, kernel[::-1, ::-1]),
        "the kernel is flipped upside down": filtered(images, kernel[::-1]),
        "the kernel is flipped from left to right": filtered(images, kernel[:, ::-1]),
        "the kernel is transposed": filtered(images, kernel.T),
        "the image is padded with zeros; only places where the kernel fits in whole are asked for": same,
        "the image is padded with zeros by k // 2; only places where the kernel fits in whole are asked for": filtered(
            np.pad(images, ((0, 0), (0, 0), (k // 2, k // 2), (k // 2, k // 2))), kernel),
        "the response is divided by the number of weights": right / k**2,
        "the response is divided by the sum of the weights": right / kernel.sum(),
        "the sign is lost: these are absolute values": np.abs(right),
        "negative responses are cut at 0": np.maximum(right, 0),
        "the response is cut to 0 .. 1": np.clip(right, 0, 1),
        "the channel's axis is missing: (N, 1, H', W') is asked for": right[:, 0],
        "the images are added up": np.broadcast_to(right.sum(axis=0, keepdims=True), right.shape),
    }  # fmt: skip


def pool_mistakes(images, kind, size):
    """In place of the pooled images."""
    H, W = images.shape[2:]
    up = np.pad(images, ((0, 0), (0, 0), (0, -H % size), (0, -W % size)), constant_values=np.nan)
    rounded = up.reshape(len(images), 1, up.shape[2] // size, size, up.shape[3] // size, size)
    value = np.nanmax if kind == "max" else np.nanmean
    windows = sliding_window_view(images, (size, size), axis=(2, 3)).astype(np.float64)
    return {
        f"this is the {'mean' if kind == 'max' else 'largest'}; kind is {kind!r}": pool_by_loops(
            images, "mean" if kind == "max" else "max", size),
        "the windows overlap: they are one pixel apart (stride 1)": value(windows, axis=(4, 5)),
        "the smallest pixel of each window": -pool_by_loops(-images, "max", size),
        "the pixels of a window are summed; their mean is asked for": pool_by_loops(images, "mean", size) * size**2,
        "one pixel of each window is taken, whatever the others are": images[
            :, :, : H // size * size : size, : W // size * size : size],
        "the size is rounded up: windows that are cut off count too": value(rounded, axis=(3, 5)),
    }  # fmt: skip


def loader_mistakes(right, other):
    """In place of the images (B, 1, H, W) from 0 to 1. `other`: "training" or "test", whichever these are not."""
    incident = {
        "training": "the test images are from 0 to 255, the training images from 0 to 1: the model meets numbers that it "
        "has never seen, and batch norm, whose running statistics are those of the training, collapses",
        "test": "the training images are from 0 to 255; 0 to 1 is asked for, as for the test images",
    }
    return {
        incident[other]: right * 255,
        "the images are divided by 256; 255 has to become 1": right * 255 / 256,
        "the images go from -1 to 1; 0 to 1 is asked for": 2 * right - 1,
        "the images are divided by 255 twice": right / 255,
        "light and dark are exchanged": 1 - right,
        "the channel's axis is missing: (B, 1, H, W) is asked for": right[:, 0],
        "the channel's axis is the last; (B, 1, H, W) is asked for": np.moveaxis(right, 1, -1),
        "rows and columns of the images are exchanged": right.swapaxes(2, 3),
        "the images are flattened; (B, 1, H, W) is asked for": right.reshape(len(right), -1),
    }


# ---------------------------------------------------------------- networks


def logit_mistakes(steps, layers, x, *, training=False):
    """In place of the logits."""

    def of(changed):
        return lambda: forward(changed, copy.deepcopy(layers), x, training=training)

    end = "the logits are asked for, which the last layer gives"
    known = {
        f"the logits go through a ReLU; {end}": of([*steps, ("relu",)]),
        f"this is the softmax of the logits; {end} (the cross-entropy takes its softmax itself)": of([*steps, ("softmax",)]),
        f"this is the log-softmax of the logits; {end} (the cross-entropy takes it itself)": of([*steps, ("log_softmax",)]),
        f"the logits go through a sigmoid; {end}": of([*steps, ("sigmoid",)]),
        "there is no ReLU at all": of([step for step in steps if step[0] != "relu"]),
        "tanh is in the place of every ReLU": of([("tanh",) if step[0] == "relu" else step for step in steps]),
        "sigmoid is in the place of every ReLU": of([("sigmoid",) if step[0] == "relu" else step for step in steps]),
        "the pools take means; the largest values are asked for": of(
            [("mean", step[1]) if step[0] == "pool" else step for step in steps]
        ),
        "flatten mixes the images: their axis has to stay the first": of(_with_flatten(steps, "exchanged")),
        "flatten mixes the images: their axis is moved to the end": of(_with_flatten(steps, "mixed")),
        "the values are flattened in the order (H, W, C); (C, H, W) is asked for": of(_with_flatten(steps, "hwc")),
    }
    known |= {words: of(changed) for words, changed in _relus(steps).items()}
    if not training and any(step[0] == "norm" for step in steps):
        known["batch norm takes the statistics of the batch in evaluation; the running ones are asked for"] = lambda: (
            forward(steps, copy.deepcopy(layers), x, training=True)
        )
    if training:
        known["batch norm takes the running statistics in training; those of the batch are asked for"] = lambda: forward(
            steps, copy.deepcopy(layers), x
        )
    if ("adaptive", 4) in steps:
        known["the last pooling takes the largest values; means are asked for"] = of(
            [("pool", 2) if step[0] == "adaptive" else step for step in steps]
        )
    return known | _norms(steps, of)


def _with_flatten(steps, kind):
    return [(kind,) if step[0] == "flatten" else step for step in steps]


def _relus(steps):
    """The steps without one of the ReLUs, under the name of the layer that comes before it."""
    found, names, last = {}, iter(specs(steps)), ""
    for index, step in enumerate(steps):
        if step[0] in ("conv", "linear", "norm"):
            name = next(names)[0]
            last = name if step[0] != "norm" else last
        if step[0] == "relu":
            found[f"the ReLU after {last} is missing"] = change(steps, index)
    return found


def _norms(steps, of):
    """Batch norm after the ReLU, or not used."""
    if not any(step[0] == "norm" for step in steps):
        return {}
    swapped = list(steps)
    for index, step in enumerate(swapped[:-1]):
        if step[0] == "norm" and swapped[index + 1][0] == "relu":
            swapped[index], swapped[index + 1] = swapped[index + 1], step
    return {
        "batch norm comes after the ReLU; before it is asked for": of(swapped),
        "the batch norms are there and not used": of([("drop_norm",) if step[0] == "norm" else step for step in steps]),
    }


def hidden_mistakes(steps, layers, x):
    """In place of LeNet's hidden."""
    values, flat = through(steps, layers, x), [step[0] for step in steps].index("flatten")

    def flattened(kind):
        return through(_with_flatten(steps, kind), layers, x)[flat]

    return {
        "this is hidden before the ReLU; it is asked for after it": through(change(steps, flat - 1), layers, x)[flat - 1],
        "this is what the first linear layer gives; its input is asked for": values[flat + 1],
        "this is what comes out of the first linear layer and its ReLU; its input is asked for": values[flat + 2],
        "this is what goes into the last layer; what goes into the first linear layer is asked for": values[-2],
        "this is hidden before it is flattened; (N, 256) is asked for": values[flat - 1],
        "the logits and hidden are exchanged: (logits, hidden) is asked for": values[-1],
        "these are the images, flattened": x.reshape(len(x), -1),
        "flatten mixes the images: their axis has to stay the first": flattened("exchanged"),
        "the values are flattened in the order (H, W, C); (C, H, W) is asked for": flattened("hwc"),
    }


# ---------------------------------------------------------------- training and judging


def path_mistakes(x, labels, W, b, shift, batches, rate, momentum, held):
    """Mistakes of train_epoch, each with the W, the b and the logits of its run."""

    def run(steps=batches, speed=rate, inertia=momentum, at=shift, names=held, **options):
        return lambda: descend(x, labels, W, b, at, steps, speed, inertia, only=names, **options)

    known = {
        "the parameters have not moved: is loss.backward() called, and optimizer.step() after it?": run(speed=0.0),
        "the model is not in training mode: call model.train() first": run(at=None),
        "the gradients are never set to zero, so those of earlier batches are in each step": run(zero=False),
        "a softmax comes before the cross-entropy, which takes logits and does its own": run(softmax=True),
        "the losses of a batch are summed; their mean is asked for": run(total=True),
        "the last, smaller batch is left out": run(batches[:-1]),
        "only the first batch makes a step": run(batches[:1]),
        "only the last batch makes a step": run(batches[-1:]),
        "every batch makes two steps": run([rows for rows in batches for _ in range(2)]),
        "the steps go up the gradient": run(speed=-rate),
        "one step is taken for all batches of an epoch together": run([np.concatenate(batches)]),
    }
    if momentum:
        known["these are plain steps: the optimizer that was passed, which has a momentum, is not used"] = run(inertia=0.0)
    if held:
        known["every parameter has moved: use the optimizer that was passed, which holds some of them only"] = run(names="")
    return known


def only(mistakes, part):
    """One part of what each mistake gives."""
    return {words: lambda run=run: run()[part] for words, run in mistakes.items()}


def told_mistakes(logits, labels, size, part, other_mode=None):
    """In place of the mean loss (0) or of the accuracy (1). `other_mode`: the logits of the mode that is not asked for."""
    losses, hits = losses_of(logits, labels), (logits.argmax(axis=1) == labels).astype(float)
    values = (losses, hits)[part]
    batches = [values[first : first + size] for first in range(0, len(values), size)]
    means, N = [batch.mean() for batch in batches], len(values)
    full = [batch for batch in batches if len(batch) == size]
    known = _accuracies(logits, labels, size) if part else {}
    known |= {
        "the means of the batches are averaged: a smaller last batch counts too much": np.mean(means),
        "the last, smaller batch is weighted as a full one": np.sum(means) * size / N,
        "the means of the batches are summed and divided by the number of images": np.sum(means) / N,
        "the means of the batches are summed": np.sum(means),
        "the mean is divided by the number of batches": values.mean() / len(batches),
        "the sum is divided by the number of batches; by the number of images is asked for": values.sum() / len(batches),
        "the images are added up; their mean is asked for": values.sum(),
        "this is of the last batch alone": means[-1],
        "this is of the first batch alone": means[0],
        "the last, smaller batch is left out": np.mean(np.concatenate(full)) if full else np.nan,
        "loss and accuracy are exchanged: (loss, accuracy) is asked for": (hits, losses)[part].mean(),
    }
    if part == 0:
        p = probabilities(logits)
        known["a softmax comes before the cross-entropy, which takes logits and does its own"] = losses_of(p, labels).mean()
        known["the sign is wrong"] = -values.mean()
    if other_mode is not None:
        known["the model is judged in training mode: call model.eval() first"] = measured(other_mode, labels)[part]
    return known


def _accuracies(logits, labels, size):
    hits = logits.argmax(axis=1) == labels
    across, C = 0, logits.shape[1]
    for first in range(0, len(labels), size):
        batch, true = logits[first : first + size], labels[first : first + size]
        found = batch.argmax(axis=0)
        across += (found == true).sum() if len(true) in (1, C) else np.nan
    return {
        "this is a percentage; a share from 0 to 1 is asked for": 100 * hits.mean(),
        "argmax goes along the images (dim=0); the class of each image is asked for (dim=1)": across / len(labels),
        "the wrong predictions are counted; the right ones are asked for": 1 - hits.mean(),
        "the predictions are compared with the sum of the labels": 0.0,
    }


def probability_mistakes(logits, training, size):
    """In place of the probabilities; batches have `size` images."""
    p = probabilities(logits)
    along = [probabilities(logits[first : first + size].T).T for first in range(0, len(logits), size)]
    return {
        "these are the logits; their softmax is asked for": logits,
        "these are logarithms of the probabilities": np.log(p),
        "the softmax goes along the images (dim=0); along the classes is asked for (dim=1)": np.concatenate(along),
        "this is a sigmoid of each logit; the probabilities of an image sum to 1": 1 / (1 + np.exp(-logits)),
        "the softmax is taken twice": probabilities(p),
        "these are the largest probabilities alone; those of all classes are asked for": p.max(axis=1),
        "the model is in training mode: call model.eval() first": probabilities(training),
        "the first batch alone is here": p[:size],
    }


def confusion_mistakes(labels, predictions, C):
    """In place of the counts."""
    right = confusion(labels, predictions, C)
    rows, columns = right.sum(axis=1, keepdims=True), right.sum(axis=0, keepdims=True)
    return {
        "rows are the predicted classes here; the true ones are asked for": right.T,
        "these are shares of each true class; counts are asked for": right / np.maximum(rows, 1),
        "these are shares of each predicted class; counts are asked for": right / np.maximum(columns, 1),
        "these are shares of all images; counts are asked for": right / len(labels),
        "each pair is counted once, however often it occurs: matrix[labels, predictions] += 1 adds once for equal places": (
            np.minimum(right, 1)),
        "only the wrong predictions are counted": right * (1 - np.eye(C, dtype=int)),
        "only the right predictions are counted": right * np.eye(C, dtype=int),
    }  # fmt: skip
