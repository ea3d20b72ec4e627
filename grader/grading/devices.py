"""Which devices this machine has, found without importing torch or CuPy into the grader."""

from __future__ import annotations

import os
import platform
import sys

__all__ = ["present_devices"]


def present_devices() -> list[str]:
    """`cpu`, and `cuda` or `mps` where they are. An NVIDIA driver shows its control device; Apple silicon has MPS."""
    devices = ["cpu"]
    if os.path.exists("/dev/nvidiactl"):
        devices.append("cuda")
    if sys.platform == "darwin" and platform.machine() == "arm64":
        devices.append("mps")
    return devices
