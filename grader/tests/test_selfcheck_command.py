"""`grader check` from end to end: a course that is right, one that is wrong in many ways, and what is seen of both."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from grader.cli import main
from grader.cli.check_screen import CheckScreen
from grader.course import Course
from grader.sandbox.levels import Choice
from grader.selfcheck import check as check_module
from grader.selfcheck import cpu
from grader.selfcheck.check import Row
from grader.selfcheck.cpu import CpuMeter
from grader.selfcheck.mutants import MutantResult
from grader.selfcheck.parts import Parts
from grader.selfcheck.student import student_findings
from grader.selfcheck.verdicts import Tally

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(
    whole: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> Check:
    """`check("--all", ...)`: exit status, output (spaces made one) and errors, in the toy course."""
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(whole)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["check", "--workers", "2", *arguments])
        said = capsys.readouterr()
        return status, " ".join(said.out.split()), said.err

    return run


def test_a_course_that_is_right(check: Check, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.selfcheck.check.stale", lambda course, name: [f"{course.root}/solutions/{name}: old"])
    before = sorted(path for path in whole.rglob("*") if "__pycache__" not in path.parts)
    status, out, _ = check()
    assert "toy 3 3 / 3 of 3 1 " in out
    assert "toy: warning: solutions/toy: old" in out
    assert out.endswith("nothing was found")
    assert status == 0
    assert sorted(path for path in whole.rglob("*") if "__pycache__" not in path.parts) == before


def test_a_course_that_is_wrong_in_many_ways(check: Check, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, ...]] = []

    def judge(course: Course, name: str, crew: object, *, everything: bool, tell: Callable[[int, int], None]) -> object:
        told.append((course.root, name, everything, sorted(crew.suites)))  # type: ignore[attr-defined]
        tell(1, 2)
        tell(2, 2)
        return MutantResult(5, 1, 1, ("a mutant survives:\n-    x\n+    y",))

    monkeypatch.setattr(check_module, "judge_mutants", judge)
    other = whole / "solutions" / "toy" / "alternatives" / "other_words.py"
    other.write_text(other.read_text().replace("np.add(x, x)", "np.add(x, x) + 1"))
    (whole / "solutions" / "toy" / "notes.txt").write_text("")
    (whole / "solutions" / "lost.txt").write_text("")
    suite = whole / "assignments" / "toy" / "test_toy.py"
    suite.write_text(suite.read_text().replace("submission.refuse(-1.0)", "submission.refuse(1.0)"))
    status, out, _ = check("toy")
    assert status == 1
    assert told == [(whole, "toy", False, ["toy"])]
    wrong, right = "solutions/toy/alternatives/other_words.py", "solutions/toy/toy.py"
    for words in (
        "the course: solutions/lost.txt: it belongs to no assignment",
        "toy: solutions/toy/notes.txt: a file without a role",
        f"toy: {wrong} (hidden suite): double gets 0 of 50 points",
        f"toy: {wrong} (hidden, in-process suite, reversed): double gets 0 of 50 points",
        f"toy: {wrong} (a student's pytest): FAILED test_toy.py::test_double",
        f"toy: {right} (public suite): refuse gets 0 of 20 points: ",
        f"toy: {right} (a student's pytest): FAILED test_toy.py::test_refuse",
        "toy: a mutant survives: - x + y",
        "3 / 3 of 3 1 5 / 1 / 1",
        "8 findings",
    ):
        assert words in out


def test_suites_that_cannot_be_collected(check: Check, whole: Path) -> None:
    (whole / "solutions" / "toy" / "test_toy_hidden.py").write_text("import nothing_of_this_name\n")
    (whole / "assignments" / "toy" / "test_toy.py").unlink()
    status, out, _ = check()
    assert status == 1
    assert "the hidden suites cannot be used:" in out
    assert "No module named 'nothing_of_this_name'" in out
    assert "test_toy.py: not there; write the public tests there" in out
    assert "0 / 0 of 0 1 - " in out


def test_facts_that_are_wrong(check: Check, whole: Path) -> None:
    facts = whole / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace("title", "tilte", 1))
    status, out, _ = check()
    assert status == 1
    assert "unknown key 'tilte'; did you mean 'title'?" in out


def test_stub_is_cut_and_without_a_sandbox_all_is_run_in_process(
    check: Check, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(check_module, "judge_mutants", lambda *_, **__: MutantResult(0, 0, 0, ()))
    stub = whole / "assignments" / "toy" / "toy.py"
    before = stub.read_text()
    stub.write_text(before.replace("Twice x", "Two x"))
    status, out, _ = check("--write")
    assert (status, stub.read_text()) == (0, before)
    assert out.startswith("isolation: in-process ")
    assert "toy: assignments/toy/toy.py: written" in out
    assert "toy 3 3 / 3 of 3 1 0 / 0 / 0" in out


def test_unknown_assignment(check: Check) -> None:
    status, _, error = check("tyo")
    assert status == 2
    assert "no assignment 'tyo'; did you mean 'toy'?" in error


def test_student_release(check: Check, whole: Path) -> None:
    (whole / "solutions").rename(whole / "elsewhere")
    status, _, error = check()
    assert status == 2
    assert "this is a student release, nothing in it can be checked; use the course's own repository" in error


def test_a_student_s_pytest_that_says_nothing_of_tests(whole: Path) -> None:
    parts = Parts.of(Course(whole), "toy")
    (parts.assignment.folder / "test_toy.py").write_text("")
    (wrong,) = student_findings(parts, "it", parts.reference())
    assert wrong.startswith("it (a student's pytest): it ended with status 5: no tests ran in ")
    assert wrong.endswith("; mend the answer, or the public suite if the answer is right")


# ---------------------------------------------------------------- screen


@pytest.fixture
def screen() -> tuple[CheckScreen, io.StringIO]:
    made, stream = CheckScreen(), io.StringIO()
    made._console = Console(file=stream, width=200, emoji=False)
    return made, stream


def test_progress(screen: tuple[CheckScreen, io.StringIO]) -> None:
    shown, _ = screen
    shown.more(3)
    shown.step("nobody looks")
    with shown.at("knn"):
        shown.more(3)
        shown.more(2)
        shown.step("[red]a\x1b[2J")
        assert shown._progress is not None
        (task,) = shown._progress.tasks
        assert (task.completed, task.total, task.description) == (1, 5, "\\[red]a?[2J")


def test_table(screen: tuple[CheckScreen, io.StringIO]) -> None:
    shown, stream = screen
    shown.isolation(Choice("landlock", True, {"bubblewrap": "no bwrap"}))
    rows = [Row("knn", 10, Tally(40, 40, 39, 2), 6, (90, 3, 1), 58.6, ["a.py"], ["old"], ["wrong"]), Row("svm")]
    shown.told(rows[0])
    shown.table(rows, 1)
    text = stream.getvalue()
    assert "isolation: landlock\n  bubblewrap cannot be had here: no bwrap\n" in text
    assert "knn: a.py: written\nknn: warning: old\n" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "knn 10 40 / 39 of 40, 2 not assessed here 6 90 / 3 / 1 59" in lines
    assert "svm 0 0 / 0 of 0 0 - 0" in lines
    assert lines[-1] == "1 finding"


# ---------------------------------------------------------------- CPU seconds


def test_cpu_of_this_process_and_its_children() -> None:
    import subprocess
    import sys

    home = Path("/proc/self/cgroup").read_text() if Path("/proc/self/cgroup").exists() else ""
    with CpuMeter() as meter:
        before = meter.seconds()
        subprocess.run([sys.executable, "-S", "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
        assert meter.seconds() - before >= 0.25
    assert not home or Path("/proc/self/cgroup").read_text() == home
    assert not meter._group.exists()


def test_cpu_where_no_group_can_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cpu, "_ACCOUNT", tmp_path / "not" / "there")
    with CpuMeter() as meter:
        assert meter.seconds() >= 0
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 200 300 999 999 40 50 0 0 0\ncpu0 1 2 3\n")
    monkeypatch.setattr(cpu, "_STAT", stat)
    monkeypatch.setattr("os.sysconf", lambda name: 10)
    assert cpu.busy_seconds() == 69
    monkeypatch.setattr(cpu, "_STAT", tmp_path / "nowhere")
    assert 0 < cpu.busy_seconds() < 10_000
