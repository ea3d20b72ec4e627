"""How well the standard models do on the sets: the figures of `datasets/README.md`."""

from __future__ import annotations

from course_data.measure.table import measure

__all__ = ["measure"]
