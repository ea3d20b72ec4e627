"""The pytest plugin: `@pytest.mark.task`, the fixtures through which tests reach student code, a student's table.

pytest loads it in every project of an environment that has the grader. So it sleeps, and imports nothing of ours, until a
file is collected that an assignment.toml is about; only then do the mark, the fixtures and the table exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .public import PublicChecks

__all__ = ["MARKER", "REPORT_FIELD", "pytest_addoption", "pytest_configure"]

MARKER = "task(id, weight=1, device=None): this test belongs to a task of assignment.toml"
REPORT_FIELD = "grader_outcome"  # of a test's report: what the table is made of, also across xdist's processes
_FACTS = "assignment.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--submission`: which file a suite tests in-process; `--grader-summary`: where the table goes as well."""
    group = parser.getgroup("grader", "graded assignments")
    group.addoption("--submission", type=Path, metavar="FILE", help="test this file instead of the one beside the suite")
    summary = "append the table to FILE, as Markdown; in a GitHub workflow $GITHUB_STEP_SUMMARY is the run's page"
    group.addoption("--grader-summary", type=Path, metavar="FILE", help=summary)


def pytest_configure(config: pytest.Config) -> None:
    """Watch for assignments; complain at once of a `--submission` or a folder for the summary that is not there."""
    named: Path | None = config.getoption("--submission")
    summary: Path | None = config.getoption("--grader-summary")
    if named is not None and not named.is_file():
        raise pytest.UsageError(f"--submission {named}: no such file; give the path of the .py file to test")
    if summary is not None and (summary.is_dir() or not summary.absolute().parent.is_dir()):
        raise pytest.UsageError(f"--grader-summary {summary}: not a file in a folder that is there; name such a one")
    config.pluginmanager.register(_Watch(config), "grader-watch")


class _Watch:
    """Wakes the plugin when the first file of an assignment turns up."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._awake: PublicChecks | None = None
        self._folders: dict[Path, bool] = {}

    def pytest_collect_file(self, file_path: Path) -> None:
        """Look whether the file lies in an assignment."""
        folder = file_path.parent
        if self._awake is None:
            if folder not in self._folders:
                self._folders[folder] = _is_graded(folder)
            if self._folders[folder]:
                self._wake()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Under xdist, the process with the terminal collects nothing: the first report of a graded test wakes it."""
        if self._awake is None and hasattr(report, REPORT_FIELD):
            self._wake().pytest_runtest_logreport(report)

    def _wake(self) -> PublicChecks:
        from . import fixtures
        from .public import PublicChecks

        self._awake = PublicChecks(self._config)
        self._config.addinivalue_line("markers", MARKER)
        self._config.pluginmanager.register(fixtures, "grader-fixtures")
        self._config.pluginmanager.register(self._awake, "grader-public-checks")
        return self._awake


def _is_graded(folder: Path) -> bool:
    """Whether an assignment.toml may be about this folder; `grader.course.nearest_assignment` has the last word."""
    homes = ((near, near.parent.parent / "assignments" / near.name) for near in (folder, *folder.parents))
    return any((home / _FACTS).is_file() for pair in homes for home in pair)
