"""What known mistakes of the network and of the pictures give in place of the right answer: {words of the report: value}."""

from __future__ import annotations

import numpy as np

from grader.checks import NotFinite, count_suspects, regulariser_suspects

from .oracle import (
    KERNEL,
    WEIGHTS,
    conv_gradients,
    cross_entropy,
    edges,
    filter_pictures,
    net_gradients,
    net_layers,
    net_loss,
    pool,
    pool_gradient,
)

_OVERFLOW = {"exp leaves the range of numbers: subtract the largest score of each image first": NotFinite()}

__all__ = ["built_on", "edge_mistakes", "gradient_mistakes", "loss_mistakes", "picture_mistakes", "score_mistakes"]


def score_mistakes(params, X):
    """What known mistakes give in place of the scores."""
    at, p = net_layers(params, X), params

    def from_hidden(active):
        return active @ p["W3"] + p["b3"]

    def from_pool(pooled):
        return from_hidden(np.maximum(pooled.reshape(len(X), -1) @ p["W2"] + p["b2"], 0))

    def without(name):
        return lambda: net_layers({**p, name: np.zeros_like(p[name])}, X)["scores"]

    def mean_pool(x):
        N, F, H, W = x.shape
        return x.reshape(N, F, H // 2, 2, W // 2, 2).mean(axis=(3, 5))

    def softmax():
        shifted = np.exp(at["scores"] - at["scores"].max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    return {
        "the ReLU after the convolution is missing": lambda: from_pool(pool(at["conv"], (2, 2), 2)),
        "the ReLU after the hidden layer is missing": lambda: from_hidden(at["hidden"]),
        "both ReLUs are missing": lambda: from_hidden(pool(at["conv"], (2, 2), 2).reshape(len(X), -1) @ p["W2"] + p["b2"]),
        "there is a ReLU on the scores: they may be negative": lambda: np.maximum(at["scores"], 0),
        "these are probabilities: scores are asked for, before softmax": softmax,
        "these are logarithms of probabilities: scores are asked for, before softmax": lambda: np.log(softmax()),
        "these are classes; their scores are asked for": lambda: at["scores"].argmax(axis=1),
        "b1 is not used": without("b1"),
        "b2 is not used": without("b2"),
        "b3 is not used": without("b3"),
        "the pool takes means; the maximum is asked for": lambda: from_pool(mean_pool(np.maximum(at["conv"], 0))),
        "the flattened values are in the order (H, W, F); (F, H, W) is asked for": (
            lambda: from_pool(np.moveaxis(at["pool"], 1, -1))
        ),
        "the kernel is flipped": lambda: net_layers({**p, "W1": p["W1"][:, :, ::-1, ::-1]}, X)["scores"],
    }


def loss_mistakes(params, X, y, reg):
    """What known mistakes give in place of the loss."""
    scores = net_layers(params, X)["scores"]
    data, arrays = cross_entropy(scores, y), [params[name] for name in WEIGHTS]
    right = net_loss(params, X, y, reg)
    biases = reg * sum(np.sum(params[name] ** 2) for name in ("b1", "b2", "b3"))
    known = {
        "these are the scores: with y, the loss and its gradients are asked for": scores,
        "the biases are regularised too; only the W are": right + biases,
        "the biases are regularised, and all of it is halved": data + (right - data + biases) / 2,
        "the losses of the images are summed; their mean is asked for": right + (len(X) - 1) * data,
        "the losses of the images are summed; their mean is asked for, and the regulariser is missing": len(X) * data,
        "the mean is over images and classes; only the images are averaged": right - data + data / scores.shape[1],
        "the sign is wrong: the loss is minus the mean logarithm": right - 2 * data,
        "the probability of the true class is missing its logarithm": right - data + np.mean(_true_probability(scores, y)),
    }
    known |= {f"the mistake is in the scores: {words}": _loss_of(value, y, right - data)
              for words, value in score_mistakes(params, X).items()}  # fmt: skip
    for name in WEIGHTS:
        known[f"{name} is not regularised"] = right - reg * np.sum(params[name] ** 2)
        known[f"only {name} is regularised"] = data + reg * np.sum(params[name] ** 2)
    return known | (regulariser_suspects(data, arrays, reg, len(X)) if reg else {}) | _OVERFLOW


def _loss_of(scores, y, penalty):
    def value():
        found = scores()
        return cross_entropy(found, y) + penalty if found.ndim == 2 else found

    return value


def _true_probability(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True))[np.arange(len(y)), y]


def gradient_mistakes(params, X, y, reg, name):
    """What known mistakes give in place of the gradient of `name`."""
    right, data = net_gradients(params, X, y, reg)[name], net_gradients(params, X, y)[name]
    value = params[name]
    known = count_suspects(data, len(X), "N") if name not in WEIGHTS or not reg else {
        "the gradient is not divided by N": data * len(X) + right - data,
        "the gradient is divided by N twice": data / len(X) + right - data,
    }  # fmt: skip
    known |= _OVERFLOW | {
        "the update is here, not the gradient: it has the wrong sign": -right,
        "the value of the parameter is here, not its gradient": value,
        "the true class is not subtracted: the gradient of the scores is p - 1 for it, p for the others": (
            lambda: _backward(params, X, y, own=False)[name] + right - data
        ),
        "the backward pass of the ReLU after the hidden layer is missing": (
            lambda: _backward(params, X, y, hidden=False)[name] + right - data
        ),
        "the backward pass of the ReLU after the convolution is missing": (
            lambda: _backward(params, X, y, conv=False)[name] + right - data
        ),
        "the backward pass of the ReLU after the convolution is missing, and windows of 0 hand it to all of their pixels": (
            lambda: _backward(params, X, y, conv=False, share="equal")[name] + right - data
        ),
        "the backward pass of both ReLUs is missing": (
            lambda: _backward(params, X, y, hidden=False, conv=False)[name] + right - data
        ),
        "a pixel of the pool's input gets the gradient whether it was the largest or not": (
            lambda: _backward(params, X, y, share="all")[name] + right - data
        ),
    }
    if name in WEIGHTS and reg:
        return known | regulariser_suspects(data, value, reg, len(X))
    if reg:
        known["the biases are not regularised: 2 * reg * b is too much"] = right + 2 * reg * value
        known["the biases are not regularised: reg * b is too much"] = right + reg * value
    return known


def _backward(params, X, y, *, own=True, hidden=True, conv=True, share=None):
    """Gradients of the data's loss by a backward pass in which something may be left out.

    `share`: which pixels of a window get its gradient; "equal": all that equal the largest, "all", None: the first.
    """
    at, p = net_layers(params, X), params
    exp = np.exp(at["scores"] - at["scores"].max(axis=1, keepdims=True))
    dscores = (exp / exp.sum(axis=1, keepdims=True) - own * np.eye(exp.shape[1])[y]) / len(y)
    dhidden = (dscores @ p["W3"].T) * (at["hidden"] > 0 if hidden else 1)
    dpool = (dhidden @ p["W2"].T).reshape(at["pool"].shape)
    active = np.maximum(at["conv"], 0)
    dconv = pool_gradient(dpool, active, (2, 2), 2)
    if share is not None:
        blown_up = [np.repeat(np.repeat(part, 2, axis=2), 2, axis=3) for part in (dpool, at["pool"])]
        dconv = blown_up[0] * (active == blown_up[1] if share == "equal" else 1)
    dconv = dconv * (at["conv"] > 0 if conv else 1)
    _, dW1, db1 = conv_gradients(dconv, X, p["W1"], 1, (p["W1"].shape[2] - 1) // 2)
    return {
        "W1": dW1, "b1": db1, "W2": at["rows"].T @ dhidden, "b2": dhidden.sum(axis=0),
        "W3": at["active"].T @ dscores, "b3": dscores.sum(axis=0),
    }  # fmt: skip


def built_on(convolve, shrink, params, X, y=None, reg=0.0):
    """Scores, and with y the loss and the gradients, of a network that is right but for the layers it is built on.

    `convolve(x, w, b, pad)` and `shrink(x)` give what such a layer does: its result, and a function from dout to gradients.
    """
    p = params
    conv, conv_back = convolve(X, p["W1"], p["b1"], (p["W1"].shape[2] - 1) // 2)
    pooled, pool_back = shrink(np.maximum(conv, 0))
    rows = pooled.reshape(len(X), -1)
    hidden = rows @ p["W2"] + p["b2"]
    active = np.maximum(hidden, 0)
    found = {"scores": active @ p["W3"] + p["b3"]}
    if y is None:
        return found
    found["loss"] = cross_entropy(found["scores"], y) + reg * sum(np.sum(p[name] ** 2) for name in WEIGHTS)
    exp = np.exp(found["scores"] - found["scores"].max(axis=1, keepdims=True))
    dscores = (exp / exp.sum(axis=1, keepdims=True) - np.eye(exp.shape[1])[y]) / len(y)
    dhidden = (dscores @ p["W3"].T) * (hidden > 0)
    _, dW1, db1 = conv_back(pool_back((dhidden @ p["W2"].T).reshape(pooled.shape)) * (conv > 0))
    found |= {"W1": dW1 + 2 * reg * p["W1"], "b1": db1}
    found |= {"W2": rows.T @ dhidden + 2 * reg * p["W2"], "b2": dhidden.sum(axis=0)}
    return found | {"W3": active.T @ dscores + 2 * reg * p["W3"], "b3": dscores.sum(axis=0)}


# ---------------------------------------------------------------- pictures


def edge_mistakes(image):
    """What known mistakes give in place of the response."""
    values = image.astype(np.float64)
    right = edges(values)

    def one(channel):
        return edges(np.stack([values[..., channel]] * 3, axis=-1)) / 3

    def framed(mode):
        x = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode=mode)
        return edges(x)[1:-1, 1:-1]

    return {
        "the kernel is flipped: the response has the wrong sign": -right,
        "the kernel is transposed: this answers to changes from top to bottom": edges(values, KERNEL.T),
        "the kernel is transposed and flipped": -edges(values, KERNEL.T),
        "the colours are averaged; their responses are summed": right / 3,
        "only the first colour counts; the responses of all three are summed": one(0),
        "only the second colour counts; the responses of all three are summed": one(1),
        "only the last colour counts; the responses of all three are summed": one(2),
        "the sign is lost: these are absolute values": np.abs(right),
        "the response is cut to 0 .. 255; it is asked for as it is": np.clip(right, 0, 255),
        "negative responses are cut at 0; they are asked for as they are": np.maximum(right, 0),
        "the response is scaled to 0 .. 1; it is asked for as it is": (right - right.min()) / np.ptp(right),
        "the response is scaled to 0 .. 255; it is asked for as it is": 255 * (right - right.min()) / np.ptp(right),
        "the image is divided by 255; it is taken as it is": right / 255,
        "the border is missing: pad with zeros": right[1:-1, 1:-1],
        "the padding repeats the border; zeros are asked for": framed("edge"),
        "the padding mirrors the image; zeros are asked for": framed("reflect"),
        "the responses are in bytes, where 3 - 5 is 254: take floats": right % 256,
        "the axes of the image are exchanged: (H, W) is asked for": right.T,
        "there is a response for every colour; their sum is asked for": np.stack(
            [one(channel) for channel in range(3)], axis=-1
        ),
        "an axis of length 1 is left: (H, W) is asked for": right[None],
    }


def picture_mistakes(W1):
    """What known mistakes give in place of the pictures."""
    right, moved = filter_pictures(W1), np.moveaxis(W1, 1, -1)

    def stretched(values, axes):
        low = values.min(axis=axes, keepdims=True)
        return 255 * (values - low) / (values.max(axis=axes, keepdims=True) - low)

    largest = np.abs(moved).max(axis=(1, 2, 3), keepdims=True)
    return {
        "all filters are stretched together; each must be on its own": stretched(moved, (0, 1, 2, 3)),
        "each colour is stretched on its own; a filter is stretched as a whole": stretched(moved, (1, 2)),
        "the colours are on axis 1; they must be the last": stretched(W1, (1, 2, 3)),
        "the axes are reshaped, not transposed: the values of a filter are mixed up": (
            stretched(W1.reshape(moved.shape), (1, 2, 3))
        ),
        "rows and columns of the filters are exchanged": np.swapaxes(right, 1, 2),
        "the values go from 0 to 1; 0 to 255 is asked for": right / 255,
        "light and dark are exchanged: the smallest weight must become 0": 255 - right,
        "0 is kept in the middle; the smallest weight must become 0, the largest 255": 127.5 + 127.5 * moved / largest,
        "only the largest weight is used; the smallest must become 0": np.clip(
            255 * moved / moved.max(axis=(1, 2, 3), keepdims=True), 0, 255
        ),
        "the colours are in the order blue, green, red": right[..., ::-1],
    }
