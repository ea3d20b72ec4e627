"""Which devices there are, for a machine and for an assignment: nothing is imported here, no driver can hang us."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import pytest

from grader.course import Course
from grader.grading import devices
from grader.grading.devices import absence, hardware, modules_for, present_devices
from grader.tests.pretended import VERSION, install_cupy, make_machine

TOY = Course(Path(__file__).parent / "toy_course").assignment("toy")
CUPY = dataclasses.replace(TOY, optional_packages=("cupy-cuda12x", "cupy"))
TORCH = dataclasses.replace(TOY, packages=("numpy", "torch"), optional_packages=("cupy",))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a GPU, which is asked only once, with no patience for a cache of earlier answers."""
    monkeypatch.setattr(devices, "_ROOT", make_machine(tmp_path / "machine"))
    monkeypatch.setattr("grader.sandbox.driver._asked", lambda: "")
    devices._no_answer.cache_clear()
    return tmp_path / "machine"


@pytest.fixture
def cupy(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that reaches it."""
    site = install_cupy(tmp_path / "site", machine)
    monkeypatch.syspath_prepend(site)
    return site / "cupy" / "__init__.py"


def test_of_a_machine(machine: Path) -> None:
    assert present_devices() == ["cpu", "cuda"]
    assert hardware(["cpu", "cuda"]) == {"cuda": f"2 x Pretended 7, driver {VERSION}"}
    (machine / "dev/nvidiactl").unlink()
    assert absence("cuda") == f"no NVIDIA driver: {machine}/dev/nvidiactl"
    assert hardware(["cpu"]) == {}


def test_of_an_assignment(cupy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cupy", raising=False)  # tests of suites import it
    assert present_devices(CUPY) == ["cpu", "cuda"]
    assert "cupy" not in sys.modules


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("assignment", "device", "modules"),
    [
        (TORCH, "cuda", ("torch",)),
        (TORCH, "mps", ("torch",)),
        (TOY, "cuda", "no package of toy reaches cuda (torch or CuPy does)"),
        (CUPY, "mps", "no package of toy reaches mps (torch does)"),
        (CUPY, "cuda", "none of cupy-cuda12x, cupy is installed"),
        (dataclasses.replace(TOY, packages=("cupy-cuda13x",)), "cuda", ("cupy",)),
    ],
)
def test_what_has_to_reach_it(assignment: object, device: str, modules: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is required must; else one of the optional ones. MPS has no CuPy."""
    monkeypatch.setattr("grader.course.assignment._is_installed", lambda package: not package.startswith("cupy"))
    assert modules_for(assignment, device) == modules  # type: ignore[arg-type]


def test_a_package_that_does_not_reach_it_says_why(cupy: Path, machine: Path) -> None:
    (machine / "dev/nvidia1").unlink()
    (machine / "dev/nvidia0").unlink()
    (machine / "dev/nvidia7").touch()  # a GPU, but not the one that the package looks for
    why = absence("cuda", CUPY)
    assert why is not None
    assert why.startswith("cupy cannot compute on cuda: FileNotFoundError: [Errno 2]")


@pytest.mark.parametrize(
    ("code", "why"), [("raise SystemExit(3)", "status 3"), ("import os; os.kill(os.getpid(), 11)", "-11")]
)
def test_a_package_that_ends_the_process(cupy: Path, code: str, why: str) -> None:
    cupy.write_text(code)
    assert why in str(absence("cuda", CUPY))


def test_a_package_that_adds_up_wrongly(cupy: Path) -> None:
    cupy.write_text("import numpy\ndef ones(n): return numpy.zeros(n)")
    assert absence("cuda", CUPY) == "cupy cannot compute on cuda: RuntimeError: cupy adds 1 and 1 up to 0.0 on cuda"


def test_a_driver_that_hangs_costs_a_deadline(cupy: Path) -> None:
    cupy.write_text("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")
    start = time.monotonic()
    assert devices._no_answer("cuda", ("cupy",), 0.5) == "cupy gave no answer from cuda for 0.5 s"
    assert time.monotonic() - start < 60


def test_a_process_that_cannot_be_killed_is_left_behind(cupy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits in a driver."""
    monkeypatch.setattr(devices.subprocess, "Popen", Undying)
    monkeypatch.setattr(devices, "_END", 0.0)
    assert devices._no_answer("cuda", ("cupy",), 0.0) == "cupy gave no answer from cuda for 0 s"


class Undying:
    def __init__(self, *_: object, **__: object) -> None:
        return

    def wait(self, seconds: float) -> int:
        raise devices.subprocess.TimeoutExpired("it", seconds)

    def kill(self) -> None:
        return


def test_on_apple_silicon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "_ROOT", tmp_path)
    assert str(absence("mps")).startswith("no Apple silicon: ")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(devices.platform, "machine", lambda: "arm64")
    monkeypatch.setattr(devices.platform, "mac_ver", lambda: ("15.1", ("", "", ""), ""))
    assert present_devices() == ["cpu", "mps"]
    assert hardware(["cpu", "mps"]) == {"mps": "arm64, macOS 15.1"}
    assert present_devices(CUPY) == ["cpu"]
