"""Tolerance bounds: a value that 99.99 % of all runs of a right solution stay above (or below), with 95 % confidence.

Known from n seeds without a failure is only that at most about 3 / n of the runs fail; a bound says more because it assumes
something of the values: that they are normal, or that they are shares of independent cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = ["CONFIDENCE", "COVERAGE", "misses_bound", "normal_factor", "outlier_limit"]

COVERAGE = 0.9999
CONFIDENCE = 0.95

_POINTS = 4001
_WIDE = 9.0  # standard deviations of what is integrated over; beyond lies less than 1e-18
_STEPS = 100  # bisections: down to the last bit
_SURPRISE = 0.01

_Floats = npt.NDArray[np.float64]
_phi = np.frompyfunc(NormalDist().cdf, 1, 1)


def normal_factor(n: int, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> float:
    """k, so that the mean of n normal values less k of their standard deviations is below a share `coverage` of all values,
    with `confidence`. 4.8 for n = 30; it falls to 3.72 as n grows. Raises ValueError for n < 2.

    With z the quantile of `coverage`: mean - k S <= mu - z sigma just where the standard normal sqrt(n) (mean - mu) / sigma
    is at most sqrt(n) (k s - z), s = S / sigma. So k solves E[Phi(sqrt(n) (k s - z))] = confidence over the chi distribution
    of s: the noncentral t quantile t(confidence; n - 1, z sqrt(n)) / sqrt(n), after Hahn and Meeker, Statistical Intervals.
    """
    if n < 2:
        raise ValueError(f"{n} values have no spread; measure at least 2")
    z, root = NormalDist().inv_cdf(coverage), math.sqrt(n)
    s, weight = _chi(n - 1)

    def reached(k: float) -> float:
        return float(weight @ np.asarray(_phi(root * (k * s - z)), dtype=float))

    return _solve(lambda k: reached(k) - confidence, 0.0, 1e4)


def _chi(freedom: int) -> tuple[_Floats, _Floats]:
    """Points s = S / sigma and their weights: density 2 (v/2)^(v/2) / Gamma(v/2) s^(v-1) exp(-v s^2 / 2), v = freedom."""
    half = freedom / 2
    spread = _WIDE / math.sqrt(2 * freedom)
    s = np.linspace(max(1 - spread, 1e-9), 1 + spread, _POINTS)
    log_density = math.log(2) + half * math.log(half) - math.lgamma(half) + (freedom - 1) * np.log(s) - half * s * s
    weight = np.exp(log_density)
    weight[[0, -1]] /= 2
    return s, weight * (s[1] - s[0])


def misses_bound(misses: int, cases: int, of: int, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> int:
    """How many of `of` cases a right solution misses at most in a share `coverage` of all runs, with `confidence`, when it
    missed `misses` of `cases` so far and misses are independent.

    The upper Clopper-Pearson limit of the chance of a miss, then the quantile of the binomial distribution with it.
    """
    if misses >= cases:
        return of
    chance = _solve(lambda p: (1 - confidence) - _binomial(cases, p)[misses], misses / cases, 1.0)
    return int(np.searchsorted(_binomial(of, chance), coverage))


def _binomial(n: int, p: float) -> _Floats:
    """The cumulated chances of 0, 1, ..., n successes."""
    if p <= 0 or p >= 1:
        return np.append(np.full(n, float(p <= 0)), 1.0)
    k = np.arange(1, n + 1)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log((n - k + 1) / k))])
    successes = np.arange(n + 1)
    chances = np.exp(log_ways + successes * math.log(p) + (n - successes) * math.log1p(-p))
    cumulated: _Floats = np.minimum(np.cumsum(chances), 1.0)
    return cumulated


def outlier_limit(n: int) -> float:
    """How many standard deviations the worst of n normal values lies off their mean in one case of a hundred."""
    return NormalDist().inv_cdf(1 - _SURPRISE / n)


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
