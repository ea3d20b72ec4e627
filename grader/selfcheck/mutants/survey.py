"""Before mutants are judged: what the reference itself does, and which tasks reach which part of it.

Each part (the lines between two solution markers in a function) is made to print a line when it is entered, and what a
sandbox prints is kept task by task. A mutant meets the tasks that reach its part first; if it survives them, the others too:
what is printed in a worker of its own (a speed test's) is not kept, and in-process nothing is. So the order saves time, and
proves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from grader.course import Limits
from grader.errors import CourseError
from grader.grading.crew import Crew, Graded, Work
from grader.selfcheck.parts import Parts

from .source import Region, Source

__all__ = ["Survey", "fallen", "fault_of", "survey"]

_TIMES, _MORE = 3, 1.0  # CPU seconds of a mutant: so many times what the slowest task of the reference takes, and these
_WORD = "_grader_entered_"  # a name that no reference has
_TASK = "--- "  # what stands before a task's name in the output


@dataclasses.dataclass(frozen=True)
class Survey:
    """`tasks` of the suite that can be judged here, those that reach a region, and what a mutant may use."""

    tasks: tuple[str, ...]
    reached: Mapping[Region, tuple[str, ...]]
    limits: Limits

    def stages(self, region: Region) -> list[tuple[str, ...]]:
        """Tasks to run, those that reach the region before all others."""
        first = self.reached[region]
        rest = tuple(task for task in self.tasks if task not in first)
        return [stage for stage in (first, rest) if stage]


def fault_of(graded: Graded) -> str:
    """Why the grader failed at it, or "" where it did not."""
    if graded.fault:
        return graded.fault
    return next((f"{one.test}: {one.detail}" for one in graded.outcomes if one.verdict == "fault"), "")


def fallen(graded: Graded) -> list[str]:
    """Tests that gave less than full marks."""
    return [one.test for one in graded.outcomes if one.verdict != "not assessed" and one.fraction < 1]


def survey(parts: Parts, source: Source, crew: Crew) -> Survey:
    """Run the reference, once with parts that tell. Raises CourseError where it does not pass."""
    assignment, files = parts.assignment, parts.reference()
    # The reference as it is comes last: the suite's expected values are there by then, and do not count as its time.
    works = [
        Work(key, parts.name, files | {assignment.module_file: text.encode()}, assignment.limits)
        for key, text in enumerate((_telling(source), source.text))
    ]
    telling, reference = sorted(crew.run(works), key=lambda graded: graded.work.key)
    _refuse_a_reference_that_fails(source.name, reference)
    tasks = tuple(task.id for task in assignment.tasks if _is_assessed(reference, task.id))
    told = _told(telling.output)
    reached = {
        region: tuple(task for task in tasks if (task, number) in told) for number, region in enumerate(source.regions)
    }
    return Survey(tasks, reached, _tightened(assignment.limits, reference))


def _telling(source: Source) -> str:
    """The reference with parts that print their number when they are entered, once in a process."""
    lines = list(source.lines)
    for number, region in enumerate(source.regions):
        if region.function:
            begin, word = lines[region.first - 1], _WORD + str(number)
            indent = begin[: len(begin) - len(begin.lstrip())]
            lines[region.first - 1] = (
                f"{indent}if {word!r} not in globals(): globals()[{word!r}] = print({word!r}, flush=True)\n"
            )
    return "".join(lines)


def _told(output: str) -> set[tuple[str, int]]:
    """Tasks with the numbers of parts, as they are found in what was printed."""
    found, task = set(), ""
    for line in output.splitlines():
        if line.startswith(_TASK):
            task = line.removeprefix(_TASK)
        elif line.startswith(_WORD):
            found.add((task, int(line.removeprefix(_WORD))))
    return found


def _refuse_a_reference_that_fails(name: str, graded: Graded) -> None:
    if fault := fault_of(graded):
        raise CourseError(f"{name}: no mutants were judged: the grader itself failed with the reference ({fault})")
    if lost := fallen(graded):
        raise CourseError(f"{name}: no mutants were judged: the reference fails {', '.join(lost)}; mend it first")


def _is_assessed(graded: Graded, task: str) -> bool:
    """Whether some test of the task can be run here."""
    return any(one.task == task and one.verdict != "not assessed" for one in graded.outcomes)


def _tightened(limits: Limits, reference: Graded) -> Limits:
    """An endless loop should cost little. Wall time of the reference is the most that its CPU time can be."""
    tasks = {one.task for one in reference.outcomes}
    slowest = max(sum(one.seconds for one in reference.outcomes if one.task == task) for task in tasks)
    return dataclasses.replace(limits, cpu=min(limits.cpu, _TIMES * slowest + _MORE))
