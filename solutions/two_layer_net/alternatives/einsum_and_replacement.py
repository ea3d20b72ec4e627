"""einsum throughout; one-hot labels; batches drawn with replacement; the last batch of an epoch is no smaller."""

import numpy as np


def numeric_gradient(f, x, h=1e-5):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + h * unit) - f(x - h * unit)) / h / 2 for unit in units]).reshape(x.shape)


def softmax_loss(x, y):
    N, C = x.shape
    hot = np.eye(C)[y]
    z = x - np.max(x, axis=1)[:, None]
    log_sum = np.log(np.einsum("nc->n", np.exp(z)))
    loss = np.mean(log_sum - np.einsum("nc,nc->n", z, hot))
    return loss, (np.exp(z - log_sum[:, None]) - hot) / N


def affine_forward(x, w, b):
    rows = np.reshape(x, (x.shape[0], w.shape[0]))
    return np.einsum("nd,dm->nm", rows, w, optimize=True) + b[None, :], [rows, w, np.array(x.shape)]


def affine_backward(dout, cache):
    rows, w, shape = cache
    dx = np.einsum("nm,dm->nd", dout, w, optimize=True).reshape([int(n) for n in shape])
    return dx, np.einsum("nd,nm->dm", rows, dout, optimize=True), np.einsum("nm->m", dout)


def relu_forward(x):
    mask = x > 0
    return np.where(mask, x, 0), mask


def relu_backward(dout, cache):
    return np.where(cache, dout, 0)


def momentum_step(w, dw, v, learning_rate, momentum):
    new = np.subtract(momentum * v, learning_rate * dw)
    return np.add(w, new), new


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, num_classes, weight_scale=1e-2, seed=0):
        state = np.random.RandomState(seed)
        self.params = {
            "W1": state.normal(scale=weight_scale, size=(input_size, hidden_size)),
            "W2": state.normal(scale=weight_scale, size=(hidden_size, num_classes)),
            "b1": np.zeros((hidden_size,)),
            "b2": np.zeros((num_classes,)),
        }

    def set_params(self, params):
        self.params = {name: np.array(value, dtype=float) for name, value in params.items()}

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        before = np.einsum("nd,dh->nh", X, W1, optimize=True) + b1
        after = np.maximum(0, before)
        scores = np.einsum("nh,hc->nc", after, W2, optimize=True) + b2
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        dhidden = np.einsum("nc,hc->nh", d, W2, optimize=True)
        dhidden[before < 0] = 0
        grads = {
            "W1": np.einsum("nd,nh->dh", X, dhidden, optimize=True) + reg * 2 * W1,
            "b1": np.sum(dhidden, 0),
            "W2": np.einsum("nh,nc->hc", after, d, optimize=True) + reg * 2 * W2,
            "b2": np.sum(d, 0),
        }
        return loss + reg * (np.einsum("dh,dh->", W1, W1) + np.einsum("hc,hc->", W2, W2)), grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-2, momentum=0.9, reg=1e-4, num_epochs=10, batch_size=100):
        num_train = X.shape[0]
        per_epoch = max(num_train // batch_size, 1)
        losses, train_acc, val_acc = [], [], []
        velocity = {}
        for it in range(num_epochs * per_epoch):
            chosen = np.random.choice(num_train, min(batch_size, num_train), replace=True)
            loss, grads = self.loss(X[chosen], y=y[chosen], reg=reg)
            losses.append(loss)
            for name, value in self.params.items():
                self.params[name], velocity[name] = momentum_step(
                    value, grads[name], velocity.get(name, 0 * value), learning_rate, momentum
                )
            if (it + 1) % per_epoch == 0:
                train_acc.append((self.predict(X) == y).mean())
                val_acc.append((self.predict(X_val) == y_val).mean())
        return {"loss": np.array(losses), "train_acc": np.array(train_acc), "val_acc": np.array(val_acc)}

    def predict(self, X):
        return self.loss(X).argmax(1).astype(float)
