"""What a suite asks of what student code returned: values, equality, speed. A failure names the mistake."""

from __future__ import annotations

from .close import expect_close, expect_equal
from .describe import Mismatch, describe
from .speed import Clock, SpeedResult, clock_of, speed_ratio

__all__ = [
    "Clock", "Mismatch", "SpeedResult", "clock_of", "describe", "expect_close", "expect_equal", "speed_ratio",
]  # fmt: skip
