"""Shared by the machinery's tests: the toy course, ports of both backends, the isolation levels that are here."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.course import Limits
from grader.submission import Submission
from grader.submission.port import Port
from grader.tests.required import fail_if_required, required

if TYPE_CHECKING:
    from grader.grading.crew import Crew, Graded
    from grader.tests.nbgrader_class import ToyClass

collect_ignore = ["toy_course"]

BACKENDS = ["local", "sandboxed"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_if_required(report, required(os.environ.get("GRADER_REQUIRE", "")))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_required(report, required(os.environ.get("GRADER_REQUIRE", "")))
    return report


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A copy of the toy course, to be changed at will."""
    root = tmp_path / "course"
    shutil.copytree(Path(__file__).parent / "toy_course", root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def whole(toy: Path) -> Path:
    """The toy course as `grader check` wants one: its points sum to 100."""
    facts = toy / "assignments" / "toy" / "assignment.toml"
    text = facts.read_text()
    for points, more in ((10, 50), (6, 30), (4, 20)):
        text = text.replace(f"points = {points}\n", f"points = {more}\n")
    facts.write_text(text)
    return toy


@pytest.fixture
def edited(toy: Path) -> Callable[[str, str], None]:
    """`edited(old, new)`: change the toy's hidden suite in one place."""
    suite = toy / "solutions" / "toy" / "test_toy_hidden.py"

    def edit(old: str, new: str) -> None:
        text = suite.read_text()
        assert text.count(old) == 1
        suite.write_text(text.replace(old, new))

    return edit


@pytest.fixture(scope="session")
def child_env() -> dict[str, str]:
    """The environment of child processes that import the grader, whether it is installed or not."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**kept, "PYTHONPATH": path, "GRADER_SECRET": "0123456789abcdef0123456789abcdef", "COLUMNS": "100"}


@pytest.fixture(scope="session")
def students_pytest(child_env: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`students_pytest(folder, *arguments)`: pytest in a process of its own, started in that folder."""
    plugins = ["-p", "grader.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
    quick = {**child_env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def run(folder: Path, *arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", *plugins, *arguments]
        return subprocess.run(
            command, cwd=folder, env={**quick, **env}, input=typed, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture(scope="session")
def released_class(tmp_path_factory: pytest.TempPathFactory, child_env: dict[str, str]) -> Iterator[ToyClass]:
    """The toy course as nbgrader's, built and released; nothing is handed in. Copy it."""
    from grader.nbgrader_course.commands import Commands
    from grader.tests.nbgrader_class import ToyClass, toy_kit

    base = tmp_path_factory.mktemp("nbgrader")
    with Commands(child_env) as commands:
        made = ToyClass(base / "class", toy_kit(base / "kit"), child_env, commands)
        made.release()
        yield made


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


@pytest.fixture(scope="session")
def crew_on(level: str) -> Callable[..., Crew]:
    """`crew_on(root)`: grader processes for the toy assignment of the course in `root`, as a context manager."""
    from grader.grading.crew import Crew

    def make(root: Path, size: int = 1, margin: float = 60, **changed: Any) -> Crew:
        settings = {
            "root": str(root), "assignments": ["toy"], "level": level, "warm": True, "purpose": "feedback",
            "secret": "5ec2e7" * 6, "devices": ["cpu"],
        }  # fmt: skip
        return Crew({**settings, **changed}, size, margin=margin)

    return make


@pytest.fixture(scope="session")
def choices() -> Callable[..., object]:
    """`grader.sandbox.levels.choose`, each way tried once: what this machine can do does not change meanwhile."""
    from grader.sandbox.levels import choose

    return functools.cache(choose)


@pytest.fixture(scope="session")
def toy_crew(crew_on: Callable[..., Crew]) -> Iterator[Crew]:
    """One sandboxed grader process for the unchanged toy assignment."""
    with crew_on(Path(__file__).parent / "toy_course") as crew:
        yield crew


@pytest.fixture(scope="session")
def graded() -> Callable[..., list[Graded]]:
    """`graded(crew, source, ...)`: what became of these modules, in their order."""
    from grader.course import Course
    from grader.grading.crew import Work

    course = Course(Path(__file__).parent / "toy_course")

    def grade(crew: Crew, *sources: str | bytes, limits: Limits | None = None, **how: Any) -> list[Graded]:
        codes = [source.encode() if isinstance(source, str) else source for source in sources]
        allowed = limits or course.assignment("toy").limits
        works = [Work(key, "toy", {"toy.py": code}, allowed, **how) for key, code in enumerate(codes)]
        return sorted(crew.run(works), key=lambda one: one.work.key)

    return grade


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
