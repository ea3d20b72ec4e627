"""The report of one submission, and files that are whole or not there."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import pytest

from grader.course import Assignment, Limits, Task
from grader.errors import ReportError
from grader.grading.answers import read_answers
from grader.grading.atomic import write_atomic
from grader.grading.outcome import Outcome
from grader.grading.replies import judged, not_judged
from grader.grading.report import Grading, build_report, read_report, report_path, rescored, write_report
from grader.grading.score import Override, score
from grader.tests.quiz import KEY, QUESTIONS

KNN = Assignment(
    "knn", Path("knn"), "kNN", "knn", ("knn.py",), (), ("cpu", "cuda"), (), Limits(),
    (Task("loops", "Loops", 4, "hint"), Task("gpu", "On the GPU", 6, "hint", "cuda")),
)  # fmt: skip
SUITE = {"loops": [("test_a", 1), ("test_b", 1)], "gpu": [("test_c", 2)]}
OUTCOMES = [
    Outcome("test_a", "loops", "passed", fraction=1, notes=("slow",), seconds=0.5),
    Outcome(
        "test_b",
        "loops",
        "failed",
        kind="wrong",
        message="the root is missing",
        detail="Traceback …",
        seconds=1.25,
    ),
    Outcome("test_c", "gpu", "not assessed", 2, kind="device", message="no cuda here"),
]


def grading(**more) -> Grading:
    given = {
        "student": "alice\udc80", "outcomes": OUTCOMES, "suite": SUITE, "problems": ["knn.py: empty"],
        "environment": {"seed": "00ff00ff", "isolation": "bubblewrap"}, "output": "printed\x1b[2J",
        "timing": {"total": 2.0}, "key": "k" * 64,
    }  # fmt: skip
    return Grading(**{**given, **more})


def report(overrides=None, **more):
    made = grading(**more)
    return build_report(KNN, score(KNN, made.outcomes, SUITE, overrides, faults=made.faults), made)


def test_it_comes_back_as_it_was_written(tmp_path):
    path = report_path(tmp_path, "alice/..", "knn")
    assert path == tmp_path / "alice%2F.." / "knn.json"
    write_report(path, report())
    assert read_report(path) == report()
    assert path.read_bytes().isascii()
    assert b"\x1b" not in path.read_bytes()


def test_the_public_part():
    public = report(overrides={"loops": Override(3, "typing error in the handout")})["public"]
    assert {name: value for name, value in public.items() if name != "tasks"} == {
        "assignment": "knn", "title": "kNN", "student": "alice\udc80", "score": 3.0, "max_score": 10.0,
        "max_assessed": 4.0, "provisional": True, "intake": ["knn.py: empty"],
        "environment": {"isolation": "bubblewrap", "seed": "00ff00ff"}, "questions": [], "pictures": [],
    }  # fmt: skip
    assert public["tasks"][0] == {
        "id": "loops", "title": "Loops", "points": 4, "score": 3.0, "verdict": "partly", "kind": "wrong",
        "message": "the root is missing", "notes": ["slow"], "passed": 1, "tests": 2, "waived": False,
        "override": {"points": 3, "reason": "typing error in the handout", "was": 2.0},
    }  # fmt: skip


def test_hidden_tests_prints_and_times_stay_out_of_the_public_part():
    text = json.dumps(report()["public"])
    assert not any(word in text for word in ("test_a", "Traceback", "printed", "1.25"))
    assert report()["ta"]["outcomes"][1]["detail"] == "Traceback …"
    assert report()["ta"]["output"] == "printed\x1b[2J"


def test_two_grades_of_the_same_differ_in_timing_only():
    slower = [dataclasses.replace(outcome, seconds=9.0) for outcome in OUTCOMES]
    environment = {"isolation": "bubblewrap", "seed": "00ff00ff"}
    again = report(outcomes=slower, timing={"total": 3.0}, environment=environment)
    first = report()
    assert first.pop("timing") != again.pop("timing")
    assert json.dumps(first) == json.dumps(again)


def test_rescoring_runs_nothing_again(tmp_path):
    write_report(tmp_path / "r.json", report())
    stored = read_report(tmp_path / "r.json")
    assert rescored(stored, KNN) == report()
    changed = {"loops": Override(4, "r")}
    assert rescored(stored, KNN, changed) == report(overrides=changed)
    assert rescored(rescored(stored, KNN, changed), KNN) == report()
    waived = rescored(stored, KNN, waived=["cuda"])["public"]
    assert (waived["score"], waived["max_score"], waived["provisional"]) == (2.0, 4.0, False)


QUIZZED = dataclasses.replace(KNN, questions=QUESTIONS)


def quizzed(text: str, key=None, overrides=None):
    answers = read_answers(text.encode(), QUESTIONS)
    replies = not_judged(answers) if key is None else judged(answers, key)
    made = grading(replies=replies)
    return build_report(QUIZZED, score(QUIZZED, made.outcomes, SUITE, overrides, replies=replies), made)


def test_questions_that_are_judged_are_explained():
    public = quizzed('why = "c\\u001b[2J"\nsize = 4e3', KEY)["public"]
    assert (public["score"], public["max_score"], public["max_assessed"]) == (2.0, 15.0, 9.0)
    assert public["questions"] == [
        {
            "id": "why", "text": "Why twice?", "points": 2, "score": 0.0, "verdict": "failed", "state": "unreadable",
            "given": "c\\x1b[2J", "why": "two is divisible by two", "override": None,
            "message": "'c\\x1b[2J' is none of a, b, c; write one of the letters in quotes, such as \"a\"",
        },
        {
            "id": "size", "text": "How large is it?", "points": 3, "score": 0.0, "verdict": "failed", "state": "answered",
            "given": "4000", "message": "that is float32", "why": "1,000 numbers of 8 bytes", "override": None,
        },
    ]  # fmt: skip


def test_questions_that_are_not_judged_give_nothing_away():
    """Nowhere in the whole report: the part for the TA may be shown to a student by mistake."""
    right, wrong = quizzed('why = "b"\nsize = 8000'), quizzed('why = "c"\nsize = 4000')
    assert right["public"]["score"] == wrong["public"]["score"] == 2.0
    public = right["public"]
    assert (public["max_score"], public["max_assessed"], public["provisional"]) == (15.0, 4.0, True)
    assert json.dumps(right).replace('"b"', '"c"').replace("8000", "4000") == json.dumps(wrong)
    question = public["questions"][0]
    assert (question["verdict"], question["score"], question["message"], question["why"]) == ("not assessed", None, "", "")


@pytest.mark.parametrize("key", [None, KEY])
def test_rescoring_keeps_the_replies(tmp_path, key):
    write_report(tmp_path / "r.json", quizzed('why = "b"', key))
    stored = read_report(tmp_path / "r.json")
    assert rescored(stored, QUIZZED) == stored
    given = {"size": Override(2.5, "asked in the lab")}
    changed = rescored(stored, QUIZZED, given)
    assert changed == quizzed('why = "b"', key, given)
    assert changed["public"]["questions"][1]["override"] == {
        "points": 2.5, "reason": "asked in the lab", "was": None if key is None else 0.0,
    }  # fmt: skip
    assert rescored(changed, QUIZZED) == stored


def test_rescoring_what_holds_no_replies():
    broken = quizzed("", KEY)
    broken["ta"]["replies"] = [{"question": "why", "is_wright": True}]
    with pytest.raises(ReportError, match="holds no usable outcomes; remove it, or grade again with --force"):
        rescored(broken, QUIZZED)


def test_rescoring_forgets_no_fault(tmp_path):
    broken = [Outcome("test_a", "loops", "passed", fraction=math.nan), *OUTCOMES[1:]]
    made = report(outcomes=broken, faults=["the process ended"])
    write_report(tmp_path / "r.json", made)
    again = rescored(read_report(tmp_path / "r.json"), KNN)["ta"]["faults"]
    assert len(again) == 2
    assert again[1] == made["ta"]["faults"][1] == "the process ended"
    assert "earned the fraction 'nan'" in again[0]


def test_rescoring_what_holds_no_outcomes():
    empty = report()
    empty["ta"]["outcomes"] = [{"test": "x"}]
    with pytest.raises(ReportError) as error:
        rescored(empty, KNN)
    expected = "the report of 'alice\\udc80' holds no usable outcomes; remove it, or grade again with --force"
    assert str(error.value) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("schema"), "not a report: it has no schema"),
        (lambda r: r.update(schema="1"), "not a report: it has no schema"),
        (lambda r: r.update(schema=1), "schema 1, this grader reads 3"),
        (lambda r: r.pop("key"), "damaged: the report has no usable 'key'"),
        (lambda r: r.update(ta=[]), "damaged: the report has no usable 'ta'"),
        (lambda r: r["public"].update(score="10"), "damaged: public has no usable 'score'"),
        (lambda r: r["public"]["tasks"].append(3), "damaged: a task has no usable 'id'"),
        (lambda r: r["public"]["tasks"][0].pop("verdict"), "damaged: a task has no usable 'verdict'"),
        (lambda r: r["public"].pop("questions"), "damaged: public has no usable 'questions'"),
        (lambda r: r["public"]["questions"].append({"id": "x"}), "damaged: a question has no usable 'text'"),
        (lambda r: r["ta"].pop("replies"), "damaged: ta has no usable 'replies'"),
        (lambda r: r["ta"].pop("output"), "damaged: ta has no usable 'output'"),
        (lambda r: r["timing"].pop("tests"), "damaged: timing has no usable 'tests'"),
    ],
)
def test_a_damaged_report_is_named(tmp_path, change, message):
    made = report()
    change(made)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(made))
    with pytest.raises(ReportError) as error:
        read_report(path)
    assert str(error.value) == f"{path}: {message}; remove it, or grade again with --force"
    with pytest.raises(ReportError):
        write_report(path, made)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_no_json(tmp_path, data):
    (tmp_path / "r.json").write_bytes(data)
    with pytest.raises(ReportError, match="r.json: damaged, not JSON; remove it, or grade again with --force"):
        read_report(tmp_path / "r.json")


def test_no_report(tmp_path):
    with pytest.raises(ReportError, match=r"r.json: no report can be read there \(No such file.*\); grade first"):
        read_report(tmp_path / "r.json")
    (tmp_path / "r.json").write_text("[]")
    with pytest.raises(ReportError, match="r.json: not a report: it has no schema"):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize("value", [math.nan, {1, 2}])
def test_values_that_are_not_json_are_not_written(tmp_path, value):
    with pytest.raises(ReportError, match="r.json: not written, a value is not JSON .* report this as a bug"):
        write_report(tmp_path / "r.json", report(environment={"x": value}))
    assert not os.listdir(tmp_path)


def test_atomic_writes(tmp_path):
    path = tmp_path / "new/folder/file"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(ReportError) as error:
        write_atomic(path, b"new")
    mend = "free space or make the folder writable for you"
    assert str(error.value) == f"{path}: cannot be written (No space left on device); {mend}"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_killed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
