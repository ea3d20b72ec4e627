"""Gradients by torch.autograd.grad, steps and losses written out; classes that share their layers' code."""

from __future__ import annotations

import torch
from torch import nn


class _Narrow(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.output = nn.Linear(hidden, 1)
        self.hidden = nn.Linear(2, hidden)

    def bend(self, z):
        return z

    def forward(self, x):
        z = self.bend(x @ self.hidden.weight.T + self.hidden.bias)
        return 1 / (1 + torch.exp(-(z @ self.output.weight.T + self.output.bias)))


class XorNet(_Narrow):
    def bend(self, z):
        return z * (z > 0)


class LinearStack(_Narrow):
    pass


def xor_sequential(hidden=10):
    model = nn.Sequential()
    for name, layer in (
        ("in", nn.Linear(2, hidden)),
        ("bend", nn.ReLU()),
        ("out", nn.Linear(hidden, 1)),
        ("p", nn.Sigmoid()),
    ):
        model.add_module(name, layer)
    return model


def train_xor(model, steps=2000, learning_rate=1.0):
    parameters = list(model.parameters())
    x = torch.cartesian_prod(torch.arange(2.0), torch.arange(2.0)).to(parameters[0])
    y = (x.sum(dim=1, keepdim=True) == 1).to(x.dtype)
    losses = []
    for _ in range(steps):
        p = model(x)
        loss = -(y * p.log().clamp(min=-100) + (1 - y) * (1 - p).log().clamp(min=-100)).mean()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.sub_(gradient, alpha=learning_rate)
    return losses


def collapse(model):
    """b is what comes out for 0; a column of W is what a unit point adds to it."""
    with torch.no_grad():
        x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).to(model.hidden.weight)
        at = model.output(model.hidden(x))[:, 0]
        return (at[1:] - at[0])[None], at[:1]


class MnistMLP(nn.Module):
    sizes = (784, 256, 10)

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for layer in self.layers[:-1]:
            x = layer(x).clamp(min=0)
        return self.layers[-1](x)


class DeepMLP(MnistMLP):
    sizes = (784, 1024, 2048, 10)


def probabilities(logits):
    return (logits - logits.logsumexp(dim=-1, keepdim=True)).exp()


def train_classifier(model, loader, optimizer, epochs, device="cpu"):
    model = model.to(device)
    means = []
    for _ in range(epochs):
        model.train(True)
        each = []
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            logits = model(inputs)
            losses = logits.logsumexp(dim=1) - logits.gather(1, labels[:, None])[:, 0]
            model.zero_grad()
            losses.mean().backward()
            optimizer.step()
            each.append(losses.detach().cpu())
        means.append(torch.cat(each).mean().item())
    return means


def accuracy(model, loader, device="cpu"):
    model.to(device)
    model.train(False)
    hits = []
    for inputs, labels in loader:
        with torch.inference_mode():
            best = model(inputs.to(device)).max(dim=1).indices.cpu()
        hits += (best == labels).tolist()
    return sum(hits) / len(hits)


def compare_optimizers(make_model, loader, test_loader, epochs, device="cpu"):
    def run(make_optimizer):
        model = make_model().to(device)
        losses = train_classifier(model, loader, make_optimizer(model.parameters()), epochs, device)
        return {"losses": losses, "accuracy": accuracy(model, test_loader, device)}

    return {"adam": run(torch.optim.Adam), "sgd": run(lambda parameters: torch.optim.SGD(parameters, lr=0.1))}
