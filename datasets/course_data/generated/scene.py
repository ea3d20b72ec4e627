"""What animals stand before and are made of: backgrounds, leaves and sticks, and the fields of simple parts.

A field is positive inside a part, zero on its outline, and measured in the animal's own unit of length.
"""

from __future__ import annotations

import numpy as np

from course_data.generated.paint import Floats, hsv_to_rgb, over
from course_data.generated.portable import PortableDice, cos_turns, length, pixels
from course_data.generated.sequence import Bytes

__all__ = ["SIZE", "any_colour", "ellipse", "finish", "local", "scenery", "stick", "three_corners", "tint"]

SIZE = 64

_LEAVES = 4


def any_colour(dice: PortableDice, saturation: tuple[float, float], value: tuple[float, float]) -> Floats:
    """One colour an image, of any hue: (B, 1, 1, 3)."""
    return hsv_to_rgb(dice.uniform(0, 1), dice.uniform(*saturation), dice.uniform(*value))


def tint(colour: Floats, second: Floats, share: Floats) -> Floats:
    """From `colour` where `share` is 0 to `second` where it is 1; colours (B, 1, 1, 3), share (B, H, W)."""
    part = np.clip(share, 0, 1)[..., None]
    mixed: Floats = colour + part * (second - colour)
    return mixed


def scenery(dice: PortableDice) -> Floats:
    """A clouded background of any colour, lit from one side, with leaves and sticks: (B, SIZE, SIZE, 3)."""
    x, y = pixels(SIZE)
    image, (across, down) = any_colour(dice, (0.1, 0.7), (0.2, 0.95)), dice.direction()
    slope = (across * x + down * y) / (SIZE / 2)
    image = image * (1 + 0.25 * dice.uniform(-1, 1) * slope)[..., None]
    for cells, strength in ((5, 0.132), (14, 0.079)):
        image = image + np.float32(strength) * np.stack([dice.cloud(cells) for _ in range(3)], axis=-1)
    for _ in range(_LEAVES):
        image = _leaf(image, dice)
    return image


def _leaf(image: Floats, dice: PortableDice) -> Floats:
    """One leaf, stick or striped patch anywhere."""
    u, v = local(dice.uniform(4, 11), SIZE / 2, dice.direction(), dice)
    kind = dice.choice(3)
    leaf = 1 - length(u, 2 * v)
    twig = 0.13 - np.abs(v) - np.maximum(np.abs(u) - 1.3, 0)
    patch = np.minimum(0.8 - np.maximum(np.abs(u), np.abs(v)), 0.4 * cos_turns(u * np.float32(1.43)))
    cover = 0.5 + 6 * np.where(kind == 0, leaf, np.where(kind == 1, twig, patch))
    return over(image, cover, any_colour(dice, (0.1, 0.8), (0.15, 1)))


def local(size: Floats, reach: float, direction: tuple[Floats, Floats], dice: PortableDice) -> tuple[Floats, Floats]:
    """Where every pixel lies for something of `size` pixels that looks in `direction`, up to `reach` off the middle.

    Returns u (forward) and v (to its right), each (B, SIZE, SIZE), in units of `size`.
    """
    x, y = pixels(SIZE)
    x, y = x - dice.uniform(-reach, reach), y - dice.uniform(-reach, reach)
    cosine, sine = direction
    return (cosine * x + sine * y) / size, (cosine * y - sine * x) / size


def ellipse(u: Floats, v: Floats, half: Floats | float, width: Floats | float) -> Floats:
    """An ellipse about the origin with half axes `half` along u and `width` along v."""
    smaller = np.asarray(np.minimum(half, width), dtype=np.float32)
    return (1 - length(u / half, v / width)) * smaller


def stick(u: Floats, v: Floats, du: Floats | float, dv: Floats | float, radius: float) -> Floats:
    """A stick with round ends from the origin to (du, dv)."""
    along = np.clip((u * du + v * dv) / (du * du + dv * dv), 0, 1)
    return radius - length(u - along * du, v - along * dv)


def three_corners(u: Floats, v: Floats, tip: float, base: Floats | float, half: float) -> Floats:
    """A triangle whose tip is at (0, tip) and whose base, `half` to either side, lies at v = base > tip."""
    slope = half / (base - tip)
    side = (slope * (v - tip) - np.abs(u)) / np.sqrt(1 + slope * slope, dtype=np.float32)
    inside: Floats = np.minimum(side, base - v)
    return inside


def finish(image: Floats, dice: PortableDice) -> Bytes:
    """Exposure and grain, then bytes: (B, SIZE, SIZE, 3)."""
    image = image * dice.uniform(0.7, 1.15)[..., None] + np.float32(0.05) * dice.bell(SIZE, SIZE, 3)
    return (np.clip(image, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)
