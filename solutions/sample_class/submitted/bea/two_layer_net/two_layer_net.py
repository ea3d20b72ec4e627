# Loops over everything: slow, and right.
import math
import random

import numpy as np


def numeric_gradient(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    cursor = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not cursor.finished:
        index = cursor.multi_index
        old = x[index]
        x[index] = old + h
        above = f(x)
        x[index] = old - h
        below = f(x)
        x[index] = old
        gradient[index] = (above - below) / (2 * h)
        cursor.iternext()
    return gradient


def softmax_loss(x, y):
    loss, dx = 0.0, np.zeros(x.shape)
    for n, row in enumerate(x.tolist()):
        top = max(row)
        total = sum(math.exp(value - top) for value in row)
        loss += math.log(total) + top - row[y[n]]
        for c, value in enumerate(row):
            dx[n, c] = (math.exp(value - top) / total - (c == y[n])) / len(x)
    return loss / len(x), dx


def affine_forward(x, w, b):
    out = np.zeros((len(x), w.shape[1]))
    for n in range(len(x)):
        out[n] = np.dot(x[n].flatten(), w) + b
    return out, {"x": x, "w": w}


def affine_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n in range(len(x)):
        dx[n] = np.dot(w, dout[n]).reshape(x[n].shape)
        dw += np.outer(x[n].flatten(), dout[n])
        db += dout[n]
    return dx, dw, db


def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, out


def relu_backward(dout, cache):
    dx = np.array(dout)
    dx[cache <= 0] = 0
    return dx


def momentum_step(w, dw, v, learning_rate, momentum):
    v *= momentum
    v -= learning_rate * dw
    w += v
    return w, v


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, num_classes, weight_scale=1e-2, seed=0):
        generator = random.Random(seed)

        def normal(rows, columns):
            return np.array([[generator.gauss(0, weight_scale) for _ in range(columns)] for _ in range(rows)])

        self.params = {
            "W1": normal(input_size, hidden_size), "b1": np.zeros(hidden_size), "W2": normal(hidden_size, num_classes),
            "b2": np.zeros(num_classes),
        }  # fmt: skip

    def set_params(self, params):
        self.params = {name: np.array(value, dtype=float) for name, value in params.items()}

    def loss(self, X, y=None, reg=0.0):
        p = self.params
        hidden, c1 = affine_forward(X, p["W1"], p["b1"])
        active, c2 = relu_forward(hidden)
        scores, c3 = affine_forward(active, p["W2"], p["b2"])
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        loss += reg * ((p["W1"] * p["W1"]).sum() + (p["W2"] * p["W2"]).sum())
        d, dW2, db2 = affine_backward(d, c3)
        d = relu_backward(d, c2)
        _, dW1, db1 = affine_backward(d, c1)
        return loss, {"W2": dW2 + 2 * reg * p["W2"], "b2": db2, "W1": dW1 + 2 * reg * p["W1"], "b1": db1}

    def train(self, X, y, X_val, y_val, learning_rate=1e-2, momentum=0.9, reg=1e-4, num_epochs=10, batch_size=100):
        told = {"loss": [], "train_acc": [], "val_acc": []}
        v = {name: np.zeros_like(value) for name, value in self.params.items()}
        rows = list(range(len(X)))
        for _ in range(num_epochs):
            random.shuffle(rows)
            for start in range(0, max(1, len(X) // batch_size) * batch_size, batch_size):
                batch = rows[start : start + batch_size]
                loss, grads = self.loss(X[batch], y[batch], reg)
                told["loss"].append(loss)
                for name in grads:
                    momentum_step(self.params[name], grads[name], v[name], learning_rate, momentum)
            told["train_acc"].append(sum(self.predict(X) == y) / len(y))
            told["val_acc"].append(sum(self.predict(X_val) == y_val) / len(y_val))
        return told

    def predict(self, X):
        return [max(range(len(row)), key=row.__getitem__) for row in self.loss(X).tolist()]
