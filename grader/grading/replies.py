"""What became of the questions, as plain data: the only thing of them that passes to the score.

In a feedback run the key is not even read: whether an answer is right is neither shown nor counted, or a student could
hand in one choice after the other until the points come. In a record run every answer is judged and explained.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from grader.course import Assignment, Course, Key, Purpose, load_key
from grader.errors import CourseError

from .answers import Answers, AnswerState, Given

__all__ = ["Examiner", "Reply", "judged", "not_judged"]


@dataclasses.dataclass(frozen=True)
class Reply:
    """One question's result.

    `question`: its id; `state`: whether there was an answer; `given`: the answer as it was written, escaped and cut;
    `is_right`: None where it was not judged; `message`: why it cannot be read, or what is wrong with it; `why`: the
    explanation of the right answer; `fault`: why it could not be judged, for a TA.
    """

    question: str
    state: AnswerState
    given: str = ""
    is_right: bool | None = None
    message: str = ""
    why: str = ""
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the fields as keys."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reply:
        """The inverse of `to_json`; an unknown or missing key raises TypeError."""
        return cls(**data)


class Examiner:
    """Replies for the submissions of one run. Keys are read when they are first needed."""

    def __init__(self, course: Course, purpose: Purpose) -> None:
        self._course, self._purpose = course, purpose
        self._keys: dict[str, Key | str] = {}

    def replies(self, assignment: Assignment, answers: Answers) -> tuple[Reply, ...]:
        """One for each question. A key that cannot be used is a fault of each."""
        if not assignment.questions or self._purpose != "record":
            return not_judged(answers)
        if assignment.name not in self._keys:
            self._keys[assignment.name] = self._load(assignment)
        key = self._keys[assignment.name]
        if isinstance(key, str):
            return tuple(dataclasses.replace(reply, fault=key) for reply in not_judged(answers))
        return judged(answers, key)

    def _load(self, assignment: Assignment) -> Key | str:
        try:
            return load_key(self._course, assignment)
        except CourseError as problem:
            return str(problem)


def not_judged(answers: Answers) -> tuple[Reply, ...]:
    """Whether there are answers, and no word on what they are worth."""
    return tuple(_unjudged(name, given) for name, given in answers.given.items())


def judged(answers: Answers, key: Key) -> tuple[Reply, ...]:
    """Right or wrong, and why; what was not answered, or cannot be read, is wrong."""
    return tuple(_judge(reply, answers.given[reply.question], key) for reply in not_judged(answers))


def _unjudged(name: str, given: Given) -> Reply:
    return Reply(name, given.state, given.shown, message=given.problem)


def _judge(reply: Reply, given: Given, key: Key) -> Reply:
    entry = key[reply.question]
    if given.value is None:
        return dataclasses.replace(reply, is_right=False, why=entry.why)
    is_right = entry.is_right(given.value)
    message = "" if is_right else entry.explain(given.value)
    return dataclasses.replace(reply, is_right=is_right, message=message, why=entry.why)
