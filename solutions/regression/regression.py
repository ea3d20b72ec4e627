"""Regression in PyTorch: tensors, autograd, gradient descent by hand, then with modules, data sets and mini-batches.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_regression.py
checks them: run `pytest` in this folder. Helpers of your own may stand anywhere between the functions.

Shapes: N rows, D features. x (N,) or X (N, D), y (N,). Tensors hold float32 unless something else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset  # noqa: F401

__all__ = [
    "ArrayDataset", "accumulated_gradients", "classify_run", "fit_line", "fit_linear_module", "fit_minibatches", "fit_plane",
    "gradient_of", "hwc_to_chw", "pick_device", "standardize",
]  # fmt: skip


def hwc_to_chw(images: torch.Tensor) -> torch.Tensor:
    """Images as files hold them, in the layout and the numbers that networks take.

    Args:
        images: (N, H, W, C), uint8 from 0 to 255.

    Returns:
        (N, C, H, W), float32 from 0 to 1.
    """
    # BEGIN SOLUTION
    return images.permute(0, 3, 1, 2).float() / 255
    # END SOLUTION


def standardize(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Shift and scale each column to mean 0 and standard deviation 1.

    Args:
        X: rows (N, D). It stays as it is.

    Returns:
        Z: (N, D); 0 in a column that is constant.
        mean: of each column, (D,).
        std: of each column, (D,): the root of the mean squared deviation (divided by N, not by N - 1).
    """
    # BEGIN SOLUTION
    mean, std = X.mean(dim=0), X.std(dim=0, correction=0)  # (D,)
    return (X - mean) / torch.where(std > 0, std, 1), mean, std
    # END SOLUTION


def gradient_of(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The gradient of f at x by autograd.

    Args:
        f: maps a tensor of x's shape to a single number, a tensor of shape ().
        x: where, of any shape. It is afterwards as it was before: its values, `requires_grad` and `grad`.

    Returns:
        gradient, of x's shape.
    """
    # BEGIN SOLUTION
    leaf = x.detach().requires_grad_()
    f(leaf).backward()
    return leaf.grad
    # END SOLUTION


def accumulated_gradients(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, n: int) -> torch.Tensor:
    """What n backward passes leave behind when nobody sets the gradient to zero between them: their sum.

    Args:
        f: as for gradient_of; it may give something else at each call. It is called n times.
        x: where, of any shape. It is afterwards as it was before.
        n: how many passes, at least 1.

    Returns:
        the sum of the n gradients, of x's shape.
    """
    # BEGIN SOLUTION
    leaf = x.detach().requires_grad_()
    for _ in range(n):
        f(leaf).backward()
    return leaf.grad
    # END SOLUTION


# BEGIN SOLUTION
def _step(parameters: Sequence[torch.Tensor], learning_rate: float) -> None:
    """One step of gradient descent, in place; the gradients are then gone."""
    for parameter in parameters:
        with torch.no_grad():
            parameter -= learning_rate * parameter.grad
        parameter.grad = None


# END SOLUTION
def fit_line(x: torch.Tensor, y: torch.Tensor, learning_rate: float, epochs: int) -> tuple[float, float, list[float]]:
    """Fit y = w x + b by gradient descent on the mean squared error, with tensors and autograd alone.

    Args:
        x, y: (N,). They stay as they are, here and below.
        learning_rate: of the step w <- w - learning_rate * dloss/dw, and of that for b.
        epochs: how many steps, each with all rows. w and b begin at 0.

    Returns:
        w, b: Python floats, after the last step.
        losses: a list of `epochs` Python floats: the loss of each epoch, before its step.
    """
    # BEGIN SOLUTION
    w, b = (x.new_zeros(()).requires_grad_() for _ in range(2))
    losses = []
    for _ in range(epochs):
        loss = ((w * x + b - y) ** 2).mean()
        losses.append(loss.item())
        loss.backward()
        _step([w, b], learning_rate)
    return w.item(), b.item(), losses
    # END SOLUTION


def classify_run(losses: Sequence[float]) -> str:
    """What became of a training, by its losses.

    Args:
        losses: one float for each epoch, at least 2; the finite ones are above 0.

    Returns:
        "diverged": some loss is not finite, or the last is above the first;
        "converged": else, if the loss fell by less than 1 % over the last max(1, len(losses) // 10) epochs;
        "too slow": else.
    """
    # BEGIN SOLUTION
    if not np.isfinite(losses).all() or losses[-1] > losses[0]:
        return "diverged"
    tenth = max(1, len(losses) // 10)
    return "converged" if losses[-1] > 0.99 * losses[-1 - tenth] else "too slow"
    # END SOLUTION


def fit_plane(
    X: torch.Tensor, y: torch.Tensor, learning_rate: float = 0.01, epochs: int = 1000
) -> tuple[torch.Tensor, float]:
    """Fit y = X W + b by gradient descent on the mean squared error; the predictions are one matrix product.

    Args:
        X: (N, D).
        y: (N,).
        learning_rate, epochs: as for fit_line. W and b begin at 0.

    Returns:
        W: (D,), a tensor that tracks no gradient.
        b: a Python float.
    """
    # BEGIN SOLUTION
    W, b = (X.new_zeros(shape).requires_grad_() for shape in ((X.shape[1],), ()))
    for _ in range(epochs):
        ((X @ W + b - y) ** 2).mean().backward()
        _step([W, b], learning_rate)
    return W.detach(), b.item()
    # END SOLUTION


def fit_linear_module(X: torch.Tensor, y: torch.Tensor, learning_rate: float = 0.01, epochs: int = 1000) -> nn.Linear:
    """The same with nn.Linear and torch.optim.SGD.

    Args:
        X: (N, D).
        y: (N,).
        learning_rate: of plain gradient descent (no momentum, no weight decay).
        epochs: how many steps, each with all rows, from the layer's own random start. 0 gives a layer as it begins.

    Returns:
        the layer, D features to 1: its weight has the shape (1, D), its bias (1,).
    """
    # BEGIN SOLUTION
    module = nn.Linear(X.shape[1], 1).to(X.device)
    optimizer = torch.optim.SGD(module.parameters(), lr=learning_rate)
    for _ in range(epochs):
        optimizer.zero_grad()
        ((module(X).flatten() - y) ** 2).mean().backward()
        optimizer.step()
    return module
    # END SOLUTION


class ArrayDataset(Dataset):
    """Rows and targets from NumPy, one pair at an index."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        """Keep them as float32 tensors.

        Args:
            X: (N, D), of any numeric dtype.
            y: (N,), of any numeric dtype.
        """
        # BEGIN SOLUTION
        self.X = torch.as_tensor(X, dtype=torch.float32)
        self.y = torch.as_tensor(y, dtype=torch.float32)
        # END SOLUTION

    def __len__(self) -> int:
        """How many rows there are."""
        # BEGIN SOLUTION
        return len(self.X)
        # END SOLUTION

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Row and target at an index: float32 tensors of shape (D,) and ()."""
        # BEGIN SOLUTION
        return self.X[index], self.y[index]
        # END SOLUTION


def fit_minibatches(
    dataset: Dataset, batch_size: int = 8, learning_rate: float = 0.01, epochs: int = 100, shuffle: bool = True
) -> tuple[torch.Tensor, float, list[float]]:
    """Fit a plane with one step for every batch.

    Args:
        dataset: N pairs of a row (D,) and a target ().
        batch_size: rows of a batch; the last one of an epoch holds what is left, and may be smaller.
        learning_rate: of the step on the mean squared error of one batch. W and b begin at 0.
        epochs: how often every row is used.
        shuffle: whether each epoch takes the rows in a random order of its own, or in theirs.

    Returns:
        W: (D,), a tensor that tracks no gradient.
        b: a Python float.
        epoch_losses: a list of `epochs` Python floats: the squared errors of all N rows of the epoch, each taken before the
            step of its batch, summed and divided by N.
    """
    # BEGIN SOLUTION
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=shuffle)
    row, _ = dataset[0]
    W, b = (row.new_zeros(shape).requires_grad_() for shape in (row.shape, ()))
    epoch_losses = []
    for _ in range(epochs):
        total = 0.0
        for rows, targets in loader:
            loss = ((rows @ W + b - targets) ** 2).mean()
            total += loss.item() * len(rows)
            loss.backward()
            _step([W, b], learning_rate)
        epoch_losses.append(total / len(dataset))
    return W.detach(), b.item(), epoch_losses
    # END SOLUTION


def pick_device(preferred: str | torch.device | None = None) -> torch.device:
    """Where to compute.

    Args:
        preferred: a device or its name, which is taken at its word, or None.

    Returns:
        the preferred device; without one "cuda" if there is CUDA, else "mps" if there is Apple's MPS, else "cpu".
    """
    # BEGIN SOLUTION
    if preferred is not None:
        return torch.device(preferred)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    # END SOLUTION
