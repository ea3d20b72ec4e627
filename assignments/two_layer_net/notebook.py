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
# # A two-layer network, to look at
#
# The handout (`README.md`) says what to write; this notebook shows what it does. It imports *your* `two_layer_net.py`:
# work on the file, come back, run the cell again. Until a function is written, its cell says so and nothing else.

# %%
import importlib

import matplotlib.pyplot as plt
import numpy as np
from course_data import load

import two_layer_net

plt.rcParams.update({
    "figure.figsize": (8, 3), "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def mine():
    """Your module as it is on the disk now."""
    return importlib.reload(two_layer_net)


# %% [markdown]
# ## A gradient by numbers: how small should h be?
#
# The formula errs by about $h^2$, rounding by about $10^{-16} / h$. Between the two lies a best $h$. The picture is
# your function's own error for $f(x) = \sum x^3$, whose gradient is $3x^2$.

# %%
x = np.array([0.7, -1.3, 2.1])
steps = 10.0 ** np.arange(-13, 0.5, 0.5)
errors = [np.abs(mine().numeric_gradient(lambda at: float(np.sum(at**3)), x.copy(), h) - 3 * x**2).max() for h in steps]
plt.loglog(steps, errors, "o-", label="your centred difference")
plt.loglog(steps[steps > 1e-7], steps[steps > 1e-7] ** 2, ":", label="$h^2$")
plt.loglog(steps, 1e-15 / steps, ":", label=r"$10^{-15} / h$")
plt.xlabel("h")
plt.ylabel("largest error")
plt.legend()
plt.title("Too large: the formula errs. Too small: rounding errs.")
plt.show()

# %% [markdown]
# **Question.** Where would the lowest point lie for a one-sided difference, whose own error is about $h$? Write down
# the two lines that cross there.

# %% [markdown]
# ## Softmax: from logits to a loss
#
# Left: logits and the probabilities that softmax makes of them. Right: the gradient of the loss. What is over goes
# down, the true class goes up, and the bars sum to 0.

# %%
logits, true = np.array([[2.0, 1.0, 0.2, -1.0]]), np.array([1])
loss, dx = mine().softmax_loss(logits, true)
_, (left, right) = plt.subplots(1, 2)
left.bar(np.arange(4) - 0.2, logits[0], 0.4, label="logits")
left.bar(np.arange(4) + 0.2, dx[0] + np.eye(4)[1], 0.4, label="probabilities")
left.legend()
left.set_title(f"the true class is 1; the loss is {loss:.3f}")
right.bar(np.arange(4), dx[0], color=["C3" if value > 0 else "C2" for value in dx[0]])
right.axhline(0, color="black", lw=0.8)
right.set_title(f"dx, which sums to {dx.sum():.1e}")
plt.show()

# %% [markdown]
# ## ReLU: a bend, and a gate
#
# Forward it bends; backward it is a gate that is open or shut. Nothing else in the network is not linear.

# %%
line = np.linspace(-2, 2, 201)
out, cache = mine().relu_forward(line)
gate = mine().relu_backward(np.ones_like(line), cache)
plt.plot(line, out, label="out")
plt.plot(line, gate, "--", label="dx for dout = 1")
plt.xlabel("x")
plt.legend()
plt.show()

# %% [markdown]
# ## What a second layer is good for
#
# Three spirals that no straight line separates. With few hidden units the border has few corners; with more it bends
# around. Change `units` and the regularisation, and watch.


# %%
def spirals(count=100, seed=0):
    """Rows (3 count, 2) on three arms, and the arm of each."""
    rng = np.random.default_rng(seed)
    radius = np.tile(np.linspace(0.1, 1, count), 3)
    angle = np.repeat(np.arange(3), count) * 2.1 + 4 * radius + 0.2 * rng.normal(size=3 * count)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), np.repeat(np.arange(3), count)


points, arms = spirals()
grid = np.stack(np.meshgrid(np.linspace(-1.2, 1.2, 150), np.linspace(-1.2, 1.2, 150)), axis=-1)
_, axes = plt.subplots(1, 3, figsize=(10, 3.4))
for axis, units in zip(axes, (3, 10, 100), strict=True):
    net = mine().TwoLayerNet(2, units, 3, weight_scale=0.5, seed=1)
    history = net.train(
        points, arms, points, arms, learning_rate=0.2, momentum=0.9, reg=1e-4, num_epochs=300, batch_size=300
    )
    regions = np.reshape(net.predict(grid.reshape(-1, 2)), (150, 150))
    axis.contourf(grid[..., 0], grid[..., 1], regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=["C0", "C1", "C2"], alpha=0.25)
    axis.scatter(points[:, 0], points[:, 1], c=[f"C{arm}" for arm in arms], s=6)
    axis.set_title(f"{units} hidden units: {history['train_acc'][-1]:.0%}")
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Digits: a history to read
#
# The loss of each step is noisy, because each batch is another one. The gap between the two accuracies is what the
# network learned by heart.

# %%
train, test = load("mnist", "train", 1000), load("mnist", "test", 400)
rows, held_out = (split.images.reshape(len(split.images), -1) / 255.0 for split in (train, test))
net = mine().TwoLayerNet(784, 32, 10)
history = net.train(
    rows, train.labels, held_out, test.labels, learning_rate=0.05, momentum=0.9, reg=1e-4, num_epochs=8, batch_size=50
)
_, (left, right) = plt.subplots(1, 2)
left.plot(history["loss"])
left.axhline(np.log(10), ls=":", color="black")
left.text(0, np.log(10) + 0.05, "log 10: guessing")
left.set_xlabel("step")
left.set_ylabel("loss of the batch")
right.plot(np.arange(1, 9), history["train_acc"], "o-", label="training")
right.plot(np.arange(1, 9), history["val_acc"], "o-", label="new digits")
right.set_xlabel("epoch")
right.set_ylabel("accuracy")
right.legend()
plt.show()
print(f"data: {train.source}")

# %% [markdown]
# **Question.** At which step does the loss leave log 10, and what does that tell about `weight_scale`? Try 1e-4 and
# 1e-1.

# %% [markdown]
# ## What the hidden units look for
#
# A column of W1 has a number for each pixel: red pixels count for the unit, blue ones against it.

# %%
W1 = np.asarray(net.params["W1"])
_, axes = plt.subplots(4, 8, figsize=(8, 4.2))
for axis, column in zip(axes.ravel(), W1.T, strict=True):
    largest = np.abs(column).max()
    axis.imshow(column.reshape(28, 28), cmap="RdBu_r", vmin=-largest, vmax=largest)
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Which digits are taken for which
#
# Rows are the true digits, columns what the network says.

# %%
predicted = np.asarray(net.predict(held_out)).astype(int)
table = np.zeros((10, 10), dtype=int)
np.add.at(table, (test.labels, predicted), 1)
_, axis = plt.subplots(figsize=(4.5, 4.5))
axis.imshow(table, cmap="Blues")
for true_digit, said in np.argwhere(table > 0):
    dark = table[true_digit, said] > table.max() / 2
    axis.text(said, true_digit, table[true_digit, said], ha="center", va="center", color="white" if dark else "black")
axis.set_xticks(range(10))
axis.set_yticks(range(10))
axis.set_xlabel("said")
axis.set_ylabel("true")
plt.show()

# %% [markdown]
# **Question.** Which pair is confused most often? Look at three such images (`train.images[...]`) and say what they
# share.

# %% [markdown]
# ## The public checks

# %%
from grader import check

check("two_layer_net")
