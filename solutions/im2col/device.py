"""Results that lie on a device, and how long they take: wall time until <out, v> has arrived, v sent after the call."""

from __future__ import annotations

import time

import numpy as np

from grader.checks import Mismatch, describe, expect_close
from grader.errors import CheckFailed

from .cases import contracted, vectors

__all__ = ["brought", "faster_than", "timed"]


def brought(guest, found, name):
    """The numbers of a result that lies on the device, as an array here. Raises CheckFailed where it does not lie there."""
    if isinstance(found, np.ndarray | np.generic):
        raise CheckFailed(
            f"{name} came back in host memory, as {describe(found)}; the data lies on the GPU, and so must the result: "
            "take every function from array_module(x)"
        )
    kind, array = guest.to_host(found)
    if array is None:
        raise CheckFailed(f"{name} is {describe(found)} ({kind}); an array on the GPU is expected")
    return array


def timed(step, contract, inputs, rng, shapes, right, names):
    """Seconds until the numbers <out, v> of all results have arrived, and the results.

    `step`: handle of the call to time; `contract`: guest function; `inputs`: handles of arrays on the device; `shapes`: of
    the results; `right`: their values. Raises Mismatch for a wrong number: what was timed was not the whole computation.
    """
    start = time.perf_counter()
    out, gradients = step(*inputs)
    if not isinstance(gradients, tuple | list) or len(gradients) != 3:
        raise CheckFailed(f"conv_backward_im2col returned {describe(gradients)}; three values are expected: dx, dw, db")
    results = out, *gradients
    factors = vectors(rng, shapes)
    totals = contract(list(results), factors)
    seconds = time.perf_counter() - start
    for name, total, array, factor in zip(names, totals, right, factors, strict=True):
        expected, slack = contracted(array, factor)
        expect_close(total, expected, rtol=0, atol=slack, name=f"<{name}, v>, with a random v that is drawn after the call")
    return seconds, results


def faster_than(seconds, baseline_seconds, at_least, looks_like):
    """The ratio in words. Raises Mismatch ("speed") below `at_least`. `looks_like`: method to a range [low, high)."""
    ratio = baseline_seconds / seconds
    text = (
        f"on the GPU your version is {ratio:.3g} times as fast as im2col on one thread of the CPU; "
        f"full marks start at {at_least:g} times"
    )
    if ratio < at_least:
        method = next((words for words, (low, high) in looks_like.items() if low <= ratio < high), None)
        error = Mismatch(f"{text}." + (f" This looks like {method}." if method else ""), kind="speed")
        error.suspect = method
        raise error
    return text
