"""Runs beside the student's module in the sandbox: networks with given weights, batches, a device that holds no numbers.

A network crosses as its layers, a list of (weight, bias). There are no expected values here, and no labels but those of the
batches that the student's functions are to be given.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, TensorDataset

ELSEWHERE = "meta"  # tensors with a shape and without numbers: what mixes them with tensors of the CPU raises
OPTIMIZERS = {
    "sgd": lambda model, rate: torch.optim.SGD(model.parameters(), lr=rate),
    "momentum": lambda model, rate: torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9),
    "adam": lambda model, rate: torch.optim.Adam(model.parameters(), lr=rate),
}


def kind(value):
    """What a value is: "float32 tensor", "float", "list" ..."""
    if isinstance(value, torch.Tensor):
        tracked = " that requires a gradient" if value.requires_grad else ""
        return f"{str(value.dtype).removeprefix('torch.')} tensor{tracked}"
    return type(value).__name__


def look(function, *arguments):
    """What the function gives, and what kind of thing each part of it is."""
    result = function(*arguments)
    return result, [kind(part) for part in result] if isinstance(result, tuple | list) else kind(result)


# ---------------------------------------------------------------- networks of the student's


def filled(make, arrays, *more):
    """A new network with these parameters, put in by their shapes: (network, None), or (None, the shapes that it has)."""
    model = make(*more)
    if not isinstance(model, nn.Module):
        return None, type(model).__name__
    model.to(arrays[0].device)
    waiting = list(arrays)
    with torch.no_grad():
        for parameter in model.parameters():
            place = next((n for n, array in enumerate(waiting) if array.shape == parameter.shape), None)
            if place is None:
                break
            parameter.copy_(waiting.pop(place))
        else:
            if not waiting:
                return model, None
    return None, [tuple(parameter.shape) for parameter in model.parameters()]


def passed(model, x, upstream):
    """What a network gives for x, in both modes, what kind of thing it is, and the gradients of its biases."""
    out = model.train()(x)
    kinds, values = kind(out.detach()) if isinstance(out, torch.Tensor) else kind(out), out
    with torch.no_grad():
        steady = model.eval()(x)
    gradients = []
    if isinstance(out, torch.Tensor) and out.requires_grad and out.shape == upstream.shape:
        out.backward(upstream)
        gradients = [(tuple(p.shape), p.grad) for p in model.parameters() if p.dim() == 1]
    return values, steady, kinds, gradients


def is_sequential(model):
    """Whether it is an nn.Sequential, and the types of what is in it."""
    return isinstance(model, nn.Sequential), [type(layer).__name__ for layer in model.children()]


def attributes(model):
    """The names `hidden` and `output`: whether they are nn.Linear, and the shapes of their weights."""
    found = {}
    for name in ("hidden", "output"):
        layer = getattr(model, name, None)
        found[name] = tuple(layer.weight.shape) if isinstance(layer, nn.Linear) else type(layer).__name__
    return found


def two(make, *more):
    """The parameters of two new networks, one after the other."""
    first, second = make(*more), make(*more)
    return [[parameter.detach().clone() for parameter in model.parameters()] for model in (first, second)]


def trained(make, train, images, labels, seed, *device):
    """A network made and trained by the student's functions on images in batches of 50, in a random order, by Adam."""
    torch.manual_seed(seed)
    model = make().to(*device or ["cpu"])
    loader = DataLoader(TensorDataset(images, labels), batch_size=50, shuffle=True)
    train(model, loader, torch.optim.Adam(model.parameters(), lr=0.001), 3, *device)
    return model


def parameters(model):
    """Its parameters, in its order."""
    return [parameter.detach() for parameter in model.parameters()]


def logits(model, images):
    """What it gives for images in eval mode."""
    with torch.no_grad():
        return model.eval()(images)


# ---------------------------------------------------------------- networks of ours


class Net(nn.Module):
    """Linear layers with ReLU between them. `scale`: of the hidden units in training mode; `last`: what comes behind all."""

    def __init__(self, layers, scale=1.0, last=None):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*weight.shape[::-1]) for weight, _ in layers)
        with torch.no_grad():
            for layer, (weight, bias) in zip(self.layers, layers, strict=True):
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
        self.to(layers[0][0].device)
        self.scale, self.last = scale, last
        self.seen = set()

    def forward(self, x):
        self.seen.add((x.device.type, torch.is_grad_enabled()))
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x)) * (self.scale if self.training else 1.0)
        x = self.layers[-1](x)
        return x if self.last is None else self.last(x)

    def now(self):
        """Its layers as they are."""
        return [(layer.weight.detach().clone(), layer.bias.detach().clone()) for layer in self.layers]


def stack(layers):
    """Two layers, `hidden` and `output`, nothing in between, and a sigmoid behind them."""
    first, second = Net(layers).layers
    return nn.Sequential(OrderedDict({"hidden": first, "output": second, "last": nn.Sigmoid()}))


class Table(nn.Module):
    """The logits of row n for an input whose first number is n; in training mode those of `wild`."""

    def __init__(self, logits, wild):
        super().__init__()
        self.logits, self.wild = nn.Parameter(logits), nn.Parameter(wild)
        self.seen = set()

    def forward(self, x):
        self.seen.add((x.device.type, torch.is_grad_enabled()))
        return (self.wild if self.training else self.logits)[x.flatten(1)[:, 0].long()]


class Loader(DataLoader):
    """Counts how often it is gone through."""

    rounds = 0

    def __iter__(self):
        self.rounds += 1
        return super().__iter__()


def loader(x, y, size):
    """Batches in the order of the rows."""
    return Loader(TensorDataset(x, y), batch_size=size)


def xor_trained(train_xor, layers, *more, **named):
    """The losses that come back for a network of ours, and its layers afterwards."""
    model = Net(layers, last=torch.sigmoid)
    return train_xor(model, *more, **named), model.now()


def collapsed(collapse, layers):
    """What comes back for a stack of ours, what kind of things, and the stack's layers and gradients afterwards."""
    model = stack(layers)
    result, kinds = look(collapse, model)
    after = [(layer.weight.detach(), layer.bias.detach()) for layer in (model.hidden, model.output)]
    return result, kinds, after, any(parameter.grad is not None for parameter in model.parameters())


def classifier_trained(train, layers, x, y, size, optimizer, rate, epochs, *device, mode=True, scale=1.0):
    """The losses of a training of a network of ours, its layers afterwards, how often the loader was gone through."""
    model, batches = Net(layers, scale).train(mode), loader(x, y, size)
    losses = train(model, batches, OPTIMIZERS[optimizer](model, rate), epochs, *device)
    return losses, model.now(), batches.rounds


def measured(accuracy, logits, wild, y, size, *device, mode=False):
    """The accuracy of a network with known logits, and whether gradients were tracked while it predicted."""
    model = Table(logits, wild).train(mode)
    rows = torch.arange(len(logits), dtype=torch.float32)[:, None]
    return accuracy(model, loader(rows, y, size), *device), any(tracked for _, tracked in model.seen)


def compared(compare, layers, train, test, size, epochs, *device):
    """What comes back for networks that all begin alike, and the layers of each afterwards."""
    made = []

    def make_model():
        made.append(Net(layers))
        return made[-1]

    result = compare(make_model, loader(*train, size), loader(*test, len(test[1])), epochs, *device)
    return result, [model.now() for model in made]


# ---------------------------------------------------------------- a device that is not the CPU


class _Elsewhere(TorchFunctionMode):
    """Where numbers are asked of a tensor without numbers, gives zeros."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if args and isinstance(args[0], torch.Tensor) and args[0].device.type == ELSEWHERE:
            if name in ("item", "__float__", "__int__", "__index__", "__bool__"):
                return {"__int__": 0, "__index__": 0, "__bool__": False}.get(name, 0.0)
            if name in ("cpu", "tolist", "numpy", "__array__", "to") and (name != "to" or _to_cpu(args, kwargs)):
                zeros = torch.zeros(args[0].shape, dtype=args[0].dtype)
                return zeros if name in ("cpu", "to") else getattr(zeros, name)()
        return func(*args, **kwargs)


def _to_cpu(args, kwargs):
    target = kwargs.get("device", args[1] if len(args) > 1 else None)
    return isinstance(target, str | torch.device) and torch.device(target).type == "cpu"


def _moved(model):
    """What the network has seen elsewhere: "" where all is well, else what was not there."""
    if any(parameter.device.type != ELSEWHERE for parameter in model.parameters()):
        return "the model is not moved to it"
    places = {place for place, _ in model.seen}
    return "the inputs are not moved to it" if places != {ELSEWHERE} else ""


def elsewhere(task, function, layers, x, y):
    """What goes wrong when a network, or the argument `device`, is on another device than the CPU; "" where nothing does."""
    model, batches = Net(layers, last=torch.sigmoid if task == "train_xor" else None), loader(x, y, 3)
    with _Elsewhere(), contextlib.ExitStack() as stack:
        trouble = stack.enter_context(_trouble())
        if task == "train_xor":
            function(model.to(ELSEWHERE), 2)
        elif task == "train_classifier":
            function(model, batches, torch.optim.SGD(model.parameters(), lr=0.1), 1, ELSEWHERE)
        elif task == "accuracy":
            function(model, batches, ELSEWHERE)
        else:
            function(lambda: model, batches, batches, 1, ELSEWHERE)
    found = _moved(model)
    if found or not trouble:
        return found
    return "not everything is on it: points, targets, labels" if task == "train_xor" else "are the labels moved to it, too?"


@contextlib.contextmanager
def _trouble():
    """Collects the exception of torch, which speaks of devices."""
    seen = []
    try:
        yield seen
    except (RuntimeError, TypeError, AttributeError) as error:
        seen.append(f"{type(error).__name__}: {error}"[:200])
