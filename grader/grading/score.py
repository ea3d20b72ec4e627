"""Outcomes of tests and replies to questions to points. Pure: no files, no clock, no randomness; rational numbers until
the end.

A task's points x (weight passed / weight of ALL the task's tests in the suite). A test that did not run has
failed. A question's points for the right answer, and none for any other; where answers are not judged (before the
deadline) it is not assessed. What cannot be right (a test twice, an unknown one, a number that is out of range) is a
fault of ours: the task or question has no score, and neither has the submission, until a TA looks at it. Nothing here
ever rounds a fault to a number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from grader.course import Assignment, Question, Task
from grader.grading.audit import Override, Suite, audit, audit_replies, override_fault
from grader.grading.outcome import Kind, Outcome
from grader.grading.replies import Reply
from grader.grading.scored import PartScore, QuestionScore, Score, TaskScore, TaskVerdict

__all__ = ["Override", "QuestionScore", "Score", "Suite", "TaskScore", "TaskVerdict", "score"]

_Tests = Sequence[tuple[Outcome | None, float]]  # of one task; None where the test did not run
_WAITS = "The grader failed here, not your code; a TA will look at it."
_KEY_WAITS = "The grader failed here, not you; a TA will look at it."
_DECIMALS = 4


def score(
    assignment: Assignment,
    outcomes: Sequence[Outcome],
    suite: Suite,
    overrides: Mapping[str, Override] | None = None,
    waived: Collection[str] = (),
    faults: Sequence[str] = (),
    replies: Sequence[Reply] = (),
) -> Score:
    """Points for one submission.

    `suite`: every test that the hidden suite has, whether it ran or not; `overrides`: by id of task or question,
    for this student; `waived`: devices whose tasks are left out for the whole class; `faults`: of the run as a
    whole; `replies`: one for each question. An override settles the fault of its task or question; overrides of
    all of them settle every fault.
    """
    given = dict(overrides or {})
    of_task, astray = audit(assignment, outcomes, suite, given)
    of_question, lost = audit_replies(assignment, replies)
    wrong = {part.id: override_fault(part, given[part.id]) for part in assignment.parts if part.id in given}
    for part_id, sentence in wrong.items():
        if sentence is not None:
            (of_task | of_question)[part_id].append(sentence)
            del given[part_id]
    by_test = {outcome.test: outcome for outcome in outcomes}
    tasks: list[_Pair[TaskScore]] = []
    for task in assignment.tasks:
        tests = [(by_test.get(test), weight) for test, weight in suite.get(task.id, ())]
        pair = _judge(task, tests, of_task[task.id])
        tasks.append(_waive(pair) if task.device in waived else _settle(pair, given.get(task.id)))
    by_question = {reply.question: reply for reply in replies}
    questions: list[_Pair[QuestionScore]] = []
    for question in assignment.questions:
        answered = _answered(question, by_question.get(question.id), of_question[question.id])
        questions.append(_settle(answered, given.get(question.id)))
    return _total(tasks, [*faults, *astray, *lost], questions)


def _exact(value: float) -> Fraction:
    """The decimal that a person wrote: 0.1 is 1/10, not the nearest binary fraction."""
    return Fraction(repr(float(value)))


def _rounded(value: Fraction) -> float:
    return float(round(value, _DECIMALS))  # half to even


_Part = TypeVar("_Part", bound=PartScore)
_Pair = tuple[_Part, Fraction | None]  # the exact points, None where there are none


def _judge(task: Task, tests: _Tests, faults: Sequence[str]) -> _Pair[TaskScore]:
    """One task by its tests alone."""
    result = TaskScore(
        id=task.id, title=task.title, points=task.points, score=None, verdict="fault", tests=len(tests), faults=tuple(faults)
    )  # fmt: skip
    if faults:
        return dataclasses.replace(result, kind="fault", message=_WAITS), None
    ran = [outcome for outcome, _ in tests if outcome is not None]
    passed = sum(outcome.fraction == 1 for outcome in ran)
    result = dataclasses.replace(result, passed=passed, notes=_notes(ran))
    absent = next((outcome for outcome in ran if outcome.verdict == "not assessed"), None)
    if absent is not None:
        return dataclasses.replace(result, verdict="not assessed", kind=absent.kind, message=absent.message), None
    earned = sum((_exact(weight) * _exact(o.fraction) for o, weight in tests if o is not None), Fraction(0))
    points = _exact(task.points) * earned / sum(_exact(weight) for _, weight in tests)
    if passed == len(tests):
        return dataclasses.replace(result, score=_rounded(points), verdict="passed"), points
    kind, message = _explain(task, [outcome for outcome, _ in tests if outcome is None or outcome.fraction != 1])
    verdict: TaskVerdict = "partly" if points else "failed"
    return dataclasses.replace(result, score=_rounded(points), verdict=verdict, kind=kind, message=message), points


def _notes(ran: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for outcome in ran for note in outcome.notes))


def _explain(task: Task, short: Sequence[Outcome | None]) -> tuple[Kind, str]:
    """Kind of the first test that fell short; the best message: a wrong value's, any other, the hint."""
    told = [outcome for outcome in short if outcome is not None]
    failed = [outcome for outcome in told if outcome.verdict == "failed"]
    kind: Kind = (failed or told)[0].kind if told else ""
    messages = [outcome.message for outcome in told if outcome.kind == "wrong" and outcome.message]
    messages += [outcome.message for outcome in (*failed, *told) if outcome.message]
    return kind, messages[0] if messages else task.hint


def _answered(question: Question, reply: Reply | None, faults: Sequence[str]) -> _Pair[QuestionScore]:
    """One question by its reply alone."""
    result = QuestionScore(
        id=question.id, text=question.text, points=question.points, score=None, verdict="fault", faults=tuple(faults)
    )  # fmt: skip
    if reply is not None:
        result = dataclasses.replace(result, state=reply.state, given=reply.given, message=reply.message, why=reply.why)
    if faults or reply is None:
        return dataclasses.replace(result, kind="fault", message=_KEY_WAITS), None
    if reply.is_right is None:
        return dataclasses.replace(result, verdict="not assessed"), None
    points = _exact(question.points) if reply.is_right else Fraction(0)
    return dataclasses.replace(result, score=_rounded(points), verdict="passed" if reply.is_right else "failed"), points


def _waive(pair: _Pair[TaskScore]) -> _Pair[TaskScore]:
    return dataclasses.replace(pair[0], score=None, verdict="not assessed", is_waived=True), None


def _settle(pair: _Pair[_Part], override: Override | None) -> _Pair[_Part]:
    """The task or question with the TA's word."""
    result, _ = pair
    if override is None:
        return pair
    exact = _exact(override.points)
    verdict: TaskVerdict = "passed" if exact == _exact(result.points) else "partly" if exact else "failed"
    settled = dataclasses.replace(
        result, score=_rounded(exact), verdict=verdict, override=override, was=result.score, faults=()
    )
    if verdict == "passed" or result.verdict in ("fault", "not assessed"):
        settled = dataclasses.replace(settled, kind="", message="")
    return settled, exact


def _total(
    tasks: Sequence[_Pair[TaskScore]], astray: Sequence[str], questions: Sequence[_Pair[QuestionScore]] = ()
) -> Score:
    pairs: list[tuple[PartScore, Fraction | None]] = [*tasks, *questions]
    counted = [(part, points) for part, points in pairs if not part.is_waived]
    assessed = [part for part, _ in counted if part.verdict != "not assessed"]
    most = [sum((_exact(part.points) for part in parts), Fraction(0)) for parts in ([p for p, _ in counted], assessed)]
    total = sum((points for _, points in counted if points is not None), Fraction(0))
    faults = [f"{part.id}: {sentence}" for part, _ in counted for sentence in part.faults]
    if not counted or not all(part.override for part, _ in counted):
        faults += dict.fromkeys(astray)
    if not 0 <= total <= most[1]:
        faults.append(f"the score {float(total)!r} is not from 0 to {float(most[1])!r}")
    return Score(
        tasks=tuple(task for task, _ in tasks),
        score=None if faults else _rounded(total),
        max_score=_rounded(most[0]),
        max_assessed=_rounded(most[1]),
        provisional=len(assessed) < len(counted),
        faults=tuple(faults),
        questions=tuple(question for question, _ in questions),
    )
