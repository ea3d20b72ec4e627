"""Everything done, in the way of the lecture: slices, one matrix product, images fastest."""

import numpy as np

try:
    import cupy
except ImportError:
    cupy = None


def array_module(x):
    return np if cupy is None else cupy.get_array_module(x)


def out_shape(H, W, fh, fw, padding, stride):
    return (H + 2 * padding - fh) // stride + 1, (W + 2 * padding - fw) // stride + 1


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    xp = array_module(x)
    N, C, H, W = x.shape
    h, w = out_shape(H, W, field_height, field_width, padding, stride)
    x = xp.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    x = x.transpose(1, 2, 3, 0)
    cols = xp.zeros((C, field_height, field_width, h, w, N), dtype=x.dtype)
    for p in range(field_height):
        for q in range(field_width):
            cols[:, p, q] = x[:, p : p + stride * h : stride, q : q + stride * w : stride]
    return cols.reshape(C * field_height * field_width, h * w * N)


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    xp = array_module(cols)
    N, C, H, W = x_shape
    h, w = out_shape(H, W, field_height, field_width, padding, stride)
    cols = cols.reshape(C, field_height, field_width, h, w, N)
    x = xp.zeros((C, H + 2 * padding, W + 2 * padding, N), dtype=cols.dtype)
    for p in range(field_height):
        for q in range(field_width):
            x[:, p : p + stride * h : stride, q : q + stride * w : stride] += cols[:, p, q]
    x = x.transpose(3, 0, 1, 2)
    return x[:, :, padding : padding + H, padding : padding + W]


def conv_forward_im2col(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, fh, fw = w.shape
    oh, ow = out_shape(H, W, fh, fw, pad, stride)
    cols = im2col_indices(x, fh, fw, pad, stride)
    out = w.reshape(F, -1) @ cols + b.reshape(-1, 1)
    out = out.reshape(F, oh, ow, N).transpose(3, 0, 1, 2)
    return out, (x.shape, w, cols, conv_param)


def conv_backward_im2col(dout, cache):
    x_shape, w, cols, conv_param = cache
    F, _, fh, fw = w.shape
    d = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    dw = (d @ cols.T).reshape(w.shape)
    dcols = w.reshape(F, -1).T @ d
    return col2im_indices(dcols, x_shape, fh, fw, conv_param["pad"], conv_param["stride"]), dw, d.sum(axis=1)


def max_pool_forward_im2col(x, pool_param):
    xp = array_module(x)
    ph, pw, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    oh, ow = out_shape(H, W, ph, pw, 0, stride)
    cols = im2col_indices(x.reshape(N * C, 1, H, W), ph, pw, 0, stride)
    best = cols.argmax(axis=0)
    out = cols[best, xp.arange(cols.shape[1])]
    return out.reshape(oh, ow, N, C).transpose(2, 3, 0, 1), (x.shape, cols, best, ph, pw, stride)


def max_pool_backward_im2col(dout, cache):
    x_shape, cols, best, ph, pw, stride = cache
    xp = array_module(dout)
    N, C, H, W = x_shape
    dcols = xp.zeros_like(cols)
    dcols[best, xp.arange(cols.shape[1])] = dout.transpose(2, 3, 0, 1).ravel()
    return col2im_indices(dcols, (N * C, 1, H, W), ph, pw, 0, stride).reshape(x_shape)
