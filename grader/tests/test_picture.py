"""Pictures of suites: what is drawn and what is not, and how they reach the report."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course_data.png import decode_png

from grader.checks.drawn import drawn
from grader.checks.plotted import plotted
from grader.course.picture import Curve, Picture
from grader.grading.outcome import Outcome
from grader.page.diagram import diagram
from grader.submission import Contact
from grader.tests.pages import OUTCOMES, picture, report


def pixels(made: Picture | None, tile: int = 0) -> Any:
    assert made is not None
    return decode_png(base64.b64decode(made.tiles[tile]), Path("tile.png"))


def test_bytes_are_drawn_as_they_are() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    made = drawn(image, "a picture")
    assert np.array_equal(pixels(made), image)
    assert made == Picture("a picture", "A picture of 6 x 4 pixels", 6, 4, made.tiles)


def test_other_numbers_are_stretched_tile_by_tile() -> None:
    made = drawn([[[0.0, 1.0], [2.0, 4.0]], [[7.0, 7.0], [7.0, 7.0]]], "two", tiles=True, labels=["a", "b"])
    assert pixels(made).tolist() == [[0, 64], [128, 255]]
    assert pixels(made, 1).tolist() == [[128, 128], [128, 128]]
    assert made is not None
    assert (made.labels, made.alt) == (("a", "b"), "2 pictures of 2 x 2 pixels")


def test_a_last_axis_of_one_is_grey() -> None:
    assert pixels(drawn(np.zeros((2, 3, 4, 1), np.uint8), "grey", tiles=True)).shape == (3, 4)


@pytest.mark.parametrize(
    "value",
    [
        None, "text", object(), [], [[1, 2], [3]], 3.0, np.zeros(5), np.zeros((2, 2, 2)), np.zeros((2, 2, 3, 3)),
        np.zeros((0, 4)), np.zeros((257, 2)), np.full((2, 2), np.nan), np.array([[np.inf, 0.0]]), np.zeros((2, 2), complex),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_not_drawn(value: Any) -> None:
    assert drawn(value, "nothing") is None


def test_sizes_are_capped() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 40, 40, 3)).astype(np.uint8)
    assert drawn(np.zeros((65, 2, 2)), "too many", tiles=True) is None
    assert drawn(np.zeros((9, 128, 128)), "too many pixels", tiles=True) is None
    assert drawn(noise, "too many bytes", tiles=True) is None
    assert drawn(noise[:8], "enough", tiles=True) is not None


def test_huge_numbers_are_no_trouble() -> None:
    assert pixels(drawn([[-1e308, 1e308], [0.0, 0.0]], "wide")).tolist() == [[128, 128], [128, 128]]


def test_labels_that_do_not_fit_are_left_out_and_words_are_escaped() -> None:
    made = drawn([[[1, 2]], [[3, 4]]], "a\x1b[2J", tiles=True, labels=["only one"], alt="\u202e")
    assert made is not None
    assert (made.caption, made.alt, made.labels) == (r"a\x1b[2J", r"\u202e", ())


def test_curves() -> None:
    made = plotted({"training": [3, 1.5], "test": np.array([2.0, np.nan, 1.0])}, "losses", x="epoch", y="loss")
    assert made == Picture(
        "losses", "training goes from 3 to 1.5; test goes from 2 to 1", axes=("epoch", "loss"),
        curves=(Curve("training", ((1.0, 3.0), (2.0, 1.5))), Curve("test", ((1.0, 2.0), (3.0, 1.0)))),
    )  # fmt: skip
    assert Picture.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_long_curves_are_thinned_out_and_keep_their_ends() -> None:
    made = plotted(np.arange(60_001.0), "long")
    assert made is not None
    points = made.curves[0].points
    assert len(points) <= 121
    assert (points[0], points[-1]) == ((1.0, 0.0), (60001.0, 60000.0))


@pytest.mark.parametrize(
    "value", [None, [], [1.0], "ab", {"a": None}, [[1, 2], [3, 4]], [np.nan, np.inf, 1e200, 1.0], {}, [1j, 2j]]
)
def test_what_is_no_curve_is_not_drawn(value: Any) -> None:
    assert plotted(value, "nothing") is None


@pytest.mark.parametrize(
    "values",
    [[1, 1], [0, 0], [-3, 5, 2], [1e-300, 5e-324], [9e99, -9e99], [0.1, 0.1 + 1e-15], [1e9, 1e9 + 1], [2e-99, 1e-99]],
)
def test_a_diagram_holds_its_curves_and_has_round_ticks(values: list[float]) -> None:
    made = plotted(values, "curve")
    assert made is not None
    area = diagram(made.to_json()["curves"])
    places = [float(word) for word in re.findall(r"-?[\d.]+", area.lines[0].path)]
    assert all(-0.1 <= x <= area.width + 0.1 for x in places[::2])
    assert all(-0.1 <= y <= area.height + 0.1 for y in places[1::2])
    assert 2 <= len(area.ys) <= 8
    assert all(-0.1 <= y <= area.height + 0.1 for y, _ in area.ys)
    assert [words for _, words in area.xs] == ["1", str(len(values))]


def test_a_test_shows_four_and_of_one_caption_the_last() -> None:
    contact = Contact()
    for number in range(6):
        contact.show(picture(caption=f"picture {number % 5}", alt=str(number)))
    assert [one.alt for one in contact.pictures] == ["1", "2", "3", "5"]


def test_it_crosses_as_json() -> None:
    outcome = Outcome("a", "t", "passed", pictures=(picture(),))
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert "pictures" not in Outcome("a", "t", "passed").to_json()


def test_a_report_holds_each_once() -> None:
    twice = dataclasses.replace(OUTCOMES[0], pictures=(picture(), picture(), picture(caption="another")))
    public = report(outcomes=(twice, *OUTCOMES[1:]))["public"]
    named = [(one["task"], one["caption"]) for one in public["pictures"]]
    assert named == [("forward", "Your filters"), ("forward", "another"), ("pictures", "Your filters")]
    assert all("pictures" not in outcome for outcome in report()["ta"]["outcomes"])


SUITE = """import numpy as np


@pytest.mark.task("double")
def test_pictures(submission, picture, rng):
    picture(lambda: submission.double(rng.normal(size=(2, 3))), "what double gives")
    picture(lambda: submission.nothing, "a name that is not there")
    picture([[0, 1], [2, 3]], "the suite's own", alt="four shades")


@pytest.mark.task("double")
def test_curves(submission, curves):
    curves(lambda: {"doubled": submission.double(np.arange(3.0))}, "a curve")
    assert submission.refuse(3.0) == 3.0
"""


def test_a_suite_shows_what_a_submission_gives(toy: Path, crew_on: Callable[..., Any], graded: Callable[..., Any]) -> None:
    hidden = toy / "solutions" / "toy" / "test_toy_hidden.py"
    hidden.write_text(hidden.read_text() + SUITE)
    with crew_on(toy) as crew:
        rest = "\ndef refuse(x): return x"
        good, bad = graded(crew, "def double(x): return 2 * x" + rest, "def double(x): raise ValueError" + rest)
    shown = [[outcome for outcome in one.outcomes if outcome.test == "test_pictures"][0] for one in (good, bad)]
    assert [outcome.verdict for outcome in shown] == ["passed", "passed"]
    assert [[one.caption for one in outcome.pictures] for outcome in shown] == [
        ["what double gives", "the suite's own"], ["the suite's own"],
    ]  # fmt: skip
    drawn_curves = [[len(o.pictures) for o in one.outcomes if o.test == "test_curves"] for one in (good, bad)]
    assert drawn_curves == [[1], [0]]
    assert (shown[0].pictures[0].width, shown[0].pictures[0].height) == (3, 2)
