"""The course tests itself: the assignment's folder is whole, and the hidden suite judges known right and wrong code rightly.

Every mistake, every alternative, the reference and the stub are graded as submissions of one class, in the sandbox.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from grader.cli import main
from grader.course import load_assignment

PRIVATE = Path(__file__).parent
PUBLIC = PRIVATE.parents[1] / "assignments" / PRIVATE.name
REFERENCE = (PRIVATE / "knn.py").read_text(encoding="utf-8")
MISTAKES = tomllib.loads((PRIVATE / "mistakes.toml").read_text(encoding="utf-8"))["mistake"]
ALTERNATIVES = sorted((PRIVATE / "alternatives").glob("*.py"))


def task_ids():
    return [task.id for task in load_assignment(PUBLIC).tasks]


# ---------------------------------------------------------------- the folder


def test_the_stub_is_the_reference_without_its_solutions():
    marked = re.compile(r"(?ms)^( *)# BEGIN SOLUTION\n.*?^\1# END SOLUTION\n")
    cut = marked.sub(r"\1raise NotImplementedError\n", REFERENCE)
    assert cut == (PUBLIC / "knn.py").read_text(encoding="utf-8")
    assert cut.count("raise NotImplementedError\n") == len(marked.findall(REFERENCE)) == 8


def test_points_sum_to_100():
    assert sum(task.points for task in load_assignment(PUBLIC).tasks) == 100


def test_the_handout_has_a_section_for_every_task_in_order():
    handout = (PUBLIC / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\w+)$", handout, flags=re.MULTILINE)
    assert headings == task_ids()


def test_mistakes_are_well_formed():
    assert len({mistake["id"] for mistake in MISTAKES}) == len(MISTAKES) >= 14
    for mistake in MISTAKES:
        assert set(mistake) == {"id", "find", "replace", "fails", "words"}, mistake["id"]
        assert REFERENCE.count(mistake["find"]) == 1, f"{mistake['id']}: `find` must occur once in knn.py"
        assert mistake["fails"], f"{mistake['id']} fails nothing"
        assert set(mistake["fails"]) <= set(task_ids()), mistake["id"]
        assert mistake["words"], f"{mistake['id']} asks for no words"


# ---------------------------------------------------------------- a class of known submissions


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The public part of everybody's report, by name."""
    if sys.platform != "linux":
        pytest.skip("grading needs Linux")
    handed_in, out = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("reports")
    for name, text in submissions().items():
        folder = handed_in / name / "knn"
        folder.mkdir(parents=True)
        (folder / "knn.py").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", "a secret for the course's own tests")
        status = main(["grade", str(handed_in), "--course", str(PUBLIC.parents[1]), "--out", str(out)])
    assert status == 0
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8"))["public"] for path in out.glob("*/knn.json")}


def submissions():
    """Name and source of every submission."""
    wrong = {mistake["id"]: REFERENCE.replace(mistake["find"], mistake["replace"]) for mistake in MISTAKES}
    right = {f"right_{path.stem}": path.read_text(encoding="utf-8") for path in ALTERNATIVES}
    return wrong | right | {"reference": REFERENCE, "stub": (PUBLIC / "knn.py").read_text(encoding="utf-8")}


def fallen(report):
    return [task["id"] for task in report["tasks"] if task["verdict"] != "passed"]


def said(report):
    return "\n".join("\n".join([task["message"], *task["notes"]]) for task in report["tasks"])


@pytest.mark.parametrize("name", ["reference", *(f"right_{path.stem}" for path in ALTERNATIVES)])
def test_right_code_gets_full_marks(reports, name):
    assert fallen(reports[name]) == [], said(reports[name])
    assert reports[name]["score"] == 100


def test_the_stub_gets_nothing(reports):
    assert reports["stub"]["score"] == 0
    assert {task["kind"] for task in reports["stub"]["tasks"]} == {"undone"}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["id"])
def test_a_mistake_costs_its_tasks_and_is_named(reports, mistake):
    report = reports[mistake["id"]]
    assert fallen(report) == [task for task in task_ids() if task in mistake["fails"]], said(report)
    for words in mistake["words"]:
        assert words in said(report)
