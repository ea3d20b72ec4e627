"""What the outcomes of the trials say of a suite: findings, each with the mend."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from grader.grading.crew import Graded
from grader.grading.outcome import Outcome
from grader.grading.score import Suite, TaskScore, score

from .parts import Parts
from .trials import Trial

__all__ = ["Ran", "Tally", "mistake_findings", "contact_findings", "right_findings", "stub_findings"]

_SETTLED = ("passed", "not assessed")
_SHOWN = 300


@dataclasses.dataclass(frozen=True)
class Ran:
    """A trial and what became of it in the suite called `where` ("hidden", "hidden, in-process", "public")."""

    trial: Trial
    graded: Graded
    where: str

    @property
    def label(self) -> str:
        """Who it is and how it was run, to begin a finding with."""
        return f"{self.trial.name} ({', '.join(filter(None, [f'{self.where} suite', self.trial.how]))})"

    def tasks(self, parts: Parts, suite: Suite) -> list[TaskScore]:
        """The tasks that were run, as a report has them."""
        ran = [task for task in parts.assignment.tasks if self.trial.tasks is None or task.id in self.trial.tasks]
        tasks = tuple(task for task in ran if task.id in suite)  # the public suite need not have them all
        facts = dataclasses.replace(parts.assignment, tasks=tasks, questions=())
        return list(score(facts, self.graded.outcomes, {task.id: suite[task.id] for task in tasks}).tasks)


@dataclasses.dataclass
class Tally:
    """How many mistakes were tried; of these caught (exactly their tasks fell) and named (the words were said);
    how many could not be tried for want of a device.
    """

    tried: int = 0
    caught: int = 0
    named: int = 0
    unassessed: int = 0


def right_findings(ran: Ran, parts: Parts, suite: Suite) -> Iterator[str]:
    """A right answer gets full marks in every task that this machine can assess."""
    if ran.graded.fault:
        yield f"{ran.label}: the grader failed: {ran.graded.fault}"
        return
    for task in ran.tasks(parts, suite):
        if task.verdict not in _SETTLED:
            said = "; ".join(task.faults) or task.message or "no message"
            mend = "mend the answer, or the suite if the answer is right"
            yield f"{ran.label}: {task.id} gets {_points(task)}: {_cut(said)}; {mend}"


def stub_findings(ran: Ran, parts: Parts, suite: Suite) -> Iterator[str]:
    """Nothing done: every test fails, and says so."""
    if ran.graded.fault:
        yield f"{ran.label}: the grader failed: {ran.graded.fault}"
    for outcome in ran.graded.outcomes:
        if outcome.verdict == "passed":
            yield f"{ran.label}: {_test(outcome)} passes with the stub; ask in it for something that a student has to write"
        elif outcome.verdict != "not assessed" and outcome.kind != "undone":
            yield (
                f"{ran.label}: {_test(outcome)} fails with the stub as {outcome.kind!r}, not as undone "
                f"({_cut(outcome.message)}); let the test reach a function that is not done before it judges"
            )


def mistake_findings(ran: Ran, parts: Parts, suite: Suite, tally: Tally) -> Iterator[str]:
    """Exactly the promised tasks fall, and the promised words are said."""
    mistake = ran.trial.mistake
    assert mistake is not None
    tasks = {task.id: task for task in ran.tasks(parts, suite)}
    absent = {task.id for task in tasks.values() if task.verdict == "not assessed"}
    if absent >= {*mistake.fails}:
        tally.unassessed += 1
        return
    tally.tried += 1
    wrong = list(_fallen(mistake.place, _promised(mistake.fails, parts), tasks, ran.graded.fault))
    unsaid = list(_unsaid(mistake.place, mistake.words, tasks)) if absent.isdisjoint(mistake.fails) else []
    tally.caught += not wrong
    tally.named += not wrong and not unsaid
    yield from wrong
    yield from unsaid


def _promised(fails: Sequence[str], parts: Parts) -> dict[str, bool]:
    """The tasks that may fall, and whether they must. What is wrong on the CPU is wrong on a device too, or takes its tasks
    along; of a mistake that is one on a device alone, every task is named.
    """
    on_device = {task.id for task in parts.assignment.tasks if task.device not in (None, "cpu")}
    follow = {} if on_device & {*fails} else dict.fromkeys(on_device, False)
    return {**follow, **dict.fromkeys(fails, True)}


def _fallen(place: str, fails: Mapping[str, bool], tasks: Mapping[str, TaskScore], fault: str) -> Iterator[str]:
    if fault:
        yield f"{place}: the grader failed: {fault}"
        return
    for task in tasks.values():
        if task.verdict == "fault":
            said = _cut("; ".join(task.faults))
            yield f"{place}: {task.id} is a fault of the suite, not a failure: {said}; mend the suite"
        elif fails.get(task.id) and task.verdict == "passed":
            yield f"{place}: {task.id} should fail and passes; strengthen its tests, or take it out of `fails`"
        elif task.id not in fails and task.verdict not in _SETTLED:
            yield f"{place}: {task.id} falls too ({_cut(task.message)}); judge it apart, or add it to `fails`"


def _unsaid(place: str, words: Sequence[str], tasks: Mapping[str, TaskScore]) -> Iterator[str]:
    said = "\n".join("\n".join([task.message, *task.notes]) for task in tasks.values())
    fallen = next((task.message for task in tasks.values() if task.verdict not in _SETTLED), "nothing")
    for word in words:
        if word not in said:
            yield f"{place}: the report does not say {word!r}; it says: {_cut(fallen)}; add a suspect, or mend `words`"


def contact_findings(runs: Sequence[Ran], parts: Parts, suite: Suite) -> Iterator[str]:
    """Answers of the wrong kind: no fault of the grader, no point. One finding for each test, for all that it lets pass."""
    faults: dict[str, list[str]] = {}
    passed: dict[str, list[str]] = {}
    details: dict[str, str] = {}
    for ran in runs:
        if ran.graded.fault:
            yield f"every function returns {ran.trial.name} ({ran.where} suite): the grader failed: {ran.graded.fault}"
        for outcome in ran.graded.outcomes:
            key = f"{ran.where} suite, {_test(outcome)}"
            if outcome.verdict == "fault":
                faults.setdefault(key, []).append(ran.trial.name)
                details.setdefault(key, (outcome.detail or outcome.message).strip().split("\n")[-1])
            elif outcome.fraction > 0:
                passed.setdefault(key, []).append(ran.trial.name)
    for key, names in faults.items():
        fault = f"a fault of the grader where every function returns {_either(names)}"
        yield f"{key}: {fault}: {_cut(details[key])}; mend the suite"
    for key, names in passed.items():
        yield (
            f"{key}: it passes where every function returns {_either(names)}, so undone work earns points; where that is a "
            "right answer, ask in the same test also for one that is not: another input, or what the call has changed"
        )


def _test(outcome: Outcome) -> str:
    return f"{outcome.task}, {outcome.test}"


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def _points(task: TaskScore) -> str:
    return f"{task.score or 0:g} of {task.points:g} points"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
