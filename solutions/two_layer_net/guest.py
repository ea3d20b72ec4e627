"""Functions whose gradient is asked for; they run beside the student's `numeric_gradient` in the sandbox."""

from __future__ import annotations

import numpy as np

FUNCTIONS = {
    "cubes": lambda x: float(np.sum(x**3)),
    "waves": lambda x: float(np.sum(np.arange(1, x.size + 1).reshape(x.shape) * np.sin(x))),
    "coupled": lambda x: float(np.sum(np.cos(x)) * np.sum(x * np.arange(2, x.size + 2).reshape(x.shape))),
    "weighted": lambda x: float(np.square(x).ravel() @ np.linspace(0.5, 3, x.size)),
}


def gradient_of(numeric_gradient, name, x, *h):
    """The gradient of the function of that name at x, and x afterwards."""
    return numeric_gradient(FUNCTIONS[name], x, *h), x
