"""The small map of where an array is wrong (see `grader.checks.error_map`), read back from a message to be drawn."""

from __future__ import annotations

import dataclasses
import itertools
import re

__all__ = ["ErrorMap", "Run", "split_message"]

_HEAD = re.compile(r"where it is wrong, \[(?P<axes>[\w:, ]+)\]: (?P<legend>.+)")
_ROW = re.compile(r" *(?P<label>\d+)  (?P<cells>[#o·]( [#o·])*)")
_KINDS = {"#": "wrong", "o": "some", "·": "right"}
_BLOCK = re.compile(r"; a cell is a block of (\d+) x (\d+)$")


@dataclasses.dataclass(frozen=True)
class Run:
    """Neighbouring cells of one kind ("wrong", "some" or "right") in a row."""

    kind: str
    row: int
    column: int
    length: int


@dataclasses.dataclass(frozen=True)
class ErrorMap:
    """A grid of cells. `axes`: how the array is cut, such as `:, row, column`; `legend`: (kind, words); `labels`: the first
    index of each row; `last`: that of the last column; `block`: values that one cell stands for, or "".
    """

    axes: str
    legend: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    last: str
    columns: int
    runs: tuple[Run, ...]
    block: str

    @property
    def title(self) -> str:
        """What the map shows, in a few words."""
        return f"Where the array is wrong, [{self.axes}]"

    @property
    def words(self) -> str:
        """The map for whoever cannot see it: row by row, which columns are not right."""
        return " ".join(self._row(k) for k in range(len(self.labels)))

    def _row(self, row: int) -> str:
        wrong = [run for run in self.runs if run.row == row and run.kind != "right"]
        told = ", ".join(self._columns(run) for run in wrong)
        return f"Row {self.labels[row]}: {told or 'right'}."

    def _columns(self, run: Run) -> str:
        names = dict(self.legend)
        step = int(self.last) // max(1, self.columns - 1) or 1
        if run.length == self.columns:
            return f"{names[run.kind]} everywhere"
        first, last = run.column * step, (run.column + run.length - 1) * step
        return f"{names[run.kind]} in column {first}" + (f" to {last}" if last > first else "")


def split_message(message: str) -> tuple[list[str], ErrorMap | None]:
    """The lines of a message without its map, and the map; None where there is none, and where it cannot be read."""
    lines = message.split("\n")
    at = next((k for k, line in enumerate(lines) if _HEAD.fullmatch(line)), None)
    found = None if at is None else _read(lines[at:])
    return (lines, None) if at is None or found is None else (lines[:at], found)


def _read(lines: list[str]) -> ErrorMap | None:
    head, rows = _HEAD.fullmatch(lines[0]), [_ROW.fullmatch(line) for line in lines[2:]]
    ruler = lines[1].split() if len(lines) > 1 else []
    if head is None or not rows or ruler[:2] != ["row", "0"]:
        return None
    cells = [row["cells"].split(" ") for row in rows if row]
    if len(cells) < len(rows) or len(set(map(len, cells))) != 1:
        return None
    block = _BLOCK.search(head["legend"])
    legend = tuple((_KINDS[item[0]], item[2:]) for item in _BLOCK.sub("", head["legend"]).split(", ") if item[0] in _KINDS)
    if {kind for kind, _ in legend} != {_KINDS[cell] for row in cells for cell in row}:
        return None
    return ErrorMap(
        axes=head["axes"], legend=legend, labels=tuple(row["label"] for row in rows if row),
        last=ruler[2] if len(ruler) > 2 else "0", columns=len(cells[0]),
        runs=tuple(run for number, row in enumerate(cells) for run in _runs(number, row)),
        block=" x ".join(block.groups()) if block else "",
    )  # fmt: skip


def _runs(number: int, row: list[str]) -> list[Run]:
    runs, column = [], 0
    for cell, group in itertools.groupby(row):
        length = len(list(group))
        runs.append(Run(_KINDS[cell], number, column, length))
        column += length
    return runs
