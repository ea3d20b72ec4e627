"""CIFAR-10 (Krizhevsky, 2009) from its python batches or its binary version, as the archives unpack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from course_data.checksums import check, read_checked
from course_data.errors import BrokenFile
from course_data.generated.sequence import Bytes, Labels
from course_data.real.pickles import unpickle

__all__ = ["BINARY_SUMS", "CLASS_NAMES", "FOLDERS", "PYTHON_SUMS", "present", "read", "read_binary", "read_python"]

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin")

# As the archives' users have published them; an MD5 is what there is for the python batches.
PYTHON_SUMS: Mapping[str, str] = MappingProxyType({
    "data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
    "data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "md5:634d18415352ddfa80567beed471001a",
    "data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "md5:40351d587109b95175f43aff81a1287e",
})  # fmt: skip
BINARY_SUMS: Mapping[str, str] = MappingProxyType({
    "data_batch_1.bin": "sha256:cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "sha256:a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "sha256:bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "sha256:014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "sha256:755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "sha256:8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
})  # fmt: skip

_MEND = "delete it and run: python -m course_data fetch cifar10"
_PIXELS = 3 * 32 * 32
_BATCH = 10_000


def present(root: Path) -> bool:
    """Whether one of the two versions lies in the data folder `root`."""
    return any((root / folder).is_dir() for folder in FOLDERS)


def read(root: Path, split: str) -> tuple[Bytes, Labels, tuple[str, ...]]:
    """The split "train" or "test" from the data folder `root`: the python batches where they are, else the binary ones.

    Returns images (n, 32, 32, 3), labels (n,), class names.

    Raises:
        BrokenFile: a batch is missing or broken.
        ChecksumMismatch: a batch is not the published one.
    """
    python = (root / FOLDERS[0]).is_dir()
    folder, sums = (root / FOLDERS[0], PYTHON_SUMS) if python else (root / FOLDERS[1], BINARY_SUMS)
    names = [name for name in sums if name.startswith("test") == (split == "test")]
    reader = read_python if python else read_binary
    images, labels = zip(*(reader(folder / name, sums[name]) for name in names), strict=True)
    return np.concatenate(images), np.concatenate(labels), CLASS_NAMES


def read_python(path: Path, wanted: str | None, count: int = _BATCH) -> tuple[Bytes, Labels]:
    """One python batch of `count` images, unpickled only once its checksum is `wanted` (None: any).

    Raises:
        BrokenFile: the file is missing, is no pickle of arrays, or lacks what a batch holds.
        ChecksumMismatch: the file is not the published one.
    """
    batch = unpickle(read_checked(path, wanted, _MEND), path, _MEND)
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise BrokenFile(f"{path}: not a CIFAR-10 batch, which is a dict with data and labels; {_MEND}")
    data, labels = batch[b"data"], batch[b"labels"]
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape != (count, _PIXELS):
        found = f"{data.dtype} {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise BrokenFile(f"{path}: its data is {found}, not uint8 {(count, _PIXELS)}; {_MEND}")
    return _upright(data), _checked_labels(path, labels, count)


def read_binary(path: Path, wanted: str | None, count: int = _BATCH) -> tuple[Bytes, Labels]:
    """One binary batch of `count` records: a label, then 1024 red, 1024 green and 1024 blue bytes.

    Raises:
        BrokenFile: the file is missing, too short or too long, or holds a label above 9.
        ChecksumMismatch: the file is not the published one.
    """
    content, length = read_checked(path, None, _MEND), count * (1 + _PIXELS)
    if len(content) != length:
        wrong = "too short" if len(content) < length else "too long"
        raise BrokenFile(f"{path}: {wrong}: {len(content)} bytes, {count} records take {length}; {_MEND}")
    check(path, content, wanted, _MEND)
    records = np.frombuffer(content, dtype=np.uint8).reshape(count, 1 + _PIXELS)
    return _upright(records[:, 1:]), _checked_labels(path, records[:, 0].tolist(), count)


def _upright(rows: NDArray[np.uint8]) -> Bytes:
    """From colour planes (n, 3072) to images (n, 32, 32, 3)."""
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _checked_labels(path: Path, labels: object, count: int) -> Labels:
    if not isinstance(labels, list) or len(labels) != count:
        found = len(labels) if isinstance(labels, list) else type(labels).__name__
        raise BrokenFile(f"{path}: labels for {count} images wanted, found {found}; {_MEND}")
    odd = next((label for label in labels if type(label) is not int or not 0 <= label < len(CLASS_NAMES)), None)
    if odd is not None:
        raise BrokenFile(f"{path}: a label is {odd!r}, not 0 to 9; {_MEND}")
    return np.array(labels, dtype=np.int64)
