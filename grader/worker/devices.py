"""Starting a device: a context of it, and a first computation, by each module that an assignment computes with there.

In a worker it runs after the worker has shut itself in and before student code, so that what a context costs is nobody's
time or memory. It also runs in a process of its own, to find out whether there is such a device at all.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["start"]


def start(device: str, modules: Sequence[str]) -> None:
    """Import each of `modules` ("torch", "cupy") and have it add up two numbers on `device` ("cuda", "mps").

    Raises whatever they raise, and RuntimeError where the sum is wrong. A process that has done so cannot fork any more.
    """
    for name in modules:
        total = _SUMS[name](importlib.import_module(name), device)
        if total != 2:
            raise RuntimeError(f"{name} adds 1 and 1 up to {total} on {device}")


def _of_torch(torch: Any, device: str) -> float:
    return float(torch.ones(2, device=device).sum())


def _of_cupy(cupy: Any, _: str) -> float:
    """With a kernel that is compiled for it."""
    return float(cupy.ones(2).sum())


_SUMS: dict[str, Callable[[Any, str], float]] = {"torch": _of_torch, "cupy": _of_cupy}
