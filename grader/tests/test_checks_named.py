"""The suspects of a test: named first, verbatim, and only where they fit."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks import expect_close, expect_equal
from grader.tests.mismatches import NONE_FITS, caught, normal


def test_named_suspects_come_first_and_verbatim() -> None:
    expected = np.abs(normal(9, 40))
    text = "squared distances: the square root is missing"
    error = caught(expected**2, expected, suspects={"never": expected + 1, text: lambda: expected**2})
    assert error.suspect == text
    assert str(error).startswith(f"{text}. In the result, 360 of 360 values differ; the largest difference is at [")


def test_a_suspect_is_allowed_ten_tolerances_and_no_more() -> None:
    expected = normal(9, 40)
    suspects = {"one too many": expected + 1}
    assert caught((expected + 1) * (1 + 5e-7), expected, suspects=suspects).suspect == "one too many"
    assert caught((expected + 1) * (1 + 5e-6), expected, suspects=suspects).suspect is None


def test_a_suspect_that_is_the_right_answer_never_counts() -> None:
    expected = normal(9, 40)
    near = {"nothing": expected, "next to nothing": expected * (1 + 1e-8)}
    assert caught(expected * (1 + 3e-7), expected, suspects=near, standard=False).suspect is None


def test_a_suspect_may_have_another_shape_or_hold_nan() -> None:
    expected = normal(9)
    error = caught(expected[:, None], expected, suspects={"keepdims left in": expected[:, None]})
    assert str(error).startswith("keepdims left in. The result has shape (9, 1) where (9,) is expected")
    error = caught(expected * np.nan, expected, suspects={"0/0 for empty folds": expected * np.nan})
    assert str(error) == "0/0 for empty folds. The result holds NaN: every value."


def test_a_suspect_that_cannot_be_computed_changes_no_verdict() -> None:
    expected = normal(9)
    error = caught(-expected, expected, suspects={"broken": lambda: 1 / 0, "text": "no number"})
    assert error.suspect == "the sign is flipped"
    assert error.__notes__ == ["the suspect 'broken' could not be computed: ZeroDivisionError: division by zero"]


def test_suspects_cost_nothing_on_success() -> None:
    expect_close([1.0], [1.0], suspects={"never computed": lambda: pytest.fail("it was")})
    expect_equal([1.0], [1.0], suspects={"never computed": lambda: pytest.fail("it was")})


def test_standard_suspects_can_be_left_out() -> None:
    assert str(caught(-normal(9), normal(9), standard=False)).startswith(NONE_FITS)


def test_a_question_keeps_its_mark() -> None:
    assert str(caught([5.0], [1.5], suspects={"is k ignored?": [5.0]})).startswith("is k ignored? In the result, ")
