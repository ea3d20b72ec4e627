"""Standard mistakes: each is named where it was made, and none by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks import expect_close, expect_equal
from grader.tests.mismatches import NONE_FITS, SHAPES, caught, normal

# the mistakes that are named


def _border(e: Any) -> Any:
    result = e + 1.0
    result[..., 1:-1, 1:-1] = e[..., 1:-1, 1:-1]
    return result


def _part(e: Any, rows: slice, value: float | None = None) -> Any:
    result = e.copy()
    result[rows] = np.sin(9 * e[rows]) + 7 if value is None else value
    return result


MISTAKES = [
    ("the sign is flipped", lambda e: -e),
    ("every value is twice what is expected", lambda e: 2 * e),
    ("every value is half of what is expected", lambda e: e / 2),
    ("is the number of values)", lambda e: e * e.size),
    ("every value is 1/", lambda e: e / e.shape[0]),
    ("every value is 0.37 times what is expected", lambda e: 0.37 * e),
    ("every value is 0.25 too large", lambda e: e + 0.25),
    ("every value is 5 too small", lambda e: e - 5),
    ("in reverse order", lambda e: e[::-1]),
    ("are shifted by one, to the next index", lambda e: np.roll(e, 1, 0)),
    ("are shifted by one, to the previous index", lambda e: np.roll(e, -1, 0)),
    ("the right values in the wrong places", lambda e: np.sort(e, axis=None).reshape(e.shape)),
    ("the values are squared", lambda e: e**2),
    ("the values are absolute values", np.abs),
    ("negative values are cut to 0", lambda e: np.maximum(e, 0)),
    ("the values are truncated to integers", np.trunc),
    ("the values are rounded to integers", np.rint),
    ("all zeros", np.zeros_like),
    ("every value is the same (0.5)", lambda e: np.full_like(e, 0.5)),
]


@pytest.mark.parametrize(("words", "mistake"), MISTAKES)
@pytest.mark.parametrize("shape", [(17,), (9, 40), (3, 4, 5), (5, 3, 4, 2)])
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_mistakes_are_named_in_every_shape(words: str, mistake: Any, shape: tuple[int, ...], precision: Any) -> None:
    expected = 30 * normal(*shape)
    error = caught(mistake(expected).astype(precision), expected, name="out")
    assert words in (error.suspect or "")
    assert str(error).startswith(f"{error.suspect}. In out, ")
    assert error.kind == "value"


@pytest.mark.parametrize(
    ("shape", "words", "mistake"),
    [
        ((9,), "the values are the exponentials of what is expected", np.exp),
        ((6, 6), "transposed", np.transpose),
        ((2, 5, 5), "the axes are permuted: the result is the right one transposed to (0, 2, 1)",
         lambda e: e.swapaxes(1, 2)),
        ((2, 3, 4, 5), "the layout is scrambled", lambda e: e.transpose(0, 2, 3, 1).reshape(e.shape)),
        ((9, 40), "the layout is scrambled", lambda e: e.T.reshape(9, 40)),
        ((9, 40), "the layout is scrambled", lambda e: e.reshape(40, 9).T),
        ((9, 40), "the right rows in another order", lambda e: e[[3, 1, 2, 0, 4, 8, 6, 7, 5]]),
        ((9, 5), "the right columns in another order", lambda e: e[:, [1, 4, 0, 3, 2]]),
        ((9, 40), "each row is scaled by a factor of its own", lambda e: e / np.abs(e).sum(1, keepdims=True)),
        ((9, 5), "each column is scaled by a factor of its own", lambda e: e * np.arange(2, 7)),
        ((9, 40), "only row 4 is wrong; the rest is right", lambda e: _part(e, slice(4, 5))),
        ((9, 40), "only rows 6 to 8 (the last) are wrong; the rest", lambda e: _part(e, slice(6, 9))),
        ((9, 40), "only rows 0 to 2 are wrong: 0 there, never set?", lambda e: _part(e, slice(0, 3), 0.0)),
        ((9, 40), "only column 2 is wrong", lambda e: _part(e.T, slice(2, 3)).T),
        ((3, 4, 5), "only slice 1 along axis 0 is wrong", lambda e: _part(e, slice(1, 2))),
        ((2, 3, 6, 7), "only the border (the first and the last index of the last two axes)", _border),
        ((200,), "only the two ends are wrong", lambda e: np.concatenate([[9.0], e[1:-1], [9.0]])),
        ((9, 9), "only the diagonal is wrong", lambda e: e + np.eye(9)),
        ((9, 9), "only the part above the diagonal is wrong: 0 there, never set?", np.tril),
        ((9, 9), "only the part below the diagonal is wrong: 0 there, never set?", np.triu),
        ((360,), "2 of 360 values are 0: never set?", lambda e: e * ~np.isin(np.arange(360), (5, 77))),
    ],
)  # fmt: skip
def test_mistakes_of_place_and_order(shape: tuple[int, ...], words: str, mistake: Any) -> None:
    expected = normal(*shape)
    error = caught(mistake(expected), expected)
    assert error.suspect is not None
    assert error.suspect.startswith(words)


def test_mistakes_of_values_above_zero() -> None:
    expected = normal(9) ** 2
    assert caught(np.sqrt(expected), expected).suspect == "the values are the square roots of what is expected"
    assert caught(np.log(expected), expected).suspect == "the values are the logarithms of what is expected"


def test_mistakes_of_truth_values() -> None:
    expected = normal(30) < 0
    assert caught(~expected, expected).suspect == "True and False are exchanged"
    assert caught(np.zeros(30, bool), expected).suspect == "every value is False"


def test_a_factor_names_the_axis_it_is_the_length_of() -> None:
    expected = normal(9, 40)
    assert caught(expected * 40, expected).suspect == "every value is 40 times what is expected (40 is the length of axis 1)"
    assert caught(expected / 9, expected).suspect == "every value is 1/9 of what is expected (9 is the length of axis 0)"
    assert "(5 is the length of axis 0 and of axis 1)" in str(caught(normal(5, 5) * 5, normal(5, 5)))


def test_scalars_are_explained() -> None:
    assert str(caught(17.994, 8.997)) == (
        "every value is twice what is expected. The result is 17.994 where 8.997 is expected."
    )
    assert caught(8.997**2, 8.997).suspect == "the values are squared"
    assert caught(-8.997, 8.997).suspect == "the sign is flipped"
    assert str(caught(3.2, 8.997, name="loss")) == NONE_FITS + "loss is 3.2 where 8.997 is expected."
    assert caught(2, 1).suspect is None  # among so small integers that is chance
    assert caught(0.0, 1.25).suspect is None


def test_the_worst_element_is_shown_in_few_digits() -> None:
    assert "at [1]: got 3.14159, expected 2.71828." in str(caught([1.0, np.pi, 2.7], [1.0, np.e, 2.6]))
    assert "got 1.0000001, expected 1.000001." in str(caught([1.0000001, 2.0], [1.000001, 2.0]))
    assert "(they differ by 2.2e-16)" in str(caught(1 + 2.0**-52, 1.0, rtol=0.0, atol=0.0))
    assert "got 1+2j, expected 5+2j" in str(caught([1 + 2j, 3], [5 + 2j, 3]))


def test_messages_are_short() -> None:
    expected = normal(100, 100) * 1e200
    for actual in (-expected, normal(100, 100), expected * np.nan, expected[:, 1:]):
        assert len(str(caught(actual, expected))) < 250


# no mistake is named by chance

DRAW = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "float32": lambda rng, shape: rng.normal(size=shape).astype(np.float32),
    "uniform": lambda rng, shape: rng.random(shape),
    "digits": lambda rng, shape: rng.integers(0, 4, shape),
    "integers": lambda rng, shape: rng.integers(-100, 100, shape),
    "sparse": lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.3),
    "zeros and ones": lambda rng, shape: (rng.random(shape) < 0.3).astype(float),
    "bool": lambda rng, shape: rng.random(shape) < 0.5,
    "complex": lambda rng, shape: rng.normal(size=shape) + 1j * rng.normal(size=shape),
    "constant": lambda rng, shape: np.full(shape, rng.normal()),
}


@pytest.mark.parametrize("kind", DRAW)
def test_random_results_have_no_explanation(kind: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        for shape in SHAPES:
            expected, actual = DRAW[kind](rng, shape), DRAW[kind](rng, shape)
            for check in (expect_close, expect_equal):
                if np.array_equal(actual, expected):
                    check(actual, expected)
                    continue
                error = caught(actual, expected, check)
                if np.all(actual == actual.flat[0]) and actual.size > 1:
                    assert (error.suspect or "every value is").startswith(("all zeros", "every value is"))
                else:
                    assert error.suspect is None, (shape, seed)
                    assert str(error).startswith(NONE_FITS)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in ((), (1,), (1, 1))])
def test_noise_and_scattered_errors_have_no_explanation(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        expected = rng.normal(size=shape)
        noisy = expected + 1e-3 * rng.normal(size=shape)
        scattered = np.where(rng.random(shape) < 0.3, rng.normal(size=shape), expected)
        for actual in (noisy, scattered):
            if np.array_equal(actual, expected):
                continue
            suspect = caught(actual, expected).suspect
            wrong = np.flatnonzero((actual != expected).reshape(shape[0], -1).any(1))
            if suspect is not None:  # a place may be named where it is the truth
                assert suspect.startswith("only ")
                assert len(wrong) < shape[0] or len(shape) > 1


def test_few_small_integers_have_no_explanation() -> None:
    for seed in range(150):
        rng = np.random.default_rng(seed)
        for shape in ((3,), (4,), (2, 3)):
            expected, actual = rng.integers(1, 5, shape), rng.integers(1, 5, shape)
            if np.any(actual != expected) and np.any(actual != actual.flat[0]):
                assert caught(actual, expected).suspect is None, (seed, shape)


def test_errors_here_and_there_in_some_rows_have_no_explanation() -> None:
    actual = normal(9, 40)
    actual[6:, ::5] += 1.0
    error = caught(actual, normal(9, 40))
    assert (error.suspect, "24 of 360 values differ" in str(error)) == (None, True)


def test_degenerate_results_get_no_silly_explanation() -> None:
    assert caught([6.0, 6.0], [3.0, 3.0]).suspect is None
    assert caught([7.5, 7.5, 7.5], [3.3, 3.3, 3.3]).suspect is None
    assert caught([3.0, 2.0, 1.0], [1.0, 2.0, 3.0]).suspect is None
    assert caught(np.zeros(3), np.ones(3)).suspect == "all zeros"
    assert caught(np.ones(3), np.zeros(3)).suspect is None
    assert caught([[0.0]], [[2.5]]).suspect is None
    assert caught(np.zeros((9, 40)), np.abs(normal(9, 40)) / 3).suspect == "all zeros"
