"""Autograded assignments for a first deep-learning course. `grader/docs/architecture.md` says what lies where.

`from grader import check; check("knn")` shows the public checks of an assignment in a notebook.
"""

from __future__ import annotations

__all__ = ["check"]


def check(name: str | None = None) -> None:
    """Run the public checks of an assignment and show their table; see `grader.notebook`."""
    from grader.notebook import check as run

    run(name)
