"""The sample class is compared with what it must get: every message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.errors import ReportError
from grader.grading.sample import differences


def report(student: str, score: float, passed: list[str], message="", note="", intake="", questions=()) -> Any:
    tasks = [
        {"id": task, "verdict": "passed" if task in passed else "failed", "message": message, "notes": [note]}
        for task in ("one", "two")
    ]
    public = {
        "student": student, "assignment": "toy", "score": score, "tasks": tasks, "intake": [intake],
        "questions": list(questions),
    }  # fmt: skip
    return {"public": public}


def question(name: str, verdict: str, state: str = "answered", message: str = "", why: str = "") -> Any:
    return {"id": name, "points": 2.5, "verdict": verdict, "state": state, "message": message, "why": why}


def against(tmp_path: Path, text: str, *reports: Any) -> list[str]:
    path = tmp_path / "expected.toml"
    path.write_text(text)
    return differences(path, reports)


ANN = '[ann.toy]\nscore = 10\npassed = ["one"]\n'


def test_as_expected(tmp_path: Path) -> None:
    words = ANN + 'words = ["in a message", "in a note", "at the intake"]\n'
    given = report("ann", 10, ["one"], message="in a message", note="in a note", intake="at the intake")
    assert against(tmp_path, words, given) == []


def test_who_is_missing_and_who_is_unknown(tmp_path: Path) -> None:
    lines = against(tmp_path, ANN, report("bob", 10, ["one"]))
    assert lines == ["ann/toy was not graded", "bob/toy is not in expected.toml"]


def test_score_and_tasks(tmp_path: Path) -> None:
    assert against(tmp_path, ANN, report("ann", 20, ["two", "one"])) == [
        "ann/toy: score 20 where 10 is expected",
        "ann/toy: passed one, two where one is expected",
    ]
    nothing = against(tmp_path, ANN.replace('"one"', ""), report("ann", 10, ["two"]))
    assert nothing == ["ann/toy: passed two where nothing is expected"]
    assert against(tmp_path, ANN, report("ann", 10, []))[0] == "ann/toy: passed nothing where one is expected"


def test_score_that_is_withheld(tmp_path: Path) -> None:
    given = report("ann", 10, ["one"])
    given["public"]["score"] = None
    assert against(tmp_path, ANN, given) == ["ann/toy: score withheld where 10 is expected"]


def test_words(tmp_path: Path) -> None:
    lines = against(tmp_path, ANN + 'words = ["squared"]\n', report("ann", 10, ["one"], message="transposed"))
    assert lines == ["ann/toy: nothing in the report says 'squared'"]


QUIZZED = ANN + 'right = ["why"]\nwords = ["8 KB"]\nexplained = ["because"]\n'


def test_questions_that_are_judged(tmp_path: Path) -> None:
    unreadable = question("size", "failed", "unreadable", "8 KB is no number", "so")
    judged = [question("why", "passed", why="because"), unreadable]
    assert against(tmp_path, QUIZZED, report("ann", 10, ["one"], questions=judged)) == []
    wrong = [question("why", "failed"), question("size", "passed", message="8 KB")]
    assert against(tmp_path, QUIZZED, report("ann", 10, ["one"], questions=wrong)) == [
        "ann/toy: answered rightly size where why is expected",
        "ann/toy: nothing in the report says '8 KB'",
        "ann/toy: no explanation says 'because'",
    ]


def test_questions_that_are_not_judged(tmp_path: Path) -> None:
    unreadable = question("size", "not assessed", "unreadable", "8 KB is no number")
    hidden = [question("why", "not assessed"), unreadable]
    assert against(tmp_path, QUIZZED, report("ann", 7.5, ["one"], questions=hidden)) == []
    told = [question("why", "not assessed", why="because"), unreadable]
    assert against(tmp_path, QUIZZED, report("ann", 10, ["one"], questions=told)) == [
        "ann/toy: score 10 where 7.5 is expected",
        "ann/toy: the report gives away 'because'",
    ]


def test_a_part_of_the_class(tmp_path: Path) -> None:
    """Students have several assignments; what was not asked for is not missed."""
    text = ANN + ANN.replace("ann.toy", "ann.more") + ANN.replace("ann", "bob")
    path = tmp_path / "expected.toml"
    path.write_text(text)
    given = [report("ann", 10, ["one"])]
    assert differences(path, given) == ["ann/more was not graded", "bob/toy was not graded"]
    assert differences(path, given, assignment="toy") == ["bob/toy was not graded"]
    assert differences(path, given, student="ann") == ["ann/more was not graded"]
    assert differences(path, given, "toy", "ann") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ann", "not TOML"),
        ("ann = 3\n", "expected.toml, ann: 3 is a number; write a table"),
        ("[ann]\ntoy = 3\n", "[ann.toy]: 3 is a number; write a table"),
        ("[ann.toy]\nscroe = 3\n", "unknown key 'scroe'; did you mean 'score'?"),
        ("[ann.toy]\npassed = []\n", "[ann.toy]: 'score' is missing"),
        ('[ann.toy]\nscore = 3\npassed = "one"\n', "write a list of texts"),
        ('[ann.toy]\nscore = 3\nright = "why"\n', "right = 'why': write a list of texts"),
    ],
)
def test_unusable_expectations(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ReportError) as caught:
        against(tmp_path, text)
    assert words in str(caught.value)


def test_no_expectations(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"expected.toml: cannot be read"):
        differences(tmp_path / "expected.toml", [])
