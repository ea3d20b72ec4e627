"""Our runner over what was received: reports, and for each a stamp that says which submission it is of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from grader.course import Course
from grader.grading.cache import suite_digest
from grader.grading.run import Observer, Result, Settings, grade

from .folder import CourseFolder
from .records import digest, read_record, write_record

__all__ = ["expected_stamp", "grade_received"]


def grade_received(folder: CourseFolder, settings: Settings, observer: Observer) -> Result:
    """Grade intake/received/ into reports/, sandboxed and in parallel; what is unchanged is kept.

    `settings`: its source, out and overrides are the course folder's. Raises GraderError where nothing can be graded.
    """
    folder.received.mkdir(parents=True, exist_ok=True)
    own = dataclasses.replace(settings, source=folder.received, out=folder.reports, overrides=folder.overrides)
    result = grade(own, observer)
    _stamp(folder, settings.course, result.reports)
    return result


def _stamp(folder: CourseFolder, course: Course, reports: Iterable[dict[str, Any]]) -> None:
    for report in reports:
        student, name = report["public"]["student"], report["public"]["assignment"]
        stamp = expected_stamp(folder, course, student, name)
        path = folder.stamp(student, name)
        if read_record(path) != stamp:
            write_record(path, stamp)


def expected_stamp(folder: CourseFolder, course: Course, student: str, name: str) -> dict[str, Any]:
    """The stamp of a report that is made now: of this submission, suite, overrides, and these very bytes."""
    overrides = folder.overrides
    return {
        "submission": read_record(folder.record(student, name)).get("files"),
        "report": digest(folder.report(student, name).read_bytes()),
        "suite": suite_digest(course, name),
        "overrides": digest(overrides.read_bytes()) if overrides.is_file() else "",
    }
