"""Runs beside your module: functions to differentiate, and a look at what your functions gave."""

from __future__ import annotations

import torch
from torch import nn


def look(function, *arguments, **named):
    """What the function gives, and what kind of thing each part of it is."""
    result = function(*arguments, **named)
    parts = result if isinstance(result, tuple | list) else [result]
    return result, [f"{part.dtype} tensor" if isinstance(part, torch.Tensor) else type(part).__name__ for part in parts]


def gradient_of_cubes(gradient_of, x, *more):
    """The gradient of the sum of x ** 3, and of x afterwards `requires_grad` and `grad`."""
    return gradient_of(lambda at: (at**3).sum(), x, *more), x.requires_grad, x.grad


def of_growing_squares(accumulated_gradients, x, n):
    """The same for an f that is k times the sum of x ** 2 when it is called for the k-th time."""
    calls = []

    def f(at):
        calls.append(1)
        return len(calls) * (at**2).sum()

    return accumulated_gradients(f, x, n), len(calls)


def layer(module):
    """Whether it is an nn.Linear, its weight and its bias."""
    return isinstance(module, nn.Linear), module.weight, module.bias


def pair_at(dataset, index):
    """The pair at an index, and what kind of thing each part of it is."""
    return look(dataset.__getitem__, index)


def dataset(X, y):
    """Rows and targets as a data set."""
    return torch.utils.data.TensorDataset(X, y)


def kind_of_device(device):
    """Whether it is a torch.device, and its name."""
    return isinstance(device, torch.device), str(device)
