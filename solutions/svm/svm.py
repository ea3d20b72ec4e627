"""A linear classifier in NumPy: the multiclass SVM, trained by stochastic gradient descent.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_svm.py
checks them: run `pytest` in this folder.

Shapes: N rows, D features (3073 for a 32 x 32 colour image and the column of ones), C classes. X (N, D), y (N,), W (D, C).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = [
    "LinearClassifier", "LinearSVM", "preprocess", "search", "svm_loss_naive", "svm_loss_vectorized", "weight_templates",
]  # fmt: skip


def svm_loss_naive(W: np.ndarray, X: np.ndarray, y: np.ndarray, reg: float) -> tuple[float, np.ndarray]:
    """The multiclass hinge loss with margin 1, and its gradient, by loops over the rows and the classes.

    Args:
        W: weights (D, C).
        X: rows (N, D), float32 or float64.
        y: true classes (N,), integers from 0 to C - 1.
        reg: strength of the regularisation, at least 0.

    Returns:
        loss: a number: the mean over the rows, plus reg * sum(W * W).
        dW: its gradient with respect to W, (D, C).
    """
    # BEGIN SOLUTION
    loss, dW = 0.0, np.zeros(W.shape)
    for row, label in zip(X, y, strict=True):
        scores = row @ W  # (C,)
        for j, score in enumerate(scores):
            margin = score - scores[label] + 1
            if j != label and margin > 0:
                loss += margin
                dW[:, j] += row
                dW[:, label] -= row
    return loss / len(X) + reg * np.sum(W * W), dW / len(X) + 2 * reg * W
    # END SOLUTION


def svm_loss_vectorized(W: np.ndarray, X: np.ndarray, y: np.ndarray, reg: float) -> tuple[float, np.ndarray]:
    """The same loss and gradient, without a loop over the rows or the classes.

    Args:
        W: weights (D, C).
        X: rows (N, D), float32 or float64.
        y: true classes (N,), integers from 0 to C - 1.
        reg: strength of the regularisation, at least 0.

    Returns:
        loss: a number: the mean over the rows, plus reg * sum(W * W).
        dW: its gradient with respect to W, (D, C).
    """
    # BEGIN SOLUTION
    rows = np.arange(len(X))
    scores = X @ W  # (N, C)
    margins = np.maximum(scores - scores[rows, y][:, None] + 1, 0)
    margins[rows, y] = 0
    loss = margins.sum() / len(X) + reg * np.sum(W * W)
    # Row i adds x_i to every class with a positive margin, and takes it from its own class as often.
    counts = (margins > 0).astype(X.dtype)  # (N, C)
    counts[rows, y] = -counts.sum(axis=1)
    return loss, X.T @ counts / len(X) + 2 * reg * W
    # END SOLUTION


class LinearClassifier:
    """Scores X @ W, trained by stochastic gradient descent. A subclass says which loss."""

    def __init__(self) -> None:
        """`W` (D, C) is None until `train` makes it, or somebody sets it."""
        self.W: np.ndarray | None = None

    def loss(self, X_batch: np.ndarray, y_batch: np.ndarray, reg: float) -> tuple[float, np.ndarray]:
        """Loss and gradient of the current W on these rows; written by the subclass."""
        raise NotImplementedError("a subclass of LinearClassifier says which loss")

    def train(
        self,
        X: np.ndarray,
        y: np.ndarray,
        learning_rate: float = 1e-3,
        reg: float = 1e-5,
        num_iters: int = 100,
        batch_size: int = 200,
        verbose: bool = False,
    ) -> list[float]:
        """Stochastic gradient descent: in every iteration one batch, one step.

        A W that is there already is continued; where it is None, it begins as 0.001 times standard normal numbers, with
        max(y) + 1 classes. Batches are drawn from the rows with replacement; `batch_size` may be larger than N.

        Args:
            X: training rows (N, D).
            y: their classes (N,), integers from 0.
            learning_rate: how far a step goes down the gradient.
            reg: strength of the regularisation.
            num_iters: how many steps.
            batch_size: rows of a batch.
            verbose: whether to print the loss now and then.

        Returns:
            the loss of every iteration's batch before its step: num_iters numbers.
        """
        # BEGIN SOLUTION
        if self.W is None:
            self.W = 0.001 * np.random.normal(size=(X.shape[1], int(np.max(y)) + 1))
        history = []
        for iteration in range(num_iters):
            batch = np.random.randint(len(X), size=batch_size)
            loss, gradient = self.loss(X[batch], y[batch], reg)
            history.append(float(loss))
            self.W = self.W - learning_rate * gradient
            if verbose and iteration % 100 == 0:
                print(f"iteration {iteration} of {num_iters}: loss {loss:.4f}")
        return history
        # END SOLUTION

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class with the largest score, for every row.

        Args:
            X: rows (M, D).

        Returns:
            classes (M,).
        """
        # BEGIN SOLUTION
        return np.argmax(X @ self.W, axis=1)
        # END SOLUTION


class LinearSVM(LinearClassifier):
    """The linear classifier with the multiclass hinge loss."""

    def loss(self, X_batch: np.ndarray, y_batch: np.ndarray, reg: float) -> tuple[float, np.ndarray]:
        """Hinge loss and gradient of the current W on these rows."""
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Images as rows, ready for a linear classifier.

    Every image becomes a row of floats, is divided by 255, loses the mean image of the *training* set, and gains a last
    column of ones. The inputs stay as they are.

    Args:
        X_train: training images (N, H, W, 3), or rows (N, D), of numbers from 0 to 255, bytes or floats.
        others: further sets of images of the same size, any number of sets.

    Returns:
        one array (N, D + 1) of floats for X_train and for each of the others, in that order.
    """
    # BEGIN SOLUTION
    flat = [images.reshape(len(images), -1) / 255 for images in (X_train, *others)]
    mean = flat[0].mean(axis=0)  # (D,)
    return [np.hstack([rows - mean, np.ones((len(rows), 1))]) for rows in flat]
    # END SOLUTION


def search(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_val: np.ndarray,
    y_val: np.ndarray,
    learning_rates: Sequence[float],
    regs: Sequence[float],
    num_iters: int = 300,
) -> tuple[dict[tuple[float, float], tuple[float, float]], LinearSVM]:
    """A new LinearSVM for every pair of learning rate and regularisation, and the one that validates best.

    Args:
        X_train: training rows (N, D).
        y_train: their classes (N,).
        X_val: validation rows (M, D).
        y_val: their classes (M,).
        learning_rates: the learning rates to try.
        regs: the strengths of regularisation to try.
        num_iters: steps of each training.

    Returns:
        results: {(learning rate, reg): (accuracy on the training rows, accuracy on the validation rows)}, fractions.
        best: the trained LinearSVM with the highest validation accuracy; of equally good ones any.
    """
    # BEGIN SOLUTION
    results, best, highest = {}, None, -1.0
    for learning_rate in learning_rates:
        for reg in regs:
            svm = LinearSVM()
            svm.train(X_train, y_train, learning_rate=learning_rate, reg=reg, num_iters=num_iters)
            train_accuracy = float(np.mean(svm.predict(X_train) == y_train))
            val_accuracy = float(np.mean(svm.predict(X_val) == y_val))
            results[learning_rate, reg] = train_accuracy, val_accuracy
            if val_accuracy > highest:
                best, highest = svm, val_accuracy
    return results, best
    # END SOLUTION


def weight_templates(W: np.ndarray, image_shape: tuple[int, int, int] = (32, 32, 3)) -> np.ndarray:
    """The weights of every class as a picture.

    The last row of W, the biases, is left out. Each class is stretched on its own: its smallest weight becomes 0, its
    largest 255.

    Args:
        W: weights (H * W * 3 + 1, C); no class has all its weights equal.
        image_shape: (H, W, 3).

    Returns:
        pictures (C, H, W, 3), uint8.
    """
    # BEGIN SOLUTION
    weights = W[:-1].T  # (C, H * W * 3)
    low, high = weights.min(axis=1, keepdims=True), weights.max(axis=1, keepdims=True)
    return (255 * (weights - low) / (high - low)).astype(np.uint8).reshape(-1, *image_shape)
    # END SOLUTION
