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
# # Linear classifier: what your code has made
#
# `README.md` explains the tasks; your code goes into `svm.py`. This notebook draws what it does. Each cell works as soon as
# the functions that it calls do. The packages that it needs beyond the course's own: `matplotlib`.

# %%
import matplotlib.pyplot as plt
import numpy as np
from course_data import load
from svm import LinearSVM, preprocess, search, svm_loss_naive, svm_loss_vectorized, weight_templates

from grader import check

np.random.seed(0)  # the same batches at every run of the notebook

# %%
check("svm")

# %% [markdown]
# ## The pictures
# Five of each class. `data.source` says whether these are the real CIFAR-10 or the generated stand-in.

# %%
train, held_out = load("cifar10", "train", n=1200), load("cifar10", "test", n=500)
X_raw, y_train = train.images[:1000], train.labels[:1000]
V_raw, y_val = train.images[1000:], train.labels[1000:]
print(train.source, X_raw.shape, V_raw.shape, held_out.images.shape)

figure, axes = plt.subplots(5, 10, figsize=(10, 5.4))
for label, column in enumerate(axes.T):
    column[0].set_title(train.class_names[label], fontsize=9)
    for axis, image in zip(column, X_raw[y_train == label], strict=False):
        axis.imshow(image)
        axis.axis("off")

# %% [markdown]
# ## Prepared
# The mean image, and the first picture before and after. Grey is 0.

# %%
X, V, T = preprocess(X_raw, V_raw, held_out.images)
print(X.shape, "the last column:", np.unique(X[:, -1]))

figure, axes = plt.subplots(1, 3, figsize=(7, 2.6))
for axis, picture, title in zip(
    axes,
    (X_raw.mean(axis=0) / 255, X_raw[0], np.clip(X[0, :-1].reshape(32, 32, 3) + 0.5, 0, 1)),
    ("mean image", "a picture", "less the mean"),
    strict=True,
):
    axis.imshow(picture)
    axis.set_title(title, fontsize=9)
    axis.axis("off")

# %% [markdown]
# ## The loss begins near 9, and the gradient is its slope
# Each point is one weight: the formula's entry of dW across, the slope measured by moving that weight up. They should lie on
# the line.

# %%
W = 1e-4 * np.random.randn(X.shape[1], 10)
loss, dW = svm_loss_naive(W, X[:50], y_train[:50], reg=0.1)
print("naive:     ", loss)
print("vectorized:", svm_loss_vectorized(W, X[:50], y_train[:50], reg=0.1)[0])

h, places = 1e-5, [(np.random.randint(len(W)), np.random.randint(10)) for _ in range(60)]
slopes = []
for place in places:
    step = np.zeros_like(W)
    step[place] = h
    up, down = (svm_loss_vectorized(W + s * step, X[:50], y_train[:50], reg=0.1)[0] for s in (1, -1))
    slopes.append((up - down) / (2 * h))

plt.figure(figsize=(3.6, 3.6))
plt.axline((0, 0), slope=1, color="lightgrey")
plt.plot([dW[place] for place in places], slopes, ".")
plt.xlabel("dW, by the formula")
plt.ylabel("slope, measured")
plt.show()

# %% [markdown]
# ## Training
# On raw pixels the steps overshoot (mind the logarithmic scale); on prepared ones the loss falls. It jitters, since every
# batch is another one.

# %%
raw_rows = np.hstack([X_raw.reshape(len(X_raw), -1).astype(float), np.ones((len(X_raw), 1))])
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
for axis, rows, title in zip(axes, (raw_rows, X), ("raw pixels", "prepared"), strict=True):
    svm = LinearSVM()
    axis.plot(svm.train(rows, y_train, learning_rate=5e-3, reg=1e-3, num_iters=300))
    axis.set(title=title, xlabel="iteration", ylabel="loss")
axes[0].set_yscale("log")
print(
    "on prepared pixels, right are",
    np.mean(svm.predict(X) == y_train),
    "and of new pictures",
    np.mean(svm.predict(V) == y_val),
)

# %% [markdown]
# ## The search
# One square for each pair; brighter is better. Left on the training pictures, right on the validation pictures.

# %%
rates, regs = [1e-4, 1e-3, 3e-3, 1e-2], [1e-4, 1e-1, 1.0]
results, best = search(X, y_train, V, y_val, rates, regs, num_iters=200)  # about ten seconds

figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
for which, (axis, title) in enumerate(zip(axes, ("training accuracy", "validation accuracy"), strict=True)):
    table = np.array([[results[rate, reg][which] for rate in rates] for reg in regs])
    axis.imshow(table, vmin=0.1, vmax=max(0.5, table.max()))
    for (row, column), share in np.ndenumerate(table):
        axis.text(column, row, f"{share:.2f}", ha="center", va="center", color="white", fontsize=8)
    axis.set(title=title, xlabel="learning rate", ylabel="reg")
    axis.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axis.set_yticks(range(len(regs)), [f"{reg:g}" for reg in regs])

print("test pictures, looked at once, at the end:", np.mean(best.predict(T) == held_out.labels))

# %% [markdown]
# ## What the weights look like
# One template for each class. Bright colours pull towards the class, dark ones push away.

# %%
figure, axes = plt.subplots(2, 5, figsize=(9, 4))
for axis, template, name in zip(axes.flat, weight_templates(best.W), train.class_names, strict=True):
    axis.imshow(template)
    axis.set_title(name, fontsize=9)
    axis.axis("off")

# %% [markdown]
# ## Written questions
# Not graded by machine; your TA may ask for them. Write below each.
#
# 1. Some templates resemble their class, others look like noise. What do the clear ones have in common, and why can a class
#    have one template only?
#
# *Your answer:*
#
# 2. In the search, training and validation accuracy are best at different pairs. Which pair would you take, and what does
#    the other one tell you?
#
# *Your answer:*
#
# 3. A friend doubles the number of training pictures and keeps `num_iters` and `batch_size`. What happens to the time that
#    training takes, and why?
#
# *Your answer:*
