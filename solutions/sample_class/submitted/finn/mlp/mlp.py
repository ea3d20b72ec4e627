"""Perceptrons, finn"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class XorNet(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return torch.sigmoid(self.fc2(x))


def xor_sequential(hidden=10):
    return nn.Sequential(
        nn.Linear(2, hidden),
        nn.ReLU(),
        nn.Linear(hidden, 1),
        nn.Sigmoid(),
    )


def train_xor(model, steps=2000, learning_rate=1.0):
    device = next(model.parameters()).device
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32, device=device)
    y = torch.tensor([[0], [1], [1], [0]], dtype=torch.float32, device=device)
    criterion = nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)

    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        output = model(X)
        loss = criterion(output, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class LinearStack(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.hidden = nn.Linear(2, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x):
        return torch.sigmoid(self.output(self.hidden(x)))


def collapse(model):
    with torch.no_grad():
        W1, b1 = model.hidden.weight, model.hidden.bias
        W2, b2 = model.output.weight, model.output.bias
        # W2 (W1 x + b1) + b2
        return W2 @ W1, W2 @ b1 + b2


class MnistMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


class DeepMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 1024)
        self.fc2 = nn.Linear(1024, 2048)
        self.fc3 = nn.Linear(2048, 10)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def probabilities(logits):
    return F.softmax(logits, dim=1)


def train_classifier(model, loader, optimizer, epochs, device="cpu"):
    model.to(device)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for epoch in range(epochs)
        model.train()
        running, seen = 0.0, 0
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            running += loss.item() * images.size(0)
            seen += images.size(0)
        losses.append(running / seen)
    return losses


def accuracy(model, loader, device="cpu"):
    model.to(device)
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            _, predicted = torch.max(model(images), 1)
            correct += (predicted == labels).sum().item()
            total += labels.size(0)
    return correct / total


def compare_optimizers(make_model, loader, test_loader, epochs, device="cpu"):
    results = {}
    for name in ("sgd", "adam"):
        model = make_model().to(device)
        if name == "sgd":
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        else:
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        losses = train_classifier(model, loader, optimizer, epochs, device)
        results[name] = {"losses": losses, "accuracy": accuracy(model, test_loader, device)}
    return results
