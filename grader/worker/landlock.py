"""Landlock: this process, and all that it starts, sees the listed paths of the file system and no others.

For machines where no user namespace can be had. Needs no privilege. What is open already stays open;
attributes of files (modes, times) it does not judge, so the system-call filter refuses to change them.

Source: Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h of Linux. The numbers of
its three system calls are the same on both machines.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import stat
import struct
import sys
from collections.abc import Sequence
from typing import Any, Final

__all__ = ["abi", "restrict"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
MACHINES: Final = ("x86_64", "aarch64")

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
SINCE: Final = {1: REFER - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}  # ABI -> the rights that came with it

# EXECUTE is in neither: it concerns execve, not the mapping of shared libraries.
READ: Final = READ_FILE | READ_DIR
WRITE: Final = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER
OF_FILES: Final = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV  # all that a rule for a file may name

TCP: Final = 0b11  # bind, connect; since ABI 4
SCOPES: Final = 0b11  # abstract unix sockets, signals; since ABI 6


def abi() -> int:
    """Version of the kernel's Landlock; 0 where it is absent, switched off, or the machine is unknown."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return 0
    create_only_version = 1
    return max(0, _syscall(CREATE_RULESET, None, 0, create_only_version))


def restrict(read: Sequence[str], write: Sequence[str]) -> int:
    """Give up all files but those at and beneath these paths, for good; returns the ABI used.

    `read`: files may be read and folders listed. `write`: files may also be written, made, renamed and
    removed, and a device that is itself listed may be controlled. Nothing may be executed anywhere. From
    ABI 4 on TCP is refused, from ABI 6 on abstract unix sockets and signals to processes outside.

    Raises OSError naming the step or the path: no Landlock, a path that is not there, more than one thread.
    """
    version = abi()
    if version == 0:
        raise OSError(errno.ENOSYS, "Landlock: not offered by this kernel (needs Linux 5.13, lsm=landlock)")
    _require_one_thread()
    handled = sum(rights for since, rights in SINCE.items() if since <= version)
    ruleset = _create(version, handled)
    try:
        for paths, access in ((read, READ), (write, WRITE)):
            for path in paths:
                _allow(ruleset, path, access & handled, handled)
        _check("no_new_privs", _libc().prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0))))
        _check("Landlock: restrict_self", _syscall(RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return version


def _require_one_thread() -> None:
    """The kernel restricts the calling thread only; others share its memory, so they would be a way round."""
    try:
        threads = len(os.listdir("/proc/self/task"))
    except OSError as error:
        raise OSError(error.errno, f"Landlock: cannot count threads: /proc: {error.strerror}") from error
    if threads != 1:
        raise OSError(errno.EBUSY, f"Landlock: binds one thread and this process has {threads}; fork first")


def _create(version: int, handled: int) -> int:
    """A ruleset that handles every right this ABI knows. The struct grew by a word at ABI 4 and at ABI 6."""
    words = [handled, *([TCP] if version >= 4 else []), *([SCOPES] if version >= 6 else [])]
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = _syscall(CREATE_RULESET, attributes, len(attributes), 0)
    _check("Landlock: create_ruleset", min(ruleset, 0))
    return ruleset


def _allow(ruleset: int, path: str, access: int, handled: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, f"Landlock: no rule for {path}: {error.strerror}") from error
    try:
        mode = os.fstat(parent).st_mode
        if not stat.S_ISDIR(mode):
            access &= OF_FILES
        if stat.S_ISCHR(mode) and access & WRITE_FILE:
            access |= IOCTL_DEV & handled  # a device that the worker may use at all
        path_beneath = 1
        rule = struct.pack("=Qi", access, parent)
        _check(f"Landlock: rule for {path}", _syscall(ADD_RULE, ruleset, path_beneath, rule, 0))
    finally:
        os.close(parent)


def _syscall(number: int, *arguments: Any) -> int:
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    result: int = _libc().syscall(ctypes.c_long(number), *wide)
    return result


@functools.cache
def _libc() -> ctypes.CDLL:
    """One handle: making it costs more than all that is done with it, and a worker has hundreds of rules."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _check(step: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{step}: {os.strerror(number)}")
