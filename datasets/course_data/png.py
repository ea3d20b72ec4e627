"""PNG files with nothing but zlib: writes 8-bit grey and RGB, and reads what it writes (W3C PNG, 3rd edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_data.errors import BrokenFile

__all__ = ["UnusualPng", "decode_png", "encode_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2}  # channels: PNG's number
_NONE, _SUB, _UP = 0, 1, 2


class UnusualPng(Exception):
    """A PNG file of a kind that this reader leaves to an image library."""


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """The PNG file of an image (H, W) in grey or (H, W, 3) in red, green, blue; lossless.

    The bytes depend on the version of zlib, the pixels that come back do not.
    """
    height, width = image.shape[:2]
    rows = np.ascontiguousarray(image).reshape(height, width, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[rows.shape[2]], 0, 0, 0)
    data = min((zlib.compress(_filtered(rows, kind), 9) for kind in (_NONE, _SUB, _UP)), key=len)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def decode_png(content: bytes, path: Path) -> NDArray[np.uint8]:
    """The image in a PNG file: (H, W) in grey or (H, W, 3). `path` is for messages.

    Raises:
        BrokenFile: no PNG file, cut off, or damaged.
        UnusualPng: a palette, 16 bits, transparency, interlacing or a filter that `encode_png` never uses.
    """
    if not content.startswith(_SIGNATURE):
        raise BrokenFile(f"{path}: not a PNG file: begins with {content[:8]!r}")
    chunks = list(_chunks(content, path))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13 or chunks[-1][0] != b"IEND":
        raise BrokenFile(f"{path}: a PNG file without its first or its last part")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or interlace or colour not in _COLOUR_TYPES.values() or any(kind == b"tRNS" for kind, _ in chunks):
        raise UnusualPng(f"{path}: colour type {colour}, {depth} bits, interlace {interlace}")
    channels = 3 if colour == _COLOUR_TYPES[3] else 1
    raw = _inflated(b"".join(body for kind, body in chunks if kind == b"IDAT"), height * (1 + width * channels), path)
    rows = _unfiltered(np.frombuffer(raw, dtype=np.uint8).reshape(height, 1 + width * channels), channels, path)
    return rows.reshape(height, width, 3) if channels == 3 else rows.reshape(height, width)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(content: bytes, path: Path) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        total = content[at + 8 + size : at + 12 + size]
        if len(total) != 4:
            raise BrokenFile(f"{path}: a PNG file that is cut off at byte {len(content)}")
        if int.from_bytes(total, "big") != zlib.crc32(kind + body):
            raise BrokenFile(f"{path}: a PNG file with damage near byte {at}")
        yield kind, body
        at += 12 + size


def _inflated(data: bytes, length: int, path: Path) -> bytes:
    try:
        raw = zlib.decompressobj().decompress(data, length + 1)
    except zlib.error as error:
        raise BrokenFile(f"{path}: a PNG file whose pixels cannot be unpacked ({error})") from error
    if len(raw) != length:
        raise BrokenFile(f"{path}: a PNG file with {len(raw)} bytes of pixels instead of {length}")
    return raw


def _filtered(rows: NDArray[np.uint8], kind: int) -> bytes:
    """The rows (H, W, C) as one filter stores them, the filter's number before each."""
    stored = rows.copy()
    if kind == _SUB:
        stored[:, 1:] -= rows[:, :-1]
    elif kind == _UP:
        stored[1:] -= rows[:-1]
    return np.insert(stored.reshape(len(rows), -1), 0, kind, axis=1).tobytes()


def _unfiltered(stored: NDArray[np.uint8], channels: int, path: Path) -> NDArray[np.uint8]:
    """The rows (H, W * C) from what is stored, (H, 1 + W * C); sums of bytes wrap around as PNG wants it."""
    kinds, rows = stored[:, 0], stored[:, 1:].copy()
    if kinds.max(initial=0) > _UP:
        raise UnusualPng(f"{path}: filter {kinds.max()}")
    for row in np.flatnonzero(kinds):
        if kinds[row] == _SUB:
            rows[row] = np.cumsum(rows[row].reshape(-1, channels), axis=0, dtype=np.uint8).reshape(-1)
        elif row:
            rows[row] += rows[row - 1]
    return rows
