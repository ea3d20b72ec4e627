# A class for each layer: all right.
import numpy as np


def numeric_gradient(f, x, h=1e-5):
    flat, gradient = x.reshape(-1), []
    for k in range(flat.size):
        sides = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[k] += sign * h
            sides.append(f(moved.reshape(x.shape)))
        gradient.append((sides[0] - sides[1]) / (2 * h))
    return np.asarray(gradient).reshape(x.shape)


class Affine:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.shape, self.rows = x.shape, x.reshape(x.shape[0], -1)
        return self.rows.dot(self.w) + self.b

    def backward(self, dout):
        self.dw, self.db = self.rows.T.dot(dout), np.ones(len(dout)) @ dout
        return dout.dot(self.w.T).reshape(self.shape)


class ReLU:
    def forward(self, x):
        self.on = (x > 0).astype(x.dtype)
        return x * self.on

    def backward(self, dout):
        return dout * self.on


class Softmax:
    def forward(self, x, y):
        self.y = y
        self.log_p = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
        return float(-np.take_along_axis(self.log_p, y[:, None], axis=1).mean())

    def backward(self):
        dx = np.exp(self.log_p)
        np.put_along_axis(dx, self.y[:, None], np.take_along_axis(dx, self.y[:, None], axis=1) - 1, axis=1)
        return dx / len(dx)


def softmax_loss(x, y):
    layer = Softmax()
    return layer.forward(x, y), layer.backward()


def affine_forward(x, w, b):
    layer = Affine(w, b)
    return layer.forward(x), layer


def affine_backward(dout, cache):
    return cache.backward(dout), cache.dw, cache.db


def relu_forward(x):
    layer = ReLU()
    return layer.forward(x), layer


def relu_backward(dout, cache):
    return cache.backward(dout)


def momentum_step(w, dw, v, learning_rate, momentum):
    v = momentum * v - learning_rate * dw
    w = w + v
    return w, v


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, num_classes, weight_scale=1e-2, seed=0):
        np.random.seed(seed)
        self.params = {}
        self.params["W1"] = np.random.randn(input_size, hidden_size) * weight_scale
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = np.random.randn(hidden_size, num_classes) * weight_scale
        self.params["b2"] = np.zeros(num_classes)

    def set_params(self, params):
        self.params = {name: np.array(value, dtype=float) for name, value in params.items()}

    def loss(self, X, y=None, reg=0.0):
        first, relu = Affine(self.params["W1"], self.params["b1"]), ReLU()
        second, softmax = Affine(self.params["W2"], self.params["b2"]), Softmax()
        scores = second.forward(relu.forward(first.forward(X)))
        if y is None:
            return scores
        loss = softmax.forward(scores, y) + sum(reg * np.linalg.norm(self.params[name]) ** 2 for name in ("W1", "W2"))
        first.backward(relu.backward(second.backward(softmax.backward())))
        return loss, {
            "W1": first.dw + 2 * reg * first.w, "b1": first.db, "W2": second.dw + 2 * reg * second.w, "b2": second.db,
        }  # fmt: skip

    def train(self, X, y, X_val, y_val, learning_rate=1e-2, momentum=0.9, reg=1e-4, num_epochs=10, batch_size=100):
        history = {"loss": [], "train_acc": [], "val_acc": [], "learning_rate": learning_rate}
        velocity = dict.fromkeys(self.params, 0.0)
        for _ in range(num_epochs):
            # Every row once in an epoch: the last batch may be smaller.
            for batch in np.array_split(np.random.permutation(len(X)), range(batch_size, len(X), batch_size)):
                loss, grads = self.loss(X[batch], y[batch], reg)
                history["loss"].append(loss)
                for name, value in self.params.items():
                    self.params[name], velocity[name] = momentum_step(
                        value, grads[name], velocity[name], learning_rate, momentum
                    )
            for name, rows, truth in (("train_acc", X, y), ("val_acc", X_val, y_val)):
                history[name].append(np.count_nonzero(self.predict(rows) == truth) / len(truth))
        return history

    def predict(self, X):
        return self.loss(X).argsort(axis=1)[:, -1]
