"""Checksums, written as "md5:..." or "sha256:..." as pooch does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_data.errors import BrokenFile, ChecksumMismatch

__all__ = ["check", "digest", "read_checked"]


def check(path: Path, content: bytes, wanted: str | None, mend: str) -> None:
    """Compare `content`, which was read from `path`, with the checksum `wanted`; None is never wrong.

    Raises:
        ChecksumMismatch: they differ; the message names both checksums and ends with `mend`.
    """
    if wanted is None:
        return
    method, _, expected = wanted.partition(":")
    found = hashlib.new(method, content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise ChecksumMismatch(f"{path}: its {method} is {found}, published is {expected}; {mend}")


def read_checked(path: Path, wanted: str | None, mend: str) -> bytes:
    """The file's content, once it is known to be the published one.

    Raises:
        BrokenFile: there is no such file, or it cannot be read.
        ChecksumMismatch: its checksum is not `wanted`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"{path}: cannot be read ({error.strerror}); {mend}") from error
    check(path, content, wanted, mend)
    return content


def digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """SHA-256 of labelled images, shapes included, equal on machines of either byte order."""
    total = hashlib.sha256(f"{images.shape} {labels.shape} ".encode())
    total.update(np.ascontiguousarray(images).data)
    total.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return total.hexdigest()
