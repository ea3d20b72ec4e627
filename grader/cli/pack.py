"""`grader pack`: a student's files, ready to hand in."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.course import find_course, format_size

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("pack", help="pack an assignment's files to hand them in", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="the assignment: its folder's name")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the zip to write; default: NAME.zip in this folder")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Pack, print, give 0; warnings do not change it. What cannot be handed in raises."""
    from grader.release.pack import pack

    from .screen import Screen

    screen = Screen()
    assignment = find_course(options.course).assignment(options.name)
    packed = pack(assignment, (options.out or Path(f"{assignment.name}.zip")).absolute())
    for warning in packed.warnings:
        screen.line(f"warning: {warning}", "yellow")
    size = format_size(packed.archive.stat().st_size)
    screen.line(f"{packed.archive}: {', '.join(packed.files)} ({size}); hand in this file")
    return 0
