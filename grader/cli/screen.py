"""What a TA sees while submissions are graded, and at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
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

__all__ = ["Screen", "one_line", "say"]

_COLOURS = {"passed": "green", "partly": "yellow", "failed": "red", "fault": "magenta", "not assessed": "cyan"}
_MESSAGE = 300
_WAITING = (
    "  These have no score. Mend what is named and run the same command again: it grades them anew. "
    "Or give their tasks points, with a reason, in {}. Each report has the details, under ta."
)
_NOT_JUDGED = "Answers to questions are judged in record runs only; until then a score is of the tasks, and provisional."
_NAMED = 4  # submissions that are being graded, in the progress line


class Screen:
    """Progress and tables on standard output; progress on standard error when the reports themselves are printed (`quiet`).

    Names and messages come from students: they are escaped, and never read as markup.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        # Emoji codes are markup too: a student may be called ":bomb:".
        self._console = Console(stderr=quiet, highlight=False, emoji=False)
        columns = (TextColumn("grading"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
        self._progress = Progress(*columns, TimeRemainingColumn(), TextColumn("{task.description}"), console=self._console)
        self._task: Any = None
        self._working: dict[str, str] = {}

    def __enter__(self) -> Screen:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def isolation(self, choice: Choice) -> None:
        """Say at which level student code is held, and why not at a better one."""
        self.line(f"isolation: {choice.level}{'' if choice.warm else ' (every worker is started from nothing)'}")
        for level, why in choice.refused.items():
            self.line(f"  {level} cannot be had here: {why}", "yellow")
        if choice.refused:
            self.line("  `grader doctor` says how to get it", "yellow")
        if choice.level == "none":
            self.line("  NOTHING stands between student code and this machine", "bold red")

    def line(self, text: str, style: str = "") -> None:
        """One line of plain text, broken nowhere but by the terminal."""
        say(self._console, text, style)

    def begin(self, found: int, cached: int) -> None:
        """Part of `Observer`."""
        self._task = self._progress.add_task("", total=found)
        if cached:
            self.line(f"{cached} of {found} submissions are graded already and unchanged")

    def working(self, student: str, assignment: str, done: int, tests: int) -> None:
        """Part of `Observer`."""
        self._working[_whose(student, assignment)] = f"{done}/{tests}"
        self._show()

    def graded(self, report: Mapping[str, Any], cached: bool) -> None:
        """Part of `Observer`."""
        public = report["public"]
        self._working.pop(_whose(public["student"], public["assignment"]), None)
        self._progress.advance(self._task)
        self._show()

    def _show(self) -> None:
        """The submissions at work, each with how many of its tests are done."""
        named = [f"{whose} {done}" for whose, done in self._working.items()]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        self._progress.update(self._task, description=escape(", ".join(named[:_NAMED]) + more))

    def results(self, result: Result, out: Path, overrides: Path, *, tables: bool = True) -> None:
        """Tables, one an assignment; what was passed over; what waits; where the reports are."""
        publics = [report["public"] for report in result.reports if tables]
        for name in sorted({public["assignment"] for public in publics}):
            self._console.print(_table([public for public in publics if public["assignment"] == name]))
        if any(question["verdict"] == "not assessed" for public in publics for question in public["questions"]):
            self.line(_NOT_JUDGED, "cyan")
        for problem in result.problems:
            self.line(f"passed over: {problem}", "yellow")
        for text in result.unused:
            self.line(f"override: {text}", "yellow")
        self._waiting(result.faults, overrides)
        if result.reports:
            kept = len(result.reports) - result.fresh
            self.line(f"{result.fresh} graded, {kept} kept; reports and grades.csv in {_shown(out)}")

    def _waiting(self, faults: Sequence[Mapping[str, Any]], overrides: Path) -> None:
        for report in faults:
            public = report["public"]
            why = report["ta"]["faults"]
            more = f" (and {len(why) - 1} more)" if len(why) > 1 else ""
            self.line(f"waits for you: {_whose(public['student'], public['assignment'])}: {why[0]}{more}", "magenta")
        if faults:
            self.line(_WAITING.format(_shown(overrides)), "magenta")

    def sample(self, wrong: Sequence[str], count: int, without: Collection[str] = ()) -> None:
        """Whether the sample class came out as it should, and what of it was left out."""
        for text in wrong:
            self.line(f"not as expected: {text}", "red")
        if not wrong:
            left_out = f"; NOT RUN: {', '.join(without)}" if without else ""
            self.line(f"sample class: all {count} submissions as expected{left_out}", "yellow" if without else "green")


def say(console: Console, text: str, style: str = "") -> None:
    """Print as it is: no markup, no breaking of paths, no control characters."""
    console.print(one_line(text), style=style or None, markup=False, emoji=False, highlight=False, soft_wrap=True)


def one_line(text: str) -> str:
    """One line without control characters: a terminal must not obey a student's file name."""
    return "".join(c if c.isprintable() else " " if c in "\t\n\r" else "?" for c in text)


def _table(reports: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=escape(one_line(reports[0]["title"])), title_justify="left", header_style="bold")
    table.add_column("student", overflow="fold", max_width=30)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("tasks that did not pass, and why", overflow="fold")
    for report in reports:
        table.add_row(escape(one_line(report["student"])), _score(report), _reasons(report))
    return table


def _score(report: Mapping[str, Any]) -> str:
    if report["score"] is None:
        return "[magenta]waits[/magenta]"
    most = report["max_assessed"] if report["provisional"] else report["max_score"]
    return f"{report['score']:g} / {most:g}" + ("\nprovisional" if report["provisional"] else "")


def _reasons(report: Mapping[str, Any]) -> str:
    """Tasks that did not pass, those with the same words together; the questions; what the intake found; what a TA gave."""
    groups: dict[tuple[str, str], list[str]] = {}
    for task in report["tasks"]:
        if task["waived"] or task["verdict"] != "passed":
            groups.setdefault((task["verdict"], _words(task)), []).append(_named(task))
    for part in (*report["tasks"], *report["questions"]):
        if part["override"]:
            given = f"a TA gave {part['score']:g}: {part['override']['reason']}"
            groups.setdefault(("override", given), []).append(part["id"])
    lines = [_reason(report, *group, ids) for group, ids in groups.items()]
    lines += _questions(report["questions"])
    told = {message for _, message in groups}
    lines += [f"[yellow]handed in[/]: {_cut(problem)}" for problem in report["intake"] if problem not in told]
    return "\n".join(lines)


def _questions(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line: which were not answered, cannot be read or are wrong. Why, is in the report."""
    groups: dict[str, list[str]] = {}
    for question in questions:
        if question["verdict"] == "fault":
            groups.setdefault("cannot be judged", []).append(question["id"])
        elif question["verdict"] != "passed" and question["state"] != "answered":
            said = "cannot be read" if question["state"] == "unreadable" else "not answered"
            groups.setdefault(said, []).append(question["id"])
        elif question["verdict"] in ("failed", "partly"):
            groups.setdefault(f"wrong ('{question['given']}')", []).append(question["id"])
    everything = len(questions) > 1 and len(next(iter(groups.values()), [])) == len(questions)
    told = "; ".join(f"{'all' if everything else ', '.join(ids)} {said}" for said, ids in groups.items())
    return [f"[{_COLOURS['partly']}]questions[/]: {_cut(told)}"] if told else []


def _words(task: Mapping[str, Any]) -> str:
    """What is known, but for the map of an array: that stands in the report."""
    if task["waived"]:
        return "waived"
    return "not done yet" if task["kind"] == "undone" else str(task["message"]).split("\n")[0]


def _named(task: Mapping[str, Any]) -> str:
    return f"{task['id']} ({task['score']:g})" if task["verdict"] == "partly" and not task["override"] else task["id"]


def _reason(report: Mapping[str, Any], verdict: str, message: str, ids: Sequence[str]) -> str:
    everything = len(ids) == len(report["tasks"]) > 1
    who = "all tasks" if everything else ", ".join(ids)
    return f"[{_COLOURS.get(verdict, 'blue')}]{escape(who)}[/]" + (f": {_cut(message)}" if message else "")


def _cut(message: str) -> str:
    shown = one_line(message)
    return escape(shown if len(shown) <= _MESSAGE else shown[: _MESSAGE - 1] + "…")


def _whose(student: str, assignment: str) -> str:
    return one_line(f"{student}/{assignment}")


def _shown(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
