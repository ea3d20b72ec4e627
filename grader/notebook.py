"""`check("knn")` in a notebook: the public checks of an assignment, their table inline."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from grader.course import Assignment, find_course
from grader.course.layout import nearest_assignment
from grader.errors import CourseError

__all__ = ["check"]

_LIMIT = 600.0  # seconds; each test has a limit of its own


def check(name: str | None = None) -> None:
    """Run the public checks of an assignment on the files as they are on the disk, and show the table.

    `name`: of the assignment; the one of the working folder where nothing is said. The checks run in a process of their
    own, so that what this notebook has imported or changed plays no part. Raises CourseError for an unknown name.
    """
    assignment = _found(name)
    with tempfile.TemporaryDirectory(prefix="grader-check-") as folder:
        summary = Path(folder) / "summary.md"
        suite, options = f"test_{assignment.name}.py", ["-q", "-p", "no:cacheprovider", "--grader-summary", str(summary)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, suite],
            cwd=assignment.folder, capture_output=True, text=True, timeout=_LIMIT, check=False,
        )  # fmt: skip
        _show(summary.read_text(encoding="utf-8") if summary.is_file() else "", done.stdout + done.stderr)


def _found(name: str | None) -> Assignment:
    here = nearest_assignment(Path.cwd())
    if name is None or (here is not None and here.name == name):
        if here is None:
            raise CourseError(f'{Path.cwd()}: no assignment here; name one: check("knn")')
        return here
    return find_course().assignment(name)


def _show(markdown: str, printed: str) -> None:
    """The table where a notebook can show it, else what pytest printed."""
    if markdown and "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import Markdown, display

        if get_ipython() is not None:
            display(Markdown(markdown))
            return
    print(printed)
