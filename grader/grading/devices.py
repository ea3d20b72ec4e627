"""Which devices this machine has, found without importing torch or CuPy into the grader."""

from __future__ import annotations

import os
import platform
import sys

__all__ = ["absence", "present_devices"]

_NVIDIA = "/dev/nvidiactl"


def absence(device: str) -> str | None:
    """Why this machine has no `device`; None where it has. An NVIDIA driver shows its control device."""
    if device == "cuda" and not os.path.exists(_NVIDIA):
        return f"no NVIDIA driver: {_NVIDIA}"
    if device == "mps" and (sys.platform, platform.machine()) != ("darwin", "arm64"):
        return f"no Apple silicon: {platform.system()} on {platform.machine()}"
    return None


def present_devices() -> list[str]:
    """`cpu`, and `cuda` or `mps` where they are."""
    return [device for device in ("cpu", "cuda", "mps") if absence(device) is None]
