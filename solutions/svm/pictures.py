"""Judging pictures: prepared ones and templates."""

from __future__ import annotations

import numpy as np

from grader.checks import as_numbers, describe, expect_close
from grader.errors import CheckFailed

from .oracle import preprocessed, templates
from .suspects import preprocess_mistakes, template_mistakes

__all__ = ["check_preprocessed", "check_templates"]


def check_preprocessed(answer, sets):
    """What preprocess gave for these sets, in the precision of float32."""
    if not isinstance(answer, tuple | list) or len(answer) != len(sets):
        raise CheckFailed(
            f"preprocess returned {describe(answer)} for {len(sets)} sets; a list of as many arrays is expected"
        )
    for index, (actual, expected) in enumerate(zip(answer, preprocessed(*sets), strict=True)):
        name = "X_train" if index == 0 else f"set {index} of the others"
        known = preprocess_mistakes(sets, index)
        expect_close(actual, expected, precision="float32", name=f"{name}, preprocessed", suspects=known)


def check_templates(pictures, W, image_shape):
    """What weight_templates gave for W, off by 1 at most."""
    known = template_mistakes(W, image_shape) if np.any(as_numbers(pictures, "the templates")) else {}
    expect_close(pictures, templates(W, image_shape), rtol=0, atol=1.0, name="the templates", suspects=known)
