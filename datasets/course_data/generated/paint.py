"""Small tools for painting a batch of square images in floats, 0 dark to 1 bright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dice", "Floats", "blend", "hsv_to_rgb", "over"]

Floats = NDArray[np.floating]


class Dice:
    """Random numbers for `count` images of `size` x `size` pixels, to broadcast over (count, size, size)."""

    def __init__(self, rng: np.random.Generator, count: int, size: int) -> None:
        self.rng, self.count, self.size = rng, count, size

    def uniform(self, low: float, high: float) -> Floats:
        """One number an image from [low, high): (count, 1, 1)."""
        return self._one_each(self.rng.uniform(low, high, self.count))

    def choice(self, options: int) -> NDArray[np.int64]:
        """One of 0 .. options - 1 an image: (count,)."""
        return self.rng.integers(0, options, self.count)

    def hue_near(self, hue: Floats, tie: float, spread: float) -> Floats:
        """With probability `tie` a hue about `spread` away from `hue`, else any: (count, 1, 1) in [0, 1)."""
        near = hue + spread * self._one_each(self.rng.standard_normal(self.count))
        return np.where(self.uniform(0, 1) < tie, near, self.uniform(0, 1)) % 1

    def cloud(self, cells: int) -> Floats:
        """Smooth noise of unit strength, with `cells` x `cells` independent knots: (count, size, size)."""
        knots = self.rng.standard_normal((self.count, cells, cells), dtype=np.float32)
        weights = blend(cells, self.size)
        smooth: Floats = weights @ knots @ weights.T
        return smooth

    def grain(self) -> Floats:
        """Independent normal noise for every pixel and colour: (count, size, size, 3)."""
        return self.rng.standard_normal((self.count, self.size, self.size, 3), dtype=np.float32)

    def _one_each(self, numbers: NDArray[np.float64]) -> Floats:
        return numbers.astype(np.float32).reshape(self.count, 1, 1)


def blend(cells: int, size: int) -> Floats:
    """Weights (size, cells) that carry knots to pixels, with the smooth step 3t^2 - 2t^3 between knots."""
    at = np.linspace(0, cells - 1, size)
    left = np.minimum(at.astype(int), cells - 2)
    t = at - left
    weights = np.zeros((size, cells), dtype=np.float32)
    weights[np.arange(size), left + 1] = t * t * (3 - 2 * t)
    weights[np.arange(size), left] = 1 - t * t * (3 - 2 * t)
    return weights


def hsv_to_rgb(hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """Colours from hue, saturation and value, each in [0, 1] and of one shape (...): (..., 3).

    One formula for all sextants of the hue: f(n) = v - v s max(0, min(k, 4 - k, 1)) with k = (n + 6 h) mod 6,
    and red, green, blue at n = 5, 3, 1 (https://en.wikipedia.org/wiki/HSL_and_HSV, "HSV to RGB alternative").
    """
    k = (np.array([5, 3, 1], dtype=np.float32) + 6 * hue[..., None]) % 6
    white: Floats = 1 - saturation[..., None] * np.clip(np.minimum(k, 4 - k), 0, 1)
    return value[..., None] * white


def over(image: Floats, cover: Floats, colour: Floats) -> Floats:
    """`colour` (B, h, w, 3) laid over `image` (B, H, W, 3), opaque where `cover` (B, H, W) is 1 or more."""
    alpha = np.clip(cover, 0, 1)[..., None]
    return image + alpha * (colour - image)
