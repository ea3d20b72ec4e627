"""IDX files (LeCun): a magic number that tells type and rank, the sizes, the bytes; plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_data.checksums import check, read_checked
from course_data.errors import BrokenFile

__all__ = ["read_idx"]

_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, rank: int, wanted: str | None, mend: str) -> NDArray[np.uint8]:
    """The array of `rank` dimensions in an IDX file of unsigned bytes; `wanted` is the checksum of what is in it.

    A file whose name ends with .gz is decompressed first, and `wanted` is about the decompressed content.

    Raises:
        BrokenFile: missing, not gzip, short, of another type or rank, or with bytes after the last one.
        ChecksumMismatch: well-formed, but not the published content.
    """
    content = read_checked(path, None, mend)
    if path.suffix == ".gz":
        content = _decompressed(path, content, mend)
    head = 4 * (1 + rank)
    if len(content) < head:
        raise BrokenFile(f"{path}: too short: {len(content)} bytes, the head alone takes {head}; {mend}")
    magic, *shape = (int(number) for number in np.frombuffer(content[:head], dtype=">u4"))
    if magic != _UNSIGNED_BYTES << 8 | rank:
        raise BrokenFile(f"{path}: begins with 0x{magic:08x}, not with 0x{_UNSIGNED_BYTES << 8 | rank:08x}; {mend}")
    total = head + int(np.prod(shape, dtype=object))
    if len(content) != total:
        wrong = "too short" if len(content) < total else f"{len(content) - total} bytes too long"
        raise BrokenFile(f"{path}: {wrong}: its head says {tuple(shape)}, {total} bytes, found {len(content)}; {mend}")
    check(path, content, wanted, mend)
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(shape)


def _decompressed(path: Path, content: bytes, mend: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFile(f"{path}: not a whole gzip file ({error}); {mend}") from error
