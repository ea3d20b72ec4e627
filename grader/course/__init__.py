"""A course: its assignments, where their parts lie, the limits and the seeds. Standard library only."""

from __future__ import annotations

from grader.course.assignment import DEVICES, Assignment, Task, load_assignment
from grader.course.key import AnswerKey, Key, answers_from_key, load_key
from grader.course.layout import Course, find_course, nearest_assignment
from grader.course.limits import Limits, format_size, parse_size
from grader.course.questions import ANSWERS_FILE, Question
from grader.course.seeds import Purpose, Seeds, load_secret

__all__ = [
    "ANSWERS_FILE", "DEVICES", "AnswerKey", "Assignment", "Course", "Key", "Limits", "Purpose", "Question", "Seeds", "Task",
    "answers_from_key", "find_course", "format_size", "load_assignment", "load_key", "load_secret", "nearest_assignment",
    "parse_size",
]  # fmt: skip
