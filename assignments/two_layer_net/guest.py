"""Runs beside your module: hands a function to your `numeric_gradient`."""

from __future__ import annotations

import numpy as np


def gradient_of_cubes(numeric_gradient, x, h):
    """The gradient of the sum of x ** 3, and x after the call."""
    return numeric_gradient(lambda at: float(np.sum(at**3)), x, h), x
