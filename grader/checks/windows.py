"""Regions that sliding windows make, and classes: suspects that say which part of an array is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .numbers import Array
from .regions import Region

__all__ = ["class_regions", "input_regions", "output_regions"]

Pair = int | Sequence[int]


def input_regions(size: Sequence[int], window: Pair, stride: Pair = 1, pad: Pair = 0) -> dict[str, Region]:
    """Regions of a gradient with respect to the input of a convolution or a pooling, (..., H, W).

    `size`: (H, W); `window`, `stride`, `pad`: one number, or one for each of the two axes.
    """
    counts = np.multiply.outer(*_coverage(size, window, stride, pad))
    border = np.ones(tuple(size), dtype=bool)
    border[tuple(slice(p, length - p) for p, length in zip(_pair(pad), size, strict=True))] = False
    masks = {
        "only the places where windows overlap are wrong": counts > 1,
        "only the places that no window reaches are wrong": counts == 0,
        "only the border next to the padding is wrong": border,
    }
    return _regions(masks)


def output_regions(size: Sequence[int], window: Pair, stride: Pair = 1, pad: Pair = 0) -> dict[str, Region]:
    """Regions of the output of a convolution or a pooling, (..., H', W'), whose input has the `size` (H, W)."""
    firsts = [_starts(*axis) for axis in zip(size, _pair(window), _pair(stride), _pair(pad), strict=True)]
    outside = [
        (first < 0) | (first + reach > length)
        for first, reach, length in zip(firsts, _pair(window), size, strict=True)
    ]  # fmt: skip
    return _regions({"only the windows that reach into the padding are wrong": np.logical_or.outer(*outside)})


def class_regions(y: npt.ArrayLike, num_classes: int) -> dict[str, Region]:
    """Regions of scores, margins or probabilities (N, C) of rows with the true classes `y` (N,)."""
    mask = np.asarray(y)[:, None] == np.arange(num_classes)
    return _regions({
        "only the entries of the true class are wrong": mask,
        "only the entries of the true class are right": ~mask,
    })  # fmt: skip


def _regions(masks: dict[str, Array]) -> dict[str, Region]:
    """Those that are neither empty nor everything."""
    return {words: Region(mask) for words, mask in masks.items() if mask.any() and not mask.all()}


def _coverage(size: Sequence[int], window: Pair, stride: Pair, pad: Pair) -> list[Array]:
    """For each axis, how many windows cover each index."""
    result = []
    for length, reach, step, p in zip(size, _pair(window), _pair(stride), _pair(pad), strict=True):
        counts = np.zeros(length + 2 * p, dtype=int)
        for first in _starts(length, reach, step, p):
            counts[first + p : first + p + reach] += 1
        result.append(counts[p : p + length])
    return result


def _starts(length: int, reach: int, step: int, pad: int) -> Array:
    """The first index of every window along one axis, negative where it starts in the padding."""
    return np.arange((length + 2 * pad - reach) // step + 1) * step - pad


def _pair(value: Pair) -> tuple[int, ...]:
    return tuple(itertools.repeat(value, 2)) if isinstance(value, int) else tuple(value)
