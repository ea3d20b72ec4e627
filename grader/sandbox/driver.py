"""NVIDIA's driver as a machine shows it: device nodes, libraries, version. Found by looking at files; nothing is loaded.

What a worker for CUDA gets of it, and no other worker: the nodes that computing needs (not those that set modes, trace or
partition the device), the driver's libraries, a CUDA toolkit where there is one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.limits import Limits

if TYPE_CHECKING:
    from .view import View

__all__ = ["Driver", "look", "on_device", "with_driver"]

_NODE = re.compile(r"nvidia(\d+|ctl|-uvm)")
_CAPABILITY = re.compile(r"nvidia-cap(\d+)")
_CONFIGURES = ("1", "2")  # of the capabilities: to partition a device, and to watch all its partitions
_LIBRARY = "libcuda.so.1"
_CACHED = re.compile(r"\blibcuda\.so\.1 \(([^)]*)\) => (\S+)")
_ABI = {"x86_64": "x86-64", "aarch64": "AArch64"}
_FOLDERS = (
    "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib64/nvidia", "usr/lib/nvidia", "usr/lib",
    "usr/local/nvidia/lib64", "run/opengl-driver/lib",
)  # fmt: skip
_HARDWARE = ("sys/devices/system/cpu", "sys/devices/system/node", "sys/module/nvidia", "sys/module/nvidia_uvm")
_PROC = ("devices", "modules", "meminfo", "cpuinfo", "driver/nvidia", "self")
_TOOLKIT = "usr/local/cuda"
_PASSED_ON = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")

_HOST = 2 << 30  # host memory of contexts, kernels and the libraries for a device, beside what the limit grants
_CACHE = 256 << 20  # files of the caches of compiled kernels


@dataclasses.dataclass(frozen=True)
class Driver:
    """`nodes`: device nodes, at their own paths; `libraries`: (name, path on this machine); `hardware`: folders of /sys that
    they read; `version` and `gpus` (names): "" and () where the machine does not tell; `toolkit`: folder of a CUDA toolkit;
    `unlinked`: the folder of the libraries, where the linker does not know of them.
    """

    nodes: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...]
    hardware: tuple[str, ...] = ()
    version: str = ""
    gpus: tuple[str, ...] = ()
    toolkit: str | None = None
    unlinked: str | None = None

    @property
    def text(self) -> str:
        """GPUs and version in words, for a report."""
        counts = {name: self.gpus.count(name) for name in self.gpus}
        named = ", ".join(f"{count} x {name}" if count > 1 else name for name, count in counts.items())
        return f"{named or 'NVIDIA GPU'}, driver {self.version or 'of unknown version'}"


def look(root: Path = Path("/"), cache: str | None = None) -> Driver | str:
    """The driver of the machine whose files lie below `root`, or why CUDA cannot be had there.

    `cache`: what `ldconfig -p` says of it; None to ask it.
    """
    nodes = sorted(_nodes(root))
    if f"{root / 'dev/nvidiactl'}" not in nodes:
        return f"no NVIDIA driver: {root / 'dev/nvidiactl'}"
    if not any(re.fullmatch(r"nvidia\d+", Path(node).name) for node in nodes):
        return f"the NVIDIA driver shows no GPU: {root / 'dev/nvidia0'}"
    linked = _linked(_asked() if cache is None else cache)
    folders = *linked, *(root / name for name in _FOLDERS)
    folder = next((folder for folder in folders if (folder / _LIBRARY).is_file()), None)
    if folder is None:
        return f"the NVIDIA driver's library {_LIBRARY} is not installed"
    found = sorted([*folder.glob("libcuda.so*"), *folder.glob("libnvidia-*.so*")])
    libraries = tuple((file.name, os.path.realpath(file)) for file in found if file.is_file())
    hardware = tuple(str(root / name) for name in _HARDWARE if (root / name).is_dir())
    version = _version(root) or _suffix(dict(libraries)[_LIBRARY])
    return Driver(
        tuple(nodes), libraries, hardware, version, tuple(_gpus(root)), _toolkit(root),
        None if folder in linked else str(folder),
    )  # fmt: skip


def with_driver(view: View, driver: Driver, modules: tuple[str, ...], environ: Mapping[str, str] = os.environ) -> View:
    """The view of a worker that computes on CUDA with these modules. `environ`: what chooses a GPU is passed on."""
    binds = [(f"/driver/{name}", source) for name, source in driver.libraries]
    if driver.toolkit and "torch" not in modules:  # torch brings libraries of its own, and a path would come before them
        binds.append(("/toolkit", driver.toolkit))
    passed = tuple((name, environ[name]) for name in _PASSED_ON if name in environ)
    facts = tuple(f"/proc/{name}" for name in _PROC)
    return dataclasses.replace(
        view, binds=(*view.binds, *binds), system=(*view.system, *driver.hardware), device="cuda", nodes=driver.nodes,
        facts=facts, modules=modules, env=passed,
    )  # fmt: skip


def on_device(limits: Limits) -> Limits:
    """The limits of a worker on a device: room for what the libraries hold there, and no new processes, as CUDA outlives no
    fork.
    """
    return dataclasses.replace(limits, memory=limits.memory + _HOST, disk=limits.disk + _CACHE, processes=0)


def _nodes(root: Path) -> Iterator[str]:
    for folder, pattern in ((root / "dev", _NODE), (root / "dev/nvidia-caps", _CAPABILITY)):
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                match = pattern.fullmatch(name)
                if match and not (pattern is _CAPABILITY and match[1] in _CONFIGURES):
                    yield str(folder / name)


def _linked(cache: str) -> list[Path]:
    """Folders in which the linker finds the library, of this kind of machine."""
    abi = _ABI.get(platform.machine(), "")
    return [Path(path).parent for kinds, path in _CACHED.findall(cache) if abi in kinds]


def _asked() -> str:
    for program in ("/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            return subprocess.run([program, "-p"], capture_output=True, text=True, timeout=10, check=False).stdout
    return ""


def _version(root: Path) -> str:
    with contextlib.suppress(OSError):
        return (root / "sys/module/nvidia/version").read_text(encoding="utf-8").strip()
    with contextlib.suppress(OSError):
        found = re.search(r"\b(\d+\.\d+(\.\d+)?)\b", (root / "proc/driver/nvidia/version").read_text(encoding="utf-8"))
        return found[1] if found else ""
    return ""


def _suffix(path: str) -> str:
    found = re.search(r"\.so\.(\d+(\.\d+)+)$", path)
    return found[1] if found else ""


def _gpus(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("proc/driver/nvidia/gpus/*/information")):
        with contextlib.suppress(OSError):
            found = re.search(r"^Model:\s*(.+?)\s*$", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
            yield found[1] if found else "NVIDIA GPU"


def _toolkit(root: Path) -> str | None:
    """Where CuPy finds NVRTC and its headers if no wheel brings them."""
    folder = root / _TOOLKIT
    return os.path.realpath(folder) if any(folder.glob("lib64/libnvrtc.so*")) else None
