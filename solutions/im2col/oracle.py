"""What convolution, pooling, im2col and col2im must give: sums by definition in float64, no matrix of columns in between."""

from __future__ import annotations

import numpy as np

__all__ = ["columns", "conv", "conv_gradients", "framed", "images", "offsets", "patches", "places", "pool", "pool_gradient"]


def places(size, window, stride, pad=0):
    """(H', W'): how many windows fit down and across."""
    return tuple((length + 2 * pad - reach) // stride + 1 for length, reach in zip(size, window, strict=True))


def framed(x, pad):
    """x (N, C, H, W) in float64 within `pad` rows and columns of zeros."""
    return np.pad(np.asarray(x, np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def offsets(window, size, stride):
    """(p, q) of each pixel of a window, and the slices of a framed image that hold it for all places."""
    for p, q in np.ndindex(*window):
        yield p, q, (..., slice(p, p + stride * size[0], stride), slice(q, q + stride * size[1], stride))


# ---------------------------------------------------------------- windows as columns


def patches(x, window, stride, pad):
    """(C, fh, fw, H', W', N): patches[c, p, q, i, j, n] is the framed x[n, c, i * stride + p, j * stride + q]."""
    (N, C), (fh, fw), size = x.shape[:2], window, places(x.shape[2:], window, stride, pad)
    image, found = framed(x, pad), np.zeros((C, fh, fw, *size, N))
    for p, q, i, j in np.ndindex(fh, fw, *size):
        found[:, p, q, i, j] = image[:, :, i * stride + p, j * stride + q].T
    return found


def columns(x, window, stride, pad):
    """im2col: (C * fh * fw, H' * W' * N)."""
    found = patches(x, window, stride, pad)
    return found.reshape(np.prod(found.shape[:3]), -1)


def images(cols, x_shape, window, stride, pad):
    """col2im: every number added to its pixel, (N, C, H, W)."""
    (N, C, H, W), size = x_shape, places(x_shape[2:], window, stride, pad)
    parts, image = np.asarray(cols, np.float64).reshape(C, *window, *size, N), framed(np.zeros(x_shape), pad)
    for p, q, i, j in np.ndindex(*window, *size):
        image[:, :, i * stride + p, j * stride + q] += parts[:, p, q, i, j].T
    return image[:, :, pad : pad + H, pad : pad + W]


# ---------------------------------------------------------------- convolution


def conv(x, w, b, stride, pad):
    """out (N, F, H', W')."""
    image, w = framed(x, pad), np.asarray(w, np.float64)
    size = places(x.shape[2:], w.shape[2:], stride, pad)
    out = np.zeros((len(w), len(x), *size)) + np.asarray(b, np.float64)[:, None, None, None]
    for p, q, pixels in offsets(w.shape[2:], size, stride):
        out += np.tensordot(w[:, :, p, q], image[pixels], (1, 1))
    return np.moveaxis(out, 1, 0)


def conv_gradients(dout, x, w, stride, pad):
    """dx, dw, db of sum(dout * out)."""
    image, w, dout = framed(x, pad), np.asarray(w, np.float64), np.asarray(dout, np.float64)
    dimage, dw, (H, W) = np.zeros(image.shape), np.zeros(w.shape), x.shape[2:]
    for p, q, pixels in offsets(w.shape[2:], dout.shape[2:], stride):
        dimage[pixels] += np.moveaxis(np.tensordot(w[:, :, p, q], dout, (0, 1)), 1, 0)
        dw[:, :, p, q] = np.tensordot(dout, image[pixels], ((0, 2, 3), (0, 2, 3)))
    return dimage[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


# ---------------------------------------------------------------- pooling


def pool(x, window, stride):
    """The maximum of every window, (N, C, H', W')."""
    size = places(x.shape[2:], window, stride)
    out = np.full((*x.shape[:2], *size), -np.inf)
    for _, _, pixels in offsets(window, size, stride):
        out = np.maximum(out, x[pixels])
    return out


def pool_gradient(dout, x, window, stride):
    """dx of sum(dout * out), place by place; no maximum may be there twice."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        part = x[n, c, i * stride : i * stride + window[0], j * stride : j * stride + window[1]]
        p, q = np.unravel_index(part.argmax(), part.shape)
        dx[n, c, i * stride + p, j * stride + q] += dout[n, c, i, j]
    return dx
