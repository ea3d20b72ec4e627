"""Runs beside the student's module in the sandbox: functions to differentiate, data sets, and a look at what came back."""

from __future__ import annotations

import contextlib
import functools

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, Dataset


def _ramp(x):
    """1, 2, 3 ... in the shape of x."""
    return torch.arange(1, x.numel() + 1, dtype=x.dtype, device=x.device).reshape(x.shape)


FUNCTIONS = {
    "squares": lambda x: (x * x).sum(),
    "waves": lambda x: (x.sin() * _ramp(x)).sum(),
    "chain": lambda x: x.sum().sin().exp(),
    "first": lambda x: x.reshape(-1)[0] ** 3,
    # Its values go up in steps, autograd sees the slope of 7 x: no difference quotient gives that.
    "rounded": lambda x: ((7 * x + ((7 * x).round() - 7 * x).detach()) ** 2).sum(),
}


# ---------------------------------------------------------------- what came back


def kind(value):
    """What a value is: "float32 tensor", "float", "list of float", "ndarray" ..."""
    if isinstance(value, torch.Tensor):
        tracked = " that requires a gradient" if value.requires_grad else ""
        return f"{str(value.dtype).removeprefix('torch.')} tensor{tracked}"
    if isinstance(value, list) and value:
        return f"list of {' and '.join(sorted({kind(item) for item in value}))}"
    return type(value).__name__


def kinds(result):
    """What a value is; of a tuple what each part is."""
    return [kind(part) for part in result] if isinstance(result, tuple) else kind(result)


def look(function, *arguments, **named):
    """What the function gives, what kind of thing that is (of a tuple each part), and the operations that made float64."""
    with _Float64() as mode:
        result = function(*arguments, **named)
    return result, kinds(result), mode.seen


class _Float64(TorchFunctionMode):
    """Notes what gives a float64 tensor, which cannot be on Apple's MPS. What only wraps a NumPy array is left out."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.dtype == torch.float64:
            name = getattr(func, "__name__", "?")
            if name not in ("from_numpy", "as_tensor", "tensor"):
                self.seen.append(name)
        return result


# ---------------------------------------------------------------- autograd


def differentiated(function, name, x, *more, had=None):
    """What the function gives for the function of that name, what kind of thing that is, and the state of x afterwards:
    values, requires_grad, grad.

    `had`: a gradient that x has already, as a parameter has.
    """
    if had is not None:
        x = nn.Parameter(x)
        x.grad = had
    result = function(FUNCTIONS[name], x, *more)
    return result, kind(result), x.detach(), x.requires_grad, x.grad


def changing(function, name, x, n):
    """What the function gives where the k-th call gives k * k times as much, and how often it was called."""
    calls = 0

    def scaled(at):
        nonlocal calls
        calls += 1
        return calls * calls * FUNCTIONS[name](at)

    return function(scaled, x, n), calls


# ---------------------------------------------------------------- modules and data


def module_of(function, X, y, seed, *more, **named):
    """What fit_linear_module gives from a start that follows from the seed: type, weight, bias, and what it gives for X."""
    torch.manual_seed(seed)
    module = function(X, y, *more, **named)
    if not isinstance(module, nn.Linear):
        return type(module).__name__, None, None, None
    if module.weight.dtype != torch.float32:
        return f"Linear of {module.weight.dtype}", None, None, None
    return "Linear", module.weight, module.bias, module(X) if module.in_features == X.shape[1] else None


class Pairs(Dataset):
    """Rows and targets; nothing but `len` and the indices from 0 on."""

    def __init__(self, X, y):
        self._pairs = list(zip(X, y, strict=True))

    def __len__(self):
        return len(self._pairs)

    def __getitem__(self, index):
        if not 0 <= index < len(self._pairs):
            raise IndexError(f"{index} of {len(self._pairs)} pairs")
        return self._pairs[index]


def dataset(X, y):
    """Rows and targets as a data set."""
    return Pairs(X, y)


def pair_at(dataset, index):
    """Whether it is a Dataset, its length, and the pair at an index with what kind of things are in it."""
    pair = dataset[index]
    return isinstance(dataset, Dataset), len(dataset), pair, kinds(tuple(pair) if isinstance(pair, list) else pair)


def batches(dataset, size):
    """What a DataLoader makes of it."""
    return [list(batch) for batch in DataLoader(dataset, batch_size=size)]


# ---------------------------------------------------------------- devices


def device_of(pick_device, here, *preferred, as_object=False):
    """What is picked on a machine that has the devices `here`: whether it is a torch.device, and its name."""
    best = next((name for name in ("cuda", "mps") if name in here), None)
    cuda, mps = (lambda: "cuda" in here), (lambda: "mps" in here)
    pretended = {
        "cuda.is_available": cuda, "cuda.device_count": lambda: int(cuda()),
        "backends.mps.is_available": mps, "backends.mps.is_built": mps, "mps.is_available": mps,
        "mps.device_count": lambda: int(mps()),
        "accelerator.is_available": lambda: best is not None,
        "accelerator.current_accelerator": lambda *_, **__: torch.device(best) if best else None,
    }  # fmt: skip
    with _pretending(pretended):
        found = pick_device(*(torch.device(name) if as_object and name else name for name in preferred))
    return isinstance(found, torch.device), str(found)


@contextlib.contextmanager
def _pretending(pretended):
    """These names of torch, those that this version has, mean something else."""
    kept = []
    for path, replacement in pretended.items():
        *folders, name = path.split(".")
        place = functools.reduce(lambda at, part: getattr(at, part, None), folders, torch)
        if hasattr(place, name):
            kept.append((place, name, getattr(place, name)))
            setattr(place, name, replacement)
    try:
        yield
    finally:
        for place, name, original in kept:
            setattr(place, name, original)
