"""A matrix of columns for every block of images, small enough for a cache; a class for the windows; float64 results of the
convolution whatever goes in.
"""

import numpy as np

try:
    from cupy import get_array_module
except ImportError:

    def get_array_module(*_):
        return np


BLOCK = 32


class Windows:
    def __init__(self, x_shape, fh, fw, padding, stride):
        self.C, self.H, self.W = x_shape[1:]
        self.fh, self.fw, self.padding, self.stride = fh, fw, padding, stride
        self.out_h = (self.H + 2 * padding - fh) // stride + 1
        self.out_w = (self.W + 2 * padding - fw) // stride + 1

    def pixels(self, y, x):
        rows, columns = (
            slice(y, y + self.stride * self.out_h, self.stride),
            slice(x, x + self.stride * self.out_w, self.stride),
        )
        return slice(None), slice(None), rows, columns

    def unfold(self, images):
        """(n, C, fh, fw, H', W')."""
        xp, p = get_array_module(images), self.padding
        padded = xp.pad(images, ((0, 0), (0, 0), (p, p), (p, p)))
        cols = xp.empty((len(images), self.C, self.fh, self.fw, self.out_h, self.out_w), images.dtype)
        for y in range(self.fh):
            for x in range(self.fw):
                cols[:, :, y, x] = padded[self.pixels(y, x)]
        return cols

    def fold(self, cols):
        p = self.padding
        padded = get_array_module(cols).zeros((len(cols), self.C, self.H + 2 * p, self.W + 2 * p), cols.dtype)
        for y in range(self.fh):
            for x in range(self.fw):
                padded[self.pixels(y, x)] += cols[:, :, y, x]
        return padded[:, :, p : self.H + p, p : self.W + p]


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    windows = Windows(x.shape, field_height, field_width, padding, stride)
    blocks = [windows.unfold(x[n : n + BLOCK]).transpose(1, 2, 3, 4, 5, 0) for n in range(0, len(x), BLOCK)]
    return get_array_module(x).concatenate(blocks, axis=-1).reshape(x.shape[1] * field_height * field_width, -1)


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    windows = Windows(x_shape, field_height, field_width, padding, stride)
    parts = cols.reshape(x_shape[1], field_height, field_width, windows.out_h, windows.out_w, x_shape[0])
    return windows.fold(get_array_module(cols).moveaxis(parts, -1, 0))


def conv_forward_im2col(x, w, b, conv_param):
    windows, xp, F = Windows(x.shape, *w.shape[2:], conv_param["pad"], conv_param["stride"]), get_array_module(x), len(w)
    out, kept = xp.zeros((len(x), F, windows.out_h, windows.out_w)), []
    for n in range(0, len(x), BLOCK):
        cols = windows.unfold(x[n : n + BLOCK]).reshape(-1, w[0].size, windows.out_h * windows.out_w)
        out[n : n + BLOCK] = xp.matmul(w.reshape(F, -1), cols).reshape(len(cols), F, windows.out_h, windows.out_w)
        kept.append(cols)
    out += b[:, None, None]
    return out, [kept, windows, w]


def conv_backward_im2col(dout, cache):
    kept, windows, w = cache
    xp, F = get_array_module(dout), len(w)
    dw, images = 0, []
    for k, cols in enumerate(kept):
        flat = dout[k * BLOCK : (k + 1) * BLOCK].reshape(len(cols), F, -1)
        dw = dw + xp.tensordot(flat, cols, axes=((0, 2), (0, 2)))
        dcols = xp.matmul(w.reshape(F, -1).T, flat)
        images.append(windows.fold(dcols.reshape(len(cols), *w.shape[1:], windows.out_h, windows.out_w)))
    return xp.concatenate(images), dw.reshape(w.shape), dout.sum(axis=(0, 2, 3))


def max_pool_forward_im2col(x, pool_param):
    windows = Windows(x.shape, pool_param["pool_height"], pool_param["pool_width"], 0, pool_param["stride"])
    cols = windows.unfold(x)
    return cols.max(axis=(2, 3)), (cols, windows)


def max_pool_backward_im2col(dout, cache):
    cols, windows = cache
    winners = cols == cols.max(axis=(2, 3), keepdims=True)
    return windows.fold(winners * dout[:, :, None, None])
