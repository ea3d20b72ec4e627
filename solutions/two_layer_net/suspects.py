"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import numpy as np

from grader.checks import NotFinite, regulariser_suspects

from .oracle import affine, affine_gradients, centred, descend, flat, net_gradients, net_loss, net_scores, relu, softmax

__all__ = [
    "affine_mistakes", "dsoftmax_mistakes", "dw_mistakes", "dx_mistakes", "gradient_mistakes", "loss_mistakes",
    "momentum_mistakes", "numeric_mistakes", "overflow", "path_mistakes", "relu_mistakes", "score_mistakes",
    "softmax_mistakes",
]  # fmt: skip

_REGULARISED = ("W1", "W2")


# ---------------------------------------------------------------- numeric gradient


def numeric_mistakes(f, x, h):
    """In place of the centred differences of `f` at `x`."""
    right = centred(f, x, h)
    here = f(x)

    def one_sided(sign):
        return np.array([sign * (f(_moved(x, index, sign * h)) - here) / h for index in np.ndindex(x.shape)]).reshape(
            x.shape
        )

    def drifting(back):
        """Every coordinate stays where `back` leaves it."""
        moved, gradient = x.astype(float).copy(), np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            old = moved[index]
            above, below = f(_moved(moved, index, h)), f(_moved(moved, index, -h))
            gradient[index] = (above - below) / (2 * h)
            moved[index] = old + back * h
        return gradient

    together = (f(x + h) - f(x - h)) / (2 * h)
    return {
        "this is the forward difference (f(x + h) - f(x)) / h; the centred one is asked for": lambda: one_sided(1),
        "this is the backward difference (f(x) - f(x - h)) / h; the centred one is asked for": lambda: one_sided(-1),
        "the difference is divided by h; f(x + h) and f(x - h) are 2 h apart": 2 * right,
        "the difference is not divided by 2 h": 2 * h * right,
        "the sign is reversed: it is f(x + h) - f(x - h)": -right,
        "a coordinate stays moved by -h while the next one is measured": lambda: drifting(-1),
        "a coordinate stays moved by +h while the next one is measured": lambda: drifting(1),
        "h is ignored: this is the gradient for h = 1e-5": lambda: centred(f, x, 1e-5),
        "h is doubled: the coordinate moves by 2 h to each side": lambda: centred(f, x, 2 * h),
        "h is halved: the coordinate moves by h / 2 to each side": lambda: centred(f, x, h / 2),
        "all coordinates are moved together; each has to be moved alone": np.full(x.shape, together),
        "all coordinates are moved together; each has to be moved alone, for a number of its own": together,
        "this is the average over all coordinates": np.full(x.shape, right.mean()),
        "the gradient comes back flat; it has the shape of x": lambda: right.ravel(),
    }


def _moved(x, index, by):
    moved = x.astype(float).copy()
    moved[index] += by
    return moved


# ---------------------------------------------------------------- softmax


def softmax_mistakes(x, y):
    """In place of the softmax loss."""
    x, rows = np.asarray(x, np.float64), np.arange(len(x))
    right, (N, C) = softmax(x, y)[0], x.shape
    with np.errstate(all="ignore"):
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        down = np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis=0)
        whole = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
        every = -np.log(p).sum() / N
        return {
            "the losses of the rows are summed; their mean is asked for": right * N,
            "the sign is reversed: the loss is minus the logarithm of the true class's probability": -right,
            "the mean is over rows and classes; only the rows are averaged": right / C,
            "the losses are divided by N twice": right / N,
            "this is the mean probability of the true classes; minus its logarithm is asked for": p[rows, y].mean(),
            "this is minus the mean probability; the logarithm is missing": -p[rows, y].mean(),
            "the logarithm is of the mean probability; the mean is of the logarithms": -np.log(p[rows, y].mean()),
            "the logarithm is to base 2; the natural one is asked for": right / np.log(2),
            "the logarithm is to base 10; the natural one is asked for": right / np.log(10),
            "softmax runs down the columns; it runs over the classes of each row (axis=1)": -np.log(down[rows, y]).mean(),
            "softmax runs over the whole array; it runs over the classes of each row (axis=1)": -np.log(
                whole[rows, y]
            ).mean(),
            "every class counts; only the true class of each row does": every,
            "this is minus the mean logit of the true class: the logarithm of the sum is missing": -x[rows, y].mean(),
            "the largest probability counts, not that of the true class": -np.log(p.max(axis=1)).mean(),
            "this is the mean hinge loss, not the softmax loss": (
                (np.maximum(x - x[rows, y][:, None] + 1, 0).sum(axis=1) - 1).mean()
            ),
        } | guarded(x, y)


def guarded(x, y):
    """In place of the softmax loss, where a small number keeps the probability from 0 before its logarithm is taken."""
    known, rows = {}, np.arange(len(x))
    with np.errstate(all="ignore"):
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p = (p / p.sum(axis=1, keepdims=True))[rows, y]
        for power in range(3, 21):
            small = 10.0**-power
            words = f"{small:g} keeps the probability from 0, and changes the loss: take the logarithm of the sum of exp"
            known[words] = -np.log(p + small).mean()
            known[f"{words} (it is the least that a probability may be)"] = -np.log(np.maximum(p, small)).mean()
    return known


def overflow(x, y, part):
    """For logits of 1e4, in place of the loss (0) or dx (1)."""
    words = "exp overflows, or the logarithm meets a 0: subtract each row's largest logit first"
    rest = "take the logarithm of the sum, not of the probability"
    hot, found = np.eye(x.shape[1])[y], {f"{words}, and {rest}": NotFinite()} | ({} if part else guarded(x, y))
    with np.errstate(all="ignore"):
        for which, shifted in (("no row's", x), ("only the largest of all", x - x.max())):
            p = np.exp(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
            found[f"{words} ({which} was subtracted)"] = ((p - hot) / len(x)) if part else 0.0
    return found


def dsoftmax_mistakes(x, y):
    """In place of the gradient of the softmax loss."""
    right, N = softmax(x, y)[1], len(x)
    hot = np.eye(np.shape(x)[1])[y] / N
    p = right + hot
    return {
        "the gradient is not divided by N": right * N,
        "the gradient is divided by N twice": right / N,
        "the sign is reversed": -right,
        "the 1 of the true class is not subtracted: these are the probabilities": p * N,
        "the 1 of the true class is not subtracted: these are the probabilities over N": p,
        "the 1 of the true class is added; it has to be subtracted": p + hot,
        "1 is subtracted after the division by N": p - N * hot,
        "only the true class has a gradient here; all classes have one": np.where(hot > 0, right, 0),
        "the true class has no gradient here": np.where(hot > 0, 0, right),
        "1 is subtracted from every class; it is subtracted from the true one only": p - 1 / N,
    }


# ---------------------------------------------------------------- layers


def affine_mistakes(x, w, b):
    """In place of out."""
    right = affine(x, w, b)
    return {
        "the bias is missing": lambda: affine(x, w, 0 * b),
        "the bias is subtracted": lambda: affine(x, w, -b),
        "x is flattened column by column (order 'F'): x.reshape(N, -1) takes the last axis first": lambda: affine(
            np.stack([np.asarray(row).ravel(order="F") for row in x]), w, b
        ),
        "there is a ReLU in it; this layer has none": relu(right),
    }


def dx_mistakes(x, w, dout):
    """In place of dx of an affine layer."""
    right = affine_gradients(x, w, dout)[0]
    return {
        "dx comes back flat; it has the shape of x": flat(right) if np.ndim(x) > 2 else np.zeros(0),
        "dx is divided by N; the loss has done that already": right / len(x),
        "dx is averaged over the batch": np.repeat(right.mean(axis=0, keepdims=True), len(x), axis=0),
    }


def dw_mistakes(x, w, dout):
    """In place of dw, and of db, of an affine layer: two dicts."""
    _, dw, db = affine_gradients(x, w, dout)
    N, dout = len(x), np.asarray(dout, np.float64)
    of_dw = {
        "dw is divided by N; the loss has done that already": dw / N,
        "dw is of the first row only; it sums over the batch": flat(x)[0][:, None] * dout[0],
        "dw is of the last row only: it is assigned where it has to be added": flat(x)[-1][:, None] * dout[-1],
    }
    of_db = {
        "db is averaged over the batch; it is the sum (the loss has divided by N already)": db / N,
        "db is not summed over the batch": dout,
        "db is summed over the outputs; it is summed over the batch (axis=0)": dout.sum(axis=1),
        "db is a single number: it is summed over the batch only (axis=0)": float(dout.sum()),
        "db has an axis too many: it has the shape of b": db[None, :],
        "db is of the first row only; it sums over the batch": dout[0],
        "db is of the last row only: it is assigned where it has to be added": dout[-1],
        "db is ones: dout is missing": np.ones(db.shape),
        "db is N everywhere: dout is missing": np.full(db.shape, float(N)),
    }
    return of_dw, of_db


def relu_mistakes(x, dout):
    """In place of dx of ReLU."""
    right = np.where(x > 0, dout, 0.0)
    return {
        "the gradient passes everywhere; it passes where x is above 0": dout,
        "the mask is that of dout; it is that of x": np.where(dout > 0, dout, 0.0),
        "negative gradients are cut; only the sign of x decides": np.maximum(right, 0),
        "the mask is reversed: the gradient passes where x is above 0": np.where(x > 0, 0.0, dout),
        "the gradient is multiplied by x; it is multiplied by 1 or 0": np.where(x > 0, x * dout, 0.0),
        "this is the mask alone: dout is missing": np.where(x > 0, 1.0, 0.0),
        "this is the forward pass: max(0, x)": relu(x),
        "the mask is two-sided: the gradient passes where x is above 0, and is not reversed elsewhere": np.sign(x) * dout,
    }


# ---------------------------------------------------------------- momentum


def momentum_mistakes(w, dw, v, rate, mu):
    """In place of w, and of v: two dicts."""
    new = mu * v - rate * dw
    sum_rule, mean_rule = mu * v + rate * dw, mu * v - (1 - mu) * rate * dw
    of_w = {
        "the velocity plays no part: this is plain gradient descent": w - rate * dw,
        "the step uses the old velocity; it uses the new one": w + v,
        "the step goes up the gradient": w + sum_rule,
        "the velocity is subtracted; it holds the minus already": w - new,
        "v has the gradient with a plus, and is subtracted: v <- momentum * v - learning_rate * dw": w - sum_rule,
        "this is Nesterov's step; plain momentum is asked for": w + mu * new - rate * dw,
        "the learning rate is applied to the whole velocity": w + rate * (mu * v - dw),
        "the gradient is weighted by 1 - momentum": w + mean_rule,
        "the gradient is weighted by 1 - momentum, and the learning rate applied to the whole velocity": (
            w - rate * (mu * v + (1 - mu) * dw)
        ),
        "momentum is not applied to the velocity": w + v - rate * dw,
        "w is as it was before": w,
        "w and v are exchanged: return w, v": new,
        "the gradient is counted twice: the velocity holds it already": w + new - rate * dw,
    }
    of_v = {
        "v is as it was before; the new velocity is asked for": v,
        "v has the gradient with a plus: v <- momentum * v - learning_rate * dw": sum_rule,
        "v lacks the learning rate": mu * v - dw,
        "v lacks the learning rate, and has the gradient with a plus": mu * v + dw,
        "momentum is not applied to the velocity": v - rate * dw,
        "the gradient is weighted by 1 - momentum": mean_rule,
        "w and v are exchanged: return w, v": w + new,
        "v is the step of plain gradient descent": -rate * dw,
    }
    return of_w, of_v


# ---------------------------------------------------------------- the network


def score_mistakes(params, X):
    """In place of the scores."""
    right = net_scores(params, X)
    linear = affine(affine(X, params["W1"], params["b1"]), params["W2"], params["b2"])
    p = np.exp(right - right.max(axis=1, keepdims=True))
    return {
        "there is no ReLU between the layers": linear,
        "there is a ReLU after the second layer; the scores are not cut": relu(right),
        "these are the probabilities; the scores before softmax are asked for": p / p.sum(axis=1, keepdims=True),
        "the bias b1 is missing": lambda: net_scores({**params, "b1": 0 * params["b1"]}, X),
        "the bias b2 is missing": lambda: net_scores({**params, "b2": 0 * params["b2"]}, X),
        "both biases are missing": lambda: net_scores({**params, "b1": 0 * params["b1"], "b2": 0 * params["b2"]}, X),
        "these are the hidden units; the second layer is missing": relu(affine(X, params["W1"], params["b1"])),
    }


def loss_mistakes(params, X, y, reg):
    """In place of the network's loss."""
    data = net_loss(params, X, y, 0.0)
    squares = {name: float(np.square(value).sum()) for name, value in params.items()}
    linear = affine(affine(X, params["W1"], params["b1"]), params["W2"], params["b2"])
    penalty = reg * (squares["W1"] + squares["W2"])
    return regulariser_suspects(data, [params["W1"], params["W2"]], reg, n=len(X)) | {
        "only W1 is regularised": data + reg * squares["W1"],
        "only W2 is regularised": data + reg * squares["W2"],
        "the biases are regularised too; only W1 and W2 are": data + reg * sum(squares.values()),
        "there is no ReLU between the layers": softmax(linear, y)[0] + penalty,
    } | {
        f"{words} (softmax)": value + penalty for words, value in softmax_mistakes(net_scores(params, X), y).items()
    }  # fmt: skip


def gradient_mistakes(params, X, y, reg):
    """In place of the network's gradients: {parameter: {words: value}}."""
    right = net_gradients(params, X, y, reg)
    N, before = len(X), affine(X, params["W1"], params["b1"])
    dscores = softmax(net_scores(params, X), y)[1]
    dactive, dW2, _ = affine_gradients(relu(before), params["W2"], dscores)
    unmasked = affine_gradients(X, params["W1"], dactive)
    by_gradient = affine_gradients(X, params["W1"], np.where(dactive > 0, dactive, 0.0))
    no_relu = affine_gradients(before, params["W2"], dscores)[1]
    found = {name: {"the gradient is not divided by N": N * (value - _pull(params, name, reg)) + _pull(params, name, reg)}
             for name, value in right.items()}  # fmt: skip
    for name in _REGULARISED:
        found[name] |= regulariser_suspects(right[name] - _pull(params, name, reg), params[name], reg, n=N)
    for name in ("b1", "b2"):
        found[name]["the biases are regularised too; only W1 and W2 are"] = right[name] + 2 * reg * params[name]
    for k, name in ((1, "W1"), (2, "b1")):
        pull = _pull(params, name, reg)
        found[name] |= {
            "the gradient passes ReLU everywhere; it passes where its input is above 0": unmasked[k] + pull,
            "ReLU masks by the gradient; it masks by its input": by_gradient[k] + pull,
        }
    found["W2"]["dW2 is of the hidden units before ReLU; the second layer sees those after it"] = no_relu + _pull(
        params, "W2", reg
    )
    return found


def _pull(params, name, reg):
    return 2 * reg * params[name] if name in _REGULARISED else 0.0


def path_mistakes(params, batches, rate, mu, reg):
    """Losses and parameters after the steps of known mistakes: {words: (params, losses)}."""

    def run(words, *settings, **changed):
        found = descend(params, batches, *settings, **changed)
        return words, (found[0], found[1])

    shifted = descend(params, [*batches, batches[-1]], rate, mu, reg)
    return dict([
        run("the velocity plays no part: this is plain gradient descent", rate, 0.0, reg),
        run("the momentum of 0.9 is used, not the one that was passed", rate, 0.9, reg),
        run("reg plays no part in the training", rate, mu, 0.0),
        run("the steps go up the gradient", -rate, mu, reg),
        run("the learning rate is divided by the batch size", rate / len(batches[0][0]), mu, reg),
        run("the gradient is weighted by 1 - momentum", (1 - mu) * rate, mu, reg),
        ("a loss is taken after its step; it is that of the batch before the step", (shifted[0], shifted[1][1:])),
    ])  # fmt: skip
