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
# # The training toolkit, to look at
#
# The handout (`README.md`) says what to write; this notebook shows what it does. It imports *your* `training.py`: work
# on the file, come back, run the cell again. Until a function is written, its cell says so and nothing else.

# %%
import copy
import importlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from course_data import load
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import training

plt.rcParams.update({
    "figure.figsize": (8, 3), "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def mine():
    """Your module as it is on the disk now."""
    return importlib.reload(training)


# %% [markdown]
# ## Data: few images of digits, so that there is something to overfit
#
# `channel_stats` of the training images is what both parts are standardised with.

# %%
digits = load("mnist", "train", 1500)
images = torch.tensor(digits.images).float().reshape(-1, 1, 28, 28) / 255
labels = torch.from_numpy(digits.labels).long()
mean, std = mine().channel_stats(DataLoader(TensorDataset(images[:500], labels[:500]), batch_size=64))
images = (images - mean[:, None, None]) / std[:, None, None]
train_set, val_set = TensorDataset(images[:500], labels[:500]), TensorDataset(images[500:], labels[500:])
print(f"mean {mean.tolist()}, std {std.tolist()}")


def loaders():
    """Shuffled batches for training, all the same in each run; batches for validation."""
    generator = torch.Generator().manual_seed(0)
    return DataLoader(train_set, batch_size=32, shuffle=True, generator=generator), DataLoader(val_set, batch_size=250)


def network():
    """A small network with dropout, from the same start in each run."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10))


# %% [markdown]
# ## Which learning rate?
#
# The loss of each batch while the learning rate grows. The line is your `suggest_lr`.

# %%
model = network()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
sweep = DataLoader(TensorDataset(images, labels), batch_size=15, shuffle=True, generator=torch.Generator().manual_seed(1))
lrs, losses = mine().lr_range_test(model, sweep, nn.functional.cross_entropy, optimizer, 1e-5, 10.0)
suggested = mine().suggest_lr(lrs, losses)
plt.semilogx(lrs, losses)
plt.axvline(suggested, color="black", ls=":")
plt.xlabel("learning rate")
plt.ylabel("loss of one batch")
plt.title(f"{len(lrs)} of {len(sweep)} batches; suggested: {suggested:.2g}")
plt.show()

# %% [markdown]
# **Question.** Why is the learning rate with the lowest loss no good choice?

# %% [markdown]
# ## Curves, and the epoch that is kept
#
# The dot is the best epoch. Early stopping with a patience of 8 would have ended at the dotted line.

# %%
model = network()
optimizer = torch.optim.SGD(model.parameters(), lr=suggested, momentum=0.9)
history = mine().fit(model, optimizer, nn.functional.cross_entropy, *loaders(), epochs=40)
stopped = mine().fit(
    again := network(), torch.optim.SGD(again.parameters(), lr=suggested, momentum=0.9), nn.functional.cross_entropy,
    *loaders(), epochs=40, patience=8,
)  # fmt: skip
_, axes = plt.subplots(1, 2)
for axis, what in zip(axes, ("loss", "accuracy"), strict=True):
    axis.plot(history[f"train_{what}"], label="training")
    axis.plot(history[f"val_{what}"], label="validation")
    best = history["best_epoch"]
    axis.plot(best, history[f"val_{what}"][best], "ko")
    axis.axvline(len(stopped["val_loss"]) - 1, color="black", ls=":", lw=0.8)
    axis.set_xlabel("epoch")
    axis.set_title(what)
axes[0].legend()
plt.show()

# %% [markdown]
# **Question.** At first the validation is better than the training. Which two reasons are there, and how would you find out
# which of them it is? (One stands in `network`, the other in step 2 of the handout's list.)

# %% [markdown]
# ## What is confused with what

# %%
logits, targets = mine().predict(model, loaders()[1])
matrix = np.asarray(mine().confusion_matrix(targets, logits.argmax(1), 10))
shares = mine().per_class_accuracy(targets, logits.argmax(1), 10)
_, (left, right) = plt.subplots(1, 2, width_ratios=(1, 1.4))
left.imshow(np.log1p(matrix), cmap="Blues")
left.set(xlabel="prediction", ylabel="label", xticks=range(10), yticks=range(10))
right.bar(range(10), shares)
right.set(ylim=(0.5, 1), xlabel="digit", ylabel="accuracy", xticks=range(10))
plt.show()
for average in ("macro", "weighted"):
    values = mine().precision_recall_f1(targets, logits.argmax(1), 10, average=average)
    print(f"{average}: precision {values[0]:.3f}, recall {values[1]:.3f}, F1 {values[2]:.3f}")

# %% [markdown]
# ## A schedule
#
# Three schedulers, and what `fit` notes of them.

# %%
schedules = {
    "StepLR": lambda o: torch.optim.lr_scheduler.StepLR(o, 5, 0.3),
    "CosineAnnealingLR": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 15),
    "ReduceLROnPlateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.3, patience=1),
}
for name, make in schedules.items():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = mine().fit(model, optimizer, nn.functional.cross_entropy, *loaders(), epochs=15, scheduler=make(optimizer))
    plt.semilogy(history["learning_rate"], ".-", label=f"{name}: {max(history['val_accuracy']):.1%}")
plt.xlabel("epoch")
plt.ylabel("learning rate")
plt.legend()
plt.show()

# %% [markdown]
# ## What the network gets to see
#
# One image: above four times through your `train_transform`, below through your `eval_transform`.

# %%
picture = Image.fromarray(load("cifar10", "train", 8).images[7]).resize((96, 64))
center, spread = np.array(mine().MEAN), np.array(mine().STD)
_, axes = plt.subplots(2, 4, figsize=(8, 4))
for row, transform in zip(axes, (mine().train_transform(48), mine().eval_transform(48)), strict=True):
    for axis in row:
        values = transform(picture).permute(1, 2, 0).numpy() * spread + center
        axis.imshow(values.clip(0, 1))
        axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Shapes on the way

# %%
convolutions = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 13 * 13, 10))
with mine().ShapeRecorder(convolutions) as recorder:
    convolutions(images[:4])
for name, given, gave in recorder.records:
    print(f"{name:>4}  {str(given):<18} -> {gave}")

# %% [markdown]
# ## Interrupted and resumed
#
# Six steps in one go, and three steps, a checkpoint, and three more in another model: the same weights, to the last bit.

# %%
batch = images[:64], labels[:64]


def steps(model, optimizer, count):
    """Some steps on one batch, without dropout."""
    model.eval()
    for _ in range(count):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
        optimizer.step()


one = network()
optimizer = torch.optim.Adam(one.parameters())
steps(one, optimizer, 3)
path = Path(tempfile.mkdtemp()) / "checkpoint.pt"
mine().save_checkpoint(path, one, optimizer, 3)
other = copy.deepcopy(one)
for layer in (other[1], other[4]):
    layer.reset_parameters()
other_optimizer = torch.optim.Adam(other.parameters(), lr=1.0)
print("epoch", mine().load_checkpoint(path, other, other_optimizer))
steps(one, optimizer, 3)
steps(other, other_optimizer, 3)
print("the same weights:", torch.equal(one[1].weight, other[1].weight))

# %% [markdown]
# ## The public checks

# %%
from grader import check

check("training")
