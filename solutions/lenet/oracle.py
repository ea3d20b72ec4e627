"""What is right beside the networks, in NumPy and float64: windows by loops, training of a linear model by hand."""

from __future__ import annotations

import numpy as np

__all__ = [
    "confusion", "descend", "filtered", "logits_of", "losses_of", "measured", "pool_by_loops", "probabilities", "ranked",
    "scaled", "steps_of",
]  # fmt: skip


def filtered(images, kernel):
    """(N, 1, H, W) and (k, k) -> (N, 1, H - k + 1, W - k + 1), place by place."""
    k, x = len(kernel), np.asarray(images, np.float64)
    out = np.zeros((len(x), 1, x.shape[2] - k + 1, x.shape[3] - k + 1))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, 0, i, j] = (x[:, 0, i : i + k, j : j + k] * kernel).sum(axis=(1, 2))
    return out


def pool_by_loops(images, kind, size):
    """(N, 1, H, W) -> (N, 1, H // size, W // size), window by window."""
    x = np.asarray(images, np.float64)
    out = np.zeros((len(x), 1, x.shape[2] // size, x.shape[3] // size))
    for i, j in np.ndindex(out.shape[2:]):
        window = x[:, 0, i * size : (i + 1) * size, j * size : (j + 1) * size].reshape(len(x), -1)
        out[:, 0, i, j] = window.max(axis=1) if kind == "max" else window.sum(axis=1) / size**2
    return out


def scaled(images):
    """Images of bytes (N, H, W) as (N, 1, H, W) from 0 to 1."""
    return images[:, None] / 255


# ---------------------------------------------------------------- the linear model of guest.py


def logits_of(x, W, b, shift=None):
    """Of flattened images; `shift` in training mode."""
    plain = x.reshape(len(x), -1) @ W.T + b
    return plain if shift is None else 0.5 * plain + shift


def probabilities(logits):
    """Softmax."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def losses_of(logits, labels):
    """The cross-entropy of every image: log(sum of exp) minus the logit of the true class."""
    top = logits.max(axis=1)
    return np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[np.arange(len(labels)), labels]


def measured(logits, labels):
    """Mean loss and share of right predictions."""
    return losses_of(logits, labels).mean(), np.mean(logits.argmax(axis=1) == labels)


def steps_of(N, size):
    """The rows of each batch, in order."""
    return [np.arange(first, min(first + size, N)) for first in range(0, N, size)]


def descend(x, labels, W, b, shift, batches, rate, momentum=0.0, *, only="", zero=True, total=False, softmax=False):
    """W and b after a step on each of the batches, and the logits that each image had before the step of its batch.

    `only`: what is trained, "weight", "bias" or both. Of mistakes: `zero` False, gradients are never set to zero; `total`,
    the losses of a batch are summed; `softmax`, the loss takes probabilities for logits. `shift` None: evaluation mode.
    """
    x, at = np.asarray(x, np.float64).reshape(len(x), -1), {"weight": W.astype(np.float64), "bias": b.astype(np.float64)}
    speed, grad = ({name: np.zeros(value.shape) for name, value in at.items()} for _ in range(2))
    seen = []
    for rows in batches:
        logits = logits_of(x[rows], at["weight"], at["bias"], shift)
        seen.append(logits)
        d = _dlogits(logits, labels[rows], softmax) * (1 if shift is None else 0.5) / (1 if total else len(rows))
        new = {"weight": d.T @ x[rows], "bias": d.sum(axis=0)}
        for name in at:
            grad[name] = new[name] + (0 if zero else grad[name])
            speed[name] = momentum * speed[name] + grad[name]
            at[name] = at[name] - (rate * speed[name] if only in name else 0)
    return at["weight"], at["bias"], np.concatenate(seen)


def _dlogits(logits, labels, softmax):
    """dL/dlogits = p - 1 at the true class, p elsewhere; with a softmax too many it goes once more through the Jacobian."""
    p = probabilities(logits)
    if not softmax:
        return p - np.eye(logits.shape[1])[labels]
    d = probabilities(p) - np.eye(logits.shape[1])[labels]
    return p * (d - (p * d).sum(axis=1, keepdims=True))


# ---------------------------------------------------------------- what a model gets wrong


def confusion(labels, predictions, C):
    """Row: true class, column: predicted one."""
    out = np.zeros((C, C), np.int64)
    for true, predicted in zip(labels, predictions, strict=True):
        out[true, predicted] += 1
    return out


def ranked(labels, p):
    """Rows whose prediction is wrong, the surest first."""
    wrong = [i for i in range(len(labels)) if p[i].argmax() != labels[i]]
    return sorted(wrong, key=lambda i: -p[i].max())
