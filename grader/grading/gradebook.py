"""grades.csv: one row a submission, for a spreadsheet or a gradebook (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["grades_csv", "number_cell", "text_cell"]

_FIXED = ("student", "assignment", "score", "max_score", "provisional")


def grades_csv(reports: Sequence[Mapping[str, Any]]) -> bytes:
    """The file's bytes. Rows by student and assignment; a column `<assignment>.<id>` for every task and then every
    question, in its order.

    `score` is empty where the report waits for a TA or is provisional, so that no sum ever holds half a
    grade.
    """
    publics = sorted((report["public"] for report in reports), key=lambda p: (p["student"], p["assignment"]))
    columns: dict[str, None] = {}
    for public in sorted(publics, key=lambda p: p["assignment"]):
        columns |= dict.fromkeys(_cells(public))
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow([*_FIXED, *map(text_cell, columns)])
    for public in publics:
        cells = _cells(public)
        writer.writerow([*_fixed(public), *(number_cell(cells.get(column)) for column in columns)])
    return table.getvalue().encode("utf-8", "backslashreplace")


def _cells(public: Mapping[str, Any]) -> dict[str, float | None]:
    return {f"{public['assignment']}.{part['id']}": part["score"] for part in (*public["tasks"], *public["questions"])}


def _fixed(public: Mapping[str, Any]) -> list[str]:
    total = None if public["provisional"] else public["score"]
    return [
        text_cell(public["student"]), text_cell(public["assignment"]), number_cell(total), number_cell(public["max_score"]),
        "yes" if public["provisional"] else "no",
    ]  # fmt: skip


def text_cell(value: str) -> str:
    """A spreadsheet runs a cell that begins like a formula, blanks or not: an apostrophe makes it text."""
    begins_formula = value.lstrip().startswith(("=", "+", "-", "@")) or value.startswith(("\t", "\r", "\n"))
    return f"'{value}" if begins_formula else value


def number_cell(value: float | None) -> str:
    """Up to four decimals, as reports have them; nothing for None."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
