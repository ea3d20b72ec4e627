"""What leaves the course's own repository and what comes back: the students' archive, their hand-ins, new assignments."""

from __future__ import annotations

from .contents import Contents, student_contents
from .leaks import refuse_leaks
from .publish import Release, release
from .verify import verify

__all__ = ["Contents", "Release", "refuse_leaks", "release", "student_contents", "verify"]
