"""Insects in colour, 64 x 64, from a seed and nothing else: ants and bees, and twenty other plans to train on before.

Every image is the same bits on every machine: see `portable`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from course_data.generated.paint import Floats, over
from course_data.generated.plans import ANT_AND_BEE, TWENTY, Plan, table
from course_data.generated.portable import PortableDice, cos_turns, sin_turns
from course_data.generated.scene import SIZE, any_colour, ellipse, finish, local, scenery, stick, tint
from course_data.generated.sequence import Bytes, Labels, draw, shuffled_labels

__all__ = ["CLASS_NAMES", "INSECT_CHUNK", "PLAN_CHUNK", "PLAN_NAMES", "body_plans", "insects"]

CLASS_NAMES: tuple[str, ...] = tuple(ANT_AND_BEE)
PLAN_NAMES: tuple[str, ...] = tuple(plan.name for plan in TWENTY)
INSECT_CHUNK, PLAN_CHUNK = 50, 40

_INSECT_STREAM, _PLAN_STREAM = 3, 4  # keep a seed's sets independent of each other
# For each number of segments: where along the body each lies, half its length and half its width.
_BODIES = (
    ((0.0, 0.72, 0.36),),
    ((0.52, 0.3, 0.25), (-0.28, 0.55, 0.33)),
    ((0.66, 0.22, 0.2), (0.16, 0.27, 0.17), (-0.5, 0.42, 0.28)),
)
_NOWHERE = np.float32(-9)


def insects(n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]:
    """Ants and bees `start` to `start + n` of the endless sequence that belongs to `seed`.

    Longer draws begin with shorter ones. Every run of 50 images from a multiple of 50 holds 25 ants and 25 bees.

    Args:
        n: how many images, at least 0.
        seed: any non-negative integer.
        start: how many images of the sequence to skip, at least 0.

    Returns:
        images (n, 64, 64, 3), uint8, red green blue; labels (n,), 0 ant and 1 bee.

    Raises:
        ValueError: n, seed or start is negative.
    """
    return draw("insects", _chunks(_INSECT_STREAM, tuple(ANT_AND_BEE.values()), INSECT_CHUNK), INSECT_CHUNK, n, seed, start)


def body_plans(n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]:
    """Like `insects`, with the twenty classes of `PLAN_NAMES`; the ant's plan and the bee's are not among them.

    Every run of 40 images from a multiple of 40 holds each plan twice.

    Raises:
        ValueError: n, seed or start is negative.
    """
    return draw("body_plans", _chunks(_PLAN_STREAM, TWENTY, PLAN_CHUNK), PLAN_CHUNK, n, seed, start)


def _chunks(stream: int, plans: tuple[Plan, ...], count: int) -> Callable[[int, int], tuple[Bytes, Labels]]:
    def chunk(seed: int, number: int) -> tuple[Bytes, Labels]:
        rng = np.random.default_rng([stream, seed, number])
        labels = shuffled_labels(rng, count, len(plans))
        dice = PortableDice(rng, count, SIZE)
        return finish(_insect(scenery(dice), table(plans)[labels], dice), dice), labels

    return chunk


def _insect(image: Floats, plan: NDArray[np.int64], dice: PortableDice) -> Floats:
    """The insects of the plans, (B, 4), before `image`: legs, wings, then the body over both."""
    segments, pattern, legs, wings = (column.reshape(-1, 1, 1) for column in plan.T)
    size = dice.uniform(13, 21)
    u, v = local(size, 8, dice.direction(), dice)
    u = u + np.float32(0.05) * dice.cloud(4)
    v = v + np.float32(0.05) * dice.cloud(4) + dice.uniform(-0.18, 0.18) * u * u
    skin, marking = _two_colours(dice)
    image = over(image, 0.5 + size * _legs(u, v, legs, segments, dice), skin * np.float32(0.45))
    feather = np.clip(0.5 + size * _wings(u, v, wings, dice), 0, 1) * dice.uniform(0.45, 0.8)
    image = over(image, feather, any_colour(dice, (0, 0.35), (0.6, 1)))
    coat = tint(skin, marking, 0.5 + 3 * _pattern(u, v, pattern, dice)) * (1 + 0.25 * v[..., None])
    return over(image, 0.5 + size * _body(u, v, segments, dice), coat)


def _two_colours(dice: PortableDice) -> tuple[Floats, Floats]:
    """Colours of body and marking, each (B, 1, 1, 3), with brightness at least 0.22 apart: else no pattern is seen."""
    skin, marking = any_colour(dice, (0.2, 0.95), (0.1, 1)), any_colour(dice, (0.2, 0.95), (0.1, 1))
    gap = _brightness(marking) - _brightness(skin)
    missing = np.maximum(np.float32(0.22) - np.abs(gap), 0)
    return skin, np.clip(marking + np.where(gap < 0, -missing, missing), 0, 1.2)


def _brightness(colour: Floats) -> Floats:
    """The mean of red, green and blue: (B, 1, 1, 1)."""
    mean: Floats = (colour[..., :1] + colour[..., 1:2] + colour[..., 2:]) / 3
    return mean


def _legs(u: Floats, v: Floats, pairs: NDArray[np.int64], segments: NDArray[np.int64], dice: PortableDice) -> Floats:
    reach, field = dice.uniform(0.6, 0.85), np.full_like(u, _NOWHERE)
    for pair in range(4):
        place = (pair - (pairs - 1) / 2).astype(np.float32)
        root = place * np.float32(0.32) - np.float32(0.1) * (segments == 2)
        slant = place * np.float32(0.28) + dice.uniform(-0.1, 0.1)
        for side in (-1, 1):
            leg = stick(u - root, side * v, slant, reach, 0.045)
            field = np.where(pairs > pair, np.maximum(field, leg), field)
    return field


def _wings(u: Floats, v: Floats, kind: NDArray[np.int64], dice: PortableDice) -> Floats:
    half = np.where(kind == 2, 0.62, 0.42).astype(np.float32)
    turn = dice.uniform(0.08, 0.143)
    sine, cosine = sin_turns(turn), cos_turns(turn)
    root, field = dice.uniform(-0.15, 0.1), np.full_like(u, _NOWHERE)
    for side in (-1, 1):
        a, b = u - (root - half * sine / 2), side * v - (np.float32(0.18) + np.float32(0.8) * half * cosine)
        wing = ellipse(b * cosine - a * sine, a * cosine + b * sine, half, half / 2)
        field = np.where(kind > 0, np.maximum(field, wing), field)
    return field


def _body(u: Floats, v: Floats, segments: NDArray[np.int64], dice: PortableDice) -> Floats:
    field = np.full_like(u, _NOWHERE)
    for number, parts in enumerate(_BODIES, start=1):
        for centre, half, width in parts:
            part = ellipse(u - centre, v, half * dice.uniform(0.88, 1.12), width * dice.uniform(0.88, 1.12))
            field = np.where(segments == number, np.maximum(field, part), field)
    return field


def _pattern(u: Floats, v: Floats, kind: NDArray[np.int64], dice: PortableDice) -> Floats:
    """Positive where the marking is: the places of `kind` are those of `plans.PATTERNS`."""
    waves, phase = dice.uniform(1.43, 2.07), dice.uniform(0, 1)
    stripes = cos_turns(u * waves + phase)
    dots = stripes * cos_turns(v * waves) - np.float32(0.25)
    return np.where(kind == 1, stripes, np.where(kind == 2, dots, np.where(kind == 3, 8 * v, _NOWHERE)))
