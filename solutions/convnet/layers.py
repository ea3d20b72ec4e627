"""Convolution and max pooling in NumPy, forward and backward, and a small network that is made of them.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_convnet.py
checks them: run `pytest` in this folder. Helpers of your own (affine, ReLU, softmax, an update rule) may stand anywhere
between the functions.

Shapes: N images, C channels, H x W pixels; F filters of HH x WW pixels; an output of H' x W' places. Images are
(N, C, H, W), filters (F, C, HH, WW).
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "ThreeLayerConvNet", "conv_backward_naive", "conv_forward_naive", "edge_filter", "first_layer_filters", "flatten",
    "max_pool_backward_naive", "max_pool_forward_naive", "overfit", "train",
]  # fmt: skip


# BEGIN SOLUTION
def _places(x: np.ndarray, height: int, width: int, stride: int):
    """How many windows fit: (H', W'); and for each pixel of a window the slices of x that it meets in all of them."""
    _, _, H, W = x.shape
    rows, cols = (H - height) // stride + 1, (W - width) // stride + 1
    taps = {
        (i, j): (..., slice(i, i + stride * rows, stride), slice(j, j + stride * cols, stride))
        for i in range(height)
        for j in range(width)
    }
    return (rows, cols), taps


# END SOLUTION
def conv_forward_naive(x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, int]) -> tuple[np.ndarray, object]:
    """Slide every filter over every image: at each place the sum of pixel times weight, plus the filter's bias.

    The kernel is not flipped. The image is surrounded by `pad` rows and columns of zeros on each of its four sides.

    Args:
        x: images (N, C, H, W), float32 or float64.
        w: filters (F, C, HH, WW).
        b: biases (F,).
        conv_param: {"stride": pixels from one window to the next, at least 1, "pad": rows of zeros, at least 0}.

    Returns:
        out: (N, F, H', W') with H' = (H + 2 pad - HH) // stride + 1 and W' alike.
        cache: whatever your conv_backward_naive needs.
    """
    # BEGIN SOLUTION
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, C, _, _), (F, _, HH, WW) = x.shape, w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    size, taps = _places(padded, HH, WW, stride)
    columns = np.empty((N, C, HH, WW, *size), dtype=x.dtype)
    for (i, j), where in taps.items():
        columns[:, :, i, j] = padded[where]
    columns = columns.reshape(N, C * HH * WW, -1)
    out = w.reshape(F, -1) @ columns  # (F, C HH WW) @ (N, C HH WW, H' W') -> (N, F, H' W')
    out += b[:, None]
    return out.reshape(N, F, *size), (columns, padded.shape, x.shape, w, stride, pad)
    # END SOLUTION


def conv_backward_naive(dout: np.ndarray, cache: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(dout * out), for any dout.

    Args:
        dout: gradient of the loss with respect to out, (N, F, H', W').
        cache: what conv_forward_naive gave.

    Returns:
        dx: (N, C, H, W).
        dw: (F, C, HH, WW).
        db: (F,).
    """
    # BEGIN SOLUTION
    columns, padded_shape, (N, C, H, W), w, stride, pad = cache
    (F, _, HH, WW), (_, _, *size) = w.shape, dout.shape
    dflat = dout.reshape(N, F, -1)  # (N, F, H' W')
    dw = (dflat @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(w.shape)
    dcolumns = (w.reshape(F, -1).T @ dflat).reshape(N, C, HH, WW, *size)
    dpadded = np.zeros(padded_shape, dtype=dcolumns.dtype)
    _, taps = _places(dpadded, HH, WW, stride)
    for (i, j), where in taps.items():
        dpadded[where] += dcolumns[:, :, i, j]
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, dflat.sum(axis=(0, 2))
    # END SOLUTION


def max_pool_forward_naive(x: np.ndarray, pool_param: dict[str, int]) -> tuple[np.ndarray, object]:
    """The largest value in each window, in each channel by itself. No padding.

    Args:
        x: images (N, C, H, W).
        pool_param: {"pool_height": rows of a window, "pool_width": its columns, "stride": pixels to the next window}.

    Returns:
        out: (N, C, H', W') with H' = (H - pool_height) // stride + 1 and W' = (W - pool_width) // stride + 1.
        cache: whatever your max_pool_backward_naive needs.
    """
    # BEGIN SOLUTION
    _, taps = _places(x, pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"])
    out = np.maximum.reduce([x[where] for where in taps.values()])
    return out, (x, out, taps)
    # END SOLUTION


def max_pool_backward_naive(dout: np.ndarray, cache: object) -> np.ndarray:
    """The gradient of sum(dout * out): every window hands its dout to the pixel that was its largest.

    Windows may overlap: a pixel that is the largest of several gets the sum.

    Args:
        dout: gradient of the loss with respect to out, (N, C, H', W').
        cache: what max_pool_forward_naive gave.

    Returns:
        dx: (N, C, H, W).
    """
    # BEGIN SOLUTION
    x, out, taps = cache
    dx = np.zeros(x.shape, dtype=dout.dtype)
    for where in taps.values():
        dx[where] += dout * (x[where] == out)
    return dx
    # END SOLUTION


def flatten(x: np.ndarray) -> np.ndarray:
    """Every image as one row.

    Args:
        x: batch (N, d_1, ..., d_k), with any number k >= 1 of further axes.

    Returns:
        rows (N, d_1 * ... * d_k): the values of an image in the order in which they stand, the last axis runs fastest.
    """
    # BEGIN SOLUTION
    return x.reshape(len(x), -1)
    # END SOLUTION


# BEGIN SOLUTION
def _softmax_loss(scores: np.ndarray, y: np.ndarray):
    """Mean cross-entropy over the rows, and its gradient (N, num_classes)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(len(y)), y] -= 1
    return -log_p[np.arange(len(y)), y].mean(), dscores / len(y)


_POOL = {"pool_height": 2, "pool_width": 2, "stride": 2}


# END SOLUTION
class ThreeLayerConvNet:
    """conv - ReLU - 2x2 max pool - affine - ReLU - affine - softmax.

    The parameters are in the dict `params`, and nowhere else: `loss` reads them there at every call.

        W1 (F, C, filter_size, filter_size), b1 (F,)     the filters: stride 1, and as much padding as keeps H x W
        W2 (F * H/2 * W/2, hidden_dim), b2 (hidden_dim,)
        W3 (hidden_dim, num_classes), b3 (num_classes,)
    """

    def __init__(
        self,
        input_dim: tuple[int, int, int] = (3, 32, 32),
        num_filters: int = 32,
        filter_size: int = 7,
        hidden_dim: int = 100,
        num_classes: int = 10,
        seed: int = 0,
    ) -> None:
        """Make `self.params`, a dict of six arrays.

        Every W holds normal numbers with mean 0 and standard deviation sqrt(2 / n), n being how many inputs one of its
        outputs has (He); every b is zeros.

        Args:
            input_dim: (C, H, W) of an image; H and W are even.
            num_filters: F.
            filter_size: an odd number.
            hidden_dim: units of the hidden affine layer.
            num_classes: how many classes.
            seed: of the random numbers: the same seed gives the same parameters, another seed others.
        """
        # BEGIN SOLUTION
        C, H, W = input_dim
        rng = np.random.default_rng(seed)

        def he(inputs: int, *shape: int) -> np.ndarray:
            return rng.normal(scale=np.sqrt(2 / inputs), size=shape)

        window, pooled = C * filter_size**2, num_filters * (H // 2) * (W // 2)
        self.params = {
            "W1": he(window, num_filters, C, filter_size, filter_size), "b1": np.zeros(num_filters),
            "W2": he(pooled, pooled, hidden_dim), "b2": np.zeros(hidden_dim),
            "W3": he(hidden_dim, hidden_dim, num_classes), "b3": np.zeros(num_classes),
        }  # fmt: skip
        # END SOLUTION

    def loss(
        self, X: np.ndarray, y: np.ndarray | None = None, reg: float = 0.0
    ) -> np.ndarray | tuple[float, dict[str, np.ndarray]]:
        """Scores, or the loss and its gradients.

        Args:
            X: images (N, C, H, W).
            y: true classes (N,), integers from 0, or None.
            reg: strength of the regularisation of W1, W2 and W3, at least 0.

        Returns:
            without y: scores (N, num_classes), before softmax.
            with y: loss, a number: the mean cross-entropy plus reg * (sum(W1 * W1) + sum(W2 * W2) + sum(W3 * W3));
            grads: a dict with the gradient of the loss for every key of `params`.
        """
        # BEGIN SOLUTION
        p = self.params
        *_, side = p["W1"].shape
        conv, of_conv = conv_forward_naive(X, p["W1"], p["b1"], {"stride": 1, "pad": side // 2})
        pool, of_pool = max_pool_forward_naive(np.maximum(conv, 0), _POOL)
        rows = flatten(pool)
        hidden = rows @ p["W2"] + p["b2"]
        active = np.maximum(hidden, 0)
        scores = active @ p["W3"] + p["b3"]
        if y is None:
            return scores
        loss, dscores = _softmax_loss(scores, y)
        dhidden = (dscores @ p["W3"].T) * (hidden > 0)
        dpool = (dhidden @ p["W2"].T).reshape(pool.shape)
        dconv = max_pool_backward_naive(dpool, of_pool) * (conv > 0)
        _, dW1, db1 = conv_backward_naive(dconv, of_conv)
        grads = {
            "W1": dW1, "b1": db1,
            "W2": rows.T @ dhidden, "b2": dhidden.sum(axis=0),
            "W3": active.T @ dscores, "b3": dscores.sum(axis=0),
        }  # fmt: skip
        for name in ("W1", "W2", "W3"):
            loss = loss + reg * np.sum(p[name] ** 2)
            grads[name] = grads[name] + 2 * reg * p[name]
        return loss, grads
        # END SOLUTION


# BEGIN SOLUTION
class _Momentum:
    """Gradient descent with momentum 0.9, one velocity for each parameter."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.velocities: dict[str, np.ndarray] = {}

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> None:
        """Put the next arrays into `params`."""
        for name, gradient in grads.items():
            self.velocities[name] = 0.9 * self.velocities.get(name, 0) - self.learning_rate * gradient
            params[name] = params[name] + self.velocities[name]


# END SOLUTION
def overfit(model: ThreeLayerConvNet, X: np.ndarray, y: np.ndarray, learning_rate: float, num_epochs: int) -> list[float]:
    """Train on a handful of images until they are known by heart, to see whether everything works together.

    Every epoch is one step on all images, without regularisation, by momentum or Adam, as you like. The model itself is
    trained.

    Args:
        model: the network; its `params` are the beginning.
        X: a few images (N, C, H, W), standardised (mean 0, standard deviation 1).
        y: their classes (N,).
        learning_rate: of your update rule; with 0, nothing changes.
        num_epochs: how many steps.

    Returns:
        the loss before each step: num_epochs numbers.
    """
    # BEGIN SOLUTION
    rule, losses = _Momentum(learning_rate), []
    for _ in range(num_epochs):
        loss, grads = model.loss(X, y)
        rule.update(model.params, grads)
        losses.append(float(loss))
    return losses
    # END SOLUTION


def train(
    model: ThreeLayerConvNet,
    X: np.ndarray,
    y: np.ndarray,
    X_val: np.ndarray,
    y_val: np.ndarray,
    learning_rate: float = 1e-2,
    reg: float = 0.0,
    num_epochs: int = 5,
    batch_size: int = 20,
) -> dict[str, list[float]]:
    """Train in batches, by momentum or Adam, as you like. The model itself is trained.

    An epoch is N / batch_size steps; batch_size divides N. Batches are drawn at random, with or without replacement, so
    that every image takes part.

    Args:
        model: the network; its `params` are the beginning.
        X: training images (N, C, H, W).
        y: their classes (N,).
        X_val: validation images.
        y_val: their classes.
        learning_rate: of your update rule; with 0, nothing changes.
        reg: strength of the regularisation.
        num_epochs: how many epochs.
        batch_size: images of a batch.

    Returns:
        a dict of three lists: "loss", the loss of every step's batch before the step; "train_acc" and "val_acc", the
        fraction of right predictions on X and on X_val after every epoch.
    """

    # BEGIN SOLUTION
    def accuracy(images: np.ndarray, labels: np.ndarray) -> float:
        return float(np.mean(model.loss(images).argmax(axis=1) == labels))

    rule = _Momentum(learning_rate)
    history: dict[str, list[float]] = {"loss": [], "train_acc": [], "val_acc": []}
    for _ in range(num_epochs):
        for batch in np.random.permutation(len(X)).reshape(-1, batch_size):
            loss, grads = model.loss(X[batch], y[batch], reg)
            rule.update(model.params, grads)
            history["loss"].append(float(loss))
        history["train_acc"].append(accuracy(X, y))
        history["val_acc"].append(accuracy(X_val, y_val))
    return history
    # END SOLUTION


def edge_filter(image: np.ndarray) -> np.ndarray:
    """Where the image grows brighter from left to right.

    That is the response of every colour to one kernel, summed over the colours. The kernel is
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], not flipped; around the image there are zeros.

    Args:
        image: (H, W, 3), bytes or floats from 0 to 255.

    Returns:
        response (H, W): floats of either sign, not scaled and not cut.
    """
    # BEGIN SOLUTION
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    x = image.astype(np.float64).transpose(2, 0, 1)[None]  # (1, 3, H, W)
    out, _ = conv_forward_naive(x, np.tile(kernel, (1, 3, 1, 1)), np.zeros(1), {"stride": 1, "pad": 1})
    return out.reshape(image.shape[:2])
    # END SOLUTION


def first_layer_filters(model: ThreeLayerConvNet) -> np.ndarray:
    """The filters of the first layer as small colour pictures.

    Each filter is stretched on its own: the smallest of its weights becomes 0, the largest 255.

    Args:
        model: a network for images of 3 channels; no filter has all its weights equal.

    Returns:
        pictures (F, h, w, 3), uint8.
    """
    # BEGIN SOLUTION
    W1 = np.moveaxis(model.params["W1"], 1, 3)  # (F, C, h, w) -> (F, h, w, C)
    low, high = W1.min(axis=(1, 2, 3), keepdims=True), W1.max(axis=(1, 2, 3), keepdims=True)
    return (255 * (W1 - low) / (high - low)).astype(np.uint8)
    # END SOLUTION
