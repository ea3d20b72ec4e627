"""`grader doctor`: what this machine can do, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys

from grader.course import find_course
from grader.errors import CourseError

__all__ = ["add", "run"]

_PACKAGES = {
    "numpy": "pip install numpy",
    "torch": "pip install 'deep-learning-grader[torch]'",
    "cupy": "pip install 'deep-learning-grader[cuda12]' (or [cuda13])",
    "nbgrader": "pip install 'deep-learning-grader[nbgrader]'",
}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("doctor", help="what is here, what is missing, how to mend it", description=__doc__)
    parser.add_argument("--require-isolation", choices=["bubblewrap", "landlock"], help="exit 1 where this level is missing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look, print, give the exit status: 1 where the required level is missing, or no level at all is there."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Python {platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}")
    working = _isolation(console)
    _devices(console)
    for name, command in _PACKAGES.items():
        _say(console, importlib.util.find_spec(name) is not None, f"package {name}", "not installed", command)
    _course(console)
    needed = options.require_isolation
    return int(needed not in working if needed else not working)


def _isolation(console: object) -> list[str]:
    if sys.platform != "linux":
        _say(console, False, "isolation", "student code is confined on Linux only", "grade on a Linux machine")
        return []
    from grader.sandbox.levels import mend, probe

    working = []
    for level in ("bubblewrap", "landlock"):
        why = probe(level)
        _say(console, why is None, f"isolation {level}", why or "", mend(level))
        if why is None:
            working.append(level)
    return working


def _devices(console: object) -> None:
    from grader.grading.devices import present_devices

    present = present_devices()
    _say(console, True, f"devices: {', '.join(present)}", "", "")
    if "cuda" not in present and sys.platform == "linux":
        _say(console, False, "device cuda", "no NVIDIA driver (/dev/nvidiactl)", "tasks on it are reported as not assessed here")


def _course(console: object) -> None:
    try:
        course = find_course(None)
        names = course.assignments()
        _say(console, True, f"course with {', '.join(names)}", "", "")
    except CourseError as error:
        _say(console, False, "course", str(error), "cd into the course's folder")
        return
    try:
        for name in names:
            course.hidden_suite(name)
        _say(console, True, "hidden suites", "", "")
    except CourseError as error:
        _say(console, False, "hidden suites", str(error), "grading needs the instructor's repository")


def _say(console: object, here: bool, what: str, why: str, command: str) -> None:
    from rich.markup import escape

    mark = "[green]yes[/green]" if here else "[yellow]no [/yellow]"
    console.print(f"{mark}  {escape(what)}" + ("" if here else f": {escape(why)}"))  # type: ignore[attr-defined]
    if not here and command:
        console.print(f"     {escape(command)}", style="dim")  # type: ignore[attr-defined]
