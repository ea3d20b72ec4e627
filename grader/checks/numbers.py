"""Arrays of numbers: how a suite's own value becomes one, and small views of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["NUMERIC", "Array", "as_float", "numbers_or_none", "sample", "whole", "wide"]

Array = npt.NDArray[Any]
NUMERIC = "biufc"
_SAMPLE = 4096


def numbers_or_none(value: object) -> Array | None:
    """The suite's own value as an array of numbers, None where it is none (text, objects, ragged lists)."""
    try:
        result = np.asarray(value)
    except ValueError:
        return None
    return result if result.dtype.kind in NUMERIC else None


def sample(values: Array) -> Array:
    """At most 4096 of the values, spread evenly; all of them where there are no more."""
    flat = values.reshape(-1)
    return flat[:: max(1, -(-flat.size // _SAMPLE))]


def whole(values: Array) -> bool:
    """Whether all values are whole numbers or truth values."""
    return values.dtype.kind in "biu" or (values.dtype.kind == "f" and bool(np.all(values == np.rint(values))))


def wide(values: Array) -> Array:
    """The values in float64 or complex128."""
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64, copy=False)


def as_float(values: Array) -> Array:
    """Floats and complex numbers as they are, everything else in float64."""
    return values if values.dtype.kind in "fc" else values.astype(np.float64)
