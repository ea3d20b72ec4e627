"""Which isolation can be had on this machine: found out by trying, not by guessing from versions."""

from __future__ import annotations

import dataclasses
import os
import sys
import time

from grader.course.limits import Limits
from grader.errors import Fault, GraderError, IsolationError
from grader.worker import landlock, seccomp

from .command import LEVELS
from .sandbox import Job, Sandbox
from .view import view_of

__all__ = ["Choice", "choose", "mend", "probe"]

_BETTER = ("bubblewrap", "landlock")


@dataclasses.dataclass(frozen=True)
class Choice:
    """`level` that will be used; `warm`: whether workers can be forked from a warm zygote; `refused`: why each better level
    cannot be had.
    """

    level: str
    warm: bool
    refused: dict[str, str]


def choose(asked: str = "auto", *, at_least: str | None = None, warm: bool = True) -> Choice:
    """The level to grade at: the one asked for, or with "auto" the best that works. Never lower than `at_least`.

    Raises IsolationError, with the reason and the mend, where that cannot be had.
    """
    if asked != "auto":
        tried = _try(asked, warm)
        if isinstance(tried, str):
            raise IsolationError(f"isolation {asked!r} cannot be had here: {tried}. {mend(asked)}")
        choice = Choice(asked, tried, {})
    else:
        choice = _best(warm)
    if at_least is not None and LEVELS.index(choice.level) > LEVELS.index(at_least):
        why = choice.refused.get(at_least, f"{choice.level!r} was asked for")
        raise IsolationError(f"isolation {at_least!r} is required and cannot be had: {why}. {mend(at_least)}")
    return choice


def probe(level: str) -> str | None:
    """Why this level does not work here; None where it does."""
    tried = _try(level, True)
    return tried if isinstance(tried, str) else None


def mend(level: str) -> str:
    """What to do to get this level."""
    if sys.platform != "linux":
        return "Grade on Linux; a student's own pytest runs everywhere."
    return {
        "bubblewrap": "Install it (apt-get install bubblewrap) and allow user namespaces "
        "(kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, "
        "user.max_user_namespaces > 0; a container: --privileged or --security-opt seccomp=unconfined)",
        "landlock": "Linux 5.13 or later with landlock among its security modules (boot parameter lsm=landlock,...)",
    }.get(level, "")


def _best(warm: bool) -> Choice:
    refused: dict[str, str] = {}
    for level in _BETTER:
        tried = _try(level, warm)
        if not isinstance(tried, str):
            return Choice(level, tried, refused)
        refused[level] = tried
    reasons = "; ".join(f"{level}: {why}" for level, why in refused.items())
    raise IsolationError(
        f"no isolation can be had here ({reasons}). {mend('bubblewrap')}. To run student code on this machine with nothing "
        "between it and your files, ask for it by name: --isolation none"
    )


def _try(level: str, warm: bool) -> bool | str:
    """Whether it works warm (True) or cold only (False), or why it does not work at all."""
    why = _impossible(level)
    if why is not None:
        return why
    for way in (True, False) if warm else (False,):
        try:
            _start_one(level, way)
            return way
        except (Fault, GraderError, OSError) as error:
            why = str(error)
    return why or "it did not start"


def _impossible(level: str) -> str | None:
    if sys.platform != "linux":
        return f"this is {sys.platform}, and student code is confined on Linux only"
    if level != "none" and (reason := seccomp.unsupported()):
        return reason
    if level == "landlock" and landlock.abi() < 1:
        return f"the kernel ({os.uname().release}) has no Landlock"
    return None


def _start_one(level: str, warm: bool) -> None:
    sandbox = Sandbox(level, view_of([]), warm=warm)
    try:
        job = Job({"probe.py": b"answer = 42\n"}, "probe.py")
        worker = sandbox.worker(job, Limits(cpu=10), time.monotonic() + 60)
        worker.request({"op": "load", "args": []}, [])
        worker.close()
    finally:
        sandbox.close()
