"""The concept questions of an assignment: the [[questions]] of assignment.toml, and the form that students fill in.

::

    [[questions]]
    id = "curse"
    points = 2
    text = "Why do distances tell less and less apart as D grows?"
    choices = { a = "…", b = "…", c = "…" }      # without: the answer is a number, in `unit` if there is one
"""

from __future__ import annotations

import dataclasses
import string
import textwrap
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from grader.course.strict import Table, is_identifier
from grader.errors import CourseError

__all__ = ["ANSWERS_FILE", "Question", "answers_form", "read_questions"]

ANSWERS_FILE = "answers.toml"

_KEYS = ("id", "points", "text", "choices", "unit")
_WIDTH = 110


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked: `text`; `choices`: (letter, text) of each, a, b, c, ..., or () where a number is asked for;
    `unit`: of that number.
    """

    id: str
    text: str
    points: float
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""

    @property
    def letters(self) -> tuple[str, ...]:
        """Letters of the choices."""
        return tuple(letter for letter, _ in self.choices)


def read_questions(table: Table, tasks: Collection[str]) -> tuple[Question, ...]:
    """The questions of an assignment.toml; `tasks`: ids that are taken. Raises CourseError with place, value and mend."""
    entries = table.data.get("questions", [])
    if not isinstance(entries, list):
        raise CourseError(f"{table.where}: questions is no list; write [[questions]] above each")
    questions: list[Question] = []
    for number, entry in enumerate(entries, 1):
        inner = Table(entry, f"{table.where}, question {number}", _KEYS)
        question = _question(inner)
        if question.id in tasks:
            raise inner.fail("id", "a task has it; rename one")
        if any(question.id == earlier.id for earlier in questions):
            raise inner.fail("id", "an earlier question has it; rename one")
        questions.append(question)
    for key in ("files", "optional") if questions else ():
        if ANSWERS_FILE not in table.texts(key):
            raise table.fail(key, f"there are questions: add {ANSWERS_FILE!r}, in which they are answered")
    return tuple(questions)


def _question(table: Table) -> Question:
    question_id, points, text = table.text("id"), table.number("points"), table.text("text")
    if not is_identifier(question_id):
        raise table.fail("id", "write letters, digits and _, such as memory")
    if points <= 0:
        raise table.fail("points", "write a number above 0")
    choices = _choices(table) if "choices" in table.data else ()
    if choices and "unit" in table.data:
        raise table.fail("unit", "only a number has a unit; take it out, or the choices")
    unit = table.text("unit") if "unit" in table.data else ""
    return Question(question_id, " ".join(text.split()), points, choices, unit)


def _choices(table: Table) -> tuple[tuple[str, str], ...]:
    value: Any = table.data["choices"]
    if not isinstance(value, dict) or len(value) < 2:
        raise table.fail("choices", 'write two or more, such as { a = "...", b = "..." }')
    letters = string.ascii_lowercase[: len(value)]
    if "".join(value) != letters:
        raise table.fail("choices", f"name them {', '.join(letters)}, in this order")
    inner = Table(value, f"{table.where}, choices", tuple(letters))
    texts = [" ".join(inner.text(letter).split()) for letter in letters]
    for letter, text in zip(letters, texts, strict=True):
        if texts.index(text) < letters.index(letter):
            raise inner.fail(letter, "another choice says the same; change one")
    return tuple(zip(letters, texts, strict=True))


def answers_form(title: str, questions: Iterable[Question]) -> str:
    """The answers.toml that a student fills in: every question as a comment, then its line with an empty answer."""
    lines = [
        f"# {title}: your answers. Hand this file in together with your code.",
        '# Write each answer between the quotes: the letter of a choice, or a number such as "1500" or "1.5e3".',
    ]
    for question in questions:
        asked = f"{question.text} (a number{f', in {question.unit}' if question.unit else ''})"
        lines += ["", *_comment(question.text if question.choices else asked, "# ", "# ")]
        for letter, text in question.choices:
            lines += _comment(f"{letter})  {text}", "#   ", "#       ")
        lines.append(f'{question.id} = ""')
    return "\n".join(lines) + "\n"


def _comment(text: str, first: str, later: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
