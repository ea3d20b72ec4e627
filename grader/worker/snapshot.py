"""Did student code change what it was given? Compares the arguments after a call with what arrived."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from .codec import Encoder
from .frame import Buffer

__all__ = ["Snapshot"]

_LARGE = 1 << 18  # bytes from which a buffer is remembered by sums, not by a copy
_WIDTH = 4093


class Snapshot:
    """The buffers of a request as they arrived. Decoded arrays share those buffers, so a change in place shows there."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self._now = buffers
        self._before = [_print(buffer) for buffer in buffers]

    def changed(self, arguments: Sequence[tuple[int | str, Any]], values: Sequence[Any]) -> list[int | str]:
        """Labels of the arguments (label, node as it came) whose value is no longer what the node says."""
        pairs = zip(arguments, values, strict=True)
        return [label for (label, node), value in pairs if type(node) is list and self._differs(node, value)]

    def _differs(self, node: list[Any], value: Any) -> bool:
        if node[0] in ("a", "T"):
            return bool(_print(self._now[node[3]]) != self._before[node[3]])
        if node[0] not in ("l", "t", "d", "n", "s", "A"):
            return False
        encoder = Encoder(lambda _: ["h"])
        try:
            return not bool(self._same(node, encoder.encode(value), encoder.buffers))
        except Exception:
            return True

    def _same(self, node: Any, other: Any, buffers: Sequence[Buffer]) -> bool:
        """Whether two nodes say the same, `other` with its own `buffers`; handles are not looked into."""
        if type(node) is not list or type(other) is not list:
            return bool(node == other)
        if node[0] in ("h", "G", "T"):
            return True
        if node[0] != other[0] or len(node) != len(other):
            return False
        if node[0] in ("l", "t"):
            return _each(node[1], other[1], lambda a, b: self._same(a, b, buffers))
        if node[0] == "d":
            return _each(node[1], other[1], lambda a, b: all(self._same(x, y, buffers) for x, y in zip(a, b, strict=True)))
        if node[0] in ("f", "i", "c"):
            return bool(node == other)
        return bool(node[:-1] == other[:-1]) and _print(buffers[other[-1]]) == self._before[node[-1]]


def _each(left: list[Any], right: list[Any], same: Callable[[Any, Any], bool]) -> bool:
    return len(left) == len(right) and all(map(same, left, right))


def _print(buffer: Buffer) -> bytes:
    """What a buffer is remembered by: its bytes, or for a large one the sums of its words in 4093 columns.

    Any change in place changes a sum, a swap or a sort too: the width is a prime, so that what lies at the same place
    of two rows of an array lies in different columns. As quick as a copy with a comparison, and it costs no memory.
    No defence against a student who wants to hide a change: this is advice, and student code runs in the same process.
    """
    numpy, view = sys.modules.get("numpy"), memoryview(buffer).cast("B")
    if numpy is None or view.nbytes < _LARGE:
        return bytes(view)
    words = numpy.frombuffer(view[: view.nbytes // 8 * 8], numpy.uint64)
    rows = words[: words.size // _WIDTH * _WIDTH].reshape(-1, _WIDTH)
    return bytes(rows.sum(axis=0).tobytes() + view[8 * rows.size :])
