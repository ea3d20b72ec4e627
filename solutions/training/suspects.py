"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import functools

import numpy as np

from .oracle import RATES, averages, confusion, cross_entropy, plateau, train

__all__ = [
    "evaluation_mistakes",
    "history_mistakes",
    "matrix_mistakes",
    "mean_mistakes",
    "metric_mistakes",
    "rate_mistakes",
    "statistics_mistakes",
    "stop_mistakes",
    "sweep_mistakes",
    "weights_mistakes",
]

IN_TRAINING = "the model is in training mode: model.eval() comes before the evaluation"
BATCH_MEANS = "the means of the batches are averaged; a smaller last batch then counts as much as a full one"
OF_SUM = "the predictions are compared with the sum of the labels (`predicted == labels.sum()`): misplaced brackets"
CROSSED = "predictions (B, 1) and labels (B,) are broadcast to (B, B): every prediction is compared with every label"
NOTHING_MOVES = (
    "nothing is learned, the weights stay as they were: is it `loss.backward()`, with its brackets, is zero_grad before "
    "backward and not after it, is there a step?"
)
TOO_MANY = "one epoch too many: it stops after patience + 1 epochs without a lower validation loss"
TOO_FEW = "one epoch too few: it stops after patience - 1 epochs without a lower validation loss"
ZEROED_ONCE = "the gradients are set to zero once in each epoch; every step needs its own (zero_grad in the inner loop)"
NOT_ZEROED = "the gradients are not set to zero: each step takes the sum of all so far (optimizer.zero_grad())"


def mean_mistakes(means, counts, size, dataset):
    """In place of the mean over samples of the batches' `means` (..., K) of `counts` (K,) samples."""
    n = counts.sum()
    return {
        BATCH_MEANS: means.mean(axis=-1),
        "the means of the batches are summed": means.sum(axis=-1),
        "this is the sum over the samples; divide by their number": means @ counts,
        "the sum over the samples is divided by the number of batches": means @ counts / len(counts),
        "the means of the batches are summed and divided by the number of samples": means.sum(axis=-1) / n,
        "this is that of the last batch": means[..., -1],
        "each batch counts with batch_size; the last one is smaller": means.sum(axis=-1) * size / n,
        "the samples are not counted: with drop_last the loader gives fewer than len(loader.dataset)": means
        @ counts
        / dataset,
    }


def evaluation_mistakes(logits, y, batches, size, factor):
    """({words: loss}, {words: accuracy}) in place of those of `logits` (N, C), which are `factor` times that in training."""
    parts = [(logits[part], y[part]) for part in batches]
    counts = np.array([len(part) for part in batches])
    shares = np.array([(z.argmax(axis=1) == labels).mean() for z, labels in parts])
    n, hits = counts.sum(), shares * counts
    guesses = [(z.argmax(axis=1), labels) for z, labels in parts]
    losses = {IN_TRAINING: sum(cross_entropy(factor * z, labels).sum() for z, labels in parts) / n}
    losses |= mean_mistakes(np.array([cross_entropy(z, labels).mean() for z, labels in parts]), counts, size, len(y))
    accuracies = {
        OF_SUM: sum((guess == labels.sum()).sum() for guess, labels in guesses) / n,
        CROSSED: sum((guess[:, None] == labels).sum() for guess, labels in guesses) / n,
        "this is the number of right predictions; divide by the number of samples": hits.sum(),
        "this is in percent; a share from 0 to 1 is asked for": 100 * hits.sum() / n,
        "this is the share of the wrong ones": 1 - hits.sum() / n,
    } | mean_mistakes(shares, counts, size, len(y))
    return losses, accuracies


def history_mistakes(start, rows, val, rate, epochs, sizes, length):
    """{name of a list of the history: {words: list}} in place of the right lists. `sizes`: batch_size of both loaders;
    `length`: of the data set behind the training loader.
    """
    run = train(start, rows, val, rate, epochs)
    right = averages(run)
    ways = {
        NOTHING_MOVES: {"gradients": "none"},
        NOT_ZEROED: {"gradients": "summed"},
        ZEROED_ONCE: {"gradients": "epoch"},
        "the model is in evaluation mode while it is trained: model.train() belongs at the start of every epoch": {
            "factors": (1.0, 1.0)
        },
        "the model is in training mode in the validation: model.eval() is missing": {"factors": (2.0, 2.0)},
        "from the second epoch on the model is trained in evaluation mode: model.train() at the start of every epoch": {},
    }
    found = {name: {} for name in right}
    for words, way in ways.items():
        for name, suspect in found.items():
            suspect[words] = functools.partial(_list_of, name, start, rows, val, rate, epochs, tuple(way.items()))
    shares = run.hits / run.counts, run.val_hits / run.val_counts
    for name, means, counts, size, dataset in (
        ("train_loss", run.before, run.counts, sizes[0], length),
        ("val_loss", run.val, run.val_counts, sizes[1], len(val[1])),
        ("train_accuracy", shares[0], run.counts, sizes[0], length),
        ("val_accuracy", shares[1], run.val_counts, sizes[1], len(val[1])),
    ):
        found[name] |= mean_mistakes(means, counts, size, dataset)
    found["train_loss"]["each loss is taken after the step of its batch; it belongs before it"] = (
        run.after @ run.counts / sum(run.counts)
    )
    found["train_loss"]["this is the validation loss"] = right["val_loss"]
    found["train_accuracy"] |= {OF_SUM: run.of_sum.sum(axis=1) / sum(run.counts)}
    found["train_accuracy"] |= {CROSSED: run.crossed.sum(axis=1) / sum(run.counts)}
    found["val_loss"]["this is the training loss"] = right["train_loss"]
    on_training = averages(train(start, rows, rows, rate, epochs))
    found["val_loss"]["this is the loss of the training data after the epoch, not that of val_loader"] = on_training[
        "val_loss"
    ]
    found["val_loss"]["the validation comes before the steps of its epoch; it belongs after them"] = np.array(
        [run.first, *right["val_loss"][:-1]]
    )
    found["val_accuracy"]["this is the training accuracy"] = right["train_accuracy"]
    return found


def _list_of(name, start, rows, val, rate, epochs, way):
    """The list of that name in a training that goes wrong in this way; or else right in its first epoch only."""
    with np.errstate(all="ignore"):
        if way:
            return averages(train(start, rows, val, rate, epochs, **dict(way)))[name]
        first = train(start, rows, val, rate, 1)
        if epochs == 1:
            return averages(first)[name] + np.nan
        rest = train((first.W[-1], first.b[-1]), rows, val, rate, epochs - 1, factors=(1.0, 1.0))
        return np.concatenate([averages(first)[name], averages(rest)[name]])


def stop_mistakes(losses, patience):
    """({words: number of epochs}, {words: best epoch}) in place of those after these validation losses."""
    falls = [loss <= min(losses[:k], default=np.inf) for k, loss in enumerate(losses)]
    strict = [loss < min(losses[:k], default=np.inf) for k, loss in enumerate(losses)]
    against_last = [k == 0 or loss < losses[k - 1] for k, loss in enumerate(losses)]

    def ends(better, most, in_a_row=True):
        waited = 0
        for epoch, is_better in enumerate(better):
            waited = 0 if is_better and in_a_row else waited + (not is_better)
            if most is not None and waited >= most:
                return epoch + 1
        return len(losses)

    epochs = {
        TOO_MANY: patience and ends(strict, patience + 1),
        TOO_FEW: patience and ends(strict, patience - 1),
        "a loss that equals the lowest counts as lower; it has to be strictly below": ends(falls, patience),
        "the epochs without a lower loss are counted altogether; they have to come in a row": ends(strict, patience, False),
        "each loss is compared with that of the epoch before; it has to be below the lowest": ends(against_last, patience),
        "it does not stop early (or goes by the training loss, which falls all the time)": len(losses),
        "it stops at the first epoch without a lower validation loss": ends(strict, 1),
    }
    count = ends(strict, patience)
    seen = losses[:count]
    best = int(np.argmin(seen))
    bests = {
        "this is counted from 1; epochs are counted from 0": best + 1,
        "this is the last epoch that was trained (or the one with the lowest training loss)": count - 1,
        "this is the last of the epochs with the lowest validation loss; the first one is asked for": max(
            k for k, loss in enumerate(seen) if loss == min(seen)
        ),
        "this is how many epochs were trained": count,
        "this is the epoch with the highest validation loss": int(np.argmax(seen)),
    }
    return {words: value for words, value in epochs.items() if value != count}, bests


def weights_mistakes(rate, steps, count, best):
    """In place of the weight after the best of `count` epochs, in each of which it fell by rate * steps."""
    each, taken = rate * steps, (best + 1) * steps
    return {
        "these are the weights of the last epoch: those of the best were not put back, or were kept by reference "
        "(state_dict() holds the model's own tensors; copy.deepcopy keeps theirs)": -count * each,
        "these are the weights from before the best epoch": -best * each if best else np.nan,
        "these are the weights of the epoch after the best": -(best + 2) * each,
        NOTHING_MOVES: 0.0,
        NOT_ZEROED: -rate * taken * (taken + 1) / 2,
        ZEROED_ONCE: -rate * taken * (steps + 1) / 2,
    }


def rate_mistakes(name, rate, epochs, steps, losses=None):
    """({words: learning rates of the epochs}) in place of the right ones. `losses`: of validation, for ReduceLROnPlateau."""
    constant = {"the learning rate never changes: is there a scheduler.step() in each epoch?": np.full(epochs, rate)}
    if losses is not None:
        right = plateau(rate, losses)
        late = plateau(rate, losses[1:])
        return {
            "it never changes: ReduceLROnPlateau needs the validation loss (here the training loss always falls)": np.full(
                epochs, rate
            ),
            "each is that of the next epoch: note it before the scheduler's step": np.append(right[1:], late[-1]),
        }
    of = RATES[name]
    return constant | {
        "the scheduler is stepped after every batch; once in each epoch is asked for": np.array(
            [of(rate, k * steps) for k in range(epochs)]
        ),
        "the scheduler is stepped before the steps of the first epoch (or the rate is noted after it): each is that of the "
        "next epoch": np.array([of(rate, k + 1) for k in range(epochs)]),
        "the scheduler is stepped twice in each epoch": np.array([of(rate, 2 * k) for k in range(epochs)]),
        "the scheduler is stepped after every second epoch": np.array([of(rate, k // 2) for k in range(epochs)]),
    }


def sweep_mistakes(init, final, count):
    """In place of the learning rates of `count` batches."""
    right = np.geomspace(init, final, count)
    return {
        "they grow by the same amount from batch to batch (linear), not by the same factor": np.linspace(init, final, count),
        "final_lr would be reached one batch later: divide by the number of batches - 1": init
        * (final / init) ** (np.arange(count) / count),
        "the first is one growth too large: it has to be init_lr": init
        * (final / init) ** (np.arange(1, count + 1) / count),
        "they fall from final_lr to init_lr": right[::-1],
        "each is the power of ten; the learning rates themselves are asked for": np.log10(right),
    }


def statistics_mistakes(X, batches):
    """({words: mean}, {words: std}) in place of those of the channels of images (N, C, H, W)."""
    X = X.astype(np.float64)
    N, C, H, W = X.shape
    axes = (0, 2, 3)
    mean, std = X.mean(axis=axes), X.std(axis=axes)
    parts = [X[part] for part in batches]
    means = {
        BATCH_MEANS: np.mean([part.mean(axis=axes) for part in parts], axis=0),
        "this is the mean of all numbers together; each channel has its own": np.full(C, X.mean()),
        "this is that of the last batch": parts[-1].mean(axis=axes),
        "this is that of the first batch": parts[0].mean(axis=axes),
        "the sum is divided by the number of images; divide by that of pixels": mean * H * W,
        "this is the sum over all pixels; divide by their number": mean * N * H * W,
    }
    stds = {
        "the standard deviations of the batches are averaged; what differs from batch to batch is missing": np.mean(
            [part.std(axis=axes) for part in parts], axis=0
        ),
        "the standard deviations of the images are averaged; what differs from image to image is missing": X.std(
            axis=(2, 3)
        ).mean(axis=0),
        "the sample deviations of the images (N - 1) are averaged": X.std(axis=(2, 3), ddof=1).mean(axis=0),
        "the variances of the batches are averaged": np.sqrt(np.mean([part.var(axis=axes) for part in parts], axis=0)),
        "this is the variance; the standard deviation is its root": std**2,
        "the deviation is divided by the number of pixels - 1 (torch's default)": X.std(axis=axes, ddof=1),
        "this is the root of the mean square: the mean is not subtracted": np.sqrt((X**2).mean(axis=axes)),
        "this is the deviation of all numbers together; each channel has its own": np.full(C, X.std()),
        "this is that of the last batch": parts[-1].std(axis=axes),
    }
    return means, stds


def matrix_mistakes(labels, predictions, C):
    """In place of the confusion matrix."""
    right = confusion(labels, predictions, C)
    there = np.maximum(right.sum(axis=1, keepdims=True), 1)
    return {
        "rows and columns are exchanged: rows are the labels, columns the predictions": right.T,
        "each row is divided by its sum; counts are asked for": right / there,
        "it is divided by the number of samples; counts are asked for": right / right.sum(),
        "only the right predictions are counted": np.diag(np.diag(right)),
        "no pair is counted twice: matrix[labels, predictions] += 1 adds 1 to each place once": np.minimum(right, 1),
    }


def metric_mistakes(labels, predictions, C, average, part):
    """In place of precision (0), recall (1) or F1 (2)."""
    matrix, N = confusion(labels, predictions, C), len(labels)
    hits, found, there = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    with np.errstate(all="ignore"):
        raw = hits / found, hits / there
        raw = (*raw, 2 * raw[0] * raw[1] / (raw[0] + raw[1]))
    safe = [np.where(np.isfinite(values), values, 0) for values in raw]
    weights = {"macro": np.full(C, 1 / C), "weighted": there / there.sum()}
    other = "weighted" if average == "macro" else "macro"
    known = {
        f"this is the {other} average; {average!r} is asked for": weights[other] @ safe[part],
        "this is the share of right predictions (micro average), not the mean of the classes": hits.sum() / matrix.sum(),
        "classes without samples or predictions are left out; what is divided by 0 counts as 0": np.nanmean(raw[part]),
        "precision and recall are exchanged": weights[average] @ safe[(1, 0, 2)[part]],
        "the weights are the numbers of predictions; those of samples are asked for": found @ safe[part] / found.sum(),
        "precision and recall are exchanged, and the weights: rows of the matrix are the labels": found
        @ safe[(1, 0, 2)[part]]
        / N,
    }
    if part == 2:
        P, R = (weights[average] @ safe[k] for k in (0, 1))
        known["this is the F1 of the averaged precision and recall; the mean of the classes' F1 is asked for"] = (
            2 * P * R / (P + R)
        )
    return known
