"""The map of an array as a page reads it from a message: what the checks draw, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.checks.error_map import map_of_mask
from grader.page.error_map import ErrorMap, split_message


def read(message: str) -> ErrorMap:
    lines, found = split_message(message)
    assert lines == ["what is wrong"]
    assert found is not None
    return found


def grid(found: ErrorMap) -> Any:
    """The kinds of the cells, from the runs."""
    cells = np.full((len(found.labels), found.columns), "", dtype=object)
    for run in found.runs:
        assert (cells[run.row, run.column : run.column + run.length] == "").all()
        cells[run.row, run.column : run.column + run.length] = run.kind
    return cells


@pytest.mark.parametrize("shape", [(2, 3), (3, 4), (12, 24), (4, 2), (2, 3, 5, 7), (3, 2, 4)])
def test_every_map_of_the_checks_is_read(shape: tuple[int, ...]) -> None:
    for seed in range(6):
        wrong = np.random.default_rng(seed).random(shape) < 0.4
        drawn = map_of_mask(wrong)
        if not drawn:
            continue
        found = read(f"what is wrong\n{drawn}")
        assert found.columns >= 2
        if wrong.ndim == 2:
            assert np.array_equal(grid(found) == "wrong", wrong)
            assert found.labels == tuple(map(str, range(len(wrong))))
        assert {kind for kind, _ in found.legend} == set(grid(found).ravel())


def test_blocks() -> None:
    wrong = np.zeros((60, 100), bool)
    wrong[10:33, 50:] = True
    found = read(f"what is wrong\n{map_of_mask(wrong)}")
    assert (found.block, found.last, found.labels[1]) == ("5 x 5", "95", "5")
    assert found.legend == (("wrong", "wrong"), ("some", "partly wrong"), ("right", "right"))
    assert "Row 10: wrong in column 50 to 95." in found.words
    assert "Row 30: partly wrong in column 50 to 95." in found.words


def test_no_map() -> None:
    assert split_message("") == ([""], None)
    assert split_message("one\ntwo") == (["one", "two"], None)


@pytest.mark.parametrize(
    "damaged",
    [
        "where it is wrong, [row, column]: # wrong, · right",
        "where it is wrong, [row, column]: # wrong, · right\nrow  0  1\n  0  # ·\n  1  #",
        "where it is wrong, [row, column]: # wrong, · right\nrow  0  1\n  0  # ·\n  1  # x",
        "where it is wrong, [row, column]: # wrong, · right\n  0  # ·",
        "where it is wrong, [row, column]: # wrong\nrow  0  1\n  0  # ·",
        "where it is wrong, [row, column]: # wrong, · right\nrow  0  1\n  0  # ·\nmore",
    ],
)
def test_what_cannot_be_read_stays_text(damaged: str) -> None:
    lines, found = split_message(f"what is wrong\n{damaged}")
    assert found is None
    assert "\n".join(lines) == f"what is wrong\n{damaged}"
