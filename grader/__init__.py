"""Autograded assignments for a first deep-learning course. `grader/docs/architecture.md` says what lies where."""

from __future__ import annotations

__all__: list[str] = []
