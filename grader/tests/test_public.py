"""A student's own pytest: the table, tracebacks without our frames, endless loops, messages."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import load_assignment
from grader.grading.outcome import Outcome
from grader.plugin.questions import own_answers, question_lines
from grader.plugin.table import table_lines
from grader.plugin.timeouts import Interrupter, TimedOut
from grader.tests.quiz import RIGHT as RIGHT_ANSWERS
from grader.tests.quiz import add_questions

Pytest = Callable[..., subprocess.CompletedProcess[str]]

RIGHT = (Path(__file__).parent / "toy_course" / "solutions" / "toy" / "toy.py").read_text()
MIXED = """\
import numpy as np

def double(x):
    return x + helper(x)

def helper(x):
    return np.zeros(3) + x

class Counter:
    count = 0
    def step(self, by=1):
        while True:
            try:
                self.count += by
            except:
                pass

def refuse(x):
    raise NotImplementedError
"""


@pytest.fixture
def folder(toy: Path) -> Path:
    """The toy's public folder."""
    return toy / "assignments" / "toy"


def table(output: str) -> list[str]:
    """The lines of the table."""
    body = output.split("public checks, not your grade")[1]
    return [
        line.rstrip() for line in body.splitlines()[1:] if line.strip() and not line.startswith(("=", "FAILED", "ERROR"))
    ]


def test_stub(folder: Path, students_pytest: Pytest) -> None:
    ran = students_pytest(folder)
    assert ran.returncode == 1
    assert ran.stdout.index("Toy: public checks, not your grade") > ran.stdout.rindex("FAILED test_toy.py")
    assert table(ran.stdout) == [
        "task              points  verdict",
        "Twice the input       10  not done",
        "A counter              6  not done",
        "Refuse negatives       4  not done",
    ]


def test_right(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text(RIGHT.replace("return 2 * x", "x *= 2\n    return x"))
    ran = students_pytest(folder)
    assert ran.returncode == 0
    assert [line.split()[-1] for line in table(ran.stdout)[1:4]] == ["passed"] * 3
    assert table(ran.stdout)[4] == "note: double changed its argument 'x' in place"
    assert not list(folder.rglob("*.pyc"))


def test_error_endless_loop_and_undone(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text(MIXED)
    ran = students_pytest(folder)
    lines = table(ran.stdout)
    assert lines[1] == "Twice the input       10  error"
    assert "toy.py, line 7 raised ValueError: operands could not be broadcast" in lines[2]
    at = lines.index("A counter              6  stopped")
    assert lines[at + 1 :] == ["    stopped: no answer after 1 s", "Refuse negatives       4  not done"]
    assert "is there a loop that never ends?" in ran.stdout


def test_tracebacks_show_the_students_lines_and_the_tests_only(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text(MIXED)
    shown = students_pytest(folder, "--tb=native", "-k", "double").stdout
    for line in ("submission.double(np.array([1.0, 2.0]))", "return x + helper(x)", "return np.zeros(3) + x"):
        assert line in shown
    for ours in ("port.py", "local.py", "handle.py", "executor.py", "importlib"):
        assert ours not in shown


def test_full_trace_hides_nothing(folder: Path, students_pytest: Pytest) -> None:
    assert "executor.py" in students_pytest(folder, "--full-trace", "-k", "double").stdout


def test_syntax_error(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text("def double(x)\n    return x\n")
    ran = students_pytest(folder)
    assert table(ran.stdout)[1:] == [
        "Twice the input       10  error",
        "    toy.py, line 1 raised SyntaxError: expected ':'",
        "A counter              6  error",
        "    as above",
        "Refuse negatives       4  error",
        "    as above",
    ]
    assert "executor.py" not in ran.stdout


def test_missing_file(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").unlink()
    ran = students_pytest(folder, COLUMNS="300")
    message = f"{folder / 'toy.py'} is missing: write your solution there, or name another file with --submission"
    assert table(ran.stdout)[1:5] == [
        "Twice the input       10  no file", f"    {message}", "A counter              6  no file", "    as above",
    ]  # fmt: skip
    assert "fixtures.py" not in ran.stdout


def test_another_file(folder: Path, tmp_path: Path, students_pytest: Pytest) -> None:
    other = tmp_path / "elsewhere" / "mine.py"
    other.parent.mkdir()
    other.write_text(RIGHT)
    assert students_pytest(folder, "--submission", str(other)).returncode == 0


def test_partial_and_advice(folder: Path, students_pytest: Pytest) -> None:
    suite = folder / "test_toy.py"
    suite.write_text(suite.read_text() + PARTIAL)
    (folder / "toy.py").write_text(RIGHT)
    lines = table(students_pytest(folder).stdout)
    assert lines[1] == "Twice the input       10  wrong (1 of 2 checks)"
    assert lines[3] == "A counter              6  partly"
    assert "note: half of it" in lines


PARTIAL = """

@pytest.mark.task("double")
def test_more(submission):
    assert submission.double(1) == 3, "three"

@pytest.mark.task("counter")
def test_half(submission, credit):
    submission.Counter()
    credit(0.5, "half of it")
"""


def test_broken_test_is_not_the_students(folder: Path, students_pytest: Pytest) -> None:
    suite = folder / "test_toy.py"
    suite.write_text(suite.read_text().replace("    counter = submission.Counter()\n", "    1 / 0\n"))
    lines = table(students_pytest(folder, "-k", "counter").stdout)
    assert lines[1] == "Twice the input       10  not run"
    assert lines[2:4] == [
        "A counter              6  broken test", "    this test is broken, not your code; please tell your TA what follows",
    ]  # fmt: skip
    assert any("ZeroDivisionError" in line for line in lines)


def test_hidden_suite_of_the_instructor_runs_in_process_too(toy: Path, students_pytest: Pytest) -> None:
    ran = students_pytest(toy / "solutions" / "toy", "test_toy_hidden.py")
    assert ran.returncode == 0
    assert "7 passed" in ran.stdout


def test_interrupter_without_sigalrm(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text(MIXED)
    (folder / "conftest.py").write_text(FORCED)
    ran = students_pytest(folder)
    assert "A counter              6  stopped" in table(ran.stdout)
    assert "Refuse negatives       4  not done" in table(ran.stdout)


FORCED = """
from grader.plugin.timeouts import Interrupter

def pytest_collection_finish(session):
    session.config.pluginmanager.get_plugin("grader-public-checks")._interrupter = Interrupter(forced=True)
"""


def loop() -> None:
    while True:
        pass


@pytest.mark.parametrize("forced", [False, True])
def test_interrupter_strikes_again_and_can_be_called_off(forced: bool) -> None:
    class Settings:
        timeout = 0.05

    interrupter = Interrupter(forced=forced)
    assert interrupter.start(Settings()) is True
    for _ in "ab":
        with pytest.raises(TimedOut, match="is there a loop that never ends"):
            loop()
    assert interrupter.cancel() is True
    assert interrupter.cancel() is None
    Settings.timeout = 0
    assert interrupter.start(Settings()) is None


def test_breakpoint_stops_in_the_students_own_frame(folder: Path, students_pytest: Pytest) -> None:
    (folder / "toy.py").write_text("def double(x):\n    secret = 41 + 1\n    breakpoint()\n    return 2 * x\n")
    ran = students_pytest(folder, "-k", "double", typed="p secret\nc\n")
    assert "(Pdb) 42" in ran.stdout
    assert "1 passed" in ran.stdout


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_xdist(folder: Path, students_pytest: Pytest) -> None:
    ran = students_pytest(folder, "-p", "xdist", "-n", "2")
    assert [line.split("  ")[-1] for line in table(ran.stdout)[1:]] == ["not done"] * 3


def test_table_is_wrapped(folder: Path) -> None:
    long = Outcome("test_a", "double", "failed", kind="wrong", message="word " * 40)
    lines = [line for line, _ in table_lines(load_assignment(folder), [long], 60)]
    assert max(map(len, lines)) < 60
    assert sum(line.startswith("    word") for line in lines) > 2


def test_hint_where_no_mistake_could_be_named(folder: Path) -> None:
    silent = Outcome("test_a", "double", "failed", kind="wrong")
    assert "    Multiply by two." in [line for line, _ in table_lines(load_assignment(folder), [silent], 80)]


def test_what_is_not_done_yet_takes_one_line(folder: Path, students_pytest: Pytest) -> None:
    text = students_pytest(folder, "-k", "double").stdout
    assert "toy.py:6: not done yet" in text
    assert "Twice x" not in text


# ---------------------------------------------------------------- questions

JUDGED_LATER = "question          points  answer (judged after the deadline)"


@pytest.fixture
def quizzed(toy: Path, folder: Path) -> Path:
    """The toy's public folder with questions, as students have it: the key is not there."""
    add_questions(toy)
    shutil.rmtree(toy / "solutions")
    (folder / "toy.py").write_text(RIGHT)
    return folder


def question_rows(folder: Path, students_pytest: Pytest, *arguments: str) -> list[str]:
    """What stands below the tasks."""
    lines = table(students_pytest(folder, *arguments).stdout)
    return lines[lines.index(JUDGED_LATER) + 1 :]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ["why                    2  not answered", "size                   3  not answered"]),
        ('why = "B"\nsize = ""', ["why                    2  answered", "size                   3  not answered"]),
        (
            'why = "z"\nsice = 3',
            [
                "why                    2  cannot be read",
                "    'z' is none of a, b, c; write one of the letters in quotes, such as \"a\"",
                "size                   3  not answered",
                "answers.toml: no question is called 'sice'; did you mean 'size'?",
            ],
        ),
        (
            "why = b",
            [
                "why                    2  cannot be read",
                "    answers.toml, line 1: not TOML (Invalid value); write every answer in quotes on a line of its",
                '    own, such as name = "b"',
                "size                   3  cannot be read",
            ],
        ),
    ],
)
def test_questions_are_answered_or_not(
    quizzed: Path, students_pytest: Pytest, text: str | None, expected: list[str]
) -> None:
    if text is not None:
        (quizzed / "answers.toml").write_text(text)
    assert question_rows(quizzed, students_pytest, "-k", "refuse") == expected


def test_a_right_answer_looks_like_a_wrong_one(quizzed: Path) -> None:
    assignment = load_assignment(quizzed)
    shown = []
    for text in (RIGHT_ANSWERS, 'why = "c"\nsize = 4000\n'):
        (quizzed / "answers.toml").write_text(text)
        shown.append(list(question_lines(assignment, own_answers(assignment, quizzed), 80)))
    assert shown[0] == shown[1]
    assert [line for line, _ in shown[0]] == [
        JUDGED_LATER, "why                    2  answered", "size                   3  answered",
    ]  # fmt: skip


def test_answers_lie_beside_the_file_that_is_named(quizzed: Path, tmp_path: Path, students_pytest: Pytest) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "mine.py").write_text(RIGHT)
    (other / "answers.toml").write_text(RIGHT_ANSWERS)
    rows = question_rows(quizzed, students_pytest, "--submission", str(other / "mine.py"), "-k", "refuse")
    assert [row.split()[-1] for row in rows] == ["answered", "answered"]


def test_answers_that_cannot_be_opened(quizzed: Path) -> None:
    (quizzed / "answers.toml").mkdir()
    given = own_answers(load_assignment(quizzed), quizzed).given["why"]
    assert (given.state, given.problem) == ("unreadable", "answers.toml: cannot be read (Is a directory)")


def test_without_questions_there_is_no_line_about_them(folder: Path) -> None:
    assignment = load_assignment(folder)
    assert list(question_lines(assignment, own_answers(assignment, folder), 80)) == []
