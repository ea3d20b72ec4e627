"""The line is done, nothing after it but a device that is always the CPU."""

import math

import torch
from torch.utils.data import Dataset


def hwc_to_chw(images):
    return images.permute(0, 3, 1, 2).to(torch.float32) / 255.0


def standardize(X):
    mean = X.mean(0)
    std = ((X - mean) ** 2).mean(0).sqrt()
    divisor = std.clone()
    divisor[divisor == 0] = 1
    return (X - mean) / divisor, mean, std


def gradient_of(f, x):
    x = x.clone().detach().requires_grad_(True)
    y = f(x)
    y.backward()
    return x.grad


def accumulated_gradients(f, x, n):
    x = x.clone().detach().requires_grad_(True)
    for i in range(n):
        y = f(x)
        y.backward()
    return x.grad


def fit_line(x, y, learning_rate, epochs):
    w = torch.zeros(1, requires_grad=True, device=x.device)
    b = torch.zeros(1, requires_grad=True, device=x.device)
    losses = []
    for epoch in range(epochs):
        prediction = w * x + b
        loss = torch.mean((prediction - y) ** 2)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return w.item(), b.item(), losses


def classify_run(losses):
    for loss in losses:
        if math.isnan(loss) or math.isinf(loss):
            return "diverged"
    if losses[-1] > losses[0]:
        return "diverged"
    k = max(1, len(losses) // 10)
    fall = (losses[-1 - k] - losses[-1]) / losses[-1 - k]
    if fall < 0.01:
        return "converged"
    return "too slow"


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    raise NotImplementedError


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    raise NotImplementedError


class ArrayDataset(Dataset):
    def __init__(self, X, y):
        raise NotImplementedError

    def __len__(self):
        raise NotImplementedError

    def __getitem__(self, index):
        raise NotImplementedError


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    raise NotImplementedError


def pick_device(preferred=None):
    return torch.device(preferred or "cpu")
