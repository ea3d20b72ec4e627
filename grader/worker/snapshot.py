"""Did student code change what it was given? Compares the arguments after a call with what arrived."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from .codec import Encoder
from .frame import Buffer

__all__ = ["Snapshot"]


class Snapshot:
    """The buffers of a request as they arrived. Decoded arrays share those buffers, so a change in place shows there."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self._now = buffers
        self._before = [_copy(buffer) for buffer in buffers]

    def changed(self, arguments: Sequence[tuple[int | str, Any]], values: Sequence[Any]) -> list[int | str]:
        """Labels of the arguments (label, node as it came) whose value is no longer what the node says."""
        pairs = zip(arguments, values, strict=True)
        return [label for (label, node), value in pairs if type(node) is list and self._differs(node, value)]

    def _differs(self, node: list[Any], value: Any) -> bool:
        if node[0] in ("a", "T"):
            return not _equal(self._now[node[3]], self._before[node[3]])
        if node[0] not in ("l", "t", "d", "n", "s", "A"):
            return False
        encoder = Encoder(lambda _: ["h"])
        try:
            return not self._same(node, encoder.encode(value), encoder.buffers)
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
            return _each(node[1], other[1], lambda a, b: a[0] == b[0] and self._same(a[1], b[1], buffers))
        if node[0] in ("f", "i", "c"):
            return bool(node == other)
        return node[:-1] == other[:-1] and _equal(buffers[other[-1]], self._before[node[-1]])


def _each(left: list[Any], right: list[Any], same: Callable[[Any, Any], bool]) -> bool:
    return len(left) == len(right) and all(map(same, left, right))


def _copy(buffer: Buffer) -> Any:
    numpy = sys.modules.get("numpy")
    return numpy.array(buffer) if numpy is not None and isinstance(buffer, numpy.ndarray) else bytes(buffer)


def _equal(now: Buffer, before: Buffer) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(now, numpy.ndarray) and isinstance(before, numpy.ndarray):
        return bool(numpy.array_equal(now, before))
    return bytes(now) == bytes(before)
