"""What came back, in words fit for a message, and as numbers fit for comparing.

Both look at types only: nothing here calls `==`, `bool`, `len`, `repr` or an attribute of an object of
unknown type.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from grader.errors import CheckFailed, SuiteFault

from .numbers import NUMERIC, Array, numbers_or_none
from .words import escape, index_text, sentence, shape_text

__all__ = ["Mismatch", "as_numbers", "describe", "escape", "keys_text", "oracle", "sentence", "shape_text"]

_MAX_KEYS = 5
_MAX_DEPTH = 24


class Mismatch(CheckFailed):
    """What came back is not what is expected. `str` is `suspect` (or `lead`) as the first sentence, then
    `finding`.

    Attributes: `kind`, which check found it ("missing", "type", "shape", "finite" or "value"); `suspect`, the
    mistake that explains it (the words of the test or of the standard list), None where no known mistake
    fits; `finding`; `map`, lines that show where an array is wrong, "" where they would tell nothing.
    """

    def __init__(self, finding: str, *, kind: str, suspect: str | None = None, lead: str = "", map: str = "") -> None:
        first = suspect or lead
        stop = "" if first.endswith((".", "?", "!")) else "."
        super().__init__(f"{first}{stop} {finding}" if first else finding)
        self.kind, self.suspect, self.finding, self.map = kind, suspect, finding, map


def describe(value: object) -> str:
    """What `value` is, in a few words: "None", "an array of shape (9, 40), float64" ..."""
    kind = type(value)
    if value is None:
        return "None"
    if getattr(kind, "__grader_handle__", False) is True:
        return f"an object of type {_handle_type(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {shape_text(value.shape)}, {_dtype_text(value.dtype)}"
    if isinstance(value, (bool, np.bool_)):
        return "True" if value else "False"
    if isinstance(value, (int, float, complex, np.number)):
        return _number(value)
    if isinstance(value, str):
        return f"text '{escape(value)}'"
    return _container(value)


def _container(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value):,} bytes"
    if isinstance(value, (list, tuple)):
        word = "list" if isinstance(value, list) else "tuple"
        return f"an empty {word}" if not len(value) else f"a {word} of {_items(len(value))}"
    if isinstance(value, dict):
        return f"a dict with keys {keys_text(value)}" if len(value) else "an empty dict"
    return f"an object of type {escape(type(value).__name__)}"


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"


def keys_text(keys: Collection[Any]) -> str:
    """The first keys of a dict as they are written in Python: "1, 3, 'mean', …"."""
    return ", ".join(_key(key) for key in list(keys)[:_MAX_KEYS]) + (", …" if len(keys) > _MAX_KEYS else "")


def _key(key: object) -> str:
    if isinstance(key, str):
        return f"'{escape(key, 30)}'"
    if isinstance(key, tuple):
        return "(" + ", ".join(_key(part) for part in key[:_MAX_KEYS]) + ("," if len(key) == 1 else "") + ")"
    if isinstance(key, np.generic):
        key = key.item()
    return escape(repr(key), 30) if type(key) in (int, float, complex, bool) else describe(key)


def _number(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length():,} bits"
    plain = value.item() if isinstance(value, np.number) else value
    return f"a number ({plain!r})"


def _handle_type(value: object) -> str:
    try:
        name = object.__getattribute__(value, "_type_name")
    except AttributeError:
        return "unknown"
    return escape(name) if type(name) is str else "unknown"


def _dtype_text(dtype: np.dtype[Any]) -> str:
    return {"O": "of objects", "U": "of text", "S": "of bytes"}.get(dtype.kind, escape(str(dtype)))


def as_numbers(value: object, name: str) -> Array:
    """`value` as an array of numbers: arrays, scalars, lists and nested lists of them.

    Raises Mismatch of kind "missing" (None) or "type" (anything that is not numbers, ragged lists).
    """
    if value is None:
        raise Mismatch(f"{sentence(name)} is None: the code returned nothing; is a `return` missing?", kind="missing")
    if isinstance(value, (list, tuple)):
        return _from_sequence(value, name)
    if not _is_numeric(value):
        raise Mismatch(f"{sentence(name)} is {describe(value)} where numbers are expected.", kind="type")
    return _plain(np.asarray(value), name)


def oracle(value: object, name: str) -> Array:
    """The suite's own value as an array of numbers. Raises SuiteFault where it is none."""
    result = numbers_or_none(value)
    if result is None:
        raise SuiteFault(f"what is expected of {name} is {describe(value)}: give numbers of one regular shape")
    return result


def _is_numeric(value: object) -> bool:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in NUMERIC
    return isinstance(value, (bool, int, float, complex))


def _from_sequence(value: list[Any] | tuple[Any, ...], name: str) -> Array:
    found = _stranger(value, ())
    if found is not None:
        index, what = found
        raise Mismatch(
            f"{sentence(name)} is {describe(value)} that holds {what} at {index_text(index)}; numbers are expected.",
            kind="type",
        )
    try:
        return _plain(np.array(value), name)
    except ValueError:
        raise Mismatch(
            f"{sentence(name)} is {describe(value)} of different lengths (ragged) where a regular array is expected.",
            kind="type",
        ) from None


def _stranger(value: list[Any] | tuple[Any, ...], index: tuple[int, ...]) -> tuple[tuple[int, ...], str] | None:
    """Where and what the first leaf is that is not a number; None where there is none."""
    for position, item in enumerate(value):
        here = (*index, position)
        if isinstance(item, (list, tuple)):
            if len(here) >= _MAX_DEPTH:
                return here, f"lists nested deeper than {_MAX_DEPTH} levels"
            found = _stranger(item, here)
            if found is not None:
                return found
        elif not _is_numeric(item):
            return here, describe(item)
    return None


def _plain(value: Array, name: str) -> Array:
    """Python integers beyond 64 bits become floats."""
    if value.dtype.kind in NUMERIC:
        return value
    mixed = any(isinstance(item, (complex, np.complexfloating)) for item in value.flat)
    try:
        return value.astype(np.complex128 if mixed else np.float64)
    except OverflowError:
        raise Mismatch(f"{sentence(name)} holds an integer too large for a float.", kind="type") from None
