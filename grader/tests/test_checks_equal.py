"""`expect_equal`, and garbage, which is a Mismatch and nothing else in every check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks import expect_close, expect_equal
from grader.errors import SuiteFault
from grader.tests.mismatches import FakeHandle, caught

GARBAGE = [
    None, "", "text", b"", True, 0, -1, 1 << 70, 1 << 5000, 1e308, -0.0, np.nan, np.inf, 1j, complex("nan"),
    [], (), {}, set(), [[]], [[], [1]], [None], ["a"], [np.nan], [1 << 70, 1.5], [1 << 70, 1j], {1: 2},
    [np.zeros(2), np.zeros(3)], {"a": None}, np.zeros((0, 1)), np.zeros(0), np.zeros((1,) * 32),
    np.array(None), np.array(["a"]), np.array("2026", "datetime64[Y]"), np.full(3, np.nan), np.full(3, 1e308),
    np.full(3, 255, np.uint8), np.full(3, np.inf, np.float16), np.ones(3, bool), np.full(3, -(1 << 63)),
    np.zeros(3, np.complex64), np.zeros(3, "i4,f8"), FakeHandle("Net"), [FakeHandle("Net")], object,
]  # fmt: skip


@pytest.mark.parametrize("expected", [1.5, 3, True, [1.0, 2.0, 3.0], [1, 2, 3], [[1e308], [5e-324]], [np.nan, np.inf, 0]])
def test_garbage_gives_a_mismatch_and_nothing_else(expected: Any) -> None:
    for value in GARBAGE:
        for check in (expect_close, expect_equal):
            if not (value is True and expected is True):
                assert str(caught(value, expected, check, suspects={"one more": lambda: np.add(expected, 1)}))


@pytest.mark.parametrize("expected", ["other", {"b": [1]}, [None, "a"], None])
def test_garbage_equals_nothing(expected: Any) -> None:
    for value in GARBAGE:
        if not (value is None and expected is None):
            assert str(caught(value, expected, expect_equal))


# expect_equal


def test_labels_are_explained() -> None:
    labels = np.random.default_rng(3).integers(0, 5, 40)
    error = caught(labels + 1.0, labels, expect_equal, name="labels")
    assert str(error) == (
        "every value is 1 too large. In labels, 40 of 40 values differ; the first is at [0]: got 5, expected 4."
    )
    assert caught(labels * 0, labels, expect_equal).suspect == "all zeros"
    assert caught(labels * 0 + 3, labels, expect_equal).suspect == "every value is the same (3)"
    late = np.where(np.arange(40) == 11, 9, labels)
    assert "1 of 40 values differs; the first is at [11]: got 9" in str(caught(late, labels, expect_equal))


def test_equal_means_equal() -> None:
    caught([0.1 + 0.2], [0.3], expect_equal)
    caught([2**53 + 1], [2**53], expect_equal)
    caught([57_044_811], [57_044_810], expect_equal)


@pytest.mark.parametrize(
    ("actual", "expected", "kind", "words"),
    [
        ({1: 0, 7: 1}, {1: 0, 3: 1, 5: 2}, "shape",
         "acc lacks the keys 3, 5 and has the keys 7 that are not expected."),
        ([1], {1: 2}, "type", "acc is a list of 1 item where a dict is expected."),
        (None, {1: 2}, "missing", "acc is None where a dict is expected."),
        ({"k": [1, 2]}, {"k": [1, 3]}, "value", "In acc['k'], 1 of 2 values differs; the first is at [1]"),
        ("b", "a", "value", "acc is text 'b' where text 'a' is expected."),
        (FakeHandle("Net"), "a", "type", "acc is an object of type Net where text 'a' is expected."),
        (FakeHandle("Net"), None, "type", "acc is an object of type Net where None is expected."),
        (3, None, "type", "acc is a number (3) where None is expected."),
        (None, 3, "missing", "acc is None: the code returned nothing"),
        (["a"], ["a", "b"], "shape", "acc is a list of 1 item where 2 are expected."),
        ("ab", ["a", "b"], "value", "acc is text 'ab' where a list of 2 items is expected."),
        (["a", 1], ["a", 2], "value", "acc[1] is 1 where 2 is expected."),
        ([1.5, 2], [1, 2], "value", "In acc, 1 of 2 values differs; the first is at [0]: got 1.5, exp"),
    ],
)  # fmt: skip
def test_unequal_things_are_named(actual: Any, expected: Any, kind: str, words: str) -> None:
    error = caught(actual, expected, expect_equal, name="acc")
    assert words in str(error)
    assert error.kind == kind


def test_suspects_of_equal_may_be_anything() -> None:
    suspects = {"the worst k": lambda: 1, "the key is text": {"1": 2}}
    assert str(caught(1, 3, expect_equal, suspects=suspects)).startswith("the worst k. The result is 1 where 3 ")
    assert caught({"1": 2}, {1: 2}, expect_equal, suspects=suspects).suspect == "the key is text"
    assert caught(5, 3, expect_equal, suspects=suspects).suspect is None


@pytest.mark.parametrize(("check", "expected"), [(expect_close, None), (expect_close, [[1], [1, 2]]), (expect_equal, {1})])
def test_a_suite_that_expects_no_numbers_is_at_fault(check: Any, expected: Any) -> None:
    with pytest.raises(SuiteFault, match="what is expected of the result is .*: give numbers"):
        check([1.0], expected)
