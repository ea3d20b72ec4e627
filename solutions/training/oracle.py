"""What is right, in NumPy and float64: softmax regression batch by batch, schedules, Adam, counts in loops."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

__all__ = [
    "RATES", "Run", "adam", "averages", "chunks", "confusion", "cross_entropy", "metrics", "plateau", "stopped",
    "sweep", "train",
]  # fmt: skip


def chunks(N, size, drop_last=False):
    """The rows of each batch, in their order."""
    parts = [np.arange(first, min(first + size, N)) for first in range(0, N, size)]
    return [part for part in parts if len(part) == size] if drop_last else parts


def cross_entropy(logits, y):
    """The loss of every row, (B,): log(sum_c exp(z_c)) - z_y."""
    top = logits.max(axis=1)
    return top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[np.arange(len(y)), y]


def _gradient(logits, y):
    """Of the mean loss, with respect to the logits: (softmax - one-hot) / B."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p - np.eye(logits.shape[1])[y]) / len(y)


@dataclasses.dataclass
class Run:
    """What a training was like. Of every epoch and batch (E, K): the mean loss `before` and `after` its step, the right
    predictions `hits`, those that equal the sum of the labels `of_sum`, and how often any equals any label `crossed`; (K,):
    `counts`, its rows. The same of validation (E, V) and (V,); `first`: its loss before any step; W and b after each epoch.
    """

    before: np.ndarray
    after: np.ndarray
    hits: np.ndarray
    of_sum: np.ndarray
    crossed: np.ndarray
    counts: np.ndarray
    val: np.ndarray
    val_hits: np.ndarray
    val_counts: np.ndarray
    first: float
    W: list
    b: list


def train(start, rows, val, rate, epochs, factors=(2.0, 1.0), gradients="right"):
    """A training of logits = factor * (x W^T + b) by plain steps. `start`: W (C, D) and b; `rows`, `val`: (X, y, batches).

    `factors`: in training and in validation. `gradients`: "right"; "none": no step is taken; "summed": never set to
    zero; "epoch": once in each epoch.
    """
    (W, b), (X, y, batches), (VX, Vy, vbatches) = (np.array(part, np.float64) for part in start), rows, val
    run = {name: [] for name in ("before", "after", "hits", "of_sum", "crossed", "val", "val_hits")}
    kept, ends = (0.0, 0.0), []

    def look(X, y, part, factor):
        logits = factor * (X[part] @ W.T + b)
        guess = logits.argmax(axis=1)
        odd = (guess == y[part].sum()).sum(), (guess[:, None] == y[part]).sum()
        return logits, cross_entropy(logits, y[part]).mean(), (guess == y[part]).sum(), odd

    first = _weighted([look(VX, Vy, part, factors[1])[1] for part in vbatches], vbatches)
    for _ in range(epochs):
        told, kept = [], kept if gradients == "summed" else (0.0, 0.0)
        for part in batches:
            logits, loss, hits, odd = look(X, y, part, factors[0])
            dz = factors[0] * _gradient(logits, y[part])
            new = dz.T @ X[part], dz.sum(axis=0)
            kept = (kept[0] + new[0], kept[1] + new[1]) if gradients in ("summed", "epoch") else new
            if gradients != "none":
                W, b = W - rate * kept[0], b - rate * kept[1]
            told.append((loss, look(X, y, part, factors[0])[1], hits, *odd))
        for name, values in zip(("before", "after", "hits", "of_sum", "crossed"), zip(*told, strict=True), strict=True):
            run[name].append(values)
        seen = [look(VX, Vy, part, factors[1])[1:3] for part in vbatches]
        run["val"].append([loss for loss, _ in seen])
        run["val_hits"].append([hits for _, hits in seen])
        ends.append((W, b))
    arrays = {name: np.array(values, np.float64) for name, values in run.items()}
    counts = [np.array([len(part) for part in parts]) for parts in (batches, vbatches)]
    return Run(**arrays, counts=counts[0], val_counts=counts[1], first=first, W=[W for W, _ in ends], b=[b for _, b in ends])


def _weighted(means, parts):
    return sum(mean * len(part) for mean, part in zip(means, parts, strict=True)) / sum(map(len, parts))


def averages(run):
    """The lists of the history, as they are asked for."""
    n, v = run.counts.sum(), run.val_counts.sum()
    return {
        "train_loss": run.before @ run.counts / n,
        "train_accuracy": run.hits.sum(axis=1) / n,
        "val_loss": run.val @ run.val_counts / v,
        "val_accuracy": run.val_hits.sum(axis=1) / v,
    }


def stopped(losses, patience, epochs=None):
    """How many epochs are trained, and which is the best."""
    losses = losses[:epochs]
    best, waited = 0, 0
    for epoch, loss in enumerate(losses):
        if epoch == 0 or loss < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if patience is not None and waited == patience:
            return epoch + 1, best
    return len(losses), best


# The learning rate of epoch k; those of guest.py.
RATES = {"StepLR": lambda rate, k: rate * 0.5 ** (k // 2), "ExponentialLR": lambda rate, k: rate * 0.8**k}


def plateau(rate, losses):
    """The learning rate of each epoch: halved after an epoch whose loss is not below all before it."""
    rates, best = [], math.inf
    for loss in losses:
        rates.append(rate)
        rate = rate if loss < best else rate / 2
        best = min(best, loss)
    return np.array(rates)


def sweep(start, X, y, batches, lrs, factor=2.0):
    """The loss of each batch before its step, while the learning rate changes."""
    W, b = (np.array(part, np.float64) for part in start)
    losses = []
    for part, rate in zip(batches, lrs, strict=True):
        logits = factor * (X[part] @ W.T + b)
        losses.append(cross_entropy(logits, y[part]).mean())
        dz = factor * _gradient(logits, y[part])
        W, b = W - rate * dz.T @ X[part], b - rate * dz.sum(axis=0)
    return np.array(losses)


def adam(w, gradients, rates, done=0, memory=(0.0, 0.0)):
    """(w, memory) after steps of Adam with these gradients (K, D) and learning rates; `done` steps were taken before.

    Kingma and Ba (2015): m <- 0.9 m + 0.1 g, v <- 0.999 v + 0.001 g^2, w <- w - rate * m' / (sqrt(v') + 1e-8), where m' and
    v' are divided by 1 - 0.9^t and 1 - 0.999^t.
    """
    w, (m, v) = np.array(w, np.float64), memory
    for t, (g, rate) in enumerate(zip(np.asarray(gradients, np.float64), rates, strict=True), done + 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w, (m, v)


def confusion(labels, predictions, C):
    """(C, C), one pair after the other; rows are the labels."""
    matrix = np.zeros((C, C), int)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


def metrics(labels, predictions, C):
    """Precision, recall and F1 of each class, 0 where there is nothing to divide by; and the samples of each, (C,)."""
    values = np.zeros((3, C))
    for c in range(C):
        hits = sum(a == b == c for a, b in zip(labels, predictions, strict=True))
        found, there = int((predictions == c).sum()), int((labels == c).sum())
        precision, recall = hits / found if found else 0.0, hits / there if there else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        values[:, c] = precision, recall, f1
    return values, np.array([(labels == c).sum() for c in range(C)])
