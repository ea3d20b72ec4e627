"""Right by other means: sliding_window_view and einsum forward, a full convolution of dout backward; Adam in a closure."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows_of(x, height, width, stride):
    """(N, C, H', W', height, width), a view."""
    return sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    frame = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    view = windows_of(frame, w.shape[2], w.shape[3], s)
    out = np.einsum("ncijhw,fchw->nfij", view, w, optimize=True) + b.reshape(1, -1, 1, 1)
    return out, {"frame": frame, "w": w, "s": s, "p": p}


def conv_backward_naive(dout, cache):
    frame, w, s, p = (cache[key] for key in ("frame", "w", "s", "p"))
    (_, _, HH, WW), (N, F, rows, cols) = w.shape, dout.shape
    dw = np.einsum("nfij,ncijhw->fchw", dout, windows_of(frame, HH, WW, s), optimize=True)
    # Zeros between the values of dout stand for the places that the stride leaves out; then a full convolution.
    tall, wide = frame.shape[2], frame.shape[3]
    stretched = np.zeros((N, F, tall + HH - 1, wide + WW - 1))
    stretched[:, :, HH - 1 : HH - 1 + s * rows : s, WW - 1 : WW - 1 + s * cols : s] = dout
    flipped = w[:, :, ::-1, ::-1]
    dframe = np.tensordot(sliding_window_view(stretched, (HH, WW), axis=(2, 3)), flipped, axes=([1, 4, 5], [0, 2, 3]))
    dx = dframe.transpose(0, 3, 1, 2)[:, :, p : tall - p, p : wide - p]
    return dx, dw, np.einsum("nfij->f", dout)


def max_pool_forward_naive(x, pool_param):
    sizes = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    view = windows_of(x, *sizes)
    flat = view.reshape(*view.shape[:4], -1)
    return flat.max(axis=-1), (x.shape, flat.argmax(axis=-1), sizes)


def max_pool_backward_naive(dout, cache):
    shape, winner, (_, width, stride) = cache
    n, c, i, j = np.indices(dout.shape)
    flat = np.ravel_multi_index((n, c, i * stride + winner // width, j * stride + winner % width), shape)
    return np.bincount(flat.ravel(), dout.ravel(), minlength=int(np.prod(shape))).reshape(shape)


def flatten(x):
    return np.array([image.ravel() for image in x])


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10, seed=0):
        state = np.random.RandomState(seed)
        c, h, w = input_dim
        flat = num_filters * h * w // 4
        shapes = [(num_filters, c, filter_size, filter_size), (flat, hidden_dim), (hidden_dim, num_classes)]
        inputs = [c * filter_size * filter_size, flat, hidden_dim]
        outputs = [num_filters, hidden_dim, num_classes]
        self.params = {}
        for k in range(3):
            bound = np.sqrt(6 / inputs[k])
            self.params[f"W{k + 1}"] = state.uniform(-bound, bound, shapes[k])
            self.params[f"b{k + 1}"] = np.zeros(outputs[k])

    def forward(self, X):
        p = self.params
        conv, c1 = conv_forward_naive(X, p["W1"], p["b1"], {"stride": 1, "pad": p["W1"].shape[-1] // 2})
        pooled, c2 = max_pool_forward_naive(conv * (conv > 0), {"pool_height": 2, "pool_width": 2, "stride": 2})
        flat = flatten(pooled)
        hidden = np.einsum("nd,dh->nh", flat, p["W2"], optimize=True) + p["b2"]
        return hidden.clip(0) @ p["W3"] + p["b3"], (conv, c1, c2, pooled.shape, flat, hidden)

    def loss(self, X, y=None, reg=0.0):
        scores, (conv, c1, c2, shape, flat, hidden) = self.forward(X)
        if y is None:
            return scores
        p, N = self.params, len(X)
        high = scores.max(1)
        log_sum = high + np.log(np.exp(scores - high[:, None]).sum(1))
        loss = np.mean(log_sum - np.take_along_axis(scores, y[:, None], 1)[:, 0])
        loss += reg * sum(np.vdot(p[k], p[k]) for k in ("W1", "W2", "W3"))
        d = (np.exp(scores - log_sum[:, None]) - (y[:, None] == np.arange(scores.shape[1]))) / N
        g = {"W3": hidden.clip(0).T @ d, "b3": np.ones(N) @ d}
        d = (d @ p["W3"].T) * (hidden > 0)
        g |= {"W2": flat.T @ d, "b2": np.ones(N) @ d}
        d = max_pool_backward_naive((d @ p["W2"].T).reshape(shape), c2) * (conv > 0)
        _, g["W1"], g["b1"] = conv_backward_naive(d, c1)
        return loss, {k: g[k] + (2 * reg * p[k] if k[0] == "W" else 0) for k in p}


def adam(rate, beta1=0.9, beta2=0.999):
    moments, t = {}, 0

    def step(params, grads):
        nonlocal t
        t += 1
        for k, g in grads.items():
            m, v = moments.get(k, (np.zeros_like(g), np.zeros_like(g)))
            moments[k] = m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            params[k] -= rate * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + 1e-8)

    return step


def overfit(model, X, y, learning_rate, num_epochs):
    step, losses = adam(learning_rate), np.empty(num_epochs)
    for k in range(num_epochs):
        losses[k], grads = model.loss(X, y)
        step(model.params, grads)
    return losses


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    step, rng = adam(learning_rate), np.random.default_rng()
    history = {"loss": [], "train_acc": [], "val_acc": []}
    for _ in range(num_epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, grads = model.loss(X[rows], y[rows], reg=reg)
            step(model.params, grads)
            history["loss"].append(loss)
        for name, images, labels in (("train_acc", X, y), ("val_acc", X_val, y_val)):
            history[name].append(np.count_nonzero(model.loss(images).argmax(-1) == labels) / len(labels))
    return history


def edge_filter(image):
    grey = np.pad(np.sum(image, axis=2, dtype=float), 1)
    kernel = np.outer([1, 2, 1], [-1, 0, 1])
    return np.einsum("ijhw,hw->ij", sliding_window_view(grey, (3, 3)), kernel)


def first_layer_filters(model):
    W1 = np.moveaxis(model.params["W1"], 1, 3)
    flat = W1.reshape(len(W1), -1)
    flat = flat - flat.min(axis=1, keepdims=True)
    return np.round(flat / flat.max(axis=1, keepdims=True) * 255).reshape(W1.shape).astype(np.uint8)
