"""Comparing the grades of the sample class with what they must be."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.errors import ReportError

__all__ = ["differences"]


def differences(path: Path, reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is not as `path` says, a line each; empty when all is.

    The file holds a table `[student.assignment]` for each submission: `score`, `passed` (ids of the tasks with full points)
    and `words`, each of which some message of the report must contain. Raises ReportError for a file that cannot be read.
    """
    try:
        expected = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ReportError(f"{path} cannot be read: {error}") from None
    public = {(report["public"]["student"], report["public"]["assignment"]): report["public"] for report in reports}
    wanted = {(student, name): facts for student, table in expected.items() for name, facts in table.items()}
    lines = [f"{student}/{name} was not graded" for student, name in sorted(wanted.keys() - public.keys())]
    lines += [f"{student}/{name} is not in {path.name}" for student, name in sorted(public.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & public.keys()):
        lines += [f"{'/'.join(key)}: {line}" for line in _compare(wanted[key], public[key])]
    return lines


def _compare(facts: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    lines = []
    if report["score"] != facts["score"]:
        lines.append(f"score {report['score']} where {facts['score']} is expected")
    passed = sorted(task["id"] for task in report["tasks"] if task["verdict"] == "passed")
    if passed != sorted(facts["passed"]):
        lines.append(f"passed {', '.join(passed) or 'nothing'} where {', '.join(facts['passed']) or 'nothing'} is expected")
    said = "\n".join([*report["intake"], *(f"{task['message']}\n" + "\n".join(task["notes"]) for task in report["tasks"])])
    return lines + [f"nothing in the report says {word!r}" for word in facts.get("words", []) if word not in said]
