"""The three files that say something else to students than to the instructor: README.md, tox.ini, pyproject.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from grader.course import Course
from grader.course.strict import load_toml
from grader.errors import CourseError

__all__ = ["extras", "student_pyproject", "student_readme", "student_tox"]

_OURS = ("setuptools",)  # of [tool.*]: what an installation needs; linters and the kit's tests are not for students
_INSTRUCTORS = ("dev", "nbgrader")  # of the optional dependencies
_SECTION = re.compile(r"(?m)^(?=\[)")


def student_readme(course: Course) -> str:
    """How to set up, work and hand in, with a table of the course's assignments."""
    names = course.assignments()
    wanted = extras(course)
    here = f"'.[{','.join(wanted)}]'" if wanted else "."
    text = _template("README.md").replace("@ASSIGNMENTS@", _table(course, names))
    return text.replace("@HERE@", here).replace("@FIRST@", names[0])


def student_tox(course: Course) -> str:
    """One environment: the public checks."""
    return _template("tox.ini").replace("@EXTRAS@", ", ".join(extras(course))).replace("extras = \n", "")


def student_pyproject(course: Course) -> str:
    """The course's pyproject.toml, as far as it is about installing the grader and running an assignment's tests.

    Raises CourseError where it cannot be cut along its sections.
    """
    path = course.root / "pyproject.toml"
    facts, text = load_toml(path)
    text = text.replace("\r\n", "\n")
    tools = facts.pop("tool", {})
    ours = {name: tools[name] for name in _OURS if name in tools}
    options = {**tools.get("pytest", {}).get("ini_options", {}), "testpaths": ["assignments"]}
    optional = facts.get("project", {}).get("optional-dependencies", {})
    facts.get("project", {})["optional-dependencies"] = wanted = _without(optional, _INSTRUCTORS)
    kept = "".join(section for section in _SECTION.split(text) if _is_kept(section)).rstrip("\n")
    made = f"{kept}\n\n{_section('project.optional-dependencies', wanted)}\n{_section('tool.pytest.ini_options', options)}"
    if _parsed(made) != {**facts, "tool": {**ours, "pytest": {"ini_options": options}}}:
        raise CourseError(
            f"{path}: cannot be cut for students; write each table under its own [header], its keys nowhere else, "
            "and begin no other line with ["
        )
    return made


def extras(course: Course) -> list[str]:
    """The optional dependencies of pyproject.toml that are named like a package which an assignment uses."""
    facts, _ = load_toml(course.root / "pyproject.toml")
    known = facts.get("project", {}).get("optional-dependencies", {})
    used = {package for name in course.assignments() for package in course.assignment(name).packages}
    return sorted(used & set(known))


def _is_kept(section: str) -> bool:
    header = section.lstrip("[")
    if header.startswith("project.optional-dependencies"):
        return False
    return not header.startswith("tool.") or header.startswith(tuple(f"tool.{name}" for name in _OURS))


def _section(header: str, table: Mapping[str, Any]) -> str:
    """TOML of texts, numbers, true/false and lists of texts: JSON writes them alike."""
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in sorted(table.items()))
    return f"[{header}]\n{''.join(lines)}"


def _without(table: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in names}


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _template(name: str) -> str:
    return (files("grader.release") / "student_files" / f"{name}.in").read_text(encoding="utf-8")


def _table(course: Course, names: list[str]) -> str:
    rows = ["| assignment | points | you write |", "|---|---|---|"]
    for name in names:
        facts = course.assignment(name)
        handout = "README.md" if (facts.folder / "README.md").is_file() else ""
        link = f"[{facts.title}](assignments/{name}/{handout})"
        rows.append(f"| {link} | {facts.max_score:g} | `{facts.module_file}` |")
    return "\n".join(rows)
