"""Workers that reach a device, at every level, with a pretended GPU: a file in the place of its node, a library in the place
of the driver's, and a CuPy over NumPy that needs both. What is proven is the way there, not CUDA.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.course import Course
from grader.errors import SandboxFault
from grader.grading import sandboxes
from grader.grading.place import Submitted
from grader.grading.sandboxes import Sandboxes
from grader.sandbox.driver import look
from grader.submission import Backend, Contact, Submission
from grader.tests.hostile import WARM, named
from grader.tests.pretended import install_cupy, make_machine

TOY = Course(Path(__file__).parent / "toy_course").assignment("toy")
ASSIGNMENT = dataclasses.replace(TOY, optional_packages=("cupy-cuda99x", "cupy"))

STUDENT = """
import errno, os, resource, subprocess, sys
import numpy

def total(n):
    import cupy
    return float(cupy.arange(n).sum())

def facts():
    limits = [resource.getrlimit(kind)[0] == resource.RLIM_INFINITY for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    caches = [os.environ.get(name, "") for name in ("CUPY_CACHE_DIR", "CUDA_CACHE_PATH")]
    private = [cache.startswith(os.environ["TMPDIR"] + "/") for cache in caches]
    return limits, private, resource.getrlimit(resource.RLIMIT_NOFILE)[0]

def attempts():
    found = []
    for attempt in (os.fork, lambda: subprocess.run(["/bin/true"])):
        try:
            attempt()
            found.append("allowed")
        except OSError as error:
            found.append(errno.errorcode[error.errno])
    return found

def kept(size):
    path = os.path.join(os.environ["CUPY_CACHE_DIR"], "kernel")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("x" * size)
    return os.path.getsize(path)

def seeds():
    return sys.modules["cupy"].seeds
"""


@pytest.fixture
def machine() -> Iterator[Path]:
    """Device nodes lie where every user can go."""
    root = Path(tempfile.mkdtemp(prefix="pretended-", dir="/tmp"))
    root.chmod(0o755)
    yield make_machine(root)
    shutil.rmtree(root)


@pytest.fixture(params=WARM, ids=named)
def place(
    request: pytest.FixtureRequest, machine: Path, monkeypatch: pytest.MonkeyPatch, choices: Callable[..., Any]
) -> Iterator[Sandboxes]:
    level = request.param[0]
    choices(level)  # raises where it cannot be had
    monkeypatch.syspath_prepend(install_cupy(machine / "site", machine))
    monkeypatch.setattr(sandboxes, "look", lambda: look(machine, ""))
    made = Sandboxes(level, warm=True)
    yield made
    made.close()


def backend_of(place: Sandboxes, source: str = STUDENT) -> Backend:
    return place.backend(Submitted(ASSIGNMENT, {"toy.py": source.encode()}, {}, lambda purpose: 41))


def on(backend: Backend, device: str | None) -> Submission:
    return Submission(backend.port("double", Contact(), device))


def test_a_device_is_reached_by_its_workers_only(place: Sandboxes) -> None:
    assert place.absence(ASSIGNMENT, "cuda") is None
    backend = backend_of(place)
    assert on(backend, "cuda").total(4) == 6
    with pytest.raises(FileNotFoundError if place._level == "bubblewrap" else PermissionError):
        on(backend, None).total(4)
    assert on(backend, "cuda").total(5) == 10  # its worker is there still
    backend.end_task()


def test_limits_caches_and_processes_of_such_a_worker(place: Sandboxes) -> None:
    backend = backend_of(place)
    assert on(backend, "cuda").facts() == ([True, True], [True, True], 2048)
    assert on(backend, "cuda").attempts() == ["EPERM", "EPERM"]
    assert on(backend, "cuda").kept(2 << 20) == 2 << 20  # twice what the toy's scratch files may take
    assert on(backend, "cpu").facts() == ([False, False], [False, False], 256)
    backend.end_task()


def test_its_generators_are_seeded_once_the_device_is_there(place: Sandboxes) -> None:
    """Before, in the process that it is forked from, a generator on the device would have kept it from being used after."""
    backend = backend_of(place)
    assert on(backend, "cuda").seeds() == [41]
    backend.end_task()


def test_a_device_that_does_not_start_is_not_assessed_and_says_why(place: Sandboxes, machine: Path) -> None:
    (machine / "dev/nvidia0").unlink()
    (machine / "dev/nvidia0").mkdir()
    why = place.absence(ASSIGNMENT, "cuda")
    assert why is not None
    assert why.startswith(
        f"CUDA does not start in the sandbox ({place._level}): a worker could not shut itself in: IsADirectory"
    )
    assert place.absence(ASSIGNMENT, "cuda") == why


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import time; time.sleep(600)", "did not start: gave no answer"),
        ("import os; os.kill(os.getpid(), 11)", "did not start: "),
    ],
)
def test_a_driver_that_hangs_or_crashes_costs_a_deadline(
    place: Sandboxes, machine: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    monkeypatch.setattr("grader.sandbox.sandbox.START_SECONDS", 3.0)
    package = machine / "site" / "cupy" / "__init__.py"
    package.write_text(f"{package.read_text()}\ndef ones(n):\n    {code}\n")
    assert f"a worker {why}" in str(place.absence(ASSIGNMENT, "cuda"))
    backend = backend_of(place)
    assert on(backend, None).attempts() == ["EPERM", "EPERM"]  # all else is graded as ever
    backend.end_task()


def test_a_device_that_is_lost_later_is_a_fault_of_ours(place: Sandboxes, machine: Path) -> None:
    assert place.absence(ASSIGNMENT, "cuda") is None
    (machine / "dev/nvidia0").unlink()
    (machine / "dev/nvidia0").mkdir()
    backend = backend_of(place)
    with pytest.raises(SandboxFault, match="a worker could not shut itself in: IsADirectoryError"):
        on(backend, "cuda").total(2)


def test_a_baseline_computes_on_the_cpu(place: Sandboxes, tmp_path: Path) -> None:
    beside = {"baseline": tmp_path / "baseline.py"}
    beside["baseline"].write_text("import os\ndef env(): return 'CUPY_CACHE_DIR' in os.environ")
    backend = place.backend(Submitted(ASSIGNMENT, {"toy.py": STUDENT.encode()}, beside, lambda purpose: 41))
    port = backend.baseline("double")
    assert Submission(port).env() is False
    port.close()


def test_what_no_sandbox_passes_on(machine: Path) -> None:
    place = Sandboxes("bubblewrap", warm=True)
    assert place.absence(ASSIGNMENT, "mps") == "the sandbox does not pass mps on to submissions"
    assert place.absence(TOY, "cuda") == "no package of toy reaches cuda (torch or CuPy does)"
    only = dataclasses.replace(TOY, optional_packages=("cupy-cuda99x",))
    assert place.absence(only, "cuda") == "none of cupy-cuda99x is installed"


def test_the_pretended_cupy_refuses_what_cupy_refuses(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(install_cupy(machine / "site", machine))
    monkeypatch.setenv("LD_LIBRARY_PATH", "")
    monkeypatch.delitem(__import__("sys").modules, "cupy", raising=False)
    import cupy

    monkeypatch.setattr(cupy, "LIBRARY", str(machine / "usr/lib64/libcuda.so.1"))
    there = cupy.asarray(np.arange(6.0).reshape(2, 3))
    assert np.array_equal(cupy.asnumpy(there @ there.T + 1), [[6.0, 15.0], [15.0, 51.0]])
    for mix in (
        lambda: there + np.ones(3),
        lambda: np.ones(3) + there,
        lambda: np.asarray(there),
        lambda: cupy.sum(np.ones(3)),
    ):
        with pytest.raises(TypeError):
            mix()
    monkeypatch.delitem(__import__("sys").modules, "cupy")
