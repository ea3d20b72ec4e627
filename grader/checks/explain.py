"""The Mismatch of a result that is known to be wrong: what is wrong with it, and which mistake explains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from .case import Case
from .describe import Mismatch
from .error_map import map_of_case, map_of_mask
from .named import named_mistake
from .numbers import Array, wide
from .places import place
from .standard import whole_mistake
from .tolerance import Tolerance, misfit, misfit_of, same, wrong
from .words import index_text, pair_text, sentence, shape_reason, shape_text

__all__ = ["explain", "first", "not_finite", "remarked", "wrong_form", "wrong_values"]

_UNKNOWN = "wrong result (no known mistake fits)"


def explain(
    got: Array,
    wanted: Array,
    tolerance: Tolerance,
    name: str,
    suspects: Mapping[str, Any] | None,
    standard: bool,
) -> NoReturn:
    """Raises the Mismatch of `got`, which is not `wanted`: the form, then NaN and infinities, then the values."""
    case = None
    if got.shape == wanted.shape:
        case = Case.of(got, wanted, wrong(got, wanted, tolerance), tolerance)
    own = misfit(got, wanted, tolerance)
    suspect, remarks = named_mistake(suspects, lambda value: misfit_of(got, value, tolerance), own, case, got.shape)
    error = wrong_form(got, wanted, name, suspect)
    if error is None and case is not None:
        error = not_finite(got, wanted, case.wrong, name, suspect) or _differing(case, name, suspect, standard)
    assert error is not None
    raise remarked(error, remarks)


def _differing(case: Case, name: str, suspect: str | None, standard: bool) -> Mismatch:
    """The Mismatch of finite values."""
    about_all = whole_mistake(case) or _coarse(case) if standard and suspect is None else None
    found = suspect or about_all or (place(case) if standard else None)
    error = wrong_values(case, name, found, _worst(case), "the largest difference is")
    if about_all is None:
        error.map = map_of_case(case)
    return error


def remarked(error: Mismatch, remarks: list[str]) -> Mismatch:
    """The same error with remarks for whoever writes the suite."""
    for remark in remarks:
        error.add_note(remark)
    return error


def wrong_form(got: Array, wanted: Array, name: str, suspect: str | None) -> Mismatch | None:
    """What is wrong with the shape or the kind of number."""
    subject, kind = sentence(name), "shape"
    if got.shape != wanted.shape:
        if got.ndim == 0:
            finding = f"is a single number where shape {shape_text(wanted.shape)} is expected"
        elif wanted.ndim == 0:
            finding = f"has shape {shape_text(got.shape)} where a single number is expected"
        else:
            reason = shape_reason(got.shape, wanted.shape)
            finding = f"has shape {shape_text(got.shape)} where {shape_text(wanted.shape)} is expected"
            finding += f": {reason}" if reason else ""
    elif got.dtype.kind == "b" and wanted.dtype.kind != "b":
        finding, kind = "holds True and False where numbers are expected", "type"
    elif got.dtype.kind == "c" and wanted.dtype.kind != "c":
        finding, kind = "holds complex numbers where real ones are expected", "type"
    else:
        return None
    return Mismatch(f"{subject} {finding}.", kind=kind, suspect=suspect)


def not_finite(got: Array, wanted: Array, where: Array, name: str, suspect: str | None) -> Mismatch | None:
    """What is wrong with NaN and infinities: some came back unasked, some were expected and did not."""
    for what, unasked in (
        ("NaN", np.isnan(got) & ~np.isnan(wanted)),
        ("infinity", np.isinf(got) & np.isfinite(wanted)),
    ):
        if np.any(unasked):
            rest = "" if np.any(where & ~unasked) or np.all(unasked) else "; all other values are right"
            index = first(unasked)
            scalar = f"is {pair_text(got[index], wanted[index], ' where ')} is expected"
            finding = f"holds {what}: {_counted(unasked)}{rest}" if got.ndim else scalar
            return Mismatch(f"{sentence(name)} {finding}.", kind="finite", suspect=suspect, map=map_of_mask(unasked))
    lost = np.asarray(~np.isfinite(wanted) & ~same(got, wanted))
    if not np.any(lost):
        return None
    index = first(lost)
    pair = pair_text(got[index], wanted[index], " where ")
    place = f" at {index_text(index)}" if got.ndim else ""
    return Mismatch(f"{sentence(name)} is {pair} is expected{place}.", kind="finite", suspect=suspect)


def _counted(mask: Array) -> str:
    count = int(np.count_nonzero(mask))
    if count == mask.size:
        return "every value"
    return f"{count:,} of {mask.size:,} values, the first at {index_text(first(mask))}"


def first(mask: Array) -> tuple[Any, ...]:
    """The index of the first True, or of the largest value."""
    return np.unravel_index(int(np.argmax(mask)), mask.shape)


def _worst(case: Case) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        return first(np.where(case.wrong, np.abs(wide(case.actual) - wide(case.expected)), -1.0))


def _coarse(case: Case) -> str | None:
    if case.actual.dtype != np.float16 or misfit(case.actual, case.expected, Tolerance(0.0, None, 1e-2)) > 1.0:
        return None
    return "computed in half precision (float16), which is too coarse"


def wrong_values(case: Case, name: str, suspect: str | None, index: tuple[Any, ...], which: str) -> Mismatch:
    """How many values differ, and the one at `index`, called `which`."""
    got, wanted = case.actual[index], case.expected[index]
    if case.actual.ndim == 0:
        finding = f"{sentence(name)} is {pair_text(got, wanted, ' where ')} is expected."
    else:
        worst = f"{which} at {index_text(index)}: got {pair_text(got, wanted, ', expected ')}"
        differ = "differs" if case.count == 1 else "differ"
        finding = f"In {name}, {case.count:,} of {case.actual.size:,} values {differ}; {worst}."
    return Mismatch(finding, kind="value", suspect=suspect, lead=_UNKNOWN)
