"""Assignments whose packages are not installed: named and counted as not run, never passed over in silence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import Course, load_assignment
from grader.errors import student_error
from grader.plugin.judge import Judge
from grader.plugin.state import TaskMark
from grader.submission import Contact

Command = Callable[..., tuple[int, str]]

OBSTACLE = "NOT RUN: not installed here: pip install no-such-thing"


@pytest.fixture
def course(whole: Path) -> Path:
    """The toy course with a second assignment that needs a package which nobody has, and a sample class of both."""
    for half in ("assignments", "solutions"):
        shutil.copytree(whole / half / "toy", whole / half / "deep")
    for path in [*whole.glob("*/deep/*toy*"), *whole.glob("*/deep/*/*toy*")]:
        path.rename(path.with_name(path.name.replace("toy", "deep")))
    facts = whole / "assignments" / "deep" / "assignment.toml"
    text = facts.read_text().replace('"toy"', '"deep"').replace("toy.py", "deep.py")
    facts.write_text(text.replace('packages = ["numpy"]', 'packages = ["numpy", "no-such-thing"]'))
    sample = whole / "solutions" / "sample_class"
    for name in ("toy", "deep"):
        mine = sample / "submitted" / "ann" / name
        mine.mkdir(parents=True)
        shutil.copy(whole / "solutions" / name / f"{name}.py", mine)
    tasks = 'score = 100.0\npassed = ["double", "counter", "refuse"]\n'
    (sample / "expected.toml").write_text(f"[ann.toy]\n{tasks}[ann.deep]\n{tasks}")
    return whole


@pytest.fixture
def command(
    course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> Command:
    """`command("grade", ...)`: exit status and all that is said, spaces made one, in that course."""
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.chdir(course)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(list(arguments))
        said = capsys.readouterr()
        return status, " ".join((said.out + said.err).split())

    return run


def test_what_is_absent(course: Path) -> None:
    deep, toy = (Course(course).assignment(name) for name in ("deep", "toy"))
    assert (deep.absent_packages, deep.obstacle) == (("no-such-thing",), OBSTACLE)
    assert (toy.absent_packages, toy.obstacle) == ((), None)


def test_the_sample_class_is_graded_without_them(command: Command) -> None:
    status, said = command("grade")
    assert status == 0
    assert f"deep: {OBSTACLE}" in said
    assert "sample class: all 1 submissions as expected; NOT RUN: deep" in said
    assert command("grade", "--require-packages")[0] == 1
    status, said = command("grade", "--require-packages", "--assignment", "toy")
    assert (status, "NOT RUN" in said) == (0, False)


def test_one_that_is_asked_for_is_an_error(command: Command) -> None:
    status, said = command("grade", "--assignment", "deep")
    assert status == 2
    assert said.endswith("the assignment's package 'no-such-thing' is not installed: pip install no-such-thing")


def test_of_real_submissions_nothing_is_left_out(command: Command, course: Path) -> None:
    status, said = command("grade", str(course / "solutions" / "sample_class" / "submitted"))
    assert status == 2
    assert "the assignment's package 'no-such-thing' is not installed" in said


def test_a_check_that_has_not_run_is_no_success(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.selfcheck.check import Row

    checked = []
    monkeypatch.setattr(
        "grader.selfcheck.check.check_assignment", lambda course, name, *_: [checked.append(name), Row(name)][1]
    )
    monkeypatch.setattr("grader.selfcheck.folder.course_findings", lambda course: [])
    status, said = command("check")
    assert (status, checked) == (1, ["toy"])
    assert f"deep: {OBSTACLE}" in said
    assert said.endswith("nothing was found; NOT RUN: deep")
    assert command("check", "toy")[0] == 0


def test_references(command: Command) -> None:
    status, said = command("references")
    assert status == 1
    assert f"deep: {OBSTACLE}" in said
    assert "toy: 100 of 100 points on cpu" in said


def test_a_student_is_told_what_to_install(course: Path) -> None:
    def told(name: str) -> str:
        mark = TaskMark(load_assignment(course / "assignments" / name), "double", 1, None)
        judge = Judge("test_a", mark, "public", Contact(begun=True))
        error = student_error(["ModuleNotFoundError"], "No module named 'torch'", 3, f"{name}.py")

        def raising() -> None:
            raise error

        judge.see(pytest.CallInfo.from_call(raising, when="call"))
        return judge.outcome().message

    raised = "line 3 raised ModuleNotFoundError: No module named 'torch'"
    assert told("deep") == f"deep.py, {raised}; not installed here: pip install no-such-thing"
    assert told("toy") == f"toy.py, {raised}; what can be imported: the standard library, numpy"
