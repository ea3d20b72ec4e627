"""Guarding a student's own run: an endless loop costs one test, and the table still comes."""

from __future__ import annotations

import ctypes
import signal
import threading

import pytest

__all__ = ["Interrupter", "guard"]


def guard(item: pytest.Item, seconds: float) -> None:
    """Give the test a time limit (pytest-timeout's), unless it has one of its own."""
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(seconds))


class Interrupter:
    """Interrupts the main thread from another one, for systems without SIGALRM.

    pytest-timeout's own way there ends the whole process, and with it the table. This one waits for the next bytecode of
    the main thread, so a single endless call into C is not stopped. `forced` uses it where SIGALRM is, for the tests.
    """

    def __init__(self, *, forced: bool = False) -> None:
        self._needed = forced or not hasattr(signal, "SIGALRM")
        self._timer: threading.Timer | None = None

    def start(self, item: pytest.Item, settings: object) -> bool | None:
        """Start the clock; True says that pytest-timeout need not."""
        seconds = getattr(settings, "timeout", None)
        if not self._needed or not seconds:
            return None
        self._timer = threading.Timer(seconds, _interrupt, [threading.main_thread().ident, seconds])
        self._timer.daemon = True
        self._timer.start()
        return True

    def cancel(self) -> bool | None:
        """Stop the clock."""
        if self._timer is None:
            return None
        self._timer.cancel()
        self._timer = None
        return True


def _interrupt(thread: int, seconds: float) -> None:
    message = f"Timeout (>{seconds}s) from pytest-timeout."
    kind = type("TimedOut", (pytest.fail.Exception,), {"__init__": lambda self: _init(self, message)})
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def _init(error: pytest.fail.Exception, message: str) -> None:
    pytest.fail.Exception.__init__(error, message, pytrace=False)
