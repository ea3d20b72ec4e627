"""Runs beside the student's module in the sandbox: models with known weights, loaders, and a look at what came back.

It holds no answers: no label that a score needs, and no expected value.
"""

from __future__ import annotations

import contextlib

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, TensorDataset


def kind(value):
    """What a value is: "float32 tensor", "float", "int" ..."""
    if isinstance(value, torch.Tensor):
        tracked = " that requires a gradient" if value.requires_grad else ""
        return f"{str(value.dtype).removeprefix('torch.')} tensor{tracked}"
    return type(value).__name__


def look(function, *arguments, **named):
    """What the function gives, and what kind of thing that is; of a tuple or list each part."""
    result = function(*arguments, **named)
    return result, _kinds(result)


def _kinds(result):
    return [_kinds(part) for part in result] if isinstance(result, tuple | list) else kind(result)


def loader(images, labels, batch_size):
    """Batches in order."""
    return DataLoader(TensorDataset(images, labels), batch_size=batch_size)


def two_epochs(make_loaders, *arguments, **named):
    """What both loaders give in two epochs, [loader][epoch][batch] -> (images, labels), and the kinds of the first batch."""
    loaders = make_loaders(*arguments, **named)
    if not isinstance(loaders, tuple | list) or len(loaders) != 2:
        return kind(loaders), None
    found = [[[tuple(batch) for batch in each] for _ in range(2)] for each in loaders]
    return found, [_kinds(epochs[0][0]) for epochs in found]


# ---------------------------------------------------------------- a model with known weights


class Line(nn.Module):
    """Logits W x + b of the flattened images; in training mode they are halved and `shift` is added.

    `pair`: it gives what LeNet gives, two things. `seen`: of every call its mode, whether gradients are recorded, and how
    many images there were.
    """

    def __init__(self, W, b, shift, pair):
        super().__init__()
        self.line = nn.Linear(W.shape[1], W.shape[0])
        with torch.no_grad():
            self.line.weight.copy_(W)
            self.line.bias.copy_(b)
        self.register_buffer("shift", shift)
        self.pair, self.seen = pair, []

    def forward(self, x):
        flat = x.flatten(1)
        self.seen.append((self.training, torch.is_grad_enabled(), len(x)))
        logits = self.line(flat)
        logits = 0.5 * logits + self.shift if self.training else logits
        return (logits, flat) if self.pair else logits


def epochs_of(train_epoch, weights, data, batch_size, count, *, rate, momentum=0.0, pair=False, only="", training=False):
    """What `count` calls of train_epoch give, W and b afterwards, the kinds of the last result, and what the model saw.

    `only`: the parameter that the optimizer holds, "" for both.
    """
    model = Line(*weights, pair).train(training)
    held = [p for name, p in model.named_parameters() if only in name]
    optimizer = torch.optim.SGD(held, lr=rate, momentum=momentum)
    batches = loader(*data, batch_size)
    results = [train_epoch(model, batches, optimizer) for _ in range(count)]
    return results, model.line.weight, model.line.bias, _kinds(results[-1]), model.seen


def judged(function, weights, data, batch_size, *, pair=False, training=False):
    """What evaluate or get_predictions gives, its kinds, W and b and the mode afterwards, and what the model saw."""
    model = Line(*weights, pair).train(training)
    result = function(model, loader(*data, batch_size))
    return result, _kinds(result), model.line.weight, model.line.bias, model.training, model.seen


class _Devices(TorchFunctionMode):
    """Notes on which devices the inputs of models and losses lie. Where there are no values, numbers are 0."""

    def __init__(self):
        super().__init__()
        self.images, self.labels = set(), set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in ("linear", "conv2d") and args and isinstance(args[0], torch.Tensor):
            self.images.add(args[0].device.type)
        if name == "cross_entropy" and len(args) > 1 and isinstance(args[1], torch.Tensor):
            self.labels.add(args[1].device.type)
        if name in ("item", "__float__", "__int__") and args[0].is_meta:
            return 0
        return func(*args, **(kwargs or {}))


def on_another_device(function, weights, data, batch_size, *, training):
    """On which devices images and labels were, where the model lies on one that holds no values."""
    model = Line(*weights, False).to("meta")
    batches = loader(*data, batch_size)
    arguments = [torch.optim.SGD(model.parameters(), lr=0.1)] if training else []
    return _watched(function, model, batches, *arguments)


def _watched(function, *arguments):
    """On which devices images and labels were. An error after the first of them is no matter: values may be asked for."""
    with _Devices() as devices:
        try:
            function(*arguments, device="meta")
        except Exception:
            if not devices.images:
                raise
    return sorted(devices.images), sorted(devices.labels)


# ---------------------------------------------------------------- models of the student's


def built(model_class, shape, *arguments):
    """A model, after a look at zeros of this shape: the model, its parameters and its buffers.

    Each parameter is (number of the layer that holds it, whether that is a batch norm, shape), each buffer is
    (whether it belongs to a batch norm, its last name, shape).
    """
    model = model_class(*arguments)
    model.eval()
    with torch.no_grad():
        model(torch.zeros(shape))
    holders = {}
    parameters = []
    for name, parameter in model.named_parameters():
        holder = name.rpartition(".")[0]
        number = holders.setdefault(holder, len(holders))
        parameters.append((number, _is_norm(model, holder), list(parameter.shape)))
    buffers = [(_is_norm(model, name.rpartition(".")[0]), name.rpartition(".")[2], list(buffer.shape))
               for name, buffer in model.named_buffers()]  # fmt: skip
    return model, parameters, buffers


def _is_norm(model, holder):
    return isinstance(model.get_submodule(holder), nn.modules.batchnorm._BatchNorm)


def fill(model, parameters, buffers):
    """Gives the model these numbers; None leaves a buffer as it is."""
    with torch.no_grad():
        for target, source in zip(model.parameters(), parameters, strict=True):
            target.copy_(source)
        for target, source in zip(model.buffers(), buffers, strict=True):
            if source is not None:
                target.copy_(source)


def set_weight(model, shape, values):
    """Puts these values into the last parameter of this shape."""
    fitting = [parameter for parameter in model.parameters() if list(parameter.shape) == shape]
    with torch.no_grad():
        fitting[-1].copy_(values)


def outputs(model, x, *, training=False, times=1):
    """What the model gives for x in this mode, so many times."""
    model.train(training)
    with torch.no_grad():
        return [model(x) for _ in range(times)]


def beginnings(model_class, shape, seeds):
    """The parameters with which models begin, one list for each seed."""
    found = []
    for seed in seeds:
        torch.manual_seed(seed)
        model, _, _ = built(model_class, shape)
        found.append([parameter.detach().clone() for parameter in model.parameters()])
    return found


def learned(model_class, train_epoch, images, labels, unseen, rates, seed):
    """Logits for unseen images, 0 to 255 like the others, of a model that is trained for one epoch at each of the rates."""
    torch.manual_seed(seed)
    model, _, _ = built(model_class, [1, 1, 28, 28])
    data = TensorDataset(images[:, None].float() / 255, labels)
    batches = DataLoader(data, batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters())
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        train_epoch(model, batches, optimizer, "cpu")
    return _logits(model, unseen[:, None].float() / 255)


def _logits(model, images):
    model.eval()
    with torch.no_grad():
        return torch.cat([_first(model(part)) for part in images.split(500)])


def _first(output):
    return output[0] if isinstance(output, tuple) else output


@contextlib.contextmanager
def _counting(layer, counts):
    """Notes in `counts` how many layers of this class are made."""
    original = layer.__init__

    def counted(self, *arguments, **named):
        counts.append(1)
        original(self, *arguments, **named)

    layer.__init__ = counted
    try:
        yield
    finally:
        layer.__init__ = original


def compared(compare, train, test, unseen, batch_size, epochs, seed):
    """What compare gives, but for the models; of each of those its class, how many numbers it trains, its logits for the
    test images and for unseen ones; and how many convolutions were made.
    """
    torch.manual_seed(seed)
    made = []
    with _counting(nn.Conv2d, made):
        results = compare(loader(*train, batch_size), loader(*test, batch_size), epochs)
    if not isinstance(results, dict) or not all(isinstance(entry, dict) for entry in results.values()):
        return results, {}, len(made)
    told = {name: {key: value for key, value in entry.items() if key != "model"} for name, entry in results.items()}
    models = {name: _portrait(entry["model"], test[0], unseen) for name, entry in results.items() if "model" in entry}
    return told, models, len(made)


def _portrait(model, *images):
    if not isinstance(model, nn.Module):
        return kind(model), 0, None, None
    count = sum(parameter.numel() for parameter in model.parameters())
    return type(model).__name__, count, *(_logits(model, some) for some in images)


def compared_elsewhere(compare, train, test):
    """On which devices images and labels were, where compare is asked for a device that holds no values."""
    return _watched(compare, loader(*train, 8), loader(*test, 8), 1)
