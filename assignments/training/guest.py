"""Runs beside your module: small models, loaders and files, and a look at what your functions did with them."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset


class Louder(nn.Module):
    """Logits (w x, 0), in training mode twice as large. Inside of it is a module that is frozen in evaluation mode."""

    def __init__(self, w):
        super().__init__()
        self.w, self.frozen = nn.Parameter(torch.tensor(float(w))), nn.Identity().eval()

    def forward(self, x):
        first = self.frozen(self.w * x[:, 0]) * (2 if self.training else 1)
        return torch.stack([first, torch.zeros_like(first)], dim=1)


def louder(w=1.0):
    """Such a model, in training mode."""
    return Louder(w)


def modes(model):
    """The mode of the model and of all modules in it."""
    return [module.training for module in model.modules()]


def weight(model):
    """Its weight."""
    return model.w


def batches(X, y, size):
    """A loader of rows and labels, in their order."""
    return DataLoader(TensorDataset(X, y), batch_size=size)


def first_logit(logits, labels):
    """A loss: the mean of the first logits."""
    return logits[:, 0].mean()


def sgd(model, rate):
    """Plain steps."""
    return torch.optim.SGD(model.parameters(), lr=rate)


def halving(optimizer):
    """A scheduler that halves the learning rate in every epoch."""
    return torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)


class Told:
    """A loss: of training the first logits, which makes w smaller in each step; of validation (labels 1) what is told."""

    def __init__(self, losses):
        self.losses = list(losses)

    def __call__(self, logits, labels):
        if labels[0] == 1:
            return torch.tensor(self.losses.pop(0))
        return logits[:, 0].mean()


def told(losses):
    """Such a loss; one number for each validation."""
    return Told(losses)


def rates(function, pairs, learning_rate):
    """The learning rate of each parameter, by name, in the groups for a small model."""
    model = nn.Sequential()
    for name in ("body", "head"):
        model.add_module(name, nn.Linear(2, 2))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = function(model, pairs, learning_rate)
    return {names[id(parameter)]: group["lr"] for group in groups for parameter in group["params"]}


def pictures(function, colour, count):
    """What a transform makes of an image of one colour, `count` times."""
    return [function(Image.new("RGB", (30, 20), tuple(colour))) for _ in range(count)]


class Numbers(Dataset):
    """The pairs (k, k // 5) for k from 0 to n - 1."""

    def __init__(self, n):
        self.n, self.transform = n, None

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return (index if self.transform is None else self.transform(index)), index // 5


def numbers(n):
    """Such a data set."""
    return Numbers(n)


def negative(item):
    """A transform."""
    return -1 - item


def thousands(item):
    """Another one."""
    return item + 1000


def pairs(dataset):
    """All pairs of a data set."""
    return [dataset[k] for k in range(len(dataset))]


def class_folders(counts):
    """A folder with so many files in a folder for each class, and a path beside it that is not there yet."""
    place = tempfile.mkdtemp()
    for name, count in counts.items():
        os.makedirs(os.path.join(place, "root", name))
        for k in range(count):
            with open(os.path.join(place, "root", name, f"{k}.txt"), "w") as file:
                file.write(f"{name} {k}")
    return os.path.join(place, "root"), os.path.join(place, "out")


def files(root):
    """The paths of all files below, with `/`."""
    found = [os.path.relpath(os.path.join(place, name), root) for place, _, names in os.walk(root) for name in names]
    return sorted(path.replace(os.sep, "/") for path in found)


def images():
    """A folder with a grey image of 2 x 1 pixels in zebra/ and one in colours in ant/."""
    root = tempfile.mkdtemp()
    for name, array in (("zebra", [[0, 200]]), ("ant", [[[10, 20, 30], [40, 50, 60]]])):
        os.makedirs(os.path.join(root, name))
        Image.fromarray(np.array(array, np.uint8)).save(os.path.join(root, name, "a.png"))
    return root


def image_at(dataset, index):
    """Pixels, mode and label of the image at an index."""
    image, label = dataset[index]
    return np.asarray(image), image.mode, label


def resumed(save, load):
    """Two steps of momentum 0.5 with a gradient of 1, one before the checkpoint and one after it, in another model."""
    path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
    w = []
    for k in range(2):
        model = Louder(k)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.5)
        if k == 1:
            w.append(load(path, model, optimizer))
        model.w.grad = torch.ones(())
        optimizer.step()
        if k == 0:
            save(path, model, optimizer, 7)
        w.append(model.w.item())
    torch.load(path, weights_only=True)
    return w


def logged(function, history):
    """What is written of a history: (tag, value, step), as a writer is told."""
    calls = []

    class Writer:
        def add_scalar(self, tag, value, global_step=None, *more, **named):
            calls.append((tag, float(value), global_step))

        def flush(self):
            pass

    function(Writer(), history)
    return calls


def graph_files(function):
    """The size of what is written of a graph, in bytes."""
    from torch.utils.tensorboard import SummaryWriter

    place = tempfile.mkdtemp()
    with SummaryWriter(place) as writer:
        function(writer, nn.Linear(3, 2), torch.ones(1, 3))
    return sum(os.path.getsize(os.path.join(place, name)) for name in os.listdir(place))


def layers():
    """Two layers."""
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU())


def run(model):
    """Runs them on a batch of 5."""
    model(torch.ones(5, 3))
