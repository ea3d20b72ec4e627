"""The driver of a machine that is described by files, and what a worker for it is shown: no GPU is needed."""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path

import pytest

from grader.course import Limits
from grader.sandbox.command import plan
from grader.sandbox.driver import Driver, look, on_device, with_driver
from grader.sandbox.view import View, view_of
from grader.tests.pretended import VERSION, cached, make_machine


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    return make_machine(tmp_path / "machine")


def found(root: Path, cache: str = "") -> Driver:
    driver = look(root, cache)
    assert isinstance(driver, Driver), driver
    return driver


def test_nodes_are_those_that_computing_needs(machine: Path) -> None:
    """Not those that set modes, trace, configure partitions or have to do with nothing of it."""
    nodes = [node.removeprefix(f"{machine}/dev/") for node in found(machine).nodes]
    assert nodes == ["nvidia-caps/nvidia-cap21", "nvidia-uvm", "nvidia0", "nvidia1", "nvidiactl"]


def test_libraries_are_the_drivers_own(machine: Path) -> None:
    real = str(machine / f"usr/lib64/libcuda.so.{VERSION}")
    names = ("libcuda.so", "libcuda.so.1", f"libcuda.so.{VERSION}", "libnvidia-ptxjitcompiler.so.1")
    assert found(machine).libraries == tuple((name, real) for name in names)


def test_what_is_known_of_it(machine: Path) -> None:
    driver = found(machine)
    assert (driver.version, driver.gpus, driver.hardware) == (
        VERSION, ("Pretended 7", "Pretended 7"), (str(machine / "sys/module/nvidia"),),
    )  # fmt: skip
    assert driver.text == f"2 x Pretended 7, driver {VERSION}"
    assert dataclasses.replace(driver, gpus=(), version="").text == "NVIDIA GPU, driver of unknown version"


@pytest.mark.parametrize("told", ["proc", "name"])
def test_the_version_is_found_elsewhere_too(machine: Path, told: str) -> None:
    (machine / "sys/module/nvidia/version").unlink()
    if told == "proc":
        (machine / "proc/driver/nvidia/version").write_text(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.1.2  Release Build\n"
        )
    assert found(machine).version == {"proc": "560.1.2", "name": VERSION}[told]


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        (["dev/nvidiactl"], "no NVIDIA driver: {}/dev/nvidiactl"),
        (["dev/nvidia0", "dev/nvidia1"], "the NVIDIA driver shows no GPU: {}/dev/nvidia0"),
        (["usr/lib64/libcuda.so.1"], "the NVIDIA driver's library libcuda.so.1 is not installed"),
    ],
)
def test_what_is_missing_is_named(machine: Path, gone: list[str], why: str) -> None:
    for name in gone:
        (machine / name).unlink()
    assert look(machine, "") == why.format(machine)


def test_the_linker_is_believed_first_and_other_machines_libraries_are_passed_over(machine: Path) -> None:
    kind = {"x86_64": "libc6,x86-64", "aarch64": "libc6,AArch64"}[platform.machine()]
    for folder in ("libc6,x86-64", "libc6,AArch64", "libc6"):
        make_machine(machine / folder / "other", "..")
    libraries = dict(found(machine, cached(machine)).libraries)
    assert libraries["libcuda.so.1"] == str(machine / kind / f"libcuda.so.{VERSION}")
    assert found(machine, cached(machine)).unlinked is None
    assert found(machine).unlinked == str(machine / "usr/lib64")


DRIVER = Driver(
    ("/dev/nvidia0", "/dev/nvidiactl"), (("libcuda.so.1", "/opt/driver/libcuda.so.1.2"),), ("/sys/module/nvidia",),
    toolkit="/opt/cuda-12",
)  # fmt: skip


def cuda_view(*modules: str, **environ: str) -> View:
    return with_driver(view_of([]), DRIVER, modules, environ)


def test_bubblewrap_binds_the_nodes_and_the_libraries(tmp_path: Path) -> None:
    view = cuda_view("cupy", CUDA_VISIBLE_DEVICES="1", SECRET="x")
    made = plan("bubblewrap", view, tmp_path, nested=False, disk=7)
    words = " ".join(made.words)
    tmpfs = words.index("--size 7 --tmpfs /tmp")
    for node in DRIVER.nodes:
        assert words.index("--dev /dev ") < words.index(f"--dev-bind {node} {node} ") < words.index("--remount-ro /dev")
    assert tmpfs < words.index("--chdir /tmp")
    staged = f"{made.place}/driver/libcuda.so.1" if made.place else "/opt/driver/libcuda.so.1.2"
    assert f"--ro-bind {staged} /driver/libcuda.so.1 " in words
    assert "--ro-bind /sys/module/nvidia /sys/module/nvidia " in words
    assert made.env["LD_LIBRARY_PATH"].split(":")[-2:] == ["/driver", "/toolkit/lib64"]
    assert (made.env["CUDA_PATH"], made.env["CUDA_VISIBLE_DEVICES"]) == ("/toolkit", "1")
    assert "SECRET" not in made.env
    assert f"--setenv LD_LIBRARY_PATH {made.env['LD_LIBRARY_PATH']} " in words


def test_a_worker_for_the_cpu_gets_none_of_it(tmp_path: Path) -> None:
    made = plan("bubblewrap", view_of([]), tmp_path)
    told = " ".join([*made.words, *made.env, *made.env.values()])
    assert not any(word in told for word in ("dev-bind", "nvidia", "/driver", "CUDA", "/sys/"))


def test_torch_finds_its_own_libraries_before_a_toolkits(tmp_path: Path) -> None:
    made = plan("bubblewrap", cuda_view("torch"), tmp_path, nested=False)
    assert "toolkit" not in " ".join([*made.words, *made.env.values()])


def test_landlock_lets_them_be_read(tmp_path: Path) -> None:
    made = plan("landlock", cuda_view("cupy"), tmp_path, nested=False)
    driver, toolkit = made.env["LD_LIBRARY_PATH"].split(":")[-2:]
    assert {f"{driver}/libcuda.so.1", toolkit.removesuffix("/lib64"), "/sys/module/nvidia", "/proc/self"} <= set(made.read)
    assert made.env["CUDA_PATH"] == toolkit.removesuffix("/lib64")
    assert not {"/proc/self", "/sys/module/nvidia"} & set(plan("landlock", view_of([]), tmp_path / "other").read)


def test_limits_leave_room_for_what_a_context_holds_and_none_for_processes() -> None:
    given, changed = Limits(processes=3), on_device(Limits(processes=3))
    assert changed.processes == 0
    assert (changed.memory - given.memory, changed.disk - given.disk) == (2 << 30, 256 << 20)
    assert (changed.cpu, changed.wall, changed.submission) == (given.cpu, given.wall, given.submission)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CuPy, two of CUDA's wheels that it looks for by name, one that its extra asks for, one that it knows nothing of."""
    for name, more in {
        "cupy-cuda12x": "Provides-Extra: ctk\nRequires-Dist: kit ; extra == 'ctk'\n",
        "nvidia-cuda-nvrtc-cu12": "", "nvidia-cuda-runtime": "", "nvidia-else": "", "kit": "",
    }.items():  # fmt: skip
        info, package = tmp_path / f"{name.replace('-', '_')}-1.dist-info", name.split("-cuda12x")[0].replace("-", "_")
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{more}")
        (info / "RECORD").write_text(f"{package}/__init__.py,,\n{info.name}/METADATA,,\n")
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("wheels")
def test_cupy_is_shown_the_wheels_that_it_looks_for() -> None:
    view = view_of(["cupy-cuda12x"])
    shown = {target for target, _ in view.binds}
    assert {"/site/cupy", "/site/nvidia_cuda_nvrtc_cu12", "/site/nvidia_cuda_runtime", "/site/kit"} <= shown
    assert "/site/nvidia_cuda_nvrtc_cu12-1.dist-info" in shown  # CuPy asks for their metadata
    assert "/site/nvidia_else" not in shown
    assert (view.preload, view.tried) == ((), ("cupy",))
