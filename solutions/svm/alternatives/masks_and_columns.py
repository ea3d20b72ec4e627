"""Right by other means: boolean masks, np.add.at, all batches drawn at once, float32 rows, the last of the best pairs."""

import numpy as np


def svm_loss_naive(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        num_positive = 0
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                num_positive += 1
                loss += margin
                dW[:, j] += X[i, :]
        dW[:, y[i]] -= num_positive * X[i, :]
    loss /= num_train
    dW /= num_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    scores = X.dot(W)
    true = scores[range(len(X)), list(y)].reshape(-1, 1)
    margin = np.maximum(0, scores - true + 1)
    loss = (margin.sum() - len(X)) / len(X) + reg * np.linalg.norm(W) ** 2
    mask = np.zeros(margin.shape)
    mask[margin > 0] = 1
    np.add.at(mask, (np.arange(len(X)), y), -np.sum(mask, axis=1))
    dW = np.dot(X.transpose(), mask)
    dW /= len(X)
    dW += reg * 2 * W
    return loss, dW


class LinearClassifier:
    def __init__(self):
        self.W = None
        self.seen = 0

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        num_train, dim = X.shape
        num_classes = np.max(y) + 1
        if self.W is None:
            self.W = np.random.randn(dim, num_classes) * 0.001
        all_batches = np.random.choice(num_train, size=(num_iters, batch_size), replace=True)
        loss_history = []
        for it, indices in enumerate(all_batches):
            loss, grad = self.loss(X[indices], y[indices], reg)
            loss_history.append(loss)
            self.W += -learning_rate * grad
            self.seen += len(indices)
            if verbose and it % 10 == 0:
                print("iteration", it, "loss", loss)
        return loss_history

    def predict(self, X):
        y_pred = np.zeros(X.shape[0], dtype=np.int8)
        scores = X.dot(self.W)
        y_pred[:] = np.argsort(scores, axis=1)[:, -1]
        return y_pred

    def loss(self, X_batch, y_batch, reg):
        pass


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    X_train = np.reshape(X_train, (X_train.shape[0], -1)).astype(np.float32) / 255
    mean_image = np.mean(X_train, axis=0)
    sets = [X_train] + [np.reshape(X, (X.shape[0], -1)).astype(np.float32) / 255 for X in others]
    for index in range(len(sets)):
        sets[index] -= mean_image
        sets[index] = np.hstack([sets[index], np.ones((sets[index].shape[0], 1), dtype=np.float32)])
    return sets


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    results = {}
    best_val = -1
    best_svm = None
    for reg in regs:
        for rate in learning_rates:
            svm = LinearSVM()
            svm.train(X_train, y_train, learning_rate=rate, reg=reg, num_iters=num_iters, batch_size=50)
            results[(rate, reg)] = (np.mean(y_train == svm.predict(X_train)), np.mean(y_val == svm.predict(X_val)))
            if results[(rate, reg)][1] >= best_val:
                best_val = results[(rate, reg)][1]
                best_svm = svm
    return results, best_svm


def weight_templates(W, image_shape=(32, 32, 3)):
    w = W[:-1, :].reshape(image_shape[0], image_shape[1], image_shape[2], W.shape[1])
    templates = np.zeros((W.shape[1], *image_shape), dtype=np.uint8)
    for i in range(W.shape[1]):
        w_min, w_max = np.min(w[:, :, :, i]), np.max(w[:, :, :, i])
        templates[i] = 255.0 * (w[:, :, :, i].squeeze() - w_min) / (w_max - w_min)
    return templates
