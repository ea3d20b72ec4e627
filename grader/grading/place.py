"""Where the student code of a grading session runs: the session asks a Place for a backend, and knows no more of it."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from grader.course import Assignment
from grader.submission import Backend

__all__ = ["Place", "Submitted"]


@dataclasses.dataclass(frozen=True)
class Submitted:
    """What a backend is for: the files (name to content) of one submission, and what the suite has `beside` it."""

    assignment: Assignment
    files: Mapping[str, bytes]
    beside: Mapping[str, Path]
    seed: Callable[[str], int]


class Place(abc.ABC):
    """Gives backends, one at a time."""

    @abc.abstractmethod
    def absence(self, assignment: Assignment, device: str) -> str | None:
        """Why student code of this assignment cannot reach a device of this machine there; None where it can."""

    @abc.abstractmethod
    def backend(self, submitted: Submitted) -> Backend:
        """The backend of this submission."""

    def translate(self, error: BaseException) -> BaseException:
        """What the wire would have made of an exception of the running submission."""
        return error

    def output(self, backend: Backend) -> str:
        """What the submission printed, once its last task has ended."""
        return ""

    def renew(self) -> None:
        """Something of it failed: start afresh for the next submission."""
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """End everything; the next backend starts afresh."""
