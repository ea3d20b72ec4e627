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
    raise NotImplementedError


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
    raise NotImplementedError


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
        raise NotImplementedError

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The class with the largest score, for every row.

        Args:
            X: rows (M, D).

        Returns:
            classes (M,).
        """
        raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
