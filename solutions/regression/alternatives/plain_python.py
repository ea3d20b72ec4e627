"""Loops over columns, rows and numbers, and the transforms of torch.func."""

import torch
from torch.func import grad, grad_and_value
from torch.nn import Linear
from torch.utils.data import DataLoader, Dataset, Subset


def hwc_to_chw(images):
    out = torch.empty(images.shape[0], images.shape[3], images.shape[1], images.shape[2])
    for n, image in enumerate(images):
        for c in range(image.shape[-1]):
            out[n, c] = image[:, :, c].float() / 255
    return out


def standardize(X):
    Z, means, stds = torch.zeros_like(X), [], []
    for column in range(X.shape[1]):
        values = X[:, column]
        mean = values.mean()
        std = ((values - mean) ** 2).mean() ** 0.5
        if std > 0:
            Z[:, column] = (values - mean) / std
        means.append(mean)
        stds.append(std)
    return Z, torch.stack(means), torch.stack(stds)


def gradient_of(f, x):
    return grad(f)(x.detach())


def accumulated_gradients(f, x, n):
    total = torch.zeros_like(x, requires_grad=False)
    for _ in range(n):
        total = total + grad(f)(x.detach())
    return total.detach()


def error(parameters, X, y):
    W, b = parameters
    return ((X * W).sum(1) + b - y).pow(2).mean()


def fit_line(x, y, learning_rate, epochs):
    w, b, losses = torch.zeros(1), torch.tensor(0.0), []
    for _ in range(epochs):
        (dw, db), loss = grad_and_value(error)((w, b), x.unsqueeze(1), y)
        w, b = w - learning_rate * dw, b - learning_rate * db
        losses.append(loss.item())
    return float(w), float(b), losses


def classify_run(losses):
    for loss in losses:
        if loss != loss or loss in (float("inf"), -float("inf")):
            return "diverged"
    if losses[len(losses) - 1] > losses[0]:
        return "diverged"
    back = len(losses) // 10
    if back == 0:
        back = 1
    if losses[-1 - back] - losses[-1] < losses[-1 - back] / 100:
        return "converged"
    return "too slow"


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    W = torch.zeros(X.shape[1])
    b = torch.zeros(())
    for _ in range(epochs):
        dW, db = grad(error)((W, b), X, y)
        W -= learning_rate * dW
        b -= learning_rate * db
    return W, float(b)


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    module = Linear(X.shape[1], 1)
    for _ in range(epochs):
        module.zero_grad()
        predictions = module(X)[:, 0]
        torch.sum((predictions - y) ** 2 / len(y)).backward()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter += -learning_rate * parameter.grad
    return module


class ArrayDataset(Dataset):
    def __init__(self, X, y):
        self.pairs = [
            (torch.tensor(row, dtype=torch.float), torch.tensor(float(t)))
            for row, t in zip(X.tolist(), y.tolist(), strict=True)
        ]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    W = torch.zeros(dataset[0][0].shape)
    b = torch.zeros(1)
    losses = []
    for _ in range(epochs):
        order = torch.randperm(len(dataset)).tolist() if shuffle else range(len(dataset))
        total = count = 0
        for X, y in DataLoader(Subset(dataset, order), batch_size=batch_size):
            W.requires_grad_()
            b.requires_grad_()
            squares = (torch.matmul(X, W) + b - y) ** 2
            (squares.sum() / len(X)).backward()
            total, count = total + squares.sum().item(), count + len(X)
            W, b = (W - learning_rate * W.grad).detach(), (b - learning_rate * b.grad).detach()
        losses.append(total / count)
    return W, b.item(), losses


def pick_device(preferred=None):
    if isinstance(preferred, torch.device):
        return preferred
    if isinstance(preferred, str):
        return torch.device(preferred)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
