"""Networks as plain as they can be; everything around them in NumPy, and the cross-entropy written out."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader


def output_size(size, kernel, stride=1, padding=0):
    return int(np.floor((size - kernel + 2 * padding) / stride)) + 1


def apply_filter(images, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(images.cpu().numpy(), tuple(kernel.shape), axis=(2, 3))
    found = np.einsum("nchwij,ij->nchw", windows, kernel.cpu().numpy())
    return torch.from_numpy(found.astype(np.float32)).to(images.device)


def pool_images(images, kind, size):
    if kind == "max":
        reduce = np.max
    elif kind == "mean":
        reduce = np.mean
    else:
        raise ValueError("max or mean")
    x = images.cpu().numpy()
    N, C, H, W = x.shape
    out = np.empty((N, C, H // size, W // size), np.float32)
    for i in range(H // size):
        for j in range(W // size):
            out[:, :, i, j] = reduce(x[:, :, i * size : i * size + size, j * size : j * size + size], axis=(2, 3))
    return torch.tensor(out)


def make_loaders(train_images, train_labels, test_images, test_labels, batch_size=64):
    def pairs(images, labels):
        x = torch.tensor(np.expand_dims(images, 1).astype("float32") / np.float32(255))
        return list(zip(x, torch.tensor(labels.astype("int64")), strict=True))

    return (
        DataLoader(pairs(train_images, train_labels), batch_size=batch_size, shuffle=True),
        DataLoader(pairs(test_images, test_labels), batch_size=batch_size),
    )


class LeNet(nn.Module):
    def __init__(self, output_dim=10):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 6, (5, 5)), nn.Conv2d(6, 16, (5, 5))
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.l1, self.l2, self.l3 = nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, output_dim)

    def forward(self, x):
        if x.dim() < 4:
            x = x[None, ...]
        x = self.pool(self.c1(x)).clamp(min=0)
        x = self.pool(self.c2(x)).clamp(min=0)
        hidden = torch.stack([image.ravel() for image in x])
        a = self.l1(hidden).clamp(min=0)
        b = self.l2(a).clamp(min=0)
        return self.l3(b), hidden


def cross_entropy(logits, labels):
    return torch.logsumexp(logits, 1) - logits.gather(1, labels.unsqueeze(1)).squeeze(1)


def logits_of(output):
    return output[0] if type(output) is tuple else output


def train_epoch(model, loader, optimizer, device="cpu"):
    model.train(True)
    losses, hits = [], []
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = logits_of(model(images))
        each = cross_entropy(logits, labels)
        model.zero_grad()
        optimizer.zero_grad()
        torch.autograd.backward(each.mean())
        optimizer.step()
        losses.extend(each.tolist())
        hits.extend((logits.argmax(dim=1) == labels).tolist())
    return float(np.mean(losses)), float(np.mean(hits))


def _judge(model, loader, device):
    training, found = model.training, []
    model.eval()
    for images, labels in loader:
        with torch.no_grad():
            logits = logits_of(model(images.to(device))).cpu().numpy()
        found.append((images.numpy(), labels.numpy(), logits))
    model.train(training)
    return [np.concatenate([part[k] for part in found]) for k in range(3)]


def _softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def evaluate(model, loader, device="cpu"):
    _, labels, logits = _judge(model, loader, device)
    p = _softmax(logits)[np.arange(len(labels)), labels]
    return float(-np.log(p).mean()), float((logits.argmax(axis=1) == labels).mean())


def get_predictions(model, loader, device="cpu"):
    images, labels, logits = _judge(model, loader, device)
    return torch.tensor(images), torch.tensor(labels), torch.tensor(_softmax(logits))


def confusion_matrix(labels, predictions, num_classes=10):
    matrix = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return torch.tensor(matrix)


def most_incorrect(images, labels, probabilities, n):
    p, true = probabilities.numpy(), labels.numpy()
    guess = p.argmax(1)
    wrong = np.flatnonzero(guess != true)
    order = wrong[np.argsort(-p[wrong, guess[wrong]])]
    return [(images[int(k)], int(true[k]), int(guess[k]), float(p[k, guess[k]])) for k in order[:n]]


class BasicCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(16, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Sequential(nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x):
        return self.fc(self.block2(self.block1(x)).view(-1, 1568))


class DeepCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = self._block(1, 32)
        self.block2 = self._block(32, 64)
        self.block3 = self._block(64, 128)
        self.fc1 = nn.Linear(3 * 3 * 128, 256)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(256, 10)
        self._initialize()

    @staticmethod
    def _block(inputs, outputs):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))

    @torch.no_grad()
    def _initialize(self):
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module is not self.fc2:
                deviation = np.sqrt(2 / np.prod(module.weight.shape[1:]))
                module.weight.copy_(torch.randn(module.weight.shape) * float(deviation))
                module.bias.fill_(0)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(x)))
        x = torch.relu(self.fc1(x.view(len(x), -1)))
        return self.fc2(self.dropout(x))


def compare(train_loader, test_loader, epochs, device="cpu"):
    def run(model):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        table = np.zeros((epochs, 4))
        for epoch in range(epochs):
            table[epoch, :2] = train_epoch(model, train_loader, optimizer, device)
            table[epoch, 2:] = evaluate(model, test_loader, device)
        columns = table.T.tolist()
        return {
            "model": model, "parameters": int(sum(np.prod(p.shape) for p in model.parameters())),
            "train_loss": columns[0], "train_accuracy": columns[1], "test_loss": columns[2], "test_accuracy": columns[3],
        }  # fmt: skip

    return {"BasicCNN": run(BasicCNN().to(device)), "DeepCNN": run(DeepCNN().to(device))}


class CifarCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.Conv2d(128, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.Flatten(), nn.Linear(256 * 4 * 4, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 10),
        )  # fmt: skip

    def forward(self, xb):
        return self.network(xb)


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d((4, 4)),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Linear(128 * 4 * 4, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10))

    def forward(self, x):
        x = self.features(x)
        return self.classifier(torch.flatten(x, 1))
