"""A course that nbgrader owns and this grader scores.

nbgrader releases, collects, keeps the gradebook and gives feedback, by its own commands. `build` makes its course folder
from `assignments/`; `intake` and `runner` sit between its `collect` and its `autograde`, which gets `scores` in place of
running notebooks. Only `scores`, `exchange`, `export` and `markdown` import nbgrader, and only nbgrader imports those.
"""

from __future__ import annotations

from .config import configure
from .folder import CourseFolder

__all__ = ["CourseFolder", "configure"]
