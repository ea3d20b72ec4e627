"""What is run to check an assignment, and how much of it: all of it, or what shows most for its time."""

from __future__ import annotations

import dataclasses
import hashlib
import statistics
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from grader.grading.outcome import Outcome

from .contact import contact_modules
from .mistakes import Mistake
from .parts import Files, Parts

__all__ = [
    "Role", "Trial", "few_right_answers", "hidden_trials", "in_process_trials", "mistake_trials", "public_trials",
    "quick_tasks", "sampled",
]  # fmt: skip

Role = Literal["stub", "right", "mistake", "contact"]

_FEW = 1  # alternatives that are run in-process too, and in a student's pytest
_OTHERS = 1  # tasks that a mistake must leave alone and that are run with those it fails
_SLOW = 4  # times as long as half of the tasks: too slow for that


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run of a suite: what is handed in and in which `role`; `name` says who it is, `how` in which order.

    `tasks`: those that are run, None for all.
    """

    role: Role
    name: str
    files: Files
    tasks: tuple[str, ...] | None = None
    reverse: bool = False
    mistake: Mistake | None = None

    @property
    def how(self) -> str:
        """The order, where it is not the usual one."""
        if self.reverse:
            return "reversed"
        return f"{self.tasks[0]} alone" if self.tasks and self.mistake is None else ""


def sampled(names: Iterable[str], count: int, salt: str = "") -> list[str]:
    """`count` of the names: always the same ones, and others for another salt."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt}/{name}".encode()).digest())[:count]


def hidden_trials(parts: Parts, *, everything: bool) -> Iterator[Trial]:
    """In the sandbox: stub, right answers (the reference in every order), answers of the wrong kind."""
    yield Trial("stub", parts.shown(parts.assignment.folder / parts.assignment.module_file), parts.stub())
    yield from _right(parts, everything=everything)
    for label, files in contact_modules(parts, everything=everything):
        yield Trial("contact", label, files)


def quick_tasks(outcomes: Iterable[Outcome]) -> set[str]:
    """Tasks that the reference, with these outcomes, does in little time: those that run for a mistake that they are not
    about.
    """
    seconds: dict[str, float] = {}
    for outcome in outcomes:
        seconds[outcome.task] = seconds.get(outcome.task, 0.0) + outcome.seconds
    return {task for task, spent in seconds.items() if spent <= _SLOW * statistics.median(seconds.values())}


def mistake_trials(
    parts: Parts, mistakes: Sequence[Mistake], quick: Collection[str], *, everything: bool
) -> Iterator[Trial]:
    """In the sandbox: each mistake in the tasks that it fails and a sample of the `quick` ones, or in all."""
    ids = [task.id for task in parts.assignment.tasks]
    for mistake in mistakes:
        others = sampled({*quick} - {*mistake.fails}, _OTHERS, mistake.id)
        tasks = None if everything else tuple(task for task in ids if task in (*mistake.fails, *others))
        yield Trial("mistake", mistake.id, mistake.files, tasks, mistake=mistake)


def in_process_trials(parts: Parts, *, everything: bool) -> Iterator[Trial]:
    """Without the sandbox: a few right answers, reversed; with `everything` all of them in every order, and answers of the
    wrong kind.
    """
    if not everything:
        answers = few_right_answers(parts, everything=False)
        yield from (Trial("right", name, files, reverse=True) for name, files in answers.items())
        return
    yield from _right(parts, everything=True)
    for label, files in contact_modules(parts, everything=True):
        yield Trial("contact", label, files)


def public_trials(parts: Parts, *, everything: bool) -> Iterator[Trial]:
    """Of the public suite, in the sandbox: the stub and the reference; with `everything` the alternatives."""
    yield Trial("stub", parts.shown(parts.assignment.folder / parts.assignment.module_file), parts.stub())
    answers = list(right_answers(parts).items())
    for name, files in answers if everything else answers[:1]:
        yield Trial("right", name, files)


def right_answers(parts: Parts) -> dict[str, Files]:
    """The reference and the alternatives, by the path that a finding names."""
    return {parts.shown(parts.private / parts.assignment.module_file): parts.reference(), **parts.alternatives()}


def few_right_answers(parts: Parts, *, everything: bool) -> dict[str, Files]:
    """The reference and a sample of the alternatives; all of them with `everything`."""
    answers = right_answers(parts)
    reference, *others = answers
    chosen = others if everything else sampled(others, _FEW)
    return {name: answers[name] for name in (reference, *chosen)}


def _right(parts: Parts, *, everything: bool) -> Iterator[Trial]:
    for k, (name, files) in enumerate(right_answers(parts).items()):
        yield Trial("right", name, files)
        if everything or k == 0:
            yield Trial("right", name, files, reverse=True)
            for task in parts.assignment.tasks:
                yield Trial("right", name, files, (task.id,))
