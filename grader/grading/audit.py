"""What cannot be right in the input of a score: every sentence is a fault of ours, for a TA to read.

A number is taken only if it is one, finite and in its range; a test only if the suite has it, once, in that
task.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from grader.course import Assignment, Question, Task
from grader.grading.answers import AnswerState
from grader.grading.outcome import Kind, Outcome, TestVerdict
from grader.grading.replies import Reply

__all__ = ["Override", "Suite", "audit", "audit_replies", "is_number", "override_fault"]

Suite = Mapping[str, Sequence[tuple[str, float]]]
"""The tests of a hidden suite: task id -> (test, weight), in the suite's order."""


@dataclasses.dataclass(frozen=True)
class Override:
    """A TA's word on one task or question of one student."""

    points: float
    reason: str


def is_number(value: Any) -> bool:
    """A finite int or float, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def audit(
    assignment: Assignment, outcomes: Sequence[Outcome], suite: Suite, overrides: Mapping[str, Override]
) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong, by task id, and what can be laid to no task."""
    by_task: dict[str, list[str]] = {task.id: [] for task in assignment.tasks}
    astray: list[str] = []
    for task_id in sorted(suite.keys() - by_task.keys()):
        astray.append(f"the suite has tests for the task {task_id!r}, which {assignment.name} does not have")
    for part_id in sorted(overrides.keys() - {part.id for part in assignment.parts}):
        kind = "task or question" if assignment.questions else "task"
        astray.append(f"an override names the {kind} {part_id!r}, which {assignment.name} does not have")
    home = {test: task_id for task_id, tests in suite.items() for test, _ in tests}
    for task in assignment.tasks:
        by_task[task.id] += _task_faults(task.id, suite.get(task.id, ()), home)
    weights = {test: weight for tests in suite.values() for test, weight in tests}
    seen: set[str] = set()
    for outcome in outcomes:
        for sentence in _outcome_faults(outcome, home, weights, seen):
            for task_id in {home.get(outcome.test, outcome.task), outcome.task}:
                by_task.get(task_id, astray).append(sentence)
        seen.add(outcome.test)
    return by_task, astray


def audit_replies(assignment: Assignment, replies: Sequence[Reply]) -> tuple[dict[str, list[str]], list[str]]:
    """What is wrong, by question id, and what can be laid to no question."""
    by_question: dict[str, list[str]] = {question.id: [] for question in assignment.questions}
    astray: list[str] = []
    for reply in replies:
        by_question.get(reply.question, astray).extend(_reply_faults(reply))
    names = [reply.question for reply in replies]
    for name in dict.fromkeys(name for name in names if name not in by_question):
        astray.append(f"a reply to the question {name!r}, which {assignment.name} does not have")
    for name, faults in by_question.items():
        if names.count(name) != 1:
            faults.append(f"{names.count(name)} replies to the question {name!r}, where there must be one")
    return by_question, astray


def override_fault(part: Task | Question, override: Override) -> str | None:
    """What is wrong with an override, or None."""
    if is_number(override.points) and 0 <= override.points <= part.points:
        return None
    return f"the override of {part.id!r} gives {override.points!r} points, not 0 to {part.points:g}"


def _task_faults(task_id: str, tests: Sequence[tuple[str, float]], home: Mapping[str, str]) -> list[str]:
    names = [test for test, _ in tests]
    faults = [] if names else [f"the suite has no test for the task {task_id!r}"]
    faults += [f"the suite lists {test!r} twice" for test in sorted({name for name in names if names.count(name) > 1})]
    faults += [f"{test!r} is in the task {home[test]!r} as well" for test in names if home[test] != task_id]
    faults += [f"{test!r} has the weight {w!r}, not a number above 0" for test, w in tests if not is_number(w) or w <= 0]
    return faults


def _outcome_faults(outcome: Outcome, home: Mapping[str, str], weights: Mapping[str, float], seen: set[str]) -> list[str]:
    test, earned = outcome.test, outcome.fraction
    if test not in home:
        return [f"an outcome of {test!r}, which is not a test of the suite"]
    faults = []
    if test in seen:
        faults.append(f"{test!r} has two outcomes")
    if outcome.task != home[test]:
        faults.append(f"{test!r} came back for the task {outcome.task!r}, the suite has it in {home[test]!r}")
    if not is_number(outcome.weight) or outcome.weight != weights[test]:
        faults.append(f"{test!r} came back with the weight {outcome.weight!r}, the suite gives it {weights[test]!r}")
    if outcome.verdict not in get_args(TestVerdict) or outcome.kind not in get_args(Kind):
        faults.append(f"{test!r} has the unknown verdict {outcome.verdict!r} ({outcome.kind!r})")
    if not is_number(earned) or not 0 <= earned <= 1:
        faults.append(f"{test!r} earned the fraction {earned!r}, not a number from 0 to 1")
    elif earned and outcome.verdict != "passed":
        faults.append(f"{test!r} earned the fraction {earned!r}, though its verdict is {outcome.verdict!r}")
    if outcome.verdict == "fault":
        faults.append(f"{test!r}: {_last_line(outcome.detail or outcome.message)}")
    return faults


def _reply_faults(reply: Reply) -> list[str]:
    faults = [reply.fault] if reply.fault else []
    if reply.state not in get_args(AnswerState):
        faults.append(f"the reply to {reply.question!r} has the unknown state {reply.state!r}")
    if reply.is_right is not None and not isinstance(reply.is_right, bool):
        faults.append(f"the reply to {reply.question!r} is right: {reply.is_right!r}, neither true nor false")
    elif reply.is_right and reply.state != "answered":
        faults.append(f"the reply to {reply.question!r} is right, though its state is {reply.state!r}")
    return faults


def _last_line(text: str) -> str:
    return (text.strip() or "a fault without a message").splitlines()[-1]
