"""Frames on the wire: a JSON head and raw buffers.

Layout, little-endian: magic (4 bytes), head length (u32), number of buffers (u32), total bytes of the buffers (u64), one
u64 length a buffer, the head (JSON, UTF-8), the buffers. Every size is checked against `Caps` before anything of that
size is allocated, so a peer can claim what it likes.
"""

from __future__ import annotations

import dataclasses
import json
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Ahead", "Buffer", "Caps", "FrameError", "TooLarge", "pack", "unpack"]

Buffer = Any  # bytes, bytearray, memoryview or a one-dimensional uint8 array

_HEADER = struct.Struct("<4sIIQ")
_MAGIC = b"GRD1"
_JOINED = 1 << 16  # bytes of buffers up to which a frame is one part: its receiver then wakes up once
_AHEAD = 1 << 16


class FrameError(Exception):
    """The peer sent bytes that are no frame."""


class TooLarge(Exception):
    """A value does not fit into a frame; `str` says what of it, and the cap."""


@dataclasses.dataclass(frozen=True)
class Caps:
    """Largest frame that is sent or taken: bytes of the head, number of buffers, bytes of all buffers together."""

    head: int = 2 << 20
    buffers: int = 4096
    total: int = 512 << 20


class Ahead:
    """Reads ahead, so that a small frame costs one system call: `fill` for `unpack`, over `receive(view)`, which waits for
    at least one byte, writes what there is into the view and gives the count, or raises.
    """

    def __init__(self, receive: Callable[[memoryview], int]) -> None:
        self._receive = receive
        self._room = memoryview(bytearray(_AHEAD))
        self._held = self._room[:0]

    def fill(self, view: memoryview) -> None:
        """Fill the view."""
        view = view.cast("B")
        while view:
            if not self._held and len(view) >= _AHEAD:
                view = view[self._receive(view) :]
                continue
            if not self._held:
                self._held = self._room[: self._receive(self._room)]
            count = min(len(view), len(self._held))
            view[:count] = self._held[:count]
            view, self._held = view[count:], self._held[count:]


def pack(head: dict[str, Any], buffers: Sequence[Buffer], caps: Caps) -> list[Buffer]:
    """The parts of one frame, in sending order. Raises TooLarge where a cap is passed."""
    lengths = [memoryview(buffer).nbytes for buffer in buffers]
    text = _WRITER.encode(head).encode()
    if sum(lengths) > caps.total:
        raise TooLarge(f"{sum(lengths) / 2**20:.0f} MB of arrays, where {caps.total / 2**20:.0f} MB may cross at once")
    if len(text) > caps.head or len(lengths) > caps.buffers:
        raise TooLarge("too many separate objects: return an array, or a list of numbers")
    header = _HEADER.pack(_MAGIC, len(text), len(lengths), sum(lengths))
    filled = [buffer for buffer, length in zip(buffers, lengths, strict=True) if length]
    parts = [header + struct.pack(f"<{len(lengths)}Q", *lengths) + text, *filled]
    return [b"".join(parts)] if sum(lengths) < _JOINED else parts


def unpack(fill: Callable[[memoryview], None], caps: Caps) -> tuple[dict[str, Any], list[Buffer]]:
    """Read one frame; `fill(view)` must fill the view or raise. Raises FrameError on anything that is not a frame."""
    header = bytearray(_HEADER.size)
    fill(memoryview(header))
    magic, head_length, count, total = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise FrameError("no frame begins here")
    if head_length > caps.head or count > caps.buffers or total > caps.total:
        raise FrameError(f"a frame of {head_length} + {total} bytes in {count} buffers is over the caps")
    rest = bytearray(8 * count + head_length)
    fill(memoryview(rest))
    lengths = struct.unpack_from(f"<{count}Q", rest)
    if sum(lengths) != total:
        raise FrameError("the lengths of the buffers do not add up")
    head = _parse(bytes(rest[8 * count :]))
    return head, [_filled(length, fill) for length in lengths]


def _parse(text: bytes) -> dict[str, Any]:
    try:
        head = _READER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise FrameError(f"the head is not JSON ({type(error).__name__})") from None
    if type(head) is not dict:
        raise FrameError("the head is not an object")
    return head


def _no_constant(name: str) -> None:
    raise ValueError(name)


_READER = json.JSONDecoder(parse_constant=_no_constant)
_WRITER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def _filled(length: int, fill: Callable[[memoryview], None]) -> Buffer:
    buffer = _allocate(length)
    if length:
        fill(memoryview(buffer))
    return buffer


def _allocate(length: int) -> Buffer:
    """Writable room. NumPy's is committed page by page, so a claimed size alone costs no memory."""
    numpy = sys.modules.get("numpy")
    return numpy.empty(length, numpy.uint8) if numpy is not None and length >= 1 << 16 else bytearray(length)
