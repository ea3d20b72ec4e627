"""solutions/<name>/key.toml, private: the right answers to an assignment's questions, and what to say about wrong ones.

::

    [curse]                                  # of the choices
    answer = "b"
    why = "why b is right"
    wrong = { a = "why a is wrong", c = "…" }    # every other choice

    [memory]                                 # a number
    answer = 6.144e7
    rtol = 0.02                              # or atol, or both: right is |given - answer| <= atol + rtol * |answer|
    why = "how it is computed"
    near = [ { value = 3.072e7, why = "float32, not float64" } ]     # known wrong numbers, within the same tolerance
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from grader.course.assignment import Assignment
from grader.course.layout import Course
from grader.course.questions import Question
from grader.course.strict import Table, did_you_mean, load_toml
from grader.errors import CourseError

__all__ = ["KEY_FILE", "AnswerKey", "Key", "answers_from_key", "load_key"]

KEY_FILE = "key.toml"


@dataclasses.dataclass(frozen=True)
class AnswerKey:
    """The key to one question: `answer` is a letter or a number, `why` explains it; `wrong`: (letter or number, why it is
    wrong); `rtol`, `atol`: tolerance of a number.
    """

    answer: str | float
    why: str
    wrong: tuple[tuple[str | float, str], ...] = ()
    rtol: float = 0
    atol: float = 0

    def is_right(self, given: str | float) -> bool:
        """Whether this answer is the right one, for a number within the tolerance."""
        return self._is(given, self.answer)

    def explain(self, given: str | float) -> str:
        """What is known to be wrong with this answer; empty where nothing is."""
        return next((why for value, why in self.wrong if self._is(given, value)), "")

    def _is(self, given: str | float, value: str | float) -> bool:
        if isinstance(given, str) or isinstance(value, str):
            return given == value
        return abs(given - value) <= self.atol + self.rtol * abs(value)


Key = Mapping[str, AnswerKey]
"""By the questions' ids, in their order."""


def load_key(course: Course, assignment: Assignment) -> Key:
    """The whole key of an assignment. Raises CourseError with file, question, value and mend."""
    path = course.solution_folder(assignment.name) / KEY_FILE
    data, _ = load_toml(path)
    ids = [question.id for question in assignment.questions]
    for name in data:
        if name not in ids:
            raise CourseError(f"{path}: [{name}] is the key to no question; {did_you_mean(name, ids)}")
    for name in ids:
        if name not in data:
            raise CourseError(f"{path}: the question {name!r} has no key; add [{name}]")
    return {question.id: _read(question, data[question.id], f"{path}, [{question.id}]") for question in assignment.questions}


def answers_from_key(key: Key) -> str:
    """The answers.toml of a student who knows everything: what a reference hands in."""
    texts = {
        name: f'"{entry.answer}"' if isinstance(entry.answer, str) else repr(entry.answer) for name, entry in key.items()
    }
    return "".join(f"{name} = {text}\n" for name, text in texts.items())


def _read(question: Question, entry: Mapping[str, Any], where: str) -> AnswerKey:
    return _read_choice(question, entry, where) if question.choices else _read_number(entry, where)


def _read_choice(question: Question, entry: Mapping[str, Any], where: str) -> AnswerKey:
    table = Table(entry, where, ("answer", "why", "wrong"))
    answer, why = table.text("answer"), table.text("why")
    if answer not in question.letters:
        raise table.fail("answer", f"write one of {', '.join(question.letters)}")
    others = [letter for letter in question.letters if letter != answer]
    inner = Table(entry.get("wrong", {}), f"{where}, wrong", question.letters)
    if answer in inner.data:
        raise inner.fail(answer, "that is the right answer; take it out")
    return AnswerKey(answer, _line(why), tuple((letter, _line(inner.text(letter))) for letter in others))


def _read_number(entry: Mapping[str, Any], where: str) -> AnswerKey:
    table = Table(entry, where, ("answer", "why", "rtol", "atol", "near"))
    answer, why = table.number("answer"), table.text("why")
    tolerance = {name: _tolerance(table, name) for name in ("rtol", "atol") if name in entry}
    if not tolerance:
        raise CourseError(f"{where}: no tolerance; add rtol = ... or atol = ... (atol = 0: exactly this number)")
    if answer == 0 and "atol" not in tolerance:
        raise table.fail("answer", "a part of 0 is 0: write atol in place of rtol")
    near = entry.get("near", [])
    if not isinstance(near, list):
        raise table.fail("near", 'write a list, such as [ { value = 1, why = "..." } ]')
    key = AnswerKey(answer, _line(why), (), **tolerance)
    wrong = tuple(_near(key, item, f"{where}, near {number}") for number, item in enumerate(near, 1))
    return dataclasses.replace(key, wrong=wrong)


def _tolerance(table: Table, name: str) -> float:
    value = table.number(name)
    if value < 0 or (name == "rtol" and value >= 1):
        raise table.fail(name, "write a number from 0, below 1" if name == "rtol" else "write 0 or a number above")
    return value


def _near(key: AnswerKey, entry: Mapping[str, Any], where: str) -> tuple[float, str]:
    table = Table(entry, where, ("value", "why"))
    value = table.number("value")
    if key.is_right(value):
        raise table.fail("value", f"this counts as right, it is within the tolerance of {key.answer!r}; take it out")
    return value, _line(table.text("why"))


def _line(text: str) -> str:
    return " ".join(text.split())
