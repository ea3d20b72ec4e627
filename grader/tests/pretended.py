"""A machine with a GPU, pretended: files in the places of device nodes, of the driver's libraries, of what the kernel tells;
and a package called `cupy` that computes with NumPy where it finds these files.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["VERSION", "cached", "install_cupy", "make_machine"]

VERSION = "550.54.14"
_NODES = (
    "nvidiactl", "nvidia0", "nvidia1", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps/nvidia-cap1",
    "nvidia-caps/nvidia-cap2", "nvidia-caps/nvidia-cap21", "null", "sda",
)  # fmt: skip
_LIBRARIES = ("libcuda.so", "libcuda.so.1", "libnvidia-ptxjitcompiler.so.1", "libother.so.6")


def make_machine(root: Path, folder: str = "usr/lib64") -> Path:
    """The files of one, with its libraries in `folder`."""
    for name in _NODES:
        _write(root / "dev" / name, "")
        (root / "dev" / name).chmod(0o666)
    real = root / folder / f"libcuda.so.{VERSION}"
    real.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_some_library(), real)
    for name in _LIBRARIES:
        (root / folder / name).symlink_to(real.name)
    _write(root / "sys/module/nvidia/version", f"{VERSION}\n")
    for number in range(2):
        _write(root / f"proc/driver/nvidia/gpus/0000:0{number}:00.0/information", "Model: \t\t Pretended 7\nIRQ:   \t\t 1\n")
    return root


def cached(folder: Path) -> str:
    """What `ldconfig -p` would say of a library for each machine."""
    kinds = ("libc6,x86-64", "libc6,AArch64", "libc6")
    return "".join(f"\tlibcuda.so.1 ({kind}) => {folder / kind / 'libcuda.so.1'}\n" for kind in kinds)


def install_cupy(folder: Path, root: Path | None) -> Path:
    """The package in a folder that is to come on the path; its GPU is that of the machine, None for none."""
    text = (Path(__file__).parent / "pretended_cupy.py").read_text()
    text = text.replace('"/dev/nvidia0"', repr(str((root or folder) / "dev/nvidia0")))
    _write(folder / "cupy" / "__init__.py", text)
    _write(folder / "cupy-13.0.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: cupy\nVersion: 13.0\n")
    _write(folder / "cupy-13.0.dist-info" / "RECORD", "cupy/__init__.py,,\ncupy-13.0.dist-info/METADATA,,\n")
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _some_library() -> str:
    """One that this machine can load, and that no other name of it has been loaded under."""
    code = "import _ctypes_test; print(_ctypes_test.__file__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    if found:
        return found
    return next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libm" in line)
