"""`grader new`: a template that is a whole assignment, and names that cannot be one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import Course
from grader.errors import CourseError
from grader.release import new, refuse_leaks, student_contents
from grader.release.new import new_assignment

from .release_course import KIT, make_course

NAME, TITLE = "two_clouds", "Two clouds, one border"


@pytest.fixture
def course(toy: Path) -> Course:
    """The toy course, to which an assignment may be added."""
    return Course(toy)


def refusal(course: Course, name: str, title: str = TITLE) -> str:
    before = sorted(course.root.rglob("*"))
    with pytest.raises(CourseError) as caught:
        new_assignment(course, name, title)
    assert sorted(course.root.rglob("*")) == before
    return str(caught.value)


def test_the_command_says_what_it_wrote(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", NAME, "--title", TITLE, "--course", str(course.root)]) == 0
    *paths, last = capsys.readouterr().out.split("\n")[:-1]
    assert last == f"`grader check {NAME}` passes now; change it bit by bit, and keep it so"
    half, private = f"assignments/{NAME}", f"solutions/{NAME}"
    assert paths == [
        f"{half}/README.md", f"{half}/answers.toml", f"{half}/assignment.toml", f"{half}/test_{NAME}.py",
        f"{half}/{NAME}.py",
        f"{private}/alternatives/column_of_ones.py", f"{private}/alternatives/row_by_row.py",
        f"{private}/equivalent.toml", f"{private}/key.toml", f"{private}/mistakes.toml", f"{private}/oracle.py",
        f"{private}/suspects.py", f"{private}/test_{NAME}_hidden.py", f"{private}/{NAME}.py",
    ]  # fmt: skip
    written = {path: (course.root / path).read_text() for path in paths}
    assert not [path for path, text in written.items() if "@NAME@" in text or "@TITLE@" in text or "\r" in text]
    assert course.assignment(NAME).title == TITLE
    assert course.assignment(NAME).max_score == 100
    assert written[f"{half}/{NAME}.py"].count("raise NotImplementedError") == 4  # three, and the words above


def test_a_title_is_made_of_the_name(course: Course) -> None:
    assert main(["new", NAME, "--course", str(course.root)]) == 0
    assert course.assignment(NAME).title == "Two clouds"


@pytest.mark.skipif(sys.platform != "linux", reason="the course is checked in a sandbox")
@pytest.mark.timeout(300)
def test_the_course_finds_nothing_wrong_with_it(
    course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stub, reference, alternatives, mistakes, mutants, questions, handout: everything that `grader check` knows."""
    monkeypatch.setenv("GRADER_SECRET", "a secret for tests")
    monkeypatch.setenv("COLUMNS", "200")
    new_assignment(course, NAME, TITLE)
    assert main(["check", NAME, "--course", str(course.root)]) == 0
    said = capsys.readouterr().out
    assert "nothing was found" in said
    assert "11 / 11 of 11" in said


def test_a_student_can_work_on_it(course: Course, students_pytest: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    new_assignment(course, NAME, TITLE)
    folder = course.assignment(NAME).folder
    ran = students_pytest(folder)
    assert ran.returncode == 1
    assert ran.stdout.count("not done\n") == 3
    (folder / f"{NAME}.py").write_bytes(course.reference(NAME).read_bytes())
    assert students_pytest(folder).returncode == 0


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
def test_it_is_written_as_the_course_is(course: Course) -> None:
    new_assignment(course, NAME, TITLE)
    settings = ["--config", str(KIT / "pyproject.toml"), "--no-cache"]
    first_party = ["--config", f'src=["{KIT.as_posix()}"]']
    for command in (["check", *settings, *first_party], ["format", "--check", *settings]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, f"assignments/{NAME}", f"solutions/{NAME}"],
            cwd=course.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_can_be_released(tmp_path: Path) -> None:
    course = Course(make_course(tmp_path / "mine"))
    new_assignment(course, NAME, TITLE)
    contents = student_contents(course)
    refuse_leaks(contents.files, course)
    assert f"assignments/{NAME}/answers.toml" in contents.files


def test_the_template_is_in_the_package() -> None:
    """What pyproject.toml names as data is all that the template and the students' files are made of."""
    patterns = tomllib.loads((KIT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["grader"]
    packaged = {path for pattern in patterns for path in (KIT / "grader").glob(pattern) if path.is_file()}
    folders = [KIT / "grader" / "release" / name for name in ("template", "student_files")]
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert len(files) > 10
    assert files <= packaged


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "name", ["", "two clouds", "two-clouds", "2clouds", "Clouds", "_clouds", "class", "../x", "wölkchen"]
)
def test_names_that_are_none(course: Course, name: str) -> None:
    assert refusal(course, name) == (
        f"name {name!r}: write small letters, digits and _, as in two_layer_net: it names a folder, a module and its tests"
    )


@pytest.mark.parametrize("name", ["random", "numpy", "grader", "course_data"])
def test_names_of_other_modules(course: Course, name: str) -> None:
    assert refusal(course, name) == f"name {name!r}: `import` finds another module of that name already; choose another"


def test_names_that_are_taken(course: Course) -> None:
    assert refusal(course, "toy") == "name 'toy': assignments/toy/ has it; choose another"
    assert refusal(course, "sample_class") == "name 'sample_class': the sample class lies there; choose another"
    facts = course.root / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('"toy"', '"Clouds"').replace('"toy.py"', '"Clouds.py"'))
    assert refusal(course, "clouds") == "name 'clouds': assignments/toy/ has it; choose another"


@pytest.mark.parametrize("half", ["assignments", "solutions"])
def test_nothing_is_overwritten(course: Course, half: str) -> None:
    mine = course.root / half / NAME / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert refusal(course, NAME) == f"{mine.parent}: there already; choose another name, or move it away"
    assert mine.read_text() == "mine"


def test_half_of_one_is_not_left(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise CourseError("broken on the way")

    monkeypatch.setattr(new, "load_assignment", fail)
    assert refusal(course, NAME) == "broken on the way"


@pytest.mark.parametrize("title", ["", "  ", 'a "border"', "a\\b", "two\nlines"])
def test_titles_that_cannot_be(course: Course, title: str) -> None:
    assert refusal(course, NAME, title) == f'title {title!r}: write a line of text without " and \\'


def test_a_student_release_makes_no_assignments(course: Course) -> None:
    (course.root / "solutions").rename(course.root / "elsewhere")
    assert refusal(course, NAME) == (
        f"{course.root}: a student release makes no assignments; use the course's own repository"
    )
