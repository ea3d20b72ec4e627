"""Guarding a student's own run: an endless loop costs one test, and the table still comes."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from typing import Any, Protocol

import pytest
from _pytest.outcomes import Failed

__all__ = ["Interrupter", "TimedOut", "guard"]

_AGAIN = 1.0  # seconds; an `except:` inside the loop swallows the first interruption


class TimedOut(Failed):
    """A test ran too long."""


class _Clock(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


def guard(item: pytest.Item, seconds: float) -> None:
    """Give the test a time limit (pytest-timeout's), unless it has one of its own."""
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(seconds))


class Interrupter:
    """The clock of the running test, in the place of pytest-timeout's own.

    Those end the whole process where there is no SIGALRM, and with it the table; and they strike once, so that a loop with
    an `except:` in it goes on for ever. Without SIGALRM (Windows; `forced` for the tests) the main thread is interrupted at
    its next bytecode, so a single endless call into C is not stopped.
    """

    def __init__(self, *, forced: bool = False) -> None:
        self._by_thread = forced or not hasattr(signal, "SIGALRM")
        self._clock: _Clock | None = None

    def start(self, settings: object) -> bool | None:
        """Start the clock; True says that pytest-timeout need not."""
        seconds = getattr(settings, "timeout", None)
        if not seconds:
            return None
        in_main = threading.current_thread() is threading.main_thread()
        self._clock = _Thread(seconds) if self._by_thread or not in_main else _Alarm(seconds)
        self._clock.start()
        return True

    def cancel(self) -> bool | None:
        """Stop the clock."""
        if self._clock is None:
            return None
        clock, self._clock = self._clock, None
        try:
            clock.stop()
        except TimedOut:  # it struck while it was being stopped
            clock.stop()
        return True


class _Alarm:
    """By SIGALRM, whose handler runs in the main thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def start(self) -> None:
        signal.signal(signal.SIGALRM, self._strike)
        signal.setitimer(signal.ITIMER_REAL, self._seconds, _AGAIN)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _strike(self, *_: object) -> None:
        if not _is_debugging():
            raise _timed_out(self._seconds)()


class _Thread:
    """By an exception that another thread sets."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._target = seconds, threading.get_ident()
        self._stopped, self._lock = threading.Event(), threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            _set_exception(self._target, None)

    def _watch(self) -> None:
        wait, kind = self._seconds, _timed_out(self._seconds)
        while not self._stopped.wait(wait):
            wait = _AGAIN
            with self._lock, contextlib.suppress(RuntimeError):
                if not self._stopped.is_set() and not _is_debugging():
                    _set_exception(self._target, kind)


def _set_exception(thread: int, kind: type[BaseException] | None) -> None:
    """Raise `kind` in the thread at its next bytecode; None takes back what has not been raised yet."""
    value: Any = ctypes.py_object(kind) if kind is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)


def _timed_out(seconds: float) -> type[TimedOut]:
    """A class that needs no arguments, as the interpreter makes the instance where a thread sets it."""

    def init(self: TimedOut) -> None:
        Failed.__init__(self, f"Timeout (>{seconds:g}s): no answer; is there a loop that never ends?")

    return type("TimedOut", (TimedOut,), {"__init__": init, "__module__": "builtins"})


def _is_debugging() -> bool:
    import pytest_timeout  # type: ignore[import-untyped]

    return bool(pytest_timeout.is_debugging())
