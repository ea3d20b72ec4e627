"""Run Python as an ordinary user, although the suite runs as root and Python may lie in a home that is root's alone.

`run(arguments)` starts `python ARGUMENTS` as a user that nobody is. In a mount namespace of its own, every folder on the way
to what Python needs that others cannot enter is covered by an empty one that they can, and what is needed is bound back to
the same path: so every path stays what it is. Nothing is changed for anybody else.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["obstacle", "run"]

USER = 54_321  # in no password file
_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x20000, 0x1000, 0x4000, 1 << 18


def obstacle() -> str | None:
    """Why that cannot be done here; None where it can."""
    if sys.platform != "linux":
        return "other users are tried on Linux only"
    if os.geteuid() != 0:
        return "this is an ordinary user already"
    with tempfile.TemporaryDirectory() as home:
        done = _start(["-c", "print('here')"], home)
    return None if done.stdout == "here\n" else f"no other user can be had: {done.stderr.strip()[-300:]}"


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` as that user, in this folder, with a home of its own, and of our environment only the paths."""
    with tempfile.TemporaryDirectory() as home:
        return _start(arguments, home)


def _start(arguments: Sequence[str], home: str) -> subprocess.CompletedProcess[str]:
    os.chown(home, USER, USER)
    needed = sorted(
        {sys.prefix, sys.base_prefix, os.getcwd(), *filter(os.path.exists, sys.path), sysconfig.get_path("stdlib")}
    )
    environment = {
        "HOME": home, "TMPDIR": home, "PATH": os.environ.get("PATH", os.defpath), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8",
    }  # fmt: skip
    order = {"needed": needed, "folder": os.getcwd(), "command": [sys.executable, *arguments]}
    command = [sys.executable, "-I", "-S", __file__, json.dumps(order)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def main() -> None:
    """Become that user and its command; the order is argv[1]."""
    order = json.loads(sys.argv[1])
    private = sorted({closed for path in order["needed"] if (closed := _closed(path)) is not None})
    if private:
        _open_the_way(private, order["needed"])
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.chdir(order["folder"])
    os.execv(order["command"][0], order["command"])


def _closed(path: str) -> str | None:
    """The outermost folder on the way to this path, where links lead included, that others cannot enter."""
    for step in (Path(path), Path(path).resolve()):
        for folder in reversed([step, *step.parents]):
            if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
                return str(folder.resolve())
    return None


def _open_the_way(private: list[str], needed: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS), "unshare")
    _check(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "make the mounts private")
    inside = sorted(
        {os.path.realpath(path) for path in needed if os.path.realpath(path).startswith(tuple(f"{p}/" for p in private))}
    )
    opened = [(path, os.open(path, os.O_PATH)) for path in inside]
    for folder in private:
        _check(libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=1m,mode=0755"), f"cover {folder}")
    for path, descriptor in opened:
        if not os.path.exists(path):
            os.makedirs(path if os.path.isdir(f"/proc/self/fd/{descriptor}") else os.path.dirname(path))
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            Path(path).touch()
        _check(
            libc.mount(f"/proc/self/fd/{descriptor}".encode(), path.encode(), None, _MS_BIND | _MS_REC, None), f"bind {path}"
        )
        os.close(descriptor)


def _check(result: int, step: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{step}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
