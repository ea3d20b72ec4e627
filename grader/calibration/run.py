"""`calibrate`: measure right and wrong solutions, decide the thresholds, write the table."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from grader.course.strict import did_you_mean
from grader.course.thresholds import TABLE_NAME, Measured, Rule, Threshold, load_thresholds
from grader.errors import CourseError
from grader.grading.outcome import Outcome

from .lab import Lab, Settings, Tell, Wanted
from .programs import Program, right_solutions, wrong_solutions
from .rules import Samples, decide, row
from .table import write_table
from .traces import code_digest, data_source, versions

__all__ = ["Calibration", "calibrate"]

_WRONG_ROUNDS = 5  # of a wrong solution: enough to see whether it comes near


@dataclasses.dataclass(frozen=True)
class Calibration:
    """`path` of the table; its `entries`; the names of those that were `set` now; `doubts`: what should be looked at."""

    path: Path
    entries: Mapping[str, Threshold]
    set: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclasses.dataclass
class _Question:
    """A threshold that the suite asks for, and where."""

    rule: Rule
    of: int | None
    tests: list[str] = dataclasses.field(default_factory=list)
    tasks: list[str] = dataclasses.field(default_factory=list)


def calibrate(settings: Settings, tell: Tell) -> Calibration:
    """Write `solutions/<name>/thresholds.toml`. What was measured before, by the same code on the same data, is not measured
    again.

    Raises CourseError where the suite asks for no threshold, a right solution fails, or the values can give no threshold.
    """
    course, name = settings.course, settings.name
    right, (wrong, unusable) = right_solutions(course, name), wrong_solutions(course, name)
    path = course.solution_folder(name) / TABLE_NAME
    with Lab(settings, tell) as lab:
        first = Wanted(right[0], 0, tuple(task.id for task in course.assignment(name).tasks))
        lab.measure([first])
        questions, doubts = _questions(lab.results(first), path)
        chosen = _chosen(questions, settings)
        rounds = _rounds(chosen, right, wrong, settings.seeds)
        lab.measure(rounds)
        samples = {key: _samples(key, question, rounds, lab) for key, question in chosen.items()}
    old, broken = _kept_entries(path, lab.results(first), settings.only, chosen)
    new = {key: _entry(samples[key], question, settings, right, wrong) for key, question in chosen.items()}
    entries = {**old, **{key: entry for key, (entry, _) in new.items()}}
    write_table(path, entries)
    doubts += [*unusable, *broken, *(doubt for _, found in new.values() for doubt in found)]
    return Calibration(path, entries, tuple(sorted(new)), tuple(doubts))


def _questions(outcomes: Sequence[Outcome], path: Path) -> tuple[dict[str, _Question], list[str]]:
    """What the suite asks for, as the reference's first run shows it."""
    found: dict[str, _Question] = {}
    doubts = []
    for outcome in outcomes:
        if outcome.verdict == "not assessed":
            doubts.append(f"{outcome.test}: {outcome.message}; its thresholds are left as they are")
        elif not outcome.measured:
            doubts.append(f"{outcome.test}: it takes `thresholds` and asks for none here")
        for one in outcome.measured:
            _add(found, one, outcome)
    if not found:
        raise CourseError(f"{path.parent}: no test of the hidden suite asks for a threshold; see grader/docs/calibration.md")
    return found, doubts


def _add(found: dict[str, _Question], one: Measured, outcome: Outcome) -> None:
    question = found.setdefault(one.threshold, _Question(one.rule, one.of))
    if (question.rule, question.of) != (one.rule, one.of):
        raise CourseError(
            f"{one.threshold}: {outcome.test} asks for {_asked(one.rule, one.of)}, {question.tests[0]} for "
            f"{_asked(question.rule, question.of)}; give each a threshold of its own"
        )
    if outcome.test not in question.tests:
        question.tests.append(outcome.test)
    if outcome.task not in question.tasks:
        question.tasks.append(outcome.task)


def _asked(rule: Rule, of: int | None) -> str:
    return repr(rule) + (f" of {of} cases" if of is not None else "")


def _chosen(questions: dict[str, _Question], settings: Settings) -> dict[str, _Question]:
    if settings.only is None:
        return questions
    if settings.only not in questions:
        raise CourseError(
            f"--only {settings.only}: the suite asks for no such threshold; {did_you_mean(settings.only, questions)}"
        )
    return {settings.only: questions[settings.only]}


def _rounds(chosen: Mapping[str, _Question], right: Sequence[Program], wrong: Sequence[Program], seeds: int) -> list[Wanted]:
    """Round by round, so that a suite makes its data for a seed once."""
    tasks = tuple(sorted({task for question in chosen.values() for task in question.tasks}))
    wanted = []
    for k in range(seeds):
        wanted += [Wanted(program, k, tasks) for program in right]
        if k < _WRONG_ROUNDS:
            wanted += [Wanted(program, k, mine) for program in wrong if (mine := _of_interest(program, chosen))]
    return wanted


def _of_interest(program: Program, chosen: Mapping[str, _Question]) -> tuple[str, ...]:
    """The tasks in which a wrong solution should be looked at: what it must fail, and what it cheats in."""
    pairs = ((question, task) for question in chosen.values() for task in question.tasks)
    return tuple(sorted({task for question, task in pairs if _belongs(program, question, task)}))


def _belongs(program: Program, question: _Question, task: str) -> bool:
    return program.is_cheat((task,)) if question.rule == "speed" else task in program.fails


def _samples(name: str, question: _Question, rounds: Sequence[Wanted], lab: Lab) -> Samples:
    right: dict[str, list[float]] = {}
    wrong: dict[str, list[float]] = {}
    for one in rounds:
        values = _values(lab.results(one), name)
        if not one.program.fails:
            right.setdefault(one.program.name, []).extend(values)
        elif values and any(_belongs(one.program, question, task) for task in question.tasks):
            wrong.setdefault(one.program.name, []).extend(values)
    return Samples(name, question.rule, question.of, right, wrong)


def _values(outcomes: Sequence[Outcome], threshold: str) -> list[float]:
    return [one.value for outcome in outcomes for one in outcome.measured if one.threshold == threshold]


def _entry(
    samples: Samples, question: _Question, settings: Settings, right: Sequence[Program], wrong: Sequence[Program]
) -> tuple[Threshold, tuple[str, ...]]:
    course, name = settings.course, settings.name
    decision = decide(samples)
    everything = [value for values in samples.right.values() for value in values]
    whole = row(everything, samples.rule)
    best = min if samples.rule == "at most" else statistics.median if samples.rule == "speed" else max
    cheats = [program for program in wrong if samples.rule == "speed" and program.name in samples.wrong]
    return Threshold(
        rule=samples.rule, threshold=decision.threshold, mean=whole.mean, sd=whole.sd, worst=whole.worst, n=whole.n,
        seeds=settings.seeds, set_by=decision.set_by, factor=decision.factor, worst_in_sd=decision.worst_in_sd,
        bound=decision.bound, assumption=decision.assumption, tests=tuple(question.tests), tasks=tuple(question.tasks),
        code=code_digest(course, name, right, cheats), data=data_source(course, name), versions=versions(course, name),
        command=settings.command,
        measured={solution: row(values, samples.rule) for solution, values in samples.right.items()},
        wrong={solution: best(values) for solution, values in samples.wrong.items()},
    ), decision.doubts  # fmt: skip


def _kept_entries(
    path: Path, outcomes: Sequence[Outcome], only: str | None, chosen: Collection[str]
) -> tuple[dict[str, Threshold], list[str]]:
    """Entries of the old table that this run says nothing about: others than `only`, and those of absent devices."""
    try:
        old = load_thresholds(path)
    except CourseError as error:
        return {}, [f"the old table could not be read ({error}); a new one takes its place"]
    absent = {outcome.test for outcome in outcomes if outcome.verdict == "not assessed"}
    kept = {name: entry for name, entry in old.items() if only is not None or set(entry.tests) <= absent}
    return {name: entry for name, entry in kept.items() if name not in chosen}, []
