"""Whose values make a threshold: the right solutions of an assignment, and the wrong ones that it must keep out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import PurePosixPath

from grader.course import ANSWERS_FILE, Course
from grader.selfcheck.mistakes import load_mistakes
from grader.selfcheck.parts import Files, Parts

__all__ = ["Program", "right_solutions", "wrong_solutions"]


@dataclasses.dataclass(frozen=True)
class Program:
    """A submission of the course's own. `name` for messages and the table; `files`: what is handed in; `fails`: the tasks
    that it must fail, none for a right one.
    """

    name: str
    files: Mapping[str, bytes]
    fails: tuple[str, ...] = ()

    def is_cheat(self, tasks: tuple[str, ...]) -> bool:
        """Whether it is right in all but one of these tasks: too slow, where that is a task about speed."""
        return len(self.fails) == 1 and self.fails[0] in tasks


def right_solutions(course: Course, name: str) -> list[Program]:
    """The reference first, then the alternatives in the order of their names. Raises CourseError where there is none."""
    reference, parts = course.reference(name), Parts.of(course, name)
    alternatives = {f"alternatives/{PurePosixPath(path).stem}": files for path, files in parts.alternatives().items()}
    return [Program(who, _code(files)) for who, files in {reference.stem: parts.reference(), **alternatives}.items()]


def wrong_solutions(course: Course, name: str) -> tuple[list[Program], list[str]]:
    """The mistakes of mistakes.toml, made in the reference, and what is wrong with those that cannot be made."""
    mistakes, findings = load_mistakes(Parts.of(course, name))
    return [Program(one.id, _code(one.files), one.fails) for one in mistakes], findings


def _code(files: Files) -> Files:
    """Without the answers to questions, which no test reads."""
    return {name: data for name, data in files.items() if name != ANSWERS_FILE}
