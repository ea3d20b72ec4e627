"""The pytest plugin: `@pytest.mark.task`, the fixtures through which tests reach student code, a student's table.

pytest loads it in every project of an environment that has the grader, so it stays idle, and cheap, until a test under a
folder with an assignment.toml is collected.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .fixtures import baseline, contact, credit, fresh_submission, guest, rng, seed, submission
from .state import PROVIDER

__all__ = [
    "baseline", "contact", "credit", "fresh_submission", "guest", "pytest_addoption", "pytest_configure", "rng", "seed",
    "submission",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--submission`: which file a suite tests in-process, instead of the one in the assignment's folder."""
    group = parser.getgroup("grader", "graded assignments")
    group.addoption("--submission", type=Path, metavar="FILE", help="test this file instead of the assignment's own")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark; unless a grading session has taken its place, look after a student's own run."""
    config.addinivalue_line("markers", "task(id, weight=1, device=None): this test belongs to a task of assignment.toml")
    if config.stash.get(PROVIDER, None) is None:
        from .public import PublicChecks

        config.pluginmanager.register(PublicChecks(config), "grader-public-checks")
