"""`--grader-summary`: the table of a student's run as Markdown, whatever is in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import load_assignment
from grader.grading.answers import Answers, Given
from grader.grading.outcome import Outcome
from grader.plugin.markdown import append_summary, markdown_lines

Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(toy: Path) -> Path:
    """The toy's public folder."""
    return toy / "assignments" / "toy"


def wrong(task: str, message: str, notes: tuple[str, ...] = ()) -> Outcome:
    return Outcome(task, task, "failed", 1.0, 0.0, "wrong", message, notes)


def test_it_is_appended_and_the_terminal_keeps_its_own(folder: Path, tmp_path: Path, students_pytest: Pytest) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    ran = students_pytest(folder, "--grader-summary", str(summary), "-k", "not refuse")
    assert "Twice the input       10  not done" in ran.stdout
    assert summary.read_text() == (
        "before\n### Toy: public checks, not your grade\n\n| task | points | verdict | |\n|---|--:|---|---|\n"
        "| Twice the input | 10 | not done |  |\n| A counter | 6 | not done |  |\n"
        "| Refuse negatives | 4 | not run |  |\n\n\n"
    )


def test_without_the_option_nothing_is_written(folder: Path, students_pytest: Pytest, tmp_path: Path) -> None:
    students_pytest(folder, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert not (tmp_path / "summary.md").exists()


def test_a_run_without_graded_tests_writes_nothing(tmp_path: Path, students_pytest: Pytest) -> None:
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    assert students_pytest(tmp_path, "--grader-summary", "summary.md").returncode == 0
    assert not (tmp_path / "summary.md").exists()


@pytest.mark.parametrize("name", ["", "nowhere/summary.md"])
def test_a_place_that_is_none(folder: Path, students_pytest: Pytest, name: str) -> None:
    path = folder / name
    ran = students_pytest(folder, "--grader-summary", str(path))
    assert ran.returncode == 4
    assert f"--grader-summary {path}: not a file in a folder that is there; name such a one" in ran.stderr


def test_what_a_message_holds_is_text(folder: Path) -> None:
    """A cell stays a cell, and nothing in it is read as Markdown or HTML."""
    outcomes = [wrong("double", "a | b\n<script>x</script> `c` *d* [e](f) _g_ \\", ("two\nlines | <b>",))]
    lines = list(markdown_lines(load_assignment(folder), outcomes, Answers({})))
    assert lines[4] == (
        r"| Twice the input | 10 | wrong | a \| b<br>&lt;script&gt;x&lt;/script&gt; \`c\` \*d\* \[e\](f) \_g\_ \\ |"
    )
    assert lines[8] == r"- two lines \| &lt;b&gt;"


def test_a_long_message_is_cut(folder: Path) -> None:
    lines = list(markdown_lines(load_assignment(folder), [wrong("double", "x" * 10_000)], Answers({})))
    assert len(lines[4]) < 2100
    assert lines[4].endswith("x… |")


def test_questions_and_hints(folder: Path) -> None:
    answers = Answers({"memory": Given("answered", 3.0), "why": Given(), "size": Given("unreadable", problem="write | it")})
    lines = list(markdown_lines(load_assignment(folder), [wrong("double", "")], answers))
    assert lines[4] == "| Twice the input | 10 | wrong | Multiply by two. |"
    assert lines[-4:] == [
        "- question memory: answered", "- question why: not answered", r"- question size: cannot be read: write \| it", "",
    ]  # fmt: skip


def test_append(tmp_path: Path) -> None:
    for line in ("ä", "b"):
        append_summary(tmp_path / "x.md", [line])
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == "ä\nb\n"
