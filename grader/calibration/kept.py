"""Measurements that are kept: a run that is ended goes on where it stopped, and more seeds cost only what is new.

One file an assignment, `.grader/calibration/<name>.jsonl` under the course's root, which git ignores; one line a solution,
round and task, added when it is measured. A line is found by the digest of all that its values depend on.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.errors import ReportError
from grader.grading.outcome import Outcome

__all__ = ["Kept", "Results"]

Results = tuple[Outcome, ...]


class Kept:
    """The file at `path`; lines that cannot be read (the last of a run that was killed) are passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, Results] = {}
        for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else []:
            try:
                entry = json.loads(line)
                self._found[entry["key"]] = tuple(Outcome.from_json(outcome) for outcome in entry["outcomes"])
            except (ValueError, KeyError, TypeError):
                continue

    def get(self, key: str) -> Results | None:
        """What was measured under this key."""
        return self._found.get(key)

    def keep(self, key: str, outcomes: Sequence[Outcome]) -> None:
        """Add a line. Raises ReportError where it cannot be written."""
        self._found[key] = tuple(dataclasses.replace(outcome, detail="", notes=(), seconds=0.0) for outcome in outcomes)
        entry: dict[str, Any] = {"key": key, "outcomes": [outcome.to_json() for outcome in self._found[key]]}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                # A line that was cut off ends here.
                file.write(("\n" if file.tell() else "") + json.dumps(entry))
        except OSError as problem:
            why = f"cannot be written ({problem.strerror}); make the folder writable for you"
            raise ReportError(f"{self._path}: {why}") from None
