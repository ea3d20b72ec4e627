"""Tasks, questions and pictures as a page shows them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from grader.course import Question

from .diagram import Diagram, diagram
from .error_map import ErrorMap, split_message
from .handout import Facts, Section
from .words import first_sentence, number, question_word, task_word

__all__ = ["Part", "PictureView", "QuestionView", "TaskView", "question_view", "task_view"]

_LOOKS = {"passed": "passed", "partly": "partly", "failed": "failed", "fault": "fault", "not assessed": "open"}
_COLUMNS, _TILE, _SINGLE = 8, 96, 192


@dataclasses.dataclass(frozen=True)
class PictureView:
    """A picture as it is shown: `width` and `height` of each tile on the page, a whole multiple of its own; `columns`: tiles
    side by side; or a `diagram`, with `axes`.
    """

    caption: str
    alt: str
    width: int
    height: int
    columns: int
    tiles: Sequence[str]
    labels: Sequence[str]
    diagram: Diagram | None
    axes: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Part:
    """A task or a question as it is shown. `look`: one of `VERDICTS`; `word`: the verdict in words; `share`: of its
    points, 0 to 1.
    """

    id: str
    title: str
    look: str
    word: str
    points: str
    score: str
    share: float
    weight: float
    override: Mapping[str, Any] | None

    @property
    def tally(self) -> str:
        """Points for a reader: `6 of 9`."""
        return f"{self.score or '–'} of {self.points}"


@dataclasses.dataclass(frozen=True)
class TaskView(Part):
    """`lead`: the first sentence of what was seen, which names the mistake where one is known; `more`: the rest of it;
    `needs_help`: it is for the student to mend.
    """

    lead: str
    more: Sequence[str]
    map: ErrorMap | None
    hint: str
    needs_help: bool
    checks: str
    notes: Sequence[str]
    section: Section | None
    pictures: Sequence[PictureView]


@dataclasses.dataclass(frozen=True)
class QuestionView(Part):
    """`given`: the answer as it was written; `choice`: the text of the one that it names."""

    given: str
    choice: str
    unit: str
    message: str
    why: str


def _part(part: Mapping[str, Any], title: str, word: str) -> dict[str, Any]:
    share = min(1.0, part["score"] / part["points"]) if part["score"] else 0.0
    return {
        "id": part["id"], "title": title, "look": _LOOKS[part["verdict"]], "word": word, "points": number(part["points"]),
        "score": "" if part["score"] is None else number(part["score"]), "share": share, "weight": part["points"],
        "override": part["override"],
    }  # fmt: skip


def task_view(task: Mapping[str, Any], pictures: Sequence[Mapping[str, Any]], facts: Facts) -> TaskView:
    """A task of a report's public part, with its own of all the report's pictures."""
    lines, found = split_message(task["message"])
    lead, rest = first_sentence(lines[0])
    hint = next((known.hint for known in facts.assignment.tasks if known.id == task["id"]), "") if facts.assignment else ""
    needs_help = task["verdict"] in ("partly", "failed") and not task["override"]
    return TaskView(
        **_part(task, task["title"], task_word(task)), lead=lead, more=[line for line in (rest, *lines[1:]) if line],
        map=found, hint="" if hint == task["message"] else hint, needs_help=needs_help, checks=_checks(task),
        notes=_notes(task["notes"]), section=facts.sections.get(task["id"]),
        pictures=[_picture(one) for one in pictures if one["task"] == task["id"]],
    )  # fmt: skip


def _notes(notes: Sequence[str]) -> list[str]:
    """Notes that say the same of several cases become one: `pad 0; pad 1: the gradient is wrong`."""
    cases: dict[str, list[str]] = {}
    for note in notes:
        case, _, rest = note.partition(": ")
        cases.setdefault(rest or note, []).append(case if rest else "")
    return [": ".join(filter(None, ("; ".join(filter(None, named)), rest))) for rest, named in cases.items()]


def _picture(picture: Mapping[str, Any]) -> PictureView:
    """A single picture is shown larger than one of many; rows are as long as each other."""
    count = max(1, len(picture["tiles"]))
    columns = math.ceil(count / math.ceil(count / _COLUMNS))
    scale = max(1, (_TILE if count > 1 else _SINGLE) // max(1, picture["width"]))
    return PictureView(
        caption=picture["caption"], alt=picture["alt"], width=picture["width"] * scale, height=picture["height"] * scale,
        columns=columns, tiles=picture["tiles"], labels=picture["labels"],
        diagram=diagram(picture["curves"]) if picture["curves"] else None, axes=picture["axes"],
    )  # fmt: skip


def _checks(task: Mapping[str, Any]) -> str:
    """How many checks passed, where that says more than the verdict's own word."""
    plain = ("passed", "partly passed", "not passed")
    if task_word(task) not in plain or not task["tests"] or task["override"] or (task["tests"] == 1 and not task["passed"]):
        return ""
    if task["passed"] == task["tests"]:
        return "the check passed" if task["tests"] == 1 else f"all {task['tests']} checks passed"
    return f"{task['passed']} of {task['tests']} checks passed"


def question_view(question: Mapping[str, Any], asked: Question | None) -> QuestionView:
    """A question of a report's public part; `asked`: the course's, where it is known."""
    return QuestionView(
        **_part(question, question["text"], question_word(question)), given=question["given"],
        choice=_choice(question, asked), unit=asked.unit if asked else "", message=question["message"], why=question["why"],
    )  # fmt: skip


def _choice(question: Mapping[str, Any], asked: Question | None) -> str:
    """The text of the choice that an answer names by its letter."""
    letter = question["given"].strip(" ().").casefold()
    return dict(asked.choices).get(letter, "") if asked and question["state"] == "answered" else ""
