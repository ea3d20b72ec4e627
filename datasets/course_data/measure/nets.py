"""Standard networks in PyTorch: LeNet, a small convolutional network, and transfer from a pretrained one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from course_data.dataset import Dataset

__all__ = ["convolutional", "fit", "lenet", "pretrained", "share_right", "transfer"]


def lenet(classes: int = 10) -> nn.Module:
    """LeNet-5's layers (LeCun et al., 1998) with ReLU and max-pooling, for 28 x 28 grey images."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
    )  # fmt: skip


def convolutional(classes: int, widths: tuple[int, ...] = (32, 64, 128)) -> nn.Module:
    """Blocks of 3 x 3 convolution, batch norm, ReLU and 2 x 2 pooling, a global mean, and a linear head."""
    blocks = [
        nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
        for a, b in zip((3, *widths), widths, strict=False)
    ]
    return nn.Sequential(nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(widths[-1], classes))


def fit(
    net: nn.Module, train: Dataset, *, epochs: int, rate: float, batch: int = 64, flips: bool = False, seed: int = 0
) -> None:
    """Train with AdamW on cross-entropy; the rate rises and falls once. `flips` shows mirrored and turned images too."""
    X, y = _tensors(train)
    dice, order = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed + 1)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-3)
    steps = epochs * -(-len(X) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    net.train()
    for _ in range(epochs):
        for chosen in torch.randperm(len(X), generator=order).split(batch):
            optimizer.zero_grad()
            images = _turned(X[chosen], dice) if flips else X[chosen]
            nn.functional.cross_entropy(net(images), y[chosen]).backward()
            optimizer.step()
            schedule.step()


def share_right(net: nn.Module, test: Dataset) -> float:
    """The share of `test` that the network gets right."""
    X, y = _tensors(test)
    net.eval()
    with torch.no_grad():
        scores = torch.cat([net(part) for part in X.split(256)])
    return float((scores.argmax(dim=1) == y).double().mean())


def pretrained(plans: Dataset, epochs: int) -> nn.Module:
    """A wider convolutional network that has learnt to tell body plans apart."""
    torch.manual_seed(0)
    net = convolutional(len(plans.class_names), (24, 48, 96, 192))
    fit(net, plans, epochs=epochs, rate=4e-3, flips=True)
    return net


def transfer(net: nn.Module, train: Dataset, test: Dataset, seed: int = 0) -> float:
    """The share of `test` that a new linear head on the frozen network's features gets right, trained on `train`."""
    torch.manual_seed(seed)
    net.eval()
    body = net.get_submodule("0")
    (X, y), (Z, wanted) = _tensors(train), _tensors(test)
    with torch.no_grad():
        X, Z = body(X), body(Z)
    mean, spread = X.mean(dim=0), X.std(dim=0) + 1e-3
    head = nn.Linear(X.shape[1], len(train.class_names))
    optimizer = torch.optim.Adam(head.parameters(), 1e-2, weight_decay=1e-3)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(head((X - mean) / spread), y).backward()
        optimizer.step()
    return float((head((Z - mean) / spread).argmax(dim=1) == wanted).double().mean())


def _tensors(data: Dataset) -> tuple[Tensor, Tensor]:
    """Images as floats (n, C, H, W), about -2 to 2, and labels (n,)."""
    images = data.images if data.images.ndim == 4 else data.images[..., None]
    pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(np.float32)
    return torch.from_numpy((pixels / 255 - np.float32(0.5)) / np.float32(0.25)), torch.from_numpy(data.labels.copy())


def _turned(images: Tensor, dice: torch.Generator) -> Tensor:
    """The whole batch mirrored in a random one of eight ways."""
    left, down, swap = (bool(bit) for bit in torch.randint(0, 2, (3,), generator=dice))
    images = images.flip(3) if left else images
    images = images.flip(2) if down else images
    return images.transpose(2, 3) if swap else images
