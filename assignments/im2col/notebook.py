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
# # Convolution by matrix products, to look at
#
# The handout (`README.md`) says what to write; this notebook shows what it does. It imports *your* `im2col.py`: work on
# the file, come back, run the cell again. Until a function is written, its cell says so and nothing else.

# %%
import importlib
import time

import matplotlib.pyplot as plt
import numpy as np
from course_data import load

import im2col

plt.rcParams.update({
    "figure.figsize": (8, 3), "figure.constrained_layout.use": True, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def mine():
    """Your module as it is on the disk now."""
    return importlib.reload(im2col)


# %% [markdown]
# ## The matrix, as a picture
#
# One image of 6 x 6 pixels, numbered by brightness, and its columns for windows of 3 x 3. The same pixel (one of them is
# marked) comes again and again, once for every window that holds it.

# %%
image = np.arange(36.0).reshape(1, 1, 6, 6)
cols = mine().im2col_indices(image, 3, 3, padding=0)
_, (left, right) = plt.subplots(1, 2, width_ratios=(1, 2))
left.imshow(image[0, 0], cmap="Greys")
left.plot(3, 2, "rs", ms=12, mfc="none")
left.set_title("the image; pixel (2, 3) is marked")
right.imshow(cols, cmap="Greys")
rows, places = np.nonzero(cols == image[0, 0, 2, 3])
right.plot(places, rows, "rs", ms=8, mfc="none")
right.set_title(f"im2col: {cols.shape}")
right.set_xlabel("place")
right.set_ylabel("pixel of the window")
plt.show()

# %% [markdown]
# ## The adjoint is not the inverse
#
# `col2im` of ones counts how many windows hold each pixel. That is what `col2im(im2col(x))` multiplies x by.

# %%
_, axes = plt.subplots(1, 3)
for axis, (stride, padding) in zip(axes, ((1, 0), (1, 1), (2, 1)), strict=True):
    shape = (1, 1, 7, 7)
    counts = mine().col2im_indices(
        mine().im2col_indices(np.ones(shape), 3, 3, padding, stride), shape, 3, 3, padding, stride
    )
    axis.imshow(counts[0, 0], vmin=0, vmax=9)
    for (i, j), count in np.ndenumerate(counts[0, 0]):
        axis.text(j, i, f"{count:g}", ha="center", va="center", color="white")
    axis.set_axis_off()
    axis.set_title(f"stride {stride}, padding {padding}")
plt.show()

# %% [markdown]
# **Question.** At stride 2 the counts make a pattern of 1, 2 and 4. Where does it come from, and what would it do to an
# image that is made by col2im?

# %% [markdown]
# ## Mixed-up numbers
#
# An image and its copy by a filter that does nothing: a single 1 in the middle. Left, as your convolution gives it;
# right, what comes out when the matrix product is reshaped straight to (N, F, H', W'). Shapes agree, gradients too.

# %%
pictures = load("cifar10", "train", 4).images.transpose(0, 3, 1, 2) / 255.0
identity = np.zeros((3, 3, 3, 3))
identity[range(3), range(3), 1, 1] = 1
out, _ = mine().conv_forward_im2col(pictures, identity, np.zeros(3), {"stride": 1, "pad": 1})
mixed = out.transpose(1, 2, 3, 0).reshape(out.shape)
_, axes = plt.subplots(2, 4, figsize=(8, 4))
for row, images in zip(axes, (out, mixed), strict=True):
    for axis, one in zip(row, images, strict=True):
        axis.imshow(np.clip(one.transpose(1, 2, 0), 0, 1))
        axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Time
#
# A loop over the places against your convolution, forward, on one growing batch. Both do the same multiplications.


# %%
def loop(x, w, b):
    """out, place by place."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.empty((len(x), len(w), *x.shape[2:]), x.dtype)
    for i, j in np.ndindex(*x.shape[2:]):
        out[:, :, i, j] = padded[:, :, i : i + 3, j : j + 3].reshape(len(x), -1) @ w.reshape(len(w), -1).T + b
    return out


def seconds(function, *arguments):
    """The least of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


rng = np.random.default_rng(0)
w, b = rng.normal(size=(16, 3, 3, 3)).astype("float32"), np.zeros(16, "float32")
batches = [1, 2, 4, 8, 16, 32, 64]
times = {"loop over places": [], "your convolution": []}
for N in batches:
    x = rng.normal(size=(N, 3, 32, 32)).astype("float32")
    times["loop over places"].append(seconds(loop, x, w, b))
    times["your convolution"].append(seconds(mine().conv_forward_im2col, x, w, b, {"stride": 1, "pad": 1}))
for name, values in times.items():
    plt.loglog(batches, np.array(values) * 1000, "o-", label=name)
plt.xlabel("images in the batch")
plt.ylabel("ms")
plt.legend()
plt.show()

# %% [markdown]
# **Question.** The loop is nearly as fast for 8 images as for one. Why? And where do the curves come nearer to each
# other, and why there?

# %% [markdown]
# ## The same on a GPU
#
# Only where there is one. The first time is taken without waiting, the second with; the third includes the way of the
# data over the bus.

# %%
try:
    import cupy

    cupy.cuda.runtime.getDeviceCount()
except Exception as error:
    print(f"no GPU here ({type(error).__name__}); nothing to see")
else:
    x = rng.normal(size=(256, 3, 32, 32)).astype("float32")
    there = [cupy.asarray(array) for array in (x, w, b)]
    param = {"stride": 1, "pad": 1}

    def waited(*arrays):
        """A forward pass that is over when this returns."""
        result = mine().conv_forward_im2col(*arrays, param)
        cupy.cuda.get_current_stream().synchronize()
        return result

    waited(*there)
    print(f"without waiting   {1e3 * seconds(im2col.conv_forward_im2col, *there, param):8.2f} ms")
    print(f"with waiting      {1e3 * seconds(waited, *there):8.2f} ms")
    print(f"with the copies   {1e3 * seconds(lambda: cupy.asnumpy(waited(*map(cupy.asarray, (x, w, b)))[0])):8.2f} ms")
    print(f"on the CPU        {1e3 * seconds(im2col.conv_forward_im2col, x, w, b, param):8.2f} ms")

# %% [markdown]
# **Question.** Which of the four times would you quote, and for which purpose?

# %% [markdown]
# ## The public checks

# %%
from grader import check

check("im2col")
