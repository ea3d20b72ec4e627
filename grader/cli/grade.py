"""`grader grade`: grade a folder or a zip of submissions; without one, the sample class, and compare."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Course, Purpose, find_course, load_secret
from grader.errors import CourseError

from .options import count, default_workers

if TYPE_CHECKING:
    from grader.grading.run import Result, Settings

    from .screen import Screen

__all__ = ["SAMPLE_SECRET", "add", "add_options", "run", "settings_of", "tell"]

SAMPLE_SECRET = b"the sample class is graded alike everywhere"

_DEVICES = ("cpu", "cuda", "mps")
_LEVELS = ("bubblewrap", "landlock")
_STATUSES = """\
exit status:
  0    graded, every submission has a score
  1    something waits for you: a fault of the grader, or a sample that is not as expected; with --require-packages
       also an assignment of the sample class that was left out
  2    nothing could be done as asked: arguments, course, submissions, isolation
  130  interrupted: what was graded is kept, and the same command goes on

layouts: <student>/<assignment>/ (nbgrader's submitted/), <student>/<module>.py, one student's folder, one submission,
one .py file, or a zip of any of these; a folder with nbgrader_config.py goes through nbgrader, as `grader nbgrader run` does

of the sample class, assignments whose packages are not installed (torch) are left out, with a line for each; of your own
submissions nothing is ever left out
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "grade", help="grade submissions in the sandbox", description=__doc__, epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("source", nargs="?", type=Path, metavar="DIR|ZIP", help="submissions; default: the sample class")
    add_options(parser)
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How to grade, whatever is graded."""
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.add_argument("--assignment", metavar="NAME", help="only this assignment")
    parser.add_argument("--student", metavar="ID", help="only this student; names a single submission")
    parser.add_argument("--device", action="append", choices=_DEVICES, help="only these devices; default: all here")
    parser.add_argument("--waive", action="append", default=[], choices=_DEVICES, help="assess nobody on this device")
    parser.add_argument("--workers", type=count, default=default_workers(), metavar="N", help="at once (%(default)s)")
    parser.add_argument("--isolation", default="auto", choices=["auto", *_LEVELS, "none"], help="default: the best here")
    parser.add_argument("--require-isolation", choices=_LEVELS, help="refuse to grade at a lower level")
    parser.add_argument(
        "--require-packages", action="store_true", help="exit with 1 if a part of the sample class was left out"
    )
    parser.add_argument("--start", default="warm", choices=["warm", "cold"], help="fork workers, or start each from nothing")
    parser.add_argument(
        "--purpose", choices=["feedback", "record"],
        help="before the deadline, or for the grade: seeds, and whether questions are judged; default: feedback, for the "
        "sample class record",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="where reports go; default: reports/ beside the course")
    parser.add_argument("--overrides", type=Path, metavar="FILE", help="a TA's overrides; default: overrides.toml in DIR")
    parser.add_argument("--force", action="store_true", help="grade again what is graded and unchanged")
    parser.add_argument("--no-pages", action="store_true", help="write no HTML pages, neither of reports nor of the class")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit XML file too")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON instead of a table")


def run(options: argparse.Namespace) -> int:
    """Grade; print; gives the exit status."""
    from grader.grading.run import grade

    from .nbgrader import run_folder
    from .screen import Screen

    if options.source is not None and (options.source / "nbgrader_config.py").is_file():
        return run_folder(options)
    course = find_course(options.course)
    screen = Screen(quiet=options.json)
    settings = settings_of(options, course, screen)
    for name in settings.without:
        screen.line(f"{name}: {course.assignment(name).obstacle}", "yellow")
    with screen:
        result = grade(settings, screen)
    tell(options, settings, result, screen)
    if not result.reports:
        raise CourseError(f"{settings.source}: no submission was found; see `grader grade --help` for the layouts")
    wrong = options.source is None and _compare(settings, result.reports, screen)
    return int(wrong or bool(result.faults) or (options.require_packages and bool(settings.without)))


def settings_of(options: argparse.Namespace, course: Course, screen: Screen) -> Settings:
    """What the options say; tells the isolation level. Raises GraderError for what this machine cannot do."""
    from grader.grading.run import Settings
    from grader.page.files import NoPages, Pages
    from grader.sandbox.levels import choose

    devices = _devices(options)
    if options.source is None:
        course.sample_class()
    choice = choose(options.isolation, at_least=options.require_isolation, warm=options.start == "warm")
    screen.isolation(choice)
    sample = options.source is None
    purpose: Purpose = options.purpose or ("record" if sample else "feedback")
    return Settings(
        course=course, source=course.sample_class() if sample else options.source, out=_out(options, course),
        isolation=choice, purpose=purpose, secret=SAMPLE_SECRET if sample else load_secret(course.root),
        devices=devices, waived=options.waive, assignment=options.assignment, student=options.student,
        workers=options.workers, force=options.force, overrides=options.overrides,
        without=_without(course) if sample and not options.assignment else (),
        pages=NoPages() if options.no_pages else Pages(course),
    )  # fmt: skip


def _without(course: Course) -> list[str]:
    """Assignments that cannot be run for want of a package. For one that is asked for by its name that is an error."""
    return [name for name in course.assignments() if course.assignment(name).obstacle]


def tell(options: argparse.Namespace, settings: Settings, result: Result, screen: Screen) -> None:
    """Print what came of it, and write the files for machines."""
    from grader.grading.atomic import write_atomic
    from grader.grading.junit import junit_xml
    from grader.grading.run import overrides_file

    if options.junit:
        write_atomic(options.junit, junit_xml(result.reports))
    if options.json:
        print(json.dumps([report["public"] for report in result.reports], indent=2))
    screen.results(result, settings.out, overrides_file(settings), tables=not options.json)


def _compare(settings: Settings, reports: list[dict[str, object]], screen: Screen) -> bool:
    from grader.grading.sample import differences

    path = settings.course.sample_class() / "expected.toml"
    wrong = differences(path, reports, settings.assignment, settings.student, settings.without)
    screen.sample(wrong, len(reports), settings.without)
    return bool(wrong)


def _out(options: argparse.Namespace, course: Course) -> Path:
    given: Path | None = options.out
    name = "sample_class" if options.source is None else options.source.resolve().stem or "submissions"
    return given or course.root / "reports" / name


def _devices(options: argparse.Namespace) -> list[str]:
    from grader.grading.devices import absence, present_devices

    for device in options.device or []:
        if why := absence(device):
            raise CourseError(f"--device {device}: not on this machine ({why}); it has {', '.join(present_devices())}")
    if options.source is None:
        return options.device or ["cpu"]  # what expected.toml says holds on every machine
    return options.device or present_devices()
