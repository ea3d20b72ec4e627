# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Perceptrons with a hidden layer, to look at
#
# The handout (`README.md`) says what to write; this notebook shows what it does. It imports *your* `mlp.py`: work on the
# file, come back, run the cell again. Until a function is written, its cell says so and nothing else.

# %%
import importlib

import matplotlib.pyplot as plt
import numpy as np
import torch
from course_data import load
from torch.utils.data import DataLoader, TensorDataset

import mlp

plt.rcParams.update({
    "figure.figsize": (9, 3), "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def mine():
    """Your module as it is on the disk now."""
    return importlib.reload(mlp)


def surface(axis, model, title):
    """What the model says of every point of the square, and the four points of XOR."""
    side = torch.linspace(-0.5, 1.5, 81)
    grid = torch.cartesian_prod(side, side)
    with torch.no_grad():
        says = model(grid).reshape(81, 81).T
    axis.contourf(side, side, says, levels=np.linspace(0, 1, 21), cmap="RdBu_r")
    axis.contour(side, side, says, levels=[0.5], colors="black", linewidths=1)
    axis.scatter([0, 1], [0, 1], c="white", edgecolors="black", s=60, label="0")
    axis.scatter([0, 1], [1, 0], c="black", edgecolors="white", s=60, label="1")
    axis.set_aspect("equal")
    axis.set_title(title)


# %% [markdown]
# ## A plane that folds
#
# What your `XorNet` says of the square around the four points, on its way: blue is 0, red is 1, the black line lies where it
# cannot decide.

# %%
torch.manual_seed(0)
model, losses = mine().XorNet(), []
_, axes = plt.subplots(1, 5, figsize=(13, 3), sharey=True)
for axis, until in zip(axes, (0, 20, 60, 200, 2000), strict=True):
    losses += mine().train_xor(model, until - len(losses))
    surface(axis, model, f"after {until} steps")
plt.show()

# %% [markdown]
# ## Two layers, and no bend
#
# The same training of a `LinearStack`. Whatever its ten numbers in between do, its border is a straight line, the one of
# your `collapse`, and the best that it can do is to have none.

# %%
torch.manual_seed(0)
stack, straight = mine().LinearStack(), []
_, axes = plt.subplots(1, 4, figsize=(13, 3))
for axis, until in zip(axes, (0, 10, 100), strict=False):
    straight += mine().train_xor(stack, until - len(straight))
    W, b = mine().collapse(stack)
    surface(axis, stack, f"after {until} steps")
    axis.set_xlabel(f"W = ({W[0, 0]:.3f}, {W[0, 1]:.3f}), b = {b[0]:.3f}")
straight += mine().train_xor(stack, 2000 - len(straight))
axes[-1].semilogy(losses, label="XorNet")
axes[-1].semilogy(straight, label="LinearStack")
axes[-1].axhline(np.log(2), ls=":", color="black")
axes[-1].set_xlabel("step")
axes[-1].set_title("loss; dotted: ln 2")
axes[-1].legend()
plt.show()

# %% [markdown]
# **Question.** Why is the loss of the stack never below ln 2 for long, although three of four points can be right?

# %% [markdown]
# ## Twenty starts
#
# The same training with 3 and with 10 hidden units. Some starts get stuck, at values that you can name.

# %%
_, axes = plt.subplots(1, 2, sharey=True)
for axis, hidden in zip(axes, (3, 10), strict=True):
    for start in range(20):
        torch.manual_seed(start)
        axis.semilogy(mine().train_xor(mine().XorNet(hidden), 600), lw=0.8)
    for level in (np.log(2), np.log(2) / 2):
        axis.axhline(level, ls=":", color="black")
    axis.set_title(f"{hidden} hidden units; dotted: ln 2 and ln(2) / 2")
    axis.set_xlabel("step")
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
# ## Digits, two optimizers

# %%
train, test = load("mnist", "train", 6000), load("mnist", "test", 1000)


def batches(data, size, shuffle=False):
    """A loader of images (N, 1, 28, 28) from 0 to 1."""
    images = torch.from_numpy(data.images.reshape(-1, 1, 28, 28).astype(np.float32) / 255)
    labels = torch.from_numpy(data.labels.astype(np.int64))
    return DataLoader(TensorDataset(images, labels), batch_size=size, shuffle=shuffle)


torch.manual_seed(0)
results = mine().compare_optimizers(mine().MnistMLP, batches(train, 50, shuffle=True), batches(test, 500), 5)
for name, found in results.items():
    plt.semilogy(range(1, 6), found["losses"], ".-", label=f"{name}: {100 * found['accuracy']:.1f} % of the test set")
plt.xlabel("epoch")
plt.ylabel("mean loss of a sample")
plt.xticks(range(1, 6))
plt.legend()
plt.show()

# %% [markdown]
# **Question.** Which of both is ahead depends on their learning rates, too. Try SGD at 0.5.

# %% [markdown]
# ## What the first layer looks for
#
# Each hidden unit has 784 weights, one for each pixel: a picture. Red adds to the unit, blue takes away. Left: some units
# before the training; right: the same ones after it.

# %%
torch.manual_seed(0)
reader = mine().MnistMLP()
first = next(parameter for parameter in reader.parameters() if parameter.shape == (256, 784))
before = first.detach().clone()
mine().train_classifier(reader, batches(train, 50, shuffle=True), torch.optim.Adam(reader.parameters(), lr=0.001), 5)
moved = (first.detach() - before).norm(dim=1).argsort(descending=True)[:24]
figure, axes = plt.subplots(3, 17, figsize=(13, 2.6))
for axis in axes.flat:
    axis.set_axis_off()
for weights, columns in ((before, axes[:, :8]), (first.detach(), axes[:, 9:])):
    limit = float(weights[moved].abs().max())
    for axis, unit in zip(columns.flat, moved, strict=True):
        axis.imshow(weights[unit].reshape(28, 28), cmap="RdBu_r", vmin=-limit, vmax=limit)
plt.show()

# %% [markdown]
# ## What it takes for what
#
# The confusion of 1,000 test digits (rows: what they are), and the mistakes that it is surest of, with your `probabilities`.

# %%
images, labels = next(iter(batches(test, 1000)))
with torch.no_grad():
    sure, says = mine().probabilities(reader.eval()(images)).max(dim=1)
table = np.zeros((10, 10), int)
np.add.at(table, (labels.numpy(), says.numpy()), 1)
print(f"accuracy {mine().accuracy(reader, batches(test, 500)):.3f}")

figure = plt.figure(figsize=(12, 4))
left, right = figure.subfigures(1, 2, width_ratios=(1, 1.7))
axis = left.subplots()
axis.imshow(table - np.diag(np.diag(table)), cmap="Reds")
for (row, column), count in np.ndenumerate(table):
    if count:
        dark = row != column and count > 4
        axis.text(column, row, count, ha="center", va="center", fontsize=7, color="white" if dark else "black")
axis.set_xticks(range(10))
axis.set_yticks(range(10))
axis.set_xlabel("what it says")
axis.set_ylabel("what it is")
wrong = torch.nonzero(says != labels).flatten()
worst = wrong[sure[wrong].argsort(descending=True)][:12]
for axis, place in zip(right.subplots(2, 6).flat, worst, strict=False):
    axis.imshow(images[place, 0], cmap="gray_r")
    axis.set_title(f"{labels[place]}, taken for {says[place]}\n{100 * sure[place]:.0f} % sure", fontsize=8)
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## The public checks

# %%
from grader import check

check("mlp")
