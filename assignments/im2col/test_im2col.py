"""Public checks of im2col: worked examples. The hidden suite asks the same of other numbers and shapes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from grader.checks import describe, expect_close
from grader.errors import CheckFailed

# Two images of one channel, 3 x 3; windows of 2 x 2, stride 1, no padding: 2 x 2 places.
X = np.array(
    [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]], [[[10.0, 20.0, 30.0], [40.0, 50.0, 60.0], [70.0, 80.0, 90.0]]]]
)
COLUMNS = np.array([  # (4, 8): each row a pixel of the window; places (0, 0), (0, 1), (1, 0), (1, 1), of both images each
    [1.0, 10.0, 2.0, 20.0, 4.0, 40.0, 5.0, 50.0],
    [2.0, 20.0, 3.0, 30.0, 5.0, 50.0, 6.0, 60.0],
    [4.0, 40.0, 5.0, 50.0, 7.0, 70.0, 8.0, 80.0],
    [5.0, 50.0, 6.0, 60.0, 8.0, 80.0, 9.0, 90.0],
])  # fmt: skip
COUNTS = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])  # how many windows hold each pixel

W = np.array([[[[1.0, 0.0], [0.0, -1.0]]], [[[0.0, 1.0], [1.0, 0.0]]]])  # two filters
B = np.array([0.0, 100.0])
OUT = np.array([  # (2, 2, 2, 2)
    [[[-4.0, -4.0], [-4.0, -4.0]], [[106.0, 108.0], [112.0, 114.0]]],
    [[[-40.0, -40.0], [-40.0, -40.0]], [[160.0, 180.0], [220.0, 240.0]]],
])  # fmt: skip
DOUT = np.array([  # one 1 for each image
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]],
    [[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]],
])  # fmt: skip
DX = np.array([
    [[[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 0.0]]],
    [[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]],
])  # fmt: skip
DW = np.array([[[[1.0, 2.0], [4.0, 5.0]]], [[[50.0, 60.0], [80.0, 90.0]]]])


def several(answer, count, wanted):
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


@pytest.mark.task("im2col")
def test_columns(submission):
    expect_close(submission.im2col_indices(X, 2, 2, padding=0, stride=1), COLUMNS, name="the matrix")


@pytest.mark.task("im2col")
def test_padding_and_stride(submission):
    """With padding 1 and stride 3, the four windows of 2 x 2 hold one corner each."""
    corners = np.array([[0.0, 0.0, 0.0, 9.0], [0.0, 0.0, 7.0, 0.0], [0.0, 3.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    expect_close(submission.im2col_indices(X[:1], 2, 2, padding=1, stride=3), corners, name="the matrix")


@pytest.mark.task("im2col")
def test_channels(submission):
    """Windows of one pixel: the channels of a pixel are a column."""
    image = np.arange(12.0).reshape(1, 3, 2, 2)
    expect_close(submission.im2col_indices(image, 1, 1, padding=0), image.reshape(3, 4), name="the matrix")


@pytest.mark.task("col2im")
def test_images(submission):
    found = submission.col2im_indices(np.ones((4, 8)), (2, 1, 3, 3), 2, 2, padding=0, stride=1)
    expect_close(found, np.broadcast_to(COUNTS, (2, 1, 3, 3)), name="the images")


@pytest.mark.task("col2im")
def test_images_lose_the_padding(submission):
    cols = np.zeros((4, 4))
    cols[3, 0] = cols[2, 1] = cols[1, 2] = cols[0, 3] = 5.0  # the corners, see above
    cols[0, 0] = 7.0  # falls on the padding
    corners = np.array([[[[5.0, 0.0, 5.0], [0.0, 0.0, 0.0], [5.0, 0.0, 5.0]]]])
    expect_close(submission.col2im_indices(cols, (1, 1, 3, 3), 2, 2, padding=1, stride=3), corners, name="the images")


@pytest.mark.task("conv_forward")
def test_conv_forward(submission):
    out, _ = several(submission.conv_forward_im2col(X, W, B, {"stride": 1, "pad": 0}), 2, "out, cache")
    expect_close(out, OUT, name="out")


@pytest.mark.task("conv_backward")
def test_conv_backward(submission):
    _, cache = several(submission.conv_forward_im2col(X, W, B, {"stride": 1, "pad": 0}), 2, "out, cache")
    dx, dw, db = several(submission.conv_backward_im2col(DOUT, cache), 3, "dx, dw, db")
    expect_close(dx, DX, name="dx")
    expect_close(dw, DW, name="dw")
    expect_close(db, np.array([1.0, 1.0]), name="db")


@pytest.mark.task("pooling")
def test_pooling(submission):
    """In each window the pixel at the bottom right is the largest."""
    param = {"pool_height": 2, "pool_width": 2, "stride": 1}
    out, cache = several(submission.max_pool_forward_im2col(X, param), 2, "out, cache")
    expect_close(out[:, 0], np.array([[[5.0, 6.0], [8.0, 9.0]], [[50.0, 60.0], [80.0, 90.0]]]), name="out")
    dx = submission.max_pool_backward_im2col(np.ones((2, 1, 2, 2)), cache)
    once = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    expect_close(dx, np.broadcast_to(once, (2, 1, 3, 3)), name="dx")


@pytest.mark.task("pooling")
def test_pooling_adds_where_windows_overlap(submission):
    image = np.array([[[[1.0, 2.0, 3.0], [4.0, 9.0, 5.0], [6.0, 7.0, 8.0]]]])
    _, cache = several(
        submission.max_pool_forward_im2col(image, {"pool_height": 2, "pool_width": 2, "stride": 1}), 2, "out, cache"
    )
    dx = submission.max_pool_backward_im2col(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), cache)
    expect_close(dx, np.where(image == 9, 10.0, 0.0), name="dx")


@pytest.mark.task("cpu_speed")
def test_speed(submission, contact):
    """No verdict here but that it ends: the time is a note, since this machine may be busy."""
    x, w = np.ones((8, 3, 48, 48), "float32"), np.ones((16, 3, 3, 3), "float32")
    start = time.perf_counter()
    out, _ = several(submission.conv_forward_im2col(x, w, np.zeros(16, "float32"), {"stride": 1, "pad": 1}), 2, "out, cache")
    contact.note(
        f"a forward pass of 8 x 3 x 48 x 48 took {1000 * (time.perf_counter() - start):.1f} ms; grading measures it"
    )
    expect_close(out[:, :, 1:-1, 1:-1], np.full((8, 16, 46, 46), 27.0), name="out inside the border")


@pytest.mark.task("cuda_values")
def test_on_the_gpu(submission, guest):
    x, w, b, dout = guest.to_device(X, W, B, DOUT)
    out, cache = several(submission.conv_forward_im2col(x, w, b, {"stride": 1, "pad": 0}), 2, "out, cache")
    dx, dw, db = several(submission.conv_backward_im2col(dout, cache), 3, "dx, dw, db")
    for name, found, right in (("out", out, OUT), ("dx", dx, DX), ("dw", dw, DW), ("db", db, np.array([1.0, 1.0]))):
        expect_close(guest.to_host(found), right, name=f"{name} as an array on the GPU")
