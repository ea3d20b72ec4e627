"""MNIST (LeCun, Cortes, Burges) from its four IDX files, plain or gzipped, where torchvision keeps them too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from course_data.errors import BrokenFile
from course_data.generated.digits import CLASS_NAMES
from course_data.generated.sequence import Bytes, Labels
from course_data.real.idx import read_idx

__all__ = ["FOLDERS", "SUMS", "present", "read", "read_pair"]

FOLDERS = ("MNIST/raw",)

# Of the decompressed content, so that a repacked archive is as good as the first.
SUMS: Mapping[str, str] = MappingProxyType({
    "train-images-idx3-ubyte": "md5:6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "md5:a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "md5:2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "md5:27ae3e4e09519cfbb04c329615203637",
})  # fmt: skip

_MEND = "delete it and run: python -m course_data fetch mnist"


def present(root: Path) -> bool:
    """Whether any of the four files lies in the data folder `root`."""
    return any(_file(root / FOLDERS[0], name).exists() for name in SUMS)


def read(root: Path, split: str) -> tuple[Bytes, Labels, tuple[str, ...]]:
    """The split "train" or "test" from the data folder `root`: images (n, 28, 28), labels (n,), class names.

    Raises:
        BrokenFile: a file is missing or broken.
        ChecksumMismatch: a file is not the published one.
    """
    part = "train" if split == "train" else "t10k"
    return *read_pair(root / FOLDERS[0], part, SUMS), CLASS_NAMES


def read_pair(folder: Path, part: str, sums: Mapping[str, str]) -> tuple[Bytes, Labels]:
    """Images and labels of the `part` "train" or "t10k"; a file whose checksum is not in `sums` may hold anything.

    Raises:
        BrokenFile: a file is missing or broken, the counts differ, the images are not 28 x 28, or a label is above 9.
        ChecksumMismatch: a file is not the published one.
    """
    names = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    (pictures, images), (answers, labels) = (
        (path, read_idx(path, rank, sums.get(name), _MEND))
        for name, rank, path in ((name, rank, _file(folder, name)) for name, rank in zip(names, (3, 1), strict=True))
    )
    if images.shape[1:] != (28, 28):
        raise BrokenFile(f"{pictures}: its images are {images.shape[1:]}, not (28, 28); {_MEND}")
    if len(images) != len(labels):
        raise BrokenFile(f"{answers}: {len(labels)} labels for {len(images)} images; {_MEND}")
    if len(labels) and labels.max() > 9:
        raise BrokenFile(f"{answers}: a label is {labels.max()}, not 0 to 9; {_MEND}")
    return images, labels.astype(np.int64)


def _file(folder: Path, name: str) -> Path:
    """The plain file where it is, else the gzipped one."""
    plain = folder / name
    return plain if plain.exists() else plain.with_name(f"{name}.gz")
