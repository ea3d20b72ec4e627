"""The state in which every task starts: generators seeded, library switches as after import."""

from __future__ import annotations

import random
import sys
from typing import Any

__all__ = ["reset"]


def reset(seed: int, *, devices: bool = True) -> None:
    """Seed every generator that is loaded and put back the switches that student code may have moved.

    `seed` is no secret: it is not the seed of any test's data. Covers `random`, NumPy's legacy generator and error state,
    CuPy's generator, torch's generators (of every device), default dtype and device, gradient mode, and whether only
    deterministic algorithms may run. Without `devices` none is looked for, which would keep this process from forking.
    """
    random.seed(seed)
    numpy, torch, cupy = (sys.modules.get(name) for name in ("numpy", "torch", "cupy"))
    if cupy is not None and devices:
        _reset_cupy(cupy, seed % (1 << 32))
    if numpy is not None:
        numpy.random.seed(seed % (1 << 32))
        numpy.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    if torch is not None:
        _reset_torch(torch, seed % (1 << 63))


def _reset_cupy(cupy: Any, seed: int) -> None:
    """Its generator lives on the device, where there is one."""
    try:
        here = cupy.cuda.is_available()
    except Exception:  # the driver is there and does not work; whoever computes with it will be told
        return
    if here:
        cupy.random.seed(seed)


def _reset_torch(torch: Any, seed: int) -> None:
    """`manual_seed` covers the generators of every device, of one that has not been started once it is. What costs an import
    is set only where it differs.
    """
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.autograd.set_detect_anomaly(False)
    if torch.get_default_device().type != "cpu":
        torch.set_default_device(None)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)
