"""Run a command as another user although what it needs lies where that user cannot go. A script of its own; root only.

`python -I -S launch.py ORDER`, where ORDER is JSON: in a private mount namespace, bind every source to its target below
`place` (one traversable folder, covered by a fresh tmpfs), drop to `uid` and exec `command` with `env`. Without `place`
only the uid is dropped. The permissions of the sources are never changed, and nobody else sees the mounts.
"""

import ctypes
import json
import os
import sys

_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x20000, 0x1000, 0x4000, 1 << 18


def main() -> None:
    """Read the order from argv[1] and become its command."""
    order = json.loads(sys.argv[1])
    if order["place"]:
        _bind_all(order["place"], order["binds"])
    os.setgroups([])
    os.setresgid(order["uid"], order["uid"], order["uid"])
    os.setresuid(order["uid"], order["uid"], order["uid"])
    os.chdir("/")
    os.execvpe(order["command"][0], order["command"], order["env"])


def _bind_all(place: str, binds: list[list[str]]) -> None:
    """Bind each [target, source]; descriptors are opened first, as the tmpfs may cover a source."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS), "unshare")
    _check(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "make the mounts private")
    opened = [(target, os.open(source, os.O_PATH)) for target, source in binds]
    _check(libc.mount(b"tmpfs", place.encode(), b"tmpfs", 0, b"size=1m,mode=0755"), f"mount a tmpfs on {place}")
    for target, descriptor in opened:
        _make_target(target, os.path.isdir(f"/proc/self/fd/{descriptor}"))
        source = f"/proc/self/fd/{descriptor}".encode()
        _check(libc.mount(source, target.encode(), None, _MS_BIND | _MS_REC, None), f"bind {target}")
        os.close(descriptor)


def _make_target(target: str, folder: bool) -> None:
    os.makedirs(target if folder else os.path.dirname(target), exist_ok=True)
    if not folder:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))


def _check(result: int, step: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{step}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
