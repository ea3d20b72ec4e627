"""LeNet and its grandchildren in PyTorch: networks, training, evaluation, and a look at what they get wrong.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_lenet.py checks
them: run `pytest` in this folder. Helpers of your own may stand anywhere between the functions.

Shapes: images (N, 1, H, W) or (N, 3, H, W), labels (N,) from 0 to 9, logits (N, classes). Tensors hold float32,
labels int64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: F401
from torch import nn
from torch.utils.data import DataLoader, TensorDataset  # noqa: F401

__all__ = [
    "SOBEL", "BasicCNN", "CifarCNN", "DeepCNN", "LeNet", "SimpleCNN", "apply_filter", "compare", "confusion_matrix",
    "evaluate", "get_predictions", "make_loaders", "most_incorrect", "output_size", "pool_images", "train_epoch",
]  # fmt: skip

# Kernels to try with apply_filter: each answers to edges that run in the direction of its name.
SOBEL = {
    "horizontal": torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "vertical": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "diagonal": torch.tensor([[-2.0, -1, 0], [-1, 0, 1], [0, 1, 2]]),
}


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """How many places a window has along one axis.

    Args:
        size: pixels of the axis.
        kernel: pixels of the window, at most size + 2 * padding.
        stride: pixels from one place to the next.
        padding: pixels added at each of the two ends.

    Returns:
        the number of places, a Python int.
    """
    # BEGIN SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    # END SOLUTION


def apply_filter(images: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Cross-correlation of every image with one kernel, without padding and without flipping it.

    Args:
        images: (N, 1, H, W).
        kernel: (k, k).

    Returns:
        responses (N, 1, H - k + 1, W - k + 1), float32.
    """
    # BEGIN SOLUTION
    return F.conv2d(images, kernel[None, None])
    # END SOLUTION


def pool_images(images: torch.Tensor, kind: str, size: int) -> torch.Tensor:
    """One pixel for every size x size window; windows do not overlap, and what is left over below and right is left out.

    Args:
        images: (N, 1, H, W).
        kind: "max" for the largest pixel of a window, "mean" for their mean.
        size: rows and columns of a window.

    Returns:
        pooled images (N, 1, H // size, W // size), float32.

    Raises:
        ValueError: for any other kind.
    """
    # BEGIN SOLUTION
    if kind == "max":
        return F.max_pool2d(images, size)
    if kind == "mean":
        return F.avg_pool2d(images, size)
    raise ValueError(f"{kind!r} is neither 'max' nor 'mean'")
    # END SOLUTION


def make_loaders(
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    batch_size: int = 64,
) -> tuple[DataLoader, DataLoader]:
    """Digits as they come from files, as loaders of batches.

    Args:
        train_images, test_images: (N, H, W), uint8 from 0 to 255, NumPy arrays.
        train_labels, test_labels: (N,), integers.
        batch_size: images of a batch; the last one holds what is left.

    Returns:
        train_loader: images (B, 1, H, W), float32 from 0 to 1, and labels (B,), int64, in a new random order in every epoch.
        test_loader: the same of the test images, in their order.
    """

    # BEGIN SOLUTION
    def dataset(images: np.ndarray, labels: np.ndarray) -> TensorDataset:
        scaled = torch.from_numpy(np.array(images, np.float32)[:, None] / 255)  # (N, 1, H, W)
        return TensorDataset(scaled, torch.from_numpy(np.array(labels, np.int64)))

    train, test = dataset(train_images, train_labels), dataset(test_images, test_labels)
    return DataLoader(train, batch_size=batch_size, shuffle=True), DataLoader(test, batch_size=batch_size)
    # END SOLUTION


class LeNet(nn.Module):
    """LeNet for images of 28 x 28: two convolutions, three linear layers, one logit for every class.

    Args:
        output_dim: number of classes.
    """

    def __init__(self, output_dim: int = 10) -> None:
        # BEGIN SOLUTION
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.ReLU(),  # (N, 6, 12, 12)
            nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.ReLU(),  # (N, 16, 4, 4)
            nn.Flatten(),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, output_dim)
        )
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, and what the convolutions found.

        Args:
            x: images (N, 1, 28, 28), or a single image (1, 28, 28), which is taken for a batch of one.

        Returns:
            logits: (N, output_dim).
            hidden: (N, 256), the flattened values after the second pooling and ReLU, which go into the first linear layer.
        """
        # BEGIN SOLUTION
        hidden = self.features(x if x.dim() == 4 else x[None])
        return self.classifier(hidden), hidden
        # END SOLUTION


# BEGIN SOLUTION
def _logits(output: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The logits of what a model gives: LeNet gives two things."""
    return output[0] if isinstance(output, tuple) else output


# END SOLUTION
def train_epoch(
    model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, device: str | torch.device = "cpu"
) -> tuple[float, float]:
    """One step of the optimizer for every batch of the loader, on the mean cross-entropy of the batch, in training mode.

    Args:
        model: gives logits, or a tuple that begins with them; it lies on `device` already.
        loader: batches (images, labels), which lie on the CPU.
        optimizer: of this model's parameters.
        device: where to compute.

    Returns:
        loss, accuracy: means over all images, of what the model gave for them before the step of their batch. Python floats,
            the accuracy in [0, 1].
    """
    # BEGIN SOLUTION
    model.train()
    total, right, count = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = _logits(model(images))
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return total / count, right / count
    # END SOLUTION


def evaluate(model: nn.Module, loader: DataLoader, device: str | torch.device = "cpu") -> tuple[float, float]:
    """Loss and accuracy of the model as it is, in evaluation mode and without gradients.

    Args:
        model, loader, device: as for train_epoch. The model is afterwards as it was, its mode too.

    Returns:
        loss, accuracy: means over all images, Python floats.
    """
    # BEGIN SOLUTION
    mode = model.training
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = _logits(model(images))
            total += F.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    model.train(mode)
    return total / count, right / count
    # END SOLUTION


def get_predictions(
    model: nn.Module, loader: DataLoader, device: str | torch.device = "cpu"
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Every image of the loader with the probabilities that the model gives it, in evaluation mode and without gradients.

    Args:
        model, loader, device: as for evaluate.

    Returns:
        images: (N, C, H, W), in the order of the loader.
        labels: (N,), the true ones.
        probabilities: (N, classes), the softmax of the logits. All three lie on the CPU.
    """
    # BEGIN SOLUTION
    mode = model.training
    model.eval()
    parts = []
    with torch.no_grad():
        for images, labels in loader:
            probabilities = _logits(model(images.to(device))).softmax(dim=1)
            parts.append((images, labels, probabilities.cpu()))
    model.train(mode)
    images, labels, probabilities = (torch.cat(column) for column in zip(*parts, strict=True))
    return images, labels, probabilities
    # END SOLUTION


def confusion_matrix(labels: torch.Tensor, predictions: torch.Tensor, num_classes: int = 10) -> torch.Tensor:
    """How often an image of one class is taken for one of another.

    Args:
        labels: (N,), int64, the true classes.
        predictions: (N,), int64.
        num_classes: number of classes; some may not occur.

    Returns:
        counts (num_classes, num_classes), int64: row i, column j counts the images of class i that were taken for class j.
    """
    # BEGIN SOLUTION
    pairs = labels * num_classes + predictions
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    # END SOLUTION


def most_incorrect(
    images: torch.Tensor, labels: torch.Tensor, probabilities: torch.Tensor, n: int
) -> list[tuple[torch.Tensor, int, int, float]]:
    """The wrong predictions that the model was surest of.

    Args:
        images, labels, probabilities: as get_predictions gives them.
        n: how many at most; 0 or more.

    Returns:
        up to n tuples (image, true class, predicted class, probability of the predicted class) of images whose prediction is
            wrong, the largest probability first; a tensor of an image's shape, two Python ints and a float.
    """
    # BEGIN SOLUTION
    sure, predictions = probabilities.max(dim=1)
    wrong = torch.nonzero(predictions != labels).flatten()
    order = wrong[sure[wrong].argsort(descending=True)][:n]
    return [(images[i], labels[i].item(), predictions[i].item(), sure[i].item()) for i in order]
    # END SOLUTION


class BasicCNN(nn.Module):
    """Two blocks of convolution, ReLU and pooling for images (N, 1, 28, 28), and two linear layers: logits (N, 10)."""

    def __init__(self) -> None:
        # BEGIN SOLUTION
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 14, 14)
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 32, 7, 7)
            nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28)."""
        # BEGIN SOLUTION
        return self.layers(x)
        # END SOLUTION


class DeepCNN(nn.Module):
    """Three blocks with batch norm for images (N, 1, 28, 28), a linear layer with dropout, and the output: logits (N, 10).

    The weights of the convolutions and of the first linear layer begin as He's: mean 0, standard deviation
    sqrt(2 / fan_in); their biases begin as 0. The output layer begins as PyTorch makes it.
    """

    def __init__(self) -> None:
        # BEGIN SOLUTION
        super().__init__()
        blocks = []
        for inputs, outputs in ((1, 32), (32, 64), (64, 128)):  # 28 -> 14 -> 7 -> 3 pixels a side
            blocks += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(1152, 256), nn.ReLU(), nn.Dropout(0.5))
        for layer in self.features:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        self.output = nn.Linear(256, 10)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of images (N, 1, 28, 28)."""
        # BEGIN SOLUTION
        return self.output(self.features(x))
        # END SOLUTION


def compare(
    train_loader: DataLoader, test_loader: DataLoader, epochs: int, device: str | torch.device = "cpu"
) -> dict[str, dict[str, Any]]:
    """Trains a BasicCNN and a DeepCNN on the same data, each by an Adam of its own with a learning rate of 0.001.

    Args:
        train_loader, test_loader: batches of images (B, 1, 28, 28) and labels (B,).
        epochs: at least 1; after each of them the model is evaluated on the test loader.
        device: where to compute.

    Returns:
        results: "BasicCNN" and "DeepCNN", each a dict of
            "model": the trained model;
            "parameters": how many numbers are trained in it, an int;
            "train_loss", "train_accuracy": lists of what train_epoch gave in each epoch;
            "test_loss", "test_accuracy": lists of what evaluate gave after each epoch.
    """
    # BEGIN SOLUTION
    results = {}
    for kind in (BasicCNN, DeepCNN):
        model = kind().to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        trained, tested = [], []
        for _ in range(epochs):
            trained.append(train_epoch(model, train_loader, optimizer, device))
            tested.append(evaluate(model, test_loader, device))
        results[kind.__name__] = {
            "model": model,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "train_loss": [loss for loss, _ in trained],
            "train_accuracy": [accuracy for _, accuracy in trained],
            "test_loss": [loss for loss, _ in tested],
            "test_accuracy": [accuracy for _, accuracy in tested],
        }
    return results
    # END SOLUTION


class CifarCNN(nn.Module):
    """Three pairs of convolutions for images (N, 3, 32, 32), and three linear layers: logits (N, 10)."""

    def __init__(self) -> None:
        # BEGIN SOLUTION
        super().__init__()
        pairs = []
        for inputs, middle, outputs in ((3, 32, 64), (64, 128, 128), (128, 256, 256)):  # 32 -> 16 -> 8 -> 4 pixels a side
            pairs += [nn.Conv2d(inputs, middle, 3, padding=1), nn.ReLU()]
            pairs += [nn.Conv2d(middle, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(
            *pairs, nn.Flatten(), nn.Linear(4096, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 10)
        )
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of images (N, 3, 32, 32)."""
        # BEGIN SOLUTION
        return self.layers(x)
        # END SOLUTION


class SimpleCNN(nn.Module):
    """Three convolutions for colour images (N, 3, H, W) of any size from 8 x 8 on, averaged to 4 x 4: logits (N, 10)."""

    def __init__(self) -> None:
        # BEGIN SOLUTION
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4),  # (N, 128, 4, 4)
            nn.Flatten(), nn.Linear(2048, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
        )  # fmt: skip
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of images (N, 3, H, W)."""
        # BEGIN SOLUTION
        return self.layers(x)
        # END SOLUTION
