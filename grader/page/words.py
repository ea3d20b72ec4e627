"""Words of the pages: numbers, verdicts, and what a score means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "LEVELS", "VERDICTS", "first_sentence", "number", "open_points", "out_of", "question_word", "standing", "task_word",
]  # fmt: skip

VERDICTS = ("passed", "partly", "failed", "fault", "open")
"""Looks of a verdict: a mark, a colour and a word for each."""

LEVELS = {
    "bubblewrap": "bubblewrap: a sandbox without network that holds nothing but your files and the packages below",
    "landlock": "Landlock: a sandbox without network, which opens no file but yours and the packages below",
    "none": "none: your code ran beside the grader",
}
_SENTENCE = re.compile(r".+?[.?!] (?=\S)")
_UNDONE = {
    "undone": "not done yet", "limit": "stopped", "missing": "missing", "import": "not imported", "died": "ended",
}  # fmt: skip


def number(value: float) -> str:
    """At most two decimals, and those that say nothing left out."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def first_sentence(text: str) -> tuple[str, str]:
    """What names the mistake, and the finding behind it."""
    found = _SENTENCE.match(text)
    return (found[0].rstrip(), text[found.end() :]) if found else (text, "")


def out_of(public: Mapping[str, Any]) -> float:
    """What the score is out of."""
    most: float = public["max_assessed"] if public["provisional"] else public["max_score"]
    return most


def open_points(parts: Sequence[Mapping[str, Any]]) -> float:
    """Points of those that were not assessed and count for something."""
    return sum(float(part["points"]) for part in parts if part["verdict"] == "not assessed" and not part.get("waived"))


def task_word(task: Mapping[str, Any]) -> str:
    """The verdict on a task, in two or three words."""
    if task["waived"]:
        return "not counted"
    if task["verdict"] == "failed":
        return _UNDONE.get(task["kind"], "not passed")
    return {"partly": "partly passed", "fault": "waits for a TA"}.get(task["verdict"], str(task["verdict"]))


def question_word(question: Mapping[str, Any]) -> str:
    """The verdict on an answer."""
    if question["verdict"] == "fault":
        return "waits for a TA"
    if question["verdict"] in ("passed", "partly") or question["override"]:
        return {"passed": "right", "partly": "partly right", "failed": "wrong"}[question["verdict"]]
    if question["state"] != "answered":
        return "cannot be read" if question["state"] == "unreadable" else "not answered"
    return "wrong" if question["verdict"] == "failed" else "answered"


def standing(public: Mapping[str, Any]) -> tuple[str, list[str]]:
    """What kind of report it is, and what its score means."""
    purpose = public["environment"].get("purpose")
    name = {"feedback": "Feedback, not your grade", "record": "Graded for the record"}.get(purpose, "Report")
    if public["score"] is None:
        return name, ["There is no score yet: the grader itself failed somewhere, and not you. A TA will look at it."]
    means = [*_purpose(str(purpose), public), *_open(public)]
    if any(part["override"] for part in (*public["tasks"], *public["questions"])):
        means.append("A TA has set points by hand where that is noted.")
    return name, means


def _purpose(purpose: str, public: Mapping[str, Any]) -> list[str]:
    if purpose == "feedback":
        return [
            "This is what the hidden tests say of your submission as it is now. The grade comes from other random numbers, "
            "and from what you hand in last."
        ]
    if purpose != "record":
        return []
    what = "of the tasks that could be assessed" if public["provisional"] else "for the record"
    return [f"This is the score {what}."]


def _open(public: Mapping[str, Any]) -> list[str]:
    tasks, questions = open_points(public["tasks"]), open_points(public["questions"])
    said = []
    if questions:
        said.append(f"{number(questions)} points for questions are still open: answers are judged for the grade only.")
    if tasks:
        said.append(f"{number(tasks)} points are still open: those tasks could not be assessed here.")
    return [*said, "Until then the score is provisional."] if said else []
