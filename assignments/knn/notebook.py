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
# # k-nearest neighbours: what your code has made
#
# `README.md` explains the tasks; your code goes into `knn.py`. This notebook draws what it does. Each cell works as soon as
# the functions that it calls do. The packages that it needs beyond the course's own: `matplotlib`.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from course_data import load
from knn import KNearestNeighbor, accuracy_vs_size, choose_k, k_fold_accuracies

from grader import check

# %%
check("knn")

# %% [markdown]
# ## The pictures
# Five of each class. `train.source` says whether these are the real CIFAR-10 or the generated stand-in.

# %%
train, held_out = load("cifar10", "train", n=2000), load("cifar10", "test", n=200)
X, y = train.images.reshape(len(train.images), -1).astype(float), train.labels  # (N, 3072), (N,)
T, truth = held_out.images.reshape(len(held_out.images), -1).astype(float), held_out.labels
print(train.source, X.shape, T.shape)

figure, axes = plt.subplots(5, 10, figsize=(10, 5.4))
for label, column in enumerate(axes.T):
    column[0].set_title(train.class_names[label], fontsize=9)
    for axis, image in zip(column, train.images[y == label], strict=False):
        axis.imshow(image)
        axis.axis("off")

# %% [markdown]
# ## Three ways to the same distances
# The matrix product is the fastest by far. Your own times stand on the bars; only their ratio means anything.

# %%
knn = KNearestNeighbor()
knn.train(X[:500], y[:500])
seconds = {}
for name in ("two_loops", "one_loop", "no_loops"):
    times = []
    for _ in range(3):  # the best of three: other programs only ever slow one down
        begin = time.perf_counter()
        dists = getattr(knn, f"compute_distances_{name}")(T[:50])
        times.append(time.perf_counter() - begin)
    seconds[name] = min(times)

plt.figure(figsize=(5, 2))
bars = plt.barh(list(seconds), list(seconds.values()))
plt.bar_label(bars, [f" {value * 1000:.1f} ms" for value in seconds.values()])
plt.xlabel("seconds for 50 x 500 distances")
plt.margins(x=0.2)
plt.show()

# %% [markdown]
# ## The matrix of distances
# A row for each query, a column for each training picture; dark is near. Some rows are bright all over, and some columns are
# dark all over: such pictures are far from everything, or near to everything, whatever they show.

# %%
plt.figure(figsize=(9, 2.4))
plt.imshow(dists, aspect="auto", cmap="magma")
plt.colorbar(label="distance")
plt.xlabel("training picture")
plt.ylabel("query")
plt.show()

# %% [markdown]
# ## Neighbours
# A query on the left, its five nearest training pictures beside it. A green frame has the query's class.

# %%
knn.train(X, y)
dists = knn.compute_distances_no_loops(T)  # (200, 2000)

figure, axes = plt.subplots(6, 6, figsize=(6.4, 7.2), layout="constrained")
for row, query in zip(axes, range(6), strict=True):
    row[0].imshow(held_out.images[query])
    row[0].set_ylabel(train.class_names[truth[query]], fontsize=9)
    for axis, near in zip(row[1:], np.argsort(dists[query])[:5], strict=True):
        axis.imshow(train.images[near])
        axis.set_title(train.class_names[y[near]], fontsize=8)
        axis.spines[:].set(color="tab:green" if y[near] == truth[query] else "tab:red", linewidth=3)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])

# %% [markdown]
# ## Which k?
# A dot for each fold, a line through their means. The folds differ by more than neighbouring values of k do.

# %%
ks = [1, 3, 5, 8, 10, 15, 20, 50, 100]
table = k_fold_accuracies(X[:1000], y[:1000], ks)
best = choose_k(X[:1000], y[:1000], ks)

plt.figure(figsize=(6, 3))
for k in ks:
    plt.plot([k] * len(table[k]), table[k], ".", color="tab:grey")
plt.plot(ks, [np.mean(table[k]) for k in ks])
plt.axvline(best, color="tab:green", linestyle="--", label=f"chosen: {best}")
plt.xscale("log")
plt.xticks(ks, ks)
plt.xlabel("k")
plt.ylabel("accuracy")
plt.legend()
plt.show()

print("of the test pictures, looked at once, at the end, right are", np.mean(knn.predict(T, k=best) == truth))

# %% [markdown]
# ## More pictures
# The line of chance is 1 in 10.

# %%
sizes = [50, 100, 200, 500, 1000, 2000]
shares = accuracy_vs_size(X, y, T, truth, sizes, k=best)

plt.figure(figsize=(6, 3))
plt.plot(sizes, shares, "o-")
plt.axhline(0.1, color="lightgrey")
plt.xscale("log")
plt.xticks(sizes, sizes)
plt.xlabel("training pictures")
plt.ylabel("accuracy")
plt.show()

# %% [markdown]
# ## Written questions
# Not graded by machine; your TA may ask for them. Write below each.
#
# 1. Look at the neighbours with a red frame. What do they share with their query, if it is not the class?
#
# *Your answer:*
#
# 2. What makes a row of the matrix bright from end to end, and what a column dark? Name one way to prepare the pictures that
#    would change it.
#
# *Your answer:*
#
# 3. Someone chooses k by the accuracy on the test pictures and reports that accuracy. What is wrong with it?
#
# *Your answer:*
