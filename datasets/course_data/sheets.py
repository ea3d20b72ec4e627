"""Contact sheets: a few images of every class, one class a row, to look at with one's own eyes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_data.dataset import Dataset

__all__ = ["contact_sheet"]


def contact_sheet(data: Dataset, columns: int = 10, *, bits: int = 8) -> NDArray[np.uint8]:
    """The first `columns` images of every class, a row for each class, in one picture; black where there are fewer.

    `bits` below 8 keeps that many of every colour's bits, which makes a much smaller file of grainy images.

    Returns: (classes * H, columns * W, 3), or without the last axis for grey images.
    """
    height, width = data.images.shape[1:3]
    sheet = np.zeros((len(data.class_names), columns, *data.images.shape[1:]), dtype=np.uint8)
    for label, row in enumerate(sheet):
        chosen = data.images[data.labels == label][:columns]
        row[: len(chosen)] = chosen
    steps = (1 << bits) - 1
    sheet = (np.rint(sheet / 255 * steps) * (255 / steps)).astype(np.uint8)
    return sheet.swapaxes(1, 2).reshape(len(sheet) * height, columns * width, *data.images.shape[3:])
