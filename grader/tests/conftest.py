"""Shared by the machinery's tests: the toy course, ports of both backends, the isolation levels that are here."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Limits
from grader.submission import Submission
from grader.submission.port import Port

BACKENDS = ["local", "sandboxed"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A copy of the toy course, to be changed at will."""
    root = tmp_path / "course"
    shutil.copytree(Path(__file__).parent / "toy_course", root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="session")
def level() -> str:
    """The best isolation level of this machine."""
    from grader.sandbox.levels import choose

    return choose().level


@pytest.fixture(scope="session")
def sandbox(level: str) -> Iterator[object]:
    """A warm sandbox with NumPy at the best level."""
    from grader.sandbox.sandbox import Sandbox
    from grader.sandbox.view import view_of

    made = Sandbox(level, view_of(["numpy"]))
    yield made
    made.close()


@pytest.fixture(params=BACKENDS)
def open_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Port]]:
    """Opens ports to a module with the given source, in-process and sandboxed."""
    ports: list[Port] = []

    def open_(source: str, *, guest: str = "", limits: Limits | None = None) -> Port:
        code, helper = textwrap.dedent(source), textwrap.dedent(guest)
        make = _local if request.param == "local" else _sandboxed
        ports.append(make(request, tmp_path, code, helper, limits or Limits(cpu=5, memory=512 << 20)))
        return ports[-1]

    yield open_
    for port in ports:
        port.close()
    sys.modules.pop("student", None)


@pytest.fixture
def student(open_port: Callable[..., Port]) -> Callable[..., Submission]:
    """A submission with the given source."""
    return lambda source, **options: Submission(open_port(source, **options))


def _local(request: pytest.FixtureRequest, folder: Path, code: str, guest: str, limits: Limits) -> Port:
    from grader.submission.local import LocalPort

    (folder / "student.py").write_text(code)
    (folder / "guest.py").write_text(guest)
    return LocalPort(folder, "student.py", ["student.py"], folder / "guest.py" if guest else None, seed=7)


def _sandboxed(request: pytest.FixtureRequest, folder: Path, code: str, guest: str, limits: Limits) -> Port:
    from grader.sandbox.sandbox import Job
    from grader.submission.sandboxed import SandboxPort

    files = {"student.py": code.encode(), **({"helper.py": guest.encode()} if guest else {})}
    job = Job(files, "student.py", "helper.py" if guest else None, seed=7)
    worker = request.getfixturevalue("sandbox").worker(job, limits, time.monotonic() + 60)
    return SandboxPort(worker, "student.py", ["student.py"])
