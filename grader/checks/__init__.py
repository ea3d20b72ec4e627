"""What a suite asks of what student code returned: values, equality, speed. A failure names the mistake."""

from __future__ import annotations

from .close import expect_close
from .describe import Mismatch, as_numbers, describe
from .device import device_speed
from .equal import expect_equal
from .gradient import check_gradient, numeric_gradient
from .inputs import distinct, draw_until, keep_off, keep_off_zero
from .known import accumulation_suspects, count_suspects, layout_suspects, regulariser_suspects
from .learns import Learned, learns
from .regions import NotFinite, Region, Shape
from .speed import Clock, SpeedResult, clock_of, speed_ratio
from .windows import class_regions, input_regions, output_regions

__all__ = [
    "Clock", "Learned", "Mismatch", "NotFinite", "Region", "Shape", "SpeedResult", "accumulation_suspects", "as_numbers",
    "check_gradient", "class_regions", "clock_of", "count_suspects", "describe", "device_speed", "distinct", "draw_until",
    "expect_close", "expect_equal", "input_regions", "keep_off", "keep_off_zero", "layout_suspects", "learns",
    "numeric_gradient", "output_regions", "regulariser_suspects", "speed_ratio",
]  # fmt: skip
