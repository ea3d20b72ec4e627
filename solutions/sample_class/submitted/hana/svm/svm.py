"""Searches on until all validation rows are right, which is never."""

import numpy as np


def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1  # note delta = 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss /= num_train
    dW /= num_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    num_train = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(num_train), y].reshape(num_train, 1)
    margin = np.maximum(0, scores - correct + 1)
    margin[np.arange(num_train), y] = 0
    loss = margin.sum() / num_train + reg * np.sum(W * W)
    mask = np.zeros(margin.shape)
    mask[margin > 0] = 1
    mask[np.arange(num_train), y] -= mask.sum(axis=1)
    dW = X.T.dot(mask) / num_train + 2 * reg * W
    return loss, dW


class LinearClassifier:
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        num_train, dim = X.shape
        num_classes = np.max(y) + 1
        if self.W is None:
            self.W = 0.001 * np.random.randn(dim, num_classes)
        loss_history = []
        for it in range(num_iters):
            idx = np.random.choice(num_train, batch_size, replace=True)
            X_batch = X[idx]
            y_batch = y[idx]
            loss, grad = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            self.W -= learning_rate * grad
            if verbose and it % 100 == 0:
                print("iteration %d / %d: loss %f" % (it, num_iters, loss))
        return loss_history

    def predict(self, X):
        return np.argmax(X.dot(self.W), axis=1)

    def loss(self, X_batch, y_batch, reg):
        pass


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    mean_image = np.mean(X_train.reshape(X_train.shape[0], -1) / 255.0, axis=0)
    out = []
    for X in (X_train,) + others:
        X = X.reshape(X.shape[0], -1) / 255.0 - mean_image
        out.append(np.hstack([X, np.ones((X.shape[0], 1))]))
    return out


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    results = {}
    best_val = -1
    best_svm = None
    while best_val < 1:
        for lr, reg in [(lr, reg) for lr in learning_rates for reg in regs]:
            svm = LinearSVM()
            svm.train(X_train, y_train, learning_rate=lr, reg=reg, num_iters=num_iters)
            train_acc = np.mean(svm.predict(X_train) == y_train)
            val_acc = np.mean(svm.predict(X_val) == y_val)
            results[(lr, reg)] = (train_acc, val_acc)
            if val_acc > best_val:
                best_val = val_acc
                best_svm = svm
    return results, best_svm


def weight_templates(W, image_shape=(32, 32, 3)):
    templates = []
    for w in W[:-1].T:
        w = 255.0 * (w - w.min()) / (w.max() - w.min())
        templates.append(w.reshape(image_shape).astype("uint8"))
    return np.array(templates)
