"""Comparing the grades of the sample class with what they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course.strict import Table, load_toml
from grader.errors import ReportError

__all__ = ["differences"]

_KEYS = ("score", "passed", "words")
_Facts = dict[tuple[str, str], Mapping[str, Any]]


def differences(path: Path, reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is not as `path` says, a line each; empty when all is.

    The file holds a table `[student.assignment]` for each submission: `score`, `passed` (ids of the tasks with full points)
    and `words`, each of which some message of the report must contain. Raises ReportError for a file that cannot be read.
    """
    wanted = _expected(path)
    public = {(report["public"]["student"], report["public"]["assignment"]): report["public"] for report in reports}
    lines = [f"{student}/{name} was not graded" for student, name in sorted(wanted.keys() - public.keys())]
    lines += [f"{student}/{name} is not in {path.name}" for student, name in sorted(public.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & public.keys()):
        lines += [f"{'/'.join(key)}: {line}" for line in _compare(wanted[key], public[key])]
    return lines


def _expected(path: Path) -> _Facts:
    data, _ = load_toml(path, ReportError)
    facts: _Facts = {}
    for student, assignments in data.items():
        names = list(assignments) if isinstance(assignments, dict) else []
        for name, entry in Table(assignments, f"{path}, {student}", names, ReportError).data.items():
            table = Table(entry, f"{path}, [{student}.{name}]", _KEYS, ReportError)
            facts[student, name] = {
                "score": table.number("score"), "passed": table.texts("passed"), "words": table.texts("words")
            }  # fmt: skip
    return facts


def _compare(facts: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    if report["score"] != facts["score"]:
        yield f"score {_score(report['score'])} where {facts['score']:g} is expected"
    passed = [task["id"] for task in report["tasks"] if task["verdict"] == "passed"]
    if sorted(passed) != sorted(facts["passed"]):
        yield f"passed {', '.join(passed) or 'nothing'} where {', '.join(facts['passed']) or 'nothing'} is expected"
    said = "\n".join(_said(report))
    yield from (f"nothing in the report says {word!r}" for word in facts["words"] if word not in said)


def _score(score: float | None) -> str:
    return "withheld" if score is None else f"{score:g}"


def _said(report: Mapping[str, Any]) -> Iterator[str]:
    yield from report["intake"]
    for task in report["tasks"]:
        yield from (task["message"], *task["notes"])
