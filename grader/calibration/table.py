"""Writing `thresholds.toml`: the same thresholds give the same bytes."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.course.thresholds import Threshold
from grader.grading.atomic import write_atomic

__all__ = ["table_text", "write_table"]

_ABOUT = """\
# Written by `grader calibrate {name}`, and read by the hidden suite: do not edit, measure again.
# How a threshold comes about is told in grader/docs/calibration.md.
"""
_READABLE = 0o644


def write_table(path: Path, entries: Mapping[str, Threshold]) -> None:
    """Write the table in one step. Raises ReportError."""
    write_atomic(path, table_text(path.parent.name, entries).encode("utf-8"))
    os.chmod(path, _READABLE)  # part of the course's repository, unlike a report


def table_text(name: str, entries: Mapping[str, Threshold]) -> str:
    """The table of the assignment `name`, its entries in the order of their names."""
    return "".join([_ABOUT.format(name=name), *(_entry(key, entries[key]) for key in sorted(entries))])


def _entry(name: str, entry: Threshold) -> str:
    fields = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
    measured, wrong = fields.pop("measured"), fields.pop("wrong")
    lines = [f"{key} = {_value(value)}" for key, value in fields.items() if value is not None]
    return "\n".join([f"\n[{_key(name)}]", *lines, *_rows(name, measured, wrong)]) + "\n"


def _rows(name: str, measured: Mapping[str, Any], wrong: Mapping[str, float]) -> Iterator[str]:
    yield f"\n[{_key(name)}.measured]"
    for solution, row in measured.items():
        facts = ", ".join(f"{key} = {_value(value)}" for key, value in dataclasses.asdict(row).items())
        yield f"{_key(solution)} = {{ {facts} }}"
    if wrong:
        yield f"\n[{_key(name)}.wrong]"
    yield from (f"{_key(solution)} = {_value(best)}" for solution, best in wrong.items())


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:.6g}" if value % 1 else f"{value:.1f}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)
