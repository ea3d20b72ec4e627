"""The fixture `untouched`: a changed argument is a failure where the suite says so, and else a note."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import CheckFailed
from grader.grading.outcome import Outcome
from grader.plugin import fixtures
from grader.submission import Contact, Submission

SUITE = """
import numpy as np


@pytest.mark.task("double")
def test_untouched(submission, untouched):
    with untouched():
        doubled = submission.double(np.ones(3))
    assert doubled[0] == 2


@pytest.mark.task("double")
def test_noted(submission, untouched):
    submission.double(np.ones(3))
    with untouched():
        pass
"""
CAREFUL = "def double(x):\n    return 2 * x\n"
CARELESS = "def double(x):\n    x *= 2\n    return x\n"
NOTE = "double changed its argument 'x' in place"


@pytest.fixture
def graded_toy(toy: Path, crew_on: Any, graded: Any) -> Callable[[str], dict[str, Outcome]]:
    """Grades a module by the toy's hidden suite and the two tests above."""
    hidden = toy / "solutions" / "toy" / "test_toy_hidden.py"
    hidden.write_text(hidden.read_text() + SUITE)

    def grade(source: str) -> dict[str, Outcome]:
        with crew_on(toy) as crew:
            (one,) = graded(crew, source)
        return {outcome.test: outcome for outcome in one.outcomes}

    return grade


def test_in_the_sandbox(graded_toy: Callable[[str], dict[str, Outcome]]) -> None:
    outcomes = graded_toy(CARELESS)
    assert outcomes["test_untouched"].verdict == "failed"
    assert outcomes["test_untouched"].message == f"{NOTE}: the handout asks to leave it as it is; work on a copy"
    assert (outcomes["test_noted"].verdict, outcomes["test_noted"].notes) == ("passed", (NOTE,))


def test_arguments_that_stay_as_they_are(graded_toy: Callable[[str], dict[str, Outcome]]) -> None:
    outcomes = graded_toy(CAREFUL)
    assert [outcomes[test].verdict for test in ("test_untouched", "test_noted")] == ["passed", "passed"]


def test_in_a_students_own_run(toy: Path, students_pytest: Callable[..., Any]) -> None:
    folder = toy / "assignments" / "toy"
    (folder / "test_toy.py").write_text("import pytest\n" + SUITE)
    (folder / "toy.py").write_text(CARELESS)
    ran = students_pytest(folder)
    assert "1 failed, 1 passed" in ran.stdout
    assert f"{NOTE}: the handout asks to leave it as it is; work on a copy" in " ".join(ran.stdout.split())


def test_every_call_counts(student: Callable[..., Submission]) -> None:
    made = student("def f(x, y):\n    x[0] = y[0] = 7.0\n\ndef g(z):\n    z.sort()\n\ndef h(z):\n    return z\n")
    port = object.__getattribute__(made, "_port")
    port.contact = seen = Contact()
    watch = fixtures.untouched.__wrapped__(seen)  # type: ignore[attr-defined]
    with watch():
        made.h(np.ones(3))

    def careless() -> None:
        with watch():
            made.f(np.ones(3), y=np.ones(3))
            made.g([3, 1, 2])

    with pytest.raises(CheckFailed) as info:
        careless()
    assert str(info.value) == (
        "f changed its argument 'x' in place (and 2 more): the handout asks to leave it as it is; work on a copy"
    )
    with watch():
        made.h(np.ones(3))
    assert [text.split(" ")[0] for text in seen.changed] == ["f", "f", "g"]
