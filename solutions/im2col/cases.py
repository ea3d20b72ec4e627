"""Inputs of the hidden suite. No maximum is there twice."""

from __future__ import annotations

import functools

import numpy as np

from grader.checks import distinct

from .oracle import conv, conv_gradients, places

__all__ = ["CONV_CASES", "POOL_CASES", "SPEED", "conv_case", "pool_case", "speed_task"]

# What the handout calls them: N, C, H, W, F, fh, fw, stride, pad, dtype. Sizes differ, so that no two axes can be confused.
CONV_CASES = {
    "pad 0": (2, 3, 7, 6, 4, 3, 3, 1, 0, "float64"),
    "pad 1": (3, 2, 5, 7, 4, 3, 3, 1, 1, "float64"),
    "pad 2": (2, 4, 6, 5, 3, 3, 3, 1, 2, "float64"),
    "stride 2": (3, 2, 7, 9, 4, 3, 3, 2, 1, "float64"),
    "stride 2, pad 0, windows that do not tile": (4, 3, 8, 6, 2, 3, 3, 2, 0, "float64"),
    "stride larger than the window": (2, 3, 9, 8, 4, 2, 2, 3, 1, "float64"),
    "windows higher than wide": (2, 3, 8, 5, 4, 4, 2, 1, 1, "float64"),
    "windows wider than high": (3, 2, 6, 8, 4, 2, 5, 1, 2, "float64"),
    "windows of one pixel": (2, 3, 4, 5, 6, 1, 1, 1, 0, "float64"),
    "one window covers the image": (4, 2, 5, 3, 6, 5, 3, 1, 0, "float64"),
    "one image of one channel, one filter": (1, 1, 6, 5, 1, 3, 2, 1, 1, "float64"),
    "float32": (3, 4, 6, 7, 5, 3, 3, 1, 1, "float32"),
}

# N, C, H, W, pool_height, pool_width, stride, dtype
POOL_CASES = {
    "separate windows": (2, 3, 6, 8, 2, 2, 2, "float64"),
    "overlapping windows": (3, 2, 7, 9, 3, 3, 2, "float64"),
    "overlapping windows, stride 1": (2, 4, 5, 6, 3, 3, 1, "float64"),
    "windows higher than wide": (2, 3, 7, 8, 3, 2, 2, "float64"),
    "windows wider than high": (3, 2, 8, 6, 2, 4, 2, "float64"),
    "windows that do not tile": (2, 3, 7, 5, 2, 2, 2, "float64"),
    "gaps between the windows": (3, 2, 8, 5, 2, 2, 3, "float64"),
    "one image of one channel": (1, 1, 6, 4, 2, 2, 2, "float64"),
    "negative values only": (2, 3, 6, 4, 2, 2, 2, "float64"),
    "float32": (3, 2, 6, 8, 2, 2, 2, "float32"),
}

SPEED = {  # N, C, H, W, F, fh, fw, stride, pad: of the CPU; of a device
    "cpu": (8, 3, 48, 48, 16, 3, 3, 1, 1),
    "cuda": (64, 3, 32, 32, 64, 3, 3, 1, 1),
}


def _drawn(rng, N, C, H, W, F, fh, fw, stride, pad, dtype):
    """x, w, b, dout."""
    shapes = (N, C, H, W), (F, C, fh, fw), (F,), (N, F, *places((H, W), (fh, fw), stride, pad))
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


def conv_case(rng, case):
    """x, w, b, dout, stride, pad."""
    return *_drawn(rng, *CONV_CASES[case]), *CONV_CASES[case][7:9]


def pool_case(rng, case):
    """x, dout, (pool_height, pool_width), stride."""
    N, C, H, W, height, width, stride, dtype = POOL_CASES[case]
    x = distinct(rng, (N, C, H, W))
    if case == "negative values only":
        x = x - x.max() - 0.5
    dout = rng.normal(size=(N, C, *places((H, W), (height, width), stride)))
    return x.astype(dtype), dout.astype(dtype), (height, width), stride


@functools.cache
def speed_task(seed, device="cpu", count=11):
    """`count` inputs (x, w, b, dout) in float32, and what each gives (out, dx, dw, db) by the id of its x. Kept for the next
    submission.
    """
    rng, setting = np.random.default_rng(seed), SPEED[device]
    sets = [_drawn(rng, *setting, "float32") for _ in range(count)]
    right = {id(x): (conv(x, w, b, *setting[7:]), *conv_gradients(dout, x, w, *setting[7:])) for x, w, b, dout in sets}
    return sets, right
