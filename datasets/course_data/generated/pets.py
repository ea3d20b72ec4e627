"""Cats and fish in colour, 64 x 64, from a seed and nothing else: a pair of classes that is easy for the eye.

Colour and background say nothing about the class. Every image is the same bits on every machine: see `portable`.
"""

from __future__ import annotations

import numpy as np

from course_data.generated.paint import Floats, over
from course_data.generated.portable import PortableDice, cos_turns
from course_data.generated.scene import SIZE, any_colour, ellipse, finish, local, scenery, stick, three_corners, tint
from course_data.generated.sequence import Bytes, Labels, draw, shuffled_labels

__all__ = ["CHUNK", "CLASS_NAMES", "cats_and_fish"]

CLASS_NAMES: tuple[str, ...] = ("cat", "fish")
CHUNK = 50

_STREAM = 5  # keeps a seed's pets independent of the same seed's other sets
_DARK, _PALE = np.float32(0.08), np.float32(0.92)


def cats_and_fish(n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]:
    """Cats and fish `start` to `start + n` of the endless sequence that belongs to `seed`.

    Longer draws begin with shorter ones. Every run of 50 images from a multiple of 50 holds 25 cats and 25 fish.

    Args:
        n: how many images, at least 0.
        seed: any non-negative integer.
        start: how many images of the sequence to skip, at least 0.

    Returns:
        images (n, 64, 64, 3), uint8, red green blue; labels (n,), 0 cat and 1 fish.

    Raises:
        ValueError: n, seed or start is negative.
    """
    return draw("cats_and_fish", _chunk, CHUNK, n, seed, start)


def _chunk(seed: int, number: int) -> tuple[Bytes, Labels]:
    rng = np.random.default_rng([_STREAM, seed, number])
    labels = shuffled_labels(rng, CHUNK, len(CLASS_NAMES))
    dice = PortableDice(rng, CHUNK, SIZE)
    image = scenery(dice)
    size, (u, v) = _pose(dice)
    cat, fish = _cat(image, size, u, v, dice), _fish(image, size, u, v, dice)
    return finish(np.where(labels[:, None, None, None] == 0, cat, fish), dice), labels


def _pose(dice: PortableDice) -> tuple[Floats, tuple[Floats, Floats]]:
    """Size in pixels and the pixels' places, u to the right and v down; half of all animals face left."""
    size, lean = dice.uniform(14, 22), dice.uniform(-0.08, 0.08)
    u, v = local(size, 8, (cos_turns(lean), cos_turns(lean - 0.25)), dice)
    u, v = u + np.float32(0.05) * dice.cloud(4), v + np.float32(0.05) * dice.cloud(4)
    return size, (np.where(dice.uniform(-1, 1) < 0, -u, u), v)


def _coat(u: Floats, v: Floats, dice: PortableDice) -> tuple[Floats, Floats]:
    """A plain or striped coat, (B, SIZE, SIZE, 3), and its ground colour, (B, 1, 1, 3)."""
    ground, stripe = any_colour(dice, (0.1, 0.9), (0.25, 1)), any_colour(dice, (0.1, 0.9), (0.1, 1))
    waves = cos_turns(u * dice.uniform(1.2, 2.2) + np.float32(0.3) * v + dice.uniform(0, 1))
    share = np.clip(0.5 + 3 * waves, 0, 1) * dice.uniform(-0.5, 0.9)
    return tint(ground, stripe, share) * (1 - 0.2 * v[..., None]), ground


def _cat(image: Floats, size: Floats, u: Floats, v: Floats, dice: PortableDice) -> Floats:
    """A sitting cat: tail, body and, in front of them, its face."""
    coat, ground = _coat(u, v, dice)
    tail = stick(u - np.float32(0.35), v - np.float32(0.8), dice.uniform(0.45, 0.8), dice.uniform(-0.8, -0.2), 0.1)
    body = ellipse(u, v - np.float32(0.62), 0.48, 0.6)
    ears = three_corners(np.abs(u) - np.float32(0.33), v + np.float32(0.4), -0.55, 0.2, 0.24)
    head = np.maximum(ellipse(u, v + np.float32(0.35), 0.56 * dice.stretch(0.1), 0.46), ears)
    image = over(image, 0.5 + size * np.maximum(tail, body), coat)
    image = over(image, 0.5 + size * head, ground * np.float32(1.05))
    eyes = ellipse(np.abs(u) - np.float32(0.22), v + np.float32(0.42), 0.1, 0.12)
    slits = ellipse(np.abs(u) - np.float32(0.22), v + np.float32(0.42), 0.035, 0.11)
    whiskers = stick(np.abs(u) - np.float32(0.2), v + np.float32(0.16), 0.55, dice.uniform(-0.15, 0.1), 0.02)
    image = over(image, 0.5 + size * whiskers, np.full((1, 1, 1, 3), _PALE))
    image = over(image, 0.5 + size * eyes, any_colour(dice, (0.3, 0.9), (0.6, 1)))
    nose = ellipse(u, v + np.float32(0.2), 0.08, 0.06)
    return over(image, 0.5 + size * np.maximum(slits, nose), np.full((1, 1, 1, 3), _DARK))


def _fish(image: Floats, size: Floats, u: Floats, v: Floats, dice: PortableDice) -> Floats:
    """A fish from the side: tail and fins, the body over them, an eye."""
    coat, ground = _coat(u, v, dice)
    flat = dice.uniform(0.4, 0.62)
    tail = three_corners(v, -u - np.float32(0.45), 0, dice.uniform(0.6, 0.85), 0.55)
    fins = three_corners(u + np.float32(0.1), np.abs(v) * np.float32(-1), -0.85, -0.2, 0.4)
    image = over(image, 0.5 + size * np.maximum(tail, fins), ground * np.float32(0.7))
    body = ellipse(u - np.float32(0.15), v, 0.78, flat)
    image = over(image, 0.5 + size * body, coat)
    ring = ellipse(u - np.float32(0.58), v + np.float32(0.1), 0.12, 0.12)
    image = over(image, 0.5 + size * ring, np.full((1, 1, 1, 3), _PALE))
    pupil = ellipse(u - np.float32(0.58), v + np.float32(0.1), 0.06, 0.06)
    return over(image, 0.5 + size * pupil, np.full((1, 1, 1, 3), _DARK))
