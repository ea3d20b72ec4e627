"""torch.autograd.grad in place of backward, parameters as one tensor, batches cut from a random permutation."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset


def hwc_to_chw(images):
    return torch.einsum("nhwc->nchw", images).contiguous().to(torch.float32).div_(255.0)


def standardize(X):
    mean = X.sum(0) / X.shape[0]
    centred = X - mean[None, :]
    std = torch.sqrt((centred * centred).sum(0) / X.shape[0])
    return torch.nan_to_num(centred / std, nan=0.0), mean, std


def gradient_of(f, x):
    copy = torch.clone(x.data)
    copy.requires_grad = True
    return torch.autograd.grad(f(copy), copy)[0]


def accumulated_gradients(f, x, n):
    return sum(gradient_of(f, x) for _ in range(n))


def descend(columns, y, rate, epochs):
    theta = torch.zeros(columns.shape[1], dtype=columns.dtype)
    losses = []
    for _ in range(epochs):
        theta.requires_grad_(True)
        loss = torch.mean(torch.square(columns.mv(theta) - y))
        (gradient,) = torch.autograd.grad(loss, theta)
        theta = theta.detach() - rate * gradient
        losses.append(loss.tolist())
    return theta.detach(), losses


def fit_line(x, y, learning_rate, epochs):
    theta, losses = descend(torch.stack([x, torch.ones_like(x)], dim=1), y, learning_rate, epochs)
    w, b = theta.tolist()
    return w, b, losses


def classify_run(losses):
    values = np.asarray(losses)
    if np.isfinite(values).sum() < values.size:
        return "diverged"
    if values[-1] > values[0]:
        return "diverged"
    before = values[-(len(values) // 10 or 1) - 1]
    return "converged" if (before - values[-1]) / before < 0.01 else "too slow"


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    theta, _ = descend(torch.cat([X, X.new_ones(len(X), 1)], dim=1), y, learning_rate, epochs)
    return theta[:-1], float(theta[-1])


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    layer = nn.Linear(in_features=X.size(1), out_features=1)
    target = y.reshape(-1, 1)
    for _ in range(epochs):
        loss = nn.MSELoss()(layer(X), target)
        for parameter, gradient in zip(layer.parameters(), torch.autograd.grad(loss, list(layer.parameters())), strict=True):
            parameter.data.sub_(learning_rate * gradient)
    return layer


class ArrayDataset(Dataset):
    def __init__(self, X, y):
        self.rows, self.targets = X, y

    def __len__(self):
        return self.targets.shape[0]

    def __getitem__(self, index):
        row = torch.from_numpy(np.asarray(self.rows[index], dtype=np.float32))
        return row, torch.tensor(self.targets[index], dtype=torch.float32)


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    pairs = [dataset[k] for k in range(len(dataset))]
    X, y = (torch.stack(part) for part in zip(*pairs, strict=True))
    theta, history = torch.zeros(X.shape[1] + 1), []
    columns = torch.hstack([X, torch.ones(len(X), 1)])
    for _ in range(epochs):
        order = torch.randperm(len(X)) if shuffle else torch.arange(len(X))
        errors = 0.0
        for rows in order.split(batch_size):
            theta, (loss,) = _one(theta, columns[rows], y[rows], learning_rate)
            errors += loss * rows.numel()
        history.append(errors / len(X))
    return theta[:-1], theta[-1].item(), history


def _one(theta, columns, y, rate):
    theta = theta.clone().requires_grad_()
    loss = ((columns @ theta - y) ** 2).mean()
    return (theta - rate * torch.autograd.grad(loss, theta)[0]).detach(), [loss.item()]


def pick_device(preferred=None):
    if preferred is None:
        preferred = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(preferred)
