"""Where pages lie, and writing them: beside each report its page, in one step, and only where something changed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course import Course
from grader.grading.atomic import write_atomic

if TYPE_CHECKING:
    from .handout import Facts

__all__ = ["INDEX", "NoPages", "Pages", "page_path"]

INDEX = "index.html"
"""The class's overview, for TAs, in the folder of the reports."""


def page_path(report: Path) -> Path:
    """The page of the report at this path."""
    return report.with_suffix(".html")


class Pages:
    """Writes pages. `course`: where handouts are looked up, each once; None makes pages of the reports alone."""

    def __init__(self, course: Course | None) -> None:
        self._course = course
        self._facts: dict[str, Facts] = {}

    def write(self, report: Path, content: Mapping[str, Any]) -> Path:
        """The page of the report at this path, which holds `content`; gives the page's path. Raises ReportError."""
        from .handout import facts_of
        from .student import student_page

        name = content["public"]["assignment"]
        if name not in self._facts:
            self._facts[name] = facts_of(self._course, name)
        path = page_path(report)
        _put(path, student_page(content, self._facts[name]))
        return path

    def overview(self, folder: Path, reports: Sequence[Mapping[str, Any]]) -> Path:
        """The page of all these reports, in `folder`; gives its path. Raises ReportError."""
        from .overview import class_page

        path = folder / INDEX
        _put(path, class_page(reports))
        return path


class NoPages:
    """Takes away the pages of earlier runs, which might say something else than the reports do now."""

    def write(self, report: Path, content: Mapping[str, Any]) -> None:
        """No page for the report at this path."""
        _remove(page_path(report))

    def overview(self, folder: Path, reports: Sequence[Mapping[str, Any]]) -> None:
        """No page of the class."""
        _remove(folder / INDEX)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _put(path: Path, page: bytes) -> None:
    with contextlib.suppress(OSError):
        if path.read_bytes() == page:
            return
    write_atomic(path, page)
