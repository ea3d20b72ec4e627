"""What a TA sees while submissions are graded, and at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from grader.grading.run import Result
    from grader.sandbox.levels import Choice

__all__ = ["Screen"]

_COLOURS = {"passed": "green", "partly": "yellow", "failed": "red", "fault": "bold magenta", "not assessed": "cyan"}


class Screen:
    """Progress and tables on standard output; progress on standard error when the reports themselves are printed (`quiet`).

    Names and messages come from students: they are escaped, and never read as markup.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=quiet, highlight=False, soft_wrap=False)
        columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
        self._progress = Progress(*columns, TimeRemainingColumn(), TextColumn("{task.description}"), console=self._console)
        self._task: Any = None

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def isolation(self, choice: Choice) -> None:
        """Say at which level student code is held, and why not at a better one."""
        self._console.print(f"isolation: [bold]{choice.level}[/bold]{'' if choice.warm else ' (cold starts)'}")
        for level, why in choice.refused.items():
            self._console.print(f"  {level} cannot be had here: {escape(_line(why))}", style="yellow")
            self._console.print("  `grader doctor` says how to get it", style="yellow")
        if choice.level == "none":
            self._console.print("  NOTHING stands between student code and this machine", style="bold red")

    def begin(self, found: int, cached: int) -> None:
        """Part of `Observer`."""
        self._task = self._progress.add_task("", total=found)
        if cached:
            self._progress.console.print(f"{cached} of {found} submissions are graded already and unchanged")

    def graded(self, report: Mapping[str, Any], cached: bool) -> None:
        """Part of `Observer`."""
        public = report["public"]
        self._progress.update(self._task, advance=1, description=escape(_line(f"{public['student']}/{public['assignment']}")))

    def results(self, result: Result, out: Path) -> None:
        """Tables, one an assignment; what was passed over; where the reports are."""
        for name in sorted({report["public"]["assignment"] for report in result.reports}):
            self._console.print(_table([report["public"] for report in result.reports if report["public"]["assignment"] == name]))
        for problem in result.problems:
            self._console.print(f"passed over: {escape(_line(str(problem)))}", style="yellow")
        for line in result.unused:
            self._console.print(f"override: {escape(_line(line))}", style="yellow")
        for report in result.faults:
            public = report["public"]
            why = next(iter(report["ta"]["faults"]), "") or _first_detail(report)
            self._console.print(f"waits for you: {escape(_line(public['student']))}: {escape(_line(why))}", style="magenta")
        if result.reports:
            graded, kept = result.fresh, len(result.reports) - result.fresh
            self._console.print(f"{graded} graded, {kept} kept; reports and grades.csv in {escape(_shown(out))}")

    def sample(self, wrong: Sequence[str], count: int) -> None:
        """Whether the sample class came out as it should."""
        for line in wrong:
            self._console.print(f"not as expected: {escape(line)}", style="red")
        if not wrong:
            self._console.print(f"sample class: all {count} submissions as expected", style="green")


def _table(reports: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=escape(reports[0]["title"]), title_justify="left", header_style="bold")
    table.add_column("student", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("tasks that did not pass, and why", overflow="fold")
    for report in reports:
        table.add_row(escape(_line(report["student"])), _score(report), _reasons(report))
    return table


def _score(report: Mapping[str, Any]) -> str:
    if report["score"] is None:
        return "[magenta]waits[/magenta]"
    mark = " provisional" if report["provisional"] else ""
    return f"{report['score']:g} / {report['max_score']:g}{mark}"


def _reasons(report: Mapping[str, Any]) -> str:
    """Tasks that did not pass, those with the same words together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for task in report["tasks"]:
        if task["verdict"] != "passed":
            groups.setdefault((task["verdict"], task["message"]), []).append(task["id"])
        if task.get("override"):
            groups.setdefault(("override", task["override"]["reason"]), []).append(task["id"])
    lines = [
        f"[{_COLOURS.get(verdict, 'blue')}]{', '.join(ids)}[/]: {escape(_line(message))[:300]}"
        for (verdict, message), ids in groups.items()
    ]
    return "\n".join(lines)


def _first_detail(report: Mapping[str, Any]) -> str:
    details = (outcome["detail"] for outcome in report["ta"]["outcomes"] if outcome["verdict"] == "fault")
    return next((detail.strip().split("\n")[-1] for detail in details if detail), "")


def _line(text: str) -> str:
    """One line without control characters: a terminal must not obey a student's file name."""
    return " ".join("".join(c if c.isprintable() else "?" for c in text.replace("\n", " ")).split())


def _shown(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
