"""`grader grade`: grade a folder or a zip of submissions; without one, the sample class, and compare."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from grader.course import Course, find_course, load_secret
from grader.errors import CourseError

from .screen import Screen

__all__ = ["add", "run"]

_SAMPLE_SECRET = b"the sample class is graded alike everywhere"


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("grade", help="grade submissions in the sandbox", description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, metavar="DIR|ZIP", help="submissions; default: the bundled sample class")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.add_argument("--assignment", metavar="NAME", help="only this assignment")
    parser.add_argument("--student", metavar="ID", help="only this student; names a single submission")
    parser.add_argument("--device", action="append", choices=["cpu", "cuda", "mps"], help="only these devices; default: all here")
    parser.add_argument("--waive", action="append", default=[], metavar="DEVICE", help="assess nobody on this device")
    parser.add_argument("--workers", type=_count, default=_default_workers(), metavar="N", help="how many at once (%(default)s)")
    parser.add_argument("--isolation", default="auto", choices=["auto", "bubblewrap", "landlock", "none"], help="default: the best")
    parser.add_argument("--require-isolation", choices=["bubblewrap", "landlock"], help="refuse to grade at a lower level")
    parser.add_argument("--start", default="warm", choices=["warm", "cold"], help="fork workers, or start each from nothing")
    parser.add_argument("--purpose", default="feedback", choices=["feedback", "record"], help="which private seeds (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where reports go; default: reports/ beside the course")
    parser.add_argument("--overrides", type=Path, metavar="FILE", help="a TA's overrides; default: overrides.toml in DIR")
    parser.add_argument("--force", action="store_true", help="grade again what is graded and unchanged")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit XML file too")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grade; print; gives the exit status."""
    from grader.grading.atomic import write_atomic
    from grader.grading.junit import junit_xml
    from grader.grading.run import Settings, grade
    from grader.sandbox.levels import choose

    course = find_course(options.course)
    sample = options.source is None
    screen = Screen(quiet=options.json)
    choice = choose(options.isolation, at_least=options.require_isolation, warm=options.start == "warm")
    screen.isolation(choice)
    settings = Settings(
        course=course, source=course.sample_class() if sample else options.source, out=_out(options, course, sample),
        isolation=choice, purpose=options.purpose, secret=_SAMPLE_SECRET if sample else load_secret(course.root),
        devices=_devices(options), waived=options.waive, assignment=options.assignment, student=options.student,
        workers=options.workers, force=options.force, overrides=options.overrides,
    )  # fmt: skip
    with screen:
        result = grade(settings, screen)
    if options.junit:
        write_atomic(options.junit, junit_xml(result.reports))
    if options.json:
        print(json.dumps([report["public"] for report in result.reports], indent=2))
    else:
        screen.results(result, settings.out)
    if sample:
        return _compare(course, result.reports, screen) or bool(result.faults)
    if not result.reports:
        raise CourseError(f"{settings.source}: no submission was found; see `grader grade --help` for the layouts")
    return int(bool(result.faults))


def _compare(course: Course, reports: list[dict[str, object]], screen: Screen) -> int:
    from grader.grading.sample import differences

    wrong = differences(course.sample_class() / "expected.toml", reports)
    screen.sample(wrong, len(reports))
    return int(bool(wrong))


def _out(options: argparse.Namespace, course: Course, sample: bool) -> Path:
    given: Path | None = options.out
    return given or course.root / "reports" / ("sample_class" if sample else options.source.stem or "submissions")


def _devices(options: argparse.Namespace) -> list[str]:
    from grader.grading.devices import present_devices

    present = present_devices()
    absent = [device for device in options.device or [] if device not in present]
    if absent:
        raise CourseError(f"--device {absent[0]}: this machine has only {', '.join(present)}")
    return options.device or present


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _default_workers() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
