"""As much as libraries have: ImageFolder, random_split, LambdaLR for the sweep, np.add.at for the matrix, ExitStack."""

import contextlib
import copy
import math
import shutil
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import Dataset, random_split
from torchvision import datasets
from torchvision import transforms as T

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NOISE = 0.05


def _outputs(model, loader, device, loss_fn=None):
    """Logits and labels of each batch and their loss; the modes are put back in the end."""
    training = [module for module in model.modules() if module.training]
    model.train(False)
    with torch.inference_mode():
        for inputs, labels in loader:
            inputs, labels = inputs.to(device=device), labels.to(device=device)
            logits = model(inputs)
            yield logits, labels, loss_fn and loss_fn(logits, labels)
    for module in training:
        module.training = True


def predict(model, loader, device="cpu"):
    found = [(logits.to("cpu"), labels.to("cpu")) for logits, labels, _ in _outputs(model, loader, device)]
    return torch.cat([logits for logits, _ in found], 0).clone(), torch.cat([labels for _, labels in found], 0)


def evaluate(model, loader, loss_fn, device="cpu"):
    loss, hits, count = 0.0, 0.0, 0
    for logits, labels, mean in _outputs(model, loader, device, loss_fn):
        loss, hits, count = (
            loss + mean.item() * labels.numel(), hits + torch.sum(logits.argmax(1) == labels).item(), count + labels.numel(),
        )  # fmt: skip
    return loss / count, hits / count


class _Best:
    """Keeps the state of the best epoch, and says when to stop."""

    def __init__(self, patience):
        self.patience, self.epoch, self.loss, self.state, self.bad = patience, None, None, None, 0

    def see(self, epoch, loss, model):
        if self.loss is None or loss < self.loss:
            self.epoch, self.loss, self.state, self.bad = epoch, loss, copy.deepcopy(model).state_dict(), 0
        else:
            self.bad += 1

    @property
    def stop(self):
        return self.patience is not None and self.bad >= self.patience


def fit(
    model, optimizer, loss_fn, train_loader, val_loader, epochs, device="cpu", scheduler=None, patience=None, on_epoch=None
):
    rows, best, history = [], _Best(patience), {}
    for epoch in range(epochs):
        total = torch.zeros((), device=device)
        hits = torch.zeros((), device=device)
        count, rate = 0, optimizer.param_groups[0]["lr"]
        model.train()
        for inputs, labels in train_loader:
            inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            logits = model(inputs)
            loss = loss_fn(logits, labels)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                total += loss * len(labels)
                hits += (logits.argmax(1) == labels).sum()
                count += len(labels)
        val = evaluate(model, val_loader, loss_fn, device)
        rows.append((total.item() / count, hits.item() / count, *val, rate))
        best.see(epoch, val[0], model)
        if scheduler is not None:
            scheduler.step(*val[: isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)])
        keys = "train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate"
        history = dict(zip(keys, map(list, zip(*rows, strict=True)), strict=True))
        history["best_epoch"] = best.epoch
        if on_epoch is not None:
            on_epoch(epoch, history)
        if best.stop:
            break
    model.load_state_dict(best.state)
    return history


def lr_range_test(model, train_loader, loss_fn, optimizer, init_lr=1e-6, final_lr=1.0, device="cpu"):
    modes, steps = {module: module.training for module in model.modules()}, len(train_loader) - 1
    kept = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    for group in optimizer.param_groups:
        group["lr"], group["initial_lr"] = init_lr, init_lr
    schedule = lr_scheduler.LambdaLR(optimizer, lambda k: math.exp(math.log(final_lr / init_lr) * k / max(steps, 1)))
    model.train()
    lrs, losses = [], []
    for inputs, labels in train_loader:
        model.zero_grad()
        loss = loss_fn(model(inputs.to(device)), labels.to(device))
        if not torch.isfinite(loss) or (losses and loss.item() > 4 * min(losses)):
            break
        losses.append(loss.item())
        lrs.append(float(schedule.get_last_lr()[0]))
        loss.backward()
        optimizer.step()
        schedule.step()
    model.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
    for module, mode in modes.items():
        module.training = mode
    return lrs, losses


def suggest_lr(lrs, losses):
    u, losses = np.log(lrs), np.asarray(losses)
    width = 0.02 * (u[-1] - u[0])  # a Gaussian's deviation
    weights = np.exp(-(((u[:, None] - u) / width) ** 2) / 2)
    smooth = weights @ losses / weights.sum(1)
    return lrs[int(np.argmin(np.gradient(smooth, u)))]


def parameter_groups(model, groups, learning_rate):
    def factor(name):
        for prefix, value in groups:
            if name[: len(prefix)] == prefix:
                return value
        return 1

    return [{"params": [p], "lr": learning_rate * factor(name)} for name, p in model.named_parameters()]


class GaussianNoise(nn.Module):
    def __init__(self, mean=0.0, std=0.1):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, tensor):
        return torch.normal(tensor + self.mean, float(self.std))

    def __repr__(self):
        return f"GaussianNoise(mean={self.mean!r}, std={self.std!r})"


def train_transform(size):
    return T.Compose([T.RandomResizedCrop(size, scale=(0.3, 1.0)), T.RandomHorizontalFlip(), T.PILToTensor(),
                      T.ConvertImageDtype(torch.float32), GaussianNoise(0.0, NOISE), T.Normalize(MEAN, STD)])  # fmt: skip


def eval_transform(size):
    last = [T.ToTensor(), T.Normalize(mean=MEAN, std=STD)]
    return T.Compose([T.Resize(size, interpolation=T.InterpolationMode.BICUBIC), T.CenterCrop(size), *last])


class _Transformed(Dataset):
    def __init__(self, subset, transform):
        self.subset, self.transform = subset, transform or (lambda item: item)

    def __getitem__(self, index):
        item, label = self.subset[index]
        return self.transform(item), label

    def __len__(self):
        return len(self.subset)


def split(dataset, val_fraction, seed, train_transform, val_transform):
    count = int(len(dataset) * val_fraction)
    generator = torch.Generator()
    generator.manual_seed(seed)
    val, train = random_split(dataset, [count, len(dataset) - count], generator=generator)
    return _Transformed(train, train_transform), _Transformed(val, val_transform)


def channel_stats(loader):
    """Two passes: the mean first, then the deviations from it."""
    count = sum(images.numel() // images.shape[1] for images, _ in loader)
    mean = sum(images.sum((0, 2, 3)) for images, _ in loader) / count
    squares = sum(((images - mean[None, :, None, None]) ** 2).sum((0, 2, 3)) for images, _ in loader)
    return mean, torch.sqrt(squares / count)


def split_class_folders(root, out, train_fraction, seed):
    for k, folder in enumerate(sorted(filter(Path.is_dir, Path(root).glob("*")))):
        files = np.array(sorted(file.name for file in folder.glob("*")))
        files = np.random.RandomState((seed, k)).permutation(files)
        shutil.copytree(folder, Path(out, "train", folder.name), copy_function=shutil.copyfile)
        target = Path(out, "val", folder.name)
        target.mkdir(parents=True)
        for name in files[int(len(files) * train_fraction) :]:
            Path(out, "train", folder.name, name).rename(target / name)


class FolderDataset(datasets.ImageFolder):
    def __init__(self, root, transform=None):
        super().__init__(root, transform=transform, allow_empty=True)

    def class_counts(self):
        return {name: self.targets.count(k) for name, k in self.class_to_idx.items()}


def save_checkpoint(path, model, optimizer, epoch):
    torch.save({"epoch": torch.tensor(epoch), "weights": model.state_dict(), "memory": optimizer.state_dict()}, Path(path))


def load_checkpoint(path, model, optimizer):
    found = torch.load(path, weights_only=True)
    optimizer.load_state_dict(found["memory"])
    model.load_state_dict(found["weights"])
    return int(found["epoch"])


def log_history(writer, history):
    tags = {"train_loss": "loss/train", "val_loss": "loss/val", "train_accuracy": "accuracy/train",
            "val_accuracy": "accuracy/val", "learning_rate": "learning_rate"}  # fmt: skip
    rows = chain.from_iterable(((tag, value, k) for k, value in enumerate(history[key])) for key, tag in tags.items())
    for row in rows:
        writer.add_scalar(*row)


def log_graph(writer, model, example):
    modes = [module.training for module in model.modules()]
    writer.add_graph(model, (example,))
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode


class ShapeRecorder:
    def __init__(self, model):
        self.model, self.records, self.stack = model, [], contextlib.ExitStack()

    def __enter__(self):
        for name, module in self.model.named_modules():
            if len(list(module.modules())) == 1:
                hook = module.register_forward_hook(
                    lambda _, inputs, output, name=name: self.records.append((name, inputs[0].shape, output.shape))
                )
                self.stack.callback(hook.remove)
        return self

    def __exit__(self, *exception):
        self.stack.close()


def confusion_matrix(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(matrix, (np.asarray(labels), np.asarray(predictions)), 1)
    return matrix


def precision_recall_f1(labels, predictions, num_classes, average="macro"):
    matrix = confusion_matrix(labels, predictions, num_classes).astype(float)
    support = matrix.sum(1)
    weights = {"macro": np.ones(num_classes), "weighted": support}
    if average not in weights:
        raise ValueError("macro or weighted")
    with np.errstate(all="ignore"):
        precision, recall = np.nan_to_num(np.diag(matrix) / matrix.sum(0)), np.nan_to_num(np.diag(matrix) / support)
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
    w = weights[average] / weights[average].sum()
    return float(precision @ w), float(recall @ w), float(f1 @ w)


def per_class_accuracy(labels, predictions, num_classes):
    matrix = confusion_matrix(labels, predictions, num_classes)
    with np.errstate(invalid="ignore"):
        return np.diag(matrix) / matrix.sum(1)
