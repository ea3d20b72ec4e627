"""Every layer by its name, everything between them by torch.nn.functional, ReLU before the pools, sums kept as tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset


def output_size(size, kernel, stride=1, padding=0):
    places = 0
    first = -padding
    while first + kernel <= size + padding:
        places += 1
        first += stride
    return places


def apply_filter(images, kernel):
    k = kernel.shape[0]
    H, W = images.shape[2] - k + 1, images.shape[3] - k + 1
    out = torch.zeros(len(images), 1, H, W, device=images.device)
    for i in range(k):
        for j in range(k):
            out += kernel[i, j] * images[:, :, i : i + H, j : j + W]
    return out


def pool_images(images, kind, size):
    if kind not in ("max", "mean"):
        raise ValueError(kind)
    rows, columns = images.shape[2] // size, images.shape[3] // size
    cut = images[:, :, : rows * size, : columns * size].reshape(len(images), 1, rows, size, columns, size)
    return cut.amax(dim=(3, 5)) if kind == "max" else cut.mean(dim=(3, 5))


class Digits(Dataset):
    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return torch.tensor(self.images[index]).unsqueeze(0).float().div(255), int(self.labels[index])


def make_loaders(train_images, train_labels, test_images, test_labels, batch_size=64):
    return (
        DataLoader(Digits(train_images, train_labels), batch_size, shuffle=True),
        DataLoader(Digits(test_images, test_labels), batch_size, shuffle=False),
    )


class LeNet(nn.Module):
    def __init__(self, output_dim=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc_1 = nn.Linear(16 * 4 * 4, 120)
        self.fc_2 = nn.Linear(120, 84)
        self.fc_3 = nn.Linear(84, output_dim)

    def forward(self, x):
        if x.ndim == 3:
            x = x.unsqueeze(0)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        h = x.view(x.shape[0], -1)
        x = F.relu(self.fc_1(h))
        x = F.relu(self.fc_2(x))
        return self.fc_3(x), h


def logits_of(model, images):
    result = model(images)
    if isinstance(result, (tuple, list)):
        result = result[0]
    return result


def train_epoch(model, loader, optimizer, device="cpu"):
    criterion = nn.CrossEntropyLoss()
    epoch_loss = torch.zeros((), device=device)
    hits = torch.zeros((), device=device)
    model.train()
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        y_pred = logits_of(model, x)
        loss = criterion(y_pred, y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.detach() * x.shape[0]
        hits += y_pred.argmax(1).eq(y).sum()
    N = len(loader.dataset)
    return (epoch_loss / N).item(), (hits / N).item()


@torch.no_grad()
def evaluate(model, loader, device="cpu"):
    before = model.training
    model.eval()
    losses, hits = [], []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        y_pred = logits_of(model, x)
        losses.append(F.cross_entropy(y_pred, y, reduction="none"))
        hits.append(y_pred.max(1).indices == y)
    if before:
        model.train()
    return torch.cat(losses).mean().item(), torch.cat(hits).float().mean().item()


@torch.no_grad()
def get_predictions(model, loader, device="cpu"):
    before = model.training
    model.eval()
    images, labels, probs = [], [], []
    for x, y in loader:
        y_prob = F.softmax(logits_of(model, x.to(device)), dim=-1)
        images.append(x.cpu())
        labels.append(y.cpu())
        probs.append(y_prob.cpu())
    model.train(before)
    return torch.cat(images, 0), torch.cat(labels, 0), torch.cat(probs, 0)


def confusion_matrix(labels, predictions, num_classes=10):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for true, predicted in zip(labels.tolist(), predictions.tolist(), strict=True):
        matrix[true, predicted] += 1
    return matrix


def most_incorrect(images, labels, probabilities, n):
    incorrect = []
    for image, label, probs in zip(images, labels, probabilities, strict=True):
        pred = int(torch.argmax(probs))
        if pred != int(label):
            incorrect.append((image, int(label), pred, float(probs[pred])))
    incorrect.sort(reverse=True, key=lambda entry: entry[3])
    return incorrect[:n]


class BasicCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding="same")
        self.conv2 = nn.Conv2d(16, 32, 3, padding="same")
        self.fc1 = nn.Linear(7 * 7 * 32, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class DeepCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (
            nn.Conv2d(1, 32, 3, 1, 1),
            nn.Conv2d(32, 64, 3, 1, 1),
            nn.Conv2d(64, 128, 3, 1, 1),
        )
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(32), nn.BatchNorm2d(64), nn.BatchNorm2d(128)
        self.fc1, self.fc2 = nn.Linear(1152, 256), nn.Linear(256, 10)
        for layer in (self.conv1, self.conv2, self.conv3, self.fc1):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            layer.bias.data.zero_()

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.max_pool2d(F.relu(self.bn3(self.conv3(x))), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(F.dropout(x, 0.5, training=self.training))


def compare(train_loader, test_loader, epochs, device="cpu"):
    results = {}
    for name, model in {"DeepCNN": DeepCNN(), "BasicCNN": BasicCNN()}.items():
        model.to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
        history = {"train_loss": [], "train_accuracy": [], "test_loss": [], "test_accuracy": []}
        for _ in range(epochs):
            loss, acc = train_epoch(model, train_loader, optimizer, device)
            history["train_loss"].append(loss)
            history["train_accuracy"].append(acc)
            loss, acc = evaluate(model, test_loader, device)
            history["test_loss"].append(loss)
            history["test_accuracy"].append(acc)
        number = sum(p.numel() for p in model.parameters() if p.requires_grad)
        results[name] = {"model": model, "parameters": number, **history}
    return results


class CifarCNN(nn.Module):
    def __init__(self):
        super().__init__()
        sides = [3, 32, 64, 128, 128, 256, 256]
        self.convolutions = nn.ModuleList([nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sides, sides[1:], strict=False)])
        self.fc1, self.fc2, self.fc3 = nn.Linear(256 * 4 * 4, 1024), nn.Linear(1024, 512), nn.Linear(512, 10)

    def forward(self, x):
        for number, convolution in enumerate(self.convolutions):
            x = F.relu(convolution(x))
            if number % 2:
                x = F.max_pool2d(x, 2, 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1)
        self.fc1 = nn.Linear(2048, 128)
        self.fc2 = nn.Linear(128, 10)
        self.dropout = nn.Dropout(p=0.3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.adaptive_avg_pool2d(F.relu(self.conv3(x)), (4, 4))
        return self.fc2(self.dropout(F.relu(self.fc1(x.reshape(len(x), 2048)))))
