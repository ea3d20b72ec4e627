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
# # LeNet: what your code has made
#
# `README.md` explains the tasks; your code goes into `lenet.py`. This notebook draws what it does. Each cell works as soon
# as the functions that it calls do. It needs `matplotlib` beyond the course's own packages.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from course_data import load
from torch.utils.data import DataLoader, TensorDataset

import lenet
from grader import check

plt.rcParams.update({
    "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip
torch.manual_seed(0)


def show(axis, picture, title="", **options):
    """A picture without axes."""
    axis.imshow(picture, **({"cmap": "gray"} | options))
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()


# %%
check("lenet")

# %% [markdown]
# ## Digits
#
# The real MNIST if it is on your machine, else digits that were drawn for this course. Ten thousand to learn from, two
# thousand to judge by.

# %%
train, test = load("mnist", "train", n=10_000), load("mnist", "test", n=2_000)
print(f"these digits are {train.source}: {train.images.shape}, {train.images.dtype}, up to {train.images.max()}")
train_loader, test_loader = lenet.make_loaders(train.images, train.labels, test.images, test.labels)
images, labels = next(iter(train_loader))
_, axes = plt.subplots(2, 10, figsize=(9, 2))
for axis, image, label in zip(axes.flat, images, labels, strict=False):
    show(axis, image[0], str(label.item()))
plt.show()

# %% [markdown]
# ## Sobel's edges
#
# Each kernel answers to brightness that changes across the direction of its name: red where it grows (from top to bottom,
# from left to right, from one corner to the other), blue where it falls. What does *horizontal* see of a 1, and what of a 7?

# %%
chosen = torch.stack([images[labels == digit][0] for digit in (0, 1, 4, 7)])
_, axes = plt.subplots(4, 4, figsize=(7, 7))
for column, image in zip(axes.T, chosen, strict=True):
    show(column[0], image[0], "the image")
for row, (name, kernel) in zip(axes[1:], lenet.SOBEL.items(), strict=True):
    for axis, response in zip(row, lenet.apply_filter(chosen, kernel), strict=True):
        show(axis, response[0], name, cmap="RdBu_r", vmin=-4, vmax=4)
plt.show()

# %% [markdown]
# ## Pooling
#
# The largest pixel of each window, and the mean, for windows of 2, 4 and 7 pixels. Which of both keeps thin strokes?

# %%
_, axes = plt.subplots(2, 4, figsize=(7, 3.8))
for row, kind in zip(axes, ("max", "mean"), strict=True):
    show(row[0], chosen[2, 0], "28 x 28", vmin=0, vmax=1)
    for axis, size in zip(row[1:], (2, 4, 7), strict=True):
        pooled = lenet.pool_images(chosen, kind, size)
        show(axis, pooled[2, 0], f"{kind} of {size} x {size}: {pooled.shape[2]} x {pooled.shape[3]}", vmin=0, vmax=1)
plt.show()

# %% [markdown]
# ## LeNet learns
#
# Six epochs with a falling learning rate, as in the task `digits`. It takes about ten seconds.

# %%
model = lenet.LeNet()
optimizer = torch.optim.Adam(model.parameters())
before = model.state_dict()[next(iter(model.state_dict()))].clone()
history = []
for rate in (0.005, 0.004, 0.003, 0.002, 0.001, 0.0002):
    optimizer.param_groups[0]["lr"] = rate
    history.append((*lenet.train_epoch(model, train_loader, optimizer), *lenet.evaluate(model, test_loader)))
    print("loss {:.3f}, right {:.2%}; on new digits loss {:.3f}, right {:.2%}".format(*history[-1]))
columns = np.array(history)
_, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
for axis, first, title in ((left, 0, "loss"), (right, 1, "right")):
    axis.plot(range(1, 7), columns[:, first], "o-", label="training, before each step")
    axis.plot(range(1, 7), columns[:, first + 2], "o-", label="new digits, after the epoch")
    axis.set(xlabel="epoch", ylabel=title)
left.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# ## The filters that it has learnt
#
# The six kernels of the first convolution: above as they began, in the middle as they are now (red adds, blue takes away),
# below what they answer to a 4. Do some of them look like Sobel's?

# %%
after = next(weight for weight in model.parameters() if weight.shape == (6, 1, 5, 5)).detach()
_, axes = plt.subplots(3, 6, figsize=(8, 4.2))
for k in range(6):
    show(axes[0, k], before[k, 0], "before", cmap="RdBu_r", vmin=-0.5, vmax=0.5)
    show(axes[1, k], after[k, 0], "after", cmap="RdBu_r", vmin=-0.5, vmax=0.5)
    show(axes[2, k], lenet.apply_filter(chosen[2:3], after[k, 0])[0, 0], "on a 4", cmap="RdBu_r", vmin=-2, vmax=2)
plt.show()

# %% [markdown]
# ## Who is taken for whom
#
# Rows are the true classes. The diagonal, which holds nearly everything, is left out of the colours.

# %%
pictures, truth, probabilities = lenet.get_predictions(model, test_loader)
matrix = lenet.confusion_matrix(truth, probabilities.argmax(dim=1))
_, axis = plt.subplots(figsize=(5, 4.6))
axis.imshow(np.where(np.eye(10), 0, matrix), cmap="Reds")
worst = np.where(np.eye(10), 0, matrix).max()
for (row, column), count in np.ndenumerate(matrix.numpy()):
    colour = "tab:gray" if row == column else "white" if count > worst / 2 else "black"
    axis.text(column, row, count or "", ha="center", va="center", fontsize=8, color=colour)
axis.set(xticks=range(10), yticks=range(10), xlabel="taken for", ylabel="is")
plt.show()

# %% [markdown]
# ## The most confident mistakes
#
# Would you have known? Some are the network's fault, some are the writer's.

# %%
_, axes = plt.subplots(2, 6, figsize=(9, 3.6))
for axis in axes.flat:
    axis.set_axis_off()
for axis, (image, true, predicted, probability) in zip(
    axes.flat, lenet.most_incorrect(pictures, truth, probabilities, 12), strict=False
):
    show(axis, image[0], f"{true}, taken for {predicted}\n({probability:.0%})")
plt.show()

# %% [markdown]
# ## Basic and deep
#
# Both networks on two thousand digits, three epochs. (On all of MNIST, with more epochs, about 99.0 and 99.3 % are right.)

# %%
few_loader, _ = lenet.make_loaders(train.images[:2000], train.labels[:2000], test.images[:10], test.labels[:10])
results = lenet.compare(few_loader, test_loader, 3)
_, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
for colour, (name, entry) in zip(("tab:blue", "tab:orange"), results.items(), strict=True):
    for axis, key in ((left, "loss"), (right, "accuracy")):
        axis.plot(range(1, 4), entry[f"train_{key}"], "--", color=colour)
        axis.plot(range(1, 4), entry[f"test_{key}"], "o-", color=colour, label=f"{name}, {entry['parameters']:,} parameters")
        axis.set(xlabel="epoch", ylabel=key, xticks=(1, 2, 3))
right.legend(frameon=False, fontsize=8, title="dashed: training, dots: new digits", title_fontsize=8)
plt.show()

# %% [markdown]
# ## Pixels that are not scaled
#
# The same networks on the same digits, with pixels from 0 to 255. Batch norm divides by the running statistics of the
# training, so nothing makes up for the factor. Dropout has nothing to do with it: it is asleep.

# %%
loud = DataLoader(TensorDataset(pictures * 255, truth), batch_size=64)
for name, entry in results.items():
    scaled, unscaled = (lenet.evaluate(entry["model"], loader)[1] for loader in (test_loader, loud))
    print(f"{name}: {scaled:.1%} of the digits from 0 to 1 are right, {unscaled:.1%} of those from 0 to 255")

# %% [markdown]
# ## Colour
#
# `SimpleCNN` for three epochs on two thousand pictures of 32 x 32: a beginning. Guessing gives 10 %.

# %%
coloured, unseen = load("cifar10", "train", n=2_000), load("cifar10", "test", n=500)
batches = []
for part in (coloured, unseen):
    pixels = torch.from_numpy(part.images.transpose(0, 3, 1, 2) / np.float32(255))
    batches.append(DataLoader(TensorDataset(pixels, torch.tensor(part.labels)), batch_size=32, shuffle=part is coloured))
simple = lenet.SimpleCNN()
optimizer = torch.optim.Adam(simple.parameters(), lr=1e-3)
for _ in range(3):
    print("loss {:.3f}, right {:.1%}".format(*lenet.train_epoch(simple, batches[0], optimizer)))
images, labels, shares = lenet.get_predictions(simple, batches[1])
_, axes = plt.subplots(1, 6, figsize=(9, 2))
for axis, (image, true, predicted, share) in zip(axes, lenet.most_incorrect(images, labels, shares, 6), strict=True):
    names = coloured.class_names
    show(axis, image.permute(1, 2, 0), f"{names[true]}, taken for\n{names[predicted]} ({share:.0%})")
plt.show()

# %% [markdown]
# ## Written questions
# Not graded by machine; your TA may ask for them. Write below each.
#
# 1. Take one of the most confident mistakes. Which strokes led the network astray? What would you change: more filters,
#    more digits, or other ones?
#
# *Your answer:*
#
# 2. In the first two epochs the loss on new digits is below that of the training. How can that be?
#
# *Your answer:*
#
# 3. The deep network has about twice as many numbers as the basic one. Which of batch norm, dropout and He's start does
#    the most here? Take one after the other out, and see.
#
# *Your answer:*
