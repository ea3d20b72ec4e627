"""What the convolution network must give, place by place in float64: no im2col, no matrix product over windows."""

from __future__ import annotations

import numpy as np

__all__ = [
    "KERNEL", "WEIGHTS", "accuracy", "conv", "conv_gradients", "cross_entropy", "edges", "filter_pictures", "net_gradients",
    "net_layers", "net_loss", "net_scores", "out_size", "parameter_shapes", "pool", "pool_gradient",
]  # fmt: skip

WEIGHTS = "W1", "W2", "W3"
KERNEL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])


def out_size(length, window, stride, pad=0):
    """How many windows fit along one axis."""
    return (length + 2 * pad - window) // stride + 1


def _surrounded(x, pad):
    """x (N, C, H, W) in float64, inside a frame of zeros."""
    N, C, H, W = x.shape
    framed = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    framed[:, :, pad : pad + H, pad : pad + W] = x
    return framed


def _windows(size, shape, stride):
    """For every place (i, j) of the output, the index of its window in a framed image."""
    height, width = shape
    for i, j in np.ndindex(*size):
        rows, cols = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
        yield (slice(None), slice(None), i, j), (slice(None), slice(None), rows, cols)


def conv(x, w, b, stride, pad):
    """out (N, F, H', W')."""
    w, (HH, WW) = np.asarray(w, np.float64), w.shape[2:]
    framed = _surrounded(x, pad)
    size = out_size(x.shape[2], HH, stride, pad), out_size(x.shape[3], WW, stride, pad)
    out = np.zeros((len(x), len(w), *size))
    for place, window in _windows(size, (HH, WW), stride):
        out[place] = np.einsum("nchw,fchw->nf", framed[window], w) + np.asarray(b, np.float64)
    return out


def conv_gradients(dout, x, w, stride, pad):
    """dx, dw, db of sum(dout * out)."""
    w, dout = np.asarray(w, np.float64), np.asarray(dout, np.float64)
    framed, (H, W) = _surrounded(x, pad), x.shape[2:]
    dframed, dw = np.zeros(framed.shape), np.zeros(w.shape)
    for place, window in _windows(dout.shape[2:], w.shape[2:], stride):
        dframed[window] += np.einsum("nf,fchw->nchw", dout[place], w)
        dw += np.einsum("nf,nchw->fchw", dout[place], framed[window])
    return dframed[:, :, pad : pad + H, pad : pad + W], dw, np.einsum("nfij->f", dout)


def pool(x, shape, stride):
    """The maximum of every window (N, C, H', W'); `shape`: (pool_height, pool_width)."""
    size = out_size(x.shape[2], shape[0], stride), out_size(x.shape[3], shape[1], stride)
    out = np.zeros((*x.shape[:2], *size))
    for place, window in _windows(size, shape, stride):
        out[place] = x[window].max(axis=(2, 3))
    return out


def pool_gradient(dout, x, shape, stride):
    """dx of sum(dout * out); of equal values the first gets it all."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        part = x[n, c, i * stride : i * stride + shape[0], j * stride : j * stride + shape[1]]
        row, col = np.unravel_index(part.argmax(), part.shape)
        dx[n, c, i * stride + row, j * stride + col] += dout[n, c, i, j]
    return dx


# ---------------------------------------------------------------- the network


def parameter_shapes(input_dim, num_filters, filter_size, hidden_dim, num_classes):
    """Shapes by name."""
    C, H, W = input_dim
    pooled = num_filters * (H // 2) * (W // 2)
    return {
        "W1": (num_filters, C, filter_size, filter_size), "b1": (num_filters,),
        "W2": (pooled, hidden_dim), "b2": (hidden_dim,),
        "W3": (hidden_dim, num_classes), "b3": (num_classes,),
    }  # fmt: skip


def net_layers(params, X):
    """What every layer gives: conv, pool (of the ReLU), rows, hidden, active, scores."""
    params = {name: np.asarray(value, np.float64) for name, value in params.items()}
    side = params["W1"].shape[2]
    conv_out = conv(X, params["W1"], params["b1"], 1, (side - 1) // 2)
    pooled = pool(np.where(conv_out > 0, conv_out, 0), (2, 2), 2)
    rows = np.array([image.ravel() for image in pooled])
    hidden = np.einsum("nd,dh->nh", rows, params["W2"], optimize=True) + params["b2"]
    active = np.where(hidden > 0, hidden, 0)
    scores = np.einsum("nh,hc->nc", active, params["W3"], optimize=True) + params["b3"]
    return {"conv": conv_out, "pool": pooled, "rows": rows, "hidden": hidden, "active": active, "scores": scores}


def net_scores(params, X):
    """Scores (N, num_classes)."""
    return net_layers(params, X)["scores"]


def accuracy(params, X, y):
    """Share of images whose class has the highest score."""
    return float(np.mean(net_scores(params, X).argmax(axis=1) == y))


def net_loss(params, X, y, reg=0.0):
    """Mean cross-entropy plus reg times the sum of the squared weights."""
    return cross_entropy(net_scores(params, X), y) + reg * sum(np.sum(np.square(params[name])) for name in WEIGHTS)


def cross_entropy(scores, y):
    """Mean over the rows of -log softmax."""
    top = scores.max(axis=1)
    own = np.array([row[label] for row, label in zip(scores, y, strict=True)])
    return float(np.mean(top + np.log(np.exp(scores - top[:, None]).sum(axis=1)) - own))


def net_gradients(params, X, y, reg=0.0):
    """The gradient of `net_loss` by name."""
    at, side = net_layers(params, X), params["W1"].shape[2]
    p = np.exp(at["scores"] - at["scores"].max(axis=1, keepdims=True))
    dscores = (p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]) / len(y)
    dhidden = np.einsum("nc,hc->nh", dscores, params["W3"]) * (at["hidden"] > 0)
    dpool = np.einsum("nh,dh->nd", dhidden, params["W2"]).reshape(at["pool"].shape)
    positive = at["conv"] > 0
    dconv = pool_gradient(dpool, np.where(positive, at["conv"], 0), (2, 2), 2) * positive
    _, dW1, db1 = conv_gradients(dconv, X, params["W1"], 1, (side - 1) // 2)
    data = {
        "W1": dW1, "b1": db1,
        "W2": np.einsum("nd,nh->dh", at["rows"], dhidden), "b2": dhidden.sum(axis=0),
        "W3": np.einsum("nh,nc->hc", at["active"], dscores), "b3": dscores.sum(axis=0),
    }  # fmt: skip
    return {name: part + 2 * reg * params[name] if name in WEIGHTS else part for name, part in data.items()}


# ---------------------------------------------------------------- pictures


def edges(image, kernel=KERNEL):
    """The response (H, W) of the kernel, summed over the three colours."""
    x = np.moveaxis(np.asarray(image, np.float64), 2, 0)[None]
    return conv(x, np.stack([kernel] * 3)[None], np.zeros(1), 1, 1)[0, 0]


def filter_pictures(W1):
    """Filters (F, 3, h, w) as pictures (F, h, w, 3), each stretched to 0 .. 255, not rounded."""
    pictures = [np.moveaxis(np.asarray(one, np.float64), 0, 2) for one in W1]
    return np.stack([255 * (one - one.min()) / np.ptp(one) for one in pictures])
