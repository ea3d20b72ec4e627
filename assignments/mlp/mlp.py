"""Multilayer perceptrons in PyTorch: XOR, what a stack without bends is worth, handwritten digits, two optimizers.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_mlp.py checks
them: run `pytest` in this folder. Helpers of your own may stand anywhere between the functions.

Shapes: N rows of a batch, C classes. Tensors hold float32, labels int64.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import DataLoader

__all__ = [
    "DeepMLP", "LinearStack", "MnistMLP", "XorNet", "accuracy", "collapse", "compare_optimizers", "probabilities",
    "train_classifier", "train_xor", "xor_sequential",
]  # fmt: skip


class XorNet(nn.Module):
    """2 - hidden - 1: a linear layer, ReLU, a linear layer, sigmoid."""

    def __init__(self, hidden: int = 10) -> None:
        """Make the layers, as nn.Linear begins them.

        Args:
            hidden: how many hidden units, at least 2.
        """
        super().__init__()
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Points (N, 2) to the probabilities (N, 1) that exactly one of the two numbers is 1."""
        raise NotImplementedError


def xor_sequential(hidden: int = 10) -> nn.Sequential:
    """The same network as an nn.Sequential, without a class.

    Args:
        hidden: how many hidden units, at least 2.

    Returns:
        a new network; it maps (N, 2) to (N, 1).
    """
    raise NotImplementedError


def train_xor(model: nn.Module, steps: int = 2000, learning_rate: float = 1.0) -> list[float]:
    """Train a network on the four points of XOR: stochastic gradient descent on the binary cross-entropy.

    Args:
        model: maps (4, 2) to probabilities (4, 1). It is trained in place, on the device that it is on.
        steps: how many, each with all four points.
        learning_rate: of plain SGD (no momentum, no weight decay).

    Returns:
        losses: a list of `steps` Python floats: the mean loss of the four points, before each step.
    """
    raise NotImplementedError


class LinearStack(nn.Module):
    """2 - hidden - 1 without a bend: two linear layers, one directly after the other, then sigmoid.

    Attributes:
        hidden, output: the two nn.Linear.
    """

    def __init__(self, hidden: int = 10) -> None:
        """Make the layers, as nn.Linear begins them.

        Args:
            hidden: how many numbers lie between the layers, at least 2.
        """
        super().__init__()
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Points (N, 2) to probabilities (N, 1)."""
        raise NotImplementedError


def collapse(model: LinearStack) -> tuple[torch.Tensor, torch.Tensor]:
    """The one layer that does what both layers of the stack do, so that model(x) is sigmoid(x @ W.T + b).

    Args:
        model: a LinearStack. It is afterwards as it was before.

    Returns:
        W: (1, 2), a tensor that tracks no gradient.
        b: (1,), likewise.
    """
    raise NotImplementedError


class MnistMLP(nn.Module):
    """784 - 256 - 10 with ReLU after the hidden layer."""

    def __init__(self) -> None:
        """Make the layers, as nn.Linear begins them."""
        super().__init__()
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 1, 28, 28), or rows (N, 784), to logits (N, 10)."""
        raise NotImplementedError


class DeepMLP(nn.Module):
    """784 - 1024 - 2048 - 10 with ReLU after each hidden layer."""

    def __init__(self) -> None:
        """Make the layers, as nn.Linear begins them."""
        super().__init__()
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 1, 28, 28), or rows (N, 784), to logits (N, 10)."""
        raise NotImplementedError


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Softmax: exp(logit) of each class, divided by their sum over the classes of the row.

    Args:
        logits: (N, C), of any size: 1000 and -1000, too.

    Returns:
        (N, C): from 0 to 1, each row sums to 1.
    """
    raise NotImplementedError


def train_classifier(
    model: nn.Module,
    loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: str | torch.device = "cpu",
) -> list[float]:
    """Train a classifier in place: for every batch one step down the cross-entropy of its logits.

    Args:
        model: maps inputs as the loader gives them to logits (N, C); may be in eval mode, and is trained in training mode.
        loader: gives batches (inputs, labels); the last batch of an epoch may be smaller.
        optimizer: of the model's parameters.
        epochs: how often the loader is gone through.
        device: where to compute; the model and the batches are moved there.

    Returns:
        epoch_losses: a list of `epochs` Python floats: the losses of all samples of the epoch, each taken before the step of
            its batch, summed and divided by the number of samples.
    """
    raise NotImplementedError


def accuracy(model: nn.Module, loader: DataLoader, device: str | torch.device = "cpu") -> float:
    """The share of samples whose largest logit is that of their label.

    Args:
        model: maps inputs as the loader gives them to logits (N, C); it predicts in eval mode, and no gradient is tracked.
        loader: gives batches (inputs, labels); the last batch may be smaller.
        device: where to compute; the model and the batches are moved there.

    Returns:
        a Python float from 0 to 1.
    """
    raise NotImplementedError


def compare_optimizers(
    make_model: Callable[[], nn.Module],
    loader: DataLoader,
    test_loader: DataLoader,
    epochs: int,
    device: str | torch.device = "cpu",
) -> dict[str, dict]:
    """Train a model of its own with SGD (learning rate 0.1) and with Adam (learning rate 0.001).

    Args:
        make_model: gives a new classifier at each call.
        loader: to train on.
        test_loader: to measure on, after the training.
        epochs: of each training.
        device: where to compute.

    Returns:
        {"sgd": {"losses": epoch_losses, "accuracy": accuracy on test_loader}, "adam": the same}.
    """
    raise NotImplementedError
