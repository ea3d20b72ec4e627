"""Outcomes to points."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from pathlib import Path

import pytest

from grader.course import Assignment, Limits, Task
from grader.grading.outcome import Outcome
from grader.grading.replies import Reply
from grader.grading.score import Override, TaskScore, _total, score
from grader.tests.quiz import QUESTIONS

WAITS = "The grader failed here, not your code; a TA will look at it."


def assignment(*points: float, device: str | None = None) -> Assignment:
    tasks = [Task(f"t{k}", f"Task {k}", p, f"hint {k}", device if k else None) for k, p in enumerate(points)]
    return Assignment("knn", Path("knn"), "kNN", "knn", ("knn.py",), (), ("cpu", "cuda"), (), Limits(), tuple(tasks))


def passed(test: str, task: str = "t0", weight: float = 1.0, fraction: float = 1.0, **more) -> Outcome:
    return Outcome(test, task, "passed", weight, fraction, **more)


def failed(test: str, task: str = "t0", weight: float = 1.0, kind="wrong", message="", **more) -> Outcome:
    return Outcome(test, task, "failed", weight, 0.0, kind, message, **more)


def absent(test: str, task: str = "t1") -> Outcome:
    return Outcome(test, task, "not assessed", 1.0, 0.0, "device", "no cuda here")


ONE = assignment(10)
TWO = {"t0": [("a", 1), ("b", 3)]}


def only(outcomes, suite=TWO, **more) -> TaskScore:
    result = score(ONE, outcomes, suite, **more)
    (task,) = result.tasks
    assert result.score == task.score
    assert result.max_score == result.max_assessed == 10
    assert not result.provisional
    return task


def test_all_passed():
    task = only([passed("b", weight=3), passed("a")])
    assert (task.score, task.verdict, task.kind, task.message) == (10, "passed", "", "")
    assert (task.passed, task.tests, task.faults) == (2, 2, ())


def test_points_are_shared_by_weight():
    task = only([passed("a"), failed("b", weight=3, kind="raised", message="line 3")])
    assert (task.score, task.verdict, task.kind, task.message) == (2.5, "partly", "raised", "line 3")
    assert (task.passed, task.tests) == (1, 2)


def test_a_test_that_did_not_run_has_failed():
    task = only([passed("a")])
    assert (task.score, task.verdict, task.kind, task.message) == (2.5, "partly", "", "hint 0")
    assert only([]).score == 0
    assert only([]).verdict == "failed"


def test_fractions_of_a_test():
    task = only([passed("a", fraction=0.5, message="half of it"), passed("b", weight=3, fraction=0.0)])
    assert (task.score, task.verdict, task.message, task.passed) == (1.25, "partly", "half of it", 0)


def test_the_most_telling_message_wins():
    told = [
        failed("a", kind="died", message="it died"),
        failed("b", weight=3, kind="wrong", message="the root is missing"),
    ]
    assert (only(told).kind, only(told).message) == ("died", "the root is missing")
    silent = [failed("a", kind="wrong"), failed("b", weight=3, kind="limit", message="used 2.1 GB of 2 GB")]
    assert (only(silent).kind, only(silent).message) == ("wrong", "used 2.1 GB of 2 GB")
    nothing = [failed("a", kind="undone"), failed("b", weight=3)]
    assert (only(nothing).kind, only(nothing).message) == ("undone", "hint 0")


def test_failures_come_before_partial_credit():
    told = [passed("a", fraction=0.5, message="half"), failed("b", weight=3, kind="raised", message="line 3")]
    assert (only(told).kind, only(told).message) == ("raised", "line 3")


def test_notes_are_gathered_once():
    told = [passed("a", notes=("slow", "odd")), passed("b", weight=3, notes=("odd",))]
    assert only(told).notes == ("slow", "odd")


def test_rounding_is_half_to_even_and_last():
    thirds = assignment(1, 1, 1)
    suite = {f"t{k}": [(f"{k}{x}", 1) for x in "abc"] for k in range(3)}
    result = score(thirds, [passed(f"{k}a", f"t{k}") for k in range(3)], suite)
    assert [task.score for task in result.tasks] == [0.3333] * 3
    assert result.score == 1
    halves = [(0.00005, 0.0), (0.00015, 0.0002), (0.00025, 0.0002)]
    for points, rounded in halves:
        assert score(assignment(1), [passed("a", fraction=points)], {"t0": [("a", 1)]}).score == rounded
    tenths = score(
        assignment(*[0.1] * 10),
        [passed(f"{k}", f"t{k}") for k in range(10)],
        {f"t{k}": [(f"{k}", 1)] for k in range(10)},
    )
    assert tenths.score == tenths.max_score == 1


def test_the_order_of_outcomes_does_not_matter():
    told = [passed("a", fraction=1 / 3), failed("b", weight=3, message="m")]
    assert score(ONE, told, TWO) == score(ONE, told[::-1], TWO)


SOUND = [passed("a"), passed("b", weight=3)]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([*SOUND, passed("a")], "'a' has two outcomes"),
        ([*SOUND, failed("a")], "'a' has two outcomes"),
        ([*SOUND, passed("c")], "an outcome of 'c', which is not a test of the suite"),
        ([passed("a", weight=2), SOUND[1]], "'a' came back with the weight 2, the suite gives it 1"),
        ([passed("a", weight=math.nan), SOUND[1]], "'a' came back with the weight nan, the suite gives it 1"),
        ([passed("a", fraction=1.5), SOUND[1]], "'a' earned the fraction 1.5, not a number from 0 to 1"),
        ([passed("a", fraction=-0.1), SOUND[1]], "'a' earned the fraction -0.1, not a number from 0 to 1"),
        ([passed("a", fraction=math.nan), SOUND[1]], "'a' earned the fraction nan, not a number from 0 to 1"),
        ([passed("a", fraction=math.inf), SOUND[1]], "'a' earned the fraction inf, not a number from 0 to 1"),
        ([passed("a", fraction=True), SOUND[1]], "'a' earned the fraction True, not a number from 0 to 1"),
        ([passed("a", fraction="1"), SOUND[1]], "'a' earned the fraction '1', not a number from 0 to 1"),
        (
            [dataclasses.replace(failed("a"), fraction=0.5), SOUND[1]],
            "'a' earned the fraction 0.5, though its verdict is 'failed'",
        ),
        ([Outcome("a", "t0", "great", fraction=0), SOUND[1]], "'a' has the unknown verdict 'great' ('')"),
        ([failed("a", kind="odd"), SOUND[1]], "'a' has the unknown verdict 'failed' ('odd')"),
        ([Outcome("a", "t0", "fault", message="m", detail="x\nKeyError: 3\n"), SOUND[1]], "'a': KeyError: 3"),
        ([Outcome("a", "t0", "fault", message="m"), SOUND[1]], "'a': m"),
        ([Outcome("a", "t0", "fault"), SOUND[1]], "'a': a fault without a message"),
    ],
)
def test_what_cannot_be_right_is_a_fault(outcomes, sentence):
    result = score(ONE, outcomes, TWO)
    (task,) = result.tasks
    assert task.faults == (sentence,)
    assert result.faults == (f"t0: {sentence}",)
    assert result.score is task.score is None
    assert result.max_score == 10
    assert (task.verdict, task.kind, task.message, task.notes) == ("fault", "fault", WAITS, ())


@pytest.mark.parametrize(
    ("suite", "sentence"),
    [
        ({}, "the suite has no test for the task 't0'"),
        ({"t0": []}, "the suite has no test for the task 't0'"),
        ({"t0": [("a", 1), ("a", 1)]}, "the suite lists 'a' twice"),
        ({"t0": [("a", 0)]}, "'a' has the weight 0, not a number above 0"),
        ({"t0": [("a", math.inf)]}, "'a' has the weight inf, not a number above 0"),
    ],
)
def test_a_suite_that_cannot_be_right_is_a_fault(suite, sentence):
    result = score(ONE, [], suite)
    assert result.score is None
    assert f"t0: {sentence}" in result.faults


def test_a_fault_costs_the_total_but_shows_the_other_tasks():
    suite = {"t0": [("a", 1)], "t1": [("b", 1)]}
    result = score(assignment(1, 2), [passed("a"), Outcome("b", "t1", "fault", detail="boom")], suite)
    assert result.score is None
    assert [task.score for task in result.tasks] == [1, None]
    assert result.faults == ("t1: 'b': boom",)
    assert not result.provisional


def test_an_outcome_for_another_task_taints_both():
    suite = {"t0": [("a", 1)], "t1": [("b", 1)]}
    result = score(assignment(1, 2), [passed("a", "t1"), passed("b", "t1")], suite)
    assert [task.verdict for task in result.tasks] == ["fault", "fault"]
    assert result.tasks[0].faults == ("'a' came back for the task 't1', the suite has it in 't0'",)


def test_a_test_in_two_tasks_is_a_fault():
    suite = {"t0": [("a", 1)], "t1": [("a", 1)]}
    result = score(assignment(1, 2), [passed("a", "t1")], suite)
    assert result.score is None
    assert "t0: 'a' is in the task 't1' as well" in result.faults


def test_faults_that_belong_to_no_task():
    known = {"t0": [("a", 1)]}
    cases = {
        "the suite has tests for the task 'x', which knn does not have": (
            [passed("a")],
            {**known, "x": [("b", 1)]},
            {},
        ),
        "an outcome of 'z', which is not a test of the suite": ([passed("a"), passed("z", "x")], known, {}),
        "an override names the task 'x', which knn does not have": (
            [passed("a")],
            known,
            {"x": Override(1, "r")},
        ),
    }
    for sentence, (outcomes, suite, overrides) in cases.items():
        result = score(ONE, outcomes, suite, overrides)
        assert result.score is None
        assert result.faults == (sentence,)
        assert result.tasks[0].score == 10


def test_faults_of_the_run_withhold_the_total():
    result = score(ONE, [passed("a")], {"t0": [("a", 1)]}, faults=["the grader process ended"])
    assert result.score is None
    assert result.faults == ("the grader process ended",)


CUDA = assignment(10, 5, device="cuda")
MIXED = {"t0": [("a", 1)], "t1": [("b", 1), ("c", 1)]}


def test_an_absent_device_makes_it_provisional():
    result = score(CUDA, [passed("a"), absent("b"), absent("c")], MIXED)
    assert (result.score, result.max_score, result.max_assessed, result.provisional) == (10, 15, 10, True)
    task = result.tasks[1]
    assert (task.score, task.verdict, task.kind, task.message) == (
        None,
        "not assessed",
        "device",
        "no cuda here",
    )


def test_one_absent_test_leaves_the_task_open():
    result = score(CUDA, [passed("a"), passed("b", "t1"), absent("c")], MIXED)
    assert result.provisional
    assert result.tasks[1].verdict == "not assessed"
    assert result.tasks[1].passed == 1


def test_a_fault_is_not_hidden_by_an_absent_device():
    result = score(CUDA, [passed("a"), absent("b"), absent("b")], MIXED)
    assert result.score is None
    assert result.tasks[1].verdict == "fault"


def test_waived_devices_count_nowhere():
    for outcomes in ([absent("b"), absent("c")], [passed("b", "t1"), passed("c", "t1")], []):
        result = score(CUDA, [passed("a"), *outcomes], MIXED, waived=["cuda"])
        assert (result.score, result.max_score, result.max_assessed, result.provisional) == (
            10,
            10,
            10,
            False,
        )
        assert result.tasks[1].is_waived
        assert result.tasks[1].score is None
        assert not result.tasks[0].is_waived
    assert score(CUDA, [passed("a")], MIXED, waived=["mps"]).max_score == 15


def test_overrides_replace_the_score_and_keep_it():
    task = only([passed("a"), failed("b", weight=3, message="m")], overrides={"t0": Override(7, "late, agreed")})
    assert (task.score, task.verdict, task.was, task.message) == (7, "partly", 2.5, "m")
    assert task.override == Override(7, "late, agreed")
    assert only([], overrides={"t0": Override(10, "r")}).verdict == "passed"
    assert only([], overrides={"t0": Override(10, "r")}).message == ""
    assert only(SOUND, overrides={"t0": Override(0, "copied")}).verdict == "failed"


def test_an_override_settles_a_fault_and_an_absent_device():
    result = score(ONE, [*SOUND, passed("a")], TWO, {"t0": Override(8, "graded by hand")})
    assert (result.score, result.faults, result.tasks[0].was, result.tasks[0].message) == (8, (), None, "")
    seen = score(CUDA, [passed("a"), absent("b"), absent("c")], MIXED, {"t1": Override(5, "shown in the lab")})
    assert (seen.score, seen.max_assessed, seen.provisional) == (15, 15, False)


def test_only_overrides_of_all_tasks_settle_a_fault_of_the_run():
    given = {"t0": Override(1, "r")}
    assert score(CUDA, [], MIXED, given, faults=["f"]).faults == ("f",)
    assert score(CUDA, [], MIXED, {**given, "t1": Override(2, "r")}, faults=["f"]).score == 3


@pytest.mark.parametrize("points", [-1, 10.5, math.nan, math.inf, True, "3"])
def test_an_override_out_of_range_is_a_fault(points):
    result = score(ONE, SOUND, TWO, {"t0": Override(points, "r")})
    assert result.score is None
    assert result.tasks[0].override is None
    assert result.faults == (f"t0: the override of 't0' gives {points!r} points, not 0 to 10",)


def test_a_total_out_of_range_is_withheld():
    task = score(ONE, SOUND, TWO).tasks[0]
    for total in (Fraction(11), Fraction(-1)):
        result = _total([(task, total)], [])
        assert result.score is None
        assert result.faults == (f"the score {float(total)} is not from 0 to 10.0",)


# ---------------------------------------------------------------- questions

QUIZZED = dataclasses.replace(ONE, questions=QUESTIONS)
RIGHT = Reply("why", "answered", "b", True, "", "because")
WRONG = Reply("size", "answered", "4000", False, "float32", "so")
KEY_WAITS = "The grader failed here, not you; a TA will look at it."


def quizzed(*replies: Reply, outcomes=SOUND, **more):
    return score(QUIZZED, outcomes, TWO, replies=replies, **more)


def test_questions_give_their_points_or_nothing():
    result = quizzed(RIGHT, WRONG)
    assert (result.score, result.max_score, result.max_assessed, result.provisional) == (12, 15, 15, False)
    why, size = result.questions
    assert (why.score, why.verdict, why.message, why.why) == (2, "passed", "", "because")
    assert (size.score, size.verdict, size.given, size.message, size.why) == (0, "failed", "4000", "float32", "so")
    assert [task.score for task in result.tasks] == [10]
    assert quizzed(WRONG, RIGHT) == result


def test_questions_that_are_not_judged_are_not_assessed():
    result = quizzed(*(dataclasses.replace(reply, is_right=None) for reply in (RIGHT, WRONG)))
    assert (result.score, result.max_score, result.max_assessed, result.provisional) == (10, 15, 10, True)
    assert [(one.score, one.verdict, one.state) for one in result.questions] == [(None, "not assessed", "answered")] * 2


def test_questions_count_without_a_file_of_code():
    result = quizzed(RIGHT, WRONG, outcomes=[failed("a", kind="missing"), failed("b", weight=3, kind="missing")])
    assert (result.score, result.faults) == (2, ())


def test_no_device_waives_a_question():
    assert quizzed(RIGHT, WRONG, waived=["cpu", "cuda"]).max_score == 15


@pytest.mark.parametrize(
    ("replies", "sentence"),
    [
        ([RIGHT], "size: 0 replies to the question 'size', where there must be one"),
        ([RIGHT, WRONG, RIGHT], "why: 2 replies to the question 'why', where there must be one"),
        ([RIGHT, WRONG, Reply("x", "answered")], "a reply to the question 'x', which knn does not have"),
        ([RIGHT, dataclasses.replace(WRONG, fault="key.toml: broken")], "size: key.toml: broken"),
        ([RIGHT, dataclasses.replace(WRONG, state="lost")], "size: the reply to 'size' has the unknown state 'lost'"),
        ([RIGHT, dataclasses.replace(WRONG, is_right=1)], "size: the reply to 'size' is right: 1, neither true nor false"),
        ([RIGHT, dataclasses.replace(WRONG, is_right="no")], "size: the reply to 'size' is right: 'no', neither true nor"),
        (
            [dataclasses.replace(RIGHT, state="not answered"), WRONG],
            "why: the reply to 'why' is right, though its state is 'not answered'",
        ),
        (
            [dataclasses.replace(RIGHT, state="unreadable"), WRONG],
            "why: the reply to 'why' is right, though its state is 'unreadable'",
        ),
    ],
)
def test_a_reply_that_cannot_be_right_is_a_fault(replies, sentence):
    result = quizzed(*replies)
    assert result.score is None
    assert len(result.faults) == 1
    assert result.faults[0].startswith(sentence)
    for question in result.questions:
        if question.verdict == "fault":
            assert (question.score, question.kind, question.message) == (None, "fault", KEY_WAITS)
    assert result.tasks[0].score == 10


def test_replies_where_there_are_no_questions():
    result = score(ONE, SOUND, TWO, replies=[RIGHT])
    assert result.faults == ("a reply to the question 'why', which knn does not have",)


def test_a_test_for_a_question_is_a_fault():
    result = score(QUIZZED, SOUND, {**TWO, "why": [("c", 1)]}, replies=[RIGHT, WRONG])
    assert result.faults == ("the suite has tests for the task 'why', which knn does not have",)


def test_a_question_is_overridden_like_a_task():
    result = quizzed(RIGHT, WRONG, overrides={"size": Override(1.5, "half right")})
    size = result.questions[1]
    assert (result.score, size.score, size.was, size.verdict, size.message) == (13.5, 1.5, 0, "partly", "float32")
    assert (size.why, size.override) == ("so", Override(1.5, "half right"))
    full = quizzed(RIGHT, WRONG, overrides={"size": Override(3, "r")}).questions[1]
    assert (full.score, full.verdict, full.message) == (3, "passed", "")


def test_an_override_settles_a_broken_key_and_a_question_that_is_not_judged():
    broken = dataclasses.replace(WRONG, is_right=None, fault="key.toml: broken")
    settled = quizzed(RIGHT, broken, overrides={"size": Override(3, "read by hand")})
    assert (settled.score, settled.faults, settled.questions[1].given) == (15, (), "4000")
    early = [dataclasses.replace(reply, is_right=None) for reply in (RIGHT, WRONG)]
    one = quizzed(*early, overrides={"why": Override(2, "r")})
    assert (one.score, one.max_assessed, one.provisional) == (12, 12, True)


def test_faults_of_the_run_are_settled_by_overrides_of_all_tasks_and_questions():
    words = {name: Override(1, "r") for name in ("t0", "why", "size")}
    assert score(QUIZZED, [], TWO, words, faults=["f"]).score == 3
    del words["size"]
    assert score(QUIZZED, [], TWO, words, faults=["f"], replies=[RIGHT, WRONG]).score is None


def test_an_override_of_a_question_out_of_range_is_a_fault():
    result = quizzed(RIGHT, WRONG, overrides={"size": Override(4, "r")})
    assert (result.score, result.faults) == (None, ("size: the override of 'size' gives 4 points, not 0 to 3",))
    lost = quizzed(RIGHT, WRONG, overrides={"sice": Override(1, "r")})
    assert lost.faults == ("an override names the task or question 'sice', which knn does not have",)
