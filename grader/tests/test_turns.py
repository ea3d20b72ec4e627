"""Turns on a device, between processes: who runs beside whom, who waits, and what a death leaves behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Limits
from grader.grading import turns
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS
from grader.grading.process import Process, Work
from grader.grading.turns import Turns

HOLDER = """
import sys
from pathlib import Path
from grader.grading.turns import Turns
turns = Turns(Path(sys.argv[1]))
turns.take(sys.argv[2], alone=sys.argv[3] == "alone")
print("held", flush=True)
sys.stdin.read()
"""

Hold = Callable[[str, str], subprocess.Popen[str]]


class Patience(Exception):
    """Enough of waiting."""


def impatient(seconds: float) -> None:
    raise Patience


@pytest.fixture
def hold(tmp_path: Path, child_env: dict[str, str]) -> Iterator[Hold]:
    """`hold(device, how)`: another process that has its turn, until its input ends."""
    made: list[subprocess.Popen[str]] = []

    def start(device: str, how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(tmp_path), device, how]
        made.append(subprocess.Popen(command, env=child_env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert made[-1].stdout is not None
        assert made[-1].stdout.readline() == "held\n"
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.communicate()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is told of at once."""
    monkeypatch.setattr(turns, "_TELL", 0.0)


def is_free(folder: Path, device: str, *, alone: bool) -> bool:
    """Whether a turn is had without waiting."""
    mine = Turns(folder)

    def once(seconds: float) -> None:
        if seconds > 0.01:
            raise Patience

    try:
        mine.take(device, alone=alone, waiting=once)
    except Patience:
        return False
    finally:
        mine.release()
    return True


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("held", "alone", "free"),
    [("alone", True, False), ("alone", False, False), ("beside", True, False), ("beside", False, True)],
)
def test_who_runs_beside_whom(hold: Hold, tmp_path: Path, held: str, alone: bool, free: bool) -> None:
    hold("cuda", held)
    assert is_free(tmp_path, "cuda", alone=alone) is free
    assert is_free(tmp_path, "mps", alone=True)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_death_frees_the_device(hold: Hold, tmp_path: Path, how: signal.Signals) -> None:
    process = hold("cuda", "alone")
    process.send_signal(how)
    process.wait()
    assert is_free(tmp_path, "cuda", alone=True)


@pytest.mark.usefixtures("quick")
def test_who_waits_to_be_alone_goes_before_who_comes_later(hold: Hold, tmp_path: Path) -> None:
    first, later = hold("cuda", "beside"), list[bool]()
    waiting = Turns(tmp_path)

    def look(seconds: float) -> None:
        later.append(is_free(tmp_path, "cuda", alone=False))
        if len(later) == 3:
            first.kill()
            first.wait()

    waiting.take("cuda", alone=True, waiting=look)
    assert later[:3] == [False, False, False]
    waiting.release()
    assert is_free(tmp_path, "cuda", alone=False)


@pytest.mark.usefixtures("quick")
def test_giving_up_leaves_nothing_held(hold: Hold, tmp_path: Path) -> None:
    process = hold("cuda", "alone")
    with pytest.raises(Patience):
        Turns(tmp_path).take("cuda", alone=True, waiting=impatient)
    process.kill()
    process.wait()
    assert is_free(tmp_path, "cuda", alone=True)


def test_taking_again_lets_go_of_what_was_held(tmp_path: Path) -> None:
    mine = Turns(tmp_path)
    mine.take("cuda", alone=True)
    mine.take("mps", alone=True)
    assert is_free(tmp_path, "cuda", alone=True)
    mine.release()


def test_a_job_that_waits_for_others_is_not_overdue() -> None:
    def start(jobs: int, events: int, errors: int, core: int | None) -> Ended:
        return Ended()

    process = Process(start)
    process.give(Work(0, "toy", {}, Limits(submission=1)), margin=-2)
    assert process.overdue
    process.extend(600)
    assert not process.overdue
    process.end(kill=True)


class Ended:
    """A child that was never there."""

    pid = 0

    def end(self, *, kill: bool) -> int | None:
        return 0


def test_a_task_that_takes_the_time_holds_its_device_alone(
    toy: Path, crew_on: Callable[..., Crew], graded: Callable[..., list[Graded]]
) -> None:
    """The suite itself looks at the locks of its run: of a task with a timed test from its first test on."""
    looking = """
def held(mode):
    import fcntl, tempfile
    with open(tempfile.gettempdir() + "/cuda.lock") as file:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

@pytest.mark.task("double", device="cuda")
def test_first(submission):
    import fcntl
    assert submission.double(2) == 4
    assert (held(fcntl.LOCK_SH), held(fcntl.LOCK_EX)) == (True, True)

@pytest.mark.task("double", device="cuda")
def test_timed(fresh_submission):
    assert fresh_submission.double(2) == 4

@pytest.mark.task("counter", device="cuda")
def test_beside(submission):
    import fcntl
    assert submission.Counter().step() == 1
    assert (held(fcntl.LOCK_SH), held(fcntl.LOCK_EX)) == (False, True)

@pytest.mark.task("refuse")
def test_on_the_cpu(submission):
    import fcntl
    assert submission.refuse(0.5) == 0.5
    assert not held(fcntl.LOCK_EX)
"""
    suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
    suite.write_text("import pytest\n" + looking)
    right = (toy / "solutions" / "toy" / "toy.py").read_text()
    with crew_on(toy, devices=["cpu", "cuda"], level=IN_PROCESS) as crew:
        (one,) = graded(crew, right)
    assert {outcome.test: outcome.message for outcome in one.outcomes} == dict.fromkeys(
        ("test_first", "test_timed", "test_beside", "test_on_the_cpu"), ""
    )
