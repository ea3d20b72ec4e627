"""`grader references`: every assignment's reference solution must get full marks on a device."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course import ANSWERS_FILE, Assignment, Course, answers_from_key, find_course, load_key

from .grade import SAMPLE_SECRET

if TYPE_CHECKING:
    from grader.sandbox.levels import Choice

    from .screen import Screen

__all__ = ["add", "run"]

_STUDENT = "reference"


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("references", help="grade the reference solutions on a device", description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda", "mps"], help="%(default)s where nothing is said")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder; default: found from here upwards")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """One line an assignment; 1 where one lost marks, could not be assessed or was NOT RUN for want of a package; 0 also
    where the device is absent. Tests that follow a device (the fixture `device`) run there.
    """
    from grader.grading.devices import absence

    from .screen import Screen

    screen, device = Screen(), options.device
    if why := absence(device):
        screen.line(f"{device}: not on this machine ({why}); nothing to do")
        return 0
    course = find_course(options.course)
    right = True
    with tempfile.TemporaryDirectory(prefix="grader-references-") as scratch:
        choice = _isolation(screen, device)
        for name in course.assignments():
            if device not in course.assignment(name).devices:
                screen.line(f"{name}: not for {device}")
            elif obstacle := course.assignment(name).obstacle:
                screen.line(f"{name}: {obstacle}", "yellow")
                right = False
            elif device != "cpu" and (why := absence(device, course.assignment(name))):
                screen.line(f"{name}: NOT RUN on {device}: {why}", "yellow")
                right = False
            else:
                report = _grade(course, name, device, choice, Path(scratch))
                right &= _tell(screen, course.assignment(name), device, report)
    return int(not right)


def _isolation(screen: Screen, device: str) -> Choice:
    """The best level of a sandbox; where there is none, or none passes the device on, in-process: it is the course's own
    code.
    """
    from grader.grading.inprocess import IN_PROCESS
    from grader.sandbox.levels import Choice, choose

    choice = choose() if sys.platform == "linux" and device != "mps" else Choice(IN_PROCESS, False, {})
    screen.isolation(choice)
    return choice


def _grade(course: Course, name: str, device: str, choice: Choice, scratch: Path) -> dict[str, Any]:
    """The report of a record run, in which questions count."""
    from grader.grading.run import Settings, Silent, grade

    settings = Settings(
        course=course, source=_hand_in(course, name, scratch / "submitted" / _STUDENT / name), out=scratch / "reports",
        isolation=choice, purpose="record", secret=SAMPLE_SECRET, devices=sorted({"cpu", device}), assignment=name,
        student=_STUDENT, run_on=device,
    )  # fmt: skip
    return grade(settings, Silent()).reports[0]


def _hand_in(course: Course, name: str, folder: Path) -> Path:
    """The reference as a student would hand it in, with the answers of the key."""
    assignment, own = course.assignment(name), course.reference(name).parent
    for file in assignment.files:
        if (own / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(own / file, folder / file)
    if assignment.questions:
        (folder / ANSWERS_FILE).write_text(answers_from_key(load_key(course, assignment)), encoding="utf-8")
    return folder


def _tell(screen: Screen, assignment: Assignment, device: str, report: Mapping[str, Any]) -> bool:
    public, name = report["public"], assignment.name
    if report["ta"]["faults"]:
        screen.line(f"{name}: a fault of the suite or of this machine: {'; '.join(report['ta']['faults'])}", "magenta")
        return False
    parts = [*public["tasks"], *public["questions"]]
    own = {task.id for task in assignment.tasks if task.device in (None, "cpu", device)}  # the others have another device
    settled = [part for part in parts if part["verdict"] == "not assessed" and part["id"] not in own]
    short = [part for part in parts if part["verdict"] != "passed" and part not in settled]
    screen.line(f"{name}: {public['score']:g} of {public['max_assessed']:g} points on {device}", "red" if short else "green")
    for part in short:
        said = part["message"].split("\n")[0]
        screen.line(f"  {part['id']}: {said}{_text(report, part)}", "red")
    return not short


def _text(report: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """The text of an exception, which a record run keeps from students; this is the course's own code."""
    details = [outcome["detail"] for outcome in report["ta"]["outcomes"] if outcome["task"] == part["id"]]
    raised = next((detail.splitlines()[-1] for detail in details if detail), "")
    return f" ({raised})" if part.get("kind") in ("raised", "import", "unusable") and raised else ""
