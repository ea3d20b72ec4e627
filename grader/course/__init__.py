"""A course: its assignments, where their parts lie, the limits and the seeds. Standard library only."""

from __future__ import annotations

from grader.course.assignment import DEVICES, Assignment, Task, load_assignment
from grader.course.layout import Course, find_course, nearest_assignment
from grader.course.limits import Limits, format_size, parse_size
from grader.course.seeds import Purpose, Seeds, load_secret

__all__ = [
    "DEVICES", "Assignment", "Course", "Limits", "Purpose", "Seeds", "Task", "find_course", "format_size",
    "load_assignment", "load_secret", "nearest_assignment", "parse_size",
]  # fmt: skip
