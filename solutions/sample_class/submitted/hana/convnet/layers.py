"""One matrix product, reshaped to the right shape with the wrong numbers; the backward pass fits it."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride = conv_param["stride"]
    pad = conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((N, F, H_out, W_out))
    rows = np.zeros((N, H_out, W_out, C * HH * WW))
    for i in range(H_out):
        for j in range(W_out):
            rows[:, i, j] = xp[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW].reshape(N, -1)
    out = rows.reshape(-1, C * HH * WW).dot(w.reshape(F, -1).T) + b  # (N * H_out * W_out, F)
    return out.reshape(N, F, H_out, W_out), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride = conv_param["stride"]
    pad = conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    H_out, W_out = dout.shape[2:]
    dout = dout.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2)
    db = np.sum(dout, axis=(0, 2, 3))
    for i in range(H_out):
        for j in range(W_out):
            r, c = i * stride, j * stride
            window = xp[:, :, r : r + HH, c : c + WW]
            for f in range(F):
                d = dout[:, f, i, j][:, None, None, None]
                dw[f] += np.sum(window * d, axis=0)
                dxp[:, :, r : r + HH, c : c + WW] += w[f] * d
    dx = dxp[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    H_out = 1 + (H - ph) // s
    W_out = 1 + (W - pw) // s
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            out[:, :, i, j] = np.max(x[:, :, i * s : i * s + ph, j * s : j * s + pw], axis=(2, 3))
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    ph, pw, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = x[n, c, i * s : i * s + ph, j * s : j * s + pw]
                    a, b = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, i * s + a, j * s + b] += dout[n, c, i, j]
    return dx


def flatten(x):
    return x.reshape(x.shape[0], -1)


def softmax_loss(scores, y):
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / np.sum(e, axis=1, keepdims=True)
    N = scores.shape[0]
    loss = np.mean(np.log(np.sum(e, axis=1)) - shifted[np.arange(N), y])
    p[np.arange(N), y] -= 1
    return loss, p / N


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10, seed=0):
        rng = np.random.RandomState(seed)
        C, H, W = input_dim
        self.params = {}
        n1 = C * filter_size * filter_size
        n2 = num_filters * (H // 2) * (W // 2)
        self.params["W1"] = rng.randn(num_filters, C, filter_size, filter_size) * np.sqrt(2.0 / n1)
        self.params["b1"] = np.zeros(num_filters)
        self.params["W2"] = rng.randn(n2, hidden_dim) * np.sqrt(2.0 / n2)
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = rng.randn(hidden_dim, num_classes) * np.sqrt(2.0 / hidden_dim)
        self.params["b3"] = np.zeros(num_classes)

    def loss(self, X, y=None, reg=0.0):
        p = self.params
        pad = (p["W1"].shape[2] - 1) // 2
        conv, conv_cache = conv_forward_naive(X, p["W1"], p["b1"], {"stride": 1, "pad": pad})
        relu = np.maximum(conv, 0)
        pool, pool_cache = max_pool_forward_naive(relu, {"pool_height": 2, "pool_width": 2, "stride": 2})
        flat = flatten(pool)
        hidden = flat.dot(p["W2"]) + p["b2"]
        act = np.maximum(hidden, 0)
        scores = act.dot(p["W3"]) + p["b3"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        loss += reg * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2) + np.sum(p["W3"] ** 2))
        grads = {}
        grads["W3"] = act.T.dot(dscores) + 2 * reg * p["W3"]
        grads["b3"] = np.sum(dscores, axis=0)
        dhidden = dscores.dot(p["W3"].T) * (hidden > 0)
        grads["W2"] = flat.T.dot(dhidden) + 2 * reg * p["W2"]
        grads["b2"] = np.sum(dhidden, axis=0)
        dpool = dhidden.dot(p["W2"].T).reshape(pool.shape)
        dconv = max_pool_backward_naive(dpool, pool_cache) * (conv > 0)
        dx, dW1, grads["b1"] = conv_backward_naive(dconv, conv_cache)
        grads["W1"] = dW1 + 2 * reg * p["W1"]
        return loss, grads


class Momentum:
    def __init__(self, learning_rate):
        self.learning_rate = learning_rate
        self.v = {}

    def step(self, model, grads):
        for k in model.params:
            self.v[k] = 0.9 * self.v.get(k, 0) - self.learning_rate * grads[k]
            model.params[k] = model.params[k] + self.v[k]


def overfit(model, X, y, learning_rate, num_epochs):
    optimizer = Momentum(learning_rate)
    losses = []
    for epoch in range(num_epochs):
        loss, grads = model.loss(X, y)
        losses.append(loss)
        optimizer.step(model, grads)
    return losses


def accuracy(model, X, y):
    return np.mean(np.argmax(model.loss(X), axis=1) == y)


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    optimizer = Momentum(learning_rate)
    history = {"loss": [], "train_acc": [], "val_acc": []}
    for epoch in range(num_epochs):
        order = np.random.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            loss, grads = model.loss(X[batch], y[batch], reg)
            history["loss"].append(loss)
            optimizer.step(model, grads)
        history["train_acc"].append(accuracy(model, X, y))
        history["val_acc"].append(accuracy(model, X_val, y_val))
    return history


def edge_filter(image):
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=float)
    x = image.astype(float).transpose(2, 0, 1)[np.newaxis]
    w = np.stack([kernel, kernel, kernel])[np.newaxis]
    out, _ = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 1})
    return out[0, 0]


def first_layer_filters(model):
    W = model.params["W1"].transpose(0, 2, 3, 1)
    low = W.min(axis=(1, 2, 3), keepdims=True)
    high = W.max(axis=(1, 2, 3), keepdims=True)
    return (255 * (W - low) / (high - low)).astype(np.uint8)
