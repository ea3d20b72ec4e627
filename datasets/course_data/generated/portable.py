"""Random numbers and curves that are the same bits on every machine.

Sines, exponentials and matrix products are rounded differently by different processors and libraries. What
stands here uses +, -, *, /, square roots and integers only, which IEEE 754 and NumPy define to the last bit.
"""

from __future__ import annotations

import numpy as np

from course_data.generated.paint import Floats, blend

__all__ = ["PortableDice", "cos_turns", "length", "pixels", "sin_turns"]

# Of sin(2 pi x) = c0 x + c1 x^3 + ...: (-1)^k (2 pi)^(2k+1) / (2k+1)!, Taylor's; below 4e-6 off for |x| <= 1/4.
_SINE = (6.28318531, -41.3417022, 81.6052493, -76.7058598, 42.0586940)
_BELL_MEAN, _BELL_SD = 4 * 127.5, 2 * np.sqrt((256**2 - 1) / 12)


def cos_turns(turns: Floats) -> Floats:
    """The cosine of an angle given in full turns, at most 4e-6 off; any shape, float32."""
    turned: Floats = 0.25 - np.abs(turns - np.rint(turns))
    square, result = turned * turned, np.zeros_like(turned)
    for factor in reversed(_SINE):
        result = result * square + factor
    return result * turned


def sin_turns(turns: Floats) -> Floats:
    """The sine of an angle given in full turns, at most 4e-6 off; any shape, float32."""
    return cos_turns(turns - 0.25)


def length(x: Floats, y: Floats) -> Floats:
    """The Euclidean length of (x, y); any shape."""
    result: Floats = np.sqrt(x * x + y * y)
    return result


def pixels(size: int) -> tuple[Floats, Floats]:
    """Pixel centres from the image's middle, x to the right (1, 1, size) and y down (1, size, 1)."""
    centres = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    return centres[None, None, :], centres[None, :, None]


class PortableDice:
    """Random numbers for `count` images of `size` x `size` pixels, to broadcast over (count, size, size)."""

    def __init__(self, rng: np.random.Generator, count: int, size: int) -> None:
        self.rng, self.count, self.size = rng, count, size

    def uniform(self, low: float, high: float) -> Floats:
        """One number an image from [low, high): (count, 1, 1)."""
        share = self.rng.random(self.count, dtype=np.float32).reshape(self.count, 1, 1)
        return low + (high - low) * share

    def choice(self, options: int) -> Floats:
        """One of 0 .. options - 1 an image, as (count, 1, 1) to compare with."""
        return self.rng.integers(0, options, self.count).astype(np.float32).reshape(self.count, 1, 1)

    def stretch(self, most: float) -> Floats:
        """A factor from 1 / (1 + most) to 1 + most, half of them above 1: (count, 1, 1)."""
        t = self.uniform(-most, most)
        return np.where(t > 0, 1 + t, 1 / (1 - t))

    def direction(self) -> tuple[Floats, Floats]:
        """Cosine and sine of any angle, each (count, 1, 1)."""
        turn = self.uniform(0, 1)
        return cos_turns(turn), sin_turns(turn)

    def bell(self, *shape: int) -> Floats:
        """Nearly normal numbers, mean 0 and deviation 1, never beyond 3.5: (count, *shape).

        Each is the sum of four bytes, which is exact, while a true normal number takes a logarithm.
        """
        wanted = (4, self.count, *shape)
        raw = np.frombuffer(self.rng.bytes(int(np.prod(wanted))), dtype=np.uint8).reshape(wanted).astype(np.float32)
        total: Floats = raw[0] + raw[1] + raw[2] + raw[3]
        return (total - np.float32(_BELL_MEAN)) * np.float32(1 / _BELL_SD)

    def cloud(self, cells: int) -> Floats:
        """Smooth noise of unit strength, with `cells` x `cells` independent knots: (count, size, size)."""
        weights, left = blend(cells, self.size), _left(cells, self.size)
        near, far = weights[np.arange(self.size), left], weights[np.arange(self.size), left + 1]
        knots = self.bell(cells, cells)
        rows = knots[:, left] * near[:, None] + knots[:, left + 1] * far[:, None]
        return rows[:, :, left] * near + rows[:, :, left + 1] * far


def _left(cells: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The knot to the left of every pixel, as `blend` places them: (size,)."""
    return np.minimum(np.linspace(0, cells - 1, size).astype(np.int64), cells - 2)
