"""`grader page`: the pages of reports, made again or for the first time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course import Course, find_course
from grader.errors import CourseError, ReportError

if TYPE_CHECKING:
    from .screen import Screen

__all__ = ["add", "run"]

_STATUSES = """\
a page lies beside its report: REPORT.html beside REPORT.json; of a folder also index.html, which is for TAs

exit status: 0 every page is made; 1 some reports cannot be read; 2 no page could be made
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "page", help="make the HTML pages of reports", description=__doc__, epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("source", type=Path, metavar="REPORT.json|DIR", help="a report, or the folder that `grade` wrote")
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="whose handouts are shown; default: found from here upwards, or none"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the pages; print; gives the exit status."""
    from grader.grading.report import read_report
    from grader.page.files import Pages

    from .screen import Screen

    screen = Screen()
    pages = Pages(_course(options.course, screen))
    if options.source.is_file():
        screen.line(str(pages.write(options.source, read_report(options.source))))
        return 0
    found: list[tuple[Path, dict[str, Any]]] = []
    lost = 0
    for path in _reports(options.source):
        try:
            found.append((path, read_report(path)))
        except ReportError as problem:
            screen.line(f"passed over: {problem}", "yellow")
            lost += 1
    if not found:
        raise ReportError(f"{options.source}: no report is there; name a report, or the folder that `grader grade` wrote")
    for path, report in found:
        pages.write(path, report)
    index = pages.overview(options.source, [report for _, report in found])
    screen.line(f"{len(found)} page{'' if len(found) == 1 else 's'}; for you: {index}")
    return int(lost > 0)


def _reports(folder: Path) -> Iterator[Path]:
    """Reports as they lie in a folder of `grade`."""
    yield from sorted(folder.glob("*/*.json"))


def _course(named: Path | None, screen: Screen) -> Course | None:
    """The course that is named, which has to be there, or the one around here."""
    if named is not None:
        return find_course(named)
    try:
        return find_course()
    except CourseError:
        screen.line("no course here: pages without handouts; name one with --course DIR", "yellow")
        return None
