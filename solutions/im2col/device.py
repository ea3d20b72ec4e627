"""Results that lie on a device."""

from __future__ import annotations

import numpy as np

from grader.checks import describe
from grader.errors import CheckFailed

__all__ = ["brought"]


def brought(guest, found, name):
    """The numbers of a result that lies on the device, as an array here. Raises CheckFailed where it does not lie there."""
    if isinstance(found, np.ndarray | np.generic):
        raise CheckFailed(
            f"{name} came back in host memory, as {describe(found)}; the data lies on the GPU, and so must the result: "
            "take every function from array_module(x)"
        )
    kind, array = guest.to_host(found)
    if array is None:
        raise CheckFailed(f"{name} is {describe(found)} ({kind}); an array on the GPU is expected")
    return array
