"""The hidden suite gives the same outcomes in-process and in the sandbox, whatever a submission does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS

COURSE = Path(__file__).parent / "toy_course"
RIGHT = (COURSE / "solutions" / "toy" / "toy.py").read_text()
STUB = (COURSE / "assignments" / "toy" / "toy.py").read_text()


def with_double(*lines: str) -> str:
    """The reference with another body of `double`."""
    return RIGHT.replace("    return 2 * x", "\n".join(f"    {line}" for line in lines))


def returning(expression: str) -> str:
    """A module of which every function and method returns this."""
    return (
        f"import numpy as np\ndef double(x):\n    return {expression}\nclass Counter:\n    count = 0\n"
        f"    def step(self, by=1):\n        return {expression}\ndef refuse(x):\n    return {expression}\n"
    )


SUBMISSIONS = {
    "right": RIGHT,
    "undone": STUB,
    "wrong": with_double("return 3 * x"),
    "raising": with_double("raise KeyError('a\\nb \\x1b[2J \"quoted\" \\'too\\'' * 20)"),
    "raising its own": with_double("class Lost(Exception): pass", "raise Lost('x')"),
    "raising from a library": "import numpy as np\n" + with_double("return np.zeros(3) @ np.zeros(4)"),
    "failing its own assertion": with_double("assert False, 'mine'"),
    "mutating": with_double("x *= 2", "return x"),
    "exiting": with_double("raise SystemExit('bye')"),
    "recursing": with_double("return double(x)"),
    "allocating": "import numpy as np\n" + with_double("return np.empty(1 << 60)"),
    "function missing": RIGHT.replace("def double", "def dubble"),
    "wrong signature": RIGHT.replace("def double(x)", "def double(x, y)"),
    "attribute missing": RIGHT.replace("def step", "def stop"),
    "raising at import": "import does_not_exist\n",
    "syntax": "def double(x)\n",
    "None": returning("None"),
    "text": returning("'text'"),
    "empty array": returning("np.zeros((0,))"),
    "object array": returning("np.array([object()])"),
    "handle": returning("object()"),
    "module": returning("np"),
    "list": returning("[1, [2, 3]]"),
    "nan": returning("float('nan')"),
}


@pytest.fixture(scope="module")
def in_process(crew_on: Callable[..., Crew]) -> Iterator[Crew]:
    """The same session, without a sandbox."""
    with crew_on(COURSE, level=IN_PROCESS) as crew:
        yield crew


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_equal_outcomes(name: str, in_process: Crew, toy_crew: Crew, graded: Callable[..., list[Graded]]) -> None:
    (here,), (there,) = graded(in_process, SUBMISSIONS[name]), graded(toy_crew, SUBMISSIONS[name])
    assert here.fault == there.fault == ""
    assert _told(here) == _told(there)
    assert all(outcome.verdict in ("passed", "failed") for outcome in here.outcomes)


def _told(one: Graded) -> list[dict[str, object]]:
    return [{**outcome.to_json(), "seconds": 0, "detail": ""} for outcome in one.outcomes]


def test_garbage_earns_nothing(in_process: Crew, graded: Callable[..., list[Graded]]) -> None:
    names = ["None", "text", "empty array", "object array", "handle", "module", "list", "nan"]
    for one in graded(in_process, *(SUBMISSIONS[name] for name in names)):
        assert {outcome.verdict for outcome in one.outcomes} == {"failed"}
