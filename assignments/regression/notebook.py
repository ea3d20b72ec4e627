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
# # Regression in PyTorch, to look at
#
# The handout (`README.md`) says what to write; this notebook shows what it does. It imports *your* `regression.py`: work on
# the file, come back, run the cell again. Until a function is written, its cell says so and nothing else.

# %%
import importlib

import matplotlib.pyplot as plt
import numpy as np
import torch
from course_data import load

import regression

plt.rcParams.update({
    "figure.figsize": (8, 3), "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def mine():
    """Your module as it is on the disk now."""
    return importlib.reload(regression)


# %% [markdown]
# ## Exchanging axes, and reading memory in another shape
#
# Left: a picture. Middle: the red channel of what your `hwc_to_chw` gives. Right: the red channel of what `reshape` gives.

# %%
images = torch.tensor(load("cifar10", "train", 4).images[:1])
channels = mine().hwc_to_chw(images)
scrambled = images.reshape(1, 3, 32, 32)
_, axes = plt.subplots(1, 3)
for axis, picture, title in zip(
    axes, (images[0], channels[0, 0], scrambled[0, 0]), ("the image", "permute", "reshape"), strict=True
):
    axis.imshow(picture, cmap=None if picture.ndim == 3 else "gray")
    axis.set_title(title)
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Standardised columns
#
# Two columns of very different size, before and after. Gradient descent minds: the valley of the loss is round only on the
# right.

# %%
rng = np.random.default_rng(0)
X = torch.from_numpy((rng.normal(size=(300, 2)) * [1, 8] + [20, -5]).astype(np.float32))
Z, mean, std = mine().standardize(X)
_, (left, right) = plt.subplots(1, 2)
for axis, rows, title in ((left, X, "X"), (right, Z, "Z")):
    axis.scatter(rows[:, 0], rows[:, 1], s=6)
    axis.set_aspect("equal")
    axis.set_title(title)
left.set_xticks([20])
plt.show()
print(f"mean {mean.tolist()}, std {std.tolist()}")

# %% [markdown]
# ## A gradient that nobody wrote down
#
# $f(x) = \sin(3x) + x^2/4$ and the slope that autograd finds at 60 places.

# %%
places = torch.linspace(-3, 3, 60)


def f(x):
    return torch.sin(3 * x) + x**2 / 4


slopes = torch.stack([mine().gradient_of(f, place) for place in places])
plt.plot(places, f(places), label="f")
plt.plot(places, slopes, ".", label="your gradient_of(f, x)")
plt.plot(places, 3 * torch.cos(3 * places) + places / 2, lw=0.8, label="3 cos(3 x) + x / 2")
plt.legend()
plt.show()

# %% [markdown]
# ## Three learning rates
#
# One line, 60 rows with x from U(-5, 5), three learning rates. The dotted line is the noise that no line removes.

# %%
x = torch.from_numpy(rng.uniform(-5, 5, 60).astype(np.float32))
y = 3 * x + 2 + torch.from_numpy(rng.normal(size=60).astype(np.float32))
columns = torch.stack([x, torch.ones(60)], dim=1)
best = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
floor = ((columns @ best - y) ** 2).mean().item()
_, axes = plt.subplots(1, 3, figsize=(10, 3))
for axis, rate in zip(axes, (0.8, 0.0001, 0.01), strict=True):
    w, b, losses = mine().fit_line(x, y, rate, 1000)
    finite = [loss for loss in losses if np.isfinite(loss)]
    axis.loglog(np.arange(1, len(finite) + 1), finite)
    axis.axhline(floor, ls=":", color="black")
    axis.set_title(f"{rate}: {mine().classify_run(losses)}")
    axis.set_xlabel("epoch")
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
# **Question.** Find by hand, to two digits, the largest learning rate that does not diverge. The loss is a parabola in w;
# what does its curvature, $2 \cdot \mathrm{mean}(x^2)$, have to do with the number that you found?

# %% [markdown]
# ## What is learned when (N, 1) meets (N,)
#
# The same rows: your plane, and what comes of a loss over all N x N differences. Its loss falls, too.

# %%
W, b = mine().fit_plane(x[:, None], y, 0.01, 1000)
w_flat, b_flat = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
for _ in range(1000):
    loss = ((x[:, None] @ w_flat + b_flat - y) ** 2).mean()  # (N, 1) - (N,)
    loss.backward()
    with torch.no_grad():
        w_flat -= 0.01 * w_flat.grad
        b_flat -= 0.01 * b_flat.grad
    w_flat.grad = b_flat.grad = None
plt.scatter(x, y, s=8)
ends = torch.tensor([-5.0, 5.0])
plt.plot(ends, W[0] * ends + b, label="your fit_plane")
plt.plot(ends, (w_flat[0, 0] * ends + b_flat).detach(), "--", label="the mean over (N, N)")
plt.legend()
plt.show()

# %% [markdown]
# **Question.** What does a prediction have to be, so that its mean squared distance to *all* targets is smallest?

# %% [markdown]
# ## Batches: noise, and a path
#
# The way of (W, b) from the start to the best line, with all rows in each step and in batches of 8. Small batches get
# there with fewer looks at the data, and then do not stand still.

# %%
dataset = mine().ArrayDataset(x[:, None].numpy(), y.numpy())
_, (left, right) = plt.subplots(1, 2)
for size in (60, 8, 1):
    torch.manual_seed(0)
    way = [(0.0, 0.0)]
    for epochs in range(1, 16):
        torch.manual_seed(0)
        W, b, losses = mine().fit_minibatches(dataset, batch_size=size, epochs=epochs)
        way.append((W[0].item(), b))
    left.plot(*zip(*way, strict=True), ".-", label=f"batches of {size}")
    right.semilogy(losses, label=f"batches of {size}")
left.plot(*best.tolist(), "k*", ms=12)
left.set_xlabel("w")
left.set_ylabel("b")
left.legend()
right.set_xlabel("epoch")
right.set_ylabel("epoch loss")
plt.show()

# %% [markdown]
# **Question.** Why does the loss of the epoch with batches of 1 end above that of batches of 8, although its line may be
# as good?

# %% [markdown]
# ## The public checks

# %%
from grader import check

check("regression")
