"""What has to be torch is torch; all that is counted, averaged or multiplied beside it is NumPy."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, Adam


class LinearStack(nn.Module):
    def __init__(self, hidden=10):
        nn.Module.__init__(self)
        self.add_module("hidden", nn.Linear(2, hidden))
        self.add_module("output", nn.Linear(hidden, 1))

    def between(self, z):
        return z

    def forward(self, x):
        return self.output(self.between(self.hidden(x))).sigmoid()


class XorNet(LinearStack):
    def between(self, z):
        return torch.maximum(z, torch.zeros_like(z))


def xor_sequential(hidden=10):
    net = XorNet(hidden)
    return nn.Sequential(nn.Sequential(net.hidden, nn.ReLU()), nn.Sequential(net.output, nn.Sigmoid()))


def train_xor(model, steps=2000, learning_rate=1.0):
    where = {parameter.device for parameter in model.parameters()}.pop()
    table = np.array([[a, b, a ^ b] for a in (0, 1) for b in (0, 1)], np.float32)
    table = torch.from_numpy(table).to(where)
    optimizer, losses = SGD([{"params": [p], "lr": learning_rate} for p in model.parameters()], lr=0.0), np.zeros(steps)
    for step in range(steps):
        loss = nn.BCELoss()(model(table[:, :2]), table[:, 2:])
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses[step] = loss.item()
    return losses.tolist()


def collapse(model):
    W1, b1, W2, b2 = (p.detach().cpu().numpy() for layer in (model.hidden, model.output) for p in (layer.weight, layer.bias))
    device = model.hidden.weight.device
    return tuple(torch.from_numpy(part).to(device) for part in (np.einsum("oh,hi->oi", W2, W1), W2.dot(b1) + b2))


def _images(x):
    return torch.stack([image.ravel() for image in x])


class MnistMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.b = nn.Linear(256, 10)
        self.a = nn.Linear(784, 256)

    def forward(self, x):
        return self.b(nn.functional.relu(self.a(_images(x))))


class DeepMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.b, self.a = nn.Linear(2048, 10), nn.Linear(1024, 2048), nn.Linear(784, 1024)

    def forward(self, x):
        return self.c(self.b(self.a(_images(x)).relu()).relu())


def probabilities(logits):
    rows = []
    for row in logits:
        powers = torch.exp(row - row.max())
        rows.append(powers / powers.sum())
    return torch.stack(rows)


def train_classifier(model, loader, optimizer, epochs, device="cpu"):
    criterion = nn.CrossEntropyLoss()
    model.to(device)
    model.train()
    history = []
    for _epoch in range(epochs):
        means, sizes = [], []
        for batch in loader:
            x, y = (part.to(device, non_blocking=True) for part in batch)
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            means.append(loss.item())
            sizes.append(x.shape[0])
        history.append(float(np.average(means, weights=sizes)))
    return history


def accuracy(model, loader, device="cpu"):
    model.to(device)
    model.eval()
    predicted, labels = [], []
    with torch.no_grad():
        for x, y in loader:
            predicted.append(model(x.to(device)).cpu().numpy().argmax(axis=1))
            labels.append(y.numpy())
    return float(np.mean(np.concatenate(predicted) == np.concatenate(labels)))


def compare_optimizers(make_model, loader, test_loader, epochs, device="cpu"):
    results = {}
    for make in (lambda p: SGD(p, 0.1), lambda p: Adam(p, 0.001)):
        model = make_model().to(device)
        optimizer = make(model.parameters())
        losses = train_classifier(model, loader, optimizer, epochs, device)
        results[type(optimizer).__name__.lower()] = {"accuracy": accuracy(model, test_loader, device), "losses": losses}
    return results
