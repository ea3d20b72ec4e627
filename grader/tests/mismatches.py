"""What the tests of the checks share: failing on purpose, values, an object of a student's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks import Mismatch, expect_close

NONE_FITS = "wrong result (no known mistake fits). "
SHAPES = [(), (1,), (2,), (9,), (1, 1), (1, 5), (2, 2), (9, 40), (4, 4, 4), (2, 3, 4, 5)]


class FakeHandle:
    """Stands for an object of the student's: whatever is asked of it implicitly raises."""

    __slots__ = ("_type_name",)
    __grader_handle__ = True

    def __init__(self, type_name: Any) -> None:
        object.__setattr__(self, "_type_name", type_name)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        raise RuntimeError(f"asked for {name}")

    def _refuse(self, *_: object) -> Any:
        raise TypeError("a handle was evaluated")

    __eq__ = __bool__ = __len__ = __iter__ = __getitem__ = __array__ = __float__ = __repr__ = _refuse
    __hash__ = None


def caught(actual: Any, expected: Any, check: Any = expect_close, **options: Any) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        check(actual, expected, **options)
    return info.value


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)
