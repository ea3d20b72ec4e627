"""The questions in a student's own run: whether they are answered. Whether rightly, nobody here knows: there is no key."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from grader.course import ANSWERS_FILE, Assignment
from grader.grading.answers import Answers, no_answers, read_answers

__all__ = ["ANSWER_WORDS", "own_answers", "question_lines"]

ANSWER_WORDS = {"answered": "answered", "not answered": "not answered", "unreadable": "cannot be read"}
_COLOURS = {"answered": {}, "not answered": {"yellow": True}, "unreadable": {"red": True}}


def own_answers(assignment: Assignment, folder: Path) -> Answers:
    """What the answers.toml in `folder` says, or why it cannot be read."""
    try:
        return read_answers((folder / ANSWERS_FILE).read_bytes(), assignment.questions)
    except FileNotFoundError:
        return no_answers(assignment.questions)
    except OSError as problem:
        return no_answers(assignment.questions, f"{ANSWERS_FILE}: cannot be read ({problem.strerror})")


def question_lines(assignment: Assignment, answers: Answers, width: int) -> Iterator[tuple[str, dict[str, bool]]]:
    """Lines with their markup: question, points, whether there is an answer; below, why one cannot be read."""
    if not assignment.questions:
        return
    column = max(len(part) for part in [*(task.title for task in assignment.tasks), *answers.given])
    yield f"{'question':<{column}}  points  answer (judged after the deadline)", {"bold": True}
    told: list[str] = []
    for question in assignment.questions:
        given = answers.given[question.id]
        yield f"{question.id:<{column}}  {question.points:>6g}  {ANSWER_WORDS[given.state]}", _COLOURS[given.state]
        if given.problem and given.problem not in told:
            told.append(given.problem)
            yield from _wrapped(given.problem, width, "    ")
    for problem in answers.problems:
        if problem not in told:
            yield from _wrapped(problem, width, "")


def _wrapped(text: str, width: int, indent: str) -> Iterator[tuple[str, dict[str, bool]]]:
    lines = textwrap.wrap(text, max(width - 1, 40), initial_indent=indent, subsequent_indent=indent)
    return ((line, {}) for line in lines)
