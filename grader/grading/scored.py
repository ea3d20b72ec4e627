"""What `score` gives: plain data, which the report writes down."""

from __future__ import annotations

import dataclasses
from typing import Literal

from grader.grading.answers import AnswerState
from grader.grading.audit import Override
from grader.grading.outcome import Kind

__all__ = ["PartScore", "QuestionScore", "Score", "TaskScore", "TaskVerdict"]

TaskVerdict = Literal["passed", "partly", "failed", "fault", "not assessed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartScore:
    """The result of a task or a question.

    `points`: the most it gives; `score`: rounded points, None for a fault or where it was not assessed;
    `kind`, `message`: fit for the student; `override`, `was`: the TA's word and the score before it; `is_waived`:
    its device is waived for the class, so it counts nowhere; `faults`: for the TA, () once overridden.
    """

    id: str
    points: float
    score: float | None
    verdict: TaskVerdict
    kind: Kind = ""
    message: str = ""
    override: Override | None = None
    was: float | None = None
    is_waived: bool = False
    faults: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskScore(PartScore):
    """One task's result. `notes`: fit for the student; `passed` of `tests` passed in full."""

    title: str
    notes: tuple[str, ...] = ()
    passed: int = 0
    tests: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuestionScore(PartScore):
    """One question's result: "passed" is right, "failed" wrong, "not assessed" not judged.

    `state`, `given`: the answer as it came; `message`: why it cannot be read, or what is wrong with it; `why`: the
    explanation of the right one, once answers are judged.
    """

    text: str
    state: AnswerState = "not answered"
    given: str = ""
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Score:
    """One submission's result: `score` is None where it waits for a TA.

    `max_score`: points of all tasks that are not waived, and of all questions; `max_assessed`: of those that
    were assessed here, out of which `score` is; `provisional`: the two differ; `faults`: for the TA, those of
    every task and question included.
    """

    tasks: tuple[TaskScore, ...]
    score: float | None
    max_score: float
    max_assessed: float
    provisional: bool
    faults: tuple[str, ...] = ()
    questions: tuple[QuestionScore, ...] = ()
