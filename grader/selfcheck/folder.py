"""What lies in the two folders of an assignment: nothing without a role, and no answer where students look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course import ANSWERS_FILE, Course
from grader.errors import GraderError
from grader.release.leaks import find_leaks

from .parts import Parts, shown

__all__ = ["course_findings", "folder_findings"]

_PUBLIC = ("README.md", "assignment.toml", "notebook.py", ANSWERS_FILE)
_PRIVATE = ("key.toml", "mistakes.toml", "equivalent.toml", "thresholds.toml")
_BESIDE = ("guest.py", "baseline.py")  # of a suite, public or hidden
_ANSWERS = re.compile(r"key\.toml|mistakes\.toml|equivalent\.toml|test_[^/]*_hidden\.py|alternatives/[^/]+\.py")
_ALTERNATIVES = re.compile(r"alternatives/[^/]+\.py")
_MARKERS = re.compile(r"(?i)#\s*(begin|end)\s+solution\b")
_SAMPLE = "sample_class"


def folder_findings(parts: Parts) -> Iterator[str]:
    """Files without a role, and what a student must not find."""
    public, private = parts.assignment.folder, parts.private
    for path in _files(public):
        if _ANSWERS.fullmatch(path.relative_to(public).as_posix()):
            yield f"{parts.shown(path)}: it gives answers away in a public folder; move it to {parts.shown(private)}/"
    handed_in = parts.assignment.files
    roles = (*_PUBLIC, *_BESIDE, *handed_in, f"test_{parts.name}.py")
    hidden_roles = (*_PRIVATE, *_BESIDE, *handed_in, f"test_{parts.name}_hidden.py")
    for path in [*_strays(public, roles, _ANSWERS), *_strays(private, hidden_roles, _ALTERNATIVES)]:
        mend = f"remove it, or name {path.name!r} where it is used"
        yield f"{parts.shown(path)}: a file without a role, and no other names it; {mend}"


def _files(folder: Path) -> list[Path]:
    """All files below, without what Python and its tools leave behind."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in found if not any(p.startswith((".", "__pycache__")) for p in path.relative_to(folder).parts)]


def _strays(folder: Path, roles: Sequence[str], but: re.Pattern[str]) -> list[Path]:
    """Files that have no role, and that nothing names which has one or is itself named; `but` those of these names."""
    names = {path: path.relative_to(folder).as_posix() for path in _files(folder)}
    waiting = [path for path, name in names.items() if name in roles]
    unknown = {path for path, name in names.items() if name not in roles and not but.fullmatch(name)}
    while waiting:
        text = _text(waiting.pop())
        named = {path for path in unknown if re.search(_mention(path), text)}
        unknown -= named
        waiting += named
    return sorted(unknown)


def _mention(path: Path) -> str:
    """Its file name; of a module also the import."""
    named = rf"(?<![\w.-]){re.escape(path.name)}(?!\w)"
    if path.suffix != ".py":
        return named
    stem = re.escape(path.stem)
    return rf"{named}|\bfrom \.?{stem} import\b|\bfrom \. import [^\n]*\b{stem}\b|(?m:^\s*import {stem}\b)"


def _text(path: Path) -> str:
    """The file's text; empty for one that is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _leaks(course: Course) -> Iterator[str]:
    """What the public folders have in common with the private ones, and solution markers."""
    public = {
        shown(course, path): path for name in course.assignments() for path in _files(course.root / "assignments" / name)
    }
    for where, path in public.items():
        for number, line in enumerate(_text(path).split("\n"), 1):
            if _MARKERS.search(line):
                yield f"{where}, line {number}: a solution marker in a public folder; take it out, with what it marks"
    try:
        leaks = find_leaks({where: path.read_bytes() for where, path in public.items()}, course)
    except GraderError as error:
        yield str(error)
        return
    for leak in leaks:
        yield f"{leak}; take it out, or mark what may be told in the private file: # BEGIN PUBLIC ... # END PUBLIC"


def course_findings(course: Course) -> Iterator[str]:
    """Names that two assignments share, what lies beside the assignments, answers in public folders."""
    modules: dict[str, str] = {}
    tests: dict[str, str] = {}
    names = course.assignments()
    for name in names:
        folder = course.root / "assignments" / name
        try:
            module = course.assignment(name).module_file
        except GraderError:
            continue
        yield from _taken(modules, module, shown(course, folder / module), "every module has its own name")
        for half in (folder, course.root / "solutions" / name):
            for path in sorted(half.glob("test_*.py")):
                yield from _taken(tests, path.name, shown(course, path), "pytest may run the first in place of the second")
    yield from _lost(course, "assignments", names)
    yield from _lost(course, "solutions", [*names, _SAMPLE])
    yield from _leaks(course)


def _lost(course: Course, half: str, names: Sequence[str]) -> Iterator[str]:
    for path in sorted((course.root / half).iterdir()):
        if path.name not in names and not path.name.startswith((".", "__pycache__")):
            yield f"{shown(course, path)}: it belongs to no assignment; remove it, or write assignments/{path.stem}/"


def _taken(names: dict[str, str], name: str, where: str, why: str) -> Iterator[str]:
    if name in names:
        yield f"{where}: {names[name]} has the same name, and {why}; rename one"
    names.setdefault(name, where)
