"""Layers that find their inputs out by themselves, convolutions without a bias before batch norm, unfolded windows."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset


def output_size(size, kernel, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel + 1, stride))


def apply_filter(images, kernel):
    k = len(kernel)
    return torch.einsum("nchwij,ij->nchw", images.unfold(2, k, 1).unfold(3, k, 1), kernel)


def pool_images(images, kind, size):
    reduce = {"max": lambda w: w.flatten(4).max(dim=4).values, "mean": lambda w: w.flatten(4).mean(dim=4)}
    if kind not in reduce:
        raise ValueError(f"unknown kind of pooling: {kind}")
    return reduce[kind](images.unfold(2, size, size).unfold(3, size, size))


def make_loaders(train_images, train_labels, test_images, test_labels, batch_size=64):
    train, test = (
        TensorDataset(torch.as_tensor(images, dtype=torch.float32).unsqueeze(1) / 255.0, torch.as_tensor(labels).long())
        for images, labels in ((train_images.copy(), train_labels.copy()), (test_images.copy(), test_labels.copy()))
    )
    return DataLoader(train, batch_size=batch_size, sampler=RandomSampler(train)), DataLoader(test, batch_size=batch_size)


class LeNet(nn.Module):
    def __init__(self, output_dim=10):
        super().__init__()
        self.classify = nn.Sequential(
            nn.LazyLinear(120), nn.ReLU(inplace=True), nn.LazyLinear(84), nn.ReLU(inplace=True), nn.LazyLinear(output_dim)
        )
        self.see = nn.Sequential(
            nn.LazyConv2d(6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.LazyConv2d(16, 5), nn.ReLU(), nn.MaxPool2d(2)
        )

    def forward(self, x):
        features = self.see(x.reshape(-1, 1, 28, 28)).flatten(start_dim=1)
        return self.classify(features), features


def first(output):
    return output if torch.is_tensor(output) else output[0]


def train_epoch(model, loader, optimizer, device="cpu"):
    model.train()
    sums = [0.0, 0, 0]
    criterion = nn.CrossEntropyLoss(reduction="sum")
    for batch in loader:
        images, labels = (part.to(device) for part in batch)
        logits = first(model(images))
        loss = criterion(logits, labels)
        optimizer.zero_grad(set_to_none=False)
        (loss / len(images)).backward()
        optimizer.step()
        for place, value in enumerate((loss.item(), int((logits.argmax(-1) == labels).sum()), len(images))):
            sums[place] += value
    return sums[0] / sums[2], sums[1] / sums[2]


def outputs(model, loader, device):
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for images, labels in loader:
                yield images, labels, first(model(images.to(device)))
    finally:
        model.train(training)


def evaluate(model, loader, device="cpu"):
    loss, right, count = 0.0, 0.0, 0
    for _, labels, logits in outputs(model, loader, device):
        labels = labels.to(device)
        log_p = torch.log_softmax(logits, dim=1)
        loss -= log_p[torch.arange(len(labels), device=labels.device), labels].sum().item()
        right += float((logits.argmax(1) == labels).float().sum())
        count += len(labels)
    return loss / count, right / count


def get_predictions(model, loader, device="cpu"):
    parts = [(x, y, torch.softmax(logits, 1).to("cpu")) for x, y, logits in outputs(model, loader, device)]
    return tuple(torch.cat([part[k] for part in parts]) for k in range(3))


def confusion_matrix(labels, predictions, num_classes=10):
    one_hot = torch.eye(num_classes, dtype=torch.int64)
    return (one_hot[labels].T.float() @ one_hot[predictions].float()).round().long()


def most_incorrect(images, labels, probabilities, n):
    top = probabilities.topk(1, dim=1)
    incorrect = top.indices[:, 0].ne(labels)
    order = torch.argsort(torch.where(incorrect, top.values[:, 0], -1.0), descending=True)[: min(n, int(incorrect.sum()))]
    return [(images[k], int(labels[k]), int(top.indices[k, 0]), float(top.values[k, 0])) for k in order.tolist()]


class BasicCNN(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.LazyConv2d(16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
            nn.LazyConv2d(32, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(),
            nn.Flatten(), nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(10),
        )  # fmt: skip


class Block(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__(OrderedDict(
            convolution=nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), norm=nn.BatchNorm2d(outputs),
            pool=nn.MaxPool2d(2), relu=nn.ReLU(),
        ))  # fmt: skip


class DeepCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(1, 32), Block(32, 64), Block(64, 128))
        self.hidden = nn.Linear(1152, 256)
        self.drop = nn.Dropout()
        self.out = nn.Linear(256, 10)
        for name, weight in self.named_parameters():
            if weight.dim() > 1 and not name.startswith("out"):
                nn.init.normal_(weight, std=(2 / weight[0].numel()) ** 0.5)
        nn.init.constant_(self.hidden.bias, 0)

    def forward(self, x):
        return self.out(torch.relu(self.drop(self.hidden(self.blocks(x).flatten(1)))))


def compare(train_loader, test_loader, epochs, device="cpu"):
    models = {"BasicCNN": BasicCNN().to(device), "DeepCNN": DeepCNN().to(device)}
    example = next(iter(test_loader))[0][:1].to(device)
    results = {}
    for name, model in models.items():
        model.eval()(example)
        optimizer = torch.optim.Adam(model.parameters())
        rows = [(*train_epoch(model, train_loader, optimizer, device), *evaluate(model, test_loader, device))
                for _ in range(epochs)]  # fmt: skip
        names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
        results[name] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        results[name] |= {"model": model, "parameters": sum(map(torch.numel, model.parameters()))}
    return results


def pair(middle, outputs):
    return [nn.LazyConv2d(middle, 3, padding=1), nn.ReLU(), nn.LazyConv2d(outputs, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]


class CifarCNN(nn.Sequential):
    def __init__(self):
        super().__init__(
            *pair(32, 64), *pair(128, 128), *pair(256, 256), nn.Flatten(),
            nn.LazyLinear(1024), nn.ReLU(), nn.LazyLinear(512), nn.ReLU(), nn.LazyLinear(10),
        )  # fmt: skip


class SimpleCNN(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.LazyConv2d(32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.LazyConv2d(64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.LazyConv2d(128, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d((4, 4)),
            nn.Flatten(), nn.LazyLinear(128), nn.Dropout(0.3), nn.ReLU(), nn.LazyLinear(10),
        )  # fmt: skip
