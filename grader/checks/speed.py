"""`speed_ratio`: how many times as fast as a baseline, measured so that neither load nor tricks decide it.

CPU time, not wall time (a loaded machine stretches long code more than short code), the minimum of
interleaved calls, never an absolute time. Each side lives in a worker of its own whose CPU clock is read from
outside: the time of a call is all that its worker used since the reading after its previous call, so work
that is moved into a thread counts. Every call gets input that no call of that side saw before, since a cache
would answer the same input in no time.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from grader.errors import SandboxFault, SuiteFault

from .asked import Asked
from .describe import Mismatch

__all__ = ["Clock", "SpeedResult", "clock_of", "speed_ratio", "speed_text", "too_slow"]

_FEWEST = 5


class Clock(Protocol):
    """Whose CPU time a call is. `advisory`: the clock is shared with other code, so a ratio is but a hint."""

    advisory: bool

    def cpu_seconds(self) -> float:
        """CPU seconds used so far."""


class _ProcessClock:
    advisory = True

    def cpu_seconds(self) -> float:
        return time.process_time()


@dataclasses.dataclass(frozen=True)
class SpeedResult:
    """`ratio`: baseline over candidate, NaN where an advisory clock is too coarse; `text`: in words.

    Both `..._seconds` are the least CPU seconds of one call.
    """

    ratio: float
    candidate_seconds: float
    baseline_seconds: float
    advisory: bool
    text: str


def clock_of(function: Callable[..., Any]) -> Clock:
    """The clock of the worker that a handle lives in; this process's clock, advisory, for anything else."""
    make = getattr(type(function), "__grader_clock__", None)
    clock: Clock = _ProcessClock() if make is None else make(function)
    return clock


def speed_ratio(
    candidate: Callable[..., Any],
    baseline: Callable[..., Any],
    *,
    inputs: Sequence[tuple[Any, ...]],
    at_least: float | Asked,
    check: Callable[..., None] | None = None,
    looks_like: Mapping[str, tuple[float, float]] | None = None,
    baseline_name: str = "the baseline",
) -> SpeedResult:
    """How many times as fast as `baseline` the `candidate` is; below `at_least` raises Mismatch ("speed").

    `at_least`: `thresholds["..."]` or a number of your own. `inputs`: arguments for one call each, all
    different and equally expensive. The first is for an untimed
    warm-up, half of the others for a measurement and the rest for a second one, made if the first falls short
    (the better counts): 11 give five calls a side each. `check(result, *arguments)` is called for every
    result of the candidate, after its timing, and raises what is wrong. `looks_like`: method to the range
    [low, high) of ratios that it gives; the first that holds the ratio is named. `baseline_name` completes
    "times as fast as". In-process the ratio is advisory and never raises.

    Raises SuiteFault for fewer than 5 inputs or two callables of one worker, SandboxFault for clocks that do
    not run.
    """
    wanted = at_least.wanted("speed") if isinstance(at_least, Asked) else at_least
    sides = (_Side(candidate), _Side(baseline))
    _refuse_misuse(sides, inputs)
    advisory = any(side.clock.advisory for side in sides)
    middle = 1 + len(inputs) // 2
    _call(sides, inputs[0], check)
    best = _measure(sides, inputs[1:middle], check, advisory)
    if best[0] < wanted and not advisory:
        best = max(best, _measure(sides, inputs[middle:], check, advisory))
    if best[0] < wanted and not advisory:
        raise too_slow(best[0], wanted, baseline_name, looks_like)
    if isinstance(at_least, Asked) and at_least.calibrating and not advisory:
        at_least.note("speed", best[0])
    return SpeedResult(*best, advisory, speed_text(best[0], wanted, baseline_name, advisory))


class _Side:
    """One callable and its clock."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.clock = function, clock_of(function)
        self._read = 0.0

    def call(self, arguments: tuple[Any, ...]) -> tuple[Any, float]:
        """The result, and the seconds since this side's last reading (on a shared clock: since the start)."""
        before = self.clock.cpu_seconds() if self.clock.advisory else self._read
        result = self.function(*arguments)
        self._read = self.clock.cpu_seconds()
        return result, self._read - before


def _refuse_misuse(sides: tuple[_Side, _Side], inputs: Sequence[tuple[Any, ...]]) -> None:
    if len(inputs) < _FEWEST:
        raise SuiteFault(f"speed_ratio got {len(inputs)} inputs: give at least {_FEWEST}, better 11")
    if sides[0].clock is sides[1].clock:
        raise SuiteFault("speed_ratio got two callables of one worker: take fresh_submission and baseline")


def _call(sides: tuple[_Side, _Side], arguments: tuple[Any, ...], check: Callable[..., None] | None) -> tuple[float, float]:
    """Seconds of both sides for one input; the candidate goes first."""
    candidate, baseline = sides
    result, candidate_seconds = candidate.call(arguments)
    if check is not None:
        check(result, *arguments)
    return candidate_seconds, baseline.call(arguments)[1]


def _measure(
    sides: tuple[_Side, _Side],
    inputs: Sequence[tuple[Any, ...]],
    check: Callable[..., None] | None,
    advisory: bool,
) -> tuple[float, float, float]:
    """Ratio, seconds of the candidate and of the baseline."""
    rounds = [_call(sides, arguments, check) for arguments in inputs]
    readings = [seconds for pair in rounds for seconds in pair]
    fastest = min(pair[0] for pair in rounds), min(pair[1] for pair in rounds)
    if all(math.isfinite(seconds) and seconds > 0 for seconds in readings):
        return fastest[1] / fastest[0], *fastest
    if not advisory:
        raise SandboxFault(f"a CPU clock does not run: readings {readings}")
    return math.nan, *fastest


def too_slow(ratio: float, at_least: float, name: str, looks_like: Mapping[str, tuple[float, float]] | None) -> Mismatch:
    """The failure of a ratio below what is asked for, with the method that it looks like."""
    method = next((text for text, (low, high) in (looks_like or {}).items() if low <= ratio < high), None)
    finding = speed_text(ratio, at_least, name, False) + (f". This looks like {method}" if method else "")
    error = Mismatch(f"{finding}.", kind="speed")
    error.suspect = method
    return error


def speed_text(ratio: float, at_least: float, name: str, advisory: bool) -> str:
    """A ratio in words."""
    start = f"full marks start at {at_least:g} times"
    if math.isnan(ratio):
        return f"advisory: too fast for this clock to compare with {name}; {start}, measured when it is graded"
    said = f"your version is {_times(ratio)} times as fast as {name}; {start}"
    return f"advisory: {said}, measured when it is graded" if advisory else said


def _times(ratio: float) -> str:
    """Two digits or so, cut and not rounded: 29.97 must not read "30"."""
    if ratio < 1:
        return f"{ratio:.2g}"
    return f"{math.floor(ratio * 10) / 10:.1f}" if ratio < 100 else f"{math.floor(ratio)}"
