"""`learns`: whether trained code reaches what right solutions reach, whatever the seed.

The threshold is a tolerance bound over the seeds of many right solutions (`grader calibrate`): one run of a right solution
falls short of it once in 10,000. A run that does is made once more on a second seed, and only two such runs fail the test.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from grader.course.thresholds import Threshold
from grader.errors import SuiteFault

from .asked import Asked
from .describe import Mismatch, as_numbers, describe, sentence, shape_text

__all__ = ["Learned", "learns", "second_seed"]


@dataclasses.dataclass(frozen=True)
class Learned:
    """`value`: what was reached; `tries`: on each seed that was tried; `text`: in words."""

    value: float
    tries: tuple[float, ...]
    text: str


def learns(
    measure: Callable[[int], Any],
    *,
    seed: int,
    name: str,
    at_least: float | Asked | None = None,
    at_most: float | Asked | None = None,
    of: int | None = None,
    percent: bool = False,
    looks_like: Mapping[str, tuple[float, float]] | None = None,
) -> Learned:
    """What `measure(seed)` gives, which must be `at_least` (or `at_most`) so much; else raises Mismatch ("learning").

    `measure`: runs the student's code under this seed, anew at every call, and gives one number; what it raises is not
    tried again. `at_least`, `at_most`: one of them, `thresholds["..."]` or a number of your own. `name`: what is measured,
    for the message. `of`: the value is a share of so many independent cases (right predictions of 1,000 images);
    `percent`: it is a share, but not of cases. Both are shown in percent and must lie in [0, 1]. `looks_like`: mistake to
    the range [low, high) of values that it gives; the first that holds the better of both values is named.

    A task's limits must leave time for two runs. Raises SuiteFault for misuse.
    """
    goal = _goal(at_least, at_most)
    report = _Report(goal, name, percent or of is not None)
    if isinstance(goal.asked, Asked) and goal.asked.calibrating:
        value = report.number(measure(seed))
        if not math.isfinite(value):
            raise Mismatch(f"{report.name}: {report.shown(value)} was measured", kind="finite")
        goal.asked.note(goal.rule, value, of)
        return Learned(value, (value,), f"{name}: {report.shown(value)}, noted for the table of thresholds")
    tries: list[float] = []
    for one in (seed, second_seed(seed)):
        tries.append(report.number(measure(one)))
        if goal.is_met(tries[-1]):
            return Learned(tries[-1], tuple(tries), report.passed(tries))
    raise report.failed(tries, looks_like)


def second_seed(seed: int) -> int:
    """The seed of the second try: 128 bits that follow from the first."""
    return int.from_bytes(hashlib.sha256(f"once more {seed}".encode()).digest()[:16], "big")


@dataclasses.dataclass(frozen=True)
class _Goal:
    rule: Literal["at least", "at most"]
    asked: float | Asked
    value: float
    entry: Threshold | None

    def is_met(self, value: float) -> bool:
        """NaN and infinity meet nothing."""
        return math.isfinite(value) and (value >= self.value if self.rule == "at least" else value <= self.value)

    def better(self, tries: list[float]) -> float:
        """The try that came nearest; NaN where none is a number."""
        numbers = [value for value in tries if not math.isnan(value)]
        return (max if self.rule == "at least" else min)(numbers, default=math.nan)


def _goal(at_least: float | Asked | None, at_most: float | Asked | None) -> _Goal:
    if (at_least is None) == (at_most is None):
        raise SuiteFault("learns: give at_least=... or at_most=..., one of the two")
    rule: Literal["at least", "at most"] = "at least" if at_least is not None else "at most"
    asked = at_least if at_least is not None else at_most
    if isinstance(asked, Asked):
        return _Goal(rule, asked, asked.wanted(rule), asked.entry(rule))
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not math.isfinite(asked):
        raise SuiteFault(f'learns: {describe(asked)} is asked for; give a number or thresholds["..."]')
    return _Goal(rule, asked, float(asked), None)


class _Report:
    """What is said of values."""

    def __init__(self, goal: _Goal, name: str, percent: bool) -> None:
        self.name, self._goal, self._percent = name, goal, percent

    def number(self, value: Any) -> float:
        """One real number, NaN and infinity among them. Raises Mismatch for anything else, and for no share."""
        if isinstance(value, bool | np.bool_):
            raise Mismatch(f"{sentence(self.name)} is {describe(value)} where one number is expected.", kind="type")
        array = as_numbers(value, self.name)
        if array.shape != () or array.dtype.kind not in "iuf":
            of_shape = f"has shape {shape_text(array.shape)}" if array.shape else f"is {describe(value)}"
            raise Mismatch(f"{sentence(self.name)} {of_shape} where one real number is expected.", kind="shape")
        found = float(array)
        if self._percent and math.isfinite(found) and not 0 <= found <= 1:
            advice = "; is it a percentage, or a count?" if found > 1 else ""
            raise Mismatch(f"{sentence(self.name)} is {found:g} where a share from 0 to 1 is expected{advice}", kind="value")
        return found

    def passed(self, tries: list[float]) -> str:
        once = f" (on a second seed; {self.shown(tries[0])} on the first)" if len(tries) > 1 else ""
        return f"{self.name}: your model reaches {self.shown(tries[-1])}{once}; {self._wanted()}"

    def failed(self, tries: list[float], looks_like: Mapping[str, tuple[float, float]] | None) -> Mismatch:
        best = self._goal.better(tries)
        mistake = next((text for text, (low, high) in (looks_like or {}).items() if low <= best < high), None)
        first, second = (self.shown(value) for value in tries)
        finding = f"{self.name}: your model reaches {first}, and {second} on a second seed; {self._wanted()}."
        if not math.isfinite(best):
            finding += " No number comes of a training that diverges (steps too large), of 0 / 0, or of log(0)."
            return Mismatch(finding, kind="finite")
        error = Mismatch(f"{finding} This looks like {mistake}." if mistake else finding, kind="learning")
        error.suspect = mistake
        return error

    def _wanted(self) -> str:
        entry, wanted = self._goal.entry, f"{self._goal.rule} {self._plain(self._goal.value, 4)} is asked for"
        if entry is None:
            return wanted
        mean, worst = self._plain(entry.mean, 3), self._plain(entry.worst, 3)
        return f"{wanted} (right solutions reach {mean} on average, {worst} at worst)"

    def shown(self, value: float) -> str:
        """With as few digits as tell it from what is asked for: 79.99 % must not read "80 %"."""
        goal = self._plain(self._goal.value, 4)
        for digits in (4, 6, 12):
            text = self._plain(value, digits)
            if not math.isfinite(value) or value == self._goal.value or text != goal:
                return text
        return f"{goal} (but for {abs(value - self._goal.value):.2g})"

    def _plain(self, value: float, digits: int) -> str:
        if math.isnan(value):
            return "NaN (not a number)"
        if math.isinf(value):
            return "infinity" if value > 0 else "-infinity"
        return f"{100 * value:.{digits}g} %" if self._percent else f"{value:.{digits}g}"
