"""`learns`: two seeds, both directions, what is no number, every message; and the table that it reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.calibration.table import table_text
from grader.checks import Mismatch, learns
from grader.checks.asked import Thresholds
from grader.checks.learns import second_seed
from grader.checks.speed import speed_ratio
from grader.course.thresholds import Measured, Row, Threshold, load_thresholds
from grader.errors import CourseError, SuiteFault

WHERE = Path("solutions/toy/thresholds.toml")
ACCURACY = "the accuracy on 1,000 unseen images"


def entry(**changed: Any) -> Threshold:
    facts: dict[str, Any] = {
        "rule": "at least", "threshold": 0.8, "mean": 0.841, "sd": 0.006, "worst": 0.829, "n": 60, "seeds": 30,
        "set_by": "toy", "factor": 4.816, "worst_in_sd": 2.1, "bound": "mean - 4.816 sd", "assumption": "values are normal",
        "tests": ("test_train",), "tasks": ("train",), "code": "c0de", "data": "none", "versions": "numpy 2.4.0",
        "command": "grader calibrate toy", "measured": {"toy": Row(30, 0.84, 0.006, 0.829)}, "wrong": {"lazy": 0.3},
    }  # fmt: skip
    return Threshold(**{**facts, **changed})


def table(**changed: Any) -> Thresholds:
    return Thresholds(lambda: {"accuracy": entry(**changed)}, WHERE)


class Values:
    """A measure that gives these values in turn, and remembers the seeds it was called with."""

    def __init__(self, *values: Any) -> None:
        self.values, self.seeds = list(values), []

    def __call__(self, seed: int) -> Any:
        self.seeds.append(seed)
        return self.values[len(self.seeds) - 1]


def ask(*values: Any, name: str = ACCURACY, **options: Any) -> Any:
    return learns(Values(*values), seed=7, name=name, **options)


def refused(*values: Any, **options: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        ask(*values, **options)
    return str(caught.value)


# ---------------------------------------------------------------- the rule of two seeds


def test_one_run_that_reaches_it_is_enough() -> None:
    measure = Values(0.81, 0.1)
    result = learns(measure, at_least=table()["accuracy"], seed=7, name="accuracy", percent=True)
    assert measure.seeds == [7]
    assert (result.value, result.tries) == (0.81, (0.81,))
    assert result.text == (
        "accuracy: your model reaches 81 %; at least 80 % is asked for (right solutions reach 84.1 % on average, 82.9 % at "
        "worst)"
    )


def test_a_run_that_falls_short_is_made_once_more_on_a_second_seed() -> None:
    measure = Values(0.71, 0.8)
    result = learns(measure, at_least=table()["accuracy"], seed=7, name="accuracy")
    assert measure.seeds == [7, second_seed(7)]
    assert second_seed(7) != second_seed(8)
    assert second_seed(7) == second_seed(7) < 2**128
    assert result.tries == (0.71, 0.8)
    assert "your model reaches 0.8 (on a second seed; 0.71 on the first); at least 0.8 is asked for" in result.text


def test_only_two_runs_that_fall_short_fail() -> None:
    measure = Values(0.712, 0.7084, 0.9)
    with pytest.raises(Mismatch) as caught:
        learns(measure, at_least=table()["accuracy"], seed=7, name=ACCURACY, percent=True)
    assert len(measure.seeds) == 2
    assert caught.value.kind == "learning"
    assert str(caught.value) == (
        "the accuracy on 1,000 unseen images: your model reaches 71.2 %, and 70.84 % on a second seed; at least 80 % is "
        "asked for (right solutions reach 84.1 % on average, 82.9 % at worst)."
    )


def test_false_fails_are_as_rare_as_two_in_a_row() -> None:
    rng = np.random.default_rng(0)
    failed = 0
    for _ in range(2000):
        measure = Values(*rng.choice([0.7, 0.9], p=[0.2, 0.8], size=2))
        try:
            learns(measure, at_least=0.8, seed=1, name="x")
        except Mismatch:
            failed += 1
    assert 40 < failed < 130  # 0.2 * 0.2 * 2000 = 80, sd 9


def test_at_most() -> None:
    low = table(rule="at most", threshold=0.02, mean=0.001, worst=0.0027)["accuracy"]
    assert ask(0.02, at_most=low).value == 0.02
    assert refused(0.5, 0.021, at_most=low, name="the loss") == (
        "the loss: your model reaches 0.5, and 0.021 on a second seed; at most 0.02 is asked for (right solutions reach "
        "0.001 on average, 0.0027 at worst)."
    )


def test_a_number_of_ones_own() -> None:
    assert ask(3, at_most=3).value == 3.0
    assert refused(2, 1, at_least=3, name="rank") == (
        "rank: your model reaches 2, and 1 on a second seed; at least 3 is asked for."
    )


def test_what_is_just_short_does_not_read_as_enough() -> None:
    text = refused(0.79999996, np.nextafter(0.8, 0), at_least=0.8, percent=True)
    assert "reaches 79.999996 %, and 80 % (but for 1.1e-16) on a second seed; at least 80 %" in text


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        ((0.1, 0.12), "the labels are shuffled"),
        ((0.1, 0.35), "no hidden layer"),
        ((0.35, 0.1), "no hidden layer"),
        ((0.2, 0.5), None),
    ],
)
def test_the_better_value_is_told_its_mistake(values: Sequence[float], mistake: str | None) -> None:
    ranges = {"the labels are shuffled": (0.08, 0.13), "no hidden layer": (0.3, 0.5), "anything": (0.3, 0.4)}
    with pytest.raises(Mismatch) as caught:
        ask(*values, at_least=0.8, looks_like=ranges)
    assert caught.value.suspect == mistake
    assert str(caught.value).endswith(f" This looks like {mistake}." if mistake else "is asked for.")


# ---------------------------------------------------------------- what is no number


@pytest.mark.parametrize("rule", ["at_least", "at_most"])
@pytest.mark.parametrize("text", ["nan nan", "inf nan", "-inf inf", "nan -inf"])
def test_what_is_not_finite_meets_nothing(rule: str, text: str) -> None:
    values = [float(value) for value in text.split()]
    with pytest.raises(Mismatch) as caught:
        ask(*values, **{rule: 0.5})
    assert caught.value.kind == "finite"
    assert str(caught.value).endswith(
        "is asked for. No number comes of a training that diverges (steps too large), of 0 / 0, or of log(0)."
    )


def test_not_a_number_is_named() -> None:
    assert "reaches NaN (not a number), and 70 % on a second seed" in refused(math.nan, 0.7, at_least=0.8, percent=True)
    assert "reaches infinity, and -infinity on a second seed" in refused(math.inf, -math.inf, at_most=0.8)
    assert ask(math.nan, 0.9, at_least=0.8).value == 0.9


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "The loss is None: the code returned nothing; is a `return` missing?"),
        ("0.9", "The loss is text '0.9' where numbers are expected."),
        (True, "The loss is True where one number is expected."),
        (np.True_, "The loss is True where one number is expected."),
        (np.zeros((1,)), "The loss has shape (1,) where one real number is expected."),
        ([], "The loss has shape (0,) where one real number is expected."),
        ([0.1, 0.2], "The loss has shape (2,) where one real number is expected."),
        (1j, "The loss is a number (1j) where one real number is expected."),
        (object(), "The loss is an object of type object where numbers are expected."),
    ],
)
def test_what_is_not_one_number_fails_at_once(value: object, said: str) -> None:
    measure = Values(value, 0.9)
    with pytest.raises(Mismatch) as caught:
        learns(measure, at_least=0.1, seed=1, name="the loss")
    assert str(caught.value) == said
    assert len(measure.seeds) == 1


@pytest.mark.parametrize("value", [0.5, 1, np.float32(0.5), np.int64(3), np.array(0.5)])
def test_every_kind_of_real_number_is_one(value: Any) -> None:
    assert ask(value, at_least=0.1).value == float(value)


def test_a_share_lies_between_0_and_1() -> None:
    wanted = "The share is {} where a share from 0 to 1 is expected"
    for how in ({"percent": True}, {"of": 300}):
        assert refused(84.1, at_least=0.8, name="the share", **how) == (
            wanted.format("84.1") + "; is it a percentage, or a count?"
        )
        assert refused(-0.1, at_least=0.8, name="the share", **how) == wanted.format("-0.1")
    assert ask(84.1, at_least=0.8).value == 84.1


def test_what_the_measure_raises_is_not_tried_again() -> None:
    calls = []

    def measure(seed: int) -> float:
        calls.append(seed)
        raise ValueError("of the student")

    with pytest.raises(ValueError, match="of the student"):
        learns(measure, at_least=0.1, seed=1, name="x")
    assert len(calls) == 1


# ---------------------------------------------------------------- misuse, and the table


@pytest.mark.parametrize("asked", [{}, {"at_least": 1.0, "at_most": 2.0}])
def test_one_of_both_directions(asked: dict[str, float]) -> None:
    with pytest.raises(SuiteFault, match=r"learns: give at_least=\.\.\. or at_most=\.\.\., one of the two"):
        ask(0.1, **asked)


@pytest.mark.parametrize(("asked", "shown"), [("0.8", "text '0.8'"), (math.nan, "a number \\(nan\\)"), (True, "True")])
def test_what_is_asked_for_is_a_number(asked: Any, shown: str) -> None:
    with pytest.raises(SuiteFault, match=f"learns: {shown} is asked for; give a number or thresholds"):
        ask(0.1, at_least=asked)


def test_a_threshold_that_was_not_measured() -> None:
    with pytest.raises(SuiteFault) as caught:
        table()["acuracy"]
    assert str(caught.value.msg) == (f"{WHERE}: there is no threshold 'acuracy'; measure it with `grader calibrate toy`")


@pytest.mark.parametrize("rule", ["at most", "speed"])
def test_a_threshold_of_another_rule(rule: str) -> None:
    asked = table()["accuracy"]
    with pytest.raises(SuiteFault) as caught:
        ask(0.1, at_most=asked) if rule == "at most" else speed_ratio(abs, abs, inputs=[], at_least=asked)
    assert str(caught.value.msg) == (
        f"{WHERE}: 'accuracy' was measured as 'at least', and the suite asks for '{rule}'; measure it with "
        "`grader calibrate toy`"
    )


def test_while_calibrating_values_are_noted_and_not_judged() -> None:
    noted: list[Measured] = []
    asked = Thresholds(dict, WHERE, noted)["accuracy"]
    measure = Values(0.001, 0.9)
    result = learns(measure, at_least=asked, seed=7, name="accuracy", of=1000)
    assert measure.seeds == [7]
    assert noted == [Measured("accuracy", "at least", 0.001, 1000)]
    assert result.text == "accuracy: 0.1 %, noted for the table of thresholds"
    with pytest.raises(Mismatch, match=r"accuracy: NaN \(not a number\) was measured"):
        learns(Values(math.nan), at_most=asked, seed=7, name="accuracy")
    assert len(noted) == 1


def test_the_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    entries = {"accuracy": entry(), "the loss": entry(rule="at most", threshold=1.0, factor=None, wrong={})}
    path = tmp_path / "thresholds.toml"
    path.write_text(table_text("toy", entries), encoding="utf-8")
    assert load_thresholds(path) == entries
    assert path.read_text("utf-8").startswith("# Written by `grader calibrate toy`")


def test_no_table_is_an_empty_one(tmp_path: Path) -> None:
    assert load_thresholds(tmp_path / "thresholds.toml") == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('rule = "at least"', 'rule = "atleast"', "rule = 'atleast': write one of 'at least', 'at most', 'speed'"),
        ("threshold = 0.8", "threshold = nan", "threshold = nan: write a finite number without quotes"),
        ("threshold = 0.8\n", "", "'threshold' is missing; add threshold = ..."),
        ("n = 60", "n = 0", "n = 0: write a whole number, 1 or more"),
        ("n = 60", "n = 60\nmeen = 1", "unknown key 'meen'; did you mean 'mean'?"),
        ('tests = ["test_train"]', 'tests = "test_train"', "tests = 'test_train': write a list of texts"),
        ("threshold = 0.8", "threshold = 0.83",
         "threshold = 0.83: a right solution reached 0.829 only, so it would fail; measure again with `grader calibrate`"),
        ("lazy = 0.3", 'lazy = "0.3"', "wrong: lazy = '0.3': write a finite number"),
        ("{ n = 30,", "{ n = 30, m = 1,", "measured, toy: unknown key 'm'"),
        ("[accuracy.wrong]\nlazy = 0.3", "", None),
    ],
)  # fmt: skip
def test_a_table_is_read_strictly(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    path, text = tmp_path / "thresholds.toml", table_text("toy", {"accuracy": entry()})
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    if said is None:
        assert load_thresholds(path)["accuracy"].wrong == {}
        return
    with pytest.raises(CourseError) as caught:
        load_thresholds(path)
    assert str(caught.value).startswith(f"{path}, [accuracy]")
    assert said in str(caught.value)
