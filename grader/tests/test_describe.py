"""`describe`: what came back, in a few words that are safe to print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks import describe
from grader.tests.mismatches import FakeHandle


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (np.zeros((9, 40)), "an array of shape (9, 40), float64"),
        (np.array([None]), "an array of shape (1,), of objects"),
        (3.0, "a number (3.0)"),
        (np.float32(0.5), "a number (0.5)"),
        (1 << 4000, "an integer of 4,001 bits"),
        (True, "True"),
        ([1, 2, 3], "a list of 3 items"),
        ([None], "a list of 1 item"),
        ((), "an empty tuple"),
        (b"abc", "3 bytes"),
        ("abc", "text 'abc'"),
        ({"a": 1, 2: 3, (0.1, 5): 4}, "a dict with keys 'a', 2, (0.1, 5)"),
        (dict.fromkeys(range(9)), "a dict with keys 0, 1, 2, 3, 4, …"),
        ({}, "an empty dict"),
        ({1}, "an object of type set"),
        (FakeHandle("Net"), "an object of type Net"),
        (FakeHandle(3), "an object of type unknown"),
        (object.__new__(FakeHandle), "an object of type unknown"),
    ],
)
def test_describe(value: Any, words: str) -> None:
    assert describe(value) == words


def test_describe_escapes_and_cuts_text() -> None:
    shown = describe("\x1b[31m\n\u202e\u200b" + "x" * 500)
    assert shown.isprintable()
    assert shown.startswith(r"text '\x1b[31m\n\u202e\u200bxxx")
    assert len(shown) <= 80 + len("text ''")
    assert describe("ü" * 80) == f"text '{'ü' * 80}'"
    assert describe({"\x1b]0;x\x07": 1}) == r"a dict with keys '\x1b]0;x\x07'"
    assert describe(FakeHandle("\x1b[2J" * 99)).isprintable()
