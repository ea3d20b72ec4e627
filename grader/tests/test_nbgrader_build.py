"""A course folder for nbgrader, from the course's assignments."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")

from grader.cli import main
from grader.course import Course, find_course
from grader.errors import CourseError
from grader.nbgrader_course.build import build
from grader.nbgrader_course.script import notebook_bytes
from grader.tests.nbgrader_class import NOTEBOOK, REFERENCE, toy_kit

REAL = find_course(Path(__file__)).root


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    return toy_kit(tmp_path / "kit")


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def marked(kit: Path) -> dict[str, dict[str, Any]]:
    notebook = json.loads(notebook_bytes(Course(kit).assignment("toy")))
    cells = [cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    return {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in cells}


def test_a_whole_course_the_same_at_every_run(kit: Path, tmp_path: Path):
    out = tmp_path / "class"
    assert main(["nbgrader", "build", "--course", str(kit), "--out", str(out)]) == 0
    first = files(out)
    assert sorted(first) == [
        "grader_course.json", "nbgrader_config.py", "source/toy/README.md", "source/toy/answers.toml",
        "source/toy/assignment.toml", "source/toy/test_toy.py", "source/toy/toy.ipynb", "source/toy/toy.py",
    ]  # fmt: skip
    build(Course(kit), out)
    assert files(out) == first
    other = tmp_path / "elsewhere" / "class"
    build(Course(kit), other)
    assert {name: data for name, data in files(other).items() if name != "grader_course.json"} == {
        name: data for name, data in first.items() if name != "grader_course.json"
    }


def test_a_config_that_is_there_is_left_and_old_files_go(kit: Path, tmp_path: Path):
    out = tmp_path / "class"
    build(Course(kit), out)
    (out / "nbgrader_config.py").write_text("# mine\n")
    (kit / "assignments" / "toy" / "answers.toml").rename(kit / "assignments" / "toy" / "more.toml")
    build(Course(kit), out)
    assert (out / "nbgrader_config.py").read_text() == "# mine\n"
    assert not (out / "source" / "toy" / "answers.toml").exists()
    assert (out / "source" / "toy" / "more.toml").is_file()


def test_one_grade_cell_for_each_task_and_question(kit: Path):
    cells = marked(kit)
    graded = {name: cell["metadata"]["nbgrader"] for name, cell in cells.items() if cell["metadata"]["nbgrader"]["grade"]}
    machine = {name: mark["points"] for name, mark in graded.items() if not mark["solution"]}
    assert machine == {"double": 10, "counter": 6, "refuse": 4, "why": 2, "size": 3}
    assert {name: mark["points"] for name, mark in graded.items() if mark["solution"]} == {
        "written_1": 0, "written_2": 0, "essay": 2,
    }  # fmt: skip
    assert {mark["schema_version"] for mark in graded.values()} == {3}
    assert "Why twice?" in cells["why_text"]["source"]
    assert "**b)** Because two is even." in cells["why_text"]["source"]
    assert "(a number, in bytes)" in cells["size_text"]["source"]


def test_ids_stay_when_text_around_them_changes(kit: Path):
    before = json.loads(notebook_bytes(Course(kit).assignment("toy")))
    script = kit / "assignments" / "toy" / "notebook.py"
    script.write_text(NOTEBOOK.replace("# # Toy, to look at", "# # Another heading"))
    after = json.loads(notebook_bytes(Course(kit).assignment("toy")))
    ids = [[cell["id"] for cell in notebook["cells"]] for notebook in (before, after)]
    assert ids[0][1:] == ids[1][1:]
    assert len(set(ids[0])) == len(ids[0])
    assert ids[0][0] != ids[1][0]


def test_it_is_a_valid_notebook_for_nbgrader(kit: Path):
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = nbformat.reads(notebook_bytes(Course(kit).assignment("toy")).decode(), as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("name", find_course(Path(__file__)).assignments())
def test_every_assignment_of_the_course_has_one(name: str):
    import nbformat

    notebook = nbformat.reads(notebook_bytes(Course(REAL).assignment(name)).decode(), as_version=4)
    nbformat.validate(notebook)
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    points = sum(mark.get("points", 0) for mark in marks)
    assert points == Course(REAL).assignment(name).max_score


def test_waived_devices_have_no_cells(kit: Path):
    facts = kit / "assignments" / "toy" / "assignment.toml"
    text = facts.read_text().replace('devices = ["cpu"]', 'devices = ["cpu", "cuda"]')
    facts.write_text(text.replace("points = 6\n", 'points = 6\ndevice = "cuda"\n'))
    assignment = Course(kit).assignment("toy")
    assert '"counter"' in notebook_bytes(assignment).decode()
    assert '"counter"' not in notebook_bytes(assignment, ["cuda"]).decode()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('# %% solution="scale"', '# %% solution="double"', "a cell is called 'double': another cell, task or question has"),
        ('# %% solution="scale"', '# %% solution="a b"', "a cell is called 'a b': write letters, digits and _"),
        ('# %% solution="scale"', '# %% [markdown] solution="scale"', "marks a markdown cell; only code cells"),
        ('# %% solution="scale"', '# %% answer="scale"', "marks a code cell; only markdown cells"),
        (
            '# %% solution="scale"',
            '# %% solution="scale" points=3',
            "has points; points are given by tasks",
        ),
        ('answer="essay" points=2', 'answer="essay" points=-1', "has points=-1; write a number from 0 upwards"),
        ('answer="essay" points=2', 'answer="essay" points="x"', "has points='x'; write a number from 0 upwards"),
    ],
)
def test_marks_that_cannot_be_used_are_named(kit: Path, old: str, new: str, said: str):
    script = kit / "assignments" / "toy" / "notebook.py"
    assert NOTEBOOK.count(old) == 1
    script.write_text(NOTEBOOK.replace(old, new))
    with pytest.raises(CourseError, match=r"notebook\.py: ") as error:
        notebook_bytes(Course(kit).assignment("toy"))
    assert said in str(error.value)


def test_not_into_the_course_itself(kit: Path):
    with pytest.raises(CourseError, match="lies in the course's own solutions/; name a folder outside of it with --out"):
        build(Course(kit), kit / "solutions" / "class")


def test_a_link_in_an_assignment_is_refused(kit: Path, tmp_path: Path):
    (kit / "assignments" / "toy" / "more.txt").symlink_to(kit / "solutions" / "toy" / "toy.py")
    with pytest.raises(CourseError, match="a link, which no course follows; put the file itself there"):
        build(Course(kit), tmp_path / "class")


def run_notebook(root: Path, reference: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str) -> Any:
    """The built notebook, run from top to bottom in a folder with the reference solution."""
    import nbformat
    from nbclient import NotebookClient

    plugins = {"PYTEST_PLUGINS": "grader.plugin,pytest_timeout", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for key, value in {**env, **plugins, "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("MPLBACKEND", raising=False)
    folder = root / "source" / name
    (folder / f"{name}.py").write_text(reference)
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.mark.filterwarnings("ignore")
def test_the_toy_notebook_runs_with_the_reference(
    kit: Path, tmp_path: Path, child_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    build(Course(kit), tmp_path / "class")
    notebook = run_notebook(tmp_path / "class", REFERENCE, child_env, monkeypatch, "toy")
    told = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert "[0 2 4]" in told
    assert "public checks, not your grade" in told


_QUICK = ("svm",)
_ALL = pytest.mark.skipif("GRADER_NOTEBOOKS" not in os.environ, reason="takes minutes: GRADER_NOTEBOOKS=all runs it")


@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [name if name in _QUICK else pytest.param(name, marks=_ALL) for name in find_course(Path(__file__)).assignments()],
)
def test_a_notebook_of_the_course_runs_with_the_reference(
    name: str, tmp_path: Path, child_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    if obstacle := Course(REAL).assignment(name).obstacle:
        pytest.skip(obstacle)
    build(Course(REAL), tmp_path / "class", [name])
    reference = (REAL / "solutions" / name / f"{name}.py").read_text()
    notebook = run_notebook(tmp_path / "class", reference, child_env, monkeypatch, name)
    pictures = [one for cell in notebook.cells for one in cell.get("outputs", []) if "image/png" in one.get("data", {})]
    assert len(pictures) >= 5
