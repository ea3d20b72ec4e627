"""What one test has seen of student code so far: whose failure an exception is, and what to say of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from grader.course.thresholds import Measured
from grader.errors import Verdict

__all__ = ["Contact"]


@dataclasses.dataclass
class Contact:
    """`begun`: student code has been asked for something. `label` and `value`: the last call and what came back, `answered`
    once something did. `notes`: advisory lines for the report. `verdict`: what ended the worker, also if a suite swallowed
    it. `fraction`: what `credit` granted. `measured`: where checks note what they measure while the course is calibrated,
    else None.
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

    def note(self, text: str) -> None:
        """Add an advisory line once."""
        if text not in self.notes:
            self.notes.append(text)

    def returned(self, label: str, value: Any) -> None:
        """Remember what the call named `label` gave."""
        self.answered, self.label, self.value = True, label, value
