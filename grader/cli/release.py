"""`grader release`: the students' archive, proved to hold no answers and to work on its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.course import find_course, format_size

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("release", help="write the students' archive, without solutions", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="DIR", help="for course/ and course.zip; default: dist/ in the course")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.add_argument("--no-verify", action="store_true", help="don't install it and run its tests")
    parser.add_argument("--extras", action="store_true", help="install what assignments need beyond NumPy too (torch)")
    parser.add_argument("--offline", action="store_true", help="download nothing: dependencies of this environment")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prove, write, print; gives 0. What prevents a release raises."""
    from grader.release import Contents, release, verify

    from .screen import Screen

    screen, course = Screen(), find_course(options.course)

    def prove(contents: Contents, archive: bytes) -> None:
        for note in contents.notes:
            screen.line(f"note: {note}", "yellow")
        screen.line(f"{len(contents.files)} files, none with a line of solutions/")
        steps = () if options.no_verify else verify(archive, offline=options.offline, with_extras=options.extras)
        for step in steps:
            screen.line(step, "yellow" if "NOT RUN" in step else "")

    made = release(course, (options.out or course.root / "dist").resolve(), prove)
    if options.no_verify:
        screen.line("not installed and not tried: --no-verify", "yellow")
    screen.line(f"{made.archive}: {made.files} files, {format_size(made.size)}, sha256 {made.sha256}")
    screen.line(f"{made.folder}: the same, unpacked")
    return 0
