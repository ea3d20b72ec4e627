"""Comparing the grades of the sample class with what they must be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course.strict import Table, load_toml
from grader.errors import ReportError

__all__ = ["differences"]

_KEYS = ("score", "passed", "right", "words", "explained")
_Facts = dict[tuple[str, str], Mapping[str, Any]]


def differences(
    path: Path, reports: Sequence[Mapping[str, Any]], assignment: str | None = None, student: str | None = None,
    without: Collection[str] = (),
) -> list[str]:  # fmt: skip
    """What is not as `path` says, a line each; empty when all is. `assignment`, `student`: only this one was graded;
    `without`: assignments that were left out.

    The file holds a table `[student.assignment]` for each submission: `score` of a record run; `passed` and `right`, ids of
    the tasks and of the questions with full points; `words`, each of which some message of the report must contain;
    `explained`, the same for what is said about the questions once they are judged. Where they are not judged, in feedback
    runs, nobody gets points for them, and nothing may be explained. Raises ReportError for a file that cannot be read.
    """
    everything = _expected(path)
    asked = {key: facts for key, facts in everything.items() if student in (None, key[0]) and assignment in (None, key[1])}
    wanted = {key: facts for key, facts in asked.items() if key[1] not in without}
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
                "score": table.number("score"), **{key: table.texts(key) for key in _KEYS if key != "score"}
            }  # fmt: skip
    return facts


def _compare(facts: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    hidden = [question for question in report["questions"] if question["verdict"] == "not assessed"]
    judged = [question for question in report["questions"] if question not in hidden]
    later = sum(question["points"] for question in hidden if question["id"] in facts["right"])
    score = round(facts["score"] - later, 4)
    if report["score"] != score:
        yield f"score {_score(report['score'])} where {score:g} is expected"
    right = [] if hidden else facts["right"]
    yield from _compare_ids("passed", report["tasks"], facts["passed"])
    yield from _compare_ids("answered rightly", judged, right)
    said, explained = "\n".join(_said(report)), "\n".join(_explained(report))
    yield from (f"nothing in the report says {word!r}" for word in facts["words"] if word not in said)
    if hidden:
        yield from (f"the report gives away {word!r}" for word in facts["explained"] if word in explained)
    else:
        yield from (f"no explanation says {word!r}" for word in facts["explained"] if word not in explained)


def _compare_ids(did: str, parts: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> Iterator[str]:
    passed = [part["id"] for part in parts if part["verdict"] == "passed"]
    if sorted(passed) != sorted(wanted):
        yield f"{did} {', '.join(passed) or 'nothing'} where {', '.join(wanted) or 'nothing'} is expected"


def _score(score: float | None) -> str:
    return "withheld" if score is None else f"{score:g}"


def _said(report: Mapping[str, Any]) -> Iterator[str]:
    yield from report["intake"]
    for task in report["tasks"]:
        yield from (task["message"], *task["notes"])
    yield from (question["message"] for question in report["questions"] if question["state"] == "unreadable")


def _explained(report: Mapping[str, Any]) -> Iterator[str]:
    for question in report["questions"]:
        yield from (question["message"] if question["state"] == "answered" else "", question["why"])
