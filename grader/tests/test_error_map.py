"""The map of where an array is wrong: what it shows, when there is none, and how a student gets to see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks import Mismatch, Region, expect_close, expect_equal
from grader.checks.error_map import map_of_mask

ROWS, COLUMNS = 12, 24


def drawn(actual: Any, expected: Any, check: Any = expect_close, **options: Any) -> list[str]:
    with pytest.raises(Mismatch) as info:
        check(actual, expected, **options)
    return info.value.map.splitlines()


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def spoilt(expected: Any, mask: Any, by: float = 1.0) -> Any:
    """Different errors in every place, so that no constant explains them."""
    return np.where(mask, expected + by * (1 + np.random.default_rng(9).random(expected.shape)), expected)


def test_a_matrix() -> None:
    expected = normal(4, 6)
    wrong = np.zeros((4, 6), bool)
    wrong[1, 2:5] = wrong[3, 0] = True
    assert drawn(spoilt(expected, wrong), expected) == [
        "where it is wrong, [row, column]: # wrong, · right",
        "row  0         5",
        "  0  · · · · · ·",
        "  1  · · # # # ·",
        "  2  · · · · · ·",
        "  3  # · · · · ·",
    ]


def test_slight_errors_are_told_apart() -> None:
    expected = normal(3, 4)
    actual = expected.copy()
    actual[0, 1] += 1e-4
    actual[2, 2] += 1.0
    assert drawn(actual, expected) == [
        "where it is wrong, [row, column]: # wrong, o off by less than 1%, · right",
        "row  0     3",
        "  0  · o · ·",
        "  1  · · · ·",
        "  2  · · # ·",
    ]


def test_nan_is_wrong() -> None:
    expected = normal(3, 4)
    actual = expected.copy()
    actual[1, 1] = actual[2, 3] = np.nan
    assert drawn(actual, expected)[2:] == ["  0  · · · ·", "  1  · # · ·", "  2  · · · #"]


def test_what_is_the_same_along_other_axes_is_summed_up() -> None:
    expected, wrong = normal(2, 3, 4, 5), np.zeros((4, 5), bool)
    wrong[0] = wrong[:, 4] = True
    assert drawn(spoilt(expected, wrong), expected) == [
        "where it is wrong, [:, :, row, column]: # wrong, · right",
        "row  0       4",
        "  0  # # # # #",
        "  1  · · · · #",
        "  2  · · · · #",
        "  3  · · · · #",
    ]


def test_the_axes_that_tell_most_are_shown() -> None:
    expected, wrong = normal(3, 4, 5, 6), np.zeros((3, 4, 5, 6), bool)
    wrong[1, 2] = wrong[2, 0] = True
    assert drawn(spoilt(expected, wrong), expected) == [
        "where it is wrong, [row, column, :, :]: # wrong, · right",
        "row  0     3",
        "  0  · · · ·",
        "  1  · · # ·",
        "  2  # · · ·",
    ]


def test_else_the_slice_of_the_worst_value_is_shown() -> None:
    expected = normal(2, 3, 4, 5)
    wrong = np.random.default_rng(1).random(expected.shape) < 0.3
    actual = spoilt(expected, wrong)
    actual[1, 2, 3, 4] = 1e3
    lines = drawn(actual, expected)
    assert lines[0] == "where it is wrong, [1, 2, row, column]: # wrong, · right"
    shown = [[cell == "#" for cell in line[5:].split()] for line in lines[2:]]
    assert np.array_equal(shown, (actual != expected)[1, 2])


def test_large_arrays_are_drawn_in_blocks() -> None:
    expected, wrong = normal(60, 100), np.zeros((60, 100), bool)
    wrong[10:33, 50:] = True
    lines = drawn(spoilt(expected, wrong), expected)
    assert lines[0] == "where it is wrong, [row, column]: # wrong, o partly wrong, · right; a cell is a block of 5 x 5"
    assert lines[1] == "row  0                                    95"
    assert lines[4:9] == [
        *(f" {row}  {'· ' * 10}{'# ' * 10}".rstrip() for row in (10, 15, 20, 25)),
        f" 30  {'· ' * 10}{'o ' * 10}".rstrip(),
    ]


@pytest.mark.parametrize("shape", [(2, 2), (3, 700), (700, 3), (100, 100), (4, 5, 6, 7), (2, 2, 2, 2, 2, 2), (13, 25)])
def test_a_map_is_small_whatever_the_shape(shape: tuple[int, ...]) -> None:
    for seed in range(5):
        wrong = np.random.default_rng(seed).random(shape) < 0.4
        lines = map_of_mask(wrong).splitlines()
        assert len(lines) <= ROWS + 2
        assert max(map(len, lines[1:]), default=0) <= 6 + 2 * COLUMNS
        assert all(set(line[5:]) <= set("#o· ") for line in lines[2:])


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (spoilt(normal(40), np.arange(40) < 20), normal(40)),  # one axis
        (spoilt(normal(1, 40), np.arange(40) < 20), normal(1, 40)),
        (spoilt(normal(4, 5), np.eye(4, 5) * np.eye(4, 5)[0] > 0), normal(4, 5)),  # one value
        (normal(4, 5, seed=1), normal(4, 5)),  # all of them
        (spoilt(normal(101, 100), np.arange(100) < 50), normal(101, 100)),  # more than 10,000
        (2 * normal(4, 5) * (normal(4, 5) > 0), normal(4, 5) * (normal(4, 5) > 0)),  # doubled: zeros say nothing
        (normal(5, 4), normal(4, 5)),
    ],
)
def test_no_map_where_it_would_tell_nothing(actual: Any, expected: Any) -> None:
    assert drawn(actual, expected) == []


def test_a_place_that_is_named_is_drawn_too() -> None:
    expected, mask = normal(4, 6), np.arange(6) < 2
    lines = drawn(spoilt(expected, mask), expected, suspects={"the bias": Region(mask)})
    assert lines[2] == "  0  # # · · · ·"
    assert drawn(spoilt(expected, np.arange(4)[:, None] == 2), expected)[4] == "  2  # # # # # #"


def test_labels_have_one_too() -> None:
    labels = np.arange(12).reshape(3, 4)
    wrong = labels.copy()
    wrong[1, :2] = 7, 3
    assert drawn(wrong, labels, expect_equal)[3] == "  1  # # · ·"


# how it is shown

SUITE = """\
import numpy as np
import pytest

from grader.checks import expect_close


@pytest.mark.task("double")
def test_double(submission):
    x = np.arange(12.0).reshape(3, 4) + 0.37
    expect_close(submission.double(x), 2 * x, name="out")
"""
WRONG = """\
import numpy as np

def double(x):
    out = 2 * x
    out[1, 1:3] += np.array([0.5, 0.9])
    return out
"""
MAP = [
    "where it is wrong, [row, column]: # wrong, · right",
    "row  0     3",
    "  0  · · · ·",
    "  1  · # # ·",
    "  2  · · · ·",
]


def test_a_student_sees_it_below_the_message(toy: Path, students_pytest: Callable[..., Any]) -> None:
    folder = toy / "assignments" / "toy"
    (folder / "test_toy.py").write_text(SUITE)
    (folder / "toy.py").write_text(WRONG)
    lines = students_pytest(folder).stdout.splitlines()
    start = lines.index(f"    {MAP[0]}")
    assert lines[start : start + 5] == [f"    {line}" for line in MAP]


def test_a_report_holds_it(toy: Path, crew_on: Callable[..., Any], graded: Callable[..., Any]) -> None:
    hidden = toy / "solutions" / "toy" / "test_toy_hidden.py"
    hidden.write_text(hidden.read_text() + SUITE[SUITE.index("@") :].replace("x = np", "import numpy as np\n    x = np"))
    with crew_on(toy) as crew:
        (one,) = graded(crew, WRONG)
    message = next(outcome.message for outcome in one.outcomes if outcome.test == "test_double").splitlines()
    assert message[0].startswith("wrong result (no known mistake fits). In out, 2 of 12 values differ; ")
    assert message[1:] == MAP
