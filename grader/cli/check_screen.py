"""What is seen while a course checks itself, and at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .screen import one_line, say

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice
    from grader.selfcheck.check import Row

__all__ = ["CheckScreen"]

_COLUMNS = ("tasks", "mistakes\ncaught / named", "alternatives", "mutants\nkilled / equivalent\n/ survived", "CPU s")


class CheckScreen:
    """Progress, findings and the table, on standard output. Part of `grader.selfcheck.check.Observer`."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, emoji=False)
        self._progress: Progress | None = None
        self._bar: Any = None
        self._steps = 0

    def isolation(self, choice: Choice) -> None:
        """Say at which level the suites are run."""
        say(self._console, f"isolation: {choice.level}")
        for level, why in choice.refused.items():
            say(self._console, f"  {level} cannot be had here: {why}", "yellow")

    @contextlib.contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Show how far the assignment is."""
        columns = (TextColumn(f"checking {escape(name)}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("{task.description}"), console=self._console, transient=True)
        self._bar, self._steps = self._progress.add_task("", total=0), 0
        with self._progress:
            yield
        self._progress = None

    def more(self, steps: int) -> None:
        """Part of `Observer`."""
        self._steps += steps
        if self._progress is not None:
            self._progress.update(self._bar, total=self._steps)

    def step(self, what: str) -> None:
        """Part of `Observer`."""
        if self._progress is not None:
            self._progress.update(self._bar, advance=1, description=escape(one_line(what)))

    def told(self, row: Row) -> None:
        """Say what was written anew, and what is no finding but should be known."""
        for path in row.written:
            say(self._console, f"{row.name}: {path}: written", "yellow")
        for text in row.warnings:
            say(self._console, f"{row.name}: warning: {text}", "yellow")

    def findings(self, name: str, found: Sequence[str]) -> None:
        """One line each."""
        for text in found:
            first, *more = f"{name}: {text}".splitlines()
            say(self._console, first, "red")
            for line in more:
                say(self._console, f"    {line}")

    def not_run(self, name: str, obstacle: str) -> None:
        """Say that an assignment is not checked, and why."""
        say(self._console, f"{name}: {obstacle}", "yellow")

    def table(self, rows: Sequence[Row], found: int, idle: Sequence[str] = ()) -> None:
        """One line an assignment; how many findings there were in all; which assignments were not run."""
        table = Table(header_style="bold", box=SIMPLE_HEAD)
        table.add_column("assignment", overflow="fold")
        for column in _COLUMNS:
            table.add_column(column, justify="right")
        for row in rows:
            table.add_row(escape(one_line(row.name)), *_cells(row), style=None if not row.findings else "red")
        self._console.print(table)
        counted = f"{found} {'finding' if found == 1 else 'findings'}" if found else "nothing was found"
        if idle:
            counted += f"; NOT RUN: {', '.join(idle)}"
        say(self._console, counted, "red" if found else "yellow" if idle else "green")


def _cells(row: Row) -> list[str]:
    tally = row.tally
    caught = f"{tally.caught} / {tally.named} of {tally.tried}"
    if tally.unassessed:
        caught += f", {tally.unassessed} not assessed here"
    mutants = " / ".join(map(str, row.mutants)) if row.mutants is not None else "-"
    return [str(row.tasks), caught, str(row.alternatives), mutants, f"{row.seconds:.0f}"]
