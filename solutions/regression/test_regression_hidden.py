"""Hidden suite of the regression in PyTorch. What is right says oracle.py, what known mistakes give says suspects.py.

The suite itself does without torch: arrays marked by the fixture `tensor` arrive as tensors, and tensors come back as
arrays. What only the sandbox can tell (is it a tensor, of which dtype?) guest.py looks at there. Every task is judged apart.
"""

from __future__ import annotations

import contextlib
import functools
import math

import numpy as np
import pytest

from grader.checks import as_numbers, describe, expect_close, expect_equal, learns
from grader.errors import CheckFailed
from grader.submission import as_tensor

from .drawing import chunks, line, plane, runs
from .oracle import GRADIENTS, descend, least_squares, losses_of, planar, standardized, to_chw
from .suspects import (
    AUTOGRAD,
    accumulation_mistakes,
    dataset_mistakes,
    epoch_mistakes,
    gradient_mistakes,
    image_mistakes,
    only,
    orders_kept,
    path_mistakes,
    standard_mistakes,
)

PATH = {"rtol": 1e-3, "atol": 1e-4}  # of hundreds of steps in float32


@pytest.fixture
def tensor(device):
    """Arrays as tensors where the test computes."""
    return functools.partial(as_tensor, device=device)


@pytest.fixture
def explained(contact):
    """`with explained():` around a training: the report's notes say what an exception of autograd means."""

    @contextlib.contextmanager
    def explain():
        try:
            yield
        except Exception as error:
            name, text = getattr(error, "type_name", type(error).__name__), str(error)
            for (kind, part), words in AUTOGRAD.items():
                if (kind, True) == (name, part in text):
                    contact.note(words)
            raise

    return explain


def several(answer, count, wanted):
    """The `count` values that came back."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def is_tensor(kind, name, dtype="float32"):
    """Raises CheckFailed unless the sandbox says that it is a tensor of this dtype which tracks no gradient."""
    if kind != f"{dtype} tensor":
        raise CheckFailed(f"{name} is a {kind}; a {dtype} tensor{' that tracks nothing' * ('requires' in kind)} is expected")


def is_float(kind, name):
    """Raises CheckFailed unless the sandbox says that it is a float, Python's or NumPy's."""
    if kind not in ("float", "float32", "float64"):
        advice = "; .item() makes one of a tensor that holds one number" if "tensor" in kind else ""
        raise CheckFailed(f"{name} is a {kind}; a Python float is expected{advice}")


def are_floats(kind, name):
    """Raises CheckFailed unless the sandbox says that it is a list of floats."""
    if kind not in ("list of float", "list of float32", "list of float64"):
        advice = "; loss.item() is a Python float, and lets go of all that led to the loss" if "tensor" in kind else ""
        raise CheckFailed(f"{name} is a {kind}; a list of Python floats is expected{advice}")


def no_float64(seen):
    """Raises CheckFailed where an operation gave float64."""
    if seen:
        raise CheckFailed(
            f"float32 came in, and {seen[0]!r} made float64 of it: Apple's MPS has no such numbers; stay with float32"
        )


def numbers(value, count, name):
    """One number for each of `count` epochs, of whatever kind."""
    found = as_numbers(value, name)
    if found.shape != (count,):
        entries = f"has {describe_length(found)}" if found.ndim else "is a single number"
        raise CheckFailed(f"{name} {entries}; {many(count, 'number')} expected, one for each epoch")
    return found


def describe_length(found):
    """ "9 entries", "the shape (9, 1)"."""
    return f"{len(found)} entries" if found.ndim == 1 else f"the shape {found.shape}"


def many(count, what):
    """ "1 step", "2 steps"."""
    return f"{count} {what}{'s' if count != 1 else ''}"


# ---------------------------------------------------------------- tensors


@pytest.mark.task("hwc_to_chw")
@pytest.mark.parametrize("shape", [(2, 5, 4, 3), (1, 3, 6, 1), (3, 4, 4, 4), (4, 1, 2, 3)])
def test_images(submission, tensor, rng, shape):
    images = pixels(rng, shape)
    expect_close(submission.hwc_to_chw(tensor(images)), to_chw(images), name="the result", suspects=image_mistakes(images))


def pixels(rng, shape):
    """Images with at least one 0 and one 255."""
    images = rng.integers(0, 256, shape).astype(np.uint8)
    images.reshape(-1)[:2] = 0, 255
    return images


@pytest.mark.task("hwc_to_chw")
def test_image_numbers(submission, tensor, guest, untouched, rng):
    images = pixels(rng, (2, 3, 4, 3))
    with untouched():
        result, kind, seen = guest.look(submission.hwc_to_chw, tensor(images))
    expect_close(result, to_chw(images), name="the result", suspects=image_mistakes(images))
    is_tensor(kind, "the result")
    no_float64(seen)


TABLES = {  # N, D, offset, scale
    "ordinary": (9, 4, 2.0, 3.0),
    "as-many-rows-as-columns": (6, 6, -1.0, 2.0),
    "one-column": (7, 1, 5.0, 0.5),
    "two-rows": (2, 3, 0.0, 1.0),
    "columns-of-many-sizes": (30, 4, 10.0, np.array([0.1, 1.0, 10.0, 100.0])),
}


@pytest.mark.task("standardize")
@pytest.mark.parametrize("case", TABLES)
def test_columns(submission, tensor, rng, case):
    N, D, offset, scale = TABLES[case]
    X = (scale * (rng.normal(size=(N, D)) + offset * rng.uniform(0.5, 1, D))).astype(np.float32)
    results = several(submission.standardize(tensor(X)), 3, "Z, mean, std")
    for part, name in enumerate(("Z", "mean", "std")):
        suspects = standard_mistakes(X, part)
        expect_close(results[part], standardized(X)[part], rtol=1e-3, atol=1e-4, name=name, suspects=suspects)


@pytest.mark.task("standardize")
@pytest.mark.parametrize("rows", [8, 1])
def test_constant_columns(submission, tensor, rng, rows):
    """One row makes every column constant."""
    X = rng.normal(size=(rows, 4)).astype(np.float32)
    X[:, 1], X[:, 3] = 0, 2
    Z, mean, std = several(submission.standardize(tensor(X)), 3, "Z, mean, std")
    right = standardized(X)
    where = "of constant columns" if rows > 1 else "of a single row"
    expect_close(std, right[2], atol=1e-6, name=f"std {where}", suspects=standard_mistakes(X, 2))
    expect_close(mean, right[1], name=f"mean {where}")
    nan = {"0 / 0 in the columns that are constant: Z has to be 0 there": np.where(right[2] > 0, right[0], np.nan)}
    expect_close(Z, right[0], atol=1e-6, name=f"Z {where}", suspects=nan | standard_mistakes(X, 0))


@pytest.mark.task("standardize")
def test_standardized_numbers(submission, tensor, guest, untouched, rng):
    X = (rng.normal(size=(5, 3)) + 2).astype(np.float32)
    with untouched():
        results, kinds, seen = guest.look(submission.standardize, tensor(X))
    for part, name in enumerate(("Z", "mean", "std")):
        value = several(results, 3, "Z, mean, std")[part]
        expect_close(value, standardized(X)[part], rtol=1e-3, atol=1e-4, name=name, suspects=standard_mistakes(X, part))
        is_tensor(kinds[part], name)
    no_float64(seen)


# ---------------------------------------------------------------- autograd


def unchanged(x, after, tracks, grad, had=None):
    """Raises CheckFailed where x is not what it was."""
    expect_close(after, x, rtol=0, atol=0, name="x after the call, which has to be as it was before")
    if had is None:
        if grad is not None:
            raise CheckFailed("a gradient is left on x (x.grad): work on a copy, x.detach(), that shares its numbers alone")
        if tracks:
            raise CheckFailed("x requires a gradient after the call, and did not before: work on x.detach()")
        return
    expect_close(
        grad, had, name="the gradient that x had before the call",
        suspects={"the gradient of f has been added to the one that x had": had + GRADIENTS["squares"](x)},
    )  # fmt: skip
    if not tracks:
        raise CheckFailed("x required a gradient before the call, as a parameter does, and does not after it")


def is_there(gradient):
    """Raises CheckFailed for None: what `grad` is as long as nothing has been differentiated."""
    if gradient is None:
        raise CheckFailed(
            "it gives None, as `grad` is until `backward()` is called, with its brackets, or is `return` missing?"
        )


GRADED = [("squares", (4,)), ("waves", (2, 3)), ("chain", (3, 2, 2)), ("first", (5,)), ("squares", ()), ("rounded", (6,))]


@pytest.mark.task("gradient_of")
@pytest.mark.parametrize(("name", "shape"), GRADED)
def test_gradient(submission, tensor, guest, rng, name, shape):
    x = np.asarray(rng.uniform(0.2, 1, shape), np.float32)
    gradient, kind, after, tracks, grad = guest.differentiated(submission.gradient_of, name, tensor(x))
    is_there(gradient)
    expect_close(gradient, GRADIENTS[name](x), name="the gradient", suspects=gradient_mistakes(name, x))
    is_tensor(kind, "the gradient")
    unchanged(x, after, tracks, grad)


@pytest.mark.task("gradient_of")
def test_gradient_at_a_parameter(submission, tensor, guest, rng):
    """x is a parameter in the middle of a training: the gradient that it has is nobody's business here."""
    x, had = (rng.normal(size=4).astype(np.float32) for _ in range(2))
    gradient, _, after, tracks, grad = guest.differentiated(submission.gradient_of, "squares", tensor(x), had=tensor(had))
    right = GRADIENTS["squares"](x)
    old = {"the gradient that x had before is added to that of f": right + had}
    expect_close(gradient, right, name="the gradient at a parameter", suspects=old | gradient_mistakes("squares", x))
    unchanged(x, after, tracks, grad, had)


@pytest.mark.task("accumulated_gradients")
@pytest.mark.parametrize(("name", "shape", "n"), [("squares", (4,), 3), ("waves", (2, 3), 5), ("chain", (3,), 1)])
def test_accumulated(submission, tensor, guest, rng, name, shape, n):
    """The k-th call of f gives k * k times as much, as another batch would."""
    x = rng.uniform(0.2, 1, shape).astype(np.float32)
    result, calls = guest.changing(submission.accumulated_gradients, name, tensor(x), n)
    is_there(result)
    right = sum(k * k for k in range(1, n + 1)) * GRADIENTS[name](x)
    suspects = accumulation_mistakes(name, x, n) if n > 1 else {}
    expect_close(result, right, name=f"the sum of {n} gradients of an f that changes", suspects=suspects)
    expect_equal(calls, n, name="the number of calls of f")


@pytest.mark.task("accumulated_gradients")
def test_accumulated_leaves_x_alone(submission, tensor, guest, rng):
    x = rng.uniform(0.2, 1, 3).astype(np.float32)
    result, kind, after, tracks, grad = guest.differentiated(submission.accumulated_gradients, "waves", tensor(x), 2)
    expect_close(result, 2 * GRADIENTS["waves"](x), name="the sum of 2 gradients")
    is_tensor(kind, "the sum")
    unchanged(x, after, tracks, grad)


@pytest.mark.task("accumulated_gradients")
def test_accumulated_at_a_parameter(submission, tensor, guest, rng):
    x, had = (rng.normal(size=4).astype(np.float32) for _ in range(2))
    found = guest.differentiated(submission.accumulated_gradients, "squares", tensor(x), 2, had=tensor(had))
    right = 2 * GRADIENTS["squares"](x)
    expect_close(
        found[0], right, name="the sum at a parameter",
        suspects={"the gradient that x had before is added to those of f": right + had},
    )  # fmt: skip
    unchanged(x, *found[2:], had)


# ---------------------------------------------------------------- a line


LINES = {"one-step": (8, 0.03, 1), "two-steps": (11, 0.02, 2), "many-steps": (40, 0.01, 30), "one-row": (1, 0.01, 6)}


@pytest.mark.task("fit_line")
@pytest.mark.parametrize("case", LINES)
def test_steps_of_a_line(submission, tensor, explained, rng, case):
    N, rate, epochs = LINES[case]
    x, y = line(rng, N)
    with explained():
        found = submission.fit_line(tensor(x), tensor(y), rate, epochs)
    w, b, losses = several(found, 3, "w, b, losses")
    follows_the_path(x[:, None], y, rate, epochs, w=w, b=b, losses=losses)


def follows_the_path(X, y, rate, epochs, *, w=None, W=None, b=None, losses=None):
    """Compares what is given with gradient descent from zeros, all rows in each step."""
    batches = [np.arange(len(X))] * epochs
    right, mistakes = descend(X, y, rate, batches), path_mistakes(X, y, rate, batches)

    def compare(value, part, name, pick=lambda found: found):
        expect_close(value, pick(right[part]), **PATH, name=name, suspects=only(mistakes, part, pick))

    if losses is not None:
        compare(numbers(losses, epochs, "losses"), 2, "losses")
    if w is not None:
        compare(w, 0, f"w after {many(epochs, 'epoch')}", lambda found: found[0])
    if W is not None:
        compare(W, 0, f"W after {many(epochs, 'epoch')}")
    if b is not None:
        compare(b, 1, f"b after {many(epochs, 'epoch')}")


@pytest.mark.task("fit_line", weight=2)
def test_three_learning_rates(submission, tensor, rng):
    """0.8 diverges, 0.0001 is too slow, 0.01 reaches the best line and the noise that no line removes."""
    x, y = line(rng, 60)
    W, b, floor = least_squares(x[:, None], y)
    ends = {}
    for rate in (0.8, 0.0001, 0.01):
        found = several(submission.fit_line(tensor(x), tensor(y), rate, 1000), 3, "w, b, losses")
        ends[rate] = found[0], found[1], numbers(found[2], 1000, "losses")
    if np.isfinite(ends[0.8][2][-1]) and ends[0.8][2][-1] <= ends[0.8][2][0]:
        raise CheckFailed("with a learning rate of 0.8 the loss does not grow; gradient descent as the handout has it does")
    if not ends[0.0001][2][-1] >= 2 * floor:
        raise CheckFailed("with a learning rate of 0.0001 the best line is reached in 1,000 epochs: the steps are too large")
    expect_close(ends[0.01][0], W[0], **PATH, name="w after 1,000 epochs")
    expect_close(ends[0.01][1], b, **PATH, name="b after 1,000 epochs")
    expect_close(ends[0.01][2][-1], floor, rtol=1e-3, name="the last of 1,000 losses")


@pytest.mark.task("fit_line", weight=2)
def test_numbers_of_a_line(submission, tensor, guest, untouched, rng):
    """Python floats, no float64 tensor on the way, x and y as they were; nothing at all happens in 0 epochs."""
    x, y = line(rng, 7)
    with untouched():
        found, kinds, seen = guest.look(submission.fit_line, tensor(x), tensor(y), 0.02, 3)
    w, b, losses = several(found, 3, "w, b, losses")
    follows_the_path(x[:, None], y, 0.02, 3, w=w, b=b, losses=losses)
    is_float(kinds[0], "w")
    is_float(kinds[1], "b")
    are_floats(kinds[2], "losses")
    no_float64(seen)
    w, b, losses = several(submission.fit_line(tensor(x), tensor(y), 0.1, 0), 3, "w, b, losses")
    for value, name in ((w, "w"), (b, "b")):
        expect_close(value, 0, name=f"{name} after 0 epochs", suspects={"W and b begin at 1; they begin at 0": 1})
    numbers(losses, 0, "losses")


@pytest.mark.task("classify_run")
@pytest.mark.parametrize("part", range(3))
def test_verdicts(submission, rng, part):
    """Every part has runs of each kind."""
    for losses, verdict, why in runs(rng)[part::3]:
        found = submission.classify_run([float(loss) for loss in losses])
        if not isinstance(found, str) or found != verdict:
            raise CheckFailed(f"{describe(found)} where {verdict!r} is expected: {why}")


# ---------------------------------------------------------------- a plane


PLANES = {  # N, D, learning rate, epochs
    "one-step": (6, 3, 0.05, 1),
    "three-features": (20, 3, 0.03, 12),
    "one-feature": (9, 1, 0.02, 7),
    "more-features-than-rows": (3, 5, 0.01, 9),
}


@pytest.mark.task("fit_plane")
@pytest.mark.parametrize("case", PLANES)
def test_steps_of_a_plane(submission, tensor, explained, rng, case):
    N, D, rate, epochs = PLANES[case]
    X, y = plane(rng, N, D)
    with explained():
        found = submission.fit_plane(tensor(X), tensor(y), learning_rate=rate, epochs=epochs)
    W, b = several(found, 2, "W, b")
    follows_the_path(X, y, rate, epochs, W=W, b=b)


@pytest.mark.task("fit_plane")
def test_the_best_plane_by_default(submission, tensor, rng):
    X, y = plane(rng, 100, 3)
    W, b = several(submission.fit_plane(tensor(X), tensor(y)), 2, "W, b")
    best = least_squares(X, y)
    mistakes = path_mistakes(X, y, 0.01, [np.arange(100)] * 1000)
    expect_close(W, best[0], **PATH, name="W", suspects=only(mistakes, 0))
    expect_close(b, best[1], **PATH, name="b")


@pytest.mark.task("fit_plane")
def test_numbers_of_a_plane(submission, tensor, guest, untouched, rng):
    X, y = plane(rng, 8, 2)
    with untouched():
        found, kinds, seen = guest.look(submission.fit_plane, tensor(X), tensor(y), 0.02, 3)
    W, b = several(found, 2, "W, b")
    follows_the_path(X, y, 0.02, 3, W=W, b=b)
    is_tensor(kinds[0], "W")
    is_float(kinds[1], "b")
    no_float64(seen)


# ---------------------------------------------------------------- a module


@pytest.fixture
def trained(submission, guest, tensor, explained):
    """`trained(X, y, seed, ...)`: weight (D,) and bias of the module that comes back; what it gives for X must be what they
    say.
    """

    def run(X, y, seed, *more, **named):
        with explained():
            found = guest.module_of(submission.fit_linear_module, tensor(X), tensor(y), seed, *more, **named)
        kind, weight, bias, predicted = found
        if kind != "Linear":
            raise CheckFailed(f"it returned a {kind}; an nn.Linear, of float32, is expected")
        if bias is None:
            raise CheckFailed("the layer has no bias; the plane has a b")
        for value, name, shape in ((weight, "weight", (1, X.shape[1])), (bias, "bias", (1,))):
            if as_numbers(value, f"its {name}").shape != shape:
                raise CheckFailed(
                    f"the {name} of the layer has the shape {np.shape(value)}; {shape} is expected: D features to 1"
                )
        expect_close(predicted, planar(X, weight[0], bias[0])[:, None], **PATH, name="what the layer gives for X")
        return weight[0], bias[0]

    return run


MODULES = {"one-step": (7, 3, 0.05, 1), "ten-steps": (15, 4, 0.03, 10), "one-feature": (6, 1, 0.02, 5)}


@pytest.mark.task("fit_linear_module")
@pytest.mark.parametrize("case", MODULES)
def test_steps_of_a_module(trained, rng, case):
    """The start follows from torch's seed alone: it is what 0 epochs give, also with other rows."""
    N, D, rate, epochs = MODULES[case]
    (X, y), others, seed = plane(rng, N, D), plane(rng, N, D), int(rng.integers(2**31))
    start = trained(*others, seed, epochs=0)
    fresh = trained(X, y, seed, rate, 0)
    expect_close(fresh[0], start[0], name="the weight after 0 epochs, whatever the rows are")
    W, b = trained(X, y, seed, learning_rate=rate, epochs=epochs)
    batches = [np.arange(N)] * epochs
    right, mistakes = descend(X, y, rate, batches, start), path_mistakes(X, y, rate, batches, start)
    for part, name, value in ((0, "the weight", W), (1, "the bias", b)):
        words = f"{name} after {many(epochs, 'step')} from its start"
        expect_close(value, right[part], **PATH, name=words, suspects=only(mistakes, part))


@pytest.mark.task("fit_linear_module")
def test_the_best_module_by_default(trained, untouched, rng):
    X, y = plane(rng, 100, 3)
    with untouched():
        W, b = trained(X, y, 3)
    best = least_squares(X, y)
    mistakes = path_mistakes(X, y, 0.01, [np.arange(100)] * 1000)
    expect_close(W, best[0], **PATH, name="the weight", suspects=only(mistakes, 0))
    expect_close(b, best[1], **PATH, name="the bias")


# ---------------------------------------------------------------- data and batches


def drawn(rng, shape, dtype):
    """Rows and targets of a dtype; whole numbers up to 50."""
    return rng.uniform(1, 50, shape).astype(dtype), rng.uniform(1, 50, shape[0]).astype(dtype)


@pytest.mark.task("array_dataset")
@pytest.mark.parametrize(
    ("shape", "dtype"), [((7, 3), "float64"), ((4, 1), "float32"), ((9, 5), "int64"), ((3, 3), "uint8")]
)
def test_pairs(submission, guest, rng, shape, dtype):
    X, y = drawn(rng, shape, dtype)
    made = submission.ArrayDataset(X, y)
    for index in (0, int(rng.integers(1, shape[0] - 1)), shape[0] - 1):
        is_dataset, length, pair, _ = guest.pair_at(made, index)
        if not is_dataset:
            raise CheckFailed("ArrayDataset is no Dataset: write `class ArrayDataset(Dataset)`")
        expect_equal(length, shape[0], name="the length", suspects={"this is the number of features": shape[1]})
        row, target = several(pair, 2, "a row and its target")
        expect_close(row, X[index], precision="float32", name=f"row {index}", suspects=dataset_mistakes(X, y, index))
        expect_close(
            target, y[index], precision="float32", name=f"target {index}",
            suspects={"this is the target as an array of one number; its shape has to be ()": y[index : index + 1],
                      "this is the target before": y[index - 1], "all targets come back; one is asked for": y},
        )  # fmt: skip


@pytest.mark.task("array_dataset", weight=2)
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_numbers_of_pairs(submission, guest, untouched, rng, dtype):
    X, y = drawn(rng, (5, 2), dtype)
    with untouched():
        made = submission.ArrayDataset(X, y)
        _, _, pair, kinds = guest.pair_at(made, 3)
    row, target = several(pair, 2, "a row and its target")
    expect_close(row, X[3], precision="float32", name="row 3", suspects=dataset_mistakes(X, y, 3))
    expect_close(target, y[3], precision="float32", name="target 3")
    is_tensor(kinds[0], "the row")
    is_tensor(kinds[1], "the target")


@pytest.mark.task("array_dataset")
def test_a_loader_makes_batches_of_them(submission, guest, rng):
    X, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    made = guest.batches(submission.ArrayDataset(X, y), 3)
    for rows, found in zip(chunks(7, 3), several(made, 3, "batches of a DataLoader, of 3, 3 and 1 rows"), strict=True):
        expect_close(several(found, 2, "rows and targets")[0], X[rows], precision="float32", name="the rows of a batch")
        expect_close(found[1], y[rows], precision="float32", name="the targets of a batch")


BATCHES = {  # N, D, batch size, learning rate, epochs
    "smaller-last-batch": (10, 3, 4, 0.03, 3),
    "one-row-left": (9, 2, 4, 0.02, 2),
    "whole-batches": (8, 1, 4, 0.02, 2),
    "one-row-each": (5, 2, 1, 0.01, 2),
    "one-batch": (6, 2, 20, 0.05, 3),
    "one-row": (1, 2, 3, 0.05, 2),
}


@pytest.fixture
def fitted(submission, guest, tensor, explained):
    """`fitted(X, y, ...)`: W, b and the losses of each epoch."""

    def run(X, y, *more, **named):
        dataset = guest.dataset(tensor(X), tensor(y))
        with explained():
            found = submission.fit_minibatches(dataset, *more, **named)
        return several(found, 3, "W, b, epoch_losses")

    return run


@pytest.mark.task("fit_minibatches")
@pytest.mark.parametrize("case", BATCHES)
def test_steps_in_order(fitted, rng, case):
    N, D, size, rate, epochs = BATCHES[case]
    X, y = plane(rng, N, D)
    W, b, losses = fitted(X, y, size, rate, epochs, shuffle=False)
    order = chunks(N, size)
    right, mistakes = descend(X, y, rate, order * epochs), path_mistakes(X, y, rate, order * epochs)
    if len(order[-1]) < size and len(order) > 1:
        mistakes["the last, smaller batch is left out"] = lambda: descend(X, y, rate, order[:-1] * epochs)
    for part, name, value in ((0, "W", W), (1, "b", b)):
        words = f"{name} after {epochs} epochs in order"
        expect_close(value, right[part], **PATH, name=words, suspects=only(mistakes, part))
    told, counts = numbers(losses, epochs, "epoch_losses"), [len(rows) for rows in order]
    wanted = right[2].reshape(epochs, len(order)) @ counts / N
    expect_close(told, wanted, **PATH, name="epoch_losses", suspects=epoch_mistakes(X, y, rate, size, epochs))


@pytest.mark.task("fit_minibatches", weight=2)
def test_numbers_of_batches(submission, tensor, guest, rng):
    X, y = plane(rng, 6, 2)
    dataset = guest.dataset(tensor(X), tensor(y))
    found, kinds, seen = guest.look(submission.fit_minibatches, dataset, 4, 0.02, 2, False)
    W, b, losses = several(found, 3, "W, b, epoch_losses")
    right = descend(X, y, 0.02, chunks(6, 4) * 2)
    expect_close(W, right[0], **PATH, name="W after 2 epochs in order")
    expect_close(b, right[1], **PATH, name="b after 2 epochs in order")
    numbers(losses, 2, "epoch_losses")
    is_tensor(kinds[0], "W")
    is_float(kinds[1], "b")
    are_floats(kinds[2], "epoch_losses")
    no_float64(seen)


@pytest.mark.task("fit_minibatches")
def test_every_row_once(fitted, rng):
    """Without steps the loss of each epoch is that of all rows, in whichever order."""
    X, y = plane(rng, 11, 2)
    told = numbers(fitted(X, y, 4, 0.0, 3)[2], 3, "epoch_losses")
    whole = losses_of(X, y, np.zeros(2), 0.0).mean()
    words = "epoch_losses without steps (learning_rate=0), shuffled: every row once"
    expect_close(told, np.full(3, whole), **PATH, name=words)


@pytest.mark.task("fit_minibatches", weight=2)
def test_shuffled(fitted, rng):
    """With steps the order of the rows shows: 8 epochs of 4 rows in one order have a chance of 1 in 24 ** 7 to be drawn."""
    X, y = plane(rng, 4, 1)
    told = numbers(fitted(X, y, 1, 0.1, 8)[2], 8, "epoch_losses")
    for order, losses in orders_kept(X, y, 0.1, 8):
        if np.allclose(told, losses, **PATH):
            if order == (0, 1, 2, 3):
                raise CheckFailed("the rows are taken in their order although shuffle is True, its default")
            raise CheckFailed("the rows are shuffled once; each epoch has a random order of its own")


@pytest.mark.task("fit_minibatches", weight=2)
def test_learns_from_sorted_rows(fitted, seed, thresholds):
    """All defaults, on rows sorted by their targets: how far from the best plane it ends."""

    def distance(seed):
        X, y = plane(np.random.default_rng(seed), 120, 3, noise=1.0)
        rows = np.argsort(y)
        X, y = X[rows], y[rows]
        found = fitted(X, y)
        W, b = as_numbers(found[0], "W"), as_numbers(found[1], "b")
        if (W.shape, b.shape) != ((3,), ()):
            raise CheckFailed(f"W and b have the shapes {W.shape} and {b.shape}; (3,) and a single number are expected")
        best = least_squares(X, y)
        return np.sqrt(np.mean((planar(X, W, b) - planar(X, best[0], best[1])) ** 2))

    learns(
        distance, seed=seed, name="the distance from the best plane (root mean square over the rows)",
        at_most=thresholds["minibatches"],
        looks_like={"steps that are not taken, or not on every batch": (0.5, math.inf)},
    )  # fmt: skip


# ---------------------------------------------------------------- devices


def picks(guest, submission, here, wanted, *preferred, as_object=False):
    """Raises CheckFailed unless that device is picked on a machine that is pretended to have those `here`."""
    is_device, name = guest.device_of(submission.pick_device, here, *preferred, as_object=as_object)
    there = f"on a machine with {' and '.join(('a CPU', *here))}"
    asked = f", where {preferred[0]!r} is preferred," if any(preferred) else ""
    if name not in (wanted, f"{wanted}:0"):
        raise CheckFailed(f"{there}{asked} it picks {name!r:.60}; {wanted!r} is expected")
    if not is_device:
        raise CheckFailed(f"{there}{asked} it returns the text {name!r:.60}; a torch.device is expected")


@pytest.mark.task("pick_device", weight=3)
def test_the_best_device(submission, guest):
    for here, wanted in (((), "cpu"), (("cuda",), "cuda"), (("mps",), "mps"), (("cuda", "mps"), "cuda")):
        picks(guest, submission, here, wanted)
        picks(guest, submission, here, wanted, None)


@pytest.mark.task("pick_device")
def test_the_preferred_device(submission, guest):
    for here, name in ((("cuda",), "cpu"), (("cuda", "mps"), "mps"), ((), "cuda"), (("cuda",), "cuda:1"), ((), "cpu")):
        for as_object in (False, True):
            picks(guest, submission, here, name, name, as_object=as_object)
