"""What one test has seen of student code so far: whose failure an exception is, and what to say of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from grader.course.picture import Picture
from grader.course.thresholds import Measured
from grader.errors import Verdict

__all__ = ["Contact"]

_PICTURES = 4  # of one test


@dataclasses.dataclass
class Contact:
    """`begun`: student code has been asked for something. `label` and `value`: the last call and what came back, `answered`
    once something did. `notes`: advisory lines for the report. `verdict`: what ended the worker, also if a suite swallowed
    it. `fraction`: what `credit` granted. `measured`: where checks note what they measure while the course is calibrated,
    else None. `pictures`: for the student's page.
    """

    begun: bool = False
    answered: bool = False
    label: str = ""
    value: Any = None
    notes: list[str] = dataclasses.field(default_factory=list)
    verdict: Verdict | None = None
    fraction: float = 1.0
    measured: list[Measured] | None = None
    changed: list[str] = dataclasses.field(default_factory=list)
    pictures: list[Picture] = dataclasses.field(default_factory=list)

    def note(self, text: str) -> None:
        """Add an advisory line once."""
        if text not in self.notes:
            self.notes.append(text)

    def show(self, picture: Picture) -> None:
        """Add a picture; of one caption the last, and no more than four."""
        others = [known for known in self.pictures if known.caption != picture.caption]
        self.pictures = [*others, picture][:_PICTURES]

    def returned(self, label: str, value: Any) -> None:
        """Remember what the call named `label` gave."""
        self.answered, self.label, self.value = True, label, value
