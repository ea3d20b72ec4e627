"""A student's notebook, rebuilt from the released one: only the text of solution and answer cells is the student's."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from grader.course import format_size

__all__ = ["rebuild", "written_cells"]

_CELL_CAP = 100_000  # characters of one cell

# No machine has it: whatever becomes of nbgrader's configuration, a submission cannot be run by accident.
_NO_KERNEL = {"display_name": "none: not run here", "language": "python", "name": "no-kernel-for-submissions"}

Notebook = dict[str, Any]


def written_cells(released: Mapping[str, Any]) -> dict[str, str]:
    """Names of the cells that students write in, and their type."""
    marks = [(cell["metadata"].get("nbgrader", {}), cell["cell_type"]) for cell in released["cells"]]
    return {mark["grade_id"]: kind for mark, kind in marks if mark.get("solution")}


def rebuild(released: Notebook, handed_in: bytes | None) -> tuple[Notebook, list[str]]:
    """The released notebook with the student's text, and sentences about what could not be taken.

    `handed_in`: the file as it came, or None. Nothing else of it gets in: no output, no metadata, no further cell.
    """
    notebook, problems = copy.deepcopy(released), list[str]()
    wanted, theirs = written_cells(released), dict[str, str]()
    cells = None if handed_in is None else _cells(handed_in, problems)
    if cells is not None:
        theirs = _texts(cells, _names_by_id(released), wanted, problems)
        lost = [name for name in wanted if name not in theirs]
        problems += [f"the cell {name!r} is not in the notebook; nothing is taken for it" for name in lost]
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = theirs.get(name, cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"]["kernelspec"] = dict(_NO_KERNEL)
    return notebook, problems


def _cells(data: bytes, problems: list[str]) -> list[Any] | None:
    try:
        notebook = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        problems.append("the notebook is not JSON in UTF-8; save it again and hand it in again")
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        problems.append("the notebook has no cells; save it again, in format 4, and hand it in again")
        return None
    return cells


def _names_by_id(released: Notebook) -> dict[str, str]:
    """Some editors take nbgrader's marks out and keep the ids."""
    marked = [(cell.get("id"), cell["metadata"].get("nbgrader", {}).get("grade_id")) for cell in released["cells"]]
    return {id_: name for id_, name in marked if id_ and name}


def _texts(cells: list[Any], by_id: dict[str, str], wanted: dict[str, str], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in _named(cells, by_id):
        if name not in wanted:
            continue
        if name in found:
            problems.append(f"the cell {name!r} is in the notebook more than once; the last is taken")
        if len(text) > _CELL_CAP:
            problems.append(f"the cell {name!r} has {format_size(len(text))}; the first {_CELL_CAP} characters are taken")
        found[name] = text[:_CELL_CAP].encode("utf-8", "replace").decode("utf-8")
    return found


def _named(cells: list[Any], by_id: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name and text of each cell that has both, whatever else the student's JSON holds."""
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        metadata = cell.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        marks = metadata.get("nbgrader")
        name = marks.get("grade_id") if isinstance(marks, dict) else None
        name = name or _known(by_id, cell.get("id")) or _known(by_id, metadata.get("id"))
        text = _text(cell.get("source"))
        if isinstance(name, str) and text is not None:
            yield name, text


def _known(by_id: dict[str, str], id_: Any) -> str | None:
    return by_id.get(id_) if isinstance(id_, str) else None


def _text(source: Any) -> str | None:
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None
