"""mistakes.toml: edits of the reference, the tasks that each must fail, the words that it must be told in.

::

    [[mistake]]
    id = "without_root"
    find = "np.sqrt(squared)"          # occurs once in the reference
    replace = "squared"
    fails = ["no_loops"]               # every task that falls, and no other
    words = ["the square root is missing"]
    file = "layers.py"                 # of several files that are handed in; default: the module
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from grader.course.strict import Table, did_you_mean, load_toml
from grader.errors import CourseError

from .parts import Files, Parts

__all__ = ["Mistake", "load_mistakes"]

_KEYS = ("id", "find", "replace", "fails", "words", "file")
_NAME = "mistakes.toml"


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One edit: `files` is the reference with it, `place` names it in a finding."""

    id: str
    place: str
    files: Files
    fails: tuple[str, ...]
    words: tuple[str, ...]


def load_mistakes(parts: Parts) -> tuple[list[Mistake], list[str]]:
    """The mistakes that can be tried, and what is wrong with the others or with the list."""
    path = parts.private / _NAME
    where = parts.shown(path)
    if not path.is_file():
        return [], [f"{where}: not there; a suite that no wrong solution has met is untested: write some"]
    found: list[Mistake] = []
    findings: list[str] = []
    try:
        data, _ = load_toml(path)
        entries = Table(data, where, ("mistake",)).data.get("mistake", [])
        if not isinstance(entries, list):
            raise CourseError(f"{where}: mistake is no list; write [[mistake]] above each")
    except CourseError as error:
        return [], [str(error)]
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_mistake(parts, entry, where, number, {mistake.id for mistake in found}))
        except CourseError as error:
            findings.append(str(error))
    return found, findings + ([] if findings else _untried(parts, found, where))


def _untried(parts: Parts, mistakes: Collection[Mistake], where: str) -> list[str]:
    fallen = {task for mistake in mistakes for task in mistake.fails}
    tasks = [task.id for task in parts.assignment.tasks if task.id not in fallen]
    return [f"{where}: no mistake fails the task {task!r}; write one that does" for task in tasks]


def _mistake(parts: Parts, entry: dict[str, Any], where: str, number: int, ids: Collection[str]) -> Mistake:
    name = entry.get("id") if isinstance(entry, dict) else None
    table = Table(entry, f"{where}, mistake {name if isinstance(name, str) and name else number}", _KEYS)
    mistake_id, fails, words = table.text("id"), table.texts("fails"), table.texts("words")
    if mistake_id in ids:
        raise table.fail("id", "an earlier mistake has it; rename one")
    tasks = [task.id for task in parts.assignment.tasks]
    for task in fails:
        if task not in tasks:
            raise table.fail("fails", f"there is no task {task!r}; {did_you_mean(task, tasks)}")
    if not fails:
        raise table.fail("fails", "name the tasks that it fails")
    if not words:
        raise table.fail("words", "write what the student's report must say of it")
    return Mistake(mistake_id, table.where, _edited(parts, table), fails, words)


def _edited(parts: Parts, table: Table) -> Files:
    """The reference with the edit in it."""
    reference = parts.reference()
    file = table.text("file") if "file" in table.data else parts.assignment.module_file
    if file not in reference:
        raise table.fail("file", f"not handed in; {did_you_mean(file, reference)}")
    text, find, replace = reference[file].decode(), table.text("find"), table.data.get("replace")
    if not isinstance(replace, str) or replace == find:
        raise table.fail("replace", "write another text than `find`, or an empty one")
    if (count := text.count(find)) != 1:
        times = "nowhere" if count == 0 else f"{count} times"
        raise table.fail(
            "find", f"it occurs {times} in {parts.shown(parts.private)}/{file}; choose a piece that occurs once"
        )
    return reference | {file: text.replace(find, replace).encode()}
