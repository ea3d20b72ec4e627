"""Public checks of the regression: worked examples. The hidden suite asks the same of other numbers and shapes."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import describe, expect_close, expect_equal
from grader.errors import CheckFailed
from grader.submission import as_tensor

# One image of 2 x 3 pixels with 2 channels: the first counts up, the second is 255 or 0.
IMAGE = np.array([[[[0, 255], [51, 0], [102, 0]], [[153, 0], [204, 0], [255, 255]]]], np.uint8)
CHANNELS = np.array([[[[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]], [[1, 0, 0], [0, 0, 1]]]])

# Columns with the means 2 and 5 and the standard deviations 1 and 0.
TABLE = np.array([[1, 5], [3, 5], [1, 5], [3, 5]], np.float32)

# y = x + 1, but for the last row, at x = -1, 0, 1.
X, Y = np.array([-1, 0, 1], np.float32), np.array([0, 1, 5], np.float32)
PLANE = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.float32)
HEIGHTS = np.array([3, 4, 6, 1], np.float32)  # 1 + 2 x0 + 3 x1


def several(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def tensors(kinds, *names):
    for kind, name in zip(kinds, names, strict=False):
        if kind != "torch.float32 tensor":
            raise CheckFailed(f"{name} is a {kind}; a float32 tensor is expected")


def floats(*values):
    for value in values:
        if not isinstance(value, float):
            raise CheckFailed(f"{describe(value)} came back where a Python float is expected: .item() makes one of a tensor")
    return list(values)


@pytest.mark.task("hwc_to_chw")
def test_images(submission, guest):
    result, kinds = guest.look(submission.hwc_to_chw, as_tensor(IMAGE))
    expect_close(
        result, CHANNELS, name="the result",
        suspects={"pixels are mixed up: exchange the axes (permute), don't reshape": IMAGE.reshape(1, 2, 2, 3) / 255,
                  "height and width are exchanged": CHANNELS.transpose(0, 1, 3, 2)},
    )  # fmt: skip
    tensors(kinds, "the result")


@pytest.mark.task("standardize")
def test_columns(submission, guest):
    results, kinds = guest.look(submission.standardize, as_tensor(TABLE))
    Z, mean, std = several(results, 3, "Z, mean, std")
    expect_close(mean, [2, 5], name="mean")
    expect_close(std, [1, 0], name="std", suspects={"this divides by N - 1; divide by N": [np.sqrt(4 / 3), 0]})
    expect_close(Z, np.array([[-1, 0], [1, 0], [-1, 0], [1, 0]]), name="Z")
    tensors(kinds, "Z", "mean", "std")


@pytest.mark.task("gradient_of")
def test_gradient(submission, guest):
    gradient, tracks, left = guest.gradient_of_cubes(
        submission.gradient_of, as_tensor(np.array([1.0, -2.0, 3.0], np.float32))
    )
    expect_close(gradient, [3, 12, 27], name="the gradient of the sum of x ** 3 at (1, -2, 3)")
    if left is not None or tracks:
        raise CheckFailed("x is not as it was: it requires a gradient, or one is left on it; work on x.detach()")


@pytest.mark.task("accumulated_gradients")
def test_accumulated_gradients(submission, guest):
    """1 * 2 x + 2 * 2 x + 3 * 2 x = 12 x."""
    total, calls = guest.of_growing_squares(
        submission.accumulated_gradients, as_tensor(np.array([1.0, -2.0], np.float32)), 3
    )
    expect_close(total, [12, -24], name="the sum of three gradients", suspects={"only the last gradient is there": [6, -12]})
    expect_equal(calls, 3, name="the number of calls of f")


@pytest.mark.task("fit_line")
def test_two_steps_of_a_line(submission):
    """Errors (0, -1, -5): the gradient is (2/3) * (-5, -6). After a step of 0.3: w = 1, b = 1.2, errors (0.2, 0.2, -2.8)."""
    w, b, losses = several(submission.fit_line(as_tensor(X), as_tensor(Y), 0.3, 2), 3, "w, b, losses")
    if not isinstance(losses, list):
        raise CheckFailed(f"losses is {describe(losses)}; a list of floats is expected")
    expect_close(floats(*losses), [26 / 3, 7.92 / 3], name="losses")
    expect_close(floats(w, b), [1 + 0.6, 1.2 + 0.48], name="(w, b)")


@pytest.mark.task("classify_run")
@pytest.mark.parametrize(("losses", "verdict"), [
    ([8.0, 4.0, float("nan")], "diverged"), ([8.0, 16.0, 32.0], "diverged"), ([8.0, 4.0, 2.0], "too slow"),
    ([8.0, 4.0, 2.0, 1.999], "converged"),
])  # fmt: skip
def test_verdicts(submission, losses, verdict):
    expect_equal(submission.classify_run(losses), verdict, name=f"the verdict on {losses}")


@pytest.mark.task("fit_plane")
def test_a_plane(submission, guest):
    results, kinds = guest.look(submission.fit_plane, as_tensor(PLANE), as_tensor(HEIGHTS), learning_rate=0.5, epochs=300)
    W, b = several(results, 2, "W, b")
    flat = "every prediction is compared with every target: (N, 1) and (N,) are broadcast to (N, N)"
    expect_close(W, [2, 3], rtol=1e-3, name="W", suspects={flat: [0, 0]})
    expect_close(floats(b), [1], rtol=1e-3, name="b")
    tensors(kinds, "W")


@pytest.mark.task("fit_linear_module")
def test_a_module(submission, guest):
    module = submission.fit_linear_module(as_tensor(PLANE), as_tensor(HEIGHTS), learning_rate=0.5, epochs=300)
    is_linear, weight, bias = guest.layer(module)
    if not is_linear:
        raise CheckFailed("what comes back is no nn.Linear")
    expect_close(
        weight, np.array([[2, 3]]), rtol=1e-3, name="its weight", suspects={"(N, 1) and (N,) are broadcast": [[0, 0]]}
    )
    expect_close(bias, [1], rtol=1e-3, name="its bias")


@pytest.mark.task("array_dataset")
def test_pairs(submission, guest):
    made = submission.ArrayDataset(PLANE.astype(np.float64), HEIGHTS.astype(np.int64))
    expect_equal(len(made), 4, name="the length")
    pair, kinds = guest.pair_at(made, 2)
    row, target = several(pair, 2, "a row and its target")
    expect_close(row, [1, 1], name="row 2")
    expect_close(target, 6, name="target 2")
    tensors(kinds, "the row", "the target")


@pytest.mark.task("fit_minibatches")
def test_batches_in_order(submission, guest):
    """Batches x = (-1, 0) and (1). Errors (0, -1): the gradient is (0, -1), so b = 0.5. Then -4.5: (-9, -9)."""
    dataset = guest.dataset(as_tensor(X[:, None]), as_tensor(Y))
    W, b, losses = several(submission.fit_minibatches(dataset, 2, 0.5, 1, shuffle=False), 3, "W, b, epoch_losses")
    expect_close(
        losses, [(0 + 1 + 20.25) / 3], name="epoch_losses", suspects={"batch means are averaged": [(0.5 + 20.25) / 2]}
    )
    expect_close(W, [4.5], name="W")
    expect_close(floats(b), [5.0], name="b")


@pytest.mark.task("pick_device")
def test_a_preferred_device(submission, guest):
    for preferred in ("cpu", "cuda:1"):
        is_device, name = guest.kind_of_device(submission.pick_device(preferred))
        expect_equal(name, preferred, name=f"the device for {preferred!r}")
        if not is_device:
            raise CheckFailed("this is the name of a device; a torch.device is expected")
