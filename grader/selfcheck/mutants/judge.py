"""The hidden suite against mutants of the reference: each must lose marks, but for those that are listed as equivalent."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence

from grader.course import Course
from grader.errors import CourseError
from grader.grading.crew import Crew, Work
from grader.selfcheck.parts import Parts

from .listing import FILE_NAME, entry_of, load_equivalents, stale
from .mutate import Mutant, mutants_of
from .sample import sample_of
from .source import Source
from .survey import Survey, fallen, fault_of, survey

__all__ = ["MutantResult", "judge_mutants"]

_SAMPLE = 80  # mutants of one assignment that are run by default: 0.1 CPU s each with NumPy, 1 where something is trained


@dataclasses.dataclass(frozen=True)
class MutantResult:
    """Numbers of mutants, and what is to be mended, a text each.

    `equivalent` ones are on the list; they count whether or not they were run. A mutant at which the grader itself failed is
    in none of the numbers.
    """

    killed: int
    equivalent: int
    survived: int
    findings: tuple[str, ...]


def judge_mutants(
    course: Course, name: str, crew: Crew, *, everything: bool, tell: Callable[[int, int], None]
) -> MutantResult:
    """Run the hidden suite of an assignment on mutants of its reference.

    `everything`: all of them, and those on the list of equivalent ones too, which must survive; else a sample of the others,
    always the same. `tell(done, total)` is called after each. Raises CourseError for a list that cannot be read.
    """
    parts = Parts.of(course, name)
    reference, listing = course.reference(name), parts.private / FILE_NAME
    listed = load_equivalents(listing)
    try:
        source = Source(reference.read_text(encoding="utf-8"), parts.shown(reference))
        found = survey(parts, source, crew)
    except CourseError as error:
        return MutantResult(0, 0, 0, (str(error),))
    mutants = mutants_of(source)
    others = [mutant for mutant in mutants if mutant.id not in listed]
    wanted = list(mutants) if everything else sample_of(others, _SAMPLE)
    chosen = wanted if found.tasks else []  # where the device of every task is absent, nothing can be judged
    verdicts = _run(parts, found, crew, chosen, tell)
    findings = [*stale(parts.shown(listing), listed, mutants), *_findings(parts, source, listed, verdicts)]
    judged = Counter(verdict.word for mutant, verdict in verdicts if mutant.id not in listed)
    return MutantResult(judged["killed"], len(mutants) - len(others), judged["survived"], tuple(findings))


@dataclasses.dataclass(frozen=True)
class _Verdict:
    """`killer`: the first test that it fails; `fault`: why the grader itself failed at it."""

    killer: str
    fault: str

    @property
    def word(self) -> str:
        return "fault" if self.fault else "killed" if self.killer else "survived"


def _run(
    parts: Parts, found: Survey, crew: Crew, mutants: Sequence[Mutant], tell: Callable[[int, int], None]
) -> list[tuple[Mutant, _Verdict]]:
    """Each mutant with its verdict, in their order."""
    module, files = parts.assignment.module_file, parts.reference()
    verdicts: dict[int, _Verdict] = {}
    waiting = {key: found.stages(mutant.region) for key, mutant in enumerate(mutants)}
    while waiting:
        works = [
            Work(key, parts.name, files | {module: mutants[key].text.encode()}, found.limits, stages[0], until_failure=True)
            for key, stages in waiting.items()
        ]
        for graded in crew.run(works):
            key, verdict = graded.work.key, _Verdict(next(iter(fallen(graded)), ""), fault_of(graded))
            waiting[key] = waiting[key][1:] if verdict.word == "survived" else []
            if not waiting[key]:
                verdicts[key] = verdict
                tell(len(verdicts), len(mutants))
        waiting = {key: stages for key, stages in waiting.items() if stages}
    return [(mutants[key], verdicts[key]) for key in sorted(verdicts)]


def _findings(
    parts: Parts, source: Source, listed: Container[str], verdicts: Sequence[tuple[Mutant, _Verdict]]
) -> Iterator[str]:
    suite, listing = (f"solutions/{parts.name}/{file}" for file in (f"test_{parts.name}_hidden.py", FILE_NAME))
    for mutant, verdict in verdicts:
        where = f"{source.name}, line {mutant.line} ({mutant.region.function or 'module'}; {mutant.operator})"
        if verdict.fault:
            yield f"{where}: the grader itself failed at this mutant: {verdict.fault}\n{mutant.diff}\nMend the suite."
        elif verdict.killer and mutant.id in listed:
            yield f"{listing}, id {mutant.id!r}: this mutant is not equivalent: {verdict.killer} fails; remove the entry"
        elif not verdict.killer and mutant.id not in listed:
            yield (
                f"{where}: no hidden test sees this change:\n{mutant.diff}\n"
                f"Write a test into {suite} that fails; or, if both always do the same, add to {listing} with your reason:\n"
                f"{entry_of(mutant)}"
            )
