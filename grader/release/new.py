"""A new assignment, made from a template: small, complete, and passing the course's check of itself."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from grader.course import ANSWERS_FILE, Course
from grader.course.assignment import load_assignment
from grader.course.questions import answers_form
from grader.course.strict import is_identifier
from grader.errors import CourseError
from grader.selfcheck.regions import read_marked

__all__ = ["new_assignment"]

_HALVES = {"public": "assignments", "private": "solutions"}


def new_assignment(course: Course, name: str, title: str) -> list[str]:
    """Write assignments/`name`/ and solutions/`name`/; gives the paths of the files, from the course's root.

    Raises CourseError for a name or a title that cannot be, one that is taken, and where a folder of that name is there;
    then nothing was written.
    """
    _refuse_name(course, name)
    if not title.strip() or not title.isprintable() or set(title) & set('"\\'):
        raise CourseError(f'title {title!r}: write a line of text without " and \\')
    template = files("grader.release") / "template"
    if not template.is_dir() or not (course.root / "solutions").is_dir():
        raise CourseError(f"{course.root}: a student release makes no assignments; use the course's own repository")
    homes = [course.root / half / name for half in _HALVES.values()]
    for home in homes:
        if home.exists():
            raise CourseError(f"{home}: there already; choose another name, or move it away")
    try:
        _write(template, homes, name, title)
    except BaseException:
        for home in homes:
            shutil.rmtree(home, ignore_errors=True)
        raise
    return sorted(path.relative_to(course.root).as_posix() for home in homes for path in home.rglob("*") if path.is_file())


def _refuse_name(course: Course, name: str) -> None:
    def wrong(why: str) -> CourseError:
        return CourseError(f"name {name!r}: {why}")

    if not is_identifier(name) or name != name.lower() or name.startswith("_"):
        raise wrong("write small letters, digits and _, as in two_layer_net: it names a folder, a module and its tests")
    if name == "sample_class":
        raise wrong("the sample class lies there; choose another")
    for other in course.assignments():
        if name in (other.lower(), course.assignment(other).module.lower()):
            raise wrong(f"assignments/{other}/ has it; choose another")
    if name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None:
        raise wrong("`import` finds another module of that name already; choose another")


def _write(template: Traversable, homes: list[Path], name: str, title: str) -> None:
    for half, home in zip(_HALVES, homes, strict=True):
        for relative, text in _texts(template / half, ""):
            path = home / relative.replace("NAME", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, text.replace("@NAME@", name).replace("@TITLE@", title))
    public, private = homes
    _put(public / f"{name}.py", read_marked((private / f"{name}.py").read_text(encoding="utf-8")).stub)
    facts = load_assignment(public)
    _put(public / ANSWERS_FILE, answers_form(facts.title, facts.questions))


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    """Relative path without the last .in, and text, of every file of the template."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".in"):
            yield f"{prefix}{entry.name.removesuffix('.in')}", entry.read_text(encoding="utf-8")


def _put(path: Path, text: str) -> None:
    """A file that is not there yet, with the same line ends everywhere."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
