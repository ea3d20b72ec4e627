# All of it.
"""The training toolkit: fit, evaluate, find a learning rate, prepare data, keep and show what was trained, and measure it.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_training.py
checks them: run `pytest` in this folder. Helpers of your own may stand anywhere between the functions.

N samples, C classes. A loader gives batches (inputs, labels): inputs (B, ...), labels (B,) int64, the last batch may be
smaller. A model maps inputs to logits (B, C). A loss function maps (logits, labels) to the mean loss of the batch, ().
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import random
import shutil

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau  # noqa: F401
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms  # noqa: F401

__all__ = [
    "MEAN", "NOISE", "STD", "FolderDataset", "GaussianNoise", "ShapeRecorder", "channel_stats", "confusion_matrix",
    "eval_transform", "evaluate", "fit", "load_checkpoint", "log_graph", "log_history", "lr_range_test", "parameter_groups",
    "per_class_accuracy", "precision_recall_f1", "predict", "save_checkpoint", "split", "split_class_folders", "suggest_lr",
    "train_transform",
]  # fmt: skip

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the channels of ImageNet, for images from 0 to 1
NOISE = 0.05  # standard deviation of the noise in train_transform, for images from 0 to 1


@contextlib.contextmanager
def _evaluating(model: nn.Module) -> Any:
    """Evaluation mode without gradients; afterwards every module is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        yield
    for module, mode in modes:
        module.training = mode


def predict(model: nn.Module, loader: DataLoader, device: str | torch.device = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """What the model says to everything that the loader gives, in evaluation mode and without gradients.

    Args:
        model: on `device`. Afterwards each of its modules is in the mode that it was in.
        loader: gives the batches, which are moved to `device`.
        device: where to compute.

    Returns:
        logits: (N, C), in the loader's order, on the CPU.
        labels: (N,), in the same order, on the CPU.
    """
    logits, targets = [], []
    with _evaluating(model):
        for inputs, labels in loader:
            logits.append(model(inputs.to(device)).cpu())
            targets.append(labels.cpu())
    return torch.cat(logits), torch.cat(targets)


def evaluate(
    model: nn.Module, loader: DataLoader, loss_fn: Callable, device: str | torch.device = "cpu"
) -> tuple[float, float]:
    """Mean loss and accuracy over everything that the loader gives, in evaluation mode and without gradients.

    Args:
        model: on `device`. Afterwards each of its modules is in the mode that it was in.
        loader: gives the batches, which are moved to `device`.
        loss_fn: mean loss of a batch, of (logits, labels).
        device: where to compute.

    Returns:
        loss: a Python float, the mean over the samples: a smaller last batch counts less.
        accuracy: a Python float, the share of the samples whose largest logit is that of the label.
    """
    total, right, count = 0.0, 0, 0
    with _evaluating(model):
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            logits = model(inputs)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return total / count, right / count


def _train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable,
    train_loader: DataLoader,
    device: str | torch.device,
) -> tuple[float, float]:
    """One epoch of steps; mean loss and accuracy of its samples, each taken before the step of its batch."""
    loss_sum, hits, samples = 0.0, 0, 0
    model.train()
    for inputs, labels in train_loader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        logits = model(inputs)
        loss = loss_fn(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        hits += (logits.argmax(dim=1) == labels).sum().item()
        samples += len(labels)
    return loss_sum / samples, hits / samples


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable,
    train_loader: DataLoader,
    val_loader: DataLoader,
    epochs: int,
    device: str | torch.device = "cpu",
    scheduler: Any = None,
    patience: int | None = None,
    on_epoch: Callable[[int, dict], None] | None = None,
) -> dict:
    """Train, with one step for every batch, and end with the weights of the best epoch.

    Args:
        model: on `device`. In the end it has the weights and buffers that it had after the best epoch.
        optimizer: of the model's parameters.
        loss_fn: mean loss of a batch, of (logits, labels).
        train_loader, val_loader: give the batches, which are moved to `device`.
        epochs: how many at most, at least 1. Each: all steps, then the validation.
        device: where to compute.
        scheduler: one of torch.optim.lr_scheduler, or None; one step in each epoch, after the validation.
            ReduceLROnPlateau gets the validation loss.
        patience: stop after so many epochs in a row without a validation loss below all earlier ones; None: never.
        on_epoch: called at the end of each epoch with its number, from 0, and the history so far. The model has then the
            weights of this epoch.

    Returns:
        history, a dict with one list of Python floats each, of one entry for each epoch that was trained:
            train_loss, train_accuracy: mean over the samples, each taken before the step of its batch, in training mode;
            val_loss, val_accuracy: as `evaluate` gives them after the steps of the epoch;
            learning_rate: of the optimizer's first group during the epoch;
        and best_epoch: the number, from 0, of the first epoch with the lowest validation loss.
    """
    names = "train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate"
    history: dict[str, Any] = {name: [] for name in names}
    best_loss, waited, state = math.inf, 0, None
    for epoch in range(epochs):
        rate = optimizer.param_groups[0]["lr"]
        train_loss, train_accuracy = _train(model, optimizer, loss_fn, train_loader, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        for name, value in zip(names, (train_loss, train_accuracy, val_loss, val_accuracy, rate), strict=True):
            history[name].append(value)
        waited += 1
        if state is None or val_loss < best_loss:
            best_loss, waited, state = val_loss, 0, copy.deepcopy(model.state_dict())
            history["best_epoch"] = epoch
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(val_loss)
        elif scheduler is not None:
            scheduler.step()
        if on_epoch is not None:
            on_epoch(epoch, history)
        if patience is not None and waited >= patience:
            break
    model.load_state_dict(state)
    return history


def lr_range_test(
    model: nn.Module,
    train_loader: DataLoader,
    loss_fn: Callable,
    optimizer: torch.optim.Optimizer,
    init_lr: float = 1e-6,
    final_lr: float = 1.0,
    device: str | torch.device = "cpu",
) -> tuple[list[float], list[float]]:
    """Train for one pass of the loader while the learning rate grows from batch to batch, and see what the loss does.

    Args:
        model, optimizer: as for fit. Afterwards both are as they were: weights, buffers, modes, the optimizer's state and
            learning rates.
        train_loader: gives K batches, which are moved to `device`.
        loss_fn: mean loss of a batch, of (logits, labels).
        init_lr, final_lr: learning rate of the first and the last step; in between it grows by the same factor from
            each batch to the next. With one batch it is init_lr. All groups of the optimizer get it.
        device: where to compute.

    Returns:
        lrs: a list of Python floats, the learning rate of each step.
        losses: a list of Python floats, the loss of each batch before its step, as it is.
            The first loss that is above 4 times the lowest so far, or not finite, ends the test and is in neither list.
    """
    modes = [(module, module.training) for module in model.modules()]
    weights, kept = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    growth = (final_lr / init_lr) ** (1 / max(1, len(train_loader) - 1))
    lrs: list[float] = []
    losses: list[float] = []
    model.train()
    for k, (inputs, labels) in enumerate(train_loader):
        for group in optimizer.param_groups:
            group["lr"] = init_lr * growth**k
        optimizer.zero_grad()
        loss = loss_fn(model(inputs.to(device)), labels.to(device))
        value = loss.item()
        if not math.isfinite(value) or value > 4 * min(losses, default=value):
            break
        lrs.append(init_lr * growth**k)
        losses.append(value)
        loss.backward()
        optimizer.step()
    model.load_state_dict(weights)
    optimizer.load_state_dict(kept)
    for module, mode in modes:
        module.training = mode
    return lrs, losses


def suggest_lr(lrs: Sequence[float], losses: Sequence[float]) -> float:
    """The learning rate at which the smoothed loss falls most steeply, over the logarithm of the learning rate.

    Args:
        lrs, losses: K floats each, K at least 60, as lr_range_test gives them.

    Returns:
        a Python float; within a factor of 10 of the steepest place is near enough.
    """
    width = len(losses) // 10
    window = np.ones(width) / width
    smooth = np.convolve(losses, window, "valid")
    places = np.convolve(np.log10(lrs), window, "valid")
    return float(10 ** places[np.gradient(smooth, places).argmin()])


def parameter_groups(model: nn.Module, groups: Sequence[tuple[str, float]], learning_rate: float) -> list[dict]:
    """Groups for an optimizer, so that parts of a model learn at rates of their own.

    Args:
        model: every one of its parameters is in exactly one group.
        groups: (prefix, factor). A parameter belongs to the first pair whose prefix its name (as named_parameters gives it)
            begins with. What none fits has the factor 1.
        learning_rate: that of factor 1.

    Returns:
        a list of dicts {"params": [parameters], "lr": learning_rate * factor}, as an optimizer takes them. How many groups
        there are, and in which order, is up to you.
    """
    found: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        factor = next((factor for prefix, factor in groups if name.startswith(prefix)), 1.0)
        found.setdefault(factor, []).append(parameter)
    return [{"params": parameters, "lr": learning_rate * factor} for factor, parameters in found.items()]


class GaussianNoise:
    """Adds normal noise to a tensor, as a transform."""

    def __init__(self, mean: float = 0.0, std: float = 0.1) -> None:
        """Mean and standard deviation of the noise."""
        self.mean, self.std = mean, std

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A new tensor, tensor + noise, of the same shape and dtype; every element has noise of its own. Nothing is clipped.

        The noise comes from torch's generator; `tensor` stays as it is.
        """
        return tensor + self.mean + self.std * torch.randn_like(tensor)

    def __repr__(self) -> str:
        """For example "GaussianNoise(mean=0.0, std=0.1)"."""
        return f"GaussianNoise(mean={self.mean}, std={self.std})"


def train_transform(size: int) -> Callable[[Image.Image], torch.Tensor]:
    """For training: a random crop, mirrored at random, with noise.

    Args:
        size: side of the result, in pixels.

    Returns:
        a function from an RGB image of PIL to (3, size, size) float32: a crop at random (transforms.RandomResizedCrop),
        mirrored left to right in half of the cases, scaled to [0, 1], with normal noise (mean 0, standard deviation NOISE)
        added, and then standardised: (value - MEAN) / STD of each channel.
    """
    return transforms.Compose([
        transforms.RandomResizedCrop(size),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        GaussianNoise(std=NOISE),
        transforms.Normalize(MEAN, STD),
    ])  # fmt: skip


def eval_transform(size: int) -> Callable[[Image.Image], torch.Tensor]:
    """For everything else: the middle of the image, with nothing random in it, standardised as for training.

    Args:
        size: side of the result, in pixels.

    Returns:
        a function from an RGB image of PIL to (3, size, size) float32: the shorter side is resized to `size` (the ratio of
        the sides stays), the middle is cropped, scaled to [0, 1], and standardised: (value - MEAN) / STD of each channel.
    """
    return transforms.Compose([
        transforms.Resize(size),
        transforms.CenterCrop(size),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])  # fmt: skip


class _Part(Dataset):
    """Some items of a data set, by index, with a transform of their own."""

    def __init__(self, dataset: Dataset, indices: Sequence[int], transform: Callable | None) -> None:
        self.dataset, self.indices, self.transform = dataset, indices, transform

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        item, label = self.dataset[self.indices[index]]
        return (item if self.transform is None else self.transform(item)), label


def split(
    dataset: Dataset, val_fraction: float, seed: int, train_transform: Callable | None, val_transform: Callable | None
) -> tuple[Dataset, Dataset]:
    """Split a data set at random in one for training and one for validation.

    Args:
        dataset: n pairs (item, label), with an attribute `transform` that is None. It stays as it is.
        val_fraction: int(n * val_fraction) of the pairs are for validation, all others for training.
        seed: the same seed gives the same split, another one another. The global generators are neither used nor seeded.
        train_transform, val_transform: applied to the item, anew each time that it is taken; None: it stays as it is.

    Returns:
        train, val: data sets of pairs (transformed item, label).
    """
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed)).tolist()
    count = int(len(dataset) * val_fraction)
    return _Part(dataset, order[count:], train_transform), _Part(dataset, order[:count], val_transform)


def channel_stats(loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each channel, over all pixels of all images.

    Args:
        loader: gives batches (images, labels), images (B, C, H, W) float32; the last batch may be smaller.

    Returns:
        mean: (C,).
        std: (C,): the root of the mean squared deviation from that mean (divided by the number of pixels).
    """
    total, squares, count = 0.0, 0.0, 0
    for images, _ in loader:
        total = total + images.sum(dim=(0, 2, 3))  # (C,)
        squares = squares + (images**2).sum(dim=(0, 2, 3))
        count += images[:, 0].numel()
    mean = total / count
    return mean, (squares / count - mean**2).sqrt()


def split_class_folders(root: str | Path, out: str | Path, train_fraction: float, seed: int) -> None:
    """Copy root/<class>/<file> to out/train/<class>/<file> or out/val/<class>/<file>.

    Args:
        root: one folder for each class, with files. Files beside those folders are left out. Nothing in it changes.
        out: is made; it is not there before.
        train_fraction: int(n * train_fraction) of the n files of each class, chosen at random, are copied to train, all
            others to val. Both have a folder for every class, be it empty.
        seed: the same seed and the same names give the same choice, on every machine; another seed another one.
    """
    generator = random.Random(seed)
    for folder in sorted(path for path in Path(root).iterdir() if path.is_dir()):
        files = sorted(folder.iterdir())
        generator.shuffle(files)
        count = int(len(files) * train_fraction)
        for part, chosen in (("train", files[:count]), ("val", files[count:])):
            target = Path(out) / part / folder.name
            target.mkdir(parents=True)
            for file in chosen:
                shutil.copyfile(file, target / file.name)


class FolderDataset(Dataset):
    """Images in one folder for each class: root/<class>/<file>."""

    def __init__(self, root: str | Path, transform: Callable | None = None) -> None:
        """Find the files.

        Args:
            root: one folder for each class; every file in those is an image. Files beside those folders are left out.
            transform: applied to the image, anew each time that it is taken; None: it stays as it is.

        Attributes:
            classes: the names of the folders, sorted, also of empty ones.
            transform: as given.
        """
        self.transform = transform
        folders = sorted(path for path in Path(root).iterdir() if path.is_dir())
        self.classes = [folder.name for folder in folders]
        self._items = [(file, label) for label, folder in enumerate(folders) for file in sorted(folder.iterdir())]

    def __len__(self) -> int:
        """How many images there are."""
        return len(self._items)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """(image, label): an RGB image of PIL, whatever the file holds, or what the transform makes of it; and the index of
        its class in `classes`. Ordered by class, then by the name of the file.
        """
        file, label = self._items[index]
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        return (image if self.transform is None else self.transform(image)), label

    def class_counts(self) -> dict[str, int]:
        """How many images each class has: {name: count}, 0 for an empty folder."""
        labels = [label for _, label in self._items]
        return {name: labels.count(k) for k, name in enumerate(self.classes)}


def save_checkpoint(path: str | Path, model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int) -> None:
    """Write what a training needs to go on to one file, by torch.save.

    Args:
        path: of the file.
        model, optimizer: their state dicts are kept, not the objects, so that torch.load(path, weights_only=True) reads it.
        epoch: the number of the epoch that is done.
    """
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, path)


def load_checkpoint(path: str | Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Put back what save_checkpoint has written, so that the training goes on as if it had not been interrupted.

    Args:
        path: of the file. Only data is read from it (weights_only=True); a file with anything else raises an exception.
        model, optimizer: of the same kind as those that were saved; their states are replaced.

    Returns:
        the epoch that was saved, an int.
    """
    kept = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return kept["epoch"]


def log_history(writer: Any, history: dict) -> None:
    """Write a history to TensorBoard, as scalars.

    Args:
        writer: a torch.utils.tensorboard.SummaryWriter; it stays open.
        history: as `fit` gives it. Tags: loss/train, loss/val, accuracy/train, accuracy/val and learning_rate; the step is
            the number of the epoch, from 0.
    """
    for name in ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate"):
        tag = name if name == "learning_rate" else "/".join(reversed(name.split("_")))
        for epoch, value in enumerate(history[name]):
            writer.add_scalar(tag, value, epoch)


def log_graph(writer: Any, model: nn.Module, example: torch.Tensor) -> None:
    """Write the graph of a model to TensorBoard.

    Args:
        writer: a torch.utils.tensorboard.SummaryWriter; it stays open.
        model: afterwards each of its modules is in the mode that it was in.
        example: inputs to follow through the model, on its device.
    """
    with _evaluating(model):
        writer.add_graph(model, example)


class ShapeRecorder:
    """Notes what goes into and comes out of every layer, while a `with` block runs.

    ::

        with ShapeRecorder(model) as recorder:
            model(images)
        recorder.records    # [("conv1", (8, 3, 32, 32), (8, 16, 30, 30)), ...]

    A layer is a module that has no modules in it. Hooks are there from the beginning of the block to its end, also where
    it ends by an exception, which goes on.
    """

    def __init__(self, model: nn.Module) -> None:
        """Of which model; no hooks yet.

        Attributes:
            records: a list of (name, input shape, output shape), one for each time that a layer was run, in that order. The
                name is that of named_modules; shapes are tuples of ints.
        """
        self.model = model
        self.records: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
        self._hooks: list[Any] = []

    def _note(self, name: str, module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        self.records.append((name, tuple(inputs[0].shape), tuple(output.shape)))

    def __enter__(self) -> ShapeRecorder:
        """Put a forward hook on every layer; gives itself."""
        for name, module in self.model.named_modules():
            if not list(module.children()):
                self._hooks.append(module.register_forward_hook(functools.partial(self._note, name)))
        return self

    def __exit__(self, *exception: object) -> None:
        """Remove the hooks."""
        for hook in self._hooks:
            hook.remove()


def confusion_matrix(labels: torch.Tensor, predictions: torch.Tensor, num_classes: int) -> torch.Tensor:
    """How often which class was taken for which.

    Args:
        labels, predictions: (N,) int64, from 0 to C - 1.
        num_classes: C.

    Returns:
        (C, C) of whole numbers: in row r and column c the number of samples of class r that were predicted to be c.
    """
    pairs = labels * num_classes + predictions
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    """above / below, and `otherwise` where below is 0."""
    return np.where(below > 0, above / np.maximum(below, 1), otherwise)


def precision_recall_f1(
    labels: torch.Tensor, predictions: torch.Tensor, num_classes: int, average: str = "macro"
) -> tuple[float, float, float]:
    """Precision, recall and F1: the value of each class, and then their mean over the classes.

    Args:
        labels, predictions: (N,) int64, from 0 to C - 1.
        num_classes: C; all of them count, also those without samples.
        average: "macro" (each class counts the same) or "weighted" (as many times as it has samples).

    Returns:
        precision, recall, f1: Python floats. What is divided by 0 is 0.

    Raises:
        ValueError: for any other `average`.
    """
    if average not in ("macro", "weighted"):
        raise ValueError(f"average is {average!r}; 'macro' or 'weighted' is expected")
    matrix = np.asarray(confusion_matrix(labels, predictions, num_classes))
    hits, found, there = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    weights = there if average == "weighted" else None
    values = _ratio(hits, found, 0), _ratio(hits, there, 0), _ratio(2 * hits, found + there, 0)
    precision, recall, f1 = (float(np.average(value, weights=weights)) for value in values)
    return precision, recall, f1


def per_class_accuracy(labels: torch.Tensor, predictions: torch.Tensor, num_classes: int) -> np.ndarray:
    """Which share of the samples of each class was recognised.

    Args:
        labels, predictions: (N,) int64, from 0 to C - 1.
        num_classes: C.

    Returns:
        (C,): the share of the samples of each class that were predicted to be of it; NaN for a class without samples.
    """
    matrix = np.asarray(confusion_matrix(labels, predictions, num_classes))
    return _ratio(np.diag(matrix), matrix.sum(axis=1), math.nan)
