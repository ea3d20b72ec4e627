"""The class at a glance, for its TAs: who has which score, what waits, and which task or mistake was met how often."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from grader.grading.report import report_path

from .error_map import split_message
from .files import page_path
from .render import render
from .words import first_sentence, number, out_of, task_word

__all__ = ["class_page"]

Report = Mapping[str, Any]
_MISTAKES = 3  # of a task


@dataclasses.dataclass(frozen=True)
class Cell:
    """One report in the table of the class. `look`: one of `VERDICTS`; `link`: its page, from the table's folder."""

    look: str
    score: str
    most: str
    note: str
    link: str


@dataclasses.dataclass(frozen=True)
class Stumble:
    """How a task went: how many passed it, in part, or not at all, how many were not assessed, and the mistakes met most."""

    title: str
    counts: Mapping[str, int]
    mistakes: Sequence[tuple[str, int]]


def class_page(reports: Sequence[Report]) -> bytes:
    """The page of these reports, whatever their order. It holds what is for TAs only: students get their own pages."""
    ordered = sorted(reports, key=lambda report: (report["public"]["assignment"], report["public"]["student"]))
    titles = {report["public"]["assignment"]: report["public"]["title"] for report in ordered}
    cells = {(report["public"]["student"], report["public"]["assignment"]): _cell(report) for report in ordered}
    return render(
        "class.html.j2", titles=titles, cells=cells, students=sorted({student for student, _ in cells}),
        means={name: _mean(ordered, name) for name in titles}, waiting=list(_waiting(ordered)),
        held=sum(cell.look == "fault" for cell in cells.values()),
        stumbles={name: _stumbles([one for one in ordered if one["public"]["assignment"] == name]) for name in titles},
    )  # fmt: skip


def _cell(report: Report) -> Cell:
    public = report["public"]
    link = quote(page_path(report_path(Path(), public["student"], public["assignment"])).as_posix())
    if public["score"] is None:
        return Cell("fault", "waits", "", "the grader failed", link)
    most = out_of(public)
    look = "passed" if public["score"] >= most else "partly" if public["score"] > 0 else "failed"
    return Cell(look, number(public["score"]), number(most), "provisional" if public["provisional"] else "", link)


def _mean(reports: Sequence[Report], name: str) -> str:
    """The mean score of an assignment in percent of what could be reached, over those that have one."""
    publics = [report["public"] for report in reports if report["public"]["assignment"] == name]
    shares = [public["score"] / out_of(public) for public in publics if public["score"] is not None and out_of(public)]
    return f"{100 * sum(shares) / len(shares):.0f} %" if shares else "–"


def _waiting(reports: Sequence[Report]) -> Iterator[tuple[str, str, str]]:
    """Student, assignment and reason of each fault."""
    for report in reports:
        for fault in report["ta"]["faults"]:
            yield report["public"]["student"], report["public"]["assignment"], fault


def _stumbles(reports: Sequence[Report]) -> list[Stumble]:
    """For each task of one assignment, in its order."""
    tasks: dict[str, list[Mapping[str, Any]]] = {}
    for report in reports:
        for task in report["public"]["tasks"]:
            tasks.setdefault(task["id"], []).append(task)
    return [_stumble(results) for results in tasks.values()]


def _stumble(results: Sequence[Mapping[str, Any]]) -> Stumble:
    verdicts = collections.Counter(task["verdict"] for task in results)
    met = collections.Counter(_mistake(task) for task in results if task["verdict"] in ("partly", "failed"))
    most = sorted(met.items(), key=lambda item: (-item[1], item[0]))[:_MISTAKES]
    return Stumble(results[0]["title"], {name: verdicts[name] for name in ("passed", "partly", "failed")}, most)


def _mistake(task: Mapping[str, Any]) -> str:
    lead = first_sentence(split_message(task["message"])[0][0])[0]
    return lead if task["kind"] in ("wrong", "raised", "unusable", "limit", "import") and lead else task_word(task)
