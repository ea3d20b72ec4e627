"""A world of its own for each worker: namespaces, mounts, privileges of a child that a zygote just forked.

The zygote lives in a sandbox already and never runs student code; what one worker leaves behind (files,
processes, mounts) must still not reach the next. The order: `fork`, then in the child `map_ids`, `private_mounts`,
`sealed_folder`, `drop_capabilities`.

Every function raises OSError whose message begins with the step that failed. Nothing is undone on failure:
the caller ends the process.

Sources: clone(2), user_namespaces(7), mount(2), capabilities(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import signal
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["drop_capabilities", "fork", "map_ids", "mount", "private_mounts", "sealed_folder", "umount"]

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
SYS_CLONE: Final = {"x86_64": 56, "aarch64": 220}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
MNT_DETACH: Final = 2

PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 23, 24, 28, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
CAP_SETPCAP: Final = 8
CAPABILITY_VERSION_3: Final = 0x20080522
# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE on, KEEP_CAPS off, all four locked
SECUREBITS: Final = 0b11_10_11_11

PAGE: Final = 4096
TMP_INODES: Final = 4096
SHM_BYTES: Final = 1 << 20


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2). Raises OSError naming the target."""
    words = [word.encode() if word is not None else None for word in (source, target, kind)]
    step = f"mount {kind or 'flags'} on {target}"
    _call(step, _libc().mount, *words, ctypes.c_ulong(flags), options.encode() or None)


def umount(target: str, flags: int = MNT_DETACH) -> None:
    """umount2(2). Raises OSError naming the target."""
    _call(f"umount {target}", _libc().umount2, target.encode(), flags)


def fork() -> int:
    """`os.fork` into new namespaces: the child is process 1 of its own. It has no user until it calls `map_ids`.

    Raises OSError if the process has threads, or where user namespaces are closed. One step where unshare(2) takes two
    (its pid namespace begins with the next child): with torch a fork costs 13 ms of CPU time. The C library's own fork is
    passed by, which matters to threads, and to handlers of libraries that have some; it remembers the thread's id, and a
    zygote is process 1 as its child is.
    """
    if len(os.listdir("/proc/self/task")) != 1:
        raise OSError(errno.EBUSY, "fork into namespaces: the process has threads")
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | signal.SIGCHLD
    if os.path.exists("/proc/self/ns/cgroup"):
        flags |= CLONE_NEWCGROUP
    clone, python = ctypes.PyDLL(None, use_errno=True).syscall, ctypes.pythonapi  # neither lets go of the interpreter
    clone.restype = ctypes.c_long
    python.PyOS_BeforeFork()
    pid: int = clone(*map(ctypes.c_long, (SYS_CLONE[platform.machine()], flags, 0, 0, 0, 0)))
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"fork into namespaces: {os.strerror(number)}")
    return pid


def map_ids(uid: int, gid: int) -> None:
    """Make these, the ids of the process that forked this one, the only ones of its user namespace."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def private_mounts(tmp_bytes: int) -> bool:
    """Own, bounded /tmp and /dev/shm, the rest of /dev read-only, and a /proc of this pid namespace.

    Returns False where the kernel refuses a fresh /proc (parts of the one outside are covered, as in some
    containers): then an empty folder stands there, since the old one shows the processes outside.
    """
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    fresh = _own_proc()
    flags = MS_NOSUID | MS_NODEV
    mount("tmpfs", "/tmp", "tmpfs", flags, f"size={tmp_bytes},nr_inodes={TMP_INODES},mode=0700")
    mount("tmpfs", "/dev/shm", "tmpfs", flags, f"size={SHM_BYTES},nr_inodes=64,mode=0700")
    _remount_read_only("/dev")
    return fresh


def _own_proc() -> bool:
    """Read-only: ids are mapped one to one, so under an outer root /proc/sys would obey file modes alone."""
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    try:
        mount("proc", "/proc", "proc", flags)
    except PermissionError:
        mount("tmpfs", "/proc", "tmpfs", flags, f"size={PAGE},nr_inodes=1,mode=0555")
        return False
    return True


def _remount_read_only(path: str) -> None:
    """Flags that a mount has already are kept: those set outside a user namespace are locked."""
    kept = os.statvfs(path).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | kept)


def sealed_folder(path: str, files: Mapping[str, bytes]) -> None:
    """A read-only folder at `path` that holds these files (relative POSIX paths) and nothing else.

    The folder is made if it is not there. Raises OSError for a name that leaves it or names no file.
    """
    folders = {parent for name in files for parent in _folders_of(name)}
    pages = sum(-(-len(content) // PAGE) for content in files.values())
    options = f"size={(pages + 16) * PAGE},nr_inodes={len(files) + len(folders) + 8},mode=0755"
    os.makedirs(path, 0o755, exist_ok=True)
    mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for folder in sorted(folders):
        os.mkdir(f"{path}/{folder}", 0o755)
    for name, content in files.items():
        with open(os.open(f"{path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as target:
            target.write(content)
            os.fchmod(target.fileno(), 0o444)
    mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _folders_of(name: str) -> list[str]:
    parts = name.split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise OSError(errno.EINVAL, f"sealed folder: {name!r} is not the path of a file inside it")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def drop_capabilities() -> None:
    """Give up every privilege so that none comes back, be it by execve, a change of uid or inheritance.

    A process that holds none already passes too: with no_new_privs its bounding set is out of reach.
    """
    libc = _libc()
    _prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    if _capabilities(libc)[0] >> CAP_SETPCAP & 1:
        _prctl("securebits", PR_SET_SECUREBITS, SECUREBITS)
        for capability in range(64):
            if libc.prctl(PR_CAPBSET_READ, *map(ctypes.c_ulong, (capability, 0, 0, 0))) < 0:
                break  # past the last one that this kernel has
            _prctl(f"bounding set, capability {capability}", PR_CAPBSET_DROP, capability)
    _prctl("ambient capabilities", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    _call("capset", libc.capset, struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24))
    if any(_capabilities(libc)):
        raise OSError(errno.EPERM, "capset: capabilities are left")


def _capabilities(libc: ctypes.CDLL) -> tuple[int, int, int]:
    """Effective, permitted and inheritable sets of this thread, as bit masks."""
    data = ctypes.create_string_buffer(24)
    _call("capget", libc.capget, struct.pack("=Ii", CAPABILITY_VERSION_3, 0), data)
    low, high = struct.unpack("=3I3I", data.raw)[:3], struct.unpack("=3I3I", data.raw)[3:]
    effective, permitted, inheritable = (less | more << 32 for less, more in zip(low, high, strict=True))
    return effective, permitted, inheritable


def _prctl(step: str, option: int, value: int) -> None:
    _call(step, _libc().prctl, option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as target:
            target.write(text)
    except OSError as error:
        raise OSError(error.errno, f"write {text!r} to {path}: {error.strerror}") from error


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(step: str, function: Callable[..., int], *arguments: Any) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{step}: {os.strerror(number)}")
