"""What `load` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "Origin", "Source"]

Source = Literal["auto", "real", "generated"]
Origin = Literal["real", "generated"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images and where they come from. The arrays are read-only: copy before you change them.

    Attributes:
        name, split: what was asked for.
        images: (n, H, W, 3) in colour or (n, H, W) in grey, uint8.
        labels: (n,), int64, places in `class_names`.
        class_names: one for each class.
        source: "real" or "generated", which of the two these images are.
        note: one line for a report: which files were read, or why the images are generated.
        published: for generated images, whether their bytes are those whose checksum is published; None for real ones.
    """

    name: str
    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    source: Origin
    note: str
    published: bool | None = None

    def __post_init__(self) -> None:
        for field in ("images", "labels"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    def __len__(self) -> int:
        return len(self.labels)
