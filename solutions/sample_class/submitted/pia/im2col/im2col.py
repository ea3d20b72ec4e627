"""Three common mistakes: the product reshaped straight to (N, F, H', W'), there and back; windows that overwrite each other in the
pooling; one function in float64.
"""

import numpy as np

try:
    import cupy
except ImportError:
    cupy = None


def array_module(x):
    return np if cupy is None else cupy.get_array_module(x)


def windows(x, fh, fw, pad, stride):
    N, C, H, W = x.shape
    oh, ow = (H + 2 * pad - fh) // stride + 1, (W + 2 * pad - fw) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, C, fh, fw, oh, ow))
    for p in range(fh):
        for q in range(fw):
            out[:, :, p, q] = x[:, :, p : p + stride * oh : stride, q : q + stride * ow : stride]
    return out


def im2col_indices(x, field_height, field_width, padding=1, stride=1):
    return windows(x, field_height, field_width, padding, stride).transpose(1, 2, 3, 4, 5, 0).reshape(
        x.shape[1] * field_height * field_width, -1
    )


def col2im_indices(cols, x_shape, field_height=3, field_width=3, padding=1, stride=1):
    N, C, H, W = x_shape
    oh = (H + 2 * padding - field_height) // stride + 1
    ow = (W + 2 * padding - field_width) // stride + 1
    cols = cols.reshape(C, field_height, field_width, oh, ow, N).transpose(5, 0, 1, 2, 3, 4)
    x = np.zeros((N, C, H + 2 * padding, W + 2 * padding), cols.dtype)
    for p in range(field_height):
        for q in range(field_width):
            x[:, :, p : p + stride * oh : stride, q : q + stride * ow : stride] += cols[:, :, p, q]
    return x[:, :, padding : padding + H, padding : padding + W]


def conv_forward_im2col(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    parts = windows(x, w.shape[2], w.shape[3], pad, stride)
    N, F, (oh, ow) = len(x), len(w), parts.shape[4:]
    cols = parts.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1)
    out = cols @ w.reshape(F, -1).T + b
    return out.reshape(N, F, oh, ow), (x.shape, w, cols, stride, pad, oh, ow)


def conv_backward_im2col(dout, cache):
    (N, C, H, W), w, cols, stride, pad, oh, ow = cache
    F, _, fh, fw = w.shape
    d = dout.reshape(N * oh * ow, F)
    dw = (d.T @ cols).reshape(w.shape)
    dcols = (d @ w.reshape(F, -1)).reshape(N, oh, ow, C, fh, fw).transpose(3, 4, 5, 1, 2, 0).reshape(C * fh * fw, -1)
    return col2im_indices(dcols, (N, C, H, W), fh, fw, pad, stride), dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward_im2col(x, pool_param):
    ph, pw, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    parts = windows(x, ph, pw, 0, stride)
    return parts.max(axis=(2, 3)), (x, pool_param)


def max_pool_backward_im2col(dout, cache):
    x, pool_param = cache
    ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for n in range(len(x)):
        for c in range(x.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    part = x[n, c, i * s : i * s + ph, j * s : j * s + pw]
                    p, q = np.unravel_index(part.argmax(), part.shape)
                    dx[n, c, i * s + p, j * s + q] = dout[n, c, i, j]
    return dx
