"""Python's own lists and sums wherever they do; pictures by Pillow; one hook for all modules; a generator that trains."""

import copy
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.data import Dataset

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NOISE = 0.05


def in_modes(model, training, function):
    """What the function gives while the model is in this mode."""
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        return function()
    finally:
        for module, mode in before:
            module.training = mode


def predict(model, loader, device="cpu"):
    def collect():
        rows, targets = [], []
        for inputs, labels in loader:
            rows.extend(model(inputs.to(device)).detach().cpu())
            targets.extend(labels.tolist())
        return torch.stack(rows), torch.tensor(targets)

    with torch.set_grad_enabled(False):
        return in_modes(model, False, collect)


def tally(batches, model, loss_fn, device, after=lambda loss: None):
    """Mean loss and accuracy of batches; `after` is called with the loss of each."""
    losses, right = [], []
    for inputs, labels in batches:
        logits = model(inputs.to(device))
        loss = loss_fn(logits, labels.to(device))
        losses += [loss.item()] * len(labels)
        right += [row.index(max(row)) == label for row, label in zip(logits.tolist(), labels.tolist(), strict=True)]
        after(loss)
        del loss
    return math.fsum(losses) / len(losses), sum(right) / len(right)


def evaluate(model, loader, loss_fn, device="cpu"):
    with torch.no_grad():
        return in_modes(model, False, lambda: tally(loader, model, loss_fn, device))


def trained(model, optimizer, loss_fn, train_loader, val_loader, epochs, device):
    """After each epoch (learning rate, training loss and accuracy, validation loss and accuracy)."""

    def step(loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(epochs):
        rate = optimizer.param_groups[-len(optimizer.param_groups)]["lr"]
        model.train()
        loss, accuracy = tally(train_loader, model, loss_fn, device, step)
        yield rate, loss, accuracy, *evaluate(model, val_loader, loss_fn, device)


def fit(
    model, optimizer, loss_fn, train_loader, val_loader, epochs, device="cpu", scheduler=None, patience=None, on_epoch=None
):
    history = {"train_loss": [], "val_loss": [], "train_accuracy": [], "val_accuracy": [], "learning_rate": []}
    keys = ["learning_rate", "train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    states = []
    for epoch, row in enumerate(trained(model, optimizer, loss_fn, train_loader, val_loader, epochs, device)):
        for key, value in zip(keys, row, strict=True):
            history[key].append(value)
        states.append(copy.deepcopy(model.state_dict()))
        history["best_epoch"] = history["val_loss"].index(min(history["val_loss"]))
        if type(scheduler).__name__ == "ReduceLROnPlateau":
            scheduler.step(history["val_loss"][-1])
        elif scheduler is not None:
            scheduler.step()
        if callable(on_epoch):
            on_epoch(epoch, dict(history))
        if patience is not None and epoch >= history["best_epoch"] + patience:
            break
    model.load_state_dict(states[history["best_epoch"]])
    return history


def lr_range_test(model, train_loader, loss_fn, optimizer, init_lr=1e-6, final_lr=1.0, device="cpu"):
    before = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
    found = []

    def run():
        count = len(train_loader)
        for k, (inputs, labels) in enumerate(train_loader):
            rate = init_lr if k == 0 else init_lr ** (1 - k / (count - 1)) * final_lr ** (k / (count - 1))
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = loss_fn(model(inputs.to(device)), labels.to(device))
            if math.isnan(loss.item()) or math.isinf(loss.item()):
                return
            if any(loss.item() > 4 * earlier for _, earlier in found):
                return
            found.append((rate, loss.item()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    in_modes(model, True, run)
    model.load_state_dict(before[0])
    optimizer.load_state_dict(before[1])
    return [rate for rate, _ in found], [loss for _, loss in found]


def suggest_lr(lrs, losses):
    half = max(1, len(losses) // 16)
    smooth = [sum(losses[k - half : k + half + 1]) / (2 * half + 1) for k in range(half, len(losses) - half)]
    steepest = min(range(1, len(smooth)), key=lambda k: smooth[k] - smooth[k - 1])
    return float(lrs[steepest + half])


def parameter_groups(model, groups, learning_rate):
    taken, made = set(), []
    for prefix, factor in list(groups) + [("", 1)]:
        for name, parameter in model.named_parameters():
            if name.startswith(prefix) and name not in taken:
                taken.add(name)
                made.append({"params": [parameter], "lr": learning_rate * factor})
    return made


class GaussianNoise:
    def __init__(self, mean=0.0, std=0.1):
        self.mean, self.std = mean, std

    def __call__(self, tensor):
        # Box and Muller (1958)
        radius = torch.sqrt(-2 * torch.log(1 - torch.rand_like(tensor)))
        return tensor + (self.mean + self.std * radius * torch.cos(2 * math.pi * torch.rand_like(tensor)))

    def __repr__(self):
        return "GaussianNoise(mean={}, std={})".format(self.mean, self.std)  # noqa: UP032


def pixels(image):
    """(3, H, W) float32 from 0 to 1."""
    return torch.from_numpy(np.array(image, np.float32) / np.float32(255)).permute(2, 0, 1)


def standard(tensor):
    return (tensor - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def train_transform(size):
    noise = GaussianNoise(std=NOISE)

    def transform(image):
        width, height = image.size
        share = random.uniform(0.4, 1)
        w, h = max(1, round(width * share)), max(1, round(height * share))
        left, top = random.randint(0, width - w), random.randint(0, height - h)
        part = image.crop((left, top, left + w, top + h)).resize((size, size), Image.Resampling.BILINEAR)
        return standard(noise(pixels(ImageOps.mirror(part) if random.random() < 0.5 else part)))

    return transform


def eval_transform(size):
    def transform(image):
        return standard(pixels(ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)))

    return transform


class Listed(Dataset):
    def __init__(self, dataset, chosen, transform):
        self.dataset, self.chosen = dataset, chosen
        self.change = transform if transform is not None else (lambda item: item)

    def __len__(self):
        return len(self.chosen)

    def __getitem__(self, index):
        pair = self.dataset[self.chosen[index]]
        return self.change(pair[0]), pair[1]


def split(dataset, val_fraction, seed, train_transform, val_transform):
    count = int(len(dataset) * val_fraction)
    chosen = set(random.Random(seed).sample(range(len(dataset)), count))
    rest = [k for k in range(len(dataset)) if k not in chosen]
    return Listed(dataset, rest, train_transform), Listed(dataset, sorted(chosen), val_transform)


def channel_stats(loader):
    values = None
    for images, _ in loader:
        rows = images.transpose(0, 1).reshape(images.shape[1], -1).tolist()
        values = rows if values is None else [a + b for a, b in zip(values, rows, strict=True)]
    means = [math.fsum(row) / len(row) for row in values]
    stds = [math.sqrt(math.fsum((x - m) ** 2 for x in row) / len(row)) for row, m in zip(values, means, strict=True)]
    return torch.tensor(means), torch.tensor(stds)


def split_class_folders(root, out, train_fraction, seed):
    root, out = Path(root), Path(out)
    for folder in root.iterdir():
        if not folder.is_dir():
            continue
        names = sorted(file.name for file in folder.iterdir())
        order = np.random.default_rng([seed, *folder.name.encode()]).permutation(len(names)).tolist()
        for part in ("train", "val"):
            (out / part / folder.name).mkdir(parents=True)
        for rank, k in enumerate(order):
            part = "train" if rank < int(len(names) * train_fraction) else "val"
            (out / part / folder.name / names[k]).write_bytes((folder / names[k]).read_bytes())


class FolderDataset(Dataset):
    def __init__(self, root, transform=None):
        self.classes = sorted(path.name for path in Path(root).iterdir() if path.is_dir())
        self.files = sorted(path for path in Path(root).glob("*/*"))
        self.files.sort(key=lambda path: (path.parent.name, path.name))
        self.transform = transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path = self.files[index]
        image = Image.open(path).convert(mode="RGB")
        if self.transform is not None:
            image = self.transform(image)
        return image, self.classes.index(path.parent.name)

    def class_counts(self):
        counts = Counter(path.parent.name for path in self.files)
        return {name: counts[name] for name in self.classes}


def save_checkpoint(path, model, optimizer, epoch):
    state = dict(copy.deepcopy(model.state_dict()))
    torch.save((state, optimizer.state_dict(), epoch), str(path))


def load_checkpoint(path, model, optimizer):
    state, memory, epoch = torch.load(str(path), map_location="cpu", weights_only=True)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(state[name])
    optimizer.load_state_dict(memory)
    return epoch


def log_history(writer, history):
    for key, values in history.items():
        if isinstance(values, list):
            part, _, what = key.partition("_")
            tag = key if key == "learning_rate" else f"{what}/{part}"
            for k in range(len(values)):
                writer.add_scalar(tag, values[k], k)


def log_graph(writer, model, example):
    in_modes(model, False, lambda: writer.add_graph(model, example))


class ShapeRecorder:
    def __init__(self, model):
        self.names = {module: name for name, module in model.named_modules() if not list(module.children())}
        self.records = []

    def __enter__(self):
        self.handle = register_module_forward_hook(self.note)
        return self

    def __exit__(self, kind, error, trace):
        self.handle.remove()

    def note(self, module, inputs, output):
        if module in self.names:
            self.records.append((self.names[module], tuple(inputs[0].shape), tuple(output.shape)))


def confusion_matrix(labels, predictions, num_classes):
    counts = Counter(zip(labels.tolist(), predictions.tolist(), strict=True))
    return torch.tensor([[counts[row, column] for column in range(num_classes)] for row in range(num_classes)])


def precision_recall_f1(labels, predictions, num_classes, average="macro"):
    matrix = confusion_matrix(labels, predictions, num_classes).tolist()
    total = sum(map(sum, matrix))
    result = [0.0, 0.0, 0.0]
    for c in range(num_classes):
        there, found = sum(matrix[c]), sum(row[c] for row in matrix)
        values = [
            matrix[c][c] / found if found else 0.0,
            matrix[c][c] / there if there else 0.0,
            2 * matrix[c][c] / (there + found) if there + found else 0.0,
        ]
        match average:
            case "macro":
                share = 1 / num_classes
            case "weighted":
                share = there / total
            case _:
                raise ValueError(f"no average {average}")
        result = [sum_so_far + share * value for sum_so_far, value in zip(result, values, strict=True)]
    return tuple(result)


def per_class_accuracy(labels, predictions, num_classes):
    shares = []
    for c in range(num_classes):
        mine = [p == c for y, p in zip(labels.tolist(), predictions.tolist(), strict=True) if y == c]
        shares.append(sum(mine) / len(mine) if mine else math.nan)
    return np.array(shares)
