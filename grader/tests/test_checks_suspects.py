"""Places and known mistakes that a test may name: they fit where they are the truth, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks import (
    Mismatch,
    NotFinite,
    Region,
    Shape,
    accumulation_suspects,
    class_regions,
    count_suspects,
    expect_close,
    expect_equal,
    input_regions,
    layout_suspects,
    output_regions,
    regulariser_suspects,
)


def caught(actual: Any, expected: Any, suspects: Any = None, check: Any = expect_close, **options: Any) -> Mismatch:
    with pytest.raises(Mismatch) as info:
        check(actual, expected, suspects=suspects, **options)
    return info.value


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


# regions

HALF = np.arange(40).reshape(5, 8) % 8 < 4


def test_a_region_explains_what_is_wrong_in_it() -> None:
    expected = normal(5, 8)
    noisy = np.where(HALF, normal(5, 8, seed=1), expected)
    assert caught(noisy, expected, {"only the left": Region(HALF)}).suspect == "only the left (all 20 values there)"
    doubled = np.where(HALF, 2 * expected, expected)
    error = caught(doubled, expected, {"only the left": lambda: Region(HALF)})
    assert error.suspect == "only the left: there, every value is twice what is expected"
    some = np.where(HALF & (np.arange(8) != 2), expected + normal(5, 8, seed=1), expected)
    assert caught(some, expected, {"only the left": Region(HALF)}).suspect == "only the left (15 of 20 values there)"
    unset = np.where(HALF & (np.arange(8) != 2), 0, expected)
    assert caught(unset, expected, {"only the left": Region(HALF)}).suspect == "only the left (15 of 20 values there, all 0)"
    spoilt = np.where(HALF, np.nan, expected)
    error = caught(spoilt, expected, {"only the left": Region(HALF)})
    assert str(error) == (
        "only the left (all 20 values there). The result holds NaN: 20 of 40 values, the first at [0, 0]; "
        "all other values are right."
    )


def test_a_region_broadcasts() -> None:
    expected = normal(3, 5, 8)
    error = caught(expected + HALF, expected, {"only the left": Region(HALF)})
    assert error.suspect == "only the left: there, every value is 1 too large"


def test_a_region_does_not_explain_what_is_outside() -> None:
    expected = normal(5, 8)
    actual = np.where(HALF, 0.5, expected)
    actual[4, 7] += 1.0
    assert caught(actual, expected, {"only the left": Region(HALF)}).suspect is None


def test_a_region_needs_more_than_chance() -> None:
    expected = normal(5, 8)
    for count, named in ((7, False), (8, True)):
        actual = expected.copy()
        places = np.flatnonzero(HALF)[:: 20 // count][:count]
        actual.flat[places] += 1 + places
        suspect = caught(actual, expected, {"only the left": Region(HALF)}).suspect
        assert (suspect == f"only the left ({count} of 20 values there)") is named


def test_values_come_before_places_and_places_before_standard_mistakes() -> None:
    expected = normal(5, 8)
    actual = np.where(HALF, 2 * expected, expected)
    suspects = {"only the left": Region(HALF), "doubled on the left": actual.copy()}
    assert caught(actual, expected, suspects).suspect == "doubled on the left"
    first = np.arange(8) == 0
    assert caught(expected + first, expected, {"the bias": Region(first)}).suspect == (
        "the bias: there, every value is 1 too large"
    )


def test_a_mask_that_does_not_fit_changes_no_verdict() -> None:
    expected = normal(5, 8)
    error = caught(-expected, expected, {"only the left": Region(np.ones(7))})
    assert error.suspect == "the sign is flipped"
    assert error.__notes__[0].startswith("the suspect 'only the left' could not be computed: ValueError: ")


def test_places_say_nothing_about_shapes_and_labels() -> None:
    suspects = {"only the left": Region(HALF), "it overflows": NotFinite()}
    assert caught(normal(8, 5), normal(5, 8), suspects).suspect is None
    labels = np.arange(40).reshape(5, 8)
    assert "no known mistake" not in str(caught(labels + 1, labels, suspects, expect_equal))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_overflow_is_named(value: float) -> None:
    expected = normal(5, 8)
    actual = np.where(HALF, value, expected)
    words = "exp overflows: subtract the maximum of each row first"
    assert str(caught(actual, expected, {words: NotFinite()})).startswith(f"{words}. The result holds ")
    assert caught(value, 2.3, {words: NotFinite()}).suspect == words
    assert caught(expected + 1, expected, {words: NotFinite()}).suspect == "every value is 1 too large"
    assert caught(expected, actual, {words: NotFinite()}).suspect is None


def test_a_wrong_shape_is_named() -> None:
    expected = normal(5, 8)
    suspects = {"read the wrong way": expected.T, "one row too many": Shape((6, 8)), "as asked": Shape((5, 8))}
    error = caught(normal(6, 8), expected, suspects)
    assert str(error).startswith("one row too many. The result has shape (6, 8) where (5, 8) is expected")
    assert caught(expected.T, expected, suspects).suspect == "read the wrong way"
    assert caught(normal(7, 8), expected, suspects).suspect is None


def test_a_shape_says_nothing_about_values() -> None:
    expected = normal(5, 8)
    assert caught(expected + 1, expected, {"as asked": Shape((5, 8))}).suspect == "every value is 1 too large"


# regions of windows and classes


def test_windows_that_overlap() -> None:
    regions = input_regions((7, 9), 3, 2)
    assert list(regions) == ["only the places where windows overlap are wrong"]
    mask = regions["only the places where windows overlap are wrong"].mask
    assert np.flatnonzero(mask.all(axis=1)).tolist() == [2, 4]
    assert np.flatnonzero(mask.all(axis=0)).tolist() == [2, 4, 6]
    expected = normal(2, 3, 7, 9)
    error = caught(np.where(mask, expected / 2, expected), expected, regions)
    assert error.suspect == "only the places where windows overlap are wrong: there, every value is half of what is expected"


def test_places_that_no_window_reaches() -> None:
    regions = input_regions((7, 8), (2, 3), (2, 3))
    mask = regions["only the places that no window reaches are wrong"].mask
    assert list(regions) == ["only the places that no window reaches are wrong"]
    assert np.flatnonzero(mask.all(axis=1)).tolist() == [6]
    assert np.flatnonzero(mask.all(axis=0)).tolist() == [6, 7]


def test_the_border_next_to_the_padding() -> None:
    mask = input_regions((6, 7), 3, 1, (2, 1))["only the border next to the padding is wrong"].mask
    assert np.argwhere(~mask).tolist() == [[i, j] for i in (2, 3) for j in range(1, 6)]
    assert "only the border next to the padding is wrong" not in input_regions((6, 7), 3, 1, 0)


def test_windows_that_reach_into_the_padding() -> None:
    (region,) = output_regions((5, 6), (3, 2), (2, 1), 1).values()
    assert region.mask.astype(int).tolist() == [[1] * 7, [1, 0, 0, 0, 0, 0, 1], [1] * 7]
    assert output_regions((5, 6), 3) == {}
    (region,) = output_regions((6, 6), 3, 2, 1).values()  # the last window ends inside
    assert region.mask.astype(int).tolist() == [[1, 1, 1], [1, 0, 0], [1, 0, 0]]


def test_the_true_class() -> None:
    y = np.random.default_rng(0).integers(0, 5, 12)
    expected, truth = normal(12, 5), np.eye(5, dtype=bool)[y]
    error = caught(expected + truth, expected, class_regions(y, 5))
    assert error.suspect == "only the entries of the true class are wrong: there, every value is 1 too large"
    error = caught(np.where(truth, expected, 0), expected, class_regions(y, 5))
    assert error.suspect == "only the entries of the true class are right: there, all zeros"


# the regulariser

W = normal(6, 4)
REG = 0.7


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (3.1, "the regulariser is missing from the loss"),
        (3.1 + REG / 2 * np.sum(W * W), "the regulariser is halved"),
        (3.1 + 2 * REG * np.sum(W * W), "the regulariser counts twice"),
        (3.1 - REG * np.sum(W * W), "the regulariser is subtracted"),
        (3.1 + np.sum(W * W), "the strength reg is missing: sum(W * W) is added as it is"),
        (3.1 + REG * np.sum(W), "the regulariser sums W, not W * W"),
        (3.1 + REG * np.sum(np.abs(W)), "the regulariser sums |W|, not W * W"),
        (3.1 + REG * np.sqrt(np.sum(W * W)), "the regulariser is the root of the sum of W * W"),
        (3.1 + REG * np.mean(W * W), "the regulariser is the mean of W * W, not the sum"),
        (REG * np.sum(W * W), "only the regulariser is there: the loss of the data is missing"),
        (3.1 + REG * np.sum(W.dot(W.T)), "the regulariser sums W.dot(W.T), not W * W"),
        (3.1 + REG * np.sum(W.T.dot(W)), "the regulariser sums W.T.dot(W), not W * W"),
        (3.1 + REG * np.sum(W * W) / 50, "the regulariser is divided by N, as the data's loss is"),
    ],
)
def test_a_wrong_regulariser_of_the_loss(loss: float, words: str) -> None:
    right = 3.1 + REG * np.sum(W * W)
    assert caught(loss, right, regulariser_suspects(3.1, W, REG, n=50)).suspect == words


def test_the_regulariser_of_several_arrays() -> None:
    arrays = [W, normal(4, 3, seed=1)]
    squares = sum(np.sum(array * array) for array in arrays)
    known = regulariser_suspects(3.1, arrays, REG)
    assert caught(3.1 + REG * squares / 2, 3.1 + REG * squares, known).suspect == "the regulariser is halved"
    assert not any("divided by N" in words for words in known)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (0 * W, "the gradient of the regulariser is missing"),
        (REG * W, "the gradient of the regulariser is halved: that of W * W is 2 * W"),
        (4 * REG * W, "the gradient of the regulariser counts twice"),
        (-2 * REG * W, "the gradient of the regulariser is subtracted"),
        (2 * W, "the strength reg is missing: 2 * W is added as it is"),
        (W, "the strength reg is missing: W is added as it is"),
        (REG * np.sum(W * W), "the regulariser itself is added to the gradient, not its gradient"),
        (REG * W * W, "W * W is added to the gradient: its gradient is 2 * W"),
        (2 * REG * W / 50, "the gradient of the regulariser is divided by N too: add it after dividing"),
        (REG * W / 50, "the gradient of the regulariser is halved, and divided by N too"),
    ],
)
def test_a_wrong_regulariser_of_the_gradient(part: Any, words: str) -> None:
    data = normal(6, 4, seed=2)
    known = regulariser_suspects(data, W, REG, n=50)
    assert caught(data + part, data + 2 * REG * W, known).suspect == words
    assert caught(2 * REG * W, data + 2 * REG * W, known).suspect == (
        "only the gradient of the regulariser is there: that of the data is missing"
    )


def test_without_a_regulariser_none_is_blamed() -> None:
    for data, at in ((3.1, W), (normal(6, 4, seed=2), W)):
        known = regulariser_suspects(data, at, 0.0, n=50)
        assert "regulariser" not in str(caught(np.asarray(data) + 0.37, data, known))


# counts, sums, layouts


def test_means() -> None:
    right = normal(6, 4)
    assert caught(right * 50, right, count_suspects(right, 50)).suspect == "the sum is not divided by N"
    assert caught(right / 50, right, count_suspects(right, 50, "the batch")).suspect == (
        "the sum is divided by the batch twice, or where no mean is asked for"
    )


def pieces() -> list[tuple[Any, Any]]:
    """Windows of 3 x 3 at stride 2 over (7, 7)."""
    values = normal(3, 3, 3, 3)
    return [(np.s_[2 * i : 2 * i + 3, 2 * j : 2 * j + 3], values[i, j]) for i in range(3) for j in range(3)]


def test_loops_that_do_not_add_up() -> None:
    right, assigned, reverse, last = (np.zeros((7, 7)) for _ in range(4))
    for index, value in pieces():
        right[index] += value
        assigned[index] = value
        last[:] = 0
        last[index] = value
    for index, value in pieces()[::-1]:
        reverse[index] = value
    start = normal(7, 7, seed=5)
    known = accumulation_suspects((7, 7), pieces(), start)
    words = [caught(actual, right, known).suspect for actual in (assigned, reverse, last, right + start)]
    assert words == [
        "each step overwrites what those before it left: add up (+=), don't assign (=)",
        "the first step to reach a place stays, the others are lost: add up (+=)",
        "only the last step is there: the sum starts anew at every step",
        "the sum does not start from zeros",
    ]
    assert caught(2 * right, right, known).suspect == "every value is twice what is expected"
    assert len(accumulation_suspects((7, 7), pieces())) == 3


def test_scrambled_weights_are_named() -> None:
    x, w = normal(5, 3 * 2 * 4), normal(6, 3, 2, 4, seed=1)

    def forward(w: Any) -> Any:
        return x @ w.reshape(6, -1).T

    known = layout_suspects(forward, w, "w")
    wrong = x @ w.transpose(0, 2, 3, 1).reshape(6, -1).T
    assert caught(wrong, forward(w), known).suspect == (
        "the layout of w is scrambled: its axes are read in the order (0, 2, 3, 1)"
    )
    assert caught(forward(w) + 1, forward(w), known).suspect == "every value is 1 too large"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda rows: rows.reshape(2, 5, 3, 4),  # (N*H*W, F) straight to (N, F, H, W)
        lambda rows: rows.T.reshape(2, 5, 3, 4),  # (F, N*H*W) straight to (N, F, H, W)
        lambda rows: rows.reshape(3, 4, 2, 5).transpose(2, 3, 0, 1),  # rows taken as (H*W*N, F)
        lambda rows: rows.reshape(2, 4, 3, 5).transpose(0, 3, 2, 1),  # H and W exchanged
    ],
)
def test_scrambled_outputs_of_a_convolution(mistake: Any) -> None:
    expected = normal(2, 5, 3, 4)  # (N, F, H, W)
    rows = expected.transpose(0, 2, 3, 1).reshape(-1, 5)
    assert caught(mistake(rows), expected).suspect == (
        "the layout is scrambled: the right values, but reshaped where the axes have to be transposed first"
    )


def test_borders_of_every_kind() -> None:
    expected = normal(2, 3, 8, 9)
    for change, words in (
        (np.s_[..., 2:-2, 2:-2], "the border (2 wide, in the plane of the last two axes) is"),
        (np.s_[..., :-1, :-1], "the last row and the last column of the last two axes are"),
        (np.s_[..., 1:, 1:-1], "the first row, the first column and the last column of the last two axes are"),
        (np.s_[..., :-2, 2:], "the last 2 rows and the first 2 columns of the last two axes are"),
    ):
        actual = expected + normal(2, 3, 8, 9, seed=4)
        actual[change] = expected[change]
        assert caught(actual, expected).suspect == f"only {words} wrong; the rest is right"
    actual = normal(200, seed=3)
    actual[2:-2] = normal(200)[2:-2]
    assert caught(actual, normal(200)).suspect == "only the two ends (2 values each) are wrong; the rest is right"


# none by chance


def named_places(y: Any) -> dict[str, Any]:
    return {
        **class_regions(y, 10),
        **input_regions((20, 10), 3, 2, 1),
        "only the left": Region(np.arange(10) < 5),
        "only the first row": Region(np.arange(20)[:, None] == 0),
        "overflow": NotFinite(),
    }


def test_random_errors_fit_no_place() -> None:
    """A place is believed at odds of 256 to one, so of 400 random arrays with a few errors hardly any is misread."""
    misread = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        expected = rng.normal(size=(20, 10))
        actual = expected.copy()
        places = rng.choice(200, int(rng.integers(2, 60)), replace=False)
        actual.flat[places] += rng.normal(size=len(places))
        suspect = caught(actual, expected, named_places(rng.integers(0, 10, 20)), standard=False).suspect
        misread += suspect is not None
    assert misread <= 4


def test_random_arrays_fit_no_known_mistake() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        right, wrong, at = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
        known = {
            **regulariser_suspects(right - 2 * REG * at, at, REG, n=20),
            **count_suspects(right, 20),
            **layout_suspects(lambda value: value, right, "w"),
        }
        assert caught(wrong, right, known).suspect is None
        loss, data = rng.normal(size=2)
        assert caught(loss, data + REG * np.sum(at * at), regulariser_suspects(data, at, REG, n=20)).suspect is None
