"""`expect_equal`: labels, counts, text and what holds them, compared exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from grader.errors import SuiteFault

from .case import Case
from .describe import Mismatch, as_numbers, describe, keys_text
from .error_map import map_of_case
from .explain import first, not_finite, remarked, wrong_form, wrong_values
from .named import named_mistake
from .numbers import Array, numbers_or_none
from .places import place
from .standard import whole_mistake
from .tolerance import EXACT, same
from .words import sentence

__all__ = ["expect_equal"]


def expect_equal(
    actual: object,
    expected: object,
    *,
    name: str = "the result",
    suspects: Mapping[str, Any] | None = None,
) -> None:
    """Passes when `actual` equals `expected` exactly; raises Mismatch with an explanation otherwise.

    For labels, counts, text, None, lists and dicts of those. Numbers are compared as numbers, so 2.0 equals 2
    and an array equals a list; a tuple equals a list. `suspects` as for `expect_close`; each is compared in
    the same way. Floats that were computed need `expect_close`, value by value in a dict.
    """
    try:
        _equal(actual, expected, name)
    except Mismatch as error:
        found, remarks = named_mistake(suspects, lambda value: _unequal(actual, value, name), math.inf)
        if found is not None:
            error = Mismatch(error.finding, kind=error.kind, suspect=found, map=error.map)
        raise remarked(error, remarks) from None


def _unequal(actual: object, candidate: object, name: str) -> float:
    try:
        _equal(actual, candidate, name)
    except Mismatch:
        return math.inf
    return 0.0


def _equal(actual: object, expected: object, name: str) -> None:
    numbers = numbers_or_none(expected)
    if isinstance(expected, dict):
        _equal_dict(actual, expected, name)
    elif numbers is not None:
        _equal_numbers(as_numbers(actual, name), numbers, name)
    elif isinstance(expected, (list, tuple)):
        _equal_items(actual, expected, name)
    elif expected is None:
        if actual is not None:
            _equal_fails(actual, "None", name)
    elif not isinstance(expected, (str, bytes)):
        raise SuiteFault(f"what is expected of {name} is {describe(expected)}: give numbers, text, lists or dicts of them")
    elif not isinstance(actual, (str, bytes)) or actual != expected:
        _equal_fails(actual, describe(expected), name)


def _equal_fails(actual: object, wanted: str, name: str) -> NoReturn:
    kind = "missing" if actual is None else "value" if isinstance(actual, (str, bytes)) else "type"
    raise Mismatch(f"{sentence(name)} is {describe(actual)} where {wanted} is expected.", kind=kind)


def _equal_dict(actual: object, expected: dict[Any, Any], name: str) -> None:
    if not isinstance(actual, dict):
        _equal_fails(actual, "a dict", name)
    lacking = [key for key in expected if key not in actual]
    extra = [key for key in actual if key not in expected]
    if lacking or extra:
        parts = [f"lacks the keys {keys_text(lacking)}"] if lacking else []
        parts += [f"has the keys {keys_text(extra)} that are not expected"] if extra else []
        raise Mismatch(f"{sentence(name)} {' and '.join(parts)}.", kind="shape")
    for key, value in expected.items():
        _equal(actual[key], value, f"{name}[{keys_text([key])}]")


def _equal_items(actual: object, expected: list[Any] | tuple[Any, ...], name: str) -> None:
    if not isinstance(actual, (list, tuple)):
        _equal_fails(actual, describe(expected), name)
    if len(actual) != len(expected):
        raise Mismatch(f"{sentence(name)} is {describe(actual)} where {len(expected)} are expected.", kind="shape")
    for index, value in enumerate(expected):
        _equal(actual[index], value, f"{name}[{index}]")


def _equal_numbers(got: Array, wanted: Array, name: str) -> None:
    error = None if got.dtype.kind == "b" and got.shape == wanted.shape else wrong_form(got, wanted, name, None)
    if error is None:
        wrong = ~same(got, wanted)
        if not np.any(wrong):
            return
        error = not_finite(got, wanted, wrong, name, None)
    if error is None:
        case = Case.of(got, wanted, wrong, EXACT)
        about_all = whole_mistake(case)
        error = wrong_values(case, name, about_all or place(case), first(wrong), "the first is")
        error.map = "" if about_all else map_of_case(case)
    raise error
