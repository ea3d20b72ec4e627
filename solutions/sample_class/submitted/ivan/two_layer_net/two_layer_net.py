# The usual slips: db averaged, half the regularisation, plain steps noted after they are taken.
"""A two-layer network in NumPy: layers with a forward and a backward pass, the softmax loss, training with momentum.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order,
test_two_layer_net.py checks them: run `pytest` in this folder.

Shapes: N rows (a batch), D inputs, H hidden units, C classes. X (N, D), y (N,), W1 (D, H), b1 (H,), W2 (H, C), b2 (C,).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = [
    "TwoLayerNet", "affine_backward", "affine_forward", "momentum_step", "numeric_gradient", "relu_backward",
    "relu_forward", "softmax_loss",
]  # fmt: skip


def numeric_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The gradient of f at x by centred differences, one coordinate after another.

    Args:
        f: maps an array of x's shape to a number.
        x: where (any shape), float64. It is afterwards as it was before.
        h: how far a coordinate is moved to either side.

    Returns:
        gradient, of x's shape: for every coordinate (f(x + h) - f(x - h)) / (2 h), the others unmoved.
    """
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] = x[index] + h
        above = f(moved)
        moved[index] = x[index] - h
        gradient[index] = (above - f(moved)) / (2 * h)
    return gradient


def softmax_loss(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The cross-entropy of softmax, mean over the rows, and its gradient.

    Args:
        x: logits (N, C); they may be as large as 1e4.
        y: true classes (N,), integers from 0 to C - 1.

    Returns:
        loss: a number.
        dx: its gradient with respect to x, (N, C).
    """
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, C)
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


def affine_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, object]:
    """A fully connected layer: x flattened to (N, D), times w, plus b.

    Args:
        x: batch (N, d_1, ..., d_k) with d_1 * ... * d_k = D.
        w: weights (D, M).
        b: biases (M,).

    Returns:
        out: (N, M).
        cache: whatever your affine_backward needs.
    """
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout: np.ndarray, cache: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The backward pass of a fully connected layer.

    Args:
        dout: gradient of the loss with respect to out, (N, M).
        cache: what affine_forward gave.

    Returns:
        dx: of the shape of x.
        dw: (D, M).
        db: (M,).
    """
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.mean(axis=0)


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, object]:
    """max(0, x), element by element.

    Args:
        x: of any shape.

    Returns:
        out: of the shape of x.
        cache: whatever your relu_backward needs.
    """
    return np.maximum(x, 0), x


def relu_backward(dout: np.ndarray, cache: object) -> np.ndarray:
    """The backward pass of ReLU.

    Args:
        dout: gradient of the loss with respect to out.
        cache: what relu_forward gave.

    Returns:
        dx: of the shape of x.
    """
    return dout * (cache > 0)


def momentum_step(
    w: np.ndarray, dw: np.ndarray, v: np.ndarray, learning_rate: float, momentum: float
) -> tuple[np.ndarray, np.ndarray]:
    """One step of gradient descent with momentum: first the velocity, then the weights.

    Args:
        w: weights, of any shape.
        dw: gradient of the loss with respect to w.
        v: velocity so far, zeros at the beginning.
        learning_rate: how much of the gradient enters the velocity.
        momentum: how much of the velocity stays, from 0 to 1.

    Returns:
        w, v: both after the step.
    """
    v = momentum * v - learning_rate * dw
    return w + v, v


class TwoLayerNet:
    """affine - ReLU - affine - softmax. The parameters are in the dict `params`: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""

    def __init__(
        self, input_size: int, hidden_size: int, num_classes: int, weight_scale: float = 1e-2, seed: int = 0
    ) -> None:
        """Make `self.params`, a dict of four arrays.

        Args:
            input_size: D.
            hidden_size: H.
            num_classes: C.
            weight_scale: W1 and W2 are weight_scale times standard normal numbers; b1 and b2 are zeros.
            seed: of the random numbers: the same seed gives the same parameters, another seed others.
        """
        rng = np.random.default_rng(seed)
        self.params = {
            "W1": weight_scale * rng.normal(size=(input_size, hidden_size)),
            "b1": np.zeros(hidden_size),
            "W2": weight_scale * rng.normal(size=(hidden_size, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def set_params(self, params: dict[str, np.ndarray]) -> None:
        """Put copies of these four arrays in the place of the parameters."""
        self.params = {name: np.array(value, dtype=float) for name, value in params.items()}

    def loss(
        self, X: np.ndarray, y: np.ndarray | None = None, reg: float = 0.0
    ) -> np.ndarray | tuple[float, dict[str, np.ndarray]]:
        """Scores, or the loss and its gradients.

        Args:
            X: rows (N, D).
            y: true classes (N,), integers from 0 to C - 1, or None.
            reg: strength of the regularisation of W1 and W2, at least 0.

        Returns:
            without y: scores (N, C), the logits before softmax.
            with y: loss, a number: the softmax loss plus reg * (sum(W1 * W1) + sum(W2 * W2));
            grads: a dict with the gradient of the loss for each of W1, b1, W2, b2.
        """
        params = self.params
        hidden, first = affine_forward(X, params["W1"], params["b1"])
        active, kept = relu_forward(hidden)
        scores, second = affine_forward(active, params["W2"], params["b2"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dactive, grads["W2"], grads["b2"] = affine_backward(dscores, second)
        _, grads["W1"], grads["b1"] = affine_backward(relu_backward(dactive, kept), first)
        for name in ("W1", "W2"):
            loss = loss + reg * np.sum(params[name] ** 2)
            grads[name] = grads[name] + reg * params[name]
        return loss, grads

    def train(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_val: np.ndarray,
        y_val: np.ndarray,
        learning_rate: float = 1e-2,
        momentum: float = 0.9,
        reg: float = 1e-4,
        num_epochs: int = 10,
        batch_size: int = 100,
    ) -> dict[str, list[float]]:
        """Gradient descent with momentum, in batches. Goes on from the parameters that are there.

        An epoch is max(1, N // batch_size) steps. How the batches are drawn is up to you, as long as it is at random and
        every row takes part in the training. The velocities are zeros at the beginning of every call.

        Args:
            X, y: training rows (N, D) and their classes (N,).
            X_val, y_val: validation rows and their classes.
            learning_rate, momentum: of `momentum_step`.
            reg: strength of the regularisation.
            num_epochs: how many epochs.
            batch_size: rows of a batch; where it is larger than N, the batch is all rows.

        Returns:
            a dict of three lists: "loss", the loss of every step's batch before the step; "train_acc" and "val_acc", the
            fraction of right predictions on X and on X_val after every epoch.
        """
        history: dict[str, list[float]] = {"loss": [], "train_acc": [], "val_acc": []}
        velocities = {name: np.zeros(value.shape) for name, value in self.params.items()}
        steps = max(1, len(X) // batch_size)
        for _ in range(num_epochs):
            order = np.random.permutation(len(X))
            for step in range(steps):
                batch = order[step * batch_size : (step + 1) * batch_size]
                loss, grads = self.loss(X[batch], y[batch], reg)
                for name, gradient in grads.items():
                    self.params[name], velocities[name] = momentum_step(
                        self.params[name], gradient, velocities[name], learning_rate, momentum
                    )
                history["loss"].append(float(self.loss(X[batch], y[batch], reg)[0]))
            history["train_acc"].append(float(np.mean(self.predict(X) == y)))
            history["val_acc"].append(float(np.mean(self.predict(X_val) == y_val)))
        return history

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class with the highest score for every row.

        Args:
            X: rows (N, D).

        Returns:
            classes (N,).
        """
        return np.argmax(self.loss(X), axis=1)
