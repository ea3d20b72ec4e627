"""Gradient checks on right and wrong gradients: false alarms, errors that slip through, and how exact right ones are."""

from __future__ import annotations

import collections
import dataclasses
import time
from collections.abc import Callable, Iterator

import numpy as np

from grader.checks import Mismatch, check_gradient, numeric_gradient
from grader.errors import SuiteFault

from .figure import Figure
from .oracles import Array, Sample, large_samples, samples

__all__ = ["Tally", "run", "tally"]

_SEEDS = 200
_WRONG = 1e-4
_ONE_ELEMENT = 1e-2


@dataclasses.dataclass
class Tally:
    """Over some seeds: checks by function, right gradients refused, wrong ones passed, the largest error of right ones."""

    checks: int = 0
    alarms: list[str] = dataclasses.field(default_factory=list)
    missed: list[str] = dataclasses.field(default_factory=list)
    errors: dict[str, float] = dataclasses.field(default_factory=lambda: collections.defaultdict(float))


def run() -> Iterator[Figure]:
    """200 seeds of nine functions, every coordinate; 200 of two large ones along directions."""
    begun = time.process_time()
    small = tally(range(_SEEDS), samples, lambda g: g * (1 + _WRONG), measure=True)
    seconds = (time.process_time() - begun) / (3 * small.checks)
    yield from _counts("gradient checks", small, f"errors of {_WRONG:g}")
    for name, error in small.errors.items():
        yield Figure(f"largest error of a right gradient, {name}", error, "of the largest slope", 1e-8)
    yield Figure("one gradient check", 1e3 * seconds, "ms of CPU")
    large = tally(range(_SEEDS), large_samples, _one_element)
    yield from _counts("along directions", large, f"one element off by {_ONE_ELEMENT:.0%}")


def _counts(what: str, found: Tally, mistake: str) -> Iterator[Figure]:
    yield Figure(f"{what}: false alarms, of {found.checks:,}", len(found.alarms), "", 0, "; ".join(found.alarms[:3]))
    yield Figure(f"{what}: {mistake}, not seen of {found.checks:,}", len(found.missed), "", 0, "; ".join(found.missed[:3]))


def tally(
    seeds: range,
    draw: Callable[[np.random.Generator], Iterator[Sample]],
    spoil: Callable[[Array], Array],
    *,
    measure: bool = False,
) -> Tally:
    """Check the right gradient of every sample, and what `spoil` makes of it."""
    result = Tally()
    for seed in seeds:
        for sample in draw(np.random.default_rng(seed)):
            result.checks += 1
            said = _said(sample, sample.gradient)
            if said:
                result.alarms.append(f"{sample.name}, seed {seed}: {said}")
            if not _said(sample, spoil(sample.gradient)):
                result.missed.append(f"{sample.name}, seed {seed}")
            if measure and not said:
                result.errors[sample.name] = max(result.errors[sample.name], _error(sample))
    return result


def _said(sample: Sample, gradient: Array) -> str:
    try:
        check_gradient(gradient, sample.f, sample.at, sample.cotangent)
    except (Mismatch, SuiteFault) as error:
        return str(error)
    return ""


def _error(sample: Sample) -> float:
    numeric = numeric_gradient(sample.f, sample.at, sample.cotangent)
    return float(np.max(np.abs(numeric - sample.gradient)) / np.max(np.abs(numeric)))


def _one_element(gradient: Array) -> Array:
    """The largest element made larger by one per cent."""
    result = gradient.copy()
    result.flat[np.argmax(np.abs(result))] *= 1 + _ONE_ELEMENT
    return result
