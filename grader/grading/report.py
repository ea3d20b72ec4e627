"""The report of one submission: a JSON file with a versioned schema.

Top-level keys: `schema`; `key` (what it was graded with, see `cache`); `public`, fit for the student as it
is; `ta` (outcomes with tracebacks, prints, faults); `timing`, the only part that differs between two grades
of the same thing.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course import Assignment
from grader.errors import ReportError
from grader.grading.atomic import write_atomic
from grader.grading.find import safe_name
from grader.grading.outcome import Outcome
from grader.grading.replies import Reply
from grader.grading.score import Override, Score, Suite, score
from grader.grading.scored import PartScore

__all__ = ["SCHEMA", "Grading", "build_report", "read_report", "report_path", "rescored", "write_report"]

SCHEMA = 3

_SHAPE: dict[str, type] = {"schema": int, "key": str, "public": dict, "ta": dict, "timing": dict}
_PUBLIC: dict[str, type | tuple[type, ...]] = {
    "assignment": str, "title": str, "student": str, "score": (int, float, type(None)),
    "max_score": (int, float), "max_assessed": (int, float), "provisional": bool, "tasks": list,
    "questions": list, "pictures": list, "intake": list, "environment": dict,
}  # fmt: skip
_TASK = (
    "id", "title", "points", "score", "verdict", "kind", "message", "notes", "passed", "tests",
    "waived", "override",
)  # fmt: skip
_QUESTION = ("id", "text", "points", "score", "verdict", "state", "given", "message", "why", "override")
_PICTURE = ("task", "caption", "alt", "width", "height", "tiles", "labels", "curves", "axes")
_TA = ("faults", "run_faults", "outcomes", "suite", "replies", "output")
_MOST_PICTURES = 24
_AGAIN = "remove it, or grade again with --force"


@dataclasses.dataclass(frozen=True)
class Grading:
    """What a report is made of, beside the score.

    `problems`: sentences of the intake; `environment`: JSON values that tell where and with what it was
    graded (isolation level, device, seed id, versions, ...); `faults`: of the run as a whole; `output`:
    prints, for the TA; `timing`: seconds by name; `key`: see `cache.grade_key`; `pictures`: those of an earlier report; else
    they are the outcomes' own.
    """

    student: str
    outcomes: Sequence[Outcome]
    suite: Suite
    problems: Sequence[str] = ()
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    faults: Sequence[str] = ()
    output: str = ""
    timing: Mapping[str, float] = dataclasses.field(default_factory=dict)
    key: str = ""
    replies: Sequence[Reply] = ()
    pictures: Sequence[Mapping[str, Any]] | None = None


def report_path(folder: Path, student: str, assignment: str) -> Path:
    """`<folder>/<student>/<assignment>.json`, the student's name made safe."""
    return folder / safe_name(student) / f"{assignment}.json"


def build_report(assignment: Assignment, result: Score, grading: Grading) -> dict[str, Any]:
    """The report as JSON values; its keys always come in the same order."""
    return {
        "schema": SCHEMA,
        "key": grading.key,
        "public": {
            "assignment": assignment.name,
            "title": assignment.title,
            "student": grading.student,
            "score": result.score,
            "max_score": result.max_score,
            "max_assessed": result.max_assessed,
            "provisional": result.provisional,
            "tasks": [_part(task, _TASK) for task in result.tasks],
            "questions": [_part(question, _QUESTION) for question in result.questions],
            "pictures": list(_pictures(grading.outcomes) if grading.pictures is None else grading.pictures),
            "intake": list(grading.problems),
            "environment": {name: grading.environment[name] for name in sorted(grading.environment)},
        },
        "ta": {
            "faults": list(result.faults),
            "outcomes": [_without_time(outcome) for outcome in grading.outcomes],
            "suite": {task: [[test, weight] for test, weight in tests] for task, tests in grading.suite.items()},
            "replies": [reply.to_json() for reply in grading.replies],
            "run_faults": list(grading.faults),
            "output": grading.output,
        },
        "timing": {
            "seconds": {name: grading.timing[name] for name in sorted(grading.timing)},
            "tests": [outcome.seconds for outcome in grading.outcomes],
        },
    }


def rescored(
    report: Mapping[str, Any],
    assignment: Assignment,
    overrides: Mapping[str, Override] | None = None,
    waived: Collection[str] = (),
) -> dict[str, Any]:
    """The same grade under other overrides or waivers, from the outcomes in the report; nothing runs."""
    public, ta, timing = report["public"], report["ta"], report["timing"]
    try:
        pairs = zip(ta["outcomes"], timing["tests"], strict=True)
        outcomes = [Outcome.from_json({**outcome, "seconds": seconds}) for outcome, seconds in pairs]
        suite = {task: [(test, weight) for test, weight in tests] for task, tests in ta["suite"].items()}
        replies = [Reply.from_json(reply) for reply in ta["replies"]]
    except (TypeError, ValueError, KeyError, AttributeError):
        raise ReportError(f"the report of {public['student']!r} holds no usable outcomes; {_AGAIN}") from None
    faults = ta["run_faults"]
    grading = Grading(
        public["student"], outcomes, suite, public["intake"], public["environment"], faults, ta["output"],
        timing["seconds"], report["key"], replies, public["pictures"],
    )  # fmt: skip
    return build_report(assignment, score(assignment, outcomes, suite, overrides, waived, faults, replies), grading)


def _part(part: PartScore, names: Sequence[str]) -> dict[str, Any]:
    """These fields of a task or question, in their order."""
    override = None
    if part.override is not None:
        override = {"points": part.override.points, "reason": part.override.reason, "was": part.was}
    fields = {**dataclasses.asdict(part), "waived": part.is_waived, "override": override}
    return {name: list(fields[name]) if isinstance(fields[name], tuple) else fields[name] for name in names}


def _pictures(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Those of all tests, each with its task; of one caption in a task the first."""
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for outcome in outcomes:
        for picture in outcome.pictures:
            shown.setdefault((outcome.task, picture.caption), {"task": outcome.task, **picture.to_json()})
    return list(shown.values())[:_MOST_PICTURES]


def _without_time(outcome: Outcome) -> dict[str, Any]:
    """Pictures stand in the public part. A number that is none (a fault by now) is kept as text: JSON has no NaN."""
    fields = {name: value for name, value in outcome.to_json().items() if name not in ("seconds", "pictures")}
    return {
        name: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write it whole or not at all. Raises ReportError where it is not a report or cannot be written."""
    _check(path, report)
    try:
        # ASCII: a name or message with control characters must not act on the terminal that shows the file.
        text = json.dumps(report, indent=2, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise ReportError(f"{path}: not written, a value is not JSON ({problem}); report this as a bug") from None
    write_atomic(path, text.encode() + b"\n")


def read_report(path: Path) -> dict[str, Any]:
    """The report in a file. Raises ReportError that says what is wrong with it and what to do."""
    try:
        report: dict[str, Any] = json.loads(path.read_bytes())
    except OSError as problem:
        raise ReportError(f"{path}: no report can be read there ({problem.strerror}); grade first") from None
    except (ValueError, RecursionError):
        raise ReportError(f"{path}: damaged, not JSON; {_AGAIN}") from None
    _check(path, report)
    return report


def _check(path: Path, report: Any) -> None:
    version = report.get("schema") if isinstance(report, Mapping) else None
    if type(version) is not int:
        raise ReportError(f"{path}: not a report: it has no schema; {_AGAIN}")
    if version != SCHEMA:
        raise ReportError(f"{path}: schema {version}, this grader reads {SCHEMA}; {_AGAIN}")
    _check_fields(path, "the report", report, _SHAPE)
    _check_fields(path, "public", report["public"], _PUBLIC)
    _check_fields(path, "ta", report["ta"], dict.fromkeys(_TA, object))
    _check_fields(path, "timing", report["timing"], {"seconds": dict, "tests": list})
    for task in report["public"]["tasks"]:
        _check_fields(path, "a task", task, dict.fromkeys(_TASK, object))
    for question in report["public"]["questions"]:
        _check_fields(path, "a question", question, dict.fromkeys(_QUESTION, object))
    for picture in report["public"]["pictures"]:
        _check_fields(path, "a picture", picture, dict.fromkeys(_PICTURE, object))


def _check_fields(path: Path, where: str, table: Any, shape: Mapping[str, Any]) -> None:
    for name, kind in shape.items():
        if not isinstance(table, Mapping) or name not in table or not isinstance(table[name], kind):
            raise ReportError(f"{path}: damaged: {where} has no usable {name!r}; {_AGAIN}")
