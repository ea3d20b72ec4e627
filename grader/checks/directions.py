"""The gradient check of a large array: slopes along a few random directions, a sample of places only to explain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .case import Case
from .describe import Mismatch
from .explain import first, not_finite, remarked, wrong_form
from .named import named_mistake
from .numbers import Array, numbers_or_none
from .numeric import Numeric, gradient_limit
from .standard import whole_mistake
from .suspect import Suspect
from .tolerance import Tolerance, misfit, wrong
from .words import index_text, pair_text, sentence

__all__ = ["check_directions"]

_DIRECTIONS = 3
_PLACES = 300


def check_directions(got: Array, numeric: Numeric, suspects: Mapping[str, Suspect], rng: np.random.Generator) -> None:
    """Passes when the slopes of `got` are the numeric ones along three directions; raises Mismatch otherwise.

    Every element of a direction is 0.5 to 1.5 in size, with a random sign, so that none goes unseen and no two
    errors cancel but by accident.
    """
    name, shape = numeric.blame.name, numeric.line.at.shape
    error = wrong_form(got, numeric.line.at, name, None)
    if error is None:
        error = not_finite(got, np.zeros(shape), ~np.isfinite(got), name, None)
    if error is not None:
        raise error
    directions = rng.choice([-1.0, 1.0], (_DIRECTIONS, *shape)) * rng.uniform(0.5, 1.5, (_DIRECTIONS, *shape))
    right = numeric.along(list(directions), [f"along random direction {number}" for number in range(_DIRECTIONS)])
    limit = gradient_limit(got, right, numeric.tolerance)
    along = _along(got, directions)
    if misfit(along, right, limit, 1.0) > 1.0:
        own = misfit(along, right, limit)
        named, remarks = named_mistake(suspects, lambda value: _off(along, value, directions, limit), own)
        raise remarked(_explained(got, numeric, named, rng, pair_text(along[0], right[0], " where ")), remarks)


def _along(values: Array, directions: Array) -> Array:
    return np.array([float(np.sum(values * direction)) for direction in directions])


def _off(along: Array, suspect: object, directions: Array, limit: Tolerance) -> float:
    candidate = numbers_or_none(suspect)
    if candidate is None or candidate.shape != directions.shape[1:]:
        return float("inf")
    return misfit(along, _along(candidate, directions), limit, 100.0)


def _explained(got: Array, numeric: Numeric, named: str | None, rng: np.random.Generator, pair: str) -> Mismatch:
    """What is wrong at some random places; the slopes alone where none of those is wrong."""
    name = numeric.blame.name
    chosen = rng.choice(got.size, min(_PLACES, got.size), replace=False)
    places = [tuple(int(part) for part in np.unravel_index(place, got.shape)) for place in chosen]
    some, right = np.array([got[place] for place in places]), numeric.at_places(places)
    limit = gradient_limit(some, right, numeric.tolerance)
    bad = wrong(some, right, limit)
    if not np.any(bad):
        finding = f"{sentence(name)} is wrong in a few places: its slope along a random direction is {pair} is expected."
        return Mismatch(finding, kind="value", suspect=named, lead="wrong result (no known mistake fits)")
    suspect = named or whole_mistake(Case.of(some, right, bad, limit), scattered=True)
    worst = first(np.where(bad, np.abs(some - right), -1.0))
    there = f"{index_text(places[worst[0]])}: got {pair_text(some[worst], right[worst], ', expected ')}"
    finding = (
        f"In {name}, {np.count_nonzero(bad):,} of {len(places):,} values that were looked at differ; "
        f"the largest difference is at {there}."
    )
    return Mismatch(finding, kind="value", suspect=suspect, lead="wrong result (no known mistake fits)")
