"""Right by other means: im2col by index arrays and np.add.at, N running fastest; pooling by im2col as well; Nesterov."""

import numpy as np


def indices(shape, height, width, stride):
    """Channel, row and column of every entry of the columns (C * height * width, H' * W')."""
    _, C, H, W = shape
    rows, cols = (H - height) // stride + 1, (W - width) // stride + 1
    i0 = np.tile(np.repeat(np.arange(height), width), C)
    j0 = np.tile(np.arange(width), height * C)
    i = i0[:, None] + stride * np.repeat(np.arange(rows), cols)
    j = j0[:, None] + stride * np.tile(np.arange(cols), rows)
    k = np.repeat(np.arange(C), height * width)[:, None]
    return k, i, j, rows, cols


def im2col(x, height, width, stride):
    k, i, j, _, _ = indices(x.shape, height, width, stride)
    return x[:, k, i, j].transpose(1, 2, 0).reshape(k.shape[0], -1)  # (C h w, H' W' N)


def col2im(columns, shape, height, width, stride):
    k, i, j, _, _ = indices(shape, height, width, stride)
    x = np.zeros(shape, dtype=columns.dtype)
    np.add.at(x, (slice(None), k, i, j), columns.reshape(k.shape[0], -1, shape[0]).transpose(2, 0, 1))
    return x


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "constant")
    _, _, _, rows, cols = indices(padded.shape, HH, WW, stride)
    columns = im2col(padded, HH, WW, stride)
    out = (w.reshape(F, -1).dot(columns) + b.reshape(-1, 1)).reshape(F, rows, cols, len(x)).transpose(3, 0, 1, 2)
    return out, [columns, w, padded.shape, stride, pad]


def conv_backward_naive(dout, cache):
    columns, w, shape, stride, pad = cache
    F, _, HH, WW = w.shape
    flat = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    dx = col2im(w.reshape(F, -1).T.dot(flat), tuple(shape), HH, WW, stride)
    if pad > 0:
        dx = dx[:, :, pad:-pad, pad:-pad]
    return dx, flat.dot(columns.T).reshape(w.shape), np.sum(dout, axis=(0, 2, 3))


def max_pool_forward_naive(x, pool_param):
    N, C, H, W = x.shape
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    split = x.reshape(N * C, 1, H, W)
    columns = im2col(split, height, width, stride)
    _, _, _, rows, cols = indices(split.shape, height, width, stride)
    winner = np.argmax(columns, axis=0)
    out = columns[winner, np.arange(columns.shape[1])].reshape(rows, cols, N, C).transpose(2, 3, 0, 1)
    return out, (x.shape, columns.shape, winner, pool_param)


def max_pool_backward_naive(dout, cache):
    (N, C, H, W), shape, winner, pool_param = cache
    dcolumns = np.zeros(shape)
    dcolumns[winner, np.arange(shape[1])] = dout.transpose(2, 3, 0, 1).ravel()
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    return col2im(dcolumns, (N * C, 1, H, W), height, width, stride).reshape(N, C, H, W)


def flatten(x):
    return x.reshape(x.shape[0], int(np.prod(x.shape[1:])))


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10, seed=0):
        rng = np.random.default_rng(seed)
        C, H, W = input_dim
        n1, n2 = C * filter_size * filter_size, num_filters * H * W // 4
        self.filter_size = filter_size
        self.params = {
            "W1": rng.standard_normal((num_filters, C, filter_size, filter_size)) * np.sqrt(2.0 / n1),
            "b1": np.zeros(num_filters),
            "W2": rng.standard_normal((n2, hidden_dim)) * np.sqrt(2.0 / n2),
            "b2": np.zeros(hidden_dim),
            "W3": rng.standard_normal((hidden_dim, num_classes)) * np.sqrt(2.0 / hidden_dim),
            "b3": np.zeros(num_classes),
        }

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2, W3, b3 = (self.params[name] for name in ("W1", "b1", "W2", "b2", "W3", "b3"))
        pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
        z1, cache1 = conv_forward_naive(X, W1, b1, {"stride": 1, "pad": (self.filter_size - 1) // 2})
        # The pool before the ReLU: both orders give the same.
        q1, cache2 = max_pool_forward_naive(z1, pool)
        a1 = np.maximum(q1, 0)
        z2 = flatten(a1) @ W2 + b2
        a2 = np.maximum(z2, 0)
        scores = a2 @ W3 + b3
        if y is None:
            return scores
        N = len(y)
        e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            logs = scores - scores.max(1, keepdims=True) - np.log(e.sum(1, keepdims=True))
        loss = -logs[range(N), y].sum() / N + reg * ((W1**2).sum() + (W2**2).sum() + (W3**2).sum())
        p[range(N), y] -= 1
        p /= N
        d2 = p @ W3.T * (a2 > 0)
        d1 = (d2 @ W2.T).reshape(a1.shape) * (a1 > 0)
        _, dW1, db1 = conv_backward_naive(max_pool_backward_naive(d1, cache2), cache1)
        grads = {"W3": a2.T @ p, "b3": p.sum(0), "W2": flatten(a1).T @ d2, "b2": d2.sum(0), "W1": dW1, "b1": db1}
        for name in ("W1", "W2", "W3"):
            grads[name] = grads[name] + reg * 2 * self.params[name]
        return loss, grads


def nesterov(params, grads, velocity, rate, mu=0.9):
    for name in params:
        before = velocity[name]
        velocity[name] = mu * before - rate * grads[name]
        params[name] = params[name] - mu * before + (1 + mu) * velocity[name]


def overfit(model, X, y, learning_rate, num_epochs):
    velocity = dict.fromkeys(model.params, 0.0)
    losses = []
    while len(losses) < num_epochs:
        loss, grads = model.loss(X, y)
        losses.append(loss)
        nesterov(model.params, grads, velocity, learning_rate)
    return losses


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    velocity = dict.fromkeys(model.params, 0.0)
    losses, accuracies = [], ([], [])
    per_epoch = max(len(X) // batch_size, 1)
    for step in range(num_epochs * per_epoch):
        if step % per_epoch == 0:
            order = np.random.permutation(len(X))
        batch = order[: len(X)][step % per_epoch * batch_size :][:batch_size]
        loss, grads = model.loss(X[batch], y[batch], reg)
        losses.append(loss)
        nesterov(model.params, grads, velocity, learning_rate)
        if (step + 1) % per_epoch == 0:
            for kept, images, labels in ((accuracies[0], X, y), (accuracies[1], X_val, y_val)):
                kept.append(np.mean(np.argmax(model.loss(images), axis=1) == labels))
    return {"loss": losses, "train_acc": accuracies[0], "val_acc": accuracies[1]}


def edge_filter(image):
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=float)
    channels = image.astype(float).transpose(2, 0, 1)[:, None]  # three grey images
    out, _ = conv_forward_naive(channels, kernel[None, None], np.zeros(1), {"stride": 1, "pad": 1})
    return out.sum(axis=(0, 1))


def first_layer_filters(model):
    grid = model.params["W1"].transpose(0, 2, 3, 1)
    return np.stack([np.uint8(255 * (w - w.min()) / (w.max() - w.min())) for w in grid])
