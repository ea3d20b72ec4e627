"""The table `solutions/<name>/thresholds.toml`: what right solutions reach, and what is asked for.

One TOML table for each threshold, by the name under which the hidden suite asks for it. `grader calibrate` writes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from .strict import Table, load_toml

__all__ = ["TABLE_NAME", "Measured", "Row", "Rule", "Threshold", "load_thresholds"]

TABLE_NAME = "thresholds.toml"

Rule = Literal["at least", "at most", "speed"]
"""What passes: values from the threshold upward, values up to it, ratios (of `speed_ratio`) from it upward."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """One value that a check measured. `of`: the value is a share of so many cases; None for what is no share."""

    threshold: str
    rule: Rule
    value: float
    of: int | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """What one solution reached: its number of values, their mean, standard deviation, and the one nearest to failing."""

    n: int
    mean: float
    sd: float
    worst: float


@dataclasses.dataclass(frozen=True)
class Threshold:
    """One entry of the table.

    `threshold`: what is asked for; `mean`, `sd`, `worst`, `n`: over all values of all right solutions; `seeds`: how many
    each was run with; `set_by`: the solution that decided; `factor`: of its sd, None where no sd decides; `worst_in_sd`: how
    far its worst value lies from its mean; `bound` and `assumption`: in words; `tests`, `tasks`: where it is asked for;
    `code`, `data`: digests of what was run, `versions`, `command`: with what; `measured`: each right solution;
    `wrong`: the best value of each wrong one.
    """

    rule: Rule
    threshold: float
    mean: float
    sd: float
    worst: float
    n: int
    seeds: int
    set_by: str
    factor: float | None
    worst_in_sd: float
    bound: str
    assumption: str
    tests: tuple[str, ...]
    tasks: tuple[str, ...]
    code: str
    data: str
    versions: str
    command: str
    measured: Mapping[str, Row]
    wrong: Mapping[str, float]

    def __post_init__(self) -> None:
        # A speed is measured twice before it fails, so there one slow run proves nothing.
        if {"at least": self.worst < self.threshold, "at most": self.worst > self.threshold, "speed": False}[self.rule]:
            raise ValueError(f"a right solution reached {self.worst:g} only, so it would fail")


_KEYS = tuple(field.name for field in dataclasses.fields(Threshold))
_TEXTS = ("set_by", "bound", "assumption", "code", "data", "versions", "command")
_NUMBERS = ("threshold", "mean", "sd", "worst", "worst_in_sd")


def load_thresholds(path: Path) -> dict[str, Threshold]:
    """The entries of the table by name; none where there is no such file. Raises CourseError with file, value and mend."""
    if not path.exists():
        return {}
    data, _ = load_toml(path)
    return {name: _threshold(entry, f"{path}, [{name}]") for name, entry in data.items()}


def _threshold(entry: Any, where: str) -> Threshold:
    table = Table(entry, where, _KEYS)
    rule = table.text("rule")
    if rule not in get_args(Rule):
        raise table.fail("rule", f"write one of {', '.join(map(repr, get_args(Rule)))}")
    fields: dict[str, Any] = {"rule": rule}
    fields |= {key: table.text(key) for key in _TEXTS} | {key: table.number(key) for key in _NUMBERS}
    fields |= {key: _count(table, key) for key in ("n", "seeds")}
    fields |= {key: table.texts(key) for key in ("tests", "tasks")}
    fields["factor"] = table.number("factor") if "factor" in table.data else None
    fields["measured"] = {name: _row(row, f"{where}, measured, {name}") for name, row in _rows(table, "measured").items()}
    wrong = _rows(table, "wrong")
    fields["wrong"] = {name: Table(wrong, f"{where}, wrong", tuple(wrong)).number(name) for name in wrong}
    try:
        return Threshold(**fields)
    except ValueError as problem:
        raise table.fail("threshold", f"{problem}; measure again with `grader calibrate`") from None


def _rows(table: Table, key: str) -> Mapping[str, Any]:
    rows = table.data.get(key, {})
    if not isinstance(rows, Mapping):
        raise table.fail(key, "write a table")
    return rows


def _row(entry: Any, where: str) -> Row:
    table = Table(entry, where, ("n", "mean", "sd", "worst"))
    return Row(_count(table, "n"), table.number("mean"), table.number("sd"), table.number("worst"))


def _count(table: Table, key: str) -> int:
    value = table.number(key)
    if not isinstance(value, int) or value < 1:
        raise table.fail(key, "write a whole number, 1 or more")
    return value
