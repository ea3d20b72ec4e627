from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


class XorNet(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return torch.sigmoid(self.fc2(x))


def xor_sequential(hidden=10):
    return nn.Sequential(
        nn.Linear(2, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 1),
        nn.Sigmoid(),
    )


def train_xor(model, steps=2000, learning_rate=1.0):
    device = next(model.parameters()).device
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32, device=device)
    y = torch.tensor([[0], [1], [1], [0]], dtype=torch.float32, device=device)
    criterion = nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)

    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        output = model(X)
        loss = criterion(output, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class LinearStack(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.hidden = nn.Linear(2, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x):
        return torch.sigmoid(self.output(self.hidden(x)))


def collapse(model):
    with torch.no_grad():
        W1, b1 = model.hidden.weight, model.hidden.bias
        W2, b2 = model.output.weight, model.output.bias
        # W2 (W1 x + b1) + b2
        return W2 @ W1, W2 @ b1 + b2


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
