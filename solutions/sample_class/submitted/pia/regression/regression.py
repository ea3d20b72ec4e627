"""Slips of the kind that a training survives: tensors for floats, graphs kept, gradients left behind, no Mac thought of."""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


def hwc_to_chw(images):
    return images.permute(0, 3, 1, 2).to(torch.float32) / 255.0


def standardize(X):
    mean = X.mean(0)
    std = ((X - mean) ** 2).mean(0).sqrt()
    divisor = std.clone()
    divisor[divisor == 0] = 1
    return (X - mean) / divisor, mean, std


def gradient_of(f, x):
    x.requires_grad_(True)
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
        losses.append(loss)
        loss.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return w, b, losses


def classify_run(losses):
    for loss in losses:
        if math.isnan(loss) or math.isinf(loss):
            return "diverged"
    k = len(losses) // 10
    fall = (losses[-1 - k] - losses[-1]) / losses[-1 - k]
    if fall < 0.01:
        return "converged"
    return "too slow"


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    W = torch.zeros(X.shape[1], requires_grad=True, device=X.device)
    b = torch.zeros(1, requires_grad=True, device=X.device)
    for epoch in range(epochs):
        loss = ((torch.matmul(X, W) + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            W -= learning_rate * W.grad
            b -= learning_rate * b.grad
            W.grad.zero_()
            b.grad.zero_()
    return W.detach(), b.item()


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    model = nn.Linear(X.shape[1], 1).to(X.device)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for epoch in range(epochs):
        loss = criterion(model(X), y.unsqueeze(1))
        loss.backward()
        optimizer.step()
    return model


class ArrayDataset(Dataset):
    def __init__(self, X, y):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = torch.tensor(y)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.X[index], self.y[index]


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=shuffle)
    D = dataset[0][0].shape[0]
    W = torch.zeros(D, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    epoch_losses = []
    for epoch in range(epochs):
        running = 0.0
        for X, y in loader:
            loss = ((X @ W + b - y) ** 2).mean()
            running += loss.item() * batch_size
            loss.backward()
            with torch.no_grad():
                W -= learning_rate * W.grad
                b -= learning_rate * b.grad
                W.grad.zero_()
                b.grad.zero_()
        epoch_losses.append(running / len(dataset))
    return W.detach(), b.item(), epoch_losses


def pick_device(preferred=None):
    if preferred is not None:
        return torch.device(preferred)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("cpu")
