"""How a freshly forked child shuts itself in, step by step, before it touches anything of a student's."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
from typing import Any

from . import landlock, namespaces, seccomp

__all__ = ["SUBMISSION", "adopt_orphans", "confine", "die_with_parent", "hide_memory"]

SUBMISSION = "/submission"  # where the student's files lie inside bubblewrap
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
# Above the memory limit, so that the trusted side sees it passed and says by how much, before an allocation fails
_SLACK = 256 << 20
_RESERVED = 1 << 30  # address space that is reserved and never written: malloc's arenas, stacks of threads
_BOMB = 4096  # processes and threads of one user, where no control group counts those of one worker


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
    if order["device"] is not None:
        os.environ.update(_caches(order["tmp"], order["disk"]))
    if "tempfile" in sys.modules:
        vars(sys.modules["tempfile"])["tempdir"] = None  # a package has asked for it in the zygote already
    if level == "none":
        return _limit(order, used)
    if level == "landlock":
        landlock.restrict([*order["read"], order["folder"]], [order["tmp"], "/dev/null", *order["nodes"]])
    else:
        namespaces.drop_capabilities()
    _limit(order, used)
    shared = level == "landlock"
    seccomp.install(seccomp.Policy(processes=order["processes"] > 0, pid=os.getpid(), shared_filesystem=shared))
    return None


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the one that forked it, of this pid, ends."""
    _prctl("PR_SET_PDEATHSIG", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise OSError(errno.ESRCH, "the process that forked this one has ended")


def adopt_orphans() -> None:
    """Be the parent of every process below that loses its own, so that none of them waits to be reaped by a slow init."""
    _prctl("PR_SET_CHILD_SUBREAPER", _PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Keep processes of the same user out of this one's memory and descriptors by way of /proc; children inherit it."""
    _prctl("PR_SET_DUMPABLE", _PR_SET_DUMPABLE, 0)


def _prctl(name: str, option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))):
        raise OSError(ctypes.get_errno(), f"prctl({name}): {os.strerror(ctypes.get_errno())}")


def _address_space() -> tuple[int, int]:
    """Bytes of address space and of private writable memory that the interpreter and its packages hold already."""
    with open("/proc/self/statm", encoding="ascii") as source:
        fields = source.read().split()
    page = resource.getpagesize()
    return int(fields[0]) * page, int(fields[5]) * page


def _caches(tmp: str, size: int) -> dict[str, str]:
    """Compiled kernels are kept where this worker alone reads and writes: of CuPy, of the driver, of torch."""
    names = {"CUPY_CACHE_DIR": "cupy", "CUDA_CACHE_PATH": "cuda", "PYTORCH_KERNEL_CACHE_PATH": "torch"}
    return {**{name: f"{tmp}/.{folder}" for name, folder in names.items()}, "CUDA_CACHE_MAXSIZE": str(size // 4)}


def _limit(order: dict[str, Any], used: tuple[int, int]) -> None:
    """Limits of the kernel's, each a backstop of one that the trusted side watches; all for good."""
    on_device = order["device"] is not None
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, 2048 if on_device else 256)  # a context opens a GPU's nodes dozens of times
    _set(resource.RLIMIT_FSIZE, order["disk"])
    _set(resource.RLIMIT_CPU, int(5 * order["cpu"]) + 2)  # the trusted side ends it earlier and says why
    if order["processes"]:
        _set(resource.RLIMIT_NPROC, _BOMB)
    if not on_device:  # CUDA reserves more than any machine has memory: there the trusted side's watch has to do
        _set(resource.RLIMIT_DATA, used[1] + order["memory"] + _SLACK)
        _set(resource.RLIMIT_AS, used[0] + 2 * order["memory"] + _RESERVED)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a file over the limit is an OSError


def _set(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
