"""`check_gradient`: right gradients pass, wrong ones are explained, a worthless check is the suite's fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.bench.gradients import tally
from grader.bench.oracles import large_samples, samples
from grader.checks import (
    Mismatch,
    check_gradient,
    distinct,
    draw_until,
    keep_off,
    keep_off_zero,
    numeric_gradient,
    regulariser_suspects,
)
from grader.errors import SuiteFault

Caught = pytest.ExceptionInfo[BaseException]


def affine(N: int = 4, D: int = 5, M: int = 3, seed: int = 0) -> tuple[Any, Callable[[Any], Any], Any, Any]:
    """The gradient with respect to the weights, the function, the weights and the upstream gradient."""
    rng = np.random.default_rng(seed)
    x, w, upstream = rng.normal(size=(N, D)), rng.normal(size=(D, M)), rng.normal(size=(N, M))
    return x.T @ upstream, lambda w: x @ w, w, upstream


def caught(*arguments: Any, **options: Any) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        check_gradient(*arguments, **options)
    return info.value


def fault(*arguments: Any, **options: Any) -> str:
    with pytest.raises(SuiteFault) as info:
        check_gradient(*arguments, **options)
    return str(info.value)


class Handle:
    """Stands for a function of the student's that stays in the worker."""

    __grader_handle__ = True

    def __init__(self, run: Callable[[Any], Any]) -> None:
        self._run = run

    def __call__(self, x: Any) -> Any:
        return self._run(x)


# the figures, with fewer seeds than `python -m grader.bench gradients`


def test_right_gradients_pass_and_an_error_of_1e_4_never_does() -> None:
    found = tally(range(4), samples, lambda gradient: gradient * (1 + 1e-4), measure=True)
    assert found.checks == 40
    assert (found.alarms, found.missed) == ([], [])
    assert max(found.errors.values()) < 1e-8


def test_along_directions_one_element_off_by_one_per_cent_is_seen() -> None:
    def spoil(gradient: Any) -> Any:
        result = gradient.copy()
        result.flat[np.argmax(np.abs(result))] *= 1.01
        return result

    found = tally(range(5), large_samples, spoil)
    assert found.checks == 15
    assert (found.alarms, found.missed) == ([], [])


def test_a_smooth_function_of_one_number_needs_no_upstream() -> None:
    check_gradient(2.0, lambda x: x * x, 1.0)
    check_gradient([2.0, 4.0], lambda x: float(np.sum(x * x)), [1.0, 2.0])
    check_gradient(6.0, lambda x: x * x, 1.0, 3.0)


def test_the_tolerance_is_of_the_largest_slope() -> None:
    right, f, w, upstream = affine()
    top = np.max(np.abs(right))
    check_gradient(right + 0.9e-7 * top, f, w, upstream)
    caught(right + 1.2e-7 * top, f, w, upstream)
    check_gradient(right + 1.2e-7 * top, f, w, upstream, tolerance=1e-6)


def test_a_gradient_kept_in_float32_is_allowed_its_rounding() -> None:
    right, f, w, upstream = affine()
    check_gradient(right.astype(np.float32), f, w, upstream)
    check_gradient(right.astype(np.float32).astype(np.float64), f, w, upstream)
    caught((right * (1 + 1e-4)).astype(np.float32), f, w, upstream)


def test_numeric_gradient_is_the_gradient() -> None:
    right, f, w, upstream = affine()
    np.testing.assert_allclose(numeric_gradient(f, w, upstream), right, rtol=1e-8)
    with pytest.raises(SuiteFault, match="there is no cotangent"):
        numeric_gradient(f, w)


def test_f_gets_a_copy() -> None:
    right, f, w, upstream = affine()
    before = w.copy()

    def spoils_its_input(w: Any) -> Any:
        out = f(w)
        w[:] = 7.0
        return out

    check_gradient(right, spoils_its_input, w, upstream)
    assert np.array_equal(w, before)


# wrong gradients


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda g: 2 * g, "every value is twice what is expected. In dw, 15 of 15 values differ; the largest "),
        (lambda g: g / 2, "every value is half of what is expected. "),
        (lambda g: -g, "the sign is flipped. "),
        (lambda g: 5 * g, "every value is 5 times what is expected (5 is the length of axis 0). "),
        (lambda g: g / 3, "every value is 1/3 of what is expected (3 is the length of axis 1). "),
        (lambda g: g * 1.0001, "every value is 1.0001 times what is expected. "),
        (lambda g: g * 0, "all zeros. "),
        (np.trunc, "the values are truncated to integers. "),
        (lambda g: g.T, "dw has shape (3, 5) where (5, 3) is expected: it is transposed."),
        (lambda g: g.T.reshape(g.shape), "the layout is scrambled: the right values, but reshaped where the axes "),
        (lambda g: None, "dw is None: the code returned nothing; is a `return` missing?"),
        (lambda g: g * np.nan, "dw holds NaN: every value."),
        (lambda g: (g, g), "dw has shape (2, 5, 3) where (5, 3) is expected: it has 3 axes instead of 2."),
        (lambda g: np.where(np.arange(15).reshape(5, 3) < 12, g, 0), "3 of 15 values are 0: never set? In dw, 3 of 15 "),
    ],
)  # fmt: skip
def test_wrong_gradients_are_explained(mistake: Any, words: str) -> None:
    right, f, w, upstream = affine()
    assert str(caught(mistake(right), f, w, upstream, name="dw")).startswith(words)


def test_suspects_are_named_first() -> None:
    right, f, w, upstream = affine()
    known = {"it is that of the bias": right + 1, "the gradient is doubled": lambda: 2 * right}
    assert caught(2 * right, f, w, upstream, suspects=known).suspect == "the gradient is doubled"


def test_suspects_may_be_made_of_the_right_gradient() -> None:
    right, f, w, upstream = affine()
    reg = 0.3

    def loss(w: Any) -> float:
        return float(np.sum(f(w) * upstream) + reg * np.sum(w * w))

    error = caught(
        right + reg * w, loss, w, suspects=lambda numeric: regulariser_suspects(numeric - 2 * reg * w, w, reg), name="dW"
    )
    assert error.suspect == "the gradient of the regulariser is halved: that of W * W is 2 * W"


def test_a_map_shows_where() -> None:
    right, f, w, upstream = affine(7, 9, 6)
    wrong = right.copy()
    wrong[2:5, [1, 4]] += 1.0
    lines = caught(wrong, f, w, upstream).map.splitlines()
    assert lines[3:7] == ["  1  · · · · · ·", *(f"  {row}  · # · · # ·" for row in (2, 3, 4))]


# along directions

LARGE = affine(40, 70, 50)


def test_a_large_gradient_is_explained_by_a_sample_of_places() -> None:
    right, f, w, upstream = LARGE
    error = caught(2 * right, f, w, upstream, name="dw")
    assert str(error).startswith(
        "every value is twice what is expected. In dw, 300 of 300 values that were looked at differ; the largest difference "
    )
    assert caught(right / 40, f, w, upstream, suspects={"divided by N": right / 40}).suspect == "divided by N"
    assert caught(-right[::-1], f, w, upstream).suspect is None


def test_a_large_gradient_that_is_wrong_in_one_place() -> None:
    right, f, w, upstream = LARGE
    wrong = right.copy()
    wrong[3, 4] += 1.0
    error = caught(wrong, f, w, upstream, name="dw")
    assert str(error).startswith("wrong result (no known mistake fits). dw is wrong in a few places: its slope along a ")
    wrong[3, 4] = np.nan
    assert str(caught(wrong, f, w, upstream, name="dw")).startswith("dw holds NaN: 1 of 3,500 values, the first at [3, 4]")
    assert "is expected: it is transposed" in str(caught(right.T, f, w, upstream))


def test_directions_are_the_same_unless_a_generator_is_given() -> None:
    right, f, w, upstream = LARGE
    wrong = right.copy()
    wrong[3, 4] += 1.0
    said = [str(caught(wrong, f, w, upstream, rng=rng)) for rng in (None, None, np.random.default_rng(5))]
    assert said[0] == said[1] != said[2]


def test_a_function_of_suspects_is_left_out_along_directions() -> None:
    right, f, w, upstream = LARGE
    assert caught(2 * right, f, w, upstream, suspects=lambda right: pytest.fail("called")).suspect is not None


def test_two_errors_do_not_cancel() -> None:
    """Equal in size, opposite in sign: directions of +1 and -1 would miss them one time in eight."""
    right, f, w, upstream = LARGE
    for seed in range(40):
        wrong, (one, other) = right.copy(), np.random.default_rng(seed).choice(right.size, 2, replace=False)
        wrong.flat[one] += 0.5
        wrong.flat[other] -= 0.5
        caught(wrong, f, w, upstream)


# the suite's faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": np.ones((5, 3), np.float32)}, "`at` is float32; give float64"),
        ({"at": np.ones((5, 3), int)}, "`at` is int64; give float64"),
        ({"at": np.full((5, 3), np.nan)}, "`at` is empty or holds NaN or infinity"),
        ({"cotangent": None}, "f gives an array of shape (4, 3) and there is no cotangent; give a random one"),
        ({"cotangent": np.ones((4, 3))}, "the cotangent is constant, so a zero gradient of a softmax would pass; draw"),
        ({"cotangent": np.ones((4, 3), np.float32)}, "`cotangent` is float32; give float64"),
        ({"cotangent": np.arange(3.0)}, "f gives shape (4, 3) where the cotangent has shape (3,); give the cotangent"),
        ({"f": lambda w: None}, "f gives None where real numbers are needed; give the forward pass"),
        ({"f": lambda w: np.float32(w)}, "f gives float32 for float64 input; compute in float64"),
        ({"f": lambda w: w[:4] / 0.0}, "f gives NaN or infinity near its input; draw tamer inputs"),
        ({"f": lambda w: 0 * w[:4]}, "f does not change with its input, or hardly; a gradient of zeros checks nothing"),
        ({"f": lambda w: 1e7 + w[:4]}, "f is so large beside its slopes that rounding hides them; make its value smaller"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_a_worthless_check_is_the_suites_fault(change: dict[str, Any], words: str) -> None:
    right, f, at, cotangent = affine()
    given = {"f": f, "at": at, "cotangent": cotangent, **change}
    assert fault(right, **given, name="dw").startswith(f"check_gradient of dw is worthless: {words}")


def test_one_shape_for_all_inputs() -> None:
    shapes = iter([(4, 3), (3, 4)])
    assert "f gives shape (3, 4) beside (4, 3); give one shape" in fault(
        np.ones(2), lambda x: np.ones(next(shapes)), np.ones(2), np.random.default_rng(0).normal(size=(4, 3))
    )


@pytest.mark.parametrize("distance", [0.0, 1e-7, 2e-6, 3.3e-6, 5e-6, 7e-6, 9e-6])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("subgradient", [0.0, 0.5, 1.0])
def test_a_kink_within_h_is_never_a_students_failure(distance: float, side: int, subgradient: float) -> None:
    rng = np.random.default_rng(3)
    x, upstream = keep_off_zero(rng.normal(size=(4, 6))), rng.normal(size=(4, 6))
    x[1, 2] = side * distance
    right = upstream * (x > 0)
    right[1, 2] = subgradient * upstream[1, 2]
    assert fault(right, lambda x: np.maximum(x, 0), x, upstream).startswith(
        "check_gradient of the gradient is worthless: f is not smooth at [1, 2]: its slopes at h and h / 2 differ, a kink "
        "lies nearer than h = 1e-05; draw inputs 10 h away from kinks (keep_off_zero, distinct, draw_until)"
    )


def test_a_kink_beyond_h_does_no_harm() -> None:
    rng = np.random.default_rng(3)
    x, upstream = keep_off_zero(rng.normal(size=(4, 6))), rng.normal(size=(4, 6))
    x[1, 2] = -1.01e-5
    check_gradient(upstream * (x > 0), lambda x: np.maximum(x, 0), x, upstream)


def test_a_kink_along_a_direction_names_it() -> None:
    x = keep_off_zero(np.random.default_rng(3).normal(size=(50, 60)))
    x[1, 2] = 0.0
    said = fault(2 * x, lambda x: float(np.sum(x * x) + 10 * np.abs(x[1, 2])), x)
    assert "f is not smooth along random direction 0: its slopes at h and h / 2 differ" in said


# a function of the student's


def test_what_is_wrong_with_a_students_function_is_the_students() -> None:
    right, f, w, upstream = affine()
    for given, options in ((Handle(lambda w: np.float32(f(w))), {}), (lambda w: np.float32(f(w)), {"trusted": False})):
        error = caught(right, given, w, upstream, name="dw", **options)
        assert str(error) == "dw cannot be compared with the slopes of your function: it gives float32 for float64 input."
    assert "it gives None where real numbers are needed." in str(caught(right, Handle(lambda w: None), w, upstream))
    assert "it gives an object of type unknown where" in str(caught(right, Handle(Handle), w, upstream))
    assert "it gives NaN or infinity near its input." in str(caught(right, Handle(lambda w: f(w) * np.nan), w, upstream))
    assert "it is not smooth at [0, 0]: " in str(caught(right, Handle(lambda z: f(np.maximum(z, w))), w, upstream))
    error = caught(right, Handle(lambda w: w), w, upstream)
    assert "it gives shape (5, 3) where the cotangent has shape (4, 3)." in str(error)


def test_a_suites_mistake_stays_one_beside_a_students_function() -> None:
    right, f, w, _ = affine()
    assert "the cotangent is constant" in fault(right, Handle(f), w, np.ones((4, 3)))


# inputs away from kinks


def test_keep_off_zero() -> None:
    x = np.array([0.0, -0.001, 0.004, -3.0, 0.5])
    assert keep_off_zero(x).tolist() == [0.01, -0.011, 0.014, -3.0, 0.5]
    assert x[0] == 0.0
    big = keep_off_zero(np.random.default_rng(0).normal(size=10_000), 0.1)
    assert np.min(np.abs(big)) >= 0.1
    assert len(np.unique(big)) == 10_000


def test_keep_off_several_kinks() -> None:
    x = keep_off(np.random.default_rng(0).uniform(-2, 2, 5000), [-1, 0, 1], 0.2)
    assert np.min(np.abs(x[:, None] - [-1, 0, 1])) >= 0.2 - 1e-12
    with pytest.raises(SuiteFault, match="keep_off got kinks nearer than 4 x 0.5: take a smaller margin"):
        keep_off(x, [0, 1], 0.5)


@pytest.mark.parametrize("shape", [(40,), (2, 3, 4, 5), 7, ()])
def test_distinct(shape: Any) -> None:
    for seed in range(20):
        x = distinct(np.random.default_rng(seed), shape, 0.3)
        assert x.shape == np.empty(shape).shape
        assert x.size == 1 or np.min(np.diff(np.sort(x, axis=None))) >= 0.3
    assert np.any(np.diff(distinct(np.random.default_rng(0), 40)) < 0)


def test_draw_until() -> None:
    numbers = iter(range(10))
    assert draw_until(lambda: next(numbers), lambda n: n > 3) == 4
    with pytest.raises(SuiteFault, match="draw_until drew 5 times and nothing was accepted: loosen the condition"):
        draw_until(lambda: 1, lambda n: False, tries=5)
