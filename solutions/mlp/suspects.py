"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import functools

import numpy as np

from grader.checks import NotFinite

from .oracle import (
    XOR,
    adam,
    bends,
    cross_entropy,
    epoch_means,
    logistic,
    momentum,
    outputs,
    relu,
    same,
    sgd,
    share,
    sigmoid,
    softmax,
    walk,
)

__all__ = [
    "accuracy_mistakes", "classifier_mistakes", "collapse_mistakes", "compared_mistakes", "epoch_mistakes", "logit_mistakes",
    "net_mistakes", "only", "probability_mistakes", "xor_mistakes",
]  # fmt: skip


# ---------------------------------------------------------------- networks


def net_mistakes(layers, x, bend):
    """In place of the probabilities of a network that ends in a sigmoid; `bend` is what stands between its layers."""
    logits = outputs(layers, x, bend)
    known = {
        "this is what lies before the sigmoid: the sigmoid at the end is missing": logits,
        "the sigmoid is applied twice": sigmoid(sigmoid(logits)),
        "there is a ReLU behind the last layer, before the sigmoid": sigmoid(relu(logits)),
        "there is a ReLU at the end; a sigmoid belongs there": relu(logits),
        "there is tanh at the end; a sigmoid belongs there": np.tanh(logits),
        "this is a softmax over a single number, which is always 1; a sigmoid belongs there": np.ones(logits.shape),
        "this is the probability of 0; that of 1 is asked for": 1 - sigmoid(logits),
    }
    if bend is relu:
        return known | _other_bends(lambda between: outputs(layers, x, between, sigmoid))
    return known | {
        "there is a ReLU between the layers; this stack has none": outputs(layers, x, relu, sigmoid),
        "there is a sigmoid between the layers; this stack has nothing there": outputs(layers, x, sigmoid, sigmoid),
        "there is tanh between the layers; this stack has nothing there": outputs(layers, x, np.tanh, sigmoid),
    }


def _other_bends(result):
    return {
        "there is no ReLU between the layers": result(same),
        "there is a sigmoid between the layers in place of the ReLU": result(sigmoid),
        "there is tanh between the layers in place of the ReLU": result(np.tanh),
        "there is a leaky ReLU between the layers in place of the ReLU": result(lambda z: np.where(z > 0, z, 0.01 * z)),
    }


def logit_mistakes(layers, x):
    """In place of the logits of a network with ReLU between its layers."""
    logits = outputs(layers, x)
    behind = {
        "there is a ReLU behind the last layer: logits may be negative": relu(logits),
        "these are probabilities: there is a softmax behind the last layer, and logits are asked for": softmax(logits),
        "these are log-probabilities: there is a log-softmax behind the last layer, and logits are asked for": (
            np.log(softmax(logits))),
        "there is a sigmoid behind the last layer; logits are asked for": sigmoid(logits),
        "this is a softmax over the batch, and logits are asked for": softmax(logits, axis=0),
    }  # fmt: skip
    between = _missing_bends(layers, x) | _other_bends(lambda bend: outputs(layers, x, bend))
    return behind | between | _mixed_up(layers, x)


def _missing_bends(layers, x):
    """The ReLU behind one of the layers is missing, where there are more than two."""
    found = {}
    for missing, place in enumerate(("first", "second")):
        if len(layers) > 2:
            value = np.asarray(x, np.float64).reshape(len(x), -1)
            for n, (weight, bias) in enumerate(layers):
                value = value @ np.asarray(weight, np.float64).T + bias
                value = value if n in (missing, len(layers) - 1) else relu(value)
            found[f"the ReLU after the {place} layer is missing"] = value
    return found


def _mixed_up(layers, x):
    """Rows made of several images, or of an image column by column."""
    N = len(x)
    flat = np.asarray(x).reshape(N, -1)
    size = int(round(np.sqrt(flat.shape[1])))
    columns = flat.reshape(N, size, size).transpose(0, 2, 1).reshape(N, -1)
    mixed = "the pixels of different images are mixed up: flatten each image, x.flatten(1)"
    return {
        mixed: outputs(layers, flat.reshape(-1, N).T), f"{mixed} ": outputs(layers, flat.T.reshape(N, -1)),
        "the images are flattened column by column": outputs(layers, columns),
    }  # fmt: skip


def collapse_mistakes(layers, part):
    """In place of W (0) or b (1)."""
    (first, bias), (second, last) = ((np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in layers)
    W, b = second @ first, second @ bias + last
    known = {
        "W is (2, 1), as a matrix that stands right of x; (1, 2) is asked for, as nn.Linear holds it": (W.T, b),
        "b is the second layer's bias alone; the first layer's goes through the second layer too": (W, last),
        "the first layer's bias goes through the second layer, but the second layer's own bias is missing": (
            W,
            second @ bias,
        ),
        "the biases of both layers are added without the weights between them": (W, np.atleast_1d(bias.sum() + last.sum())),
        "W and b cannot be computed back from outputs: where the stack is sure, its sigmoid is 0 or 1": NotFinite(),
        f"one axis is missing: {('W', 'b')[part]} has the shape {('(1, 2)', '(1,)')[part]}": (W[0], b[0]),
    }
    if first.shape[0] == first.shape[1]:
        known["the first layer's weight is transposed"] = (second @ first.T, b)
    return {words: values if isinstance(values, NotFinite) else values[part] for words, values in known.items()}


def probability_mistakes(logits):
    """In place of the softmax of each row."""
    logits = np.asarray(logits, np.float64)
    right, powers = softmax(logits), np.exp(logits - logits.max())
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    with np.errstate(all="ignore"):
        return {
            "this is a softmax over the batch (dim=0); of each row (dim=1) is asked for": softmax(logits, 0),
            "these are log-probabilities": np.log(right),
            "this is a sigmoid of each logit; the probabilities of a row have to sum to 1": sigmoid(logits),
            "this is a softmax over all numbers at once": powers / powers.sum(),
            "the softmax is applied twice": softmax(right),
            "the exponentials are divided by the sum of their column; that of their row is asked for": shifted
            / shifted.sum(axis=0),
            "the exponentials are not divided by their sum": np.exp(logits),
            "the logits are divided by their sum; their exponentials have to be": logits / logits.sum(axis=1, keepdims=True),
            "this is 1 for the largest logit and 0 for the others": (logits == logits.max(axis=1, keepdims=True)) * 1.0,
        }  # fmt: skip


# ---------------------------------------------------------------- ways down


def _scaled(step, factor):
    return lambda w, g, state: step(w, factor * g, state)


def _summed(step, most=None):
    """The gradients are never set to zero, or only before every `most` steps."""

    def take(w, g, state):
        total, inner, taken = (0.0, None, 0) if state is None else state
        total = g if most and taken % most == 0 else total + g
        w, inner = step(w, total, inner)
        return w, (total, inner, taken + 1)

    return take


def _behind(loss, function, slope):
    """The loss of function(out); slope(out, slopes) takes the slopes back through it."""

    def found(out, y):
        losses, slopes = loss(function(out), y)
        return losses, slope(out, slopes)

    return found


def _through_sigmoid(out, slopes):
    return slopes * sigmoid(out) * (1 - sigmoid(out))


def _through_softmax(out, slopes):
    p = softmax(out)
    return p * (slopes - (slopes * p).sum(axis=1, keepdims=True))


def _squared(out, y):
    """Mean squared error of sigmoid(out)."""
    off = sigmoid(out) - y[:, None]
    return (off**2)[:, 0], _through_sigmoid(out, 2 * off / len(out))


def _of_sum(loss):
    """The sum of the losses in place of their mean."""

    def found(out, y):
        losses, slopes = loss(out, y)
        return losses * len(y), slopes * len(y)

    return found


NOTHING = (
    "nothing moves: the network is as it was. Is `loss.backward()` called, with its brackets, before the step? Is the "
    "gradient set to zero before backward, not after it? Does the optimizer hold the parameters of this very model?"
)
_NOT_ZEROED = "the gradients are not set to zero between the steps: each step takes the sum of all so far"


def path_mistakes(layers, batches, step, loss, *, scale=1.0, known=()):
    """{words: function for (layers, losses of the batches)} of ways to go wrong; `known`: more, (words, step, loss)."""

    def go(step=step, loss=loss, batches=batches, scale=scale):
        return functools.cache(lambda: walk(layers, batches, step, loss, scale=scale))

    def told(change):
        """The layers are right, the losses are not."""
        return functools.cache(lambda: (go()()[0], change(go()()[1])))

    found = {
        NOTHING: go(step=_scaled(sgd(0), 0)),
        _NOT_ZEROED: go(step=_summed(step)),
        "the losses are summed; their mean is asked for": go(loss=_of_sum(loss)),
        "the steps go uphill": go(step=_scaled(step, -1)),
    } | {words: go(other or step, another or loss) for words, other, another in known}
    after = lambda: np.array([  # noqa: E731
        loss(bends(walk(layers, batches[: n + 1], step, loss, scale=scale)[0], x, scale=scale)[-1], y)[0].mean()
        for n, (x, y) in enumerate(batches)
    ])  # fmt: skip
    if len(batches) < 60:
        found["each loss is taken after its step; it belongs before it"] = told(lambda losses: after())
    found["there is one step too few"] = go(batches=batches[:-1])
    found["there is one step too many"] = go(batches=[*batches, batches[-1]])
    return found


def xor_mistakes(layers, rate, steps):
    """Ways to go wrong in the training on the four points."""
    x, y = XOR
    tables = {"AND": y * 0 + [0, 0, 0, 1], "OR": y * 0 + [0, 1, 1, 1], "the opposite of XOR": 1 - y}
    known = [
        ("the loss has a sigmoid of its own (BCEWithLogitsLoss), and the model has one too: it is applied twice", None,
         _behind(logistic, sigmoid, _through_sigmoid)),
        ("the loss is the mean squared error; binary cross-entropy is asked for", None, _squared),
        ("the optimizer has momentum; plain SGD is asked for", momentum(rate), None),
        ("the optimizer is Adam; SGD is asked for", adam(rate), None),
        ("the learning rate that was handed in is not used", sgd(1.0 if rate != 1.0 else 0.1), None),
    ]  # fmt: skip
    known += [(f"the targets are those of {name}", None, _with_targets(table)) for name, table in tables.items()]
    found = path_mistakes(layers, [(x, y)] * steps, sgd(rate), logistic, known=known)
    single = [(x[n : n + 1], y[n : n + 1]) for n in range(4)] * steps
    found["there is a step for each of the four points; all four belong into one step"] = functools.cache(
        lambda: _fourths(walk(layers, single, sgd(rate), logistic))
    )
    return found


def _with_targets(table):
    return lambda out, y: logistic(out, table)


def _fourths(result):
    return result[0], result[1].reshape(-1, 4).mean(axis=1)


def classifier_mistakes(layers, batches, step, epochs, scale):
    """Ways to go wrong in the training of a classifier, losses by batch; `scale` is that of training mode."""
    relu_slope = lambda out, slopes: slopes * (out > 0)  # noqa: E731
    known = [
        ("there is a softmax in front of the loss, which takes logits: softmax is applied twice", None,
         _behind(cross_entropy, softmax, _through_softmax)),
        ("there is a ReLU in front of the loss, which takes logits", None, _behind(cross_entropy, relu, relu_slope)),
        ("the steps are not those of the optimizer that was handed in: another one is used", sgd(0.1), None),
        ("the steps are not those of the optimizer that was handed in: Adam(0.001) is used", adam(0.001), None),
        ("the steps are not those of the optimizer that was handed in: SGD(0.01) is used", sgd(0.01), None),
    ]  # fmt: skip
    found = path_mistakes(layers, batches * epochs, step, cross_entropy, scale=scale, known=known)
    if scale != 1.0:
        found["the model is trained in eval mode: model.train() is missing"] = functools.cache(
            lambda: walk(layers, batches * epochs, step, cross_entropy)
        )
    if epochs > 1:
        found["the model begins anew in each epoch"] = functools.cache(lambda: _anew(layers, batches, step, epochs, scale))
    if len(batches) > 1:
        one = _joined(batches)
        found["there is one step for each epoch; one for each batch is asked for"] = functools.cache(
            lambda: _one_step(layers, one, step, epochs, scale, len(batches))
        )
        found["the gradients are set to zero once in an epoch; each batch needs its own"] = functools.cache(
            lambda: walk(layers, batches * epochs, _summed(step, len(batches)), cross_entropy, scale=scale)
        )
        found["only the first batch of each epoch is used"] = functools.cache(
            lambda: _first_only(layers, batches, step, epochs, scale)
        )
    if len(batches) > 1 and len(batches[-1][1]) < len(batches[0][1]):
        found["the last, smaller batch of an epoch is left out"] = functools.cache(
            lambda: _without_last(layers, batches, step, epochs, scale)
        )
    return found


def _anew(layers, batches, step, epochs, scale):
    after, losses = walk(layers, batches, step, cross_entropy, scale=scale)
    return after, np.tile(losses, epochs)


def _joined(batches):
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])


def _one_step(layers, one, step, epochs, scale, count):
    after, losses = walk(layers, [one] * epochs, step, cross_entropy, scale=scale)
    return after, losses.repeat(count)


def _first_only(layers, batches, step, epochs, scale):
    after, losses = walk(layers, batches[:1] * epochs, step, cross_entropy, scale=scale)
    return after, losses.repeat(len(batches))


def _without_last(layers, batches, step, epochs, scale):
    after, losses = walk(layers, batches[:-1] * epochs, step, cross_entropy, scale=scale)
    full = losses.reshape(epochs, -1)
    return after, np.column_stack([full, full.mean(axis=1)]).reshape(-1)


def epoch_mistakes(layers, batches, step, epochs, scale):
    """In place of the losses of the epochs."""
    counts = np.array([len(y) for _, y in batches])
    _, losses = walk(layers, batches * epochs, step, cross_entropy, scale=scale)
    losses = losses.reshape(epochs, -1)
    sums = losses.sum(axis=1)
    right = epoch_means(losses, counts)
    known = {
        "the means of the batches are averaged; a smaller batch then counts as much as a full one": losses.mean(axis=1),
        "the mean of each batch is weighted with the batch size; the last batch is smaller": sums
        * counts.max()
        / counts.sum(),
        "the losses of the batches are summed": sums,
        "the losses of all samples are summed; divide by their number": losses @ counts,
        "the summed losses are divided by the number of batches": losses @ counts / len(counts),
        "the sum of the batches' means is divided by the number of samples": sums / counts.sum(),
        "this is the loss of the last batch of each epoch": losses[:, -1],
        "this is the loss of the first batch of each epoch": losses[:, 0],
        "the sum goes on from epoch to epoch; it begins anew at each": right.cumsum(),
        "these are means over all epochs so far; each epoch has its own": right.cumsum() / np.arange(1, epochs + 1),
    }
    ways = classifier_mistakes(layers, batches, step, epochs, scale)
    return known | {words: functools.partial(_of_epochs, found, counts, epochs) for words, found in ways.items()}


def _of_epochs(found, counts, epochs):
    losses = found()[1]
    return epoch_means(losses, counts) if len(losses) == epochs * len(counts) else np.zeros(0)


def only(known, layer, part):
    """Of ways to go wrong, the weight (0) or the bias (1) of a layer afterwards, as suspects."""
    return {words: functools.partial(lambda found: found()[0][layer][part], found) for words, found in known.items()}


# ---------------------------------------------------------------- measuring


def accuracy_mistakes(logits, wild, y, size):
    """In place of the accuracy; `wild` are the logits of training mode."""
    N, right = len(y), share(logits, y)
    hits = np.argmax(logits, axis=1) == y
    firsts = range(0, N, size)
    batches = [hits[first : first + size] for first in firsts]
    full = [batch.mean() for batch in batches if len(batch) == size]
    found = {
        "the model predicts in training mode: model.eval() is missing": share(wild, y),
        "this is a percentage; a share from 0 to 1 is asked for": 100 * right,
        "this is the number of right ones; their share is asked for": N * right,
        "this is the share of wrong ones": 1 - right,
        "the shares of the batches are averaged; a smaller batch then counts as much as a full one": (
            np.mean([batch.mean() for batch in batches])),
        "right ones are divided by the number of batches times the batch size; the last batch is smaller": (
            N * right / (len(batches) * size)),
        "right ones are divided by the number of batches": N * right / len(batches),
        "this is the share of the last batch": batches[-1].mean(),
        "this is the share of the first batch": batches[0].mean(),
        "the last, smaller batch is left out": np.mean(full) if full else np.nan,
        "predictions are compared with the sum of the labels: is it (predicted == labels).sum(), with the brackets there?": (
            np.sum([(np.argmax(logits[n : n + size], axis=1) == y[n : n + size].sum()).sum() for n in firsts]) / N),
        "these are the smallest logits; the largest one is the prediction": np.mean(np.argmin(logits, axis=1) == y),
    }  # fmt: skip
    if size == logits.shape[1] and N % size == 0:
        across = [np.argmax(logits[n : n + size], axis=0) == y[n : n + size] for n in firsts]
        words = "the largest logit is looked for along the batch (dim=0); it has to be among the classes of each row (dim=1)"
        found = {words: np.mean(across)} | found
    return {words: value for words, value in found.items() if not np.isclose(value, right)}


def compared_mistakes(layers, batches, epochs, name):
    """Ways to go wrong in a comparison: {words: function for (layers, losses of the batches)} of one of both trainings."""
    steps = {"sgd": sgd(0.1), "adam": adam(0.001)}
    other = {"sgd": "adam", "adam": "sgd"}[name]
    many = batches * epochs
    go = {
        f"this is what {other} gives: is it under the right name?": steps[other],
        "the learning rate is 0.01": sgd(0.01) if name == "sgd" else adam(0.01),
        "the learning rate is 0.1": adam(0.1), "the learning rate is 0.001": sgd(0.001),
        "the optimizer has momentum": momentum(0.1), "nothing moves": sgd(0.0),
        "the learning rate is 1": sgd(1.0),
    }  # fmt: skip
    found = {
        words: functools.cache(functools.partial(walk, layers, many, step, cross_entropy)) for words, step in go.items()
    }

    def goes_on():
        return walk(walk(layers, many, steps[other], cross_entropy)[0], many, steps[name], cross_entropy)

    words = f"the model is the one that {other} has trained already: each training needs a new one, make_model()"
    return {words: functools.cache(goes_on)} | found
