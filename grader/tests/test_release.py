"""The students' archive: what is in it, how it is written, and that it works on its own."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import Course
from grader.errors import CourseError
from grader.release import release, student_contents
from grader.release.clean import CleanEnvironment
from grader.release.verify import _try, verify
from grader.release.zipped import zip_bytes

from .release_course import KIT, SOLUTION, make_course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course that can be released."""
    return Course(make_course(tmp_path / "mine"))


@pytest.fixture
def tracked(course: Course) -> Callable[..., str]:
    """`tracked("add", "-A")`: git in the course, where everything is committed."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        ran = subprocess.run(["git", *who, *arguments], cwd=course.root, capture_output=True, text=True, check=True)
        return ran.stdout

    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all of it"]):
        git(*arguments)
    return git


def refusal(course: Course) -> str:
    with pytest.raises(CourseError) as caught:
        student_contents(course)
    return str(caught.value)


# ---------------------------------------------------------------- what is in it


def test_students_get_the_assignments_the_grader_and_the_data(course: Course) -> None:
    names = set(student_contents(course).files)
    for name in (
        "README.md", "pyproject.toml", "tox.ini", ".gitignore", "assignments/toy/toy.py", "assignments/toy/test_toy.py",
        "assignments/toy/assignment.toml", "grader/__init__.py", "grader/cli/pack.py", "grader/constraints.txt",
        "grader/release/student_files/README.md.in", "datasets/course_data/__init__.py",
    ):  # fmt: skip
        assert name in names, name


def test_students_do_not_get_what_is_the_instructors_or_the_machines(course: Course) -> None:
    root = course.root
    for name in (
        ".grader/secret", "reports/ada/toy.json", "assignments/toy/__pycache__/toy.cpython-311.pyc", "dist/course.zip",
        "assignments/toy/.pytest_cache/README.md", "assignments/toy/toy.py.orig", "grader/tests/test_x.py",
        "grader/docs/page.md", "grader/bench/x.py", "grader/ci/x.yml", "grader/release/template/private/x.py.in",
        "datasets/course_data/measure/classic.py", "notes.txt", "assignments/toy/.ipynb_checkpoints/a.ipynb",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    names = set(student_contents(course).files)
    assert "assignments/toy/toy.py" in names
    for name in names:
        first, *rest = name.split("/")
        assert first in ("assignments", "grader", "datasets", "README.md", "pyproject.toml", "tox.ini", ".gitignore")
        assert not any(part.startswith(".") or part == "__pycache__" or part.endswith(".orig") for part in rest), name
        assert not name.startswith(("grader/tests", "grader/docs", "grader/bench", "grader/ci", "grader/release/template"))
        assert not name.startswith("datasets/course_data/measure")


def test_the_three_files_speak_to_students(course: Course) -> None:
    files = {name: student_contents(course).files[name].decode() for name in ("README.md", "pyproject.toml", "tox.ini")}
    for name, text in files.items():
        for word in ("solution", "grader/tests", "ruff", "grader grade"):
            assert word not in text, (name, word)
        assert "@" not in text
    assert "| [Toy](assignments/toy/README.md) | 20 | `toy.py` |" in files["README.md"]
    assert "grader pack toy" in files["README.md"]
    assert "pip install -e .\n" in files["README.md"]
    assert "extras" not in files["tox.ini"]
    facts, full = tomllib.loads(files["pyproject.toml"]), tomllib.loads((KIT / "pyproject.toml").read_text())
    optional = full["project"].pop("optional-dependencies")
    assert facts["project"].pop("optional-dependencies") == {
        name: wanted for name, wanted in optional.items() if name not in ("dev", "nbgrader")
    }
    assert facts["project"] == full["project"]
    assert facts["tool"] == {
        "setuptools": full["tool"]["setuptools"],
        "pytest": {"ini_options": {"addopts": "--import-mode=importlib", "testpaths": ["assignments"]}},
    }


def test_an_assignment_without_a_handout(course: Course) -> None:
    (course.root / "assignments" / "toy" / "README.md").unlink()
    assert b"| [Toy](assignments/toy/) | 20 | `toy.py` |" in student_contents(course).files["README.md"]


def test_what_an_assignment_needs_beyond_numpy_is_in_the_command(course: Course) -> None:
    facts = course.root / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('["numpy"]', '["numpy", "torch"]'))
    files = student_contents(course).files
    assert "pip install -e '.[torch]'\n" in files["README.md"].decode()
    assert "extras = torch\n" in files["tox.ini"].decode()


def test_settings_that_cannot_be_cut(course: Course) -> None:
    path = course.root / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n[tool]\nruff.line-length = 3\n')
    assert refusal(course) == (
        f"{path}: cannot be cut for students; write each table under its own [header], its keys nowhere else, "
        "and begin no other line with ["
    )
    path.write_text("[project\n")
    assert f"{path}: not TOML: " in refusal(course)


def test_a_release_is_made_of_the_course(course: Course) -> None:
    (course.root / "pyproject.toml").unlink()
    assert refusal(course) == (
        f"{course.root / 'pyproject.toml'}: not there; a release holds the grader, so that students can install it"
    )
    (course.root / "solutions").rename(course.root / "elsewhere")
    assert refusal(course) == (
        f"{course.root / 'solutions'}: not there: this is a student release already; release from the course"
    )


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_is_refused(course: Course) -> None:
    link = course.root / "assignments" / "toy" / "hint.py"
    link.symlink_to(course.root / "solutions" / "toy" / "toy.py")
    assert refusal(course) == f"{link}: a link, which no release follows; put the file itself there"


# ---------------------------------------------------------------- git


def test_only_what_git_knows_is_released(course: Course, tracked: Callable[..., str]) -> None:
    folder = course.root / "assignments" / "toy"
    (folder / "draft.py").write_text("x = 1\n")
    (course.root / ".gitignore").write_text("*.npy\n")
    (folder / "data.npy").write_bytes(b"\x93NUMPY")
    (folder / "toy.py").write_text((folder / "toy.py").read_text() + "\n")
    contents = student_contents(course)
    assert {"assignments/toy/draft.py", "assignments/toy/data.npy"}.isdisjoint(contents.files)
    assert contents.notes == (
        "released as they are here, not as they were committed: assignments/toy/toy.py",
        "not in git's index, so not released: assignments/toy/draft.py",
    )
    tracked("add", "-A")
    assert "assignments/toy/draft.py" in student_contents(course).files


def test_git_in_a_hook(course: Course, tracked: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert "assignments/toy/toy.py" in student_contents(course).files


def test_a_tracked_file_that_is_gone(course: Course, tracked: Callable[..., str]) -> None:
    path = course.root / "assignments" / "toy" / "test_toy.py"
    path.unlink()
    assert refusal(course) == (
        f"{path}: cannot be read (No such file or directory); git's index has it, so restore it or `git rm` it"
    )


def test_an_empty_index_a_broken_repository_and_no_git(
    course: Course, tracked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked("rm", "-rq", "--cached", ".")
    assert refusal(course) == (
        f"{course.root}: none of its files are in git's index, and only those are released; git add them"
    )
    (course.root / ".git" / "HEAD").write_text("nonsense")
    assert f"{course.root}: `git ls-files` failed: fatal: not a git repository" in refusal(course)
    monkeypatch.setenv("PATH", "")
    assert refusal(course) == (
        f"{course.root}: a git repository, and git is not installed: no telling what belongs to it; install git"
    )


def test_a_submodule_is_refused(course: Course, tracked: Callable[..., str]) -> None:
    commit = tracked("rev-parse", "HEAD").strip()
    tracked("update-index", "--add", "--cacheinfo", f"160000,{commit},assignments/other")
    other = course.root / "assignments" / "other"
    assert refusal(course) == f"{other}: a submodule, whose files no release takes; copy them into the course"


def test_git_archive_has_no_solutions(course: Course, tracked: Callable[..., str]) -> None:
    (course.root / ".gitattributes").write_bytes((KIT / ".gitattributes").read_bytes())
    tracked("add", "-A")
    tracked("commit", "-qm", "attributes")
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=course.root, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = archive.getnames()
    assert "assignments/toy/toy.py" in names
    assert not [name for name in names if name.split("/")[0] == "solutions"]


# ---------------------------------------------------------------- how it is written


def test_equal_trees_give_equal_bytes(course: Course, tmp_path: Path) -> None:
    twin = Course(make_course(tmp_path / "under another name"))
    for path in twin.root.rglob("*"):
        os.utime(path, (1, 1))
    (twin.root / "assignments" / "toy" / "toy.py").chmod(0o755)
    made = [release(one, tmp_path / out) for one, out in ((course, "a"), (twin, "b"))]
    assert made[0].sha256 == made[1].sha256 == hashlib.sha256(made[0].archive.read_bytes()).hexdigest()
    assert made[0].archive.read_bytes() == made[1].archive.read_bytes()


def test_the_zip_and_the_folder_are_the_same(course: Course, tmp_path: Path) -> None:
    made = release(course, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["course", "course.zip"]
    with zipfile.ZipFile(made.archive) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}
    files = {path for path in made.folder.rglob("*") if path.is_file()}
    assert packed == {f"course/{path.relative_to(made.folder).as_posix()}": path.read_bytes() for path in files}
    assert list(packed) == sorted(packed)
    assert len(packed) == made.files


def test_a_former_release_is_replaced_and_somebodys_work_is_not(course: Course, tmp_path: Path) -> None:
    release(course, tmp_path)
    (course.root / "assignments" / "toy" / "README.md").write_text("# Toy\n")
    made = release(course, tmp_path)
    assert (made.folder / "assignments" / "toy" / "README.md").is_file()
    mine = made.folder / "assignments" / "toy" / "toy.py"
    mine.write_text("def double(x):\n    return x + x\n")
    with pytest.raises(CourseError) as caught:
        release(course, tmp_path)
    assert str(caught.value) == (
        f"{mine}: not what course.zip beside it has: somebody worked there; "
        "move course/ away, or name another place with --out"
    )
    assert mine.read_text() == "def double(x):\n    return x + x\n"
    with pytest.raises(CourseError, match="cannot be written .*; name another folder with --out"):
        release(course, made.archive / "below")


def test_no_folder_in_the_way(course: Course, tmp_path: Path) -> None:
    (tmp_path / "course").write_text("")
    with pytest.raises(CourseError) as caught:
        release(course, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'course'}: no folder that a release wrote; remove it, or name another place with --out"
    )


# ---------------------------------------------------------------- on its own


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the course to a clean environment in which the installed package runs the public tests of the unpacked zip."""
    root, out = make_course(tmp_path / "mine", whole=True), tmp_path / "out"
    assert main(["release", "--course", str(root), "--out", str(out), "--offline"]) == 0
    lines = capsys.readouterr().out.replace("\n", " ")
    assert "files, none with a line of solutions/" in lines
    assert "installed in a clean environment (" in lines
    assert "toy: 3 tasks, not one of them done on the stub" in lines
    digest = hashlib.sha256((out / "course.zip").read_bytes()).hexdigest()
    assert f"sha256 {digest}" in lines


def test_the_command_without_trying(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "--course", str(course.root), "--no-verify"]) == 0
    assert (course.root / "dist" / "course.zip").is_file()
    assert "not installed and not tried: --no-verify" in capsys.readouterr().out
    leaking = course.root / "assignments" / "toy" / "README.md"
    leaking.write_text(SOLUTION)
    assert main(["release", "--course", str(course.root), "--out", str(tmp_path / "new")]) == 2
    assert "assignments/toy/README.md, lines 1 to 3: the solution, solutions/toy/toy.py" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """A clean environment with the released grader in it."""
    scratch = tmp_path_factory.mktemp("clean")
    made = release(Course(make_course(scratch / "mine", whole=True)), scratch)
    place = CleanEnvironment(scratch / "venv", offline=True)
    place.install(made.folder)
    return place


def test_a_stub_that_does_something_is_no_stub(place: CleanEnvironment, toy: Path, tmp_path: Path) -> None:
    stub = toy / "assignments" / "toy" / "toy.py"
    stub.write_text(stub.read_text().replace("raise NotImplementedError", "return 2 * x", 1))
    with pytest.raises(CourseError) as caught:
        _try(place, Course(toy).assignment("toy"), tmp_path / "summary.md")
    assert str(caught.value).startswith(
        "assignments/toy: its public tests must fail as `not done` on the stub (pytest's exit status 1), "
        "but: passed, not done (exit status 1); mend the stub or the tests:\n"
    )


def test_tests_that_do_not_run(place: CleanEnvironment, toy: Path, tmp_path: Path) -> None:
    suite = toy / "assignments" / "toy" / "test_toy.py"
    suite.write_text("import nothing_of_this_name\n")
    with pytest.raises(CourseError) as caught:
        _try(place, Course(toy).assignment("toy"), tmp_path / "summary.md")
    assert "but: no table (exit status 2); mend the stub or the tests:\n" in str(caught.value)
    assert "No module named 'nothing_of_this_name'" in str(caught.value)


def test_an_assignment_whose_packages_are_not_there(place: CleanEnvironment, toy: Path, tmp_path: Path) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('["numpy"]', '["numpy", "not-on-any-machine"]'))
    said = _try(place, Course(toy).assignment("toy"), tmp_path / "summary.md")
    assert said == "NOT RUN: not-on-any-machine is not in the clean environment; --extras installs it"


def test_an_archive_that_cannot_be_installed() -> None:
    broken = {
        "pyproject.toml": b'[project]\nname = "x"\n', "assignments/toy/assignment.toml": b"", "grader/constraints.txt": b"",
    }  # fmt: skip
    with pytest.raises(CourseError, match="^the archive cannot be installed:\n"):
        list(verify(zip_bytes(broken, "course"), offline=True))


def test_nothing_of_this_environment_is_in_a_clean_one(place: CleanEnvironment, tmp_path: Path) -> None:
    """Its grader is the installed one, whatever the path of this process says, and it has no solutions beside it."""
    where = place.run("-c", "import grader; print(grader.__file__)", cwd=tmp_path, failing="no grader").stdout.strip()
    assert Path(where).is_relative_to(place._folder)
    assert not Path(where).is_relative_to(KIT)
    assert sys.prefix not in where
