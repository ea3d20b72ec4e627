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
# # Convolution and pooling: what your code has made
#
# `README.md` explains the tasks; your code goes into `layers.py`. This notebook draws what it does. Each cell works
# as soon as the functions that it calls do. The packages that it needs beyond the course's own: `matplotlib`.

# %%
import matplotlib.pyplot as plt
import numpy as np
from course_data import digits, load
from layers import (
    ThreeLayerConvNet,
    conv_backward_naive,
    conv_forward_naive,
    edge_filter,
    first_layer_filters,
    max_pool_forward_naive,
    overfit,
    train,
)

from grader import check

np.random.seed(0)  # the same batches at every run of the notebook

# %%
check("convnet")

# %% [markdown]
# ## A convolution, step by step
# The image and the filter of the handout. The frame is the window, the number in the result is what your
# `conv_forward_naive` gives for it.

# %%
image = np.array([[1.0, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]])
kernel = np.array([[1.0, 0], [-1, 2]])
out, _ = conv_forward_naive(image[None, None], kernel[None, None], np.array([1.0]), {"stride": 1, "pad": 0})

figure, axes = plt.subplots(2, out[0, 0].size, figsize=(2 * out[0, 0].size, 4))
for step, (i, j) in enumerate(np.ndindex(out[0, 0].shape)):
    done = np.where(np.arange(out[0, 0].size).reshape(out[0, 0].shape) <= step, out[0, 0], np.nan)
    for axis, values in zip(axes[:, step], (image, done), strict=True):
        axis.imshow(np.zeros(values.shape), cmap="Greys", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(values):
            axis.text(column, row, "" if np.isnan(value) else f"{value:g}", ha="center", va="center")
        axis.set_xticks([])
        axis.set_yticks([])
    window = plt.Rectangle((j - 0.5, i - 0.5), 2, 2, fill=False, edgecolor="tab:red", linewidth=3)
    axes[0, step].add_patch(window)
    axes[1, step].add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="tab:red", linewidth=3))

# %% [markdown]
# ## Who gets the gradient
# For a dout of ones, `db` counts places, and dx shows in how many windows a pixel lies: a filter of ones makes that
# visible. Stride 2 and windows of 3 x 3 overlap in every other row and column.

# %%
ones = np.ones((1, 1, 9, 9))
figure, axes = plt.subplots(1, 3, figsize=(9, 3))
for axis, (stride, pad) in zip(axes, ((1, 0), (1, 1), (2, 0)), strict=True):
    out, cache = conv_forward_naive(ones, np.ones((1, 1, 3, 3)), np.zeros(1), {"stride": stride, "pad": pad})
    dx, _, db = conv_backward_naive(np.ones_like(out), cache)
    axis.imshow(dx[0, 0], vmin=0, vmax=9)
    axis.set_title(f"stride {stride}, pad {pad}: {int(db[0])} places", fontsize=9)
    for (row, column), value in np.ndenumerate(dx[0, 0]):
        axis.text(column, row, f"{value:g}", ha="center", va="center", color="white", fontsize=7)
    axis.axis("off")

# %% [markdown]
# ## Edges, and pooling
# The response of the filter: red where it becomes brighter to the right, blue where it becomes darker. Below, the
# same after 2 x 2 and 4 x 4 max pooling: coarser, and the bright edges stay.

# %%
pictures = load("cifar10", "train", n=6)
print(pictures.source)
figure, axes = plt.subplots(4, 6, figsize=(10, 7))
for column, picture in zip(axes.T, pictures.images, strict=True):
    response = edge_filter(picture)
    column[0].imshow(picture)
    column[1].imshow(response, cmap="RdBu_r", vmin=-2000, vmax=2000)
    for axis, size in zip(column[2:], (2, 4), strict=True):
        window = {"pool_height": size, "pool_width": size, "stride": size}
        axis.imshow(max_pool_forward_naive(np.abs(response)[None, None], window)[0][0, 0], cmap="gray")
    for axis in column:
        axis.axis("off")

# %% [markdown]
# ## Five pictures by heart
# The losses of `overfit`, at three learning rates. It begins above log(10) = 2.3 and should end near 0.

# %%
small = pictures.images[:5].reshape(5, 16, 2, 16, 2, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
X = (small - small.mean()) / small.std()
plt.figure(figsize=(5, 3))
for learning_rate in (0.001, 0.01, 0.1):
    model = ThreeLayerConvNet(input_dim=(3, 16, 16), num_filters=8, filter_size=3)
    plt.semilogy(overfit(model, X, pictures.labels[:5], learning_rate, 20), label=f"learning rate {learning_rate:g}")
plt.axhline(0.02, color="lightgrey")
plt.xlabel("epoch")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# ## Digits
# Small ones, 8 x 8: some to learn from, some to validate on.

# %%
figures, labels = digits(700, seed=1)
tiny = figures[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4))[:, None]
D = (tiny - tiny.mean()) / tiny.std()
reader = ThreeLayerConvNet(input_dim=(1, 8, 8), num_filters=8, filter_size=3, hidden_dim=50)
history = train(
    reader, D[:400], labels[:400], D[400:], labels[400:], learning_rate=0.01, reg=1e-4, num_epochs=6, batch_size=20
)

figure, axes = plt.subplots(1, 2, figsize=(9, 3))
axes[0].plot(history["loss"])
axes[0].set(xlabel="step", ylabel="loss")
for name in ("train_acc", "val_acc"):
    axes[1].plot(range(1, 7), history[name], label=name)
axes[1].set(xlabel="epoch", ylabel="right", ylim=(0, 1))
axes[1].legend()

wrong = np.flatnonzero(reader.loss(D[400:]).argmax(axis=1) != labels[400:])[:10]
figure, axes = plt.subplots(1, 10, figsize=(10, 1.4))
for axis, number in zip(axes, wrong, strict=False):
    axis.imshow(figures[400 + number], cmap="gray_r")
    axis.set_title(f"read as {reader.loss(D[400 + number][None]).argmax()}", fontsize=8)
    axis.axis("off")

# %% [markdown]
# ## What the first layer looks for
# The filters of a network for colour pictures, before and after it has learnt. They begin at a twentieth of what He asks
# for, so that what is learnt shows above the noise. (This cell takes the longest, many minutes with four nested loops:
# take fewer pictures then.)

# %%
more = load("cifar10", "train", n=1000)
halved = more.images.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
C, classes = (halved - halved.mean()) / halved.std(), more.labels
viewer = ThreeLayerConvNet(input_dim=(3, 16, 16), num_filters=12, filter_size=5, hidden_dim=50)
viewer.params = {**viewer.params, "W1": viewer.params["W1"] / 20}
before = first_layer_filters(viewer)
history = train(
    viewer, C[:800], classes[:800], C[800:], classes[800:], learning_rate=0.003, reg=0.005, num_epochs=6, batch_size=25
)
print("of new pictures, right are", history["val_acc"][-1])

figure, axes = plt.subplots(2, 12, figsize=(11, 2.2))
for row, filters in zip(axes, (before, first_layer_filters(viewer)), strict=True):
    for axis, picture in zip(row, filters, strict=True):
        axis.imshow(picture)
        axis.axis("off")

# %% [markdown]
# ## Written questions
# Not graded by machine; your TA may ask for them. Write below each.
#
# 1. In the picture of the gradients, why do pixels in the middle get more than those at the border, and what does
#    padding change about it?
#
# *Your answer:*
#
# 2. Which digits does your network confuse? Would larger filters help, more of them, or more pictures?
#
# *Your answer:*
#
# 3. One pixel to the right: what happens to the result of a convolution, of max pooling, and of the affine layer, if
#    the picture is moved by one pixel?
#
# *Your answer:*
