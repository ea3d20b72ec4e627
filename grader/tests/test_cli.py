"""The other commands, the help, and what the screen does with names and long runs."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from grader.cli import main
from grader.cli.screen import Screen, one_line
from grader.grading import devices
from grader.sandbox.levels import Choice
from grader.tests.pretended import VERSION, make_machine
from grader.tests.quiz import add_questions


@pytest.fixture
def command(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> Callable[..., tuple[int, str]]:
    """`command("doctor", ...)`: exit status and standard output, in the toy course."""
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.chdir(toy)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(arguments)
        return status, capsys.readouterr().out

    return run


Command = Callable[..., tuple[int, str]]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("0 all is well", "1 something waits for a TA", "2 nothing could be done as asked", "130 interrupted"):
        assert words in shown
    for name in ("grade", "doctor", "references"):
        assert name in shown


def test_help_of_grade_has_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    shown = capsys.readouterr().out
    assert "exit status:\n  0    graded, every submission has a score\n" in shown
    assert "<student>/<assignment>/ (nbgrader's submitted/)" in shown


def test_module_is_the_command(child_env: dict[str, str]) -> None:
    ran = subprocess.run([sys.executable, "-m", "grader"], env=child_env, capture_output=True, text=True)
    assert ran.returncode == 2
    assert "the following arguments are required: COMMAND" in ran.stderr


def test_doctor(command: Command, level: str) -> None:
    status, out = command("doctor", "--require-isolation", level)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("Python 3.")
    for line in (
        f"yes  isolation {level}",
        "yes  device cpu",
        "yes  package numpy",
        "yes  course with toy",
        "yes  hidden suites",
    ):
        assert line in lines
    assert "yes  data: generated, nothing to download" in lines


def test_doctor_says_what_is_missing(command: Command, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.sandbox import levels

    why = {"bubblewrap": "bwrap is not [installed]", "landlock": "no Landlock"}
    monkeypatch.setattr(levels, "probe", lambda level: why[level])
    monkeypatch.setattr(devices, "_ROOT", Path("/nowhere"))
    import shutil

    shutil.rmtree(toy / "solutions")
    status, out = command("doctor")
    assert status == 1
    assert "no   isolation bubblewrap: bwrap is not [installed]\n     Install it (apt-get install bubblewrap)" in out
    assert "no   device cuda: no NVIDIA driver: /nowhere/dev/nvidiactl\n     its tasks are reported as not assessed" in out
    assert "this is a student release" in out
    assert "     grading needs the instructor's repository" in out
    assert command("doctor", "--require-isolation", "landlock")[0] == 1


def test_doctor_needs_the_level_that_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.sandbox import levels

    monkeypatch.setattr(levels, "probe", lambda level: None if level == "landlock" else "no")
    assert command("doctor")[0] == 0
    assert command("doctor", "--require-isolation", "landlock")[0] == 0
    assert command("doctor", "--require-isolation", "bubblewrap")[0] == 1


def test_doctor_outside_of_a_course(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.sandbox import levels

    monkeypatch.setattr(levels, "probe", lambda level: None)
    monkeypatch.chdir(tmp_path)
    status, out = command("doctor")
    assert status == 0
    assert "no course here or above" in out


def test_doctor_off_linux(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    status, out = command("doctor")
    assert status == 1
    assert "no   isolation: student code is confined on Linux only\n     grade on a Linux machine" in out


def test_references(command: Command, toy: Path) -> None:
    status, out = command("references")
    assert status == 0
    assert "toy: 20 of 20 points on cpu" in out.splitlines()
    assert not (toy / "reports").exists()


def test_references_answer_the_questions(command: Command, toy: Path) -> None:
    key = add_questions(toy)
    assert command("references") == (0, command("references")[1])
    assert "toy: 25 of 25 points on cpu" in command("references")[1].splitlines()
    assert not (toy / "solutions" / "toy" / "answers.toml").exists()
    key.write_text("")
    assert command("references")[0] == 2


def test_references_that_raise_show_the_text(command: Command, toy: Path) -> None:
    """A record run keeps it from students, but this is the course's own code."""
    path = toy / "solutions" / "toy" / "toy.py"
    path.write_text(path.read_text().replace("return 2 * x", "raise KeyError('gone')"))
    out = command("references")[1]
    assert " raised KeyError (StudentKeyError: KeyError: 'gone')\n" in out


def test_references_that_lose_points(command: Command, toy: Path) -> None:
    path = toy / "solutions" / "toy" / "toy.py"
    path.write_text(path.read_text().replace("return 2 * x", "return x"))
    status, out = command("references")
    assert status == 1
    assert "toy: 10 of 20 points on cpu" in out
    assert "\n  double: the input is returned as it came" in out


def test_references_with_a_fault(command: Command, edited: Callable[[str, str], None]) -> None:
    edited("    x = rng.normal(size=5)\n", "    x = rng.normal(size=1 / 0)\n")
    status, out = command("references")
    assert status == 1
    assert "toy: a fault of the suite or of this machine: double: 'test_guest'" in out


def test_references_without_the_device(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_ROOT", Path("/nowhere"))
    line = "cuda: not on this machine (no NVIDIA driver: /nowhere/dev/nvidiactl); nothing to do\n"
    assert command("references", "--device", "cuda") == (0, line)
    status, out = command("references", "--device", "mps")
    assert status == 0
    assert out.startswith("mps: not on this machine (no Apple silicon: ")


def test_references_of_another_device(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Mac the course's own code runs in-process."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(devices, "absence", lambda device: None)
    status, out = command("references", "--device", "mps")
    assert status == 0
    assert "toy: not for mps" in out
    assert "isolation: in-process" in out
    assert "toy: 20 of 20 points on cpu" in command("references")[1]


def test_doctor_says_which_assignments_reach_a_device(
    command: Command, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.sandbox import levels

    monkeypatch.setattr(levels, "probe", lambda level: "not tried")
    monkeypatch.setattr(devices, "_ROOT", make_machine(tmp_path / "machine"))
    out = command("doctor")[1]
    assert f"yes  device cuda: 2 x Pretended 7, driver {VERSION}\n" in out
    assert "no   cuda for toy: no package of toy reaches cuda (torch or CuPy does)\n     its tasks are reported as" in out


def test_references_on_a_device_that_their_packages_do_not_reach(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_ROOT", make_machine(tmp_path / "machine"))
    status, out = command("references", "--device", "cuda")
    assert status == 1
    assert "toy: NOT RUN on cuda: no package of toy reaches cuda (torch or CuPy does)\n" in out


def test_references_that_the_sandbox_keeps_from_the_device(
    command: Command, toy: Path, edited: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own tasks and those that follow it have to be assessed; what belongs to another device need not."""
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('id = "refuse"', 'id = "refuse"\ndevice = "cuda"'))
    monkeypatch.setattr(devices, "absence", lambda device, assignment=None: None)
    status, out = command("references", "--device", "cuda")
    assert status == 1
    assert "toy: 16 of 16 points on cuda\n  refuse: not assessed here: no package of toy reaches cuda" in out
    assert command("references")[0] == 0
    edited("def test_counts(submission):", "def test_counts(submission, device):")
    facts.write_text(facts.read_text().replace('\ndevice = "cuda"', ""))
    status, out = command("references", "--device", "cuda")
    assert status == 1
    assert "toy: 14 of 14 points on cuda\n  counter: not assessed here: no package of toy reaches cuda" in out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a?[31mb"),
        ("a\nb\tc", "a b c"),
        ("\u202eabc", "?abc"),
        ("\ud800", "?"),
        ("  ü", "  ü"),
        ("\x9b2J", "?2J"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.fixture
def screen() -> tuple[Screen, io.StringIO]:
    """A screen that writes to a string, as to a terminal."""
    made, stream = Screen(), io.StringIO()
    made._console = made._progress.live.console = Console(file=stream, width=200, force_terminal=True, emoji=False)
    return made, stream


def test_progress_says_what_is_running(screen: tuple[Screen, io.StringIO]) -> None:
    shown, stream = screen
    with shown:
        shown.begin(7, 2)
        for student in ("[red]ann", "bob\x1b[2J", "cid", "dot", "eve"):
            shown.working(student, "toy", 3, 8)
        assert _running(shown) == "\\[red]ann/toy 3/8, bob?[2J/toy 3/8, cid/toy 3/8, dot/toy 3/8 and 1 more"
        shown.graded({"public": {"student": "[red]ann", "assignment": "toy"}}, False)
        assert _running(shown) == "bob?[2J/toy 3/8, cid/toy 3/8, dot/toy 3/8, eve/toy 3/8"
    assert "2 of 7 submissions are graded already and unchanged" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()


def _running(screen: Screen) -> str:
    return screen._progress.tasks[0].description


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice("bubblewrap", True, {}), ["isolation: bubblewrap"]),
        (Choice("bubblewrap", False, {}), ["isolation: bubblewrap (every worker is started from nothing)"]),
        (
            Choice("landlock", True, {"bubblewrap": "bwrap: [not] found"}),
            [
                "isolation: landlock",
                "bubblewrap cannot be had here: bwrap: [not] found",
                "`grader doctor` says how to get it",
            ],
        ),
        (Choice("none", True, {}), ["NOTHING stands between student code and this machine"]),
    ],
)
def test_isolation_is_said_aloud(screen: tuple[Screen, io.StringIO], choice: Choice, words: list[str]) -> None:
    screen[0].isolation(choice)
    assert all(word in screen[1].getvalue() for word in words)


def test_unknown_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.cli import doctor

    def fail(options: Any) -> int:
        raise RuntimeError("ours")

    monkeypatch.setattr(doctor, "find_course", fail)
    with pytest.raises(RuntimeError):
        main(["doctor"])
