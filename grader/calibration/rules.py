"""From measured values to a threshold, and what is doubtful about it.

What is learnt: for each right solution a tolerance bound over its seeds (see `bounds`); the threshold is the most lenient of
them, so that no right way of doing it fails. Pooled values would not do: solutions see the same seeds, so their values
are not independent, and solutions that differ are no normal distribution together.

What is fast: the geometric mean between what the fastest cheat and what the slowest right solution reach, medians both. It
is cut to a round number, which a handout can name and which stays when it is measured anew, unless a cheat reaches that.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from grader.course.thresholds import Row, Rule
from grader.errors import CourseError

from .bounds import CONFIDENCE, COVERAGE, misses_bound, normal_factor, outlier_limit

__all__ = ["Decision", "Samples", "decide", "row"]

_DIGITS = 4
_FEWEST = 5
_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)  # times a power of ten
_WORDS = f"{COVERAGE:.2%} of runs, confidence {CONFIDENCE:.0%}"

Values = Sequence[float]


@dataclasses.dataclass(frozen=True)
class Samples:
    """What was measured for one threshold: the values of each right and of each wrong solution, by its name."""

    name: str
    rule: Rule
    of: int | None
    right: Mapping[str, Values]
    wrong: Mapping[str, Values]


@dataclasses.dataclass(frozen=True)
class Decision:
    """`threshold`; `set_by` whom; `factor` of the sd, if it was one; `worst_in_sd` of who set it; `bound` and `assumption`
    in words; `doubts`: what should be looked at.
    """

    threshold: float
    set_by: str
    factor: float | None
    worst_in_sd: float
    bound: str
    assumption: str
    doubts: tuple[str, ...] = ()


def row(values: Values, rule: Rule) -> Row:
    """Number, mean, standard deviation and the value nearest to failing."""
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return Row(len(values), statistics.fmean(values), sd, _worst(values, rule))


def decide(samples: Samples) -> Decision:
    """The threshold. Raises CourseError where the values cannot give one."""
    for solution, values in samples.right.items():
        if len(values) < _FEWEST:
            raise CourseError(f"{samples.name}: {len(values)} values of {solution} are too few for a bound; take more seeds")
    return _fast(samples) if samples.rule == "speed" else _learnt(samples)


# ---------------------------------------------------------------- what is learnt


@dataclasses.dataclass(frozen=True)
class _Bound:
    """The bound of one right solution. `by_shares`: independent cases set it, not the spread of the seeds."""

    solution: str
    value: float
    row: Row
    factor: float
    by_shares: bool

    @property
    def worst_in_sd(self) -> float:
        return abs(self.row.worst - self.row.mean) / self.row.sd if self.row.sd else 0.0


def _learnt(samples: Samples) -> Decision:
    lenient, sign = (min, -1) if samples.rule == "at least" else (max, 1)
    bounds = [_bound(solution, values, samples) for solution, values in samples.right.items()]
    chosen = lenient(bounds, key=lambda bound: bound.value)
    worst = lenient(bound.row.worst for bound in bounds)
    threshold = _round(lenient(chosen.value, worst), sign)
    if chosen.by_shares:
        words = f"binomial tolerance bound for shares of {samples.of} cases ({_WORDS})"
        assumption = "cases are independent"
        factor = None
    else:
        words = f"mean {'-+'[sign > 0]} {chosen.factor:.4g} sd of {chosen.solution}, n = {chosen.row.n} ({_WORDS})"
        assumption = f"values are normal; {_normality(chosen)}"
        factor = round(chosen.factor, 4)
    doubts = (*_not_normal(samples, bounds), *_overtaken(samples, chosen.value, worst))
    return Decision(threshold, chosen.solution, factor, round(chosen.worst_in_sd, 2), words, assumption, doubts)


def _bound(solution: str, values: Values, samples: Samples) -> _Bound:
    """The more lenient of the normal bound and, for shares of cases, the binomial one: 30 seeds without a single miss have
    no spread, and yet the next seed may have one.
    """
    facts, factor = row(values, samples.rule), normal_factor(len(values))
    at_least = samples.rule == "at least"
    normal = facts.mean - factor * facts.sd if at_least else facts.mean + factor * facts.sd
    if samples.of is None:
        return _Bound(solution, normal, facts, factor, False)
    missed = sum(round((1 - value if at_least else value) * samples.of) for value in values)
    misses = misses_bound(missed, samples.of * len(values), samples.of) / samples.of
    share = 1 - misses if at_least else misses
    normal = min(max(normal, 0.0), 1.0)
    by_shares = share < normal if at_least else share > normal
    return _Bound(solution, share if by_shares else normal, facts, factor, by_shares)


def _normality(bound: _Bound) -> str:
    limit = outlier_limit(bound.row.n)
    return f"the worst of {bound.row.n} lies {bound.worst_in_sd:.1f} sd off, beyond {limit:.1f} in 1 case of 100"


def _not_normal(samples: Samples, bounds: Sequence[_Bound]) -> Iterator[str]:
    for bound in bounds:
        if not bound.by_shares and bound.worst_in_sd > outlier_limit(bound.row.n):
            yield (
                f"{samples.name}: the values of {bound.solution} are not normal ({_normality(bound)}); look at them: does "
                "it fail for some seeds? Then let the best of several starts count"
            )
        elif not bound.by_shares and bound.row.sd == 0:
            yield (
                f"{samples.name}: the values of {bound.solution} are all {bound.row.mean:g}, so nothing is known "
                "of their spread: is the seed used? For a share of cases, give `of`"
            )


def _overtaken(samples: Samples, bound: float, worst: float) -> Iterator[str]:
    if bound > worst if samples.rule == "at least" else bound < worst:
        yield f"{samples.name}: a right solution reached {worst:g} only, beyond the bound {bound:g}; that is the threshold"


# ---------------------------------------------------------------- what is fast


def _fast(samples: Samples) -> Decision:
    if not samples.wrong:
        raise CourseError(
            f"{samples.name}: a speed threshold needs a cheat to keep out: a mistake in mistakes.toml that fails the task "
            "of this test and no other"
        )
    right = {solution: statistics.median(values) for solution, values in samples.right.items()}
    wrong = {solution: statistics.median(values) for solution, values in samples.wrong.items()}
    slowest, fastest = min(right, key=lambda who: right[who]), max(wrong, key=lambda who: wrong[who])
    if right[slowest] <= wrong[fastest]:
        raise CourseError(
            f"{samples.name}: no threshold is between the cheat {fastest} ({wrong[fastest]:.3g} times as fast as the "
            f"baseline) and the right solution {slowest} ({right[slowest]:.3g} times); change the sizes of the inputs"
        )
    facts = row(samples.right[slowest], "speed")
    middle = math.sqrt(right[slowest] * wrong[fastest])
    threshold = next((value for value in (_cut(middle), float(f"{middle:.2g}")) if value > wrong[fastest]), middle)
    off = abs(facts.worst - facts.mean) / facts.sd if facts.sd else 0.0
    words = (
        f"geometric mean {middle:.3g} of {wrong[fastest]:.3g} ({fastest}, the fastest cheat) and {right[slowest]:.3g} "
        f"({slowest}, the slowest right solution), cut to a round number"
    )
    doubts = tuple(_narrow(samples, threshold))
    return Decision(threshold, slowest, None, round(off, 2), words, "none: medians of CPU-time ratios", doubts)


def _narrow(samples: Samples, threshold: float) -> Iterator[str]:
    """Runs on the wrong side. A test measures a second time what falls short, so one such run fails nobody yet."""
    for solution, values in samples.right.items():
        if min(values) < threshold:
            yield f"{samples.name}: {solution} was once {min(values):.3g} times as fast only, below {threshold:g}"
    for solution, values in samples.wrong.items():
        if max(values) >= threshold:
            yield f"{samples.name}: the cheat {solution} was once {max(values):.3g} times as fast, not below {threshold:g}"


def _worst(values: Values, rule: Rule) -> float:
    return max(values) if rule == "at most" else min(values)


def _round(value: float, sign: int) -> float:
    """To four digits, towards the lenient side (`sign` -1: down)."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1)
    steps = value / unit
    nearest = round(steps)
    whole = nearest if abs(steps - nearest) < 1e-6 else math.floor(steps) if sign < 0 else math.ceil(steps)
    return float(f"{whole * unit:.{_DIGITS}g}")


def _cut(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{max(step for step in _ROUND if step * power <= value * (1 + 1e-9)) * power:.{_DIGITS}g}")
