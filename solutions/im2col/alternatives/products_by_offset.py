"""No matrix of columns in the convolution: one product for each pixel of the window, images outermost; pooling by maxima of
shifted images.
"""

import numpy as np


def module(a):
    """By the array's own name of its module, so that no import is needed on a machine without it."""
    return np if isinstance(a, np.ndarray) else __import__(type(a).__module__.split(".")[0])


def count(length, reach, stride):
    return 1 + (length - reach) // stride


class Shifts:
    """Slices of a framed image, one for each pixel of the window."""

    def __init__(self, x_shape, height, width, pad, stride):
        self.shape, self.pad = x_shape, pad
        self.framed = (*x_shape[:2], x_shape[2] + 2 * pad, x_shape[3] + 2 * pad)
        self.rows = count(self.framed[2], height, stride)
        self.cols = count(self.framed[3], width, stride)
        self.all = [
            (p, q, np.s_[:, :, p : p + stride * (self.rows - 1) + 1 : stride, q : q + stride * (self.cols - 1) + 1 : stride])
            for p in range(height)
            for q in range(width)
        ]

    def frame(self, x):
        framed = module(x).zeros(self.framed, dtype=x.dtype)
        self.crop(framed)[...] = x
        return framed

    def crop(self, framed):
        return framed[:, :, self.pad : self.pad + self.shape[2], self.pad : self.pad + self.shape[3]]


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    shifts = Shifts(x.shape, field_height, field_width, padding, stride)
    framed = shifts.frame(x)
    stacked = module(x).stack([framed[pixels] for _, _, pixels in shifts.all])  # (fh * fw, N, C, H', W')
    return stacked.transpose(2, 0, 3, 4, 1).reshape(x.shape[1] * field_height * field_width, -1)


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    shifts = Shifts(x_shape, field_height, field_width, padding, stride)
    framed = module(cols).zeros(shifts.framed, dtype=cols.dtype)
    parts = cols.reshape(x_shape[1], -1, shifts.rows, shifts.cols, x_shape[0])
    for k, (_, _, pixels) in enumerate(shifts.all):
        framed[pixels] += parts[:, k].transpose(3, 0, 1, 2)
    return shifts.crop(framed)


def conv_forward_im2col(x, w, b, conv_param):
    shifts = Shifts(x.shape, *w.shape[2:], conv_param["pad"], conv_param["stride"])
    framed = shifts.frame(x)
    out = module(x).zeros((len(x), len(w), shifts.rows * shifts.cols), dtype=x.dtype)
    for p, q, pixels in shifts.all:
        out += w[:, :, p, q] @ framed[pixels].reshape(*x.shape[:2], -1)
    out += b[:, None]
    return out.reshape(len(x), len(w), shifts.rows, shifts.cols), (shifts, framed, w)


def conv_backward_im2col(dout, cache):
    shifts, framed, w = cache
    xp = module(dout)
    flat = dout.reshape(*dout.shape[:2], -1)
    dframed, dw = xp.zeros_like(framed), xp.zeros_like(w)
    for p, q, pixels in shifts.all:
        part = framed[pixels]
        dw[:, :, p, q] = (flat @ part.reshape(*part.shape[:2], -1).transpose(0, 2, 1)).sum(0)
        dframed[pixels] += (w[:, :, p, q].T @ flat).reshape(part.shape)
    return shifts.crop(dframed), dw, flat.sum(2).sum(0)


def max_pool_forward_im2col(x, pool_param):
    shifts = Shifts(x.shape, pool_param["pool_height"], pool_param["pool_width"], 0, pool_param["stride"])
    out = x[shifts.all[0][2]].copy()
    for _, _, pixels in shifts.all[1:]:
        module(x).maximum(out, x[pixels], out=out)
    return out, (x, out, shifts)


def max_pool_backward_im2col(dout, cache):
    x, out, shifts = cache
    dx = module(x).zeros_like(x)
    for _, _, pixels in shifts.all:
        dx[pixels] += (x[pixels] == out) * dout
    return dx
