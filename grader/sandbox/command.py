"""How a zygote is started at each isolation level: the command, its environment, and where things lie for it."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from grader.errors import IsolationError

from . import launch
from .view import View

__all__ = ["LEVELS", "Plan", "plan"]

LEVELS = ("bubblewrap", "landlock", "none")
_PLACES = ("/mnt", "/media", "/srv", "/run")
_CLONE_NEWNS = 0x20000
# A page that is touched for the first time costs more than what is computed with it: freed temporaries stay with the process
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
_BOOT = "import sys; sys.path[:0] = {path!r}; from _grader_worker.zygote import main; main(sys.argv[1:])"
_ISOLATED = ("-P", "-s", "-S", "-c")  # not -I: it would ignore PYTHONHASHSEED, by which sets keep their order
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclasses.dataclass(frozen=True)
class Plan:
    """`level`; `nested`: whether workers get namespaces of their own inside; `uid` to drop to, or None; `words`: the
    command up to the zygote's own arguments; `env`; `place` and `binds`: what root mounts privately first; `config`: the
    zygote's configuration; `read`: paths that a worker at the `landlock` level may read.
    """

    level: str
    nested: bool
    uid: int | None
    words: tuple[str, ...]
    env: dict[str, str]
    place: str | None
    binds: tuple[tuple[str, str], ...]
    config: dict[str, Any]
    read: tuple[str, ...]

    def command(self, control: int) -> list[str]:
        """The command to start, given the number of the zygote's control socket."""
        own = [*self.words, str(control), json.dumps(self.config)]
        if self.uid is None:
            return own
        order = {"uid": self.uid, "place": self.place, "binds": self.binds, "command": own, "env": self.env}
        return [sys.executable, "-I", "-S", str(launch.__file__), json.dumps(order)]


def plan(
    level: str, view: View, scratch: Path, *, nested: bool = True, submission: Path | None = None, disk: int = 1 << 20
) -> Plan:
    """The plan for a zygote at this level. `scratch`: a folder of ours for links, traversable by the dropped user.

    Without `nested`, the sandbox is for one worker; `submission` (a folder) is bound into it, and /tmp holds `disk` bytes.
    """
    root = os.getuid() == 0 and level != "none"
    place = _stage(str(scratch)) if root and _may_mount() else None
    places = _places(view, place, scratch if level != "bubblewrap" else None)
    inside = {target: target for target, _ in view.binds} if level == "bubblewrap" else places
    env = {**_environment(_libraries(view, inside)), **dict(view.env)}
    env |= {"CUDA_PATH": inside["/toolkit"]} if "/toolkit" in inside else {}
    if level == "bubblewrap":
        boot = _BOOT.format(path=["/runtime", "/site"])
        words = [*_bubblewrap(view, places, env, submission, disk), view.python, *_ISOLATED, boot]
    else:
        path = [os.path.dirname(places["/runtime/_grader_worker"]), f"{place or scratch}/site"]
        words = [places[view.python], *_ISOLATED, _BOOT.format(path=path)]
    many = {"late": view.late if nested else (), "tried": view.tried, "serves_many": nested}
    nested = nested and level == "bubblewrap"
    config = {"level": level, "nested": nested, "preload": view.preload, **many}
    binds = tuple(view.sources(place)) if place else ()
    read = tuple(view.readable(places)) if level == "landlock" else ()
    return Plan(level, nested, _unused_uid() if root else None, tuple(words), env, place, binds, config, read)


def _places(view: View, place: str | None, links: Path | None) -> dict[str, str]:
    """Where each bind's path lies for the zygote's parent: staged, linked, or as it is."""
    if place:
        return {target: f"{place}{target}" for target, _ in view.binds}
    places = dict(view.binds)
    for target, source in view.binds:
        if links is not None and target.startswith(("/site/", "/runtime/", "/driver/")):
            link = Path(f"{links}{target}")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.parent.chmod(0o755)
            link.symlink_to(source)
            places[target] = str(link)
    return places


def _libraries(view: View, places: dict[str, str]) -> str:
    """Where the linker looks first: the interpreter's own libraries, a driver's, those of a CUDA toolkit."""
    firsts = ("/python/lib/libpython", "/driver/")
    found = [next((os.path.dirname(places[t]) for t, _ in view.binds if t.startswith(first)), "") for first in firsts]
    found += [f"{places['/toolkit']}/lib64"] if "/toolkit" in places else []
    return ":".join(filter(None, found))


def _environment(library: str) -> dict[str, str]:
    single = dict.fromkeys(_THREADS, "1")
    fixed = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    quiet = {"MALLOC_ARENA_MAX": "2", **_KEEP_MEMORY, "PATH": "/usr/bin:/bin", "HOME": "/tmp", "LD_LIBRARY_PATH": library}
    return {**single, **fixed, **quiet}


def _bubblewrap(view: View, places: dict[str, str], env: dict[str, str], submission: Path | None, disk: int) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise IsolationError("bubblewrap is not installed: apt-get install bubblewrap (or your system's package)")
    words = [program, "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--as-pid-1", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    for target, place in places.items():
        words += ["--ro-bind", place, target]
    for folder in view.hidden:
        words += ["--tmpfs", f"{view.stdlib}/{folder}", "--remount-ro", f"{view.stdlib}/{folder}"]
    for folder in view.system:
        words += ["--ro-bind", folder, folder]
    words += ["--proc", "/proc", "--dev", "/dev", "--perms", "0700", "--size", str(disk), "--tmpfs", "/tmp"]
    words += ["--perms", "0700", "--size", str(1 << 20), "--tmpfs", "/dev/shm"]
    for node in view.nodes:
        words += ["--dev-bind", node, node]
    words += ["--ro-bind", str(submission), "/submission"] if submission else ["--dir", "/submission"]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in env.items():
        words += ["--setenv", name, value]
    return [*words, "--"]


def _unused_uid() -> int:
    """A user that nobody is: one for each grader process, so that two of them cannot signal each other's workers."""
    return 61_000 + os.getpid() % 4_000


def _stage(scratch: str) -> str | None:
    """A folder that root may cover with a private tmpfs, and does not need: our own files do not lie in it."""
    real = os.path.realpath(scratch)
    return next((place for place in _PLACES if os.path.isdir(place) and not real.startswith(f"{place}/")), None)


@functools.cache
def _may_mount() -> bool:
    """Whether root may mount at all; in a stock container it may not."""
    probe = f"import ctypes; raise SystemExit(ctypes.CDLL(None).unshare({_CLONE_NEWNS}))"
    return subprocess.run([sys.executable, "-I", "-S", "-c", probe], check=False).returncode == 0
