"""`device_speed`: how many times as fast as a baseline a computation on a device is, by a clock on this side of the wire.

A device computes on while the call that started it has returned long ago, and a worker's CPU time says nothing of it. So
the time of a call is the wall time until numbers have arrived that cannot be known before everything is computed: <out, v>
for each result `out`, with a v that is sent after the call. Then every value is looked at. Each call gets inputs that no
call saw before, and the minimum of several calls counts: whatever else the machine does only makes a call slower.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grader.errors import SuiteFault

from .asked import Asked
from .close import expect_close
from .numbers import Array
from .speed import SpeedResult, clock_of, speed_text, too_slow

__all__ = ["device_speed"]

_FEWEST = 3
_SLACK = 5e-6  # of the sum of absolute values: what a sum of float32 numbers may err by


def device_speed(
    step: Callable[..., Any],
    baseline_seconds: Callable[..., float],
    *,
    inputs: Sequence[tuple[Array, ...]],
    right: Callable[..., Sequence[Array]],
    names: Sequence[str],
    to_device: Callable[..., Sequence[Any]],
    contract: Callable[..., Any],
    bring: Callable[[Any, str], Array],
    rng: np.random.Generator,
    at_least: float | Asked,
    unpack: Callable[[Any], Sequence[Any]] = lambda result: (result,),
    precision: Any = "float32",
    looks_like: Mapping[str, tuple[float, float]] | None = None,
    baseline_name: str = "the baseline",
) -> SpeedResult:
    """How many times as fast as the baseline `step` is on a device; below `at_least` raises Mismatch ("speed").

    `step` is a handle, of `fresh_submission` or of a guest function's result, that takes arrays on the device;
    `baseline_seconds(*arrays)` gives the seconds of the baseline for the same input, without sending it. `inputs`: host
    arrays for one call each, all different and equally expensive, the first for a warm-up that compiles kernels; the half
    of the others are for a second measurement, made if the first falls short. `right(*arrays)`: the values of the results,
    which are called `names`; `unpack(result)`: the results' handles, raising what is wrong with their number. `bring(handle,
    name)`: a result's values, raising where it does not lie on the device. `looks_like`, `baseline_name`: see `speed_ratio`.

    Guest functions: `to_device(*arrays)` gives handles once all has arrived there; `contract(results, factors)` gives for
    each result <out, v> as a float, v being the outer product of the result's factors (one vector for each axis).
    In-process the ratio is advisory and never raises.

    Raises SuiteFault for fewer than 3 inputs.
    """
    if len(inputs) < _FEWEST:
        raise SuiteFault(f"device_speed got {len(inputs)} inputs: give at least {_FEWEST}, better 11")
    wanted = at_least.wanted("speed") if isinstance(at_least, Asked) else at_least
    advisory = clock_of(step).advisory
    call = _Call(step, right, names, to_device, contract, bring, rng, unpack, precision)
    call.seconds(inputs[0])
    middle = 1 + len(inputs) // 2
    best = _measure(call, baseline_seconds, inputs[1:middle])
    if best[0] < wanted and not advisory:
        best = max(best, _measure(call, baseline_seconds, inputs[middle:]))
    if best[0] < wanted and not advisory:
        raise too_slow(best[0], wanted, baseline_name, looks_like)
    if isinstance(at_least, Asked) and at_least.calibrating and not advisory:
        at_least.note("speed", best[0])
    return SpeedResult(*best, advisory, speed_text(best[0], wanted, baseline_name, advisory))


def _measure(call: _Call, baseline: Callable[..., float], inputs: Sequence[tuple[Array, ...]]) -> tuple[float, float, float]:
    """Ratio, least seconds of the candidate and of the baseline."""
    rounds = [(call.seconds(arrays), float(baseline(*arrays))) for arrays in inputs]
    candidate, slow = (min(seconds) for seconds in zip(*rounds, strict=True))
    return slow / candidate, candidate, slow


class _Call:
    """One call after another; see `device_speed`."""

    def __init__(self, step: Any, right: Any, names: Any, to_device: Any, contract: Any, bring: Any, rng: Any, unpack: Any,
                 precision: Any) -> None:  # fmt: skip
        self._step, self._right, self._names, self._to_device = step, right, names, to_device
        self._contract, self._bring, self._rng, self._unpack, self._precision = contract, bring, rng, unpack, precision

    def seconds(self, arrays: tuple[Array, ...]) -> float:
        """Until <out, v> of every result is there. Raises Mismatch for a wrong number, or a wrong value."""
        right, there = self._right(*arrays), self._to_device(*arrays)
        factors = [[_factor(self._rng, length) for length in array.shape] for array in right]  # unknown on the other side
        start = time.perf_counter()
        results = list(self._unpack(self._step(*there)))
        totals = self._contract(results, factors)
        seconds = time.perf_counter() - start
        self._look(right, factors, totals)
        for name, result, array in zip(self._names, results, right, strict=True):
            expect_close(self._bring(result, name), array, precision=self._precision, name=name)
        return seconds

    def _look(self, right: Sequence[Array], factors: Sequence[Sequence[Array]], totals: Any) -> None:
        """What was timed was the whole computation. Whatever came in place of a list is no right list."""
        told = totals if isinstance(totals, list | tuple) and len(totals) == len(right) else [math.nan] * len(right)
        for name, total, array, vectors in zip(self._names, told, right, factors, strict=True):
            expected, slack = contracted(array, vectors)
            expect_close(
                total, expected, rtol=0, atol=slack, name=f"<{name}, v>, with a random v that is sent after the call"
            )


def _factor(rng: np.random.Generator, length: int) -> Array:
    """Signs at random, so that no part of an array can be left out, nor another take its place."""
    vector: Array = (rng.uniform(0.5, 1.5, length) * rng.choice([-1, 1], length)).astype(np.float32)
    return vector


def contracted(array: Array, factors: Sequence[Array]) -> tuple[float, float]:
    """<array, v> in float64, v the outer product of one vector for each axis, and what a float32 sum of it may err by."""
    total, size = np.asarray(array, np.float64), np.asarray(np.abs(array), np.float64)
    for vector in reversed(factors):
        total, size = total @ vector, size @ np.abs(vector)
    return float(total), _SLACK * float(size)
