"""Which devices this machine has, and which an assignment's packages reach, found without importing torch or CuPy here.

A machine shows its driver in files. Whether a package can compute with it is found out in a child process, which may
take no longer than a deadline and may die: a driver that hangs does not take the grader with it.
"""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Assignment
from grader.course.assignment import DEVICES

if TYPE_CHECKING:
    from grader.sandbox.driver import Driver

__all__ = ["absence", "hardware", "modules_for", "present_devices"]

_ROOT = Path("/")
_REACHES = {"cuda": ("torch", "cupy"), "mps": ("torch",)}  # modules by device
_PATIENCE = 120.0  # seconds: the first import of torch from a cold disk
_END = 5.0  # a process that waits for a driver may not even die
_CHILD = "import sys; sys.path[:] = {path!r}; from grader.worker.devices import start; start({device!r}, {modules!r})"


def absence(device: str, assignment: Assignment | None = None) -> str | None:
    """Why this machine, or this assignment on it, has no `device`; None where it has."""
    why = _no_device(device)
    if why is None and assignment is not None and device != "cpu":
        modules = modules_for(assignment, device)
        return modules if isinstance(modules, str) else _no_answer(device, modules)
    return why


def present_devices(assignment: Assignment | None = None) -> list[str]:
    """`cpu`, and `cuda` or `mps` where they are; for an assignment, where its packages reach them."""
    return [device for device in DEVICES if absence(device, assignment) is None]


def hardware(devices: Iterable[str]) -> dict[str, str]:
    """What each of these devices but the CPU is: its name and its driver's version."""
    found = {}
    for device in devices:
        if device == "cuda":
            driver = _driver()
            found[device] = driver if isinstance(driver, str) else driver.text
        elif device != "cpu":
            found[device] = f"{platform.machine()}, macOS {platform.mac_ver()[0]}"
    return found


def modules_for(assignment: Assignment, device: str) -> tuple[str, ...] | str:
    """The modules that the assignment computes with on the device, or why there is none.

    A package that it requires has to reach it; of those that are optional one that is installed is enough.
    """
    required = _reaching(assignment.packages, device)
    if required:
        return required
    if not (known := [name for name in assignment.optional_packages if _reaching([name], device)]):
        wanted = " or ".join({"torch": "torch", "cupy": "CuPy"}[module] for module in _REACHES[device])
        return f"no package of {assignment.name} reaches {device} ({wanted} does)"
    present = _reaching([name for name in known if name in assignment.present_packages], device)
    return present[:1] or f"none of {', '.join(known)} is installed"


def _reaching(packages: Collection[str], device: str) -> tuple[str, ...]:
    modules = {package.split("-")[0].lower() for package in packages}  # cupy-cuda12x is imported as cupy
    return tuple(module for module in _REACHES[device] if module in modules)


def _no_device(device: str) -> str | None:
    if device == "cuda":
        driver = _driver()
        return driver if isinstance(driver, str) else None
    if device == "mps" and (sys.platform, platform.machine()) != ("darwin", "arm64"):
        return f"no Apple silicon: {platform.system()} on {platform.machine()}"
    return None


def _driver() -> Driver | str:
    from grader.sandbox.driver import look  # a student's own pytest needs nothing of grading

    return look(_ROOT)


@functools.cache
def _no_answer(device: str, modules: tuple[str, ...], patience: float = _PATIENCE) -> str | None:
    """Why these modules cannot add two numbers on the device, in a process of their own."""
    code = _CHILD.format(path=sys.path, device=device, modules=modules)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", code], stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=_environment()
        )
        try:
            status = child.wait(patience)
        except subprocess.TimeoutExpired:
            _give_up(child)
            return f"{' and '.join(modules)} gave no answer from {device} for {patience:g} s"
        said.seek(0)
        last = said.read().decode("utf-8", "replace").strip().split("\n")[-1][:300]
    return None if status == 0 else f"{' and '.join(modules)} cannot compute on {device}: {last or f'status {status}'}"


def _environment() -> dict[str, str]:
    """Ours, with the driver's libraries where the linker looks, as in the sandbox."""
    driver = _driver()
    unlinked = None if isinstance(driver, str) else driver.unlinked
    path = filter(None, (os.environ.get("LD_LIBRARY_PATH"), unlinked))
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(path)} if unlinked else dict(os.environ)


def _give_up(child: subprocess.Popen[bytes]) -> None:
    """Kill it, and do not wait for it for ever: in the driver it may not be killed."""
    child.kill()
    try:
        child.wait(_END)
    except subprocess.TimeoutExpired:
        return
