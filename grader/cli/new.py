"""`grader new`: an assignment to begin with, which passes `grader check` as it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.course import find_course

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("new", help="begin an assignment from a template", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="of its folder and its module: small letters, digits and _")
    parser.add_argument("--title", metavar="TEXT", help="what students read; default: made of the name")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the files, say what comes next; gives 0."""
    from grader.release.new import new_assignment

    from .screen import Screen

    screen, name = Screen(), options.name
    title = name.replace("_", " ").capitalize() if options.title is None else options.title
    for path in new_assignment(find_course(options.course), name, title):
        screen.line(path)
    screen.line(f"`grader check {name}` passes now; change it bit by bit, and keep it so")
    return 0
