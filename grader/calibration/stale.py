"""Whether a table of thresholds still speaks of the code and the data that are there."""

from __future__ import annotations

import re

from grader.course import Course
from grader.course.thresholds import TABLE_NAME, Threshold, load_thresholds
from grader.errors import CourseError

from .programs import right_solutions, wrong_solutions
from .traces import code_digest, data_source

__all__ = ["stale"]

_ASKED = re.compile(r"""thresholds\[(["'])(.+?)\1\]""")


def stale(course: Course, name: str) -> list[str]:
    """Warnings, one a line; empty where the table is there and fits. Runs nothing.

    A threshold that the suite asks for and the table lacks; one whose reference, alternatives, suite, guest, baseline or
    cheats changed since it was measured, or whose data did. Raises CourseError for a course that is not whole.
    """
    path = course.solution_folder(name) / TABLE_NAME
    where = path.relative_to(course.root).as_posix()
    mend = f"run `grader calibrate {name}`"
    asked = {found[1] for found in _ASKED.findall(course.hidden_suite(name).read_text("utf-8"))}
    try:
        entries = load_thresholds(path)
    except CourseError as error:
        return [f"{error}; {mend}"]
    lines = [f"{where}: there is no threshold {key!r}, which the suite asks for; {mend}" for key in asked - entries.keys()]
    for key, entry in entries.items():
        lines += [f"{where}: [{key}] was measured {why}; {mend}" for why in _changes(course, name, entry)]
    return sorted(lines)


def _changes(course: Course, name: str, entry: Threshold) -> list[str]:
    wrong, _ = wrong_solutions(course, name)
    cheats = [program for program in wrong if entry.rule == "speed" and program.name in entry.wrong]
    changes = []
    if code_digest(course, name, right_solutions(course, name), cheats) != entry.code:
        changes.append("with other code (the suite, what lies beside it, the reference, an alternative or a cheat)")
    if (now := data_source(course, name)) != entry.data:
        changes.append(f"on other data ({entry.data!r}, and now {now!r})")
    return changes
