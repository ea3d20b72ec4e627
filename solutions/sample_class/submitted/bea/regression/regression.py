"""Everything done, by other methods: one training loop for all, gradients asked for, not accumulated."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import BatchSampler, Dataset, RandomSampler, SequentialSampler


def hwc_to_chw(images):
    return images.movedim(-1, 1).div(255)


def standardize(X):
    std, mean = torch.std_mean(X, 0, unbiased=False)
    constant = X.amax(0) == X.amin(0)
    return ((X - mean) / std).masked_fill(constant, 0.0), mean, std.masked_fill(constant, 0.0)


def gradient_of(f, x):
    with torch.enable_grad():
        at = torch.empty_like(x).copy_(x.detach()).requires_grad_()
        return torch.autograd.grad(f(at), at)[0]


def accumulated_gradients(f, x, n):
    at = x.detach().clone().requires_grad_()
    torch.stack([f(at) for _ in range(n)]).sum().backward()
    return at.grad


class Plane(nn.Module):
    def __init__(self, like):
        super().__init__()
        self.W = nn.Parameter(torch.zeros_like(like))
        self.b = nn.Parameter(torch.zeros_like(like[:1]))

    def forward(self, X):
        return (X * self.W).sum(-1) + self.b


def descend(model, batches, rate):
    """A step for each batch; yields the squared errors before it."""
    parameters = list(model.parameters())
    for X, y in batches:
        errors = (model(X).reshape(-1) - y) ** 2
        yield errors.detach()
        for p, g in zip(parameters, torch.autograd.grad(errors.mean(), parameters)):
            p.data.add_(g, alpha=-rate)


def fit_line(x, y, learning_rate, epochs):
    X = x[:, None]
    model = Plane(X[0])
    losses = [float(e.mean()) for e in descend(model, [(X, y)] * epochs, learning_rate)]
    return float(model.W[0]), float(model.b[0]), losses


def classify_run(losses):
    losses = np.array(losses, dtype=float)
    then, now = losses[-1 - max(len(losses) // 10, 1)], losses[-1]
    if not np.all(np.isfinite(losses)) or now > losses[0]:
        return "diverged"
    return ["too slow", "converged"][int(now > 0.99 * then)]


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    model = Plane(X[0])
    for _ in descend(model, [(X, y)] * epochs, learning_rate):
        pass
    return model.W.data, model.b.tolist()[0]


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    model = nn.Linear(X.shape[-1], 1, device=X.device)
    for _ in descend(model, [(X, y)] * epochs, learning_rate):
        pass
    return model


class ArrayDataset(Dataset):
    def __init__(self, X, y):
        self.table = torch.from_numpy(np.column_stack([X, y]).astype("float32"))

    def __len__(self):
        return self.table.shape[0]

    def __getitem__(self, index):
        return self.table[index, :-1], self.table[index, -1]


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    model = Plane(dataset[0][0])
    sampler = BatchSampler(RandomSampler(dataset) if shuffle else SequentialSampler(dataset), batch_size, False)
    epoch_losses = []
    for _ in range(epochs):
        batches = ([torch.stack(part) for part in zip(*(dataset[k] for k in rows))] for rows in sampler)
        errors = torch.cat(list(descend(model, batches, learning_rate)))
        epoch_losses.append(errors.mean().item())
    return model.W.detach(), model.b.item(), epoch_losses


def pick_device(preferred=None):
    best = [("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available), ("cpu", lambda: True)]
    return torch.device(preferred or next(name for name, there in best if there()))
