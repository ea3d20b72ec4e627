"""When a submission need not be graded again: the key of a grade, and a look at the report there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.course import Course, Limits
from grader.course.assignment import FILE_NAME
from grader.errors import ReportError
from grader.grading.report import read_report

__all__ = ["KeyParts", "constraints_digest", "grade_key", "grader_digest", "lookup", "suite_digest"]

_NO_PART_OF_A_GRADE = ("alternatives", "mistakes.toml")


@dataclasses.dataclass(frozen=True)
class KeyParts:
    """Everything that a grade depends on. Digests are hex; `data`: the source; `seed_id`: `Seeds.id`."""

    submission: str
    suite: str
    grader: str
    seed_id: str
    device: str
    isolation: str
    data: str
    limits: Limits
    constraints: str


def grade_key(parts: KeyParts) -> str:
    """SHA-256, in hex, over the parts as canonical JSON."""
    text = json.dumps(dataclasses.asdict(parts), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def suite_digest(course: Course, name: str) -> str:
    """Over every file of `solutions/<name>/` that can change a grade, and the assignment.toml."""
    folder = course.solution_folder(name)
    files = [file for file in _files(folder, "*") if file.relative_to(folder).parts[0] not in _NO_PART_OF_A_GRADE]
    facts = course.assignment(name).folder / FILE_NAME
    return _digest(course.root, [*files, facts])


def grader_digest(package: Path) -> str:
    """Over the Python files of the `grader` package in the folder `package`, without its tests."""
    files = [file for file in _files(package, "*.py") if file.relative_to(package).parts[0] != "tests"]
    return _digest(package, files)


def constraints_digest(path: Path) -> str:
    """Over the constraints file; the same text for every machine where there is none."""
    return _digest(path.parent, [path] if path.is_file() else [])


def lookup(path: Path, key: str) -> dict[str, Any] | None:
    """The report at `path` if it was graded under this key and without a fault; None means: grade."""
    try:
        report = read_report(path)
    except ReportError:
        return None
    is_settled = report["public"]["score"] is not None and not report["ta"]["faults"]
    return report if report["key"] == key and is_settled else None


def _files(folder: Path, pattern: str) -> list[Path]:
    files = [file for file in folder.rglob(pattern) if file.is_file()]
    return [file for file in files if not any(_is_clutter(part) for part in file.relative_to(folder).parts)]


def _is_clutter(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__" or part.endswith(".pyc")


def _digest(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(root).as_posix(), file) for file in files):
        for part in (name.encode("utf-8", "surrogateescape"), file.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
