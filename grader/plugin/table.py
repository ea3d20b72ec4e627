"""The short table at the end of a student's run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from grader.course import Assignment, Task
from grader.grading.outcome import Outcome

__all__ = ["explanation", "table_lines", "verdict_word"]

_WORDS = {
    "undone": "not done", "limit": "stopped", "died": "stopped", "raised": "error", "import": "error", "missing": "no file",
    "fault": "broken test",
}  # fmt: skip
_COLOURS = {"passed": {"green": True}, "partly": {"yellow": True}, "not done": {"yellow": True}}


def table_lines(assignment: Assignment, outcomes: Sequence[Outcome], width: int) -> Iterator[tuple[str, dict[str, bool]]]:
    """Lines with their markup: task, points, verdict; below a task that failed, what is known of why; below all, notes."""
    told: list[str] = []
    column = max(len(task.title) for task in assignment.tasks)
    yield f"{'task':<{column}}  points  verdict", {"bold": True}
    for task in assignment.tasks:
        mine = [outcome for outcome in outcomes if outcome.task == task.id]
        word = verdict_word(mine)
        yield (
            f"{task.title:<{column}}  {task.points:>6g}  {word}",
            _COLOURS.get(word.split(" (")[0], {"red": bool(mine)}),
        )
        why = explanation(task, mine)
        for text in ["as above"] if why and why == told else why:
            yield from ((line, {}) for line in _wrapped(text, width, "    "))
        told = why or told
    for note in dict.fromkeys(note for outcome in outcomes for note in outcome.notes):
        yield from ((line, {"light": True}) for line in _wrapped(f"note: {note}", width, ""))


def verdict_word(outcomes: Sequence[Outcome]) -> str:
    """One or two words for all the tests of a task."""
    if not outcomes:
        return "not run"
    failed = [outcome for outcome in outcomes if outcome.verdict != "passed"]
    if not failed:
        return "passed" if all(outcome.fraction == 1 for outcome in outcomes) else "partly"
    word = _WORDS.get(failed[0].kind, "wrong")
    some = len(failed) < len(outcomes)
    return f"{word} ({len(failed)} of {len(outcomes)} checks)" if some else word


def explanation(task: Task, outcomes: Sequence[Outcome]) -> list[str]:
    """The first failure's words; the task's hint where there are none, and nothing for what is merely not done yet."""
    failed = [outcome for outcome in outcomes if outcome.verdict != "passed"]
    if not failed or failed[0].kind == "undone":
        return []
    detail = [failed[0].detail] if failed[0].kind == "fault" else []
    return [failed[0].message or task.hint, *detail]


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, max(width - 1, 40), initial_indent=indent, subsequent_indent=indent)
    ]
