"""The handout, the points and the concept questions: whether what is graded is also told, and all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.course import ANSWERS_FILE, answers_from_key, load_key
from grader.course.questions import answers_form
from grader.errors import CourseError
from grader.grading.answers import read_answers
from grader.grading.atomic import write_atomic
from grader.grading.replies import judged

from .parts import Parts

__all__ = ["handout_findings", "write_form"]

_HEADING = re.compile(r"(?m)^## (\w+)[ \t]*$")
_ALL_POINTS = 100


def handout_findings(parts: Parts) -> Iterator[str]:
    """Sections and points, questions and their keys."""
    yield from _sections(parts)
    facts = parts.assignment
    points = facts.max_score
    if abs(points - _ALL_POINTS) > 1e-9:
        where = parts.shown(facts.folder / "assignment.toml")
        yield f"{where}: tasks and questions give {points:g} points together; make it {_ALL_POINTS}"
    yield from _questions(parts)


def _sections(parts: Parts) -> Iterator[str]:
    path = parts.assignment.folder / "README.md"
    if not path.is_file():
        yield f"{parts.shown(path)}: not there; write the handout"
        return
    ids = [task.id for task in parts.assignment.tasks]
    headings = [found for found in _HEADING.findall(path.read_text(encoding="utf-8")) if found in ids]
    for task in ids:
        if headings.count(task) != 1:
            many = "there is no" if task not in headings else "there is more than one"
            yield f"{parts.shown(path)}: {many} section '## {task}'; write one for the task"
    if sorted(headings) == sorted(ids) and headings != ids:
        yield f"{parts.shown(path)}: the sections come as {', '.join(headings)}; bring them in the order of assignment.toml"


def write_form(parts: Parts) -> list[str]:
    """Write the students' form for the questions; gives its name if it changed."""
    path, form = _form(parts)
    if not parts.assignment.questions or (path.is_file() and path.read_bytes() == form):
        return []
    write_atomic(path, form)
    return [parts.shown(path)]


def _form(parts: Parts) -> tuple[Path, bytes]:
    facts = parts.assignment
    return facts.folder / ANSWERS_FILE, answers_form(facts.title, facts.questions).encode()


def _questions(parts: Parts) -> Iterator[str]:
    """A key to all of them, whose own answers are right, and a form that asks them."""
    questions = parts.assignment.questions
    if not questions:
        return
    try:
        key = load_key(parts.course, parts.assignment)
    except CourseError as error:
        yield str(error)
    else:
        for reply in judged(read_answers(answers_from_key(key).encode(), questions), key):
            if not reply.is_right:
                where = f"{parts.shown(parts.private)}/key.toml, [{reply.question}]"
                yield f"{where}: its own answer {reply.given!r} is not judged right; mend the answer"
    path, form = _form(parts)
    if not path.is_file() or path.read_bytes() != form:
        said = "not what the questions give" if path.is_file() else "not there, but there are questions"
        yield f"{parts.shown(path)}: {said}; `grader check {parts.name} --write` writes it from assignment.toml"
