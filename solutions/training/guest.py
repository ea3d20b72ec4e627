"""Runs beside the student's module in the sandbox: small models, loaders, losses and files, and a look at what came back.

It holds inputs only. What a model or a loss notes of its calls serves to word a mistake, and to see habits that no number
shows (gradients in evaluation, graphs that are kept).
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import random
import tempfile
import weakref

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, Dataset, TensorDataset


def kind(value):
    """What a value is: "float32 tensor", "float", "ndarray" ..."""
    if isinstance(value, torch.Tensor):
        tracked = " that requires a gradient" if value.requires_grad else ""
        return f"{str(value.dtype).removeprefix('torch.')} tensor{tracked}"
    return type(value).__name__


def look(function, *arguments, **named):
    """What the function gives, and what kind of thing that is; of a tuple each part."""
    result = function(*arguments, **named)
    return result, [kind(part) for part in result] if isinstance(result, tuple | list) else kind(result)


# ---------------------------------------------------------------- models, losses, loaders


class Gauge(nn.Module):
    """A linear layer whose logits are `factor` times as large in training mode. `frozen` has a mode of its own to keep."""

    def __init__(self, W, b, factor):
        super().__init__()
        self.linear = nn.Linear(*reversed(W.shape))
        self.linear.load_state_dict({"weight": W, "bias": b})
        self.frozen = nn.Identity()
        self.factor, self.calls = factor, []

    def forward(self, x):
        self.calls.append([self.training, torch.is_grad_enabled(), _is_moved(x)])
        logits = self.frozen(self.linear(x))
        return self.factor * logits if self.training else logits


class Scalar(nn.Module):
    """Logits (w, w - 1) for every sample, whatever comes in. `seen` is what w was at the last call."""

    def __init__(self, w=0.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([w]))
        self.other = nn.Parameter(torch.tensor([2.0]))
        self.register_buffer("seen", torch.zeros(1))
        self.path = []

    def forward(self, x):
        self.seen.copy_(self.w.detach())
        self.path.append(self.w.item())
        return torch.cat([self.w, self.w - 1]).expand(len(x), 2)


def gauge(W, b, factor=2.0, training=True, frozen_training=False):
    """A Gauge whose modes are as told."""
    model = Gauge(W, b, factor).train(training)
    model.frozen.train(frozen_training)
    return model


def scalar(w=0.0):
    """A Scalar."""
    return Scalar(w)


def network(sizes, seed):
    """Linear layers with ReLU between them."""
    torch.manual_seed(seed)
    layers = [layer for a, b in zip(sizes, sizes[1:], strict=False) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def state(model):
    """Its weights and buffers."""
    return dict(model.state_dict())


def modes(model):
    """The mode of every module in it."""
    return [module.training for module in model.modules()]


def calls(model):
    """Of every call of a Gauge: training mode, gradients enabled, inputs on the device."""
    return model.calls


def path(model):
    """w at every call of a Scalar."""
    return model.path


class _Token:
    """Lives as long as the graph that it hangs on."""


class _Mark(torch.autograd.Function):
    @staticmethod
    def forward(ctx, loss, token):
        ctx.token = token
        return loss.view_as(loss)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class CrossEntropy:
    """The mean cross-entropy. Notes whether labels were on the device, and how many graphs of earlier calls were alive."""

    def __init__(self):
        self.tokens, self.most, self.moved, self.count = [], 0, True, 0

    def __call__(self, logits, labels):
        self.count += 1
        self.moved &= _is_moved(labels)
        self.most = max(self.most, sum(token() is not None for token in self.tokens))
        loss = F.cross_entropy(logits, labels)
        if loss.requires_grad:
            token = _Token()
            self.tokens.append(weakref.ref(token))
            loss = _Mark.apply(loss, token)
        return loss


def cross_entropy():
    """A CrossEntropy."""
    return CrossEntropy()


def alive(loss):
    """How many graphs of earlier losses were alive at most when a loss was computed."""
    return loss.most


class Scripted:
    """Losses as told, for a Scalar; the gradient with respect to w is 1. The labels of validation are 1.

    In validation: the entry for the number of epochs that the optimizer has made; else the entry for the number of the
    call, or w itself where `losses` is None.
    """

    def __init__(self, validation, optimizer, steps_per_epoch, losses=None):
        self.validation, self.optimizer, self.per_epoch = validation, optimizer, steps_per_epoch
        self.losses, self.calls = losses, 0

    def __call__(self, logits, labels):
        mean = logits[:, 0].mean()
        if labels[0] == 1:
            epoch = min(max(0, len(self.optimizer.rates) // self.per_epoch - 1), len(self.validation) - 1)
            return mean.detach() * 0 + self.validation[epoch]
        self.calls += 1
        return mean if self.losses is None else mean - mean.detach() + self.losses[min(self.calls, len(self.losses)) - 1]


def scripted(validation, optimizer, steps_per_epoch, losses=None):
    """A Scripted loss."""
    return Scripted(validation, optimizer, steps_per_epoch, losses)


class SGD(torch.optim.SGD):
    """Notes the learning rates of its groups at every step."""

    def __init__(self, *arguments, **named):
        self.rates = []
        super().__init__(*arguments, **named)

    def step(self, closure=None):
        self.rates.append([float(group["lr"]) for group in self.param_groups])
        return super().step(closure)


def sgd(model, rate, momentum=0.0, groups=False):
    """A noting SGD; `groups`: a group for each parameter, the second one with twice the rate."""
    parameters = list(model.parameters())
    if groups:
        parameters = [{"params": [p], "lr": rate * 2**k} for k, p in enumerate(parameters)]
    return SGD(parameters, lr=rate, momentum=momentum)


def adam(model, rate):
    """Adam."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def rates(optimizer):
    """The learning rates of the groups: at every step, and now."""
    return optimizer.rates, [float(group["lr"]) for group in optimizer.param_groups]


def memory(optimizer):
    """What an optimizer remembers of each parameter, the gradients aside."""
    return [
        {name: torch.as_tensor(value) for name, value in optimizer.state[p].items() if value is not None}
        for group in optimizer.param_groups for p in group["params"] if p in optimizer.state
    ]  # fmt: skip


def one_step(model, optimizer):
    """A step with gradients of 1."""
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    optimizer.zero_grad()


def batches(X, y, size, drop_last=False, shuffle_seed=None):
    """A loader of rows and labels; shuffled only with a seed."""
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    return DataLoader(
        TensorDataset(X, y), batch_size=size, drop_last=drop_last, shuffle=generator is not None, generator=generator
    )  # fmt: skip


def flat_batches(count, size, label):
    """A loader of `count` full batches of zeros with this label."""
    return DataLoader(TensorDataset(torch.zeros(count * size, 1), torch.full((count * size,), label)), batch_size=size)


SCHEDULERS = {
    "StepLR": lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5),
    "ExponentialLR": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.8),
    "ReduceLROnPlateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=0, threshold=0.0),
}


def scheduler(name, optimizer):
    """The scheduler of that name."""
    return SCHEDULERS[name](optimizer)


class Diary:
    """Notes what `on_epoch` is told, and w of the model."""

    def __init__(self, model=None):
        self.entries, self.model = [], model

    def __call__(self, epoch, history):
        lengths = [len(history[name]) if name in history else -1 for name in ("train_loss", "val_loss", "learning_rate")]
        self.entries.append([epoch, lengths, None if self.model is None else self.model.w.item()])


def diary(model=None):
    """A Diary."""
    return Diary(model)


def entries(diary):
    """What it has noted."""
    return diary.entries


# ---------------------------------------------------------------- another device, pretended


def _is_moved(tensor):
    return getattr(tensor, "grader_moved", False)


class _Elsewhere(TorchFunctionMode):
    """Pretends a device: what is sent there is marked and stays. Notes what makes float64, which MPS has not."""

    def __init__(self, name):
        super().__init__()
        self.name, self.doubles = name, []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        sent = False

        def here(value):
            nonlocal sent
            if isinstance(value, str | torch.device) and str(value).split(":")[0] == self.name:
                sent = True
                return "cpu" if isinstance(value, str) else torch.device("cpu")
            sent |= func is torch.Tensor.to and value is not args[0] and _is_moved(value)
            return value

        args = tuple(map(here, args))
        result = func(*args, **{name: here(value) for name, value in (kwargs or {}).items()})
        if isinstance(result, torch.Tensor):
            if sent:
                result.grader_moved = True
            if result.dtype == torch.float64:
                self.doubles.append(getattr(func, "__name__", "?"))
        return result


def elsewhere(function, name, model, loss, *arguments, **named):
    """What the function gives on a device of that name: (result, inputs moved, labels moved, what made float64)."""
    with _Elsewhere(name) as mode:
        result = function(*arguments, **named)
    moved = all(moved for _, _, moved in model.calls) and bool(model.calls)
    return result, moved, loss is None or (loss.moved and loss.count > 0), mode.doubles


# ---------------------------------------------------------------- parameter groups


class Parts(nn.Module):
    """Parameters whose names begin alike."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(2, 3)
        self.layer1 = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
        self.layer10 = nn.Linear(3, 3)
        self.head = nn.ModuleDict({"layer1": nn.Linear(3, 2), "norm": nn.LayerNorm(2)})
        self.stem.bias.requires_grad_(False)


def parts():
    """Such a model."""
    return Parts()


def names(model):
    """Its parameters' names."""
    return [name for name, _ in model.named_parameters()]


def members(function, model, pairs, rate):
    """[name, learning rate] for each parameter in each group that the function gives, as an optimizer has it."""
    groups = function(model, pairs, rate)
    if not isinstance(groups, list | tuple) or not all(isinstance(group, dict) and "params" in group for group in groups):
        return kind(groups)
    known = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [dict(group) for group in groups]
    for group in groups:
        group["params"] = list(group["params"])
    found = [[known.get(id(p), "?"), group.get("lr", -1.0)] for group in groups for p in group["params"]]
    if len({name for name, _ in found}) == len(found):
        optimizer = torch.optim.SGD(groups, lr=123.0)
        found = [[known.get(id(p), "?"), float(g["lr"])] for g in optimizer.param_groups for p in g["params"]]
    return found


# ---------------------------------------------------------------- transforms, splits


def seeded(seed, function, *arguments):
    """What the function gives after torch's and Python's generators have this seed."""
    torch.manual_seed(seed)
    random.seed(seed)
    return look(function, *arguments)


def picture(array):
    """An RGB image of PIL."""
    return Image.fromarray(array)


def results(function, array, seed, count=1):
    """What the function makes of the picture, `count` times, and what kind of thing that is."""
    torch.manual_seed(seed)
    random.seed(seed)
    made = [function(Image.fromarray(array)) for _ in range(count)]
    return made, [kind(one) for one in made]


class Tagger:
    """A transform: (tag, how often it was called, item)."""

    def __init__(self, tag):
        self.tag, self.calls = tag, 0

    def __call__(self, item):
        self.calls += 1
        return self.tag, self.calls, item


def tagger(tag):
    """A Tagger."""
    return Tagger(tag)


class Pairs(Dataset):
    """Items and labels, with a transform that is None."""

    def __init__(self, items, labels):
        self.items, self.labels, self.transform = list(items), list(labels), None

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        if not 0 <= index < len(self.items):
            raise IndexError(f"{index} of {len(self.items)} pairs")
        item = self.items[index]
        return (item if self.transform is None else self.transform(item)), self.labels[index]


def pairs(items, labels):
    """Such a data set."""
    return Pairs(items, labels)


def content(dataset):
    """All that is in a data set, one index after the other, and whether it is a Dataset; then its first pair once more."""
    return [list(dataset[k]) for k in range(len(dataset))], isinstance(dataset, Dataset)


def own_transform(dataset):
    """Whether the data set still has no transform."""
    return dataset.transform is None


def generators():
    """The states of the global generators, as one text."""
    states = torch.get_rng_state().numpy().tobytes(), repr(random.getstate()), repr(np.random.get_state())
    return hashlib.sha256(repr(states).encode()).hexdigest()


def images(X, y, size):
    """A loader of images and labels."""
    return DataLoader(TensorDataset(X, y), batch_size=size)


# ---------------------------------------------------------------- files


def folder():
    """A new empty folder."""
    return tempfile.mkdtemp()


def write(root, files, folders=()):
    """Files under a folder, in this order: (path, content)."""
    for name in folders:
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name, data in files:
        target = os.path.join(root, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)


def png(array, mode):
    """A picture as the bytes of a PNG; mode "P" has a palette."""
    image = Image.fromarray(array)
    stream = io.BytesIO()
    (image.quantize(8) if mode == "P" else image).save(stream, format="PNG")
    return stream.getvalue()


def decoded(data):
    """The RGB pixels of an image file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def tree(root):
    """(path, content) of every file under a folder, and the paths of all folders; nothing where there is none."""
    files, folders = [], []
    for place, inner, names in os.walk(root):
        folders += [os.path.relpath(os.path.join(place, name), root) for name in inner]
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                files.append((os.path.relpath(os.path.join(place, name), root), file.read()))
    return sorted(files), sorted(folders)


def pair_at(dataset, index):
    """The pair at an index: pixels where it is an image of PIL, its mode, the label and its type."""
    item, label = dataset[index]
    if isinstance(item, Image.Image):
        return np.asarray(item), item.mode, label, isinstance(dataset, Dataset)
    return item, type(item).__name__, label, isinstance(dataset, Dataset)


class Halved:
    """A transform of images: (half the width, how often it was called)."""

    def __init__(self):
        self.calls = 0

    def __call__(self, image):
        self.calls += 1
        return image.size[0] / 2, self.calls


def halved():
    """A Halved."""
    return Halved()


# ---------------------------------------------------------------- checkpoints


def weights(values, rate):
    """A model whose weight is given, and Adam at a learning rate."""
    model = nn.Linear(len(values), 1, bias=False)
    model.load_state_dict({"weight": values[None]})
    model.register_buffer("counter", torch.zeros(1))
    return model, torch.optim.Adam(model.parameters(), lr=rate)


def steps(pair, gradients, rate=None):
    """Steps with these gradients; the weight after them. The buffer counts them."""
    model, optimizer = pair
    for group in optimizer.param_groups if rate is not None else ():
        group["lr"] = rate
    for gradient in gradients:
        model.weight.grad = gradient[None].clone()
        optimizer.step()
        model.counter += 1
    return model.weight[0], model.counter[0]


def path_in(folder, name):
    """A path in the folder."""
    return os.path.join(folder, name)


def save(function, path, pair, epoch):
    """Saves the pair."""
    return function(path, *pair, epoch)


def load(function, path, pair):
    """Loads into the pair."""
    return look(function, path, *pair)


def is_plain(path):
    """Whether there is such a file, and torch reads it as data only."""
    if not os.path.isfile(path):
        return False, False
    try:
        torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        return True, False
    return True, True


EXPLODED = []


class Bomb:
    """What is loaded runs a function if it is unpickled."""

    def __reduce__(self):
        return explode, ()


def explode():
    """Notes that a file's code was run."""
    EXPLODED.append(1)
    return 1


def poisoned(function, path, pair):
    """Whether code in a file is run by loading it, and whether loading it raised: the file at path, with more in it."""
    kept = torch.load(path, weights_only=False)
    torch.save({**kept, "more": Bomb()} if isinstance(kept, dict) else [*kept, Bomb()], path)
    EXPLODED.clear()
    try:
        function(path, *pair)
    except NotImplementedError:
        raise
    except Exception:
        return bool(EXPLODED), True
    return bool(EXPLODED), False


# ---------------------------------------------------------------- TensorBoard


def logged(function, *arguments):
    """What the function writes with a writer: (path, content) of every file. Whether the writer is still open."""
    from torch.utils.tensorboard import SummaryWriter

    place = tempfile.mkdtemp()
    writer = SummaryWriter(place)
    function(writer, *arguments)
    still_open = writer.file_writer is not None and writer.all_writers is not None
    writer.close()
    return tree(place)[0], still_open


# ---------------------------------------------------------------- shapes


class Twice(nn.Module):
    """Runs its layers in another order than they are named in, and one of them twice; the head has two inputs."""

    def __init__(self, channels, classes):
        super().__init__()
        self.head = nn.Bilinear(channels, 2, classes)
        self.block = nn.Sequential(nn.Conv2d(3, channels, 3), nn.ReLU())
        self.mix = nn.Conv2d(channels, channels, 1)
        self.fails = False

    def forward(self, x):
        x = self.block(x)
        x = self.mix(self.mix(x))
        if self.fails:
            raise ZeroDivisionError
        return self.head(x.mean(dim=(2, 3)), x.new_ones(len(x), 2))


def twice(channels, classes):
    """Such a model."""
    return Twice(channels, classes)


def single(D, C):
    """A model that is one layer."""
    return nn.Linear(D, C)


def run(model, shape):
    """Runs the model; what it gives has this shape."""
    with torch.no_grad():
        return list(model(torch.ones(*shape)).shape)


def hook(model):
    """A hook that was there before; [how often it has run]."""
    count = [0]

    def note(*_):
        count[0] += 1

    model.mix.register_forward_hook(note)
    return lambda: count[0]


def hooks(model):
    """How many hooks are on the model and in it."""
    kinds = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks"
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


def failing(recorder, model, shape):
    """Whether an exception in the block comes out of it."""
    model.fails = True
    try:
        with recorder:
            model(torch.ones(*shape))
    except ZeroDivisionError:
        return True
    finally:
        model.fails = False
    return False
