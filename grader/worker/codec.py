"""Values on the wire: Python and NumPy values to a JSON tree plus raw buffers, and back.

By value: None, bool, int, float, complex, str, bytes, list, tuple, range, dict (and the standard library's dict and
tuple subclasses), NumPy arrays and scalars of a plain numeric dtype; torch tensors leave as arrays. Everything else stays
where it is and crosses as a handle. Nothing is ever unpickled.

Nodes of the tree: JSON null, true, false, string, integer within 64 bits, finite float; otherwise a list led by a tag::

    ["f", "nan"]                  float that JSON has no word for       ["i", "0x..."]            larger integer
    ["c", real, imag]             complex                               ["b", k]                  bytes in buffer k
    ["l"|"t", [node...]]          list, tuple                           ["d", [[key, node]...]]   dict
    ["a", dtype, shape, k]        array                                 ["g", dtype, k]           NumPy scalar
    ["n", "l"|"t", dtype, k]      list or tuple of Python numbers       ["s", "l"|"t", dtype, k]  of NumPy scalars
    ["A", "l"|"t", dtype, shape, k]  list or tuple of equal-shaped arrays
    ["T", dtype, shape, k, device]   array that becomes a tensor (to the worker only)
    ["h", id, type name]          handle                                ["G", name]      guest function (to the worker only)
"""

from __future__ import annotations

import array
import collections
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .frame import Buffer, TooLarge

__all__ = [
    "DTYPES", "MAX_DEPTH", "MAX_ITEMS", "MAX_NODES", "MAX_NUMBERS", "MAX_TEXT", "Encoder", "is_key", "is_plain",
    "is_shape",
]  # fmt: skip

DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])
MAX_DEPTH = 24
MAX_NODES = 200_000
# Of all dicts of a frame: numbers hash without salt, so colliding keys can be made, and cost the square of their number.
MAX_ITEMS = 10_000
MAX_NUMBERS = 1 << 20  # in all packed lists of a frame: each becomes a Python object of 32 bytes
MAX_TEXT = 1 << 20
_SMALL = 1 << 22  # arrays above this many bytes travel one by one: stacking them would double their memory
_MAX_AXES = 32
_MAX_ELEMENTS = 1 << 31
_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
_INT64 = range(-(1 << 63), 1 << 63)


def is_plain(dtype: Any) -> bool:
    """Whether arrays of this NumPy dtype cross by value (after a change of byte order or a cast from long double)."""
    return dtype.kind in "biufc" and not dtype.hasobject


def is_shape(shape: Sequence[int]) -> bool:
    """Whether arrays of this shape cross: at most 32 axes, of at most 2^31 elements if each empty axis held one."""
    return len(shape) <= _MAX_AXES and math.prod(max(length, 1) for length in shape) <= _MAX_ELEMENTS


class Encoder:
    """Encodes values into one frame; collects `buffers`.

    `opaque(value)` gives the node of a value that cannot cross, or raises. Raises TooLarge for values nested deeper than
    MAX_DEPTH (so for cycles), of more than MAX_NODES parts or with more than MAX_NUMBERS numbers in lists.
    """

    def __init__(self, opaque: Callable[[Any], list[Any]]) -> None:
        self.buffers: list[Buffer] = []
        self._opaque = opaque
        self._nodes = self._numbers = self._items = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The node of `value`."""
        self._count_nodes(1)
        if depth > MAX_DEPTH:
            raise TooLarge(f"nested deeper than {MAX_DEPTH} levels, or containing itself")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return _text(value)
        if kind is float:
            return value if math.isfinite(value) else ["f", repr(value)]
        if kind is int:
            return self._integer(value)
        return self._compound(value, kind, depth)

    def _count_nodes(self, count: int) -> None:
        self._nodes += count
        if self._nodes > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES:,} separate objects: return an array, or a list of numbers")

    def _count_numbers(self, count: int) -> None:
        self._numbers += count
        if self._numbers > MAX_NUMBERS:
            raise TooLarge(f"lists of more than {MAX_NUMBERS:,} items: return an array")

    def _integer(self, value: int) -> Any:
        if value in _INT64:
            return value
        if value.bit_length() > 4096:
            raise TooLarge(f"an integer of {value.bit_length():,} bits")
        return ["i", hex(value)]

    def _compound(self, value: Any, kind: type, depth: int) -> Any:
        if kind is complex:
            return ["c", self.encode(value.real, depth), self.encode(value.imag, depth)]
        if kind is bytes or kind is bytearray:
            return ["b", self._buffer(bytes(value))]
        if kind is list or kind is range:
            return self._sequence("l", value, depth)
        if isinstance(value, tuple):
            return self._sequence("t", tuple(tuple.__iter__(value)), depth)
        if kind in _DICTS and all(is_key(key) for key in dict.keys(value)):
            return self._dict(list(dict.items(value)), depth)
        return self._numeric(value, kind)

    def _dict(self, items: list[tuple[Any, Any]], depth: int) -> Any:
        if len(items) > MAX_ITEMS:
            raise TooLarge(f"a dict of more than {MAX_ITEMS:,} entries")
        self._items += len(items)
        if self._items > MAX_ITEMS:
            raise TooLarge(f"dicts of more than {MAX_ITEMS:,} entries together")
        return ["d", [[self.encode(key, depth + 1), self.encode(value, depth + 1)] for key, value in items]]

    def _sequence(self, tag: str, items: Sequence[Any], depth: int) -> Any:
        if len(items) > MAX_NUMBERS:
            self._count_numbers(len(items))
        packed = self._packed(tag, items) if len(items) > 1 else None
        return packed or [tag, [self.encode(item, depth + 1) for item in items]]

    def _packed(self, tag: str, items: Sequence[Any]) -> Any:
        """One buffer for a long run of one kind of number, or of arrays of one shape; None where that is not what it is."""
        kind = type(items[0])
        if any(type(item) is not kind for item in items):
            return None
        if kind in (float, int, bool):
            return self._numbers_of(kind, tag, items)
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        if torch is not None and issubclass(kind, getattr(torch, "Tensor", ())):
            items = [_tensor_to_array(torch, item) for item in items]
            kind = numpy.ndarray if numpy is not None and all(type(item) is numpy.ndarray for item in items) else kind
        if numpy is None or not (kind is numpy.ndarray or issubclass(kind, numpy.generic)):
            return None
        first = items[0]
        if not is_plain(first.dtype) or any(i.dtype != first.dtype or i.shape != first.shape for i in items):
            return None
        if first.nbytes > _SMALL:
            return None
        dtype, buffer = self._flat(numpy, numpy.stack(items))
        if kind is numpy.ndarray:
            self._count_nodes(len(items))
            return ["A", tag, dtype, [len(items), *first.shape], buffer]
        self._count_numbers(len(items))
        return ["s", tag, dtype, buffer]

    def _numbers_of(self, kind: type, tag: str, items: Sequence[Any]) -> Any:
        if kind is int and not (min(items) in _INT64 and max(items) in _INT64):
            return None
        self._count_numbers(len(items))
        if kind is bool:
            return ["n", tag, "|b1", self._buffer(bytes(items))]
        code, dtype = ("d", "<f8") if kind is float else ("q", "<i8")
        return ["n", tag, dtype, self._buffer(_little(array.array(code, items)))]

    def _numeric(self, value: Any, kind: type) -> Any:
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        if torch is not None and isinstance(value, getattr(torch, "Tensor", ())):
            value = _tensor_to_array(torch, value)
            kind = type(value)
        if numpy is None:
            return self._opaque(value)
        if isinstance(value, numpy.generic) and is_plain(value.dtype):
            dtype, buffer = self._flat(numpy, numpy.asarray(value))
            return ["g", dtype, buffer]
        if kind in (numpy.ndarray, numpy.matrix, numpy.memmap) and is_plain(value.dtype):
            plain = numpy.asarray(value)
            dtype, buffer = self._flat(numpy, plain)
            return ["a", dtype, list(plain.shape), buffer]
        return self._opaque(value)

    def _flat(self, numpy: Any, value: Any) -> tuple[str, int]:
        """dtype string and buffer of an array: C order, little-endian, long double as double."""
        if not is_shape(value.shape):
            raise TooLarge(f"an array of shape {value.shape}"[:200])
        dtype = value.dtype
        if dtype.itemsize > (16 if dtype.kind == "c" else 8):
            dtype = numpy.dtype("<c16" if dtype.kind == "c" else "<f8")
        dtype = dtype.newbyteorder("<")
        flat = numpy.ascontiguousarray(value, dtype=dtype).reshape(-1)
        return dtype.str, self._buffer(flat.view(numpy.uint8))

    def _buffer(self, buffer: Buffer) -> int:
        self.buffers.append(buffer)
        return len(self.buffers) - 1


def _little(values: array.array[Any]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _tensor_to_array(torch: Any, tensor: Any) -> Any:
    """The tensor's values, detached; the tensor itself where NumPy has no such layout (sparse, quantized, nested, on meta)
    or no such numbers (float8).
    """
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested or tensor.device.type == "meta":
        return tensor
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    try:
        return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
    except TypeError:
        return tensor


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise TooLarge(f"a text of {len(value):,} characters")
    return value


def is_key(key: Any) -> bool:
    """Whether a dict with this key crosses: scalars, NumPy scalars and tuples of them."""
    if isinstance(key, tuple):
        return len(key) <= 64 and all(_is_scalar(part) for part in tuple.__iter__(key))
    return _is_scalar(key)


def _is_scalar(value: Any) -> bool:
    if value is None or type(value) in (bool, int, float, complex, str, bytes):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic) and is_plain(value.dtype)
