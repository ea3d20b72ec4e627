"""The whole way through nbgrader's own commands, on a class that does all that classes do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")

from grader.tests.nbgrader_class import REFERENCE, STUB, ToyClass

pytestmark = [pytest.mark.timeout(600), pytest.mark.skipif(os.name != "posix", reason="graded on Linux only")]

ECHO = REFERENCE.replace("return 2 * x", "return x")
HTML = (
    "<script>alert('planted')</script><img src=x onerror=planted()> [x](javascript:planted()) ![p](http://planted/p.png) "
    "**bold**"
)


def write(text: str, name: str = "written_1") -> Any:
    def change(notebook: dict[str, Any]) -> None:
        of(notebook, name)["source"] = text

    return change


def of(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def delete_graded(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]


def double_and_reverse(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [*notebook["cells"], *notebook["cells"]][::-1]


def raise_points(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if mark := cell["metadata"].get("nbgrader"):
            mark |= {"points": 1000, "locked": False, "solution": not mark["solution"], "schema_version": 1}


def edit_graded(notebook: dict[str, Any]) -> None:
    for name in ("double", "counter", "refuse", "why", "size"):
        cell = of(notebook, name)
        cell["source"] = "1000.0"
        cell["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}
        ]


def strip(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def other_kernel(notebook: dict[str, Any]) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}


# Student: what is handed in, and the points it is worth.
CLASS: dict[str, tuple[dict[str, Any], float]] = {
    "ada": ({}, 25),
    "bob": ({"code": ECHO}, 15),
    "one third": ({"code": REFERENCE.replace("if x < 0:", "if False:"), "answers": 'why = "b"\n'}, 20),
    "zoe": ({"code": STUB, "answers": ""}, 0),
    'o\'neil "ñ", 名': ({"answers": 'why = "a"\nsize = "4000"\n'}, 20),
    "html": ({"notebook": write(HTML)}, 25),
    "deleted": ({"code": ECHO, "notebook": delete_graded}, 15),
    "doubled": ({"code": ECHO, "notebook": double_and_reverse}, 15),
    "richer": ({"code": ECHO, "notebook": raise_points}, 15),
    "edited": ({"code": ECHO, "notebook": edit_graded}, 15),
    "stripped": ({"code": ECHO, "notebook": strip}, 15),
    "kernel": ({"notebook": other_kernel}, 25),
    "corrupt": ({"notebook": '{"cells": [{"cell'}, 25),
    "empty": ({"notebook": ""}, 25),
    "no module": ({"code": None}, 5),
    "empty module": ({"code": ""}, 5),
    "garbage": ({"answers": b'\xff\x00 why = = "b'}, 20),
    "no answers": ({"answers": None}, 20),
    "syntax": ({"code": "def double(x:\n"}, 5),
    "endless": ({"code": "while True:\n    pass\n"}, 5),
}


@pytest.fixture(scope="module")
def done(released_class: ToyClass) -> tuple[ToyClass, str]:
    """The class, graded; and what `grader nbgrader run` printed."""
    made = released_class.copy("done")
    for student, (what, _) in CLASS.items():
        made.hand_in(student, **what)
    (made.hand_in("no notebook") / "toy.ipynb").unlink()
    renamed = made.hand_in("renamed", notebook=write("mine"))
    (renamed / "toy.ipynb").rename(renamed / "Toy-final (2).ipynb")
    os.truncate(made.hand_in("huge") / "toy.ipynb", 100 << 20)
    return made, made.run("--workers", "2")


@pytest.fixture(scope="module")
def book(done: tuple[ToyClass, str]) -> dict[str, dict[str, str]]:
    return done[0].gradebook()


FULL = {"no notebook": 25.0, "renamed": 25.0, "huge": 25.0}
EXPECTED = {student: float(points) for student, (_, points) in CLASS.items()} | FULL


def test_the_gradebook_is_the_sum_of_the_reports(done: tuple[ToyClass, str], book: dict[str, dict[str, str]]):
    assert {student: row["raw_score"] for student, row in book.items()} == {
        student: f"{points:g}" for student, points in EXPECTED.items()
    }
    for student, row in book.items():
        public = done[0].report(student)["public"]
        parts = sum(part["score"] for part in (*public["tasks"], *public["questions"]))
        assert float(row["raw_score"]) == float(row["score"]) == public["score"] == pytest.approx(parts, abs=1e-3)
        assert float(row["max_score"]) == public["max_score"] + 2  # a TA's two points for the essay
    assert f"nbgrader: {len(EXPECTED)} taken over, 0 kept, 0 refused" in done[1]


def test_points_and_words_stand_under_the_grade_cells(done: tuple[ToyClass, str]):
    cells = done[0].cells("autograded", "bob")
    text, points = (output for output in cells["double"]["outputs"])
    assert "".join(text["text"]).startswith("Twice the input\nfailed: 0 of 10 points\nthe input is returned as it came.")
    assert "".join(points["data"]["text/plain"]) == "0.0"
    assert "".join(cells["counter"]["outputs"][1]["data"]["text/plain"]) == "6.0"
    assert "right: 2 of 2 points" in "".join(cells["why"]["outputs"][0]["text"])
    assert "the input is returned as it came" in done[0].feedback("bob")


def test_feedback_is_there_for_everybody_and_needs_no_network(done: tuple[ToyClass, str]):
    for student in EXPECTED:
        html = done[0].feedback(student)
        for tag in ("<script", "<link", "<iframe", "<img", "<object", "@import", "url(http"):
            assert tag not in html, (student, tag)


def test_what_students_write_stays_text(done: tuple[ToyClass, str]):
    html = done[0].feedback("html")
    assert "&lt;script&gt;alert('planted')&lt;/script&gt;" in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    page = done[0].root / "autograded" / "html" / "toy" / "toy.ipynb"
    assert "alert('planted')" in page.read_text()  # a TA sees what was written


def test_ordinary_markdown_is_rendered():
    from grader.nbgrader_course.markdown import clean_markdown2html

    html = clean_markdown2html("**bold** `a < b` [x](https://e.org)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$x_1 < 2$\n")
    assert "<strong>bold</strong>" in html
    assert "<code>a &lt; b</code>" in html
    assert '<a href="https://e.org">x</a>' in html
    assert "<td>1</td>" in html
    assert "$x_1 &lt; 2$" in html
    for hostile in (
        "[x](JaVa&#x73;cript:alert(1))",
        "<a href='data:text/html,x'>x</a>",
        "<form action=x>",
        "<b onclick=x>y</b>",
    ):
        cleaned = clean_markdown2html(hostile)
        assert not any(word in cleaned for word in ("cript:", "data:", "<form", "onclick="))


def test_what_could_not_be_taken_is_told(done: tuple[ToyClass, str]):
    told = {
        "corrupt": "the notebook is not JSON", "empty": "the notebook is not JSON", "huge": "at most 32 MB is taken",
        "renamed": "is taken for it", "no notebook": "not handed in; no text is taken from it",
        "deleted": "the cell 'essay' is not in the notebook", "doubled": "is in the notebook more than once",
        "no module": "toy.py: not handed in", "garbage": "answers.toml",
    }  # fmt: skip
    for student, words in told.items():
        closing = json.loads((done[0].root / "autograded" / student / "toy" / "toy.ipynb").read_text())["cells"][-1]
        assert words in "".join(closing["source"]), student
        assert "About this grade" in done[0].feedback(student)
    assert "".join(done[0].cells("autograded", "renamed")["written_1"]["source"]) == "mine"


def test_the_students_module_is_what_is_shown(done: tuple[ToyClass, str]):
    """Not the stub, which nbgrader would put in its place."""
    assert (done[0].root / "autograded" / "bob" / "toy" / "toy.py").read_text() == ECHO
    assert 'why = "a"' in (done[0].root / "autograded" / 'o\'neil "ñ", 名' / "toy" / "answers.toml").read_text()


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def without_times(reports: dict[str, bytes]) -> dict[str, Any]:
    return {name: {**json.loads(data), "timing": None} for name, data in reports.items() if name.endswith(".json")}


def test_the_same_again_keeps_everything_and_from_nothing_gives_the_same(done: tuple[ToyClass, str]):
    course = done[0].copy("again")
    folders = ("submitted", "autograded", "feedback", "reports")
    before = {folder: tree(course.root / folder) for folder in folders}
    printed = course.command("grader", "grade", ".")  # as tox -e grade has it
    assert f"nbgrader: 0 taken over, {len(EXPECTED)} kept, 0 refused" in printed
    assert {folder: tree(course.root / folder) for folder in folders} == before
    course.run("--force", "--workers", "2")
    after = {folder: tree(course.root / folder) for folder in folders}
    for folder in ("submitted", "autograded", "feedback"):
        assert after[folder] == before[folder]
    assert without_times(after["reports"]) == without_times(before["reports"])
    assert course.gradebook() == done[0].gradebook()
