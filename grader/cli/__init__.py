"""The command `grader`. One module a subcommand; each has `add(subparsers)` and `run(arguments) -> exit status`.

Exit statuses: 0 all is well; 1 something waits for a TA (a grader fault, a sample that is not as expected, a finding of
`check`, something missing that `doctor` was told to require); 2 nothing could be done as asked (arguments, course,
submissions, isolation); 130 interrupted (what was graded is kept, and the same command goes on).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from grader.errors import GraderError

from . import calibrate, check, doctor, grade, nbgrader, new, pack, page, references, release

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; gives the exit status."""
    parser = argparse.ArgumentParser(prog="grader", description=__doc__.split("\n\n")[0], epilog=_statuses())
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (grade, check, doctor, calibrate, references, release, pack, new, nbgrader, page):
        module.add(subparsers)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except GraderError as error:
        print(f"grader: {_printable(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ngrader: interrupted; what was graded is kept, and the same command goes on", file=sys.stderr)
        return 130
    return status


def _printable(error: GraderError) -> str:
    """Its lines, without what a terminal would obey: names of students' files are in it."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in str(error))


def _statuses() -> str:
    return " ".join((__doc__ or "").split("\n\n")[-1].split())
