"""What one hidden test gave, as plain data: the only thing that passes from the grader process to the score."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from grader.course.picture import Picture
from grader.course.thresholds import Measured

__all__ = ["FAULT", "Kind", "Outcome", "TestVerdict"]

FAULT = "the grader failed here, not you; a TA will look at it"
"""The message of every outcome that is a fault of ours; its `detail` says what happened."""

TestVerdict = Literal["passed", "failed", "fault", "not assessed"]

Kind = Literal[
    "",  # passed, or nothing more to say
    "undone",  # NotImplementedError of the student's file
    "wrong",  # a check found the value wrong
    "raised",  # student code raised
    "import",  # the module could not be imported
    "unusable",  # what came back could not be used by the test at all
    "limit",  # a limit was passed
    "died",  # the worker's process ended
    "malformed",  # bytes that are not a reply
    "missing",  # the file was not handed in, or could not be taken in
    "fault",  # ours
    "device",  # the device is absent
]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One test's result.

    `test`: name within its suite (`test_values[float32]`); `task`: id in assignment.toml; `weight` > 0: its share of the
    task; `fraction` in [0, 1]: what of its weight was earned (0 unless passed); `kind`: why it failed; `message`: fit
    for the student (escaped, no hidden input); `notes`: advisory lines, fit for the student; `detail`: for the TA only;
    `seconds`: wall time; `measured`: what checks measured, only while a course is calibrated (a grade's outcome is written
    without it); `pictures`: for the student's page.
    """

    test: str
    task: str
    verdict: TestVerdict
    weight: float = 1.0
    fraction: float = 0.0
    kind: Kind = ""
    message: str = ""
    notes: tuple[str, ...] = ()
    detail: str = ""
    seconds: float = 0.0
    measured: tuple[Measured, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the fields as keys."""
        pictures = [picture.to_json() for picture in self.pictures]
        fields = {**dataclasses.asdict(self), "notes": list(self.notes), "pictures": pictures}
        return {name: value for name, value in fields.items() if value or name not in ("measured", "pictures")}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """The inverse of `to_json`; an unknown or missing key raises TypeError."""
        measured = tuple(Measured(**one) for one in data.get("measured", ()))
        pictures = tuple(Picture.from_json(one) for one in data.get("pictures", ()))
        return cls(**{**data, "notes": tuple(data["notes"]), "measured": measured, "pictures": pictures})
