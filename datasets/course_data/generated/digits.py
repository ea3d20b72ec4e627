"""Handwritten digits like MNIST's, generated: 28 x 28 grey pictures, from a seed and nothing else.

A way to write the digit is chosen, then turned, slanted, stretched, bent and inked with a pen of some width. Every
image is the same bits on every machine: see `portable`.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from course_data.generated.paint import Floats
from course_data.generated.portable import PortableDice, pixels
from course_data.generated.sequence import Bytes, Labels, draw, shuffled_labels
from course_data.generated.strokes import GRID, distance_bank

__all__ = ["CHUNK", "CLASS_NAMES", "digits"]

CLASS_NAMES: tuple[str, ...] = tuple("0123456789")
CHUNK = 500

_SIZE = 28
_STREAM = 2  # keeps a seed's digits independent of the same seed's other sets
# How differently people write: shift and bend in pixels, turn and slant as tangents, stretch as a share. Chosen so
# that 10,000 images teach a linear model 91 %, a small multi-layer perceptron 97 % and LeNet 98 %, as MNIST does.
_SHIFT, _BEND, _LEAN, _SLANT, _STRETCH = 1.4, 1.25, 0.25, 0.28, 0.16
_CELLS_A_PIXEL = 1.2  # a glyph of 24 cells is 20 pixels high


def digits(n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]:
    """Images `start` to `start + n` of the endless sequence of digits that belongs to `seed`.

    Longer draws begin with shorter ones. Every run of 500 images from a multiple of 500 holds each digit 50 times.

    Args:
        n: how many images, at least 0.
        seed: any non-negative integer.
        start: how many images of the sequence to skip, at least 0.

    Returns:
        images (n, 28, 28), uint8, 0 paper and 255 ink; labels (n,), the digits.

    Raises:
        ValueError: n, seed or start is negative.
    """
    return draw("digits", _chunk, CHUNK, n, seed, start)


@functools.cache
def _bank() -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    return distance_bank()


def _chunk(seed: int, number: int) -> tuple[Bytes, Labels]:
    rng = np.random.default_rng([_STREAM, seed, number])
    labels = shuffled_labels(rng, CHUNK, len(CLASS_NAMES))
    dice = PortableDice(rng, CHUNK, _SIZE)
    _, first, count = _bank()
    glyph = first[labels] + (rng.random(CHUNK) * count[labels]).astype(np.int64)
    ink = _ink(_look_up(glyph, *_places(dice)), dice)
    ink += np.float32(0.06) * dice.bell(_SIZE, _SIZE) * (ink > 0.02)
    return (np.clip(ink, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8), labels


def _places(dice: PortableDice) -> tuple[Floats, Floats]:
    """Where in its glyph's field each pixel lies, in cells: column and row, each (B, 28, 28)."""
    x, y = pixels(_SIZE)
    x = x - dice.uniform(-_SHIFT, _SHIFT) + np.float32(_BEND) * dice.cloud(4)
    y = y - dice.uniform(-_SHIFT, _SHIFT) + np.float32(_BEND) * dice.cloud(4)
    lean = dice.uniform(-_LEAN, _LEAN)
    shrink = 1 / np.sqrt(1 + lean * lean)
    u, v = shrink * (x + lean * y) * dice.stretch(_STRETCH), shrink * (y - lean * x) * dice.stretch(_STRETCH)
    u = u + dice.uniform(-_SLANT, _SLANT) * v
    middle = (GRID - 1) / 2
    column, row = (np.clip(axis * _CELLS_A_PIXEL + middle, 0, GRID - 1.001) for axis in (u, v))
    return column, row


def _look_up(glyph: NDArray[np.int64], column: Floats, row: Floats) -> Floats:
    """The glyphs' distances, between cells by linear interpolation: (B, 28, 28), in cells."""
    fields = _bank()[0].reshape(-1)
    left, top = column.astype(np.int32), row.astype(np.int32)
    across, down = column - left.astype(np.float32), row - top.astype(np.float32)
    at = (glyph * GRID * GRID).astype(np.int32)[:, None, None] + top * GRID + left
    upper: Floats = fields[at] + (fields[at + 1] - fields[at]) * across
    lower: Floats = fields[at + GRID] + (fields[at + GRID + 1] - fields[at + GRID]) * across
    return upper + (lower - upper) * down


def _ink(distance: Floats, dice: PortableDice) -> Floats:
    """How dark the pen leaves each pixel, 0 to 1: (B, 28, 28). The pen's half width and pressure vary."""
    half = dice.uniform(0.9, 2.3) + np.float32(0.35) * dice.cloud(7)
    dark: Floats = np.clip(np.float32(0.5) + (half - distance) / dice.uniform(0.9, 1.7), 0, 1)
    return dark * dice.uniform(0.8, 1)
