"""`thresholds["name"]` of a suite: what is asked of a measured value or, while a course is calibrated, where it is noted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.course.thresholds import Measured, Rule, Threshold
from grader.errors import SuiteFault

__all__ = ["Asked", "Thresholds"]


class Asked:
    """One threshold by its name. A check takes it in the place of a number: `at_least=thresholds["speed"]`.

    While `calibrating`, the value is to be given to `note` and judged by nobody: no number is below or above NaN.
    """

    def __init__(self, name: str, entry: Threshold | None, where: str, measured: list[Measured] | None = None) -> None:
        self.name, self._entry, self._where, self._measured = name, entry, where, measured

    @property
    def calibrating(self) -> bool:
        """Whether values are noted instead of judged."""
        return self._measured is not None

    def wanted(self, rule: Rule) -> float:
        """The number that is asked for, NaN while calibrating. Raises SuiteFault like `entry`."""
        entry = self.entry(rule)
        return math.nan if entry is None else entry.threshold

    def entry(self, rule: Rule) -> Threshold | None:
        """The entry of the table, None while calibrating. Raises SuiteFault where it was measured under another rule."""
        if self._entry is not None and self._entry.rule != rule:
            raise SuiteFault(
                f"{self._where}: {self.name!r} was measured as {self._entry.rule!r}, and the suite asks for {rule!r}; "
                + _mend(self._where)
            )
        return self._entry

    def note(self, rule: Rule, value: float, of: int | None = None) -> None:
        """Keep a value that was measured."""
        assert self._measured is not None
        self._measured.append(Measured(self.name, rule, value, of))


class Thresholds:
    """The suite's table. `thresholds["name"]` raises SuiteFault for a name that was not measured yet.

    `load`: reads the table; `where`: its path, for messages; `measured`: the list to note values in, None to judge them.
    """

    def __init__(
        self, load: Callable[[], Mapping[str, Threshold]], where: Path, measured: list[Measured] | None = None
    ) -> None:
        self._load, self._where, self._measured = load, str(where), measured

    def __getitem__(self, name: str) -> Asked:
        if self._measured is not None:
            return Asked(name, None, self._where, self._measured)
        entry = self._load().get(name)
        if entry is None:
            raise SuiteFault(f"{self._where}: there is no threshold {name!r}; {_mend(self._where)}")
        return Asked(name, entry, self._where)


def _mend(where: str) -> str:
    return f"measure it with `grader calibrate {Path(where).parent.name}`"
