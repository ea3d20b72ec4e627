"""From reports to points of grade cells: exact, or refused."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.course import Assignment, Limits, Task
from grader.errors import ReportError
from grader.grading.outcome import Outcome
from grader.grading.report import Grading, build_report
from grader.grading.score import score
from grader.nbgrader_course.points import cell_scores

TASKS = tuple(Task(f"t{n}", f"Task {n}", 10, "hint") for n in range(7))
TOY = Assignment("toy", Path("toy"), "Toy", "toy", ("toy.py",), (), ("cpu",), (), Limits(), TASKS)
CELLS = {task.id: 10.0 for task in TASKS}


def report(passed: list[int], tests: int = 3, **changed: Any) -> dict[str, Any]:
    """`passed`: how many of the tests of each task pass."""
    suite = {task.id: [(f"{task.id}-{n}", 1) for n in range(tests)] for task in TASKS}
    outcomes = [
        Outcome(f"{task.id}-{n}", task.id, "passed", fraction=1)
        if n < many
        else Outcome(f"{task.id}-{n}", task.id, "failed", kind="wrong")
        for task, many in zip(TASKS, passed, strict=True)
        for n in range(tests)
    ]
    made = build_report(TOY, score(TOY, outcomes, suite), Grading("ada", outcomes, suite, environment={"purpose": "record"}))
    made["public"] |= changed
    return made


def decimals(values: list[float]) -> Decimal:
    return sum((Decimal(repr(value)) for value in values), Decimal(0))


def test_full_and_no_marks_are_as_they_are():
    got = cell_scores(report([3, 0, 3, 0, 3, 0, 3]), CELLS)
    assert [one.points for one in got.values()] == [10, 0, 10, 0, 10, 0, 10]


@pytest.mark.parametrize("seed", range(30))
def test_cells_sum_to_the_score_to_the_last_digit(seed: int):
    rng = random.Random(seed)
    tests = rng.choice([3, 6, 7, 9, 11])
    made = report([rng.randint(0, tests) for _ in TASKS], tests)
    got = cell_scores(made, CELLS)
    assert decimals([one.points for one in got.values()]) == Decimal(repr(made["public"]["score"]))
    for task in made["public"]["tasks"]:
        assert abs(got[task["id"]].points - task["score"]) < 0.00011
        assert 0 <= got[task["id"]].points <= 10


def test_rounding_is_taken_up_by_a_part():
    made = report([1, 1, 1, 3, 3, 3, 0])
    assert sum(task["score"] for task in made["public"]["tasks"]) != made["public"]["score"] == 40
    assert sorted(one.points for one in cell_scores(made, CELLS).values())[1:4] == [3.3333, 3.3333, 3.3334]


def test_a_provisional_report_is_refused_by_name():
    with pytest.raises(ReportError, match=r"ada/toy: the report is provisional \(60 of 70 points.*record run"):
        cell_scores(report([3] * 7, provisional=True, max_assessed=60), CELLS)


def test_a_fault_is_refused_with_its_reason():
    made = report([3] * 7, score=None)
    made["ta"]["faults"] = ["t0: boom"]
    with pytest.raises(ReportError, match=r"ada/toy: the report waits for you: t0: boom; mend it or settle it in overrides"):
        cell_scores(made, CELLS)


def test_a_feedback_run_is_refused():
    with pytest.raises(ReportError, match="not for the record; grade with --purpose record"):
        cell_scores(report([3] * 7, environment={"purpose": "feedback"}), CELLS)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 10.5, "10", True, None])
def test_what_is_no_score_is_refused(value: object):
    made = report([3] * 7)
    made["public"]["tasks"][2]["score"] = value
    with pytest.raises(ReportError, match=r"ada/toy: t2 got .*, not a number from 0 to 10; grade again"):
        cell_scores(made, CELLS)


def test_a_score_that_is_no_sum_is_refused():
    made = report([3] * 7, score=69.0)
    with pytest.raises(ReportError, match="do not sum to the score"):
        cell_scores(made, CELLS)


def test_other_cells_are_refused():
    fewer = {name: points for name, points in CELLS.items() if name != "t3"}
    with pytest.raises(ReportError, match="no grade cell for t3; run `grader nbgrader build`"):
        cell_scores(report([3] * 7), fewer)
    with pytest.raises(ReportError, match="grade cells without a task: other"):
        cell_scores(report([3] * 7), {**CELLS, "other": 1.0})
    with pytest.raises(ReportError, match="t0 gives 10 points in the report, 11 in the notebook"):
        cell_scores(report([3] * 7), {**CELLS, "t0": 11.0})


def test_a_waived_task_needs_no_cell():
    made = report([3] * 7)
    made["public"]["tasks"][6] |= {"waived": True, "score": None}
    made["public"] |= {"score": 60.0, "max_score": 60.0}
    fewer = {name: points for name, points in CELLS.items() if name != "t6"}
    assert "t6" not in cell_scores(made, fewer)


def test_the_words_are_told():
    made = report([3, 1, 3, 3, 3, 3, 3])
    made["public"]["tasks"][0]["override"] = {"points": 10, "reason": "agreed", "was": 3}
    got = cell_scores(made, CELLS)
    assert got["t0"].text == "Task 0\npassed: 10 of 10 points\ngiven by a TA: agreed\n"
    assert got["t1"].text == "Task 1\npartly: 3.3333 of 10 points\nhint\n"
