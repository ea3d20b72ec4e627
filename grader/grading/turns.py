"""Turns on a device: tests of values on it run beside each other, a test of speed runs alone.

The lock is a file's, in the folder of the run, so it is seen by all grader processes of the run and by nobody in a sandbox.
The kernel lets go of it when its process ends, however that comes about.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["Turns"]

_TRY = 0.02  # seconds between two attempts
_TELL = 1.0  # seconds after which `waiting` is told again


class Turns:
    """One process's turns; `folder`: where the locks of the run lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[int] = []

    def take(self, device: str, *, alone: bool, waiting: Callable[[float], None] = lambda seconds: None) -> None:
        """Wait until the device is free for this use, and hold it. `waiting(seconds)` is called with each piece of the wait.

        Who waits to be alone goes before all that come later: they queue at a second lock.
        """
        self.release()
        mode = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        door = self._open(f"{device}.door")
        try:
            self._lock(door, mode, waiting)
            device_lock = self._open(f"{device}.lock")
            self._held.append(device_lock)
            self._lock(device_lock, mode, waiting)
        except BaseException:
            self.release()
            raise
        finally:
            os.close(door)

    def release(self) -> None:
        """Let others have it."""
        while self._held:
            os.close(self._held.pop())

    def _open(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    @staticmethod
    def _lock(descriptor: int, mode: int, waiting: Callable[[float], None]) -> None:
        """Tried again and again, so that the crew hears of the wait and does not take it for a suite that hangs."""
        told = time.monotonic()
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
                break
            time.sleep(_TRY)
            if (now := time.monotonic()) - told >= _TELL:
                waiting(now - told)
                told = now
        waiting(time.monotonic() - told)
