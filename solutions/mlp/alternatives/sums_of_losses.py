"""Losses summed over the batch and divided, one-hot labels, all predictions first, sequential networks throughout."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import nn


def _stack(*sizes, bend=nn.ReLU):
    layers = []
    for a, b in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(a, b), bend()]
    return layers[:-1]


class XorNet(nn.Sequential):
    def __init__(self, hidden=10):
        super().__init__(*_stack(2, hidden, 1), nn.Sigmoid())


def xor_sequential(hidden=10):
    return XorNet(hidden)


class LinearStack(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.output, self.hidden = nn.Linear(hidden, 1), nn.Linear(2, hidden)

    def forward(self, x):
        for step in (self.hidden, self.output, torch.sigmoid):
            x = step(x)
        return x


def train_xor(model, steps=2000, learning_rate=1.0):
    some = next(iter(model.parameters()))
    points = some.new_tensor([[0, 0], [1, 1], [0, 1], [1, 0]])
    targets = some.new_tensor([0, 0, 1, 1]).unsqueeze(1)
    criterion, optimizer = nn.BCELoss(reduction="sum"), torch.optim.SGD(model.parameters(), learning_rate)
    losses = []
    for _ in range(steps):
        loss = criterion(model(points), targets) / 4
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [loss.item() for loss in losses]


def collapse(model):
    """A third column carries the biases: [W2 b2] @ [[W1 b1], [0 1]]."""
    with torch.no_grad():
        first = torch.cat([model.hidden.weight, model.hidden.bias[:, None]], dim=1)
        first = torch.cat([first, torch.eye(3)[2:].to(first)])
        both = torch.cat([model.output.weight, model.output.bias[:, None]], dim=1) @ first
    return both[:, :2], both[:, 2]


class _Classifier(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), *_stack(*sizes))

    def forward(self, x):
        return self.net(x)


class MnistMLP(_Classifier):
    def __init__(self):
        super().__init__(784, 256, 10)


class DeepMLP(_Classifier):
    def __init__(self):
        super().__init__(784, 1024, 2048, 10)


def probabilities(logits):
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def train_classifier(model, loader, optimizer, epochs, device="cpu"):
    history, samples = [], len(loader.dataset)
    model.to(device)
    for _ in range(epochs):
        total = torch.zeros((), device=device)
        for x, y in loader:
            model.train()
            optimizer.zero_grad()
            logits = model(x.to(device))
            hot = F.one_hot(y.to(device), logits.shape[1]).to(logits.dtype)
            loss = -(hot * F.log_softmax(logits, dim=1)).sum()
            (loss / len(y)).backward()
            optimizer.step()
            total += loss.detach()
        history.append(total.item() / samples)
    return history


@torch.no_grad()
def accuracy(model, loader, device="cpu"):
    was = model.training
    model.to(device).eval()
    found = [(model(x.to(device)).argmax(1), y.to(device)) for x, y in loader]
    model.train(was)
    predicted, labels = (torch.cat(part) for part in zip(*found, strict=True))
    return (predicted == labels).float().mean().item()


def compare_optimizers(make_model, loader, test_loader, epochs, device="cpu"):
    results = {"sgd": {}, "adam": {}}
    models = {name: make_model() for name in results}
    makers = {"sgd": functools.partial(torch.optim.SGD, lr=1e-1), "adam": functools.partial(torch.optim.Adam, lr=1e-3)}
    for name, model in models.items():
        model.to(device)
        results[name]["losses"] = train_classifier(model, loader, makers[name](model.parameters()), epochs, device)
    for name, model in models.items():
        results[name]["accuracy"] = accuracy(model, test_loader, device)
    return results
