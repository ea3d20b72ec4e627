"""Reports for the tests of pages: made by the score and the report themselves, of outcomes that are written down here."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from grader.checks.drawn import drawn
from grader.course import Assignment, Limits, Task
from grader.grading.answers import read_answers
from grader.grading.outcome import Outcome
from grader.grading.replies import judged, not_judged
from grader.grading.report import Grading, build_report
from grader.grading.score import score
from grader.page.handout import Facts, sections_of
from grader.tests.quiz import KEY, QUESTIONS

__all__ = ["COURSE", "ENVIRONMENT", "FACTS", "HANDOUT", "MAP", "OUTCOMES", "picture", "report"]

COURSE = Assignment(
    "conv", Path("conv"), "Convolution", "conv", ("conv.py",), ("numpy",), ("cpu", "cuda"), (), Limits(),
    (
        Task("forward", "Forward", 30, "Go through the windows."), Task("backward", "Backward", 40, "Add to dx."),
        Task("gpu", "On the GPU", 20, "Move it.", "cuda"), Task("pictures", "Pictures", 5, "Stretch each."),
    ),
    questions=QUESTIONS,
)  # fmt: skip
HANDOUT = """\
# Convolution

## forward

*`conv(x, w)` gives `out`, see the [words](#words).*

Pad **first**. <script>alert(1)</script>

| what | shape |
|---|---|
| `x` | (N, C) |

### Sizes

Read [the paper](https://example.org/paper) and ![a picture](look.png).

---

## backward

```
dx = 0
```

## words

Not a task.
"""
FACTS = Facts(COURSE, sections_of(HANDOUT, [task.id for task in COURSE.tasks]))
MAP = """\
where it is wrong, [0, 1, row, column]: # wrong, o off by less than 1%, · right
row  0     3
  0  # # · ·
  1  · · · o
  2  # # # #"""
SUITE = {"forward": [("a", 1), ("b", 1)], "backward": [("c", 1), ("d", 3)], "gpu": [("e", 1)], "pictures": [("f", 1)]}
ENVIRONMENT = {
    "isolation": "bubblewrap", "devices": ["cpu"], "purpose": "record", "seed_id": "5eed5eed", "data": "generated",
    "python": "3.11.7", "machine": "x86_64", "packages": {"numpy": "2.4.4"}, "grader": "abc123", "constraints": "def456",
}  # fmt: skip


def picture(**more: Any) -> Any:
    """Three grey tiles of 2 x 3 pixels."""
    made = drawn([[[0, 1, 2], [3, 4, 5]]] * 3, "Your filters", tiles=True, labels=["one", "two", "three"])
    assert made is not None
    return dataclasses.replace(made, **more)


OUTCOMES = (
    Outcome("a", "forward", "passed", fraction=1),
    Outcome("b", "forward", "passed", fraction=1, notes=("x was changed",)),
    Outcome("c", "backward", "failed", kind="wrong", message=f"windows overlap: add up. In dx, 7 of 12 differ.\n{MAP}"),
    Outcome("d", "backward", "passed", 3, fraction=1),
    Outcome("e", "gpu", "not assessed", kind="device", message="not assessed here: no cuda"),
    Outcome("f", "pictures", "failed", kind="undone", message="not done yet (conv.py, line 9)", pictures=(picture(),)),
)


def report(
    *, student: str = "ada", outcomes: tuple[Outcome, ...] = OUTCOMES, answers: str = 'why = "c"\nsize = 8000',
    purpose: str = "record", problems: tuple[str, ...] = (), overrides: Any = None, waived: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """A report of the made-up assignment."""
    given = read_answers(answers.encode(), QUESTIONS)
    replies = judged(given, KEY) if purpose == "record" else not_judged(given)
    environment = {**ENVIRONMENT, "purpose": purpose}
    grading = Grading(
        student, outcomes, SUITE, problems, environment, output="printed", timing={"total": 1.0}, replies=replies
    )  # fmt: skip
    return build_report(COURSE, score(COURSE, outcomes, SUITE, overrides, waived, replies=replies), grading)
