"""Index arrays for every number of the columns, fancy indexing there and `np.add.at` back; all functions go through them."""

import numpy as np


def get_indices(x_shape, field_height, field_width, padding, stride):
    N, C, H, W = x_shape
    out_height = (H + 2 * padding - field_height) // stride + 1
    out_width = (W + 2 * padding - field_width) // stride + 1
    i0 = np.tile(np.repeat(np.arange(field_height), field_width), C)
    i1 = stride * np.repeat(np.arange(out_height), out_width)
    j0 = np.tile(np.arange(field_width), field_height * C)
    j1 = stride * np.tile(np.arange(out_width), out_height)
    k = np.repeat(np.arange(C), field_height * field_width).reshape(-1, 1)
    return k, i0.reshape(-1, 1) + i1.reshape(1, -1), j0.reshape(-1, 1) + j1.reshape(1, -1)


def module_of(x):
    if isinstance(x, np.ndarray):
        return np
    import cupy

    return cupy


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    xp = module_of(x)
    padded = xp.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="constant")
    k, i, j = (xp.asarray(index) for index in get_indices(x.shape, field_height, field_width, padding, stride))
    cols = padded[:, k, i, j]
    return cols.transpose(1, 2, 0).reshape(field_height * field_width * x.shape[1], -1)


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    xp = module_of(cols)
    N, C, H, W = x_shape
    padded = xp.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    k, i, j = (xp.asarray(index) for index in get_indices(x_shape, field_height, field_width, padding, stride))
    reshaped = cols.reshape(C * field_height * field_width, -1, N).transpose(2, 0, 1)
    xp.add.at(padded, (slice(None), k, i, j), reshaped)
    return padded if padding == 0 else padded[:, :, padding:-padding, padding:-padding]


def conv_forward_im2col(x, w, b, conv_param):
    pad, stride = conv_param["pad"], conv_param["stride"]
    x_cols = im2col_indices(x, w.shape[2], w.shape[3], pad, stride)
    res = w.reshape((w.shape[0], -1)).dot(x_cols) + b.reshape(-1, 1)
    out_h = (x.shape[2] + 2 * pad - w.shape[2]) // stride + 1
    out_w = (x.shape[3] + 2 * pad - w.shape[3]) // stride + 1
    out = res.reshape(w.shape[0], out_h, out_w, x.shape[0]).transpose(3, 0, 1, 2)
    return out, (x, w, b, conv_param, x_cols)


def conv_backward_im2col(dout, cache):
    x, w, b, conv_param, x_cols = cache
    num_filters, _, fh, fw = w.shape
    db = dout.sum(axis=(0, 2, 3))
    dout_reshaped = dout.transpose(1, 2, 3, 0).reshape(num_filters, -1)
    dw = dout_reshaped.dot(x_cols.T).reshape(w.shape)
    dx_cols = w.reshape(num_filters, -1).T.dot(dout_reshaped)
    return col2im_indices(dx_cols, x.shape, fh, fw, conv_param["pad"], conv_param["stride"]), dw, db


def max_pool_forward_im2col(x, pool_param):
    N, C, H, W = x.shape
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    xp = module_of(x)
    x_cols = im2col_indices(x.reshape(N * C, 1, H, W), height, width, padding=0, stride=stride)
    argmax = xp.argmax(x_cols, axis=0)
    out = x_cols[argmax, xp.arange(x_cols.shape[1])]
    out_h, out_w = (H - height) // stride + 1, (W - width) // stride + 1
    return out.reshape(out_h, out_w, N, C).transpose(2, 3, 0, 1), (x, x_cols, argmax, pool_param)


def max_pool_backward_im2col(dout, cache):
    x, x_cols, argmax, pool_param = cache
    N, C, H, W = x.shape
    xp = module_of(x)
    dx_cols = xp.zeros_like(x_cols)
    dx_cols[argmax, xp.arange(dx_cols.shape[1])] = dout.transpose(2, 3, 0, 1).ravel()
    dx = col2im_indices(
        dx_cols, (N * C, 1, H, W), pool_param["pool_height"], pool_param["pool_width"], 0, pool_param["stride"]
    )
    return dx.reshape(x.shape)
