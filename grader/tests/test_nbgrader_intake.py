"""What is made of a submission before nbgrader sees it: whatever was collected, only the student's text and listed files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.nbgrader_course import intake as intake_module
from grader.nbgrader_course.folder import CourseFolder
from grader.nbgrader_course.intake import take_all
from grader.nbgrader_course.rebuild import rebuild

Change = Callable[[dict[str, Any]], Any]


def cell(kind: str, source: str, name: str | None = None, **flags: Any) -> dict[str, Any]:
    marks = {"grade_id": name, "schema_version": 3, "grade": False, "solution": False, "locked": False, **flags}
    made = {"cell_type": kind, "source": source, "id": name or f"plain-{len(source)}", "metadata": {}}
    if name:
        made["metadata"] = {"nbgrader": marks}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def released() -> dict[str, Any]:
    cells = [
        cell("markdown", "# Toy"),
        cell("code", "import toy"),
        cell("code", "# write here", "scale", solution=True),
        cell("markdown", "*Your answer:*", "why", solution=True, grade=True, points=2),
        cell("code", "# double", "double", grade=True, locked=True, points=10),
    ]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}


def rebuilt(change: Change) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Texts by name, the notebook, the problems, after the student has changed the released one."""
    theirs = released()
    change(theirs)
    notebook, problems = rebuild(released(), json.dumps(theirs).encode())
    named = {one["metadata"].get("nbgrader", {}).get("grade_id", one["id"]): one["source"] for one in notebook["cells"]}
    return named, notebook, problems


def without_text(notebook: dict[str, Any]) -> list[Any]:
    return [{**one, "source": None} for one in notebook["cells"]]


def written(notebook: dict[str, Any]) -> None:
    notebook["cells"][2]["source"] = ["def scale(x):\n", "    return 2 * x"]
    notebook["cells"][3]["source"] = "Because."


def test_text_of_written_cells_is_taken():
    texts, notebook, problems = rebuilt(written)
    assert texts["scale"] == "def scale(x):\n    return 2 * x"
    assert texts["why"] == "Because."
    assert problems == []
    assert without_text(notebook) == without_text(released())


def hostile(notebook: dict[str, Any]) -> None:
    """Everything else that a student may change."""
    written(notebook)
    cells = notebook["cells"]
    cells[0]["source"] = cells[1]["source"] = cells[4]["source"] = "import os; os.system('touch /tmp/planted')"
    cells[4]["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "solution": True, "grade": False}
    cells[1]["outputs"] = [{"output_type": "display_data", "data": {"text/html": "<script>planted</script>"}}]
    cells[3]["attachments"] = {"x.svg": {"image/svg+xml": "planted"}}
    cells[2]["metadata"]["planted"] = "planted"
    cells.append(cell("code", "planted", "extra", grade=True, points=50))
    cells.reverse()
    notebook["metadata"] = {"kernelspec": {"name": "planted"}, "widgets": "planted"}


def test_nothing_else_is():
    texts, notebook, problems = rebuilt(hostile)
    assert texts["why"] == "Because."
    assert without_text(notebook) == without_text(released())
    assert "planted" not in json.dumps(notebook)
    assert problems == []


def test_a_submission_names_no_kernel_that_exists():
    _, notebook, _ = rebuilt(written)
    assert notebook["metadata"]["kernelspec"]["name"] == "no-kernel-for-submissions"


def strip(notebook: dict[str, Any]) -> None:
    written(notebook)
    for one in notebook["cells"]:
        one["metadata"] = {}


def strip_to_ids_in_metadata(notebook: dict[str, Any]) -> None:
    written(notebook)
    for one in notebook["cells"]:
        one["metadata"] = {"id": one.pop("id"), "colab": {}}


@pytest.mark.parametrize("change", [strip, strip_to_ids_in_metadata])
def test_marks_that_an_editor_took_out(change: Change):
    texts, _, problems = rebuilt(change)
    assert texts["why"] == "Because."
    assert texts["scale"].startswith("def scale")
    assert problems == []


def test_a_deleted_cell_is_told():
    texts, _, problems = rebuilt(lambda notebook: notebook["cells"].pop(2))
    assert texts["scale"] == "# write here"
    assert problems == ["the cell 'scale' is not in the notebook; nothing is taken for it"]


def test_of_a_doubled_cell_the_last_counts():
    texts, _, problems = rebuilt(lambda notebook: notebook["cells"].append(cell("markdown", "second", "why")))
    assert texts["why"] == "second"
    assert problems == ["the cell 'why' is in the notebook more than once; the last is taken"]


def test_a_huge_cell_is_cut():
    texts, _, problems = rebuilt(lambda notebook: notebook["cells"][3].update(source="a" * 200_000))
    assert len(texts["why"]) == 100_000
    assert "the first 100000 characters are taken" in problems[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON in UTF-8"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON in UTF-8"),
        (b'{"cells": ' + b"9" * 5000 + b"}", "not JSON in UTF-8"),
        (b"[]", "has no cells"),
        (b'{"worksheets": []}', "has no cells"),
        (b'{"cells": {"a": 1}}', "has no cells"),
    ],
)
def test_a_file_that_is_no_notebook(data: bytes, said: str):
    notebook, problems = rebuild(released(), data)
    assert [one["source"] for one in notebook["cells"]] == [one["source"] for one in released()["cells"]]
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(
    "junk",
    [1, None, "text", [], {"metadata": 3}, {"metadata": {"nbgrader": []}, "source": "x"},
     {"metadata": {"nbgrader": {"grade_id": ["why"]}}, "source": "x"},
     {"metadata": {"nbgrader": {"grade_id": "why"}}, "source": [1]},
     {"id": {}, "source": {}}, {"metadata": {"nbgrader": {"grade_id": "why"}}}],
)  # fmt: skip
def test_junk_among_the_cells_is_passed_over(junk: object):
    texts, _, problems = rebuilt(lambda notebook: (written(notebook), notebook["cells"].append(junk)))
    assert texts["why"] == "Because."
    assert problems == []


def test_half_a_character_is_replaced():
    theirs = released()
    written(theirs)
    data = json.dumps(theirs).replace("Because.", "\\ud800")
    notebook, _ = rebuild(released(), data.encode())
    assert notebook["cells"][3]["source"] == "?"


@pytest.fixture
def folder(tmp_path: Path) -> CourseFolder:
    made = CourseFolder(tmp_path / "class")
    place = made.root / "release" / "toy"
    place.mkdir(parents=True)
    (place / "toy.ipynb").write_text(json.dumps(released()))
    return made


@pytest.fixture
def take(folder: CourseFolder, toy: Path) -> Callable[..., Any]:
    return lambda **how: take_all(folder, Course(toy), **how)


def collect(folder: CourseFolder, student: str, code: str = "x = 1\n", change: Change = written) -> Path:
    place = folder.submitted / student / "toy"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    theirs = released()
    change(theirs)
    (place / "toy.ipynb").write_text(json.dumps(theirs))
    (place / "toy.py").write_text(code)
    return place


def listing(place: Path) -> dict[str, str]:
    return {path.relative_to(place).as_posix(): path.read_text() for path in sorted(place.rglob("*")) if path.is_file()}


def test_only_listed_files_get_in(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    (place / "conftest.py").write_text("planted")
    (place / "sub").mkdir()
    (place / "sub" / "numpy.py").write_text("planted")
    (place / "timestamp.txt").write_text("2026-05-01 12:00:00 UTC\n")
    ((taken,), problems) = take()
    assert (taken.student, taken.assignment, taken.problems, taken.is_new) == ("ada", "toy", (), True)
    assert problems == []
    assert sorted(listing(place)) == ["timestamp.txt", "toy.ipynb", "toy.py"]
    assert "planted" in listing(folder.received / "ada" / "toy")["conftest.py"]


def test_the_same_again_is_kept(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    take()
    before = {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")}
    ((taken,), _) = take()
    assert not taken.is_new
    assert {path: path.stat().st_mtime_ns for path in folder.root.rglob("*") if path in before} == before
    assert listing(place)["toy.py"] == "x = 1\n"


def test_a_second_submission_takes_the_place_of_the_first(folder: CourseFolder, take: Callable[..., Any]):
    collect(folder, "ada")
    take()
    place = collect(folder, "ada", "x = 2\n")
    ((taken,), _) = take()
    assert taken.is_new
    assert listing(place)["toy.py"] == listing(folder.received / "ada" / "toy")["toy.py"] == "x = 2\n"


def test_a_new_release_is_taken_over(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    take()
    fresh = released()
    fresh["cells"][0]["source"] = "# Toy, revised"
    (folder.root / "release" / "toy" / "toy.ipynb").write_text(json.dumps(fresh))
    ((taken,), _) = take()
    assert taken.is_new
    assert "revised" in listing(place)["toy.ipynb"]
    assert "Because." in listing(place)["toy.ipynb"]


@pytest.mark.parametrize("step", ["write_record", "rename 1", "rename 2", "rename 3"])
def test_a_run_that_is_killed_goes_on(
    folder: CourseFolder, take: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, step: str
):
    collect(folder, "ada")
    take()
    place = collect(folder, "ada", "x = 2\n")
    (place / "extra.txt").write_text("evidence")
    with monkeypatch.context() as patch:
        _kill_at(patch, step)
        with pytest.raises(KeyboardInterrupt):
            take()
    ((taken,), _) = take()
    assert taken.is_new
    assert listing(place)["toy.py"] == "x = 2\n"
    assert sorted(listing(place)) == ["toy.ipynb", "toy.py"]
    assert listing(folder.received / "ada" / "toy")["extra.txt"] == "evidence"
    assert not list(folder.root.glob("intake/.*"))


def _kill_at(patch: pytest.MonkeyPatch, step: str) -> None:
    """Ctrl-C in place of the record, or of the n-th renaming: earlier received, collected to received, made to submitted."""

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    if step == "write_record":
        patch.setattr(intake_module, "write_record", die)
        return
    left, rename = [int(step.split()[1])], Path.rename

    def count(self: Path, target: Path) -> Path:
        left[0] -= 1
        return rename(self, target) if left[0] else die()

    patch.setattr(Path, "rename", count)


def test_links_lead_nowhere(folder: CourseFolder, take: Callable[..., Any], tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the TA's secret")
    place = collect(folder, "ada")
    for name in ("toy.py", "toy.ipynb"):
        (place / name).unlink()
    (place / "toy.py").symlink_to(secret)
    (place / "toy.ipynb").symlink_to(secret)
    (place / "timestamp.txt").symlink_to(secret)
    whole = folder.submitted / "bob"
    whole.mkdir()
    (whole / "toy").symlink_to(tmp_path)
    (folder.submitted / "cleo").symlink_to(tmp_path)
    taken, _ = take()
    assert [one.student for one in taken] == ["ada", "bob"]
    assert "toy.ipynb: a link, which is not followed" in taken[0].problems[0]
    for student in ("ada", "bob"):
        made = folder.submitted / student / "toy"
        assert not made.is_symlink()
        assert list(listing(made)) == ["toy.ipynb"]
        assert "secret" not in listing(made)["toy.ipynb"]
    assert secret.read_text() == "the TA's secret"


def test_pipes_and_devices_do_not_stop_it(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    (place / "toy.ipynb").unlink()
    os.mkfifo(place / "toy.ipynb")
    ((taken,), _) = take()
    assert "a pipe, socket or device" in taken.problems[0]


def test_a_notebook_of_100_mb_is_told(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    os.truncate(place / "toy.ipynb", 100 << 20)
    ((taken,), _) = take()
    assert "toy.ipynb: 100 MB, at most 32 MB is taken" in taken.problems[0]
    assert (place / "toy.py").is_file()


def test_a_renamed_notebook_is_taken(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    (place / "toy.ipynb").rename(place / "toy (1).ipynb")
    ((taken,), _) = take()
    assert taken.problems == ("toy.ipynb: not handed in; 'toy (1).ipynb' is taken for it",)
    assert "Because." in listing(place)["toy.ipynb"]


def test_no_notebook_is_told_where_something_is_to_be_written(folder: CourseFolder, take: Callable[..., Any]):
    (collect(folder, "ada") / "toy.ipynb").unlink()
    ((taken,), _) = take()
    assert taken.problems == ("toy.ipynb: not handed in; no text is taken from it",)


def test_a_time_that_is_none_is_not_passed_on(folder: CourseFolder, take: Callable[..., Any]):
    place = collect(folder, "ada")
    (place / "timestamp.txt").write_text("yesterday __import__('os')")
    ((taken,), _) = take()
    assert "not a time such as 2026-05-01 12:00:00 UTC; the submission counts as in time" in taken.problems[0]
    assert not (place / "timestamp.txt").exists()


@pytest.mark.parametrize("student", ["o'neil", 'a "quoted" b', "åsa ñ 名", "a, b", "-x", "a;touch b", "$(id)"])
def test_unusual_ids_are_fine(folder: CourseFolder, take: Callable[..., Any], student: str):
    collect(folder, student)
    ((taken,), problems) = take()
    assert taken.student == student
    assert problems == []


@pytest.mark.parametrize("student", ["a*", "[ab]", "a?", " a", "a\nb", ".hidden", "x" * 129])
def test_ids_that_nbgrader_would_not_find_are_told(folder: CourseFolder, take: Callable[..., Any], student: str):
    collect(folder, student)
    taken, (problem,) = take()
    assert taken == []
    assert "rename the folder" in str(problem)


def test_what_was_not_released_is_told(folder: CourseFolder, take: Callable[..., Any]):
    shutil.rmtree(folder.root / "release")
    with pytest.raises(CourseError, match=r"toy.ipynb: not there; run `nbgrader generate_assignment toy`"):
        take(only="toy")


def test_one_at_a_time(folder: CourseFolder):
    with folder.alone(), pytest.raises(CourseError, match="another `grader` works on this course"), folder.alone():
        pass
    with folder.alone():
        pass
