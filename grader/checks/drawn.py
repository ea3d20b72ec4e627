"""Arrays as pictures for the student's page. Drawn on the trusted side, from numbers alone; what is no picture is not drawn.

An array that came from a submission may be anything: the size is looked at before any pixel, and no value can do more
than be a shade.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence

import numpy as np

from grader.course.picture import Picture
from grader.errors import CheckFailed

from .describe import as_numbers
from .numbers import Array
from .words import escape

__all__ = ["drawn"]

_SIDE, _TILES = 256, 64
_PIXELS = 1 << 17  # of all tiles together
_BYTES = 128 << 10  # of all files together
_CAPTION, _LABEL = 200, 24
_GREY = 128


def drawn(value: object, caption: str, *, tiles: bool = False, labels: Sequence[str] = (), alt: str = "") -> Picture | None:
    """`value` (H, W), (H, W, 1) in grey or (H, W, 3) in red, green, blue; with `tiles` a first axis of several such.

    uint8 is drawn as it is; of other numbers each tile is stretched from its own minimum (black) to its maximum (white).
    None where it cannot be drawn: no numbers, another shape, not finite, over 256 pixels a side, 64 tiles or 128 KB.
    `labels`: one for each tile, else none is shown; `alt`: words for whoever cannot see it.
    """
    try:
        array = as_numbers(value, "the picture")
    except CheckFailed:
        return None
    stack = array if tiles else array[None]
    if not _is_picture(stack):
        return None
    from course_data.png import encode_png

    with np.errstate(all="ignore"):
        shades = [_shades(tile) for tile in stack.reshape(*stack.shape[:3], -1)]
    files = [base64.b64encode(encode_png(tile[..., 0] if tile.shape[2] == 1 else tile)).decode() for tile in shades]
    if sum(map(len, files)) > _BYTES:
        return None
    height, width = stack.shape[1:3]
    fitting = tuple(escape(label, _LABEL) for label in labels) if len(labels) == len(files) else ()
    size = f"{width} x {height} pixels"
    words = alt or (f"{len(files)} pictures of {size}" if tiles else f"A picture of {size}")
    return Picture(escape(caption, _CAPTION), escape(words, _CAPTION), width, height, tuple(files), fitting)


def _is_picture(stack: Array) -> bool:
    if stack.ndim not in (3, 4) or (stack.ndim == 4 and stack.shape[3] not in (1, 3)) or stack.dtype.kind not in "buif":
        return False
    if not 1 <= len(stack) <= _TILES or not all(1 <= side <= _SIDE for side in stack.shape[1:3]):
        return False
    return math.prod(stack.shape[:3]) <= _PIXELS and bool(np.isfinite(stack).all())


def _shades(tile: Array) -> Array:
    """The tile (H, W, C) in bytes."""
    if tile.dtype == np.uint8:
        return tile
    values = tile.astype(np.float64)
    low, high = values.min(), values.max()
    if not np.isfinite(high - low) or high == low:
        return np.full(tile.shape, _GREY, dtype=np.uint8)
    stretched: Array = np.rint((values - low) / (high - low) * 255)
    return stretched.astype(np.uint8)
