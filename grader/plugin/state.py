"""What hooks and fixtures share: kept in pytest's own stashes, never in a module."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import pytest

from grader.course import Assignment, Seeds
from grader.submission import Backend, Contact

__all__ = ["CONTACT", "MARK", "PROVIDER", "Provider", "TaskMark"]


@dataclasses.dataclass(frozen=True)
class TaskMark:
    """A test's place in the score: its assignment, the task's id, its weight among the task's tests, the device it needs."""

    assignment: Assignment
    task: str
    weight: float
    device: str | None


class Provider(Protocol):
    """Who gives a test its backend and its seeds: a student's own run, or a grading session."""

    def backend(self, item: pytest.Item) -> Backend:
        """The backend of the submission that is being tested."""

    def seeds(self, item: pytest.Item) -> Seeds:
        """Where the test's seed comes from."""

    def device(self, item: pytest.Item) -> str:
        """Where the test computes: "cpu", "cuda" or "mps"."""


PROVIDER = pytest.StashKey[Provider]()
MARK = pytest.StashKey[TaskMark]()
CONTACT = pytest.StashKey[Contact]()
