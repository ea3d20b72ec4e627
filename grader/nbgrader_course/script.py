"""A notebook from its text: `notebook.py` in the percent format, and the facts of assignment.toml.

Every task and every question gets one grade cell with its points, at the end. In the script two things may be marked::

    # %% solution="scale"                       code that students fill in
    # %% [markdown] answer="why" points=2       a written answer that a TA grades

and `*Your answer:*` in any text starts a written answer without points.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from grader.course import Assignment, Question, Task
from grader.course.strict import is_identifier
from grader.errors import CourseError

__all__ = ["SCRIPT", "notebook_bytes"]

SCRIPT = "notebook.py"

_ANSWER = re.compile(r"(?m)^(\*Your answer:\*)[ \t]*$")
_FLAGS = {
    "grade": {"grade": True, "solution": False, "locked": True},
    "answer": {"grade": True, "solution": True, "locked": False},
    "solution": {"grade": False, "solution": True, "locked": False},
    "readonly": {"grade": False, "solution": False, "locked": True},
}
_POINTS_HEADING = """\
## Points
The cells below are filled in when your work is graded: what each task and question got, and why. Leave them as they are.
Your code is graded as it stands in `{module}`."""

Cell = dict[str, Any]


def notebook_bytes(assignment: Assignment, waived: Collection[str] = ()) -> bytes:
    """The notebook's JSON, the same bytes for the same script and facts; `waived`: devices whose tasks are left out.

    Raises CourseError for a mark that cannot be used.
    """
    path = assignment.folder / SCRIPT
    cells = [*_from_script(path), *_graded(assignment, waived)]
    _check_ids(path, cells)
    _number(cells)
    # Without a kernel: nbgrader would put the one that it knows from here into every submission; see `scores.NameKernel`.
    metadata = {"language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _from_script(path: Path) -> Iterator[Cell]:
    """Cells of the script; without one, a single cell that says what is graded."""
    if not path.is_file():
        yield _cell("markdown", f"# {path.parent.name}\nThe tasks are in `README.md`.")
        return
    import jupytext

    written = 0
    for cell in jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells:
        marks = dict(cell.metadata)
        if "solution" in marks or "answer" in marks:
            yield _marked(path, cell.cell_type, cell.source, marks)
        elif cell.cell_type == "markdown":
            for part in _parts(cell.source):
                if _ANSWER.fullmatch(part):
                    written += 1
                    yield _cell("markdown", part, _meta("answer", f"written_{written}", 0))
                else:
                    yield _cell("markdown", part)
        else:
            yield _cell(cell.cell_type, cell.source)


def _parts(text: str) -> list[str]:
    """The text, cut before and after every `*Your answer:*`."""
    return [part.strip() for part in _ANSWER.split(text) if part.strip()]


def _marked(path: Path, kind: str, source: str, marks: dict[str, Any]) -> Cell:
    role = "solution" if "solution" in marks else "answer"
    name, points = marks[role], marks.get("points", 0)
    wanted = "code" if role == "solution" else "markdown"
    if kind != wanted:
        raise CourseError(f"{path}: {role}={name!r} marks a {kind} cell; only {wanted} cells can be marked so")
    if role == "solution" and points:
        raise CourseError(f"{path}: solution={name!r} has points; points are given by tasks, so take them out")
    if not isinstance(points, int | float) or isinstance(points, bool) or not 0 <= points < 1e6:
        raise CourseError(f"{path}: answer={name!r} has points={points!r}; write a number from 0 upwards")
    return _cell(kind, source, _meta(role, str(name), points if role == "answer" else None))


def _graded(assignment: Assignment, waived: Collection[str]) -> Iterator[Cell]:
    """One grade cell for each task; each question as text, and its grade cell."""
    yield _cell("markdown", _POINTS_HEADING.format(module=assignment.module_file))
    for task in assignment.tasks:
        if task.device not in waived:
            yield _grade_cell(task, f"# {task.id}: {task.title}")
    if assignment.questions:
        yield _cell("markdown", "## Questions\nAnswer them in `answers.toml`, and hand that file in as well.")
    for question in assignment.questions:
        yield _cell("markdown", _asked(question), _meta("readonly", f"{question.id}_text"))
        yield _grade_cell(question, f"# {question.id}: your answer in answers.toml")


def _grade_cell(part: Task | Question, text: str) -> Cell:
    return _cell("code", f"{text} ({part.points:g} points)", _meta("grade", part.id, part.points))


def _asked(question: Question) -> str:
    unit = f"\n\n(a number{f', in {question.unit}' if question.unit else ''})"
    choices = "".join(f"\n\n**{letter})** {text}" for letter, text in question.choices)
    return f"**{question.id}**: {question.text}{choices or unit}"


def _meta(kind: str, name: str, points: float | None = None) -> dict[str, Any]:
    given = {} if points is None else {"points": float(points)}
    return {"schema_version": 3, "task": False, "grade_id": name, **_FLAGS[kind], **given}


def _cell(kind: str, source: str, nbgrader: dict[str, Any] | None = None) -> Cell:
    cell: Cell = {"cell_type": kind, "metadata": {"nbgrader": nbgrader} if nbgrader else {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _check_ids(path: Path, cells: list[Cell]) -> None:
    seen: set[str] = set()
    for cell in cells:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name is not None and (not is_identifier(name) or name in seen or len(name) > 64):
            why = "another cell, task or question has that name" if name in seen else "write letters, digits and _"
            raise CourseError(f"{path}: a cell is called {name!r}: {why}")
        seen |= {name} if name else set()


def _number(cells: list[Cell]) -> None:
    """Ids: of marked cells their names, of others a digest of what they say."""
    seen: dict[str, int] = {}
    for cell in cells:
        marks = cell["metadata"].get("nbgrader")
        said = f"{cell['cell_type']}\n{cell['source']}"
        seen[said] = seen.get(said, 0) + 1
        digest = hashlib.sha256(f"{seen[said]}\n{said}".encode()).hexdigest()[:12]
        cell["id"] = marks["grade_id"] if marks else f"cell-{digest}"
