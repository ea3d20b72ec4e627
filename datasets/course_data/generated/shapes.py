"""Ten plane shapes as fields: positive inside, zero on the outline, about 1 in units of the shape's radius.

Every function takes local coordinates `u` (right) and `v` (down), float arrays of one shape, and returns an
array of that shape. Unlike a bitmap, a field can be turned, scaled, bent and given a soft edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHAPES", "Field", "fields"]

Field = NDArray[np.floating]


def disc(u: Field, v: Field) -> Field:
    return 1 - _radius(u, v)


def square(u: Field, v: Field) -> Field:
    return 0.85 - _reach(u, v)


def triangle(u: Field, v: Field) -> Field:
    sides = (v, -0.866 * u - 0.5 * v, 0.866 * u - 0.5 * v)
    nearest: Field = np.minimum.reduce(sides)
    return 0.55 + nearest


def star(u: Field, v: Field) -> Field:
    rays: Field = np.cos(5 * np.arctan2(v, u))
    return 0.75 + 0.35 * rays - _radius(u, v)


def ring(u: Field, v: Field) -> Field:
    away: Field = np.abs(_radius(u, v) - 0.75)
    return 0.27 - away


def cross(u: Field, v: Field) -> Field:
    across: Field = np.minimum(np.abs(u), np.abs(v))
    inside: Field = np.minimum(0.3 - across, 1 - _reach(u, v))
    return inside


def bars(u: Field, v: Field) -> Field:
    inside: Field = np.minimum(1 - _reach(u, v), 0.5 * np.cos(7.5 * u))
    return inside


def checker(u: Field, v: Field) -> Field:
    inside: Field = np.minimum(1 - _reach(u, v), 0.6 * np.sin(4.7 * u) * np.sin(4.7 * v))
    return inside


def blobs(u: Field, v: Field) -> Field:
    corners = 2 * np.pi * np.arange(3) / 3
    nearest: Field = np.minimum.reduce([np.hypot(u - 0.6 * np.cos(a), v - 0.6 * np.sin(a)) for a in corners])
    return 0.42 - nearest


def crescent(u: Field, v: Field) -> Field:
    inside: Field = np.minimum(1 - _radius(u, v), _radius(u - 0.5, v) - 0.75)
    return inside


def _radius(u: Field, v: Field) -> Field:
    length: Field = np.hypot(u, v)
    return length


def _reach(u: Field, v: Field) -> Field:
    larger: Field = np.maximum(np.abs(u), np.abs(v))
    return larger


SHAPES: Mapping[str, Callable[[Field, Field], Field]] = MappingProxyType({
    shape.__name__: shape
    for shape in (disc, square, triangle, star, ring, cross, bars, checker, blobs, crescent)
})  # fmt: skip


def fields(kinds: NDArray[np.integer], u: Field, v: Field) -> Field:
    """The field of shape number `kinds[i]` at `u[i]`, `v[i]`, for every i.

    Shapes: kinds (B,), places in `SHAPES`; u, v and the result (B, H, W), float32.
    """
    result = np.empty_like(u)
    for kind, shape in enumerate(SHAPES.values()):
        chosen = kinds == kind
        result[chosen] = shape(u[chosen], v[chosen])
    return result
