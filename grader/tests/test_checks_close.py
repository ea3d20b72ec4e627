"""`expect_close`: what passes, and what is said of what came back."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from grader.checks import expect_close, expect_equal
from grader.errors import CheckFailed
from grader.tests.mismatches import SHAPES, FakeHandle, caught, normal

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
