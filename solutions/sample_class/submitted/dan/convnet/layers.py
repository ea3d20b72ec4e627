"""Convolution and pooling are done, the network is not begun."""

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
    for i in range(H_out):
        for j in range(W_out):
            window = xp[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            for f in range(F):
                out[:, f, i, j] = np.sum(window * w[f], axis=(1, 2, 3)) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride = conv_param["stride"]
    pad = conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
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
        raise NotImplementedError

    def loss(self, X, y=None, reg=0.0):
        raise NotImplementedError


class Momentum:
    def __init__(self, learning_rate):
        raise NotImplementedError

    def step(self, model, grads):
        for k in model.params:
            self.v[k] = 0.9 * self.v.get(k, 0) - self.learning_rate * grads[k]
            model.params[k] = model.params[k] + self.v[k]


def overfit(model, X, y, learning_rate, num_epochs):
    raise NotImplementedError


def accuracy(model, X, y):
    return np.mean(np.argmax(model.loss(X), axis=1) == y)


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    raise NotImplementedError


def edge_filter(image):
    raise NotImplementedError


def first_layer_filters(model):
    raise NotImplementedError
