"""From a report to the points of each grade cell. What is not a finished grade is refused, never turned into a number."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from grader.errors import ReportError

__all__ = ["CellScore", "cell_scores"]

_REBUILD = "run `grader nbgrader build` and `nbgrader generate_assignment` again"
_UNIT = Decimal("0.0001")  # reports round to it


@dataclasses.dataclass(frozen=True)
class CellScore:
    """What one grade cell gets: `points` of `most`, and `text`, fit for the student."""

    points: float
    most: float
    text: str


def cell_scores(report: Mapping[str, Any], cells: Mapping[str, float]) -> dict[str, CellScore]:
    """Points of each of `cells` (id and points of every grade cell that is not a written answer).

    They sum to the report's score in decimals, exactly: a report rounds the sum of exact fractions, nbgrader adds what its
    cells got, so cells with a rounded part of their points take up the difference, 0.0001 each at most. Raises ReportError,
    with the submission's name, for a report that is provisional, waits for a TA, or does not belong to these cells.
    """
    public = report["public"]
    whose = f"{public['student']}/{public['assignment']}"
    _refuse_unfinished(whose, public, report["ta"]["faults"])
    parts = {part["id"]: part for part in (*public["tasks"], *public["questions"]) if not part.get("waived")}
    _refuse_others(whose, parts, cells)
    exact = {name: _checked(whose, part) for name, part in parts.items()}
    shared = _shared(whose, exact, parts, Decimal(repr(float(public["score"]))))
    return {name: CellScore(float(shared[name]), float(part["points"]), _told(part)) for name, part in parts.items()}


def _refuse_unfinished(whose: str, public: Mapping[str, Any], faults: Sequence[str]) -> None:
    if public["provisional"]:
        raise ReportError(
            f"{whose}: the report is provisional ({public['max_assessed']:g} of {public['max_score']:g} points were "
            "assessed), so it enters no gradebook; grade it as a record run, with all devices or with --waive"
        )
    if public["score"] is None:
        why = f": {faults[0]}" if faults else ""
        raise ReportError(f"{whose}: the report waits for you{why}; mend it or settle it in overrides.toml, and grade again")
    if public["environment"].get("purpose") != "record":
        raise ReportError(f"{whose}: graded before the deadline, not for the record; grade with --purpose record")


def _refuse_others(whose: str, parts: Mapping[str, Mapping[str, Any]], cells: Mapping[str, float]) -> None:
    without = sorted(parts.keys() - cells.keys())
    unknown = sorted(cells.keys() - parts.keys())
    if without or unknown:
        said = [f"no grade cell for {', '.join(without)}"] if without else []
        said += [f"grade cells without a task: {', '.join(unknown)}"] if unknown else []
        raise ReportError(f"{whose}: {'; '.join(said)}; {_REBUILD}")
    for name, part in parts.items():
        if float(part["points"]) != cells[name]:
            raise ReportError(
                f"{whose}: {name} gives {part['points']:g} points in the report, {cells[name]:g} in the notebook; {_REBUILD}"
            )


def _checked(whose: str, part: Mapping[str, Any]) -> Decimal:
    value = part["score"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= part["points"]:
        raise ReportError(f"{whose}: {part['id']} got {value!r}, not a number from 0 to {part['points']:g}; grade again")
    return Decimal(repr(float(value)))


def _shared(
    whose: str, exact: Mapping[str, Decimal], parts: Mapping[str, Mapping[str, Any]], total: Decimal
) -> dict[str, Decimal]:
    """The points, with what rounding took or gave spread over cells that hold a part of their points."""
    result, left = dict(exact), total - sum(exact.values(), Decimal(0))
    step = _UNIT if left > 0 else -_UNIT
    for name, value in exact.items():
        if left and 0 < value < Decimal(repr(float(parts[name]["points"]))):
            result[name] += step
            left -= step
    if left:
        raise ReportError(f"{whose}: the tasks do not sum to the score (by {left}); grade again, or report this as a bug")
    return result


def _told(part: Mapping[str, Any]) -> str:
    """Verdict, points and words of one task or question."""
    name = part.get("title") or part["text"]
    words = {"passed": "right", "failed": "wrong"} if "given" in part else {}
    verdict = words.get(part["verdict"], part["verdict"])
    lines = [f"{name}", f"{verdict}: {part['score']:g} of {part['points']:g} points"]
    if part["override"]:
        lines.append(f"given by a TA: {part['override']['reason']}")
    if "given" in part:
        lines.append(f"your answer: {part['given']}" if part["given"] else str(part["state"]))
    lines += [text for text in (part["message"], *part.get("notes", ()), part.get("why")) if text]
    return "\n".join(lines) + "\n"
