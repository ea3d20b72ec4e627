"""Both losses, nothing of the rest."""

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
        raise NotImplementedError

    def predict(self, X):
        raise NotImplementedError


class LinearSVM(LinearClassifier):
    def loss(self, X_batch, y_batch, reg):
        return svm_loss_vectorized(self.W, X_batch, y_batch, reg)


def preprocess(X_train, *others):
    raise NotImplementedError


def search(X_train, y_train, X_val, y_val, learning_rates, regs, num_iters=300):
    raise NotImplementedError


def weight_templates(W, image_shape=(32, 32, 3)):
    raise NotImplementedError
