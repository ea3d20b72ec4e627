"""The state in which every task starts: generators seeded, library switches as after import."""

from __future__ import annotations

import random
import sys

__all__ = ["reset"]


def reset(seed: int) -> None:
    """Seed every generator that is loaded and put back the switches that student code may have moved.

    `seed` is no secret: it is not the seed of any test's data. Covers `random`, NumPy's legacy generator and error state,
    torch's generators, default dtype and gradient mode.
    """
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(seed % (1 << 32))
        numpy.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    if torch is not None:
        torch.manual_seed(seed % (1 << 63))
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
