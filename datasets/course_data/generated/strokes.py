"""The digits as pen strokes, drawn for this course by hand, and how far every point lies from the pen's path.

A glyph is a list of strokes in a box 6 wide and 10 high, y down. A stroke is the control polygon of a curve that
starts and ends at its outer points; two points make a straight line. So no font is read, and none is owed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_data.generated.paint import Floats

__all__ = ["GLYPHS", "GRID", "Glyph", "distance_bank"]

Stroke = tuple[tuple[float, float], ...]
Glyph = tuple[Stroke, ...]

GRID = 40
"""Side of a distance field in cells; a glyph is 24 cells high in its middle."""

_CELLS_A_UNIT = 2.4

_TOP_OF_TWO = ((0.3, 2.5), (0.5, 0), (3, -0.2), (6, 0), (6, 3.5), (4, 6), (0.2, 10))
_BELLY_OF_FIVE = ((0.7, 4.4), (2.6, 3), (6.2, 3.6), (6.6, 9.8), (2, 10.8), (0, 8.6))

GLYPHS: tuple[tuple[Glyph, ...], ...] = (
    (  # 0
        (((3, 0), (1.2, 0), (0, 2.4), (0, 7.6), (1.2, 10), (4.8, 10), (6, 7.6), (6, 2.4), (4.8, 0), (3, 0)),),
        (((3, 0), (1.6, 0.2), (1.2, 3), (1.2, 7), (1.6, 9.8), (4.4, 9.8), (4.8, 7), (4.8, 3), (4.4, 0.2), (3, 0)),),
        (((4, 0.6), (1.5, -0.3), (0, 4), (0.5, 10), (3, 10.2), (6, 9), (6, 3), (4.2, -0.4), (2.4, 1.2)),),
        (((3, 1.4), (1, 1.4), (-0.4, 3), (-0.4, 7), (1, 8.6), (5, 8.6), (6.4, 7), (6.4, 3), (5, 1.4), (3, 1.4)),),
    ),
    (  # 1
        (((3, 0), (3, 10)),),
        (((1, 2.6), (3.2, 0)), ((3.2, 0), (3.2, 10))),
        (((1, 2.6), (3.2, 0)), ((3.2, 0), (3.2, 10)), ((1.2, 10), (5.2, 10))),
        (((4.2, 0), (2, 10)),),
    ),
    (  # 2
        (_TOP_OF_TWO, ((0.2, 10), (6, 10))),
        (((0.3, 2), (1, 0), (4, -0.5), (6, 1), (5, 5), (2, 9.5), (0, 10.3), (0, 8.2), (2, 8.2), (4, 10.2), (6, 9.6)),),
        (((0.4, 0.8), (3.4, -0.6), (5.8, 0.4), (5.6, 3), (3.6, 5.6), (0.2, 9.8)), ((0.2, 9.8), (3, 9.2), (5.8, 10))),
        (((0, 3), (0, 0), (3.5, -0.4), (5.8, 1), (5.2, 5), (1, 7.5), (0.4, 10)), ((0.4, 10), (5.8, 10))),
    ),
    (  # 3
        (
            ((0.4, 1.6), (1, -0.2), (5.5, -0.5), (5.8, 4.2), (2.4, 4.8)),
            ((2.4, 4.8), (6.2, 4.8), (6.6, 10.6), (1, 10.6), (0, 8.2)),
        ),
        (((0.5, 0), (5.3, 0)), ((5.3, 0), (2.4, 4.2)), ((2.4, 4.2), (6.4, 4), (6.6, 10.5), (1.2, 10.8), (0, 8.4))),
        (((0.6, 0.8), (3, -0.8), (6, 0.8), (5, 4.2), (3, 4.4)), ((3, 4.4), (5.6, 4.8), (6.8, 8), (4, 10.4), (0.4, 9.6))),
    ),
    (  # 4
        (((4.2, 0), (0, 6.8)), ((0, 6.8), (6, 6.8)), ((4.2, 0), (4.2, 10))),
        (((1, 0), (0.4, 5.4)), ((0.4, 5.4), (6, 5.2)), ((4.8, 0), (4.4, 10))),
        (((0.8, 0.3), (0, 5.5), (2, 6.2), (5.2, 5)), ((5.4, 0.4), (4.4, 10))),
        (((3.2, 0), (1.6, 4), (0, 6.4)), ((0, 6.4), (6, 6)), ((4, 3.4), (3.8, 10))),
    ),
    (  # 5
        (((5.6, 0), (1, 0)), ((1, 0), (0.7, 4.4)), _BELLY_OF_FIVE),
        (((5.6, 0), (1.6, 0.2), (0.8, 1), (0.2, 4.8), (3, 3.8), (6.4, 4.6), (6.2, 9.6), (3, 10.6), (0, 9)),),
        (
            ((5.8, 0.4), (1.4, 0.2)),
            ((1.4, 0.2), (0.9, 4.8)),
            ((0.9, 4.8), (4, 3.8), (6, 6), (5.4, 9), (2.4, 10.4), (0.4, 9.8)),
        ),
    ),
    (  # 6
        (((5, 0.4), (2.4, -0.2), (0, 4), (-0.2, 10.4), (3, 10.3), (6, 10.2), (6.2, 5), (3.2, 4.8), (0.6, 5.2), (0.4, 7.6)),),
        (((4, 0), (1, 4.5), (-0.4, 10.4), (5.6, 10.8), (6.4, 5), (2, 4.6), (0.6, 7.4)),),
        (((1.6, 0), (0.2, 5), (0.4, 10.4), (5, 10.6), (5.6, 6.4), (3, 5), (0.5, 7.4)),),
    ),
    (  # 7
        (((0.2, 0), (5.8, 0)), ((5.8, 0), (2, 10))),
        (((0.2, 0), (5.8, 0)), ((5.8, 0), (2, 10)), ((1.8, 5), (5.6, 5))),
        (((0.2, 0.4), (5.8, 0)), ((5.8, 0), (3.4, 4.5), (2.8, 10))),
        (((0.2, 2), (0.4, 0.2)), ((0.4, 0.2), (5.6, 0.2)), ((5.6, 0.2), (5, 4), (3, 10))),
    ),
    (  # 8
        (
            ((3, 4.8), (1.2, 4.6), (0.2, 3.4), (0.4, 1), (1.6, 0), (4.4, 0), (5.6, 1), (5.8, 3.4), (4.8, 4.6), (3, 4.8)),
            ((3, 4.8), (1, 5), (-0.2, 6.4), (-0.2, 8.8), (1.2, 10), (4.8, 10), (6.2, 8.8), (6.2, 6.4), (5, 5), (3, 4.8)),
        ),
        (
            (
                (5.2, 1.4), (4.6, -0.4), (0, -0.4), (0.2, 3.6), (3, 4.8), (6.4, 6.2), (6, 10.4), (3, 10.2),
                (-0.4, 10.4), (0, 6.6), (3, 4.8), (5.4, 3.2), (5.2, 1.4),
            ),
        ),
        (
            ((3.6, 4.4), (1.8, 4), (1.4, 2.2), (2.4, 0), (4.6, 0), (5.6, 1.8), (5.2, 4), (3.6, 4.4)),
            ((3.6, 4.4), (1.6, 5), (0.2, 7), (0.6, 9.6), (2.8, 10.2), (5, 9.2), (5.4, 6.4), (4.8, 5), (3.6, 4.4)),
        ),
    ),
    (  # 9
        (((5.6, 3), (5.4, -0.2), (0, -0.6), (-0.2, 5.6), (4.6, 6.2), (5.6, 3)), ((5.6, 1.5), (5.2, 10))),
        (
            ((5.6, 2.6), (5.2, -0.6), (0.2, -0.4), (0, 5), (4, 5.6), (5.6, 2.6)),
            ((5.6, 2), (6, 6.4), (5.6, 10.4), (2.4, 10.4), (0.8, 9.2)),
        ),
        (((5, 1), (2.4, -0.8), (0, 2), (1, 5.4), (4, 5), (5, 1)), ((5, 1), (4.6, 5), (3, 10))),
    ),
)  # fmt: skip
"""Ways to write each digit, from 0 to 9."""


def distance_bank() -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Distance fields of all glyphs, with where each digit's begin and how many there are.

    Returns:
        fields (glyphs, GRID, GRID), float32: distance in cells from each cell's centre to the pen's path;
        first (10,) and count (10,): digit d has fields first[d] .. first[d] + count[d] - 1.
    """
    count = np.array([len(ways) for ways in GLYPHS])
    fields = [np.minimum.reduce([_distance(_curve(stroke)) for stroke in glyph]) for ways in GLYPHS for glyph in ways]
    return np.stack(fields).astype(np.float32), np.cumsum(count) - count, count


def _curve(stroke: Stroke) -> NDArray[np.float64]:
    """The stroke's curve as a polyline, (P, 2) in cells, by cutting corners three times (Chaikin, 1974)."""
    line = np.array(stroke, dtype=np.float64)
    for _ in range(3 if len(line) > 2 else 0):
        early, late = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        inner = np.stack([early, late], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner[1:-1], line[-1:]])
    return (line - (3, 5)) * _CELLS_A_UNIT + (GRID - 1) / 2


def _distance(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each cell's centre is from the polyline: (GRID, GRID)."""
    cells = np.arange(GRID, dtype=np.float64)
    x, y = cells[None, None, :], cells[None, :, None]
    (x0, y0), (dx, dy) = (part.T[:, :, None, None] for part in (line[:-1], line[1:] - line[:-1]))
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    away_x, away_y = x - x0 - along * dx, y - y0 - along * dy
    nearest: NDArray[np.float64] = np.sqrt((away_x * away_x + away_y * away_y).min(axis=0))
    return nearest
