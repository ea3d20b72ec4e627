"""`grader doctor`: what this machine can do, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.course import Assignment, Course, find_course
from grader.errors import CourseError

if TYPE_CHECKING:
    from .screen import Screen

__all__ = ["add", "run"]

_PACKAGES = {
    "numpy": "pip install numpy",
    "torch": "pip install -e '.[torch]'",
    "cupy": "pip install -e '.[cuda12]' (or [cuda13])",
    "nbgrader": "pip install -e '.[nbgrader]'",
}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("doctor", help="what is here, what is missing, how to mend it", description=__doc__)
    parser.add_argument("--require-isolation", choices=["bubblewrap", "landlock"], help="exit 1 where this level is missing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look, print, give the exit status: 1 where the required level is missing, or no level at all is there."""
    from .screen import Screen

    screen = Screen()
    screen.line(f"Python {platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}")
    working = _isolation(screen)
    devices = _devices(screen)
    for name, command in _PACKAGES.items():
        _say(screen, importlib.util.find_spec(name) is not None, f"package {name}", "not installed", command)
    _course(screen, devices, working)
    needed = options.require_isolation
    return int(needed not in working if needed else not working)


def _isolation(screen: Screen) -> list[str]:
    if sys.platform != "linux":
        _say(screen, False, "isolation", "student code is confined on Linux only", "grade on a Linux machine")
        return []
    from grader.sandbox.levels import mend, probe

    working = []
    for level in ("bubblewrap", "landlock"):
        why = probe(level)
        _say(screen, why is None, f"isolation {level}", why or "", mend(level))
        if why is None:
            working.append(level)
    return working


def _devices(screen: Screen) -> list[str]:
    """Those that are here."""
    from grader.grading.devices import absence, hardware

    for device in (devices := ("cpu", "cuda", "mps")):
        why = absence(device)
        named = "" if why else "".join(f": {text}" for text in hardware([device]).values())
        _say(screen, why is None, f"device {device}{named}", why or "", "its tasks are reported as not assessed here")
    return [device for device in devices if absence(device) is None]


def _reached(screen: Screen, course: Course, devices: Sequence[str], levels: Sequence[str]) -> None:
    """Whether the packages of each assignment reach the devices, and whether the best sandbox lets them."""
    from grader.grading.devices import absence

    for name in course.assignments():
        assignment = course.assignment(name)
        for device in set(assignment.devices) & set(devices) - {"cpu"}:
            why = absence(device, assignment) or _kept_out(assignment, device, levels)
            _say(screen, why is None, f"{device} for {name}", why or "", "its tasks are reported as not assessed here")


def _kept_out(assignment: Assignment, device: str, levels: Sequence[str]) -> str | None:
    """Why its submissions do not reach the device in the sandbox, which only Linux has."""
    if not levels:
        return None
    from grader.grading.sandboxes import Sandboxes

    place = Sandboxes(levels[0], warm=True)
    try:
        return place.absence(assignment, device)
    finally:
        place.close()


def _course(screen: Screen, devices: Sequence[str], levels: Sequence[str]) -> None:
    try:
        course = find_course(None)
        names = course.assignments()
        data = {name for assignment in names for name in course.assignment(assignment).data}
    except CourseError as error:
        _say(screen, False, "course", str(error), "cd into the course's folder")
        return
    _say(screen, True, f"course with {', '.join(names)}")
    here = importlib.util.find_spec("course_data") is not None
    _say(screen, here, "data: generated, nothing to download", "course_data is not installed", "pip install -e .")
    _reached(screen, course, devices, levels)
    if data:
        screen.line(f"     data sets that the assignments name: {', '.join(sorted(data))}")
    try:
        for name in names:
            course.hidden_suite(name)
        _say(screen, True, "hidden suites")
    except CourseError as error:
        _say(screen, False, "hidden suites", str(error), "grading needs the instructor's repository")


def _say(screen: Screen, here: bool, what: str, why: str = "", mend: str = "") -> None:
    screen.line(f"yes  {what}" if here else f"no   {what}: {why}", "" if here else "yellow")
    if not here and mend:
        screen.line(f"     {mend}", "dim")
