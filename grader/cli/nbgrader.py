"""`grader nbgrader`: a course folder for nbgrader, and what stands between its `collect` and its gradebook."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import find_course
from grader.errors import CourseError

if TYPE_CHECKING:
    from grader.grading.find import Problem
    from grader.nbgrader_course.cycle import Cycle
    from grader.nbgrader_course.intake import Taken

    from .screen import Screen

__all__ = ["add", "run_folder"]

_STATUSES = """\
a course goes like this, in its folder:
  grader nbgrader build --out DIR          from the course's own folder
  nbgrader generate_assignment NAME        then release_assignment, or hand out release/NAME
  nbgrader collect NAME                    or zip_collect, or copy to submitted/STUDENT/NAME
  grader nbgrader run                      intake, grading in the sandbox, autograde, generate_feedback
  nbgrader export                          grades.csv

exit status: 0 all is in the gradebook; 1 something waits for you; 2 it could not be done as asked; 130 interrupted
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand and its own."""
    from .grade import add_options

    parser = subparsers.add_parser(
        "nbgrader", help="a course that nbgrader owns", description=__doc__, epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    inner = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    build = inner.add_parser("build", help="write nbgrader_config.py and source/ from the course's assignments")
    build.add_argument("--out", type=Path, required=True, metavar="DIR", help="nbgrader's course folder, new or old")
    build.add_argument("--assignment", action="append", default=[], metavar="NAME", help="only this; default: all")
    build.add_argument("--waive", action="append", default=[], choices=["cuda", "mps"], help="leave its tasks out")
    build.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    build.set_defaults(run=_build)
    intake = inner.add_parser("intake", help="only make clean submissions of what was collected")
    intake.add_argument("source", nargs="?", type=Path, default=Path(), metavar="DIR", help="nbgrader's course folder")
    intake.add_argument("--assignment", metavar="NAME", help="only this assignment")
    intake.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: nbgrader_config.py's")
    intake.set_defaults(run=_intake)
    run = inner.add_parser("run", help="from what was collected to gradebook and feedback")
    run.add_argument("source", nargs="?", type=Path, default=Path(), metavar="DIR", help="nbgrader's course folder")
    add_options(run)
    run.set_defaults(run=run_folder)


def _build(options: argparse.Namespace) -> int:
    from grader.nbgrader_course.build import build
    from grader.nbgrader_course.commands import require_nbgrader

    from .screen import Screen

    require_nbgrader()
    written = build(find_course(options.course), options.out, options.assignment, options.waive)
    names = sorted({path.parent.name for path in written if path.suffix == ".ipynb"})
    screen = Screen()
    screen.line(f"{options.out}: {len(written)} files; in that folder, next:")
    for name in names:
        screen.line(f"  nbgrader generate_assignment {name}")
    return 0


def _intake(options: argparse.Namespace) -> int:
    from grader.nbgrader_course.folder import CourseFolder
    from grader.nbgrader_course.intake import take_all

    from .screen import Screen

    folder = CourseFolder(_course_folder(options.source))
    with folder.alone():
        taken, problems = take_all(folder, find_course(options.course or _kit(folder.root)), options.assignment)
    screen = Screen()
    _tell_intake(taken, problems, screen)
    screen.line(f"{sum(one.is_new for one in taken)} taken in, {len(taken) - sum(one.is_new for one in taken)} unchanged")
    return int(bool(problems))


def run_folder(options: argparse.Namespace) -> int:
    """The whole cycle for nbgrader's course folder `options.source`; gives the exit status."""
    from grader.nbgrader_course.cycle import run_cycle
    from grader.nbgrader_course.folder import CourseFolder

    from .grade import settings_of, tell
    from .screen import Screen

    root = _course_folder(options.source)
    if options.purpose == "feedback":
        raise CourseError(f"{root}: a gradebook takes record runs only; leave --purpose out, or grade another folder")
    if options.out or options.overrides:
        raise CourseError(f"{root}: keeps its reports in reports/ and reads overrides.toml; leave --out and --overrides out")
    folder, screen = CourseFolder(root), Screen(quiet=options.json)
    options.purpose, options.out, options.overrides = "record", folder.reports, folder.overrides
    settings = settings_of(options, find_course(options.course or _kit(root)), screen)
    with screen:
        cycle = run_cycle(folder, settings, screen, screen.line)
    tell(options, settings, cycle.result, screen)
    _tell(cycle, screen)
    return int(bool(cycle.refused or cycle.problems or cycle.result.faults))


def _tell(cycle: Cycle, screen: Screen) -> None:
    _tell_intake(cycle.taken, cycle.problems, screen)
    for line in cycle.log.splitlines() if cycle.refused else ():
        screen.line(f"  {line}")
    for refused in cycle.refused:
        screen.line(f"not in the gradebook: {refused}", "magenta")
    screen.line(f"nbgrader: {len(cycle.graded)} taken over, {cycle.kept} kept, {len(cycle.refused)} refused")


def _tell_intake(taken: Sequence[Taken], problems: Sequence[Problem], screen: Screen) -> None:
    for one in taken:
        for problem in one.problems:
            screen.line(f"{one.student}/{one.assignment}: {problem}", "yellow")
    for passed in problems:
        screen.line(f"passed over: {passed}", "yellow")


def _course_folder(source: Path) -> Path:
    from grader.nbgrader_course.folder import CONFIG, is_course_folder

    if not is_course_folder(source):
        raise CourseError(f"{source.resolve()}: there is no {CONFIG}; make one with `grader nbgrader build --out DIR`")
    return source.resolve()


def _kit(root: Path) -> Path:
    """The course that `build` made this folder of."""
    from grader.nbgrader_course.kit import course_of

    return course_of(root)
