"""Thresholds of statistical and speed tests: measured on right and wrong solutions, kept in a table, watched for change."""

from __future__ import annotations

from .stale import stale

__all__ = ["stale"]
