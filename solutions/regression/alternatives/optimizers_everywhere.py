"""Parameters and optimizers wherever they can be, targets and weights as columns, data sets of the library."""

import math

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset


def hwc_to_chw(images):
    return torch.stack([images[..., channel] for channel in range(images.shape[-1])], dim=1) * (1 / 255)


def standardize(X):
    variance, mean = torch.var_mean(X, dim=0, unbiased=False)
    std = variance.sqrt()
    Z = X.sub(mean).div(std)
    Z[:, std == 0] = 0
    return Z, mean, std


def gradient_of(f, x):
    with torch.enable_grad():
        point = nn.Parameter(x.detach().clone())
        f(point).backward()
    return point.grad.detach()


def accumulated_gradients(f, x, n):
    point = x.clone().detach()
    point.requires_grad = True
    remaining = n
    while remaining:
        value = f(point)
        value.backward()
        remaining -= 1
    return point.grad.clone()


def _optimise(parameters, loss_of, rate, epochs):
    optimizer, history = optim.SGD(parameters, lr=rate), []
    for _ in range(epochs):
        loss = loss_of()
        history += [loss.detach().item()]
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    return history


def fit_line(x, y, learning_rate, epochs):
    w, b = nn.Parameter(torch.tensor([0.0])), nn.Parameter(torch.tensor([0.0]))
    losses = _optimise([w, b], lambda: F.mse_loss(torch.addcmul(b, w, x), y), learning_rate, epochs)
    return w.item(), b.item(), losses


def classify_run(losses):
    if any(math.isnan(loss) or math.isinf(loss) for loss in losses):
        return "diverged"
    start, *_, end = losses
    if end > start:
        return "diverged"
    window = losses[-max(1, len(losses) // 10) - 1 :]
    fall = 1 - window[-1] / window[0]
    return ("too slow", "converged")[fall < 0.01]


def fit_plane(X, y, learning_rate=0.01, epochs=1000):
    W, b = nn.Parameter(torch.zeros(X.shape[1], 1)), nn.Parameter(torch.zeros(1))
    _optimise([W, b], lambda: F.mse_loss(torch.mm(X, W) + b, y.view(-1, 1)), learning_rate, epochs)
    return W.data.flatten(), b.item()


class Plane(nn.Linear):
    pass


def fit_linear_module(X, y, learning_rate=0.01, epochs=1000):
    plane = Plane(X.shape[1], 1)
    nn.init.zeros_(plane.weight)
    nn.init.zeros_(plane.bias)
    plane.train()
    _optimise(plane.parameters(), lambda: F.mse_loss(plane(X), y[:, None]), learning_rate, epochs)
    return plane.eval()


class ArrayDataset(TensorDataset):
    def __init__(self, X, y):
        super().__init__(torch.tensor(X).float(), torch.tensor(y).float())


def fit_minibatches(dataset, batch_size=8, learning_rate=0.01, epochs=100, shuffle=True):
    sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
    loader = DataLoader(dataset, batch_sampler=BatchSampler(sampler, batch_size, drop_last=False))
    layer = nn.Linear(next(iter(loader))[0].shape[1], 1)
    layer.load_state_dict({name: torch.zeros_like(value) for name, value in layer.state_dict().items()})
    optimizer = optim.SGD(layer.parameters(), learning_rate)
    epoch_losses = []
    for _ in range(epochs):
        squares = []
        for rows, targets in loader:
            errors = (layer(rows)[:, 0] - targets).square()
            squares.extend(errors.tolist())
            optimizer.zero_grad()
            errors.mean().backward()
            optimizer.step()
        epoch_losses.append(math.fsum(squares) / len(squares))
    return layer.weight[0].detach(), layer.bias.item(), epoch_losses


def pick_device(preferred=None):
    if preferred:
        return preferred if isinstance(preferred, torch.device) else torch.device(preferred)
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if there:
            return torch.device(name, 0)
    return torch.device("cpu")
