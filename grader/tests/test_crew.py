"""Several grader processes: their deaths, their delays, their memory, what they are started with."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Limits
from grader.errors import GraderError
from grader.grading import crew as crew_module
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS
from grader.grading.nursery import Nursery, environment

COURSE = Path(__file__).parent / "toy_course"
RIGHT = (COURSE / "solutions" / "toy" / "toy.py").read_text()
LIMITS = Limits(cpu=2, memory=256 << 20, submission=60)

Grade = Callable[..., list[Graded]]

# The suite itself is what fails, when it sees a submission that asks for it.
TRAP = """
@pytest.mark.task("refuse")
def test_trap(submission):
    if submission.refuse(7.0) == 8.0:
        {trap}
    assert True
"""


@pytest.fixture
def trapped(toy: Path) -> Callable[[str], Path]:
    """The course with a suite that does this for a submission whose `refuse(7.0)` is 8.0."""

    def trap(code: str) -> Path:
        suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
        suite.write_text(suite.read_text() + TRAP.format(trap=code))
        return toy

    return trap


TRIGGER = RIGHT.replace("    return x", "    return x + (x == 7)")


def test_suite_that_ends_its_process(trapped: Callable[[str], Path], crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(trapped("import os; os.write(1, b'bye'); os._exit(3)"), level=IN_PROCESS) as crew:
        found = graded(crew, RIGHT, TRIGGER, RIGHT)
    assert [bool(one.fault) for one in found] == [False, True, False]
    assert found[1].fault == "the grader process ended with status 3, and said: bye"
    assert len(found[1].outcomes) == 7
    assert len(found[2].outcomes) == 8


def test_suite_that_hangs(trapped: Callable[[str], Path], crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(trapped("import time; time.sleep(600)"), margin=2, level=IN_PROCESS) as crew:
        began = time.monotonic()
        found = graded(crew, TRIGGER, RIGHT, limits=Limits(cpu=2, submission=1))
    assert time.monotonic() - began < 60
    assert [one.fault for one in found] == ["the suite itself took too long", ""]


def test_process_that_dies_while_idle_is_replaced(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(toy) as crew:
        graded(crew, RIGHT)
        (process,) = crew._processes()
        os.kill(process.pid, signal.SIGKILL)
        (one,) = graded(crew, RIGHT)
    # It may have been given the job before its death was seen: then the job has a fault, and never a wrong score.
    assert one.fault.startswith("the grader process ended") or {o.verdict for o in one.outcomes} == {"passed"}


def test_suites_are_collected_once(toy: Path, tmp_path: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    suite, log = toy / "solutions" / "toy" / "test_toy_hidden.py", tmp_path / "log"
    suite.write_text(suite.read_text() + f"\nwith open({str(log)!r}, 'a') as log:\n    log.write('collected ')\n")
    with crew_on(toy, size=2, level=IN_PROCESS) as crew:
        found = graded(crew, *[RIGHT] * 4)
        assert len(set(crew.pids)) == 2
    assert [{outcome.verdict for outcome in one.outcomes} for one in found] == [{"passed"}] * 4
    assert log.read_text() == "collected "


def test_nursery_that_dies_is_replaced(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(toy, level=IN_PROCESS) as crew:
        nursery = crew._nursery
        graded(crew, RIGHT)
        os.kill(nursery._process.pid, signal.SIGKILL)
        nursery._process.wait()
        (orphan,) = graded(crew, RIGHT)
        assert {outcome.verdict for outcome in orphan.outcomes} == {"passed"}
        os.kill(crew.pids[0], signal.SIGKILL)
        found = graded(crew, RIGHT, RIGHT)
        assert {outcome.verdict for outcome in found[1].outcomes} == {"passed"}
        assert crew._nursery is not nursery


def test_without_forks_each_process_collects_for_itself(
    trapped: Callable[[str], Path], crew_on: Callable[..., Crew], graded: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = trapped("import os; os.write(1, b'bye'); os._exit(3)")
    monkeypatch.setattr(sys, "platform", "darwin")
    with crew_on(course, size=2, level=IN_PROCESS) as crew:
        found = graded(crew, RIGHT, TRIGGER, RIGHT)
        assert crew._nursery.alive
    assert [one.fault for one in found] == ["", "the grader process ended with status 3, and said: bye", ""]


def test_zygote_that_dies_is_replaced(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(toy) as crew:
        graded(crew, RIGHT)
        (process,) = crew._processes()
        for child in _children(process.pid):
            os.kill(child, signal.SIGKILL)
        first, second = graded(crew, RIGHT, RIGHT)
    assert {outcome.verdict for outcome in first.outcomes} <= {"fault", "passed"}
    assert {outcome.verdict for outcome in second.outcomes} == {"passed"}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_progress_is_told(toy_crew: Crew, graded: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(toy_crew, "_tell", lambda work, done: told.append((work.assignment, done)))
    graded(toy_crew, RIGHT)
    assert told == [("toy", done) for done in range(8)]


def test_several_at_once(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(toy, size=3, level=IN_PROCESS) as crew:
        found = graded(crew, *[RIGHT] * 5)
        assert len(crew._processes()) == 3
    assert [{outcome.verdict for outcome in one.outcomes} for one in found] == [{"passed"}] * 5


def test_more_processes_than_work_are_not_started(toy_crew: Crew, graded: Grade) -> None:
    graded(toy_crew, RIGHT)
    assert len(toy_crew._processes()) == 1


def test_memory_of_the_grader_process(toy_crew: Crew, graded: Grade) -> None:
    (process,) = toy_crew._processes()
    graded(toy_crew, *[RIGHT] * 5)
    before = _rss(process.pid)
    graded(toy_crew, *[RIGHT] * 30)
    assert _rss(process.pid) - before < 8 << 20


def _rss(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


def test_secret_is_on_no_command_line(toy_crew: Crew) -> None:
    (process,) = toy_crew._processes()
    line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert b"grader.grading.session" in line
    assert b"5ec2e7" not in line


def test_what_would_change_tests_is_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE"):
        monkeypatch.setenv(name, "1")
    given = environment("/scratch")
    assert not {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE"} & given.keys()
    assert given["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] == given["OMP_NUM_THREADS"] == "1"
    assert given["TMPDIR"] == "/scratch"


def test_folder_that_the_grader_is_started_in_is_not_imported_from(
    toy: Path, crew_on: Callable[..., Crew], graded: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "handed_in"
    trap.mkdir()
    for name in ("numpy", "pytest", "json", "grader", "sitecustomize"):
        (trap / f"{name}.py").write_text("raise SystemExit('student code in the grader')")
    monkeypatch.chdir(trap)
    with crew_on(toy) as crew:
        (one,) = graded(crew, RIGHT)
    assert {outcome.verdict for outcome in one.outcomes} == {"passed"}


def test_nothing_is_left_behind(
    toy: Path, crew_on: Callable[..., Crew], graded: Grade, trapped: Callable[[str], Path]
) -> None:
    with crew_on(trapped("import os; os.kill(os.getpid(), 9)")) as crew:
        scratch = Path(crew._scratch.name)
        (one,) = graded(crew, TRIGGER)
        assert "status -9" in one.fault
    assert not scratch.exists()


def test_suite_that_hangs_when_collected(toy: Path, crew_on: Callable[..., Crew], monkeypatch: pytest.MonkeyPatch) -> None:
    suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
    suite.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(crew_module, "Nursery", functools.partial(Nursery, patience=1.0))
    with pytest.raises(GraderError, match="could not be made ready: the suite itself took too long"), crew_on(toy):
        pass
