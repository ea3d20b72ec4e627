"""Suites for several devices: one test for several tasks, the fixture `device`, tests whose device is not here."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.course import Course
from grader.errors import CourseError, SuiteFault
from grader.grading.crew import Crew, Graded, Work
from grader.grading.inprocess import IN_PROCESS
from grader.grading.outcome import Outcome
from grader.plugin.judge import Judge
from grader.plugin.state import TaskMark
from grader.selfcheck.mistakes import Mistake
from grader.selfcheck.parts import Parts
from grader.selfcheck.trials import Trial
from grader.selfcheck.verdicts import Ran, Tally, mistake_findings
from grader.submission import Contact
from grader.worker import defaults
from grader.worker.devices import start

SUITE = """
import pytest

@pytest.mark.task("double")
@pytest.mark.task("refuse", weight=2)
@pytest.mark.parametrize("x", [2, 3])
def test_both(submission, device, x, contact):
    assert submission.double(x) == 2 * x
    contact.note(f"on {device}")

@pytest.mark.task("counter")
def test_neither(submission):
    assert submission.Counter().step() == 1
"""


@pytest.fixture
def course(toy: Path) -> Path:
    """The toy with `refuse` a task of the GPU, by the very test of `double`."""
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('id = "refuse"', 'id = "refuse"\ndevice = "cuda"'))
    (toy / "solutions" / "toy" / "test_toy_hidden.py").write_text(SUITE)
    (toy / "assignments" / "toy" / "test_toy.py").write_text(SUITE)
    return toy


@pytest.fixture
def ran(
    course: Path, crew_on: Callable[..., Crew], graded: Callable[..., list[Graded]]
) -> Callable[..., dict[str, Outcome]]:
    """`ran(...)`: outcomes of the reference by test, in-process."""

    def run(**changed: Any) -> dict[str, Outcome]:
        with crew_on(course, level=IN_PROCESS, **changed) as crew:
            (one,) = graded(crew, (course / "solutions" / "toy" / "toy.py").read_text())
        return {outcome.test: outcome for outcome in one.outcomes}

    return run


def test_one_test_for_two_tasks_runs_once_for_each(ran: Callable[..., dict[str, Outcome]]) -> None:
    outcomes = ran(devices=["cpu", "cuda"])
    assert {name: (one.task, one.weight, one.notes) for name, one in outcomes.items() if one.task != "counter"} == {
        "test_both[double-2]": ("double", 1, ("on cpu",)), "test_both[double-3]": ("double", 1, ("on cpu",)),
        "test_both[refuse-2]": ("refuse", 2, ("on cuda",)), "test_both[refuse-3]": ("refuse", 2, ("on cuda",)),
    }  # fmt: skip
    assert {one.verdict for one in outcomes.values()} == {"passed"}


def test_without_the_device_its_task_alone_is_not_assessed(ran: Callable[..., dict[str, Outcome]]) -> None:
    outcomes = ran()
    assert {name for name, one in outcomes.items() if one.verdict == "not assessed"} == {
        "test_both[refuse-2]", "test_both[refuse-3]",
    }  # fmt: skip


def test_references_run_what_follows_a_device_there(ran: Callable[..., dict[str, Outcome]]) -> None:
    """A test without the fixture has nothing to do with it."""
    outcomes = ran(devices=["cpu", "cuda"], run_on="cuda")
    assert {one.notes for one in outcomes.values() if one.task == "double"} == {("on cuda",)}
    assert outcomes["test_neither"].verdict == "passed"


def test_a_device_that_the_assignment_does_not_name_is_not_followed(ran: Callable[..., dict[str, Outcome]]) -> None:
    assert ran(devices=["cpu", "mps"], run_on="mps")["test_both[double-2]"].notes == ("on cpu",)


def test_a_wrong_mark_among_several_is_named(course: Path, crew_on: Callable[..., Crew]) -> None:
    suite = course / "solutions" / "toy" / "test_toy_hidden.py"
    suite.write_text(SUITE.replace('"refuse", weight', '"refsue", weight'))
    with pytest.raises(CourseError, match="there is no task 'refsue'; did you mean 'refuse'"), crew_on(course):
        pass


def test_a_students_pytest_leaves_out_what_is_not_here(
    course: Path, students_pytest: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ran = students_pytest(course / "assignments" / "toy", "--submission", str(course / "solutions" / "toy" / "toy.py"))
    assert ran.returncode == 0, ran.stdout
    assert "3 passed, 2 deselected" in ran.stdout
    assert "Refuse negatives" in ran.stdout
    assert next(line for line in ran.stdout.splitlines() if line.startswith("Refuse negatives")).endswith("not run")


@pytest.mark.parametrize(
    ("device", "advice"),
    [
        (None, "(network, new processes and files but the scratch folder are closed to submissions)"),
        ("cuda", "closed to submissions; CUDA does not outlive a fork)"),
    ],
)
def test_a_fork_that_was_refused(toy: Path, device: str | None, advice: str) -> None:
    from grader.errors import student_error

    contact = Contact()
    contact.begun = True
    judge = Judge("test_x", TaskMark(Course(toy).assignment("toy"), "double", 1, device), "feedback", contact)
    error = student_error(["PermissionError", "OSError"], "[Errno 1] Operation not permitted", 3, "toy.py")
    judge.see(SimpleNamespace(duration=0.0, excinfo=SimpleNamespace(value=error)))  # type: ignore[arg-type]
    assert advice in judge.outcome().message


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_what_mps_does_not_have_is_the_suites_mistake(dtype: str) -> None:
    from grader.submission import as_tensor
    from grader.submission.outgoing import Outgoing

    array = np.ones(3, dtype)
    with pytest.raises(SuiteFault, match=rf"^as_tensor\(x, 'mps'\): MPS has no {dtype}; write x.astype\('float32'\)$"):
        Outgoing(lambda value: None).operand(as_tensor(array, "mps"))
    assert Outgoing(lambda value: None).operand(as_tensor(array, "cuda"))[-1] == "cuda"
    assert Outgoing(lambda value: None).operand(as_tensor(array.real.astype("float32"), "mps"))[-1] == "mps"


def findings(course: Path, fails: tuple[str, ...], *outcomes: Outcome) -> list[str]:
    """Of a mistake that must fail these tasks, with tests named like their tasks."""
    parts = Parts.of(Course(course), "toy")
    mistake = Mistake("m", "mistake m", parts.reference(), fails, ("x",))
    work = Work(0, "toy", {}, parts.assignment.limits)
    ran = Ran(Trial("mistake", "m", {}, mistake=mistake), Graded(work, outcomes, "", 0.0, ""), "hidden")
    suite = {task: [(f"test_{task}", 1.0)] for task in ("double", "counter", "refuse")}
    return list(mistake_findings(ran, parts, suite, Tally()))


def outcome(task: str, verdict: Any) -> Outcome:
    fraction = float(verdict == "passed")
    return Outcome(f"test_{task}", task, verdict, fraction=fraction, message="" if fraction else "x")


@pytest.mark.parametrize(
    ("fails", "double", "refuse", "wrong"),
    [
        (("double",), "failed", "failed", ""),  # wrong on the CPU, so wrong on the device
        (("double",), "failed", "passed", ""),
        (("double",), "failed", "not assessed", ""),
        (("double",), "passed", "failed", "double should fail and passes"),
        (("refuse",), "passed", "failed", ""),
        (("refuse",), "failed", "failed", "double falls too"),
        (("refuse",), "passed", "passed", "refuse should fail and passes"),
        (("double", "refuse"), "failed", "passed", "refuse should fail and passes"),
    ],
)
def test_tasks_of_a_device_fall_with_those_of_the_cpu(
    course: Path, fails: tuple[str, ...], double: str, refuse: str, wrong: str
) -> None:
    found = findings(course, fails, outcome("double", double), outcome("counter", "passed"), outcome("refuse", refuse))
    told = [text for text in found if "does not say" not in text]
    assert [wrong in text for text in told] == [True] * bool(wrong)


def test_a_mistake_on_a_device_names_all_the_tasks_that_fall_there(course: Path) -> None:
    facts = course / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('id = "counter"', 'id = "counter"\ndevice = "cuda"'))
    (found,) = findings(
        course, ("refuse",), outcome("double", "passed"), outcome("counter", "failed"), outcome("refuse", "failed")
    )
    assert found.startswith("mistake m: counter falls too")


@pytest.mark.parametrize(
    ("is_available", "devices", "seeded"),
    [
        (lambda: True, True, [7]), (lambda: False, True, []), (lambda: True, False, []), (lambda: 1 / 0, True, []),
    ],
)  # fmt: skip
def test_cupys_generator_is_seeded_where_its_device_is(
    monkeypatch: pytest.MonkeyPatch, is_available: Callable[[], bool], devices: bool, seeded: list[int]
) -> None:
    """In a process that workers are forked from it must not even be looked for."""
    seeds: list[int] = []
    cupy = SimpleNamespace(cuda=SimpleNamespace(is_available=is_available), random=SimpleNamespace(seed=seeds.append))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    defaults.reset(7, devices=devices)
    assert seeds == seeded


def test_torch_computes_where_it_is_started() -> None:
    pytest.importorskip("torch")
    start("cpu", ["torch"])
    with pytest.raises(RuntimeError, match="(?i)expected one of"):
        start("nowhere", ["torch"])


def test_the_report_names_the_hardware(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a grade is made anew once it is another, or a package reaches it that did not."""
    from grader.grading import run
    from grader.sandbox.levels import Choice

    assignment = Course(course).assignment("toy")
    made = run.Settings(
        Course(course), course, tmp_path, Choice(IN_PROCESS, False, {}), "feedback", b"s" * 32, ["cpu", "cuda"]
    )

    def environment(why: str | None, settings: run.Settings = made) -> tuple[dict[str, Any], str]:
        monkeypatch.setattr(run, "absence", lambda device, assignment: why)
        monkeypatch.setattr(run, "hardware", lambda devices: dict.fromkeys(devices, "Pretended 7, driver 1.2"))
        one = run._Run(settings, None, None, None)  # type: ignore[arg-type]
        return one._environment(assignment), one._key(SimpleNamespace(assignment="toy", digest="d"))  # type: ignore[arg-type]

    there, key = environment(None)
    assert there["hardware"] == {"cuda": "Pretended 7, driver 1.2"}
    kept_out, other = environment("none of cupy is installed")
    assert kept_out["hardware"] == {"cuda": "none of cupy is installed"}
    assert key != other
    assert "hardware" not in environment(None, dataclasses.replace(made, devices=["cpu"]))[0]
