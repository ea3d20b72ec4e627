"""The generators of `course_data`: sequences that depend on the seed only, and the same bytes everywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import course_data
import numpy as np
import pytest
from course_data import body_plans, cats_and_fish, cifar_like, digits, insects
from course_data.generated.insects import PLAN_NAMES
from course_data.generated.paint import blend
from course_data.generated.plans import ANT_AND_BEE, TWENTY
from course_data.generated.portable import PortableDice, cos_turns, sin_turns
from course_data.generated.strokes import GLYPHS, GRID, distance_bank

# generator, images a chunk, shape of an image, classes
KINDS = [
    pytest.param(digits, 500, (28, 28), 10, id="digits"),
    pytest.param(insects, 50, (64, 64, 3), 2, id="insects"),
    pytest.param(body_plans, 40, (64, 64, 3), 20, id="body_plans"),
    pytest.param(cats_and_fish, 50, (64, 64, 3), 2, id="cats_and_fish"),
]


@pytest.mark.parametrize(("draw", "chunk", "shape", "classes"), KINDS)
def test_a_chunk_is_balanced_shuffled_bytes(draw, chunk, shape, classes):
    images, labels = draw(chunk, 7)
    assert (images.shape, images.dtype, labels.dtype) == ((chunk, *shape), np.uint8, np.int64)
    assert np.bincount(labels).tolist() == [chunk // classes] * classes
    assert np.any(np.diff(labels) < 0)
    assert len(np.unique(images.reshape(chunk, -1), axis=0)) == chunk


@pytest.mark.parametrize(("draw", "chunk", "shape", "classes"), KINDS)
def test_draws_are_windows_of_one_sequence(draw, chunk, shape, classes):
    images, labels = draw(chunk + 5, 2**100)
    for n, start in ((0, 0), (3, 0), (4, chunk - 2), (5, chunk)):
        part, answers = draw(n, 2**100, start=start)
        assert np.array_equal(part, images[start : start + n])
        assert np.array_equal(answers, labels[start : start + n])


@pytest.mark.parametrize(("draw", "chunk", "shape", "classes"), KINDS)
def test_seeds_share_nothing(draw, chunk, shape, classes):
    one, other = draw(20, 1)[0], draw(20, 2)[0]
    assert not (one[:, None] == other[None]).reshape(20, 20, -1).all(axis=2).any()


@pytest.mark.parametrize("draw", [cifar_like, digits, insects, body_plans, cats_and_fish])
@pytest.mark.parametrize("wrong", [{"n": -1}, {"seed": -2}, {"start": -3}])
def test_negative_arguments_are_named(draw, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"^{draw.__name__}: {name} is {value}; give 0 or more$"):
        draw(**{"n": 1, "seed": 0, **wrong})


def test_digits_resemble_their_class_but_not_closely():
    """The nearest mean image is right for 0.75 +- 0.02 of MNIST-like digits over 20 seeds."""
    images, labels = digits(1500, 3)
    rows = images.reshape(1500, -1).astype(float)
    means = np.array([rows[:1000][labels[:1000] == c].mean(axis=0) for c in range(10)])
    guesses = ((rows[1000:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert 0.6 < np.mean(guesses == labels[1000:]) < 0.9


def test_insect_and_pet_classes_have_the_same_colours():
    """Nothing about the class shows in the mean colour: a mean differs by less than 5 standard errors."""
    for draw in (insects, cats_and_fish):
        images, labels = draw(200, 5)
        colours = images.mean(axis=(1, 2))
        one, other = colours[labels == 0], colours[labels == 1]
        error = np.sqrt(one.var(axis=0) / len(one) + other.var(axis=0) / len(other))
        assert np.all(np.abs(one.mean(axis=0) - other.mean(axis=0)) < 5 * error)


def test_the_ant_and_the_bee_are_held_out_of_the_body_plans():
    assert len(set(TWENTY)) == len(set(PLAN_NAMES)) == 20
    assert not set(ANT_AND_BEE.values()) & set(TWENTY)
    assert ANT_AND_BEE["bee"].name == "2-striped-6legs-small-wings"


def test_cosine_and_sine_by_polynomial():
    turns = np.linspace(-3, 3, 10_001, dtype=np.float32)
    exact = 2 * np.pi * turns.astype(np.float64)
    assert np.abs(cos_turns(turns) - np.cos(exact)).max() < 5e-6
    assert np.abs(sin_turns(turns) - np.sin(exact)).max() < 5e-6
    assert cos_turns(turns).dtype == np.float32


def test_portable_dice_have_the_promised_moments():
    dice = PortableDice(np.random.default_rng(1), 400, 16)
    bell, stretch, (across, down) = dice.bell(16, 16), dice.stretch(0.5), dice.direction()
    assert abs(bell.mean()) < 0.02
    assert abs(bell.std() - 1) < 0.02
    assert np.abs(bell).max() < 3.5
    assert 0.4 < np.mean(stretch > 1) < 0.6
    assert 1 / 1.5 <= stretch.min() < stretch.max() <= 1.5
    assert np.allclose(across**2 + down**2, 1, atol=1e-5)
    assert dice.uniform(2, 5).min() >= 2
    assert {bell.dtype, stretch.dtype, across.dtype, dice.uniform(2, 5).dtype, dice.cloud(4).dtype} == {np.dtype(np.float32)}


def test_a_cloud_is_the_smooth_blend_of_its_knots():
    dice, again = (PortableDice(np.random.default_rng(4), 3, 12) for _ in range(2))
    weights = blend(5, 12)
    assert np.allclose(dice.cloud(5), weights @ again.bell(5, 5) @ weights.T, atol=1e-6)


def test_distance_fields_measure_the_way_to_the_pen():
    fields, first, count = distance_bank()
    assert fields.shape == (sum(len(ways) for ways in GLYPHS), GRID, GRID)
    assert (first[-1] + count[-1], count.tolist()) == (len(fields), [len(ways) for ways in GLYPHS])
    stem = fields[first[1]]  # a straight stroke down the middle, 24 cells long
    middle = (GRID - 1) / 2
    assert stem[20, 0] == pytest.approx(middle)
    assert stem[0, 0] == pytest.approx(np.hypot(middle, middle - 12))


def test_digits_insects_and_pets_are_the_same_bits_without_simd():
    code = (
        "import course_data as c; from course_data.checksums import digest\n"
        "print([digest(*f(n, 3)) for f, n in ((c.digits, 500), (c.insects, 50), (c.body_plans, 40), (c.cats_and_fish, 50))])"
    )
    extensions = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    here, plain = (_run(code, disabled) for disabled in ([], extensions))
    assert here == plain


def _run(code: str, disabled: list[str]) -> str:
    folder = os.path.dirname(os.path.dirname(course_data.__file__))
    environment = {**os.environ, "PYTHONPATH": folder, "NPY_DISABLE_CPU_FEATURES": " ".join(disabled)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout
