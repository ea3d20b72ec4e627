"""Images like CIFAR-10's, generated: 32 x 32 colour pictures of ten classes, from a seed and nothing else.

The class is a shape at a random place, size, turn and bend, before a clouded background, with a stroke of
clutter, shading and grain. Colour is only loosely tied to the class, as the sky is to aeroplanes: enough for
nearest neighbours to beat chance (about 31 % with 1,000 images, 39 % with 5,000), too little to solve it.
"""

from __future__ import annotations

import numpy as np

from course_data.generated.paint import Dice, Floats, hsv_to_rgb, over
from course_data.generated.sequence import Bytes, Labels, draw, shuffled_labels
from course_data.generated.shapes import SHAPES, fields

__all__ = ["CHUNK", "CLASS_NAMES", "cifar_like"]

CLASS_NAMES: tuple[str, ...] = tuple(SHAPES)

_SIZE = 32
_CLASSES = len(CLASS_NAMES)
CHUNK = 20 * _CLASSES
# The share of images whose object (and whose background) wears its class's colour. With 0.55 and 0.45,
# nearest neighbours reach 19 % with 1,000 images: too near to chance to tell right code from wrong.
_OBJECT_TIE, _GROUND_TIE = 0.7, 0.8


def cifar_like(n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]:
    """Images `start` to `start + n` of the endless sequence that belongs to `seed`, with their classes.

    The sequence depends on the seed only: longer draws begin with shorter ones, and `start` picks up where
    another draw ended. Every run of 200 images from a multiple of 200 holds each class 20 times, shuffled.

    Args:
        n: how many images, at least 0.
        seed: any non-negative integer.
        start: how many images of the sequence to skip, at least 0.

    Returns:
        images (n, 32, 32, 3), uint8, red green blue; labels (n,), places in `CLASS_NAMES`.

    Raises:
        ValueError: n, seed or start is negative.
    """
    return draw("cifar_like", _chunk, CHUNK, n, seed, start)


def _chunk(seed: int, number: int) -> tuple[Bytes, Labels]:
    rng = np.random.default_rng([seed, number])
    labels = shuffled_labels(rng, CHUNK, _CLASSES)
    picture = _picture(labels, Dice(rng, CHUNK, _SIZE))
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), labels


def _picture(labels: Labels, dice: Dice) -> Floats:
    """The finished pictures in floats, (B, 32, 32, 3), not yet clipped."""
    hue = (labels / _CLASSES).astype(np.float32)[:, None, None]
    slope = _slope(dice)
    image = _clutter(_background(hue, slope, dice), dice)
    size = dice.uniform(6.5, 11)
    u, v = _local(size, 3, np.exp(dice.uniform(-0.2, 0.2)), dice)
    cover = 0.5 + 0.8 * size * fields(labels, u + 0.09 * dice.cloud(4), v + 0.09 * dice.cloud(4))
    image = over(image, cover, _skin(hue, slope, dice))
    return image * dice.uniform(0.65, 1.2)[..., None] + np.float32(0.06) * dice.grain()


def _slope(dice: Dice) -> Floats:
    """A plane of random direction through the middle, about -1 to 1: (B, 32, 32). Light falls along it."""
    x, y = _pixels()
    angle = dice.uniform(0, 2 * np.pi)
    return (np.cos(angle) * x + np.sin(angle) * y) / (_SIZE / 2)


def _background(hue: Floats, slope: Floats, dice: Dice) -> Floats:
    """The opposite of the class's colour (or any), lit from one side, with clouds: (B, 32, 32, 3)."""
    ground = dice.hue_near(hue + 0.5, _GROUND_TIE, 0.08)
    tint = hsv_to_rgb(ground, dice.uniform(0.1, 0.7), dice.uniform(0.2, 0.95))
    clouds = np.stack([dice.cloud(6) for _ in range(3)], axis=-1)
    return tint * (1 + 0.25 * dice.uniform(-1, 1) * slope)[..., None] + np.float32(0.12) * clouds


def _clutter(image: Floats, dice: Dice) -> Floats:
    """One small shape of any kind, colour and place, behind the object."""
    u, v = _local(dice.uniform(1.5, 3.2), _SIZE / 2, 1, dice)
    cover = 0.5 + 2.5 * fields(dice.choice(_CLASSES), u, v)
    return over(image, cover, hsv_to_rgb(dice.uniform(0, 1), dice.uniform(0.2, 0.9), dice.uniform(0.2, 1)))


def _skin(hue: Floats, slope: Floats, dice: Dice) -> Floats:
    """The object's colour with mottling and shading of its own: (B, 32, 32, 3)."""
    tint = hsv_to_rgb(dice.hue_near(hue, _OBJECT_TIE, 0.06), dice.uniform(0.35, 0.95), dice.uniform(0.35, 1))
    return tint * (1 + 0.12 * dice.cloud(8) + 0.2 * dice.uniform(-1, 1) * slope)[..., None]


def _local(size: Floats, reach: float, stretch: Floats | float, dice: Dice) -> tuple[Floats, Floats]:
    """Where every pixel lies for a shape of `size` pixels in radius, turned anyhow, up to `reach` off centre.

    Returns u and v, each (B, 32, 32).
    """
    x, y = _pixels()
    x, y = x - dice.uniform(-reach, reach), y - dice.uniform(-reach, reach)
    turn = dice.uniform(0, 2 * np.pi)
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    return u / (size * stretch), v * stretch / size


def _pixels() -> tuple[Floats, Floats]:
    """Pixel centres from the image's middle, x to the right (1, 1, 32) and y down (1, 32, 1)."""
    centres = np.arange(_SIZE, dtype=np.float32) - (_SIZE - 1) / 2
    return centres[None, None, :], centres[None, :, None]
