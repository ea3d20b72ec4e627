"""The table of a student's run as Markdown, for the summary page of a CI run."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.course import Assignment
from grader.grading.answers import Answers
from grader.grading.outcome import Outcome

from .questions import ANSWER_WORDS
from .table import explanation, verdict_word

__all__ = ["append_summary", "markdown_lines"]

_ACTIVE = re.compile(r"([\\`*_{}\[\]|~#])")  # what Markdown would obey; names and messages hold student's text
_LONGEST = 2000  # characters of a cell


def append_summary(path: Path, lines: Iterable[str]) -> None:
    """Append the lines to the file. Raises OSError."""
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def markdown_lines(assignment: Assignment, outcomes: Sequence[Outcome], answers: Answers) -> Iterator[str]:
    """A heading, a table (task, points, verdict, why), the notes, and which questions are answered."""
    yield from (f"### {_plain(assignment.title)}: public checks, not your grade", "")
    yield from ("| task | points | verdict | |", "|---|--:|---|---|")
    for task in assignment.tasks:
        mine = [outcome for outcome in outcomes if outcome.task == task.id]
        why = "<br>".join(_plain(line) for text in explanation(task, mine) for line in text.splitlines())
        yield f"| {_plain(task.title)} | {task.points:g} | {verdict_word(mine)} | {why} |"
    yield ""
    for note in dict.fromkeys(note for outcome in outcomes for note in outcome.notes):
        yield f"- {_plain(' '.join(note.split()))}"
    for question, given in answers.given.items():
        problem = f": {_plain(given.problem)}" if given.problem else ""
        yield f"- question {_plain(question)}: {ANSWER_WORDS[given.state]}{problem}"
    yield ""


def _plain(text: str) -> str:
    """The text as it reads, whatever is in it."""
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return _ACTIVE.sub(r"\\\1", html.escape(cut, quote=False))
