"""What a test may name as a known mistake."""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt

from .regions import Place

__all__ = ["Suspect"]

Suspect = npt.ArrayLike | Place | Callable[[], npt.ArrayLike | Place]
"""What the mistake gives, or the place that it spoils; or a function of no arguments for that."""
