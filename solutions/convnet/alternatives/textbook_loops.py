"""Right by other means: loops over images, filters and places as in a lecture; momentum; batches drawn with replacement."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = int(1 + (H + 2 * pad - HH) / stride)
    W_out = int(1 + (W + 2 * pad - WW) / stride)
    x_pad = np.pad(x, ((0,), (0,), (pad,), (pad,)), mode="constant")
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.pad(x, ((0,), (0,), (pad,), (pad,)), mode="constant")
    dx_pad, dw, db = np.zeros(x_pad.shape), np.zeros(w.shape), np.zeros(b.shape)
    for n in range(N):
        for f in range(F):
            db[f] += np.sum(dout[n, f])
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows, cols = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, cols]
                    dx_pad[n, :, rows, cols] += dout[n, f, i, j] * w[f]
    return dx_pad[:, :, pad : pad + H, pad : pad + W], dw, db


def max_pool_forward_naive(x, pool_param):
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - height) // stride, 1 + (W - width) // stride))
    for n in range(N):
        for c in range(C):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    window = x[n, c, i * stride : i * stride + height, j * stride : j * stride + width]
                    out[n, c, i, j] = np.max(window)
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    rows, cols = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
                    window = x[n, c, rows, cols]
                    dx[n, c, rows, cols] += (window == np.max(window)) * dout[n, c, i, j]
    return dx


def flatten(x):
    return np.reshape(x, (x.shape[0], -1))


def affine_forward(x, w, b):
    return x.reshape(x.shape[0], -1).dot(w) + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout.dot(w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T.dot(dout), np.sum(dout, axis=0)


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def softmax_loss(x, y):
    probabilities = np.exp(x - np.max(x, axis=1, keepdims=True))
    probabilities /= np.sum(probabilities, axis=1, keepdims=True)
    N = x.shape[0]
    loss = -np.sum(np.log(probabilities[np.arange(N), y])) / N
    dx = probabilities.copy()
    dx[np.arange(N), y] -= 1
    return loss, dx / N


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10, seed=0):
        np.random.seed(seed)
        C, H, W = input_dim
        self.params = {}
        self.params["W1"] = np.random.randn(num_filters, C, filter_size, filter_size) / np.sqrt(C * filter_size**2 / 2)
        self.params["b1"] = np.zeros(num_filters)
        flat = num_filters * (H // 2) * (W // 2)
        self.params["W2"] = np.random.randn(flat, hidden_dim) / np.sqrt(flat / 2)
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = np.random.randn(hidden_dim, num_classes) / np.sqrt(hidden_dim / 2)
        self.params["b3"] = np.zeros(num_classes)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        W3, b3 = self.params["W3"], self.params["b3"]
        conv_param = {"stride": 1, "pad": (W1.shape[2] - 1) // 2}
        pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}

        a1, conv_cache = conv_forward_naive(X, W1, b1, conv_param)
        r1, relu1_cache = relu_forward(a1)
        p1, pool_cache = max_pool_forward_naive(r1, pool_param)
        a2, affine1_cache = affine_forward(p1, W2, b2)
        r2, relu2_cache = relu_forward(a2)
        scores, affine2_cache = affine_forward(r2, W3, b3)
        if y is None:
            return scores

        grads = {}
        loss, dscores = softmax_loss(scores, y)
        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2) + np.sum(W3 * W3))
        dr2, grads["W3"], grads["b3"] = affine_backward(dscores, affine2_cache)
        da2 = relu_backward(dr2, relu2_cache)
        dp1, grads["W2"], grads["b2"] = affine_backward(da2, affine1_cache)
        dr1 = max_pool_backward_naive(dp1, pool_cache)
        da1 = relu_backward(dr1, relu1_cache)
        _, grads["W1"], grads["b1"] = conv_backward_naive(da1, conv_cache)
        grads["W1"] += 2 * reg * W1
        grads["W2"] += 2 * reg * W2
        grads["W3"] += 2 * reg * W3
        return loss, grads


def sgd_momentum(w, dw, config):
    v = config.get("velocity", np.zeros_like(w))
    v = 0.9 * v - config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config


def overfit(model, X, y, learning_rate, num_epochs):
    configs = {p: {"learning_rate": learning_rate} for p in model.params}
    losses = []
    for _ in range(num_epochs):
        loss, grads = model.loss(X, y)
        losses.append(loss)
        for p in model.params:
            model.params[p], configs[p] = sgd_momentum(model.params[p], grads[p], configs[p])
    return losses


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    configs = {p: {"learning_rate": learning_rate} for p in model.params}
    loss_history, train_acc_history, val_acc_history = [], [], []
    num_train = X.shape[0]
    for _ in range(num_epochs):
        for _ in range(num_train // batch_size):
            mask = np.random.choice(num_train, batch_size)
            loss, grads = model.loss(X[mask], y[mask], reg)
            loss_history.append(loss)
            for p in model.params:
                model.params[p], configs[p] = sgd_momentum(model.params[p], grads[p], configs[p])
        train_acc_history.append((np.argmax(model.loss(X), axis=1) == y).mean())
        val_acc_history.append((np.argmax(model.loss(X_val), axis=1) == y_val).mean())
    return {"loss": loss_history, "train_acc": train_acc_history, "val_acc": val_acc_history}


def edge_filter(image):
    H, W, _ = image.shape
    x = np.zeros((1, 3, H, W))
    for c in range(3):
        x[0, c] = image[:, :, c]
    w = np.zeros((1, 3, 3, 3))
    w[0, :, :, :] = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    out, _ = conv_forward_naive(x, w, np.array([0.0]), {"stride": 1, "pad": 1})
    return out[0, 0, :, :]


def first_layer_filters(model):
    W1 = model.params["W1"]
    pictures = []
    for f in range(W1.shape[0]):
        w = W1[f].transpose(1, 2, 0)
        pictures.append((255.0 * (w - np.min(w)) / (np.max(w) - np.min(w))).astype("uint8"))
    return np.array(pictures)
