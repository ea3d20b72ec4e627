"""Right by other means: layers are objects, the caches are these objects, and `params` is made from them."""

import numpy as np


def slices(size, window, stride, pad):
    """Where each window begins and ends along one axis, cut to the image: (in the image, in the window), for each place."""
    for k in range((size + 2 * pad - window) // stride + 1):
        first = k * stride - pad
        low, high = max(first, 0), min(first + window, size)
        yield slice(low, max(high, low)), slice(low - first, max(high, low) - first)


class Convolution:
    """Never pads: windows are cut at the border, which is what zeros come to."""

    def __init__(self, w, b, stride, pad):
        self.w, self.b, self.stride, self.pad = w, b, stride, pad

    def places(self):
        H, W = self.x.shape[2:]
        for i, (rows, p) in enumerate(slices(H, self.w.shape[2], self.stride, self.pad)):
            for j, (cols, q) in enumerate(slices(W, self.w.shape[3], self.stride, self.pad)):
                yield i, j, (slice(None), slice(None), rows, cols), (slice(None), slice(None), p, q)

    def forward(self, x):
        self.x = x
        H, W = x.shape[2:]
        size = [len(list(slices(*each, self.stride, self.pad))) for each in zip((H, W), self.w.shape[2:], strict=True)]
        out = np.empty((len(x), len(self.w), *size), dtype=x.dtype)
        for i, j, seen, used in self.places():
            out[:, :, i, j] = np.tensordot(x[seen], self.w[used], ([1, 2, 3], [1, 2, 3])) + self.b
        return out

    def backward(self, dout):
        dx = np.zeros(self.x.shape)
        self.dw, self.db = np.zeros(self.w.shape), dout.sum((0, 2, 3))
        for i, j, seen, used in self.places():
            d = dout[:, :, i, j]
            dx[seen] += np.tensordot(d, self.w[used], 1)
            self.dw[used] += np.tensordot(d, self.x[seen], ([0], [0]))
        return dx


class Pool:
    def __init__(self, height, width, stride):
        self.height, self.width, self.stride = height, width, stride

    def parts(self, x):
        for i in range((x.shape[2] - self.height) // self.stride + 1):
            for j in range((x.shape[3] - self.width) // self.stride + 1):
                top, left = i * self.stride, j * self.stride
                yield i, j, np.s_[:, :, top : top + self.height, left : left + self.width]

    def forward(self, x):
        self.x = x
        found = {(i, j): x[part].max((2, 3)) for i, j, part in self.parts(x)}
        rows, cols = max(found)
        return np.stack([np.stack([found[i, j] for j in range(cols + 1)], -1) for i in range(rows + 1)], -2)

    def backward(self, dout):
        dx = np.zeros(self.x.shape)
        for i, j, part in self.parts(self.x):
            piece = self.x[part]
            largest = piece == piece.max((2, 3), keepdims=True)
            # Of equal values each gets its share.
            dx[part] += largest / largest.sum((2, 3), keepdims=True) * dout[:, :, i, j, None, None]
        return dx


class Affine:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return flatten(x) @ self.w + self.b

    def backward(self, d):
        self.dw, self.db = flatten(self.x).T @ d, d.sum(0)
        return (d @ self.w.T).reshape(self.x.shape)


class ReLU:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, d):
        return d * self.on


class Softmax:
    def __init__(self, scores, y):
        scores = scores - scores.max(1, keepdims=True)
        self.own = np.arange(scores.shape[1]) == y[:, None]
        self.logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))

    def loss(self):
        return -self.logs[self.own].mean()

    def gradient(self):
        return (np.exp(self.logs) - self.own) / len(self.own)


def conv_forward_naive(x, w, b, conv_param):
    layer = Convolution(w, b, **conv_param)
    return layer.forward(x), layer


def conv_backward_naive(dout, cache):
    return cache.backward(dout), cache.dw, cache.db


def max_pool_forward_naive(x, pool_param):
    layer = Pool(pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"])
    return layer.forward(x), layer


def max_pool_backward_naive(dout, cache):
    return cache.backward(dout)


def flatten(x):
    rows = np.empty((x.shape[0], x[0].size))
    rows[...] = x.reshape(rows.shape)
    return rows


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10, seed=0):
        draw = np.random.default_rng(seed)
        C, H, W = input_dim

        def he(*shape, over):
            return draw.normal(0, (2 / over) ** 0.5, shape)

        side, joined = filter_size, num_filters * H * W // 4
        self.conv = Convolution(he(num_filters, C, side, side, over=C * side**2), np.zeros(num_filters), 1, (side - 1) // 2)
        self.first = Affine(he(joined, hidden_dim, over=joined), np.zeros(hidden_dim))
        self.second = Affine(he(hidden_dim, num_classes, over=hidden_dim), np.zeros(num_classes))

    @property
    def with_weights(self):
        return {"1": self.conv, "2": self.first, "3": self.second}

    @property
    def params(self):
        return {f"{kind}{k}": getattr(layer, kind.lower()) for k, layer in self.with_weights.items() for kind in "Wb"}

    @params.setter
    def params(self, values):
        for k, layer in self.with_weights.items():
            layer.w, layer.b = values[f"W{k}"], values[f"b{k}"]

    def loss(self, X, y=None, reg=0.0):
        layers = [self.conv, ReLU(), Pool(2, 2, 2), self.first, ReLU(), self.second]
        out = X
        for layer in layers:
            out = layer.forward(out)
        if y is None:
            return out
        top = Softmax(out, np.asarray(y))
        d = top.gradient()
        for layer in reversed(layers):
            d = layer.backward(d)
        grads, loss = {}, top.loss()
        for k, layer in self.with_weights.items():
            loss += reg * np.square(layer.w).sum()
            grads["W" + k], grads["b" + k] = layer.dw + 2 * reg * layer.w, layer.db
        return loss, grads


class Momentum:
    def __init__(self, model, rate):
        self.model, self.rate = model, rate
        self.v = {name: np.zeros_like(value) for name, value in model.params.items()}

    def step(self, X, y, reg=0.0):
        loss, grads = self.model.loss(X, y, reg)
        for name in self.v:
            self.v[name] = 0.9 * self.v[name] - self.rate * grads[name]
        self.model.params = {name: value + self.v[name] for name, value in self.model.params.items()}
        return loss


def overfit(model, X, y, learning_rate, num_epochs):
    rule = Momentum(model, learning_rate)
    return [rule.step(X, y) for _ in range(num_epochs)]


def train(model, X, y, X_val, y_val, learning_rate=1e-2, reg=0.0, num_epochs=5, batch_size=20):
    rule, rng = Momentum(model, learning_rate), np.random.default_rng(len(X))
    history = {"loss": [], "train_acc": [], "val_acc": []}

    def right(images, labels):
        return float((model.loss(images).argmax(1) == labels).mean())

    for _ in range(num_epochs):
        for rows in np.array_split(rng.permutation(len(X)), len(X) // batch_size):
            history["loss"].append(rule.step(X[rows], y[rows], reg))
        history["train_acc"].append(right(X, y))
        history["val_acc"].append(right(X_val, y_val))
    return history


def edge_filter(image):
    padded = np.pad(image.astype(np.float64), ((1, 1), (1, 1), (0, 0))).sum(axis=2)
    steps = padded[:, 2:] - padded[:, :-2]
    return steps[:-2] + 2 * steps[1:-1] + steps[2:]


def first_layer_filters(model):
    W = model.params["W1"]
    shown = np.empty((len(W), *W.shape[2:], 3), np.uint8)
    for picture, w in zip(shown, W, strict=True):
        picture[...] = np.interp(w.transpose(1, 2, 0), (w.min(), w.max()), (0, 255))
    return shown
