"""`grader calibrate`: run an assignment's right and wrong solutions over many seeds and write its table of thresholds."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import find_course

from .options import count, default_workers

if TYPE_CHECKING:
    from rich.table import Table

    from grader.calibration.run import Calibration
    from grader.course.thresholds import Threshold

    from .screen import Screen

__all__ = ["add", "run"]

_FEWEST_SEEDS = 5
_EPILOG = """\
exit status: 0 the table is written; 1 written, and something should be looked at; 2 it could not be done

What was measured is kept under .grader/calibration/: a run that is ended goes on where it stopped.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "calibrate", help="measure the thresholds of an assignment", description=__doc__, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("assignment", metavar="NAME", help="the assignment")
    parser.add_argument("--seeds", type=_seeds, default=30, metavar="N", help="runs of each right solution (%(default)s)")
    parser.add_argument("--only", metavar="ID", help="only this threshold; the others are left as they are")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.add_argument("--workers", type=count, default=default_workers(), metavar="N", help="runs at once (%(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, write, print; gives the exit status."""
    from grader.calibration.lab import Settings
    from grader.calibration.run import calibrate
    from grader.grading.devices import present_devices
    from grader.sandbox.levels import choose

    from .screen import Screen

    course, screen = find_course(options.course), Screen()
    course.hidden_suite(options.assignment)
    choice = choose()
    screen.isolation(choice)
    settings = Settings(
        course, options.assignment, choice, present_devices(),
        seeds=options.seeds, only=options.only, workers=options.workers,
    )  # fmt: skip
    with _progress() as tell:
        found = calibrate(settings, tell)
    _show(screen, found)
    return int(bool(found.doubts))


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar; begins anew with each batch of measurements."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("measuring"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), TextColumn("{task.description}", markup=False)) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, total, what: progress.update(bar, completed=done, total=total, description=what)


def _show(screen: Screen, found: Calibration) -> None:
    from rich.console import Console

    Console(highlight=False, emoji=False).print(_table(found))
    for name in found.set:
        entry = found.entries[name]
        screen.line(f"{name}: {entry.bound}; {entry.assumption}", "dim")
    for doubt in found.doubts:
        screen.line(f"look at this: {doubt}", "yellow")
    left = sorted(found.entries.keys() - set(found.set))
    screen.line(f"written: {found.path}" + (f"; left as they were: {', '.join(left)}" if left else ""))


def _table(found: Calibration) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=found.path.parent.name, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    table.add_column("threshold", overflow="fold")
    for heading in ("asked for", "n", "mean", "sd", "worst", "wrong ones"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in found.set:
        table.add_row(name, *_cells(found.entries[name]))
        for solution, row in found.entries[name].measured.items():
            figures = map(_number, (row.mean, row.sd, row.worst))
            table.add_row(f" {_short(solution)}", "", str(row.n), *figures, "", style="dim")
        for solution, best in found.entries[name].wrong.items():
            table.add_row(f" {_short(solution)}", *[""] * 5, _number(best), style="dim")
    return table


def _short(solution: str) -> str:
    return solution.removeprefix("alternatives/")


def _cells(entry: Threshold) -> list[str]:
    asked = f"{entry.rule if entry.rule != 'speed' else 'at least'} {entry.threshold:g}"
    wrong = (min if entry.rule == "at most" else max)(entry.wrong.values(), default=None)
    figures = map(_number, (entry.mean, entry.sd, entry.worst))
    return [asked, str(entry.n), *figures, "" if wrong is None else _number(wrong)]


def _number(value: float) -> str:
    return f"{value:.4g}"


def _seeds(text: str) -> int:
    if not text.isdecimal() or int(text) < _FEWEST_SEEDS:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number, at least {_FEWEST_SEEDS}, better 30")
    return int(text)
