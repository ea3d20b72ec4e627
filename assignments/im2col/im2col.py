"""Convolution and max pooling as matrix products, in NumPy or CuPy: the same code on whichever device the data lies.

Fill in every function whose body is `raise NotImplementedError`. README.md explains the tasks in order, test_im2col.py
checks them: run `pytest` in this folder. Helpers of your own may stand anywhere between the functions.

Shapes: N images, C channels, H x W pixels; F filters; windows of fh x fw pixels, H' x W' places of a window. Images are
(N, C, H, W), filters (F, C, fh, fw).
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

try:
    import cupy
except ImportError:  # no CUDA here: everything is in NumPy
    cupy = None

__all__ = [
    "array_module", "col2im_indices", "conv_backward_im2col", "conv_forward_im2col", "im2col_indices",
    "max_pool_backward_im2col", "max_pool_forward_im2col",
]  # fmt: skip


def array_module(x: np.ndarray) -> ModuleType:
    """The module whose functions work on x where it lies: `cupy` for an array on the GPU, else `numpy`."""
    return np if cupy is None else cupy.get_array_module(x)


def im2col_indices(x: np.ndarray, field_height: int, field_width: int, padding: int = 1, stride: int = 1) -> np.ndarray:
    """Every window of every image as one column.

    The images are surrounded by `padding` rows and columns of zeros on each of their four sides.

    Args:
        x: images (N, C, H, W), float32 or float64.
        field_height: fh, rows of a window.
        field_width: fw, its columns.
        padding: rows of zeros, at least 0.
        stride: pixels from one window to the next, at least 1.

    Returns:
        (C * fh * fw, H' * W' * N), with H' = (H + 2 padding - fh) // stride + 1 and W' alike; x's dtype, on x's device.
        A column is a window: its pixels by channel, then row, then column, the column fastest. The columns are ordered by
        the row of the place, then its column, then the image, the image fastest.
    """
    raise NotImplementedError


def col2im_indices(
    cols: np.ndarray,
    x_shape: tuple[int, int, int, int],
    field_height: int = 3,
    field_width: int = 3,
    padding: int = 1,
    stride: int = 1,
) -> np.ndarray:
    """The adjoint of im2col_indices: every number of `cols` is added to the pixel that im2col_indices would take it from.

    Args:
        cols: (C * fh * fw, H' * W' * N), ordered as im2col_indices gives it.
        x_shape: (N, C, H, W) of the images.
        field_height: fh, rows of a window.
        field_width: fw, its columns.
        padding: rows of zeros around an image, at least 0; what falls on them is dropped.
        stride: pixels from one window to the next, at least 1.

    Returns:
        images (N, C, H, W); cols' dtype, on cols' device.
    """
    raise NotImplementedError


def conv_forward_im2col(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, int]
) -> tuple[np.ndarray, object]:
    """A convolution by a matrix product: what `conv_forward_naive` of layers.py gives, without its loops over places.

    Args:
        x: images (N, C, H, W).
        w: filters (F, C, fh, fw), not flipped.
        b: biases (F,).
        conv_param: {"stride": pixels from one window to the next, at least 1, "pad": rows of zeros, at least 0}.

    Returns:
        out: (N, F, H', W') with H' = (H + 2 pad - fh) // stride + 1 and W' alike.
        cache: whatever your conv_backward_im2col needs.
    """
    raise NotImplementedError


def conv_backward_im2col(dout: np.ndarray, cache: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(dout * out), for any dout.

    Args:
        dout: gradient of the loss with respect to out, (N, F, H', W').
        cache: what conv_forward_im2col gave.

    Returns:
        dx: (N, C, H, W).
        dw: (F, C, fh, fw).
        db: (F,).
    """
    raise NotImplementedError


def max_pool_forward_im2col(x: np.ndarray, pool_param: dict[str, int]) -> tuple[np.ndarray, object]:
    """The largest value in each window, in each channel by itself. No padding.

    Args:
        x: images (N, C, H, W).
        pool_param: {"pool_height": rows of a window, "pool_width": its columns, "stride": pixels to the next window}.

    Returns:
        out: (N, C, H', W') with H' = (H - pool_height) // stride + 1 and W' = (W - pool_width) // stride + 1.
        cache: whatever your max_pool_backward_im2col needs.
    """
    raise NotImplementedError


def max_pool_backward_im2col(dout: np.ndarray, cache: object) -> np.ndarray:
    """The gradient of sum(dout * out): every window hands its dout to the pixel that was its largest.

    Windows may overlap: a pixel that is the largest of several gets the sum.

    Args:
        dout: gradient of the loss with respect to out, (N, C, H', W').
        cache: what max_pool_forward_im2col gave.

    Returns:
        dx: (N, C, H, W).
    """
    raise NotImplementedError
