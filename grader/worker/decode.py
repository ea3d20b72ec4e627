"""The way back: a JSON tree plus raw buffers to values, believing nothing of the tree.

Used by both sides. The worker decodes what the trusted side sends; the trusted side decodes what a worker sends, where
any byte may have been chosen by a student, so every node is checked for form, range and size before it is used.
"""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Callable
from typing import Any

from .codec import DTYPES, MAX_DEPTH, MAX_ITEMS, MAX_NODES, MAX_NUMBERS, MAX_TEXT, is_key, is_shape
from .frame import Buffer, FrameError

__all__ = ["Decoder"]

_INT64 = range(-(1 << 63), 1 << 63)
_INT64_DIGITS = 1100


class Decoder:
    """Decodes the nodes of one frame.

    `handle(id, type_name)` makes (or finds) the object of a handle. `special(tag, node)` decodes the nodes that only a
    worker takes (tensors, guest functions); without it they are refused. `readonly` marks arrays as read-only. Decoded
    arrays share the frame's buffers and are listed in `arrays` as (array, buffer index). Raises FrameError.
    """

    def __init__(
        self,
        buffers: list[Buffer],
        handle: Callable[[int, str], Any],
        *,
        special: Callable[[str, list[Any], Decoder], Any] | None = None,
        readonly: bool = False,
    ) -> None:
        self.arrays: list[Any] = []
        self._buffers = buffers
        self._used: set[int] = set()
        self._nodes = self._numbers_seen = self._items = 0
        self._handle = handle
        self._special = special
        self._readonly = readonly

    def decode(self, node: Any, depth: int = 0) -> Any:
        """The value of `node`."""
        self._count_nodes(1)
        _require(depth <= MAX_DEPTH + 1, "nested too deep")
        kind = type(node)
        if node is None or kind is bool:
            return node
        if kind is float:
            _require(math.isfinite(node), "a float out of range")
            return node
        if kind is int:
            _require(node in _INT64, "an integer out of range")
            return node
        if kind is str:
            return _text(node)
        _require(kind is list and len(node) >= 2 and type(node[0]) is str, "a node of no known form")
        return self._tagged(node, depth)

    def _count_nodes(self, count: int) -> None:
        self._nodes += count
        _require(self._nodes <= MAX_NODES, "too many nodes")

    def _count_numbers(self, count: int) -> None:
        self._numbers_seen += count
        _require(self._numbers_seen <= MAX_NUMBERS, "too many numbers")

    def _tagged(self, node: list[Any], depth: int) -> Any:
        tag = node[0]
        if tag in _TAGS:
            length, decode = _TAGS[tag]
            if len(node) != length:
                raise FrameError(f"a node {tag!r} of {len(node)} parts")
            return decode(self, node, depth)
        _require(self._special is not None, "an unknown tag")
        return self._special(tag, node, self)  # type: ignore[misc]

    def _float(self, node: list[Any], depth: int) -> float:
        _require(node[1] in ("nan", "inf", "-inf"), "a float of no known form")
        return float(node[1])

    def _integer(self, node: list[Any], depth: int) -> int:
        _require(type(node[1]) is str and len(node[1]) <= _INT64_DIGITS, "a large integer of no known form")
        try:
            return int(node[1], 16)
        except ValueError:
            raise FrameError("a large integer of no known form") from None

    def _complex(self, node: list[Any], depth: int) -> complex:
        real, imag = self.decode(node[1], depth + 1), self.decode(node[2], depth + 1)
        _require(type(real) is float and type(imag) is float, "a complex number of no known form")
        return complex(real, imag)

    def _bytes(self, node: list[Any], depth: int) -> bytes:
        return bytes(self.buffer(node[1]))

    def _list(self, node: list[Any], depth: int) -> list[Any]:
        _require(type(node[1]) is list, "a sequence of no known form")
        return [self.decode(item, depth + 1) for item in node[1]]

    def _tuple(self, node: list[Any], depth: int) -> tuple[Any, ...]:
        return tuple(self._list(node, depth))

    def _dict(self, node: list[Any], depth: int) -> dict[Any, Any]:
        _require(type(node[1]) is list, "a dict of no known form")
        self._items += len(node[1])
        _require(self._items <= MAX_ITEMS, "too many dict entries")
        result: dict[Any, Any] = {}
        for item in node[1]:
            _require(type(item) is list and len(item) == 2, "a dict item of no known form")
            key = self.decode(item[0], depth + 1)
            _require(is_key(key), "a dict key that is no scalar")
            result[key] = self.decode(item[1], depth + 1)
        return result

    def buffer(self, index: Any) -> Buffer:
        """Buffer number `index`; each may be used once."""
        _require(type(index) is int and 0 <= index < len(self._buffers), "a buffer that is not there")
        _require(index not in self._used, "a buffer used twice")
        self._used.add(index)
        return self._buffers[index]

    def ndarray(self, dtype: Any, shape: Any, index: Any) -> Any:
        """The array of these facts, sharing the buffer."""
        _require(type(dtype) is str and dtype in DTYPES, "a dtype that may not cross")
        _require(type(shape) is list, "a shape of no known form")
        _require(all(type(n) is int and n in _INT64 and n >= 0 for n in shape), "a dimension out of range")
        _require(is_shape(shape), "a shape out of range")
        return self._view(dtype, shape, index)

    def _view(self, dtype: str, shape: list[int], index: Any) -> Any:
        import numpy

        buffer, kind = self.buffer(index), numpy.dtype(dtype)
        _require(math.prod(shape) * kind.itemsize == memoryview(buffer).nbytes, "a buffer of another size than its array")
        raw = numpy.frombuffer(buffer, numpy.uint8)
        if dtype == "|b1":
            numpy.not_equal(raw, 0, out=raw.view(numpy.bool_))  # any other byte would be a boolean that is neither
        result = raw.view(kind).reshape(shape)
        self.arrays.append(result)
        if self._readonly:
            result.flags.writeable = False
        return result

    def _array(self, node: list[Any], depth: int) -> Any:
        return self.ndarray(node[1], node[2], node[3])

    def _scalar(self, node: list[Any], depth: int) -> Any:
        return self.ndarray(node[1], [], node[2])[()]

    def _numbers(self, node: list[Any], depth: int) -> Any:
        _require(node[2] in ("<f8", "<i8", "|b1"), "numbers of no known kind")
        raw, size = memoryview(self.buffer(node[3])).cast("B"), 1 if node[2] == "|b1" else 8
        _require(raw.nbytes % size == 0, "numbers cut off")
        self._count_numbers(raw.nbytes // size)
        if size == 1:
            return _sequence(node[1], [byte != 0 for byte in raw])
        values = array.array("d" if node[2] == "<f8" else "q", bytes(raw))
        if sys.byteorder == "big":
            values.byteswap()
        return _sequence(node[1], values.tolist())

    def _scalars(self, node: list[Any], depth: int) -> Any:
        import numpy

        _require(type(node[2]) is str and node[2] in DTYPES, "a dtype that may not cross")
        raw, size = self.buffer(node[3]), numpy.dtype(node[2]).itemsize
        _require(memoryview(raw).nbytes % size == 0, "numbers cut off")
        self._count_numbers(memoryview(raw).nbytes // size)
        values = numpy.frombuffer(bytes(raw), numpy.uint8)
        return _sequence(node[1], list((values != 0) if node[2] == "|b1" else values.view(node[2])))

    def _stack(self, node: list[Any], depth: int) -> Any:
        stack = self.ndarray(node[2], node[3], node[4])
        _require(stack.ndim >= 1, "a stack of no known form")
        self._count_nodes(len(stack))  # an array costs 100 bytes although it may have no elements
        return _sequence(node[1], [stack[k, ...] for k in range(len(stack))])

    def _opaque(self, node: list[Any], depth: int) -> Any:
        _require(type(node[1]) is int and node[1] in _INT64 and type(node[2]) is str, "a handle of no known form")
        return self._handle(node[1], _text(node[2])[:80])


_TAGS: dict[str, tuple[int, Callable[[Decoder, list[Any], int], Any]]] = {
    "f": (2, Decoder._float), "i": (2, Decoder._integer), "c": (3, Decoder._complex), "b": (2, Decoder._bytes),
    "l": (2, Decoder._list), "t": (2, Decoder._tuple), "d": (2, Decoder._dict), "a": (4, Decoder._array),
    "g": (3, Decoder._scalar), "n": (4, Decoder._numbers), "s": (4, Decoder._scalars), "A": (5, Decoder._stack),
    "h": (3, Decoder._opaque),
}  # fmt: skip


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise FrameError(what)


def _text(text: str) -> str:
    _require(len(text) <= MAX_TEXT, "a text too long")
    return text.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates: they break every later encoding


def _sequence(tag: Any, items: list[Any]) -> Any:
    _require(tag in ("l", "t"), "a sequence of no known form")
    return items if tag == "l" else tuple(items)
