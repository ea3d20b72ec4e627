"""`expect_close`, `expect_equal`, `describe`: what passes, which mistake is named, and none by chance."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from grader.checks import Mismatch, describe, expect_close, expect_equal
from grader.errors import CheckFailed, SuiteFault

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


# describe


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


# what passes


@pytest.mark.parametrize("shape", [*SHAPES, (0,), (0, 1), (3, 0)])
@pytest.mark.parametrize("kind", ["float64", "float32", "complex128", "int64", "bool", "uint8"])
def test_equal_passes_whatever_the_shape_and_kind(shape: tuple[int, ...], kind: str) -> None:
    for seed in range(5):
        expected = (normal(*shape, seed=seed) * 50 + 60).astype(kind)
        expect_close(expected, expected)
        expect_equal(expected, expected)
        if np.size(expected):
            expect_close(np.asarray(expected).tolist(), expected)


@pytest.mark.parametrize("seed", range(40))
def test_float_noise_passes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    expected = rng.normal(size=shape) * 10.0 ** rng.integers(-200, 200) + rng.integers(0, 2)
    noise = 1e-12 * rng.normal(size=shape)
    expect_close(expected * (1 + noise), expected)
    expect_close(expected + noise * np.max(np.abs(expected)), expected)


def test_float32_results_pass_by_dtype_by_value_and_by_precision() -> None:
    train, test = (np.float32(normal(n, 512, seed=n)) for n in (60, 20))
    exact = np.sqrt(((test[:, None].astype(float) - train) ** 2).sum(2))
    product = np.sqrt((test**2).sum(1)[:, None] + (train**2).sum(1) - 2 * test @ train.T)
    assert product.dtype == np.float32
    assert np.max(np.abs(product - exact)) > 1e-7
    expect_close(product, exact)
    expect_close(product.astype(np.float64), exact)
    mixed = product.astype(np.float64) + 1e-9  # float32 computing, then something in float64
    expect_close(mixed, exact, precision="float32")
    caught(mixed, exact)


def test_cancelled_values_carry_the_error_of_their_neighbours() -> None:
    expected = normal(9, 40)
    expected[3, 4] = 1e-17
    actual = expected.copy()
    actual[3, 4] = -3e-16
    expect_close(actual, expected)
    expect_close(np.full(5, 1e-17), np.zeros(5))
    actual[3, 4] = 1e-10
    expect_close(actual, expected)
    actual[3, 4] = 1e-7
    assert "the largest difference is at [3, 4]: got 1e-07, expected 1e-17" in str(caught(actual, expected))


def test_a_mask_does_not_set_the_scale() -> None:
    expected = normal(9, 40)
    expected[:, 30:] = -1e9
    actual = expected.copy()
    actual[2, 3] += 1e-3
    assert "1 of 360 values differs; the largest difference is at [2, 3]" in str(caught(actual, expected))
    actual[2, 3] = expected[2, 3]
    expect_close(actual, expected)


def test_half_precision_loosens_nothing_by_itself() -> None:
    expected = normal(9, 40)
    error = caught(expected.astype(np.float16), expected)
    assert error.suspect == "computed in half precision (float16), which is too coarse"
    expect_close(expected.astype(np.float16), expected, precision="float16")


def test_given_tolerances_hold() -> None:
    expect_close([1.009, 2.0], [1.0, 2.0], rtol=0.01)
    caught([1.011, 2.0], [1.0, 2.0], rtol=0.01)
    expect_close([1.0], [1.09], rtol=0.0, atol=0.1)
    caught([1.0], [1.2], rtol=0.0, atol=0.1)
    caught(np.float32([0.1]), [0.1], rtol=0.0, atol=0.0)


def test_nan_and_infinity_pass_where_expected_only() -> None:
    expected = [1.0, np.nan, np.inf, -np.inf]
    expect_close(expected, expected)
    expect_equal(expected, expected)
    caught([1.0, np.nan, np.inf, np.inf], expected)


def test_labels_may_be_floats_and_containers_may_differ() -> None:
    expect_equal(np.array([2.0, 0.0]), [2, 0])
    expect_equal([True, False], np.array([1, 0]))
    expect_equal(("a", 1, None), ["a", 1, None])
    expect_equal({1.0: [0.5], "n": {"x": np.float64(2)}}, {1: [0.5], "n": {"x": 2}})
    expect_equal([[1], [2, 3]], [[1], [2, 3]])
    expect_equal(np.str_("a"), "a")


# what came back at all


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (None, "missing", "The result is None: the code returned nothing; is a `return` missing?"),
        (FakeHandle("Net"), "type", "The result is an object of type Net where numbers are expected."),
        ("abc", "type", "The result is text 'abc' where numbers are expected."),
        ({"a": 1}, "type", "The result is a dict with keys 'a' where numbers are expected."),
        (
            np.array([None, 1]),
            "type",
            "The result is an array of shape (2,), of objects where numbers are expected.",
        ),
        (
            [1, [2, 3]],
            "type",
            "a list of 2 items of different lengths (ragged) where a regular array is expected",
        ),
        ([[1], ["b"]], "type", "that holds text 'b' at [1, 0]; numbers are expected"),
        ([1, None], "type", "a list of 2 items that holds None at [1]; numbers are expected"),
        ([FakeHandle("Net")], "type", "that holds an object of type Net at [0]; numbers are expected"),
        ([1 << 4000, 1], "type", "The result holds an integer too large for a float."),
        ([1 << 4000, 1j], "type", "The result holds an integer too large for a float."),
        (np.array([True, False]), "type", "The result holds True and False where numbers are expected."),
        ([1 + 1j, 2], "type", "The result holds complex numbers where real ones are expected."),
        (np.zeros((2, 1)), "shape", "has shape (2, 1) where (2,) is expected: an axis of length 1 too many."),
        (np.zeros((0, 1)), "shape", "has shape (0, 1) where (2,) is expected: it is empty."),
        (3.0, "shape", "The result is a single number where shape (2,) is expected."),
    ],
)
def test_what_came_back_is_named(value: Any, kind: str, words: str) -> None:
    error = caught(value, [1.5, 2.5])
    assert words in str(error)
    assert error.kind == kind
    assert isinstance(error, CheckFailed)


def test_a_list_deeper_than_any_array_is_refused() -> None:
    value: Any = 1
    for _ in range(60):
        value = [value]
    assert "lists nested deeper than 24 levels" in str(caught(value, 1))


@pytest.mark.parametrize(
    ("got", "wanted", "reason"),
    [
        ((40, 9), (9, 40), ": it is transposed."),
        ((1, 9), (9,), ": an axis of length 1 too many."),
        ((9,), (9, 1), ": an axis of length 1 is missing."),
        ((1, 9), (9, 1), ": the axis of length 1 is in another place."),
        ((3, 5, 4), (3, 4, 5), ": the axes are in another order."),
        ((360,), (9, 40), ": as many values, laid out in another way."),
        ((9,), (9, 40), ": it has 1 axis instead of 2."),
        ((9, 39), (9, 40), ": axis 1 has length 39 instead of 40."),
        ((8,), (9,), " is expected."),
    ],
)
def test_shapes_are_explained(got: tuple[int, ...], wanted: tuple[int, ...], reason: str) -> None:
    for check in (expect_close, expect_equal):
        error = caught(np.ones(got), np.ones(wanted), check, name="dists")
        assert str(error).startswith(f"dists has shape {got} where {wanted} is expected")
        assert str(error).endswith(reason)


def test_a_scalar_is_no_array_of_one() -> None:
    assert "has shape (1,) where a single number is expected" in str(caught([1.0], 1.0))
    expect_close(np.array(1.0), 1.0)


def test_nan_is_counted_and_placed() -> None:
    expected = normal(9, 40)
    actual = expected.copy()
    actual[3, 5] = actual[4, 0] = np.nan
    error = caught(actual, expected, name="dists")
    assert str(error) == "dists holds NaN: 2 of 360 values, the first at [3, 5]; all other values are right."
    assert error.kind == "finite"
    actual[0, 0] += 1
    assert str(caught(actual, expected)).endswith("the first at [3, 5].")
    assert str(caught(expected * np.inf, expected)) == "The result holds infinity: every value."
    assert str(caught(np.nan, 2.0)) == "The result is NaN where 2 is expected."
    assert str(caught([1.0, 2.5], [1.0, np.nan])) == "The result is 2.5 where NaN is expected at [1]."
    assert "holds NaN" in str(caught([1.0, np.nan], [1, 2], expect_equal))


def test_no_warning_for_the_largest_numbers() -> None:
    error = caught(np.array([1e308, -1e308, 2.0]), np.array([-1e308, 1e308, 2.0]))
    assert "2 of 3 values differ" in str(error)


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


# the suspects of a test


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


# cost


def test_large_equal_arrays_are_fast_and_need_little_memory() -> None:
    expected = normal(500, 5000)
    actual = expected + 1e-13
    tracemalloc.start()
    expect_close(actual, expected)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < expected.nbytes / 4
    assert _least_seconds(expect_close, actual, expected) < 2 * _least_seconds(np.allclose, actual, expected)


def _least_seconds(function: Any, *arguments: Any) -> float:
    readings = [time.process_time()]
    for _ in range(5):
        function(*arguments)
        readings.append(time.process_time())
    return float(np.min(np.diff(readings)))
