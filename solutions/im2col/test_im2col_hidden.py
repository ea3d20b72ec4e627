"""Hidden suite of im2col. What is right says oracle.py, what known mistakes give says suspects.py, inputs draws cases.py.

Every case of the handout is a test of its own; the report's notes name the case that failed. Every backward pass gets the
student's own cache. `im2col` and `col2im` are judged by the oracle's columns; convolution and pooling may be made of them or
not.
"""

from __future__ import annotations

import contextlib
import functools

import numpy as np
import pytest

from grader.checks import as_numbers, check_gradient, describe, device_speed, expect_close, speed_ratio
from grader.errors import CheckFailed, StudentError

from .cases import CONV_CASES, POOL_CASES, SPEED, conv_case, pool_case, speed_task
from .device import brought
from .oracle import columns, conv, conv_gradients, images, pool, pool_gradient
from .suspects import (
    col2im_mistakes,
    columns_mistakes,
    conv_mistakes,
    db_mistakes,
    dw_mistakes,
    dx_mistakes,
    pool_gradient_mistakes,
    pool_mistakes,
)

LEAST_SPEED = 1.7
LEAST_CUDA = 3  # a guess between a loop over places and slices, which a GPU has to confirm
GRADIENTS = "dx", "dw", "db"


@pytest.fixture
def told(contact):
    """`with told("pad 0"):` around a case: of whatever fails in it, the report's notes say which case it is."""

    @contextlib.contextmanager
    def tell(case):
        try:
            yield
        except (ImportError, NotImplementedError, SyntaxError):
            raise  # of whatever case
        except (CheckFailed, StudentError):
            contact.note(f"it fails in the case '{case}'")
            raise

    return tell


def values(answer, count, name, wanted):
    """The `count` values that `name` returned."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"{name} returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def expect_dtype(found, dtype, name):
    """The handout binds the dtype of the first two functions' results."""
    actual = as_numbers(found, name).dtype
    if actual != dtype:
        raise CheckFailed(
            f"{name} has the dtype {actual}, where {dtype} went in; it has to be kept (zeros(..., dtype=x.dtype))"
        )


# ---------------------------------------------------------------- im2col


@pytest.mark.task("im2col")
@pytest.mark.parametrize("case", CONV_CASES)
def test_im2col(submission, rng, told, case):
    x, w, _, _, stride, pad = conv_case(rng, case)
    window = w.shape[2:]
    with told(case):
        found = submission.im2col_indices(x, *window, padding=pad, stride=stride)
        expect_close(
            found, columns(x, window, stride, pad), precision=x.dtype, name="the matrix",
            suspects=columns_mistakes(x, window, stride, pad),
        )  # fmt: skip
        expect_dtype(found, x.dtype, "the matrix")


@pytest.mark.task("im2col")
def test_im2col_takes_arguments_by_place(submission, rng, told):
    x = rng.normal(size=(2, 3, 7, 6))
    with told("padding 2, stride 3, given by their places"):
        found = submission.im2col_indices(x, 4, 3, 2, 3)
        expect_close(
            found, columns(x, (4, 3), 3, 2), name="the matrix", suspects=columns_mistakes(x, (4, 3), 3, 2)
        )  # fmt: skip
    with told("padding 1 and stride 1, where nothing is said"):
        expect_close(submission.im2col_indices(x, 3, 2), columns(x, (3, 2), 1, 1), name="the matrix")


# ---------------------------------------------------------------- col2im


@pytest.mark.task("col2im")
@pytest.mark.parametrize("case", CONV_CASES)
def test_col2im(submission, rng, told, case):
    x, w, _, _, stride, pad = conv_case(rng, case)
    window = w.shape[2:]
    cols = rng.normal(size=columns(x, window, stride, pad).shape).astype(x.dtype)
    with told(case):
        found = submission.col2im_indices(cols, x.shape, *window, padding=pad, stride=stride)
        expect_close(
            found, images(cols, x.shape, window, stride, pad), precision=x.dtype, name="the array of images",
            suspects=col2im_mistakes(cols, x.shape, window, stride, pad),
        )  # fmt: skip
        expect_dtype(found, x.dtype, "the array of images")


@pytest.mark.task("col2im")
@pytest.mark.parametrize("case", ["pad 2", "stride 2, pad 0, windows that do not tile", "windows wider than high"])
def test_col2im_is_the_adjoint(submission, rng, told, case):
    """<im2col(x), c> = <x, col2im(c)>, for random x and c: what it means to be the adjoint."""
    x, w, _, _, stride, pad = conv_case(rng, case)
    window = w.shape[2:]
    matrix = columns(x, window, stride, pad)
    c = rng.normal(size=matrix.shape)
    with told(case):
        found = as_numbers(submission.col2im_indices(c, x.shape, *window, padding=pad, stride=stride), "the array of images")
        if found.shape != x.shape:
            raise CheckFailed(f"the images have the shape {found.shape}; expected is {x.shape}")
        expect_close(
            np.sum(x * found), np.sum(matrix * c), rtol=0, atol=1e-9 * c.size, name="<x, col2im(c)>, against <im2col(x), c>"
        )


@pytest.mark.task("col2im")
def test_col2im_takes_arguments_by_place(submission, rng, told):
    shape = (2, 3, 7, 6)
    for window, pad, stride in (((4, 3), 2, 3), ((3, 2), 0, 1)):
        c = rng.normal(size=columns(np.zeros(shape), window, stride, pad).shape)
        with told(f"padding {pad}, stride {stride}, given by their places"):
            found = submission.col2im_indices(c, shape, *window, pad, stride)
            expect_close(
                found, images(c, shape, window, stride, pad), name="the array of images",
                suspects=col2im_mistakes(c, shape, window, stride, pad),
            )  # fmt: skip
    c = rng.normal(size=columns(np.zeros(shape), (3, 3), 1, 1).shape)
    with told("3 x 3, padding 1 and stride 1, where nothing is said"):
        expect_close(submission.col2im_indices(c, shape), images(c, shape, (3, 3), 1, 1), name="the array of images")


# ---------------------------------------------------------------- convolution


def forward(submission, x, w, b, stride, pad):
    answer = submission.conv_forward_im2col(x, w, b, {"stride": stride, "pad": pad})
    return values(answer, 2, "conv_forward_im2col", "out, cache")


def backward(submission, dout, cache):
    return values(submission.conv_backward_im2col(dout, cache), 3, "conv_backward_im2col", "dx, dw, db")


@pytest.mark.task("conv_forward")
@pytest.mark.parametrize("case", CONV_CASES)
def test_conv_forward(submission, rng, told, case):
    x, w, b, _, stride, pad = conv_case(rng, case)
    with told(case):
        out, _ = forward(submission, x, w, b, stride, pad)
        expect_close(
            out, conv(x, w, b, stride, pad), precision=x.dtype, name="out", suspects=conv_mistakes(x, w, b, stride, pad)
        )  # fmt: skip


@pytest.mark.task("conv_backward", weight=2)
@pytest.mark.parametrize("case", CONV_CASES)
def test_conv_dx(submission, rng, told, case):
    x, w, b, dout, stride, pad = conv_case(rng, case)
    with told(case):
        _, cache = forward(submission, x, w, b, stride, pad)
        expect_close(
            backward(submission, dout, cache)[0], conv_gradients(dout, x, w, stride, pad)[0], precision=x.dtype, name="dx",
            suspects=dx_mistakes(dout, x, w, stride, pad),
        )  # fmt: skip


@pytest.mark.task("conv_backward")
@pytest.mark.parametrize("case", CONV_CASES)
def test_conv_dw_and_db(submission, rng, told, case):
    x, w, b, dout, stride, pad = conv_case(rng, case)
    with told(case):
        _, cache = forward(submission, x, w, b, stride, pad)
        _, dw, db = backward(submission, dout, cache)
        _, right_dw, right_db = conv_gradients(dout, x, w, stride, pad)
        expect_close(dw, right_dw, precision=x.dtype, name="dw", suspects=dw_mistakes(dout, x, w, stride, pad))
        expect_close(db, right_db, precision=x.dtype, name="db", suspects=db_mistakes(dout))


@pytest.mark.task("conv_backward")
@pytest.mark.parametrize("case", ["pad 0", "stride 2"])
def test_conv_gradients_are_slopes(submission, rng, told, case):
    """The numeric gradients of the oracle's forward pass: they know nothing of its backward pass."""
    x, w, b, dout, stride, pad = conv_case(rng, case)
    with told(case):
        _, cache = forward(submission, x, w, b, stride, pad)
        dx, dw, db = backward(submission, dout, cache)
        check_gradient(dx, lambda at: conv(at, w, b, stride, pad), x, dout, name="dx")
        check_gradient(dw, lambda at: conv(x, at, b, stride, pad), w, dout, name="dw")
        check_gradient(db, lambda at: conv(x, w, at, stride, pad), b, dout, name="db")


@pytest.mark.task("conv_backward")
def test_conv_backward_of_the_earlier_of_two(submission, rng, told):
    calls = [conv_case(rng, of) for of in ("pad 1", "stride larger than the window")]
    with told("two forward passes before the backward passes"):
        caches = [forward(submission, x, w, b, stride, pad)[1] for x, w, b, _, stride, pad in calls]
        for which, cache, (x, w, _, dout, stride, pad) in zip(("first", "second"), caches, calls, strict=True):
            got, right = backward(submission, dout, cache), conv_gradients(dout, x, w, stride, pad)
            for name, actual, expected in zip(GRADIENTS, got, right, strict=True):
                expect_close(actual, expected, name=f"{name} of the {which} call")


# ---------------------------------------------------------------- pooling


def pool_forward(submission, x, window, stride):
    param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    return values(submission.max_pool_forward_im2col(x, param), 2, "max_pool_forward_im2col", "out, cache")


@pytest.mark.task("pooling")
@pytest.mark.parametrize("case", POOL_CASES)
def test_pool_forward(submission, rng, told, case):
    x, _, window, stride = pool_case(rng, case)
    with told(case):
        out, _ = pool_forward(submission, x, window, stride)
        expect_close(
            out, pool(x, window, stride), precision=x.dtype, name="out of the pooling",
            suspects=pool_mistakes(x, window, stride),
        )  # fmt: skip


@pytest.mark.task("pooling")
@pytest.mark.parametrize("case", POOL_CASES)
def test_pool_backward(submission, rng, told, case):
    x, dout, window, stride = pool_case(rng, case)
    with told(case):
        _, cache = pool_forward(submission, x, window, stride)
        expect_close(
            submission.max_pool_backward_im2col(dout, cache), pool_gradient(dout, x, window, stride), precision=x.dtype,
            name="dx of the pooling", suspects=pool_gradient_mistakes(dout, x, window, stride),
        )  # fmt: skip


@pytest.mark.task("pooling")
def test_pool_gradient_is_the_slope(submission, rng, told):
    case = "overlapping windows"
    x, dout, window, stride = pool_case(rng, case)
    with told(case):
        _, cache = pool_forward(submission, x, window, stride)
        found = submission.max_pool_backward_im2col(dout, cache)
        check_gradient(found, lambda at: pool(at, window, stride), x, dout, name="dx of the pooling")


@pytest.mark.task("pooling")
def test_pool_backward_of_the_earlier_of_two(submission, rng, told):
    calls = [pool_case(rng, of) for of in ("windows wider than high", "overlapping windows, stride 1")]
    with told("two forward passes before the backward passes"):
        caches = [pool_forward(submission, x, window, stride)[1] for x, _, window, stride in calls]
        for which, cache, (x, dout, window, stride) in zip(("first", "second"), caches, calls, strict=True):
            found = submission.max_pool_backward_im2col(dout, cache)
            expect_close(found, pool_gradient(dout, x, window, stride), name=f"dx of the pooling of the {which} call")


# ---------------------------------------------------------------- speed on the CPU


@pytest.mark.task("cpu_speed")
def test_speed_forward(fresh_submission, fresh_guest, baseline, seed, contact):
    sets, right = speed_task(seed)
    stride, pad = SPEED["cpu"][7:]

    def check(out, x, *_):
        expect_close(out, right[id(x)][0], precision="float32", name="out")

    result = speed_ratio(
        fresh_guest.forward_alone(fresh_submission.conv_forward_im2col, stride, pad),
        baseline.Convolution(stride, pad).pixel_loop_forward,
        inputs=sets, check=check, at_least=LEAST_SPEED, baseline_name="a loop over the places with one matrix product each",
        looks_like={"loops over the places, and more than that": (0, 0.7), "a loop over the places": (0.7, LEAST_SPEED)},
    )  # fmt: skip
    contact.note(f"forward: {result.text}")


@pytest.mark.task("cpu_speed")
def test_speed_there_and_back(fresh_submission, fresh_guest, baseline, seed, contact):
    sets, right = speed_task(seed)
    stride, pad = SPEED["cpu"][7:]
    both = fresh_submission.conv_forward_im2col, fresh_submission.conv_backward_im2col

    def check(answer, x, *_):
        out, gradients = values(answer, 2, "a pass there and back", "out, (dx, dw, db)")
        found = [out, *values(gradients, 3, "conv_backward_im2col", "dx, dw, db")]
        for name, actual, expected in zip(("out", *GRADIENTS), found, right[id(x)], strict=True):
            expect_close(actual, expected, precision="float32", name=name)

    result = speed_ratio(
        fresh_guest.there_and_back(*both, stride, pad),
        baseline.Convolution(stride, pad).pixel_loop,
        inputs=sets, check=check, at_least=LEAST_SPEED, baseline_name="a loop over the places with one matrix product each",
        looks_like={"loops over the places, and more than that": (0, 0.7),
                    "a loop over the places, in one of the passes at least": (0.7, LEAST_SPEED)},
    )  # fmt: skip
    contact.note(f"forward and backward: {result.text}")


# ---------------------------------------------------------------- on the device

DEVICE_CASES = ["pad 0", "stride 2", "windows wider than high", "float32"]


def note_copies(contact, name, copied):
    """Advisory: an index array may come from the host, but the data should stay where it is."""
    if copied:
        contact.note(f"not scored: {name} copied {copied:,} bytes from the GPU to the host inside the call")


@pytest.mark.task("cuda_values")
@pytest.mark.parametrize("case", DEVICE_CASES)
def test_im2col_on_the_device(submission, guest, rng, told, contact, case):
    x, w, _, _, stride, pad = conv_case(rng, case)
    window, right = w.shape[2:], columns(x, w.shape[2:], stride, pad)
    with told(f"{case}, on the GPU"):
        (x_there,) = guest.to_device(x)
        found, copied = guest.watched(submission.im2col_indices, x_there, *window, pad, stride)
        found = brought(guest, found, "the matrix")
        expect_close(found, right, precision=x.dtype, name="the matrix", suspects=columns_mistakes(x, window, stride, pad))
        expect_dtype(found, x.dtype, "the matrix")
    note_copies(contact, "im2col_indices", copied)


@pytest.mark.task("cuda_values")
@pytest.mark.parametrize("case", DEVICE_CASES)
def test_col2im_on_the_device(submission, guest, rng, told, contact, case):
    x, w, _, _, stride, pad = conv_case(rng, case)
    window = w.shape[2:]
    cols = rng.normal(size=columns(x, window, stride, pad).shape).astype(x.dtype)
    right = images(cols, x.shape, window, stride, pad)
    with told(f"{case}, on the GPU"):
        (there,) = guest.to_device(cols)
        found, copied = guest.watched(submission.col2im_indices, there, x.shape, *window, pad, stride)
        found = brought(guest, found, "the array of images")
        expect_close(
            found, right, precision=x.dtype, name="the array of images",
            suspects=col2im_mistakes(cols, x.shape, window, stride, pad),
        )  # fmt: skip
        expect_dtype(found, x.dtype, "the array of images")
    note_copies(contact, "col2im_indices", copied)


@pytest.mark.task("cuda_values", weight=2)
@pytest.mark.parametrize("case", DEVICE_CASES)
def test_convolution_on_the_device(submission, guest, rng, told, contact, case):
    x, w, b, dout, stride, pad = conv_case(rng, case)
    right = conv(x, w, b, stride, pad), *conv_gradients(dout, x, w, stride, pad)
    step = guest.there_and_back(submission.conv_forward_im2col, submission.conv_backward_im2col, stride, pad)
    with told(f"{case}, on the GPU"):
        (out, gradients), copied = guest.watched(step, *guest.to_device(x, w, b, dout))
        found = [out, *values(gradients, 3, "conv_backward_im2col", "dx, dw, db")]
        for name, actual, expected in zip(("out", *GRADIENTS), found, right, strict=True):
            expect_close(brought(guest, actual, name), expected, precision=x.dtype, name=name)
    note_copies(contact, "the convolution", copied)


@pytest.mark.task("cuda_values")
@pytest.mark.parametrize("case", ["overlapping windows", "windows wider than high", "float32"])
def test_pooling_on_the_device(submission, guest, rng, told, contact, case):
    x, dout, window, stride = pool_case(rng, case)
    param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    with told(f"{case}, on the GPU"):
        x_there, dout_there = guest.to_device(x, dout)
        answer, copied = guest.watched(submission.max_pool_forward_im2col, x_there, param)
        out, cache = values(answer, 2, "max_pool_forward_im2col", "out, cache")
        expect_close(
            brought(guest, out, "out of the pooling"), pool(x, window, stride), precision=x.dtype, name="out of the pooling"
        )  # fmt: skip
        dx, more = guest.watched(submission.max_pool_backward_im2col, dout_there, cache)
        expect_close(
            brought(guest, dx, "dx of the pooling"), pool_gradient(dout, x, window, stride), precision=x.dtype,
            name="dx of the pooling",
        )  # fmt: skip
    note_copies(contact, "the pooling", copied + more)


@pytest.mark.task("cuda_speed")
def test_speed_on_the_device(fresh_submission, fresh_guest, baseline, seed, rng, contact):
    sets, right = speed_task(seed, "cuda", 9)
    stride, pad = SPEED["cuda"][7:]
    slow, loop = baseline.Convolution(stride, pad), []

    def unpack(answer):
        out, gradients = values(answer, 2, "a pass there and back", "out, (dx, dw, db)")
        return out, *values(gradients, 3, "conv_backward_im2col", "dx, dw, db")

    def seconds(*arrays):
        loop.append(slow.seconds("pixel_loop", *arrays))
        return slow.seconds("im2col", *arrays)

    result = device_speed(
        fresh_guest.there_and_back(
            fresh_submission.conv_forward_im2col, fresh_submission.conv_backward_im2col, stride, pad
        ),
        seconds, inputs=sets, right=lambda x, *_: right[id(x)], names=("out", *GRADIENTS), rng=rng, unpack=unpack,
        to_device=fresh_guest.to_device, contract=fresh_guest.contract, bring=functools.partial(brought, fresh_guest),
        at_least=LEAST_CUDA, baseline_name="im2col on one thread of the CPU",
        looks_like={"a loop over the places, which launches thousands of small kernels, or data that goes through the host":
                    (0, LEAST_CUDA)},
    )  # fmt: skip
    times = min(loop) / result.candidate_seconds
    contact.note(f"{result.text} ({times:.3g} times as fast as a loop over the places on the CPU)")
