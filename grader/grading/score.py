"""Outcomes of tests to points. Pure: no files, no clock, no randomness; rational numbers until the end.

A task's points x (weight passed / weight of ALL the task's tests in the suite). A test that did not run has
failed. What cannot be right (a test twice, an unknown one, a number that is out of range) is a fault of ours:
the task has no score, and neither has the submission, until a TA looks at it. Nothing here ever rounds a
fault to a number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from grader.course import Assignment, Task
from grader.grading.audit import Override, Suite, audit, override_fault
from grader.grading.outcome import Kind, Outcome

__all__ = ["Override", "Score", "Suite", "TaskScore", "TaskVerdict", "score"]

TaskVerdict = Literal["passed", "partly", "failed", "fault", "not assessed"]

_Tests = Sequence[tuple[Outcome | None, float]]  # of one task; None where the test did not run
_WAITS = "The grader failed here, not your code; a TA will look at it."
_DECIMALS = 4


@dataclasses.dataclass(frozen=True)
class TaskScore:
    """One task's result.

    `points`: the most it gives; `score`: rounded points, None for a fault or where it was not assessed;
    `kind`, `message`, `notes`: fit for the student; `passed` of `tests` passed in full; `override`, `was`:
    the TA's word and the score before it; `is_waived`: its device is waived for the class, so it counts
    nowhere; `faults`: for the TA, () once overridden.
    """

    id: str
    title: str
    points: float
    score: float | None
    verdict: TaskVerdict
    kind: Kind = ""
    message: str = ""
    notes: tuple[str, ...] = ()
    passed: int = 0
    tests: int = 0
    override: Override | None = None
    was: float | None = None
    is_waived: bool = False
    faults: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Score:
    """One submission's result: `score` is None where it waits for a TA.

    `max_score`: points of all tasks that are not waived; `max_assessed`: of those that were assessed here,
    out of which `score` is; `provisional`: the two differ; `faults`: for the TA, those of every task
    included.
    """

    tasks: tuple[TaskScore, ...]
    score: float | None
    max_score: float
    max_assessed: float
    provisional: bool
    faults: tuple[str, ...] = ()


def score(
    assignment: Assignment,
    outcomes: Sequence[Outcome],
    suite: Suite,
    overrides: Mapping[str, Override] | None = None,
    waived: Collection[str] = (),
    faults: Sequence[str] = (),
) -> Score:
    """Points for one submission.

    `suite`: every test that the hidden suite has, whether it ran or not; `overrides`: by task id, for this
    student; `waived`: devices whose tasks are left out for the whole class; `faults`: of the run as a whole.
    An override settles its task's fault; overrides of all tasks settle every fault.
    """
    given = dict(overrides or {})
    of_task, astray = audit(assignment, outcomes, suite, given)
    by_test = {outcome.test: outcome for outcome in outcomes}
    pairs = []
    for task in assignment.tasks:
        override = given.get(task.id)
        if override is not None and (wrong := override_fault(task, override)):
            of_task[task.id].append(wrong)
            override = None
        tests = [(by_test.get(test), weight) for test, weight in suite.get(task.id, ())]
        pairs.append(_settle(_judge(task, tests, of_task[task.id]), override, task.device in waived))
    return _total(pairs, [*faults, *astray])


def _exact(value: float) -> Fraction:
    """The decimal that a person wrote: 0.1 is 1/10, not the nearest binary fraction."""
    return Fraction(repr(float(value)))


def _rounded(value: Fraction) -> float:
    return float(round(value, _DECIMALS))  # half to even


_Pair = tuple[TaskScore, Fraction | None]  # the exact points, None where there are none


def _judge(task: Task, tests: _Tests, faults: Sequence[str]) -> _Pair:
    """One task by its tests alone."""
    result = TaskScore(task.id, task.title, task.points, None, "fault", tests=len(tests), faults=tuple(faults))
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


def _settle(pair: _Pair, override: Override | None, is_waived: bool) -> _Pair:
    """The task with the TA's word and the class's waiver."""
    result, points = pair
    if is_waived:
        return dataclasses.replace(result, score=None, verdict="not assessed", is_waived=True), None
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


def _total(pairs: Sequence[_Pair], astray: Sequence[str]) -> Score:
    counted = [(task, points) for task, points in pairs if not task.is_waived]
    assessed = [task for task, _ in counted if task.verdict != "not assessed"]
    most = [sum((_exact(task.points) for task in tasks), Fraction(0)) for tasks in ([t for t, _ in counted], assessed)]
    total = sum((points for _, points in counted if points is not None), Fraction(0))
    faults = [f"{task.id}: {sentence}" for task, _ in counted for sentence in task.faults]
    if not counted or not all(task.override for task, _ in counted):
        faults += dict.fromkeys(astray)
    if not 0 <= total <= most[1]:
        faults.append(f"the score {float(total)!r} is not from 0 to {float(most[1])!r}")
    return Score(
        tasks=tuple(task for task, _ in pairs),
        score=None if faults else _rounded(total),
        max_score=_rounded(most[0]),
        max_assessed=_rounded(most[1]),
        provisional=len(assessed) < len(counted),
        faults=tuple(faults),
    )
