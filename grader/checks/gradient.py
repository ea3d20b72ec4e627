"""`check_gradient`: is this the gradient of that function?

The analytic gradient of sum(f(x) * c), for a random upstream gradient c, against centred differences in float64:
error = max|analytic - numeric| / max|numeric|. With h = 1e-5 correct code errs below 1e-10 and the tolerance
is 1e-7, so that an error of 1e-4 is a thousand tolerances away (`python -m grader.bench gradients` measures
it). A sum in place of c would pass the zero gradient of a softmax; float32 has no digits left at this h.

Every coordinate is checked up to 2,000 of them, three random directions where there are more: one element that
is off by 1 % moves such a slope by some 1e-4 of the largest.

What makes a numeric gradient worthless is a fault of the suite, never a student's failure: a kink nearer than
h, a function without slope, float32, values so large that rounding hides the slope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .describe import as_numbers
from .directions import check_directions
from .explain import explain
from .numbers import Array
from .numeric import Numeric, gradient_limit
from .suspect import Suspect
from .tolerance import misfit

__all__ = ["MANY", "check_gradient", "numeric_gradient"]

MANY = 2000
"""More coordinates than this are checked along random directions."""

Suspects = Mapping[str, Suspect] | Callable[[Array], Mapping[str, Suspect]]


def check_gradient(
    actual: object,
    f: Callable[[Array], Any],
    at: npt.ArrayLike,
    cotangent: npt.ArrayLike | None = None,
    *,
    name: str = "the gradient",
    suspects: Suspects | None = None,
    h: float = 1e-5,
    tolerance: float = 1e-7,
    rng: np.random.Generator | None = None,
    trusted: bool | None = None,
) -> None:
    """Passes when `actual` is the gradient of sum(f(x) * cotangent) at `at`; raises Mismatch otherwise.

    `actual`: the student's analytic gradient, shape of `at`. `f(x)`: maps a float64 array of the shape of `at`
    to an array or a number; the suite's own forward pass, or what runs the student's (see `trusted`). `at`:
    float64, away from kinks (`keep_off_zero`, `distinct`, `draw_until` draw such inputs). `cotangent`: the
    upstream gradient, random, float64, shape of f(at); needed unless f gives a number. `suspects`: known
    mistakes as for `expect_close`, or a function that makes them of the right gradient, which is left out
    where only directions are checked. `tolerance`: of max|actual - numeric| / max|numeric|; a gradient that
    holds float32 values is allowed 3e-5. `rng`: draws the directions, the same ones unless it is given.
    `trusted`: whether f is the suite's own, as anything but a handle is taken to be; give False for a lambda
    that calls student code: then what is wrong with f is the student's failure.

    Raises SuiteFault for what makes the check worthless (see this module's text).
    """
    got = as_numbers(actual, name)
    if trusted is None:
        trusted = not getattr(type(f), "__grader_handle__", False)
    numeric = Numeric.of(f, at, cotangent, name, h, tolerance, trusted)
    if numeric.line.at.size > MANY:
        known = {} if suspects is None or callable(suspects) else suspects
        check_directions(got, numeric, known, np.random.default_rng(0) if rng is None else rng)
        return
    right = numeric.gradient()
    limit = gradient_limit(got, right, tolerance)
    if misfit(got, right, limit, 1.0) > 1.0:
        explain(got, right, limit, name, suspects(right) if callable(suspects) else suspects, True)


def numeric_gradient(
    f: Callable[[Array], Any],
    at: npt.ArrayLike,
    cotangent: npt.ArrayLike | None = None,
    *,
    h: float = 1e-5,
    tolerance: float = 1e-7,
) -> npt.NDArray[np.float64]:
    """The gradient of sum(f(x) * cotangent) at `at`, coordinate by coordinate; arguments as for `check_gradient`.

    Raises SuiteFault where it would be worthless.
    """
    return Numeric.of(f, at, cotangent, "the gradient", h, tolerance, True).gradient()
