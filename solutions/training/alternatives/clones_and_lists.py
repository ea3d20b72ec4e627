"""Everything is gathered and computed in the end; states are kept as clones; Subset over a copy; os in place of pathlib."""

import copy
import os
import random
import shutil

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import Dataset, Subset
from torchvision.transforms import v2

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NOISE = 0.05


class _Modes:
    def __init__(self, model, training):
        self.model, self.training = model, training

    def __enter__(self):
        self.before = {name: module.training for name, module in self.model.named_modules()}
        self.model.train(self.training)

    def __exit__(self, *exception):
        for name, module in self.model.named_modules():
            module.training = self.before[name]


@torch.inference_mode()
def predict(model, loader, device="cpu"):
    with _Modes(model, False):
        pairs = [(model(x.to(device)), y) for x, y in loader]
    logits, labels = zip(*pairs, strict=True)
    return torch.vstack(logits).cpu(), torch.hstack(labels)


@torch.no_grad()
def evaluate(model, loader, loss_fn, device="cpu"):
    losses, sizes, hits = [], [], []
    with _Modes(model, False):
        for batch in loader:
            x, y = (part.to(device, non_blocking=True) for part in batch)
            out = model(x)
            losses.append(float(loss_fn(out, y)))
            hits += (out.max(1).indices == y).tolist()
            sizes.append(y.shape[0])
    return float(np.average(losses, weights=sizes)), float(np.mean(hits))


def fit(
    model, optimizer, loss_fn, train_loader, val_loader, epochs, device="cpu", scheduler=None, patience=None, on_epoch=None
):
    history = {key: [] for key in ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate")}
    best = None
    for epoch in range(epochs):
        history["learning_rate"].append(optimizer.param_groups[0]["lr"])
        model.train()
        losses, sizes, hits = [], [], []
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            out = model(x)
            loss = loss_fn(out, y)
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad = None
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            sizes.append(len(x))
            hits.append(out.detach().argmax(-1).eq(y).float().mean())
        history["train_loss"].append(float(np.average([float(one) for one in losses], weights=sizes)))
        history["train_accuracy"].append(float(np.average([float(one) for one in hits], weights=sizes)))
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
        if best is None or val_loss < history["val_loss"][history["best_epoch"]]:
            best = {name: value.detach().clone() for name, value in model.state_dict().items()}
            history["best_epoch"] = epoch
        if scheduler:
            if "metrics" in scheduler.step.__code__.co_varnames:
                scheduler.step(metrics=val_loss)
            else:
                scheduler.step()
        if on_epoch:
            on_epoch(epoch, history)
        if patience and epoch - history["best_epoch"] == patience:
            break
    model.load_state_dict(best)
    return history


def lr_range_test(model, train_loader, loss_fn, optimizer, init_lr=1e-6, final_lr=1.0, device="cpu"):
    weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
    before = copy.deepcopy(optimizer.state_dict())
    lrs, losses, lowest = [], [], float("inf")
    grid = np.logspace(np.log10(init_lr), np.log10(final_lr), len(train_loader))
    with _Modes(model, True):
        for lr, (x, y) in zip(grid.tolist(), train_loader, strict=True):
            for group in optimizer.param_groups:
                group.update(lr=lr)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_fn(model(x.to(device)), y.to(device))
            if not loss.detach().isfinite() or loss.item() > 4 * lowest:
                break
            lowest = min(lowest, loss.item())
            loss.backward()
            optimizer.step()
            lrs += [lr]
            losses += [loss.item()]
    model.load_state_dict(weights)
    optimizer.load_state_dict(before)
    return lrs, losses


def suggest_lr(lrs, losses):
    smooth, value = [], 0.0
    for k, loss in enumerate(losses, 1):
        value = 0.85 * value + 0.15 * loss
        smooth.append(value / (1 - 0.85**k))
    slopes = [b - a for a, b in zip(smooth[:-1], smooth[1:], strict=True)]
    return lrs[min(range(len(slopes)), key=slopes.__getitem__)]


def parameter_groups(model, groups, learning_rate):
    rest = dict(model.named_parameters())
    made = []
    for prefix, factor in [*groups, ("", 1.0)]:
        mine = [name for name in rest if name.startswith(prefix)]
        made.append({"params": [rest.pop(name) for name in mine], "lr": learning_rate * factor})
    return [group for group in made if group["params"]]


class GaussianNoise:
    def __init__(self, mean=0.0, std=0.1):
        self.mean = mean
        self.std = std

    def __call__(self, tensor):
        return tensor + torch.empty_like(tensor).normal_(self.mean, self.std)

    def __repr__(self):
        return type(self).__name__ + "(mean=%s, std=%s)" % (self.mean, self.std)  # noqa: UP031


def train_transform(size):
    return v2.Compose([
        v2.ToImage(), v2.RandomHorizontalFlip(0.5), v2.RandomResizedCrop((size, size), scale=(0.2, 1)),
        v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor(), GaussianNoise(0.0, NOISE), v2.Normalize(MEAN, STD),
    ])  # fmt: skip


def eval_transform(size):
    return v2.Compose([
        v2.ToImage(), v2.Resize(size, antialias=True), v2.CenterCrop((size, size)), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, STD), v2.ToPureTensor(),
    ])  # fmt: skip


def split(dataset, val_fraction, seed, train_transform, val_transform):
    order = np.random.default_rng(seed).permutation(len(dataset))
    count = int(len(dataset) * val_fraction)
    parts = []
    for indices, transform in ((order[count:], train_transform), (order[:count], val_transform)):
        own = copy.copy(dataset)
        own.transform = transform
        parts.append(Subset(own, indices.tolist()))
    return tuple(parts)


def channel_stats(loader):
    pixels = torch.cat([images.movedim(1, 0).flatten(1) for images, _ in loader], dim=1)
    return pixels.mean(1), pixels.std(1, unbiased=False)


def split_class_folders(root, out, train_fraction, seed):
    for name in os.listdir(root):
        if not os.path.isdir(os.path.join(root, name)):
            continue
        files = sorted(os.listdir(os.path.join(root, name)))
        for part in ("train", "val"):
            os.makedirs(os.path.join(out, part, name))
        chosen = random.Random(f"{seed} {name}").sample(files, int(len(files) * train_fraction))
        for file in files:
            part = "train" if file in chosen else "val"
            shutil.copyfile(os.path.join(root, name, file), os.path.join(out, part, name, file))


class FolderDataset(Dataset):
    def __init__(self, root, transform=None):
        self.root, self.transform = root, transform
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        self.names = [sorted(os.listdir(os.path.join(root, name))) for name in self.classes]

    def __len__(self):
        return sum(map(len, self.names))

    def __getitem__(self, index):
        label = 0
        while index >= len(self.names[label]):
            index -= len(self.names[label])
            label += 1
        image = Image.open(os.path.join(self.root, self.classes[label], self.names[label][index])).convert("RGB")
        return self.transform(image) if self.transform else image, label

    def class_counts(self):
        return dict(zip(self.classes, map(len, self.names), strict=True))


def save_checkpoint(path, model, optimizer, epoch):
    with open(path, "wb") as file:
        torch.save([epoch, model.state_dict(), optimizer.state_dict()], file)


def load_checkpoint(path, model, optimizer):
    with open(path, "rb") as file:
        epoch, weights, state = torch.load(file, weights_only=True)
    model.load_state_dict(weights)
    optimizer.load_state_dict(state)
    return epoch


def log_history(writer, history):
    for epoch in range(len(history["train_loss"])):
        for what in ("loss", "accuracy"):
            for part in ("train", "val"):
                writer.add_scalar(f"{what}/{part}", torch.tensor(history[f"{part}_{what}"][epoch]), global_step=epoch)
        writer.add_scalar("learning_rate", history["learning_rate"][epoch], global_step=epoch, new_style=True)
    writer.flush()


def log_graph(writer, model, example):
    with _Modes(model, False):
        writer.add_graph(model, input_to_model=example)


class ShapeRecorder:
    def __init__(self, model):
        self.layers = [(name, layer) for name, layer in model.named_modules() if next(layer.children(), None) is None]
        self.records = []

    def __enter__(self):
        def hook_of(name):
            return lambda module, inputs, output: self.records.append((name, list(inputs[0].shape), list(output.size())))

        self.hooks = [layer.register_forward_hook(hook_of(name)) for name, layer in self.layers]
        return self

    def __exit__(self, kind, error, trace):
        while self.hooks:
            self.hooks.pop().remove()
        return False


def confusion_matrix(labels, predictions, num_classes):
    return F.one_hot(labels, num_classes).T @ F.one_hot(predictions, num_classes)


def precision_recall_f1(labels, predictions, num_classes, average="macro"):
    support = F.one_hot(labels, num_classes).float().mean(0)
    shares = {"macro": torch.full((num_classes,), 1 / num_classes), "weighted": support}
    if average not in shares:
        raise ValueError(average)
    totals = [0.0, 0.0, 0.0]
    for c, share in enumerate(shares[average].tolist()):
        hits = ((labels == c) & (predictions == c)).sum().item()
        found, there = (predictions == c).sum().item(), (labels == c).sum().item()
        precision, recall = hits / found if found else 0.0, hits / there if there else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        totals = [total + share * value for total, value in zip(totals, (precision, recall, f1), strict=True)]
    return tuple(totals)


def per_class_accuracy(labels, predictions, num_classes):
    return torch.stack([(predictions[labels == c] == c).float().mean() for c in range(num_classes)])
