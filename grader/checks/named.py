"""Which of a test's own suspects explains a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .case import Case
from .regions import Place, Shape

__all__ = ["named_mistake"]

_LIMIT = 10.0


def named_mistake(
    suspects: Mapping[str, Any] | None,
    misfit: Callable[[Any], float],
    own: float,
    case: Case | None = None,
    shape: tuple[int, ...] | None = None,
) -> tuple[str | None, list[str]]:
    """The first of the test's suspects that fits, and remarks about suspects that could not be computed.

    A suspect fits when the result lies within ten tolerances of it and at least ten times nearer to it than
    to the right answer (`own`: the misfit against that), so a suspect that equals the right answer never
    does. A `Place` tells less than values do: places come after all others, and only where there is a `case`;
    a `Shape` only where there is none, and `shape` is that of the result.
    """
    remarks: list[str] = []
    places: list[tuple[str, Place]] = []
    for text, suspect in (suspects or {}).items():
        try:
            value = suspect() if callable(suspect) else suspect
            if isinstance(value, Place):
                places.append((text, value))
                continue
            off = misfit(value)
        except Exception as error:  # an explanation that cannot be had must not change a verdict that stands
            remarks.append(_remark(text, error))
            continue
        if off <= _LIMIT and off <= own / 10:
            return text, remarks
    if case is not None:
        return _placed(places, case, remarks), remarks
    return next((text for text, place in places if isinstance(place, Shape) and place.shape == shape), None), remarks


def _placed(places: list[tuple[str, Place]], case: Case, remarks: list[str]) -> str | None:
    for text, place in places:
        try:
            detail = place.explains(case)
        except Exception as error:
            remarks.append(_remark(text, error))
            continue
        if detail is not None:
            return text + detail
    return None


def _remark(text: str, error: Exception) -> str:
    return f"the suspect {text!r} could not be computed: {type(error).__name__}: {error}"
