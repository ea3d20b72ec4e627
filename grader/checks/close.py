"""`expect_close`: is this, up to rounding, what the handout asks for, and if not, which mistake is it?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy.typing as npt

from .describe import as_numbers, oracle
from .explain import explain
from .suspect import Suspect
from .tolerance import holds_float32, misfit, tolerance_of

__all__ = ["expect_close"]


def expect_close(
    actual: object,
    expected: npt.ArrayLike,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    precision: npt.DTypeLike | None = None,
    name: str = "the result",
    suspects: Mapping[str, Suspect] | None = None,
    standard: bool = True,
) -> None:
    """Passes when `actual` holds the numbers `expected`; raises Mismatch with an explanation otherwise.

    `actual`: an array, a number, a (nested) list of numbers; its dtype does not matter. `expected`: the
    oracle's value; NaN and infinities in it are expected at their places. `rtol`, `atol`, `precision`: see
    `grader.checks.tolerance`; give `precision="float32"` where the inputs are float32. `suspects`: known
    mistakes in the words of the message and what each would give (or a function of no arguments for that),
    tried in order before the standard mistakes, which `standard=False` leaves out; a suspect may have a wrong
    shape. `name` stands in sentences: "dW".
    """
    wanted = oracle(expected, name)
    got = as_numbers(actual, name)
    tolerance = tolerance_of(got, wanted, rtol, atol, precision)
    if misfit(got, wanted, tolerance, 1.0) <= 1.0:
        return
    if rtol is None and holds_float32(got):
        tolerance = tolerance_of(got, wanted, rtol, atol, "float32")
        if misfit(got, wanted, tolerance, 1.0) <= 1.0:
            return
    explain(got, wanted, tolerance, name, suspects, standard)
