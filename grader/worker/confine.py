"""How a freshly forked child shuts itself in, step by step, before it touches anything of a student's."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Any

from . import landlock, namespaces, seccomp

__all__ = ["SUBMISSION", "confine", "die_with_parent"]

SUBMISSION = "/submission"  # where the student's files lie inside bubblewrap
_PR_SET_PDEATHSIG = 1
_SLACK = 32 << 20  # the interpreter's own arenas, stacks of the first threads


def confine(level: str, order: dict[str, Any], files: dict[str, bytes] | None) -> None:
    """Give up everything that the `order` of the trusted side does not grant. Raises OSError naming the step that failed.

    `level` is an isolation level; `files` the student's files where this child mounts them itself (a private namespace),
    or None where they lie in `order["folder"]` already.
    """
    used = _address_space()
    if files is not None:
        namespaces.private_mounts(order["disk"])
        namespaces.sealed_folder(SUBMISSION, files)
    os.chdir(order["tmp"])
    os.environ.update(HOME=order["tmp"], TMPDIR=order["tmp"])
    if level == "none":
        return _limit(order, used)
    if level == "landlock":
        landlock.restrict([*order["read"], order["folder"]], [order["tmp"]])
    else:
        namespaces.drop_capabilities()
    _limit(order, used)
    shared = level == "landlock"
    seccomp.install(seccomp.Policy(processes=order["processes"] > 0, pid=os.getpid(), shared_filesystem=shared))
    return None


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _address_space() -> tuple[int, int]:
    """Bytes of address space and of private writable memory that the interpreter and its packages hold already."""
    with open("/proc/self/statm", encoding="ascii") as source:
        fields = source.read().split()
    page = resource.getpagesize()
    return int(fields[0]) * page, int(fields[5]) * page


def _limit(order: dict[str, Any], used: tuple[int, int]) -> None:
    """Limits of the kernel's, each a backstop of one that the trusted side watches; all for good."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, 256)
    _set(resource.RLIMIT_FSIZE, order["disk"])
    _set(resource.RLIMIT_CPU, int(order["cpu"]) + 2)
    _set(resource.RLIMIT_DATA, used[1] + order["memory"] + _SLACK)
    if order["address_space"]:  # CUDA reserves more of it than any machine has memory
        _set(resource.RLIMIT_AS, used[0] + order["memory"] + _SLACK)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a file over the limit is an OSError


def _set(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
