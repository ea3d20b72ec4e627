"""`grader check`: the course checks itself: stubs are undone, right answers pass, every mistake is caught and named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Course, find_course
from grader.course.strict import did_you_mean
from grader.errors import CourseError, GraderError

from .options import count, default_workers

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice
    from grader.selfcheck.check import Plan

    from .check_screen import CheckScreen

__all__ = ["add", "run"]

_STATUSES = """\
exit status:
  0    nothing was found
  1    something was: each finding names the file, the value and the mend; or an assignment was NOT RUN, because a package
       that it needs is not installed
  2    nothing could be done as asked: arguments, course, isolation

by default a mistake runs the tasks that it must fail and one of the others, and few answers are run in other orders;
--all runs every task of every mistake, and every right answer in every order
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "check", help="check the course itself", description=__doc__, epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these assignments; default: all")
    parser.add_argument("--all", action="store_true", help="the full matrix, not a sample of it")
    parser.add_argument("--write", action="store_true", help="first cut each stub from its reference, write answers.toml")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.add_argument("--workers", type=count, default=default_workers(), metavar="N", help="at once (%(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check; print; 1 where something was found."""
    from grader.grading.devices import present_devices
    from grader.selfcheck.check import Plan

    from .check_screen import CheckScreen

    course = find_course(options.course)
    names = _names(course, options.names)
    screen = CheckScreen()
    choice = _isolation()
    screen.isolation(choice)
    plan = Plan(choice, present_devices(), options.workers, everything=options.all, write=options.write)
    return int(_check(course, names, plan, screen))


def _check(course: Course, names: list[str], plan: Plan, screen: CheckScreen) -> bool:
    from grader.selfcheck.check import check_assignment
    from grader.selfcheck.folder import course_findings

    common = list(course_findings(course))
    screen.findings("the course", common)
    rows = []
    idle = {name: obstacle for name in names if (obstacle := _obstacle(course, name))}
    for name in names:
        if name in idle:
            screen.not_run(name, idle[name])
            continue
        with screen.at(name):
            rows.append(check_assignment(course, name, plan, screen))
        screen.told(rows[-1])
        screen.findings(name, rows[-1].findings)
    found = len(common) + sum(len(row.findings) for row in rows)
    screen.table(rows, found, list(idle))
    return found > 0 or bool(idle)


def _obstacle(course: Course, name: str) -> str | None:
    """Why it cannot be run here. What is wrong with its facts is for the check to find."""
    try:
        return course.assignment(name).obstacle
    except GraderError:
        return None


def _names(course: Course, asked: list[str]) -> list[str]:
    """Those that were asked for, or all. Raises CourseError for an unknown one, and in a student release."""
    if not (course.root / "solutions").is_dir():
        raise CourseError(
            f"{course.root / 'solutions'}: not there: this is a student release, nothing in it can be checked; "
            "use the course's own repository"
        )
    known = course.assignments()
    for name in asked:
        if name not in known:
            raise CourseError(f"{course.root / 'assignments'}: no assignment {name!r}; {did_you_mean(name, known)}")
    return list(dict.fromkeys(asked)) or known


def _isolation() -> Choice:
    """The best level of a sandbox; where there is none, in-process: it is the course's own code."""
    from grader.grading.inprocess import IN_PROCESS
    from grader.sandbox.levels import Choice, choose

    return choose() if sys.platform == "linux" else Choice(IN_PROCESS, False, {})
