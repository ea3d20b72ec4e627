"""The student's page: what is in a report's public part, arranged for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .handout import Facts
from .render import render
from .views import TaskView, question_view, task_view
from .words import LEVELS, number, out_of, standing

__all__ = ["student_page"]

_PURPOSES = {"feedback": "before the deadline", "record": "for the grade"}


def student_page(report: Mapping[str, Any], facts: Facts | None = None) -> bytes:
    """The page of a report, from its public part alone and the course's `facts`. The same report gives the same bytes."""
    public, known = report["public"], facts or Facts()
    kind, means = standing(public)
    tasks = [task_view(task, public["pictures"], known) for task in public["tasks"]]
    asked = {question.id: question for question in known.assignment.questions} if known.assignment else {}
    questions = [question_view(question, asked.get(question["id"])) for question in public["questions"]]
    return render(
        "student.html.j2", public=public, kind=kind, means=means, tasks=tasks, questions=questions,
        score=None if public["score"] is None else number(public["score"]), most=number(out_of(public)),
        parts=[part for part in (*tasks, *questions) if part.word != "not counted"], summary=_summary(tasks),
        skipped=_not_assessed(public), environment=list(_environment(public)),
    )  # fmt: skip


def _summary(tasks: Sequence[TaskView]) -> str:
    """One line on the tasks as a whole."""
    counted = [task for task in tasks if task.look != "open"]
    passed = sum(task.look == "passed" for task in counted)
    if counted and passed == len(counted):
        return "Every task passed." if len(counted) == len(tasks) else "Every task that was assessed passed."
    return f"{passed} of {len(counted)} tasks passed."


def _not_assessed(public: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Title, points and reason of whatever was not assessed."""
    skipped = [
        (task["title"], number(task["points"]), "left out for the whole class" if task["waived"] else task["message"])
        for task in public["tasks"]
        if task["verdict"] == "not assessed"
    ]
    waiting = sum(question["verdict"] == "not assessed" for question in public["questions"])
    if waiting:
        points = sum(question["points"] for question in public["questions"] if question["verdict"] == "not assessed")
        what = "The question" if waiting == 1 else f"The {waiting} questions"
        skipped.append((what, number(points), "answers are judged for the grade only, after the deadline"))
    return skipped


def _devices(known: Mapping[str, Any]) -> str:
    """The devices, and what each one is where that is known."""
    hardware = known.get("hardware", {})
    return ", ".join(f"{name} ({hardware[name]})" if name in hardware else name for name in known.get("devices", ()))


def _environment(public: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How it was graded, as pairs of a term and its value."""
    known = public["environment"]
    named = {
        "Graded": _PURPOSES.get(known.get("purpose"), known.get("purpose")), "Device": _devices(known),
        "Isolation": LEVELS.get(known.get("isolation"), known.get("isolation")), "Data": known.get("data"),
        "Hidden numbers": f"seed {known['seed_id']}" if "seed_id" in known else None,
        "Python": " on ".join(filter(None, (known.get("python"), known.get("machine")))),
        "Packages": ", ".join(f"{name} {version}" for name, version in sorted(known.get("packages", {}).items())),
        "Grader": known.get("grader"), "Pinned versions": known.get("constraints"),
    }  # fmt: skip
    yield from ((term, str(value)) for term, value in named.items() if value)
