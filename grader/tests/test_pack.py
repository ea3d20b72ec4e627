"""`grader pack`: what a student hands in is what the grader takes in, and what would cost points is told before."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import Course
from grader.errors import CourseError, IntakeError
from grader.grading.intake import FILE_CAP, Found, find_submissions, take_in
from grader.release.pack import pack

RIGHT = (Path(__file__).parent / "toy_course" / "solutions" / "toy" / "toy.py").read_text()
QUESTIONS = """
[[questions]]
id = "size"
points = 1
text = "How large is it?"
[[questions]]
id = "why"
points = 1
text = "Why is it so?"
choices = { a = "Because.", b = "It is not." }
"""


@pytest.fixture
def folder(toy: Path) -> Path:
    """The toy's public folder, with a right solution in it."""
    folder = toy / "assignments" / "toy"
    (folder / "toy.py").write_text(RIGHT)
    return folder


@pytest.fixture
def packed(folder: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """`packed(source)`: the warnings for this toy.py."""

    def write(source: str | bytes = RIGHT) -> list[str]:
        (folder / "toy.py").write_bytes(source.encode() if isinstance(source, str) else source)
        course = Course(folder.parents[1])
        return list(pack(course.assignment("toy"), tmp_path / "out.zip").warnings)

    return write


def facts(folder: Path, old: str, new: str) -> None:
    """Change assignment.toml."""
    path = folder / "assignment.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_grader_takes_in_what_was_packed(folder: Path, tmp_path: Path) -> None:
    facts(folder, 'files = ["toy.py"]', 'files = ["toy.py", "parts/more.py", "notes.txt"]\noptional = ["notes.txt"]')
    (folder / "parts").mkdir()
    (folder / "parts" / "more.py").write_text("x = 1\n")
    course = Course(folder.parents[1])
    made = pack(course.assignment("toy"), tmp_path / "ada.zip")
    assert made.warnings == ()
    with zipfile.ZipFile(made.archive) as archive:
        assert archive.namelist() == ["toy/parts/more.py", "toy/toy.py"]
    (tmp_path / "scratch").mkdir()
    (found,), problems = find_submissions(made.archive, course, scratch=tmp_path / "scratch")
    assert (found.student, found.assignment, problems) == ("ada", "toy", [])
    taken = take_in(found, course.assignment("toy"))
    assert taken.digest == take_in(Found("ada", "toy", folder), course.assignment("toy")).digest
    assert set(taken.files) == {"toy.py", "parts/more.py"}


def test_it_is_graded(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, course = tmp_path / "toy.zip", ["--course", str(folder.parents[1])]
    assert main(["pack", "toy", "--out", str(out), *course]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert f"{out}: toy.py (" in said
    assert "warning" not in said
    if sys.platform == "linux":
        assert main(["grade", str(out), "--student", "ada", "--out", str(tmp_path / "reports"), *course]) == 0
        assert "20 / 20" in capsys.readouterr().out


def test_equal_files_give_equal_bytes(packed: Callable[..., list[str]], folder: Path, tmp_path: Path) -> None:
    packed()
    first = (tmp_path / "out.zip").read_bytes()
    os.utime(folder / "toy.py", (1, 1))
    packed()
    assert (tmp_path / "out.zip").read_bytes() == first


def test_the_folder_of_the_zip_is_this_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["pack", "toy"]) == 0
    assert zipfile.is_zipfile(folder / "toy.zip")


# ---------------------------------------------------------------- what is refused


def refusal(folder: Path, out: Path) -> str:
    with pytest.raises(IntakeError) as caught:
        pack(Course(folder.parents[1]).assignment("toy"), out)
    return str(caught.value)


def test_what_the_grader_would_refuse_is_refused_in_its_words(folder: Path, tmp_path: Path) -> None:
    assignment = Course(folder.parents[1]).assignment("toy")
    os.truncate(folder / "toy.py", FILE_CAP + 1)
    problems = ["toy.py: 1 MB, at most 1 MB is taken; keep data and output out of it"]
    assert list(take_in(Found("ada", "toy", folder), assignment).problems) == problems
    head = f"{folder}: not all of this would be taken in; nothing was written"
    assert refusal(folder, tmp_path / "out.zip") == "\n".join([head, *problems])
    (folder / "toy.py").rename(folder / "Toy.py")
    problem = "toy.py: not handed in; 'Toy.py' is there: rename it to 'toy.py', upper and lower case count"
    assert refusal(folder, tmp_path / "out.zip") == "\n".join([head, problem])
    (folder / "toy.py").write_text("")
    problem = "toy.py: empty (0 bytes); save your work and hand it in again"
    assert refusal(folder, tmp_path / "out.zip") == "\n".join([head, problem])
    assert not (tmp_path / "out.zip").exists()


def test_no_other_file_is_overwritten(folder: Path, tmp_path: Path) -> None:
    mine = folder / "toy.py"
    assert refusal(folder, mine) == f"{mine}: there already, and no zip; name another file with --out"
    assert mine.read_text() == RIGHT
    assert refusal(folder, tmp_path) == f"{tmp_path}: there already, and no zip; name another file with --out"


def test_an_unknown_assignment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "tyo", "--course", str(folder)]) == 2
    assert "no assignment 'tyo'; did you mean 'toy'?" in capsys.readouterr().err
    with pytest.raises(CourseError):
        Course(folder.parents[1]).assignment("tyo")


# ---------------------------------------------------------------- what is warned of


def test_imports_that_will_not_be_there(packed: Callable[..., list[str]]) -> None:
    source = """\
    from __future__ import annotations
    import collections.abc, os.path, toy
    import numpy.linalg as la
    from numpy import fft
    import pandas as pd, course_data
    from . import helper
    try:
        from scipy.special import erf
    except ImportError:
        erf = None
    def double(x):
        import grader
    """
    missing = ", which is not there when it is graded; there are: the standard library, numpy"
    assert packed(textwrap.dedent(source)) == [
        f"toy.py, line 5: imports 'course_data'{missing}",
        f"toy.py, line 5: imports 'pandas'{missing}",
        f"toy.py, line 8: imports 'scipy'{missing}",
        f"toy.py, line 12: imports 'grader'{missing}",
    ]


def test_a_distribution_may_have_another_name_than_its_module(packed: Callable[..., list[str]], folder: Path) -> None:
    facts(folder, '["numpy"]', '["numpy", "Pytest_Timeout", "typing.extensions", "never-installed"]')
    assert packed("import pytest_timeout\nimport typing_extensions\nimport never_installed\n") == []
    assert len(packed("import never_installed_either\n")) == 1


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        (
            "def double(x)\n    return x\n",
            "toy.py, line 1: it does not compile (expected ':'), so no task of it can be graded",
        ),
        ("return 3\n", "toy.py, line 1: it does not compile ('return' outside function), so no task of it can be graded"),
        (b"x = 1\n\xff\n", "toy.py"),
        (b"x = 1\0\n", "toy.py: it does not compile (source code string cannot contain null bytes)"),
        ("x = " + "(" * 5000 + ")" * 5000, "toy.py"),
    ],
)
def test_what_does_not_compile(packed: Callable[..., list[str]], source: str | bytes, warning: str) -> None:
    (said,) = packed(source)
    assert said.startswith(warning)
    assert "it does not compile (" in said


def test_a_warning_of_pythons_is_none_of_ours(packed: Callable[..., list[str]]) -> None:
    assert packed("pattern = '\\d'\n") == []


def test_what_is_not_done_yet(packed: Callable[..., list[str]]) -> None:
    source = """\
    class Layer:
        def forward(self, x):
            '''What comes out.'''
            raise NotImplementedError
        def backward(self, dout):
            if dout is None:
                raise NotImplementedError("never without dout")
            return dout
    def double(x):
        raise NotImplementedError("later")
    def triple(x):
        raise ValueError
    """
    assert packed(textwrap.dedent(source)) == [
        "toy.py: not done yet (raise NotImplementedError): Layer.forward (line 2), double (line 9)"
    ]
    many = "".join(f"def f{number}():\n    raise NotImplementedError\n" for number in range(9))
    assert packed(many)[0].endswith("f5 (line 11) and 3 more")


def test_answers(packed: Callable[..., list[str]], folder: Path) -> None:
    facts(folder, 'files = ["toy.py"]', 'files = ["toy.py", "answers.toml"]\noptional = ["answers.toml"]')
    with (folder / "assignment.toml").open("a") as file:
        file.write(QUESTIONS)
    assert packed() == ["answers.toml: no answer to size, why"]
    (folder / "answers.toml").write_text('size = "12"\nwhy = "z"\n')
    (said,) = packed()
    assert said.startswith("answers.toml, why: ")
    (folder / "answers.toml").write_text('size = "12"\nwhy = "b"\n')
    assert packed() == []


# ---------------------------------------------------------------- other systems

_WINDOWS = """
import os, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "fwalk", "sched_getaffinity", "getuid"):
    delattr(os, name)
os.supports_dir_fd = set()
from grader.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_it_needs_nothing_that_only_linux_has(folder: Path, tmp_path: Path, child_env: dict[str, str]) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _WINDOWS, *arguments]
        return subprocess.run(command, cwd=folder, env=child_env, capture_output=True, text=True, timeout=60)

    ran = run("pack", "toy", "--out", str(tmp_path / "toy.zip"))
    assert (ran.returncode, ran.stderr) == (0, "")
    with zipfile.ZipFile(tmp_path / "toy.zip") as archive:
        assert archive.read("toy/toy.py").decode() == RIGHT
    (folder / "toy.py").unlink()
    (folder / "toy (1).py").write_text(RIGHT)
    ran = run("pack", "toy")
    assert ran.returncode == 2
    assert "toy.py: not handed in; 'toy (1).py' is there: rename it to 'toy.py' if that is it" in ran.stderr
