"""What the hostile tests share: sandboxes at each level, student modules that attack, and a look at ourselves afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import resource
import signal
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest

from grader.course import Limits
from grader.sandbox.levels import probe
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of
from grader.sandbox.worker import Worker
from grader.submission import Submission
from grader.submission.sandboxed import SandboxPort

__all__ = ["COLD", "WARM", "Arena", "named", "open_arena", "own_state"]

WARM = [("bubblewrap", True), ("landlock", True)]
COLD = [("bubblewrap", False), ("landlock", False)]
LIMITS = Limits(cpu=5, memory=256 << 20)

PRELUDE = """
import ctypes, errno, os, platform, sys, tempfile, threading, time

def attempt(action):
    "The name of the error that an attempt ends with, or 'allowed'."
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    except BaseException as error:
        return type(error).__name__
    return "allowed"

def attempts():
    "Every attempt of the module, by name."
    return {name: attempt(action) for name, action in TRIES.items()}

def call(x86, arm, *arguments):
    "A system call by its number."
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number = x86 if platform.machine() == "x86_64" else arm
    result = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    if result < 0:
        raise OSError(ctypes.get_errno(), "system call")
    return result

TRIES = {}
"""


def named(way: tuple[str, bool]) -> str:
    """The name of a parameter (level, warm)."""
    return f"{way[0]}-{'warm' if way[1] else 'cold'}"


@functools.cache
def _refused(level: str) -> str | None:
    return probe(level)


class Arena:
    """A sandbox that student modules are let loose in."""

    def __init__(self, level: str, warm: bool, packages: list[str]) -> None:
        self.level, self.warm = level, warm
        self.sandbox = Sandbox(level, view_of(packages), warm=warm)
        self.workers: list[Worker] = []

    def student(self, source: str, *, deadline: float = 60, **limits: Any) -> Submission:
        """A submission of this source, after the prelude; `limits` change LIMITS."""
        code = PRELUDE + textwrap.dedent(source)
        chosen = dataclasses.replace(LIMITS, **limits)
        worker = self.sandbox.worker(Job({"student.py": code.encode()}, "student.py"), chosen, time.monotonic() + deadline)
        self.workers.append(worker)
        return Submission(SandboxPort(worker, "student.py", ["student.py"]))

    def attempts(self, source: str, **limits: Any) -> dict[str, str]:
        """What became of each of the module's TRIES."""
        return dict(self.student(source, **limits).attempts())

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """Afterwards we are what we were, and the next worker does what it should."""
        before = own_state()
        yield
        self.still_works()
        assert own_state() == before

    def still_works(self) -> None:
        """End every worker; a fresh one answers."""
        for worker in self.workers:
            worker.close()
        self.workers.clear()
        assert self.student("def f(x): return x + 1").f(1) == 2
        self.workers.pop().close()


def open_arena(way: tuple[str, bool], packages: tuple[str, ...] = ()) -> Iterator[Arena]:
    """For a fixture: an arena at this level, or a skip that says why not."""
    if (reason := _refused(way[0])) is not None:
        pytest.skip(f"{way[0]}: {reason}")
    arena = Arena(*way, list(packages))
    arena.still_works()  # a warm sandbox begins with its first worker
    yield arena
    arena.sandbox.close()


def own_state() -> dict[str, object]:
    """Of this process all that an attack could have changed."""
    kinds = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
    return {
        "rlimits": [resource.getrlimit(kind) for kind in kinds], "affinity": os.sched_getaffinity(0), "folder": os.getcwd(),
        "nice": os.getpriority(os.PRIO_PROCESS, 0), "signals": [signal.getsignal(k) for k in signal.valid_signals()],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, []), "descriptors": len(os.listdir("/proc/self/fd")),
        "user": os.getresuid(), "session": os.getsid(0),
    }  # fmt: skip
