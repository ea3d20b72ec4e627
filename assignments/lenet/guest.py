"""Runs beside your module: small models, loaders, and a look at what came back."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Signs(nn.Module):
    """Two logits for one number x: (x, -x). In training mode they are ten times as large."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        x = x.reshape(len(x), 1) * self.factor * (10 if self.training else 1)
        return torch.cat([x, -x], dim=1)


def _pairs(numbers, labels, size):
    return DataLoader(TensorDataset(numbers.reshape(-1, 1, 1, 1), labels), batch_size=size)


def judged(function, numbers, labels, size):
    """What evaluate or get_predictions gives for the model Signs, and its mode afterwards (it came in training mode)."""
    model = Signs().train()
    return function(model, _pairs(numbers, labels, size)), model.training


def trained(train_epoch, numbers, labels, size):
    """What train_epoch gives for Signs with SGD(0.1), and the factor afterwards."""
    model = Signs(0.1).eval()
    told = train_epoch(model, _pairs(numbers, labels, size), torch.optim.SGD(model.parameters(), lr=0.1))
    return told, model.factor.item()


def gathered(make_loaders, *arrays):
    """All batches of both loaders, and the dtypes in the first batch."""
    found = [[list(batch) for batch in each] for each in make_loaders(*arrays)]
    return found, [[str(part.dtype) for part in batches[0]] for batches in found]


def sizes(model_class, shape):
    """Number of parameters, and the shapes of what the model gives for zeros."""
    torch.manual_seed(0)
    model = model_class().eval()
    with torch.no_grad():
        found = model(torch.zeros(shape))
    outputs = found if isinstance(found, tuple) else [found]
    return sum(parameter.numel() for parameter in model.parameters()), [list(output.shape) for output in outputs]


def twice(model_class, shape, training):
    """Whether two calls in this mode give the same."""
    torch.manual_seed(0)
    model = model_class().train(training)
    with torch.no_grad():
        x = torch.rand(shape)
        first, second = model(x), model(x)
    return bool(torch.equal(first, second))


def bright_or_dark(compare, epochs):
    """What compare gives for bright and dark images, without the models; and whether they are modules."""
    torch.manual_seed(0)
    labels = torch.arange(12) % 2
    data = TensorDataset(labels.reshape(-1, 1, 1, 1) * torch.ones(12, 1, 28, 28), labels)
    results = compare(DataLoader(data, batch_size=4), DataLoader(data, batch_size=5), epochs)
    told = {name: {key: value for key, value in entry.items() if key != "model"} for name, entry in results.items()}
    return told, [isinstance(entry.get("model"), nn.Module) for entry in results.values()]


def learned(model_class, train_epoch, epochs):
    """Accuracies of training on 40 images of two kinds: a bar across, a bar down."""
    torch.manual_seed(0)
    images, labels = torch.zeros(40, 1, 28, 28), torch.arange(40) % 2
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        image[
            0,
            slice(5 + k % 17, 8 + k % 17) if label else slice(None),
            slice(None) if label else slice(5 + k % 17, 8 + k % 17),
        ] = 1
    model = model_class()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    batches = DataLoader(TensorDataset(images, labels), batch_size=8)
    return [train_epoch(model, batches, optimizer)[1] for _ in range(epochs)]
