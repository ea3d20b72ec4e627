"""Event files of TensorBoard, read without TensorBoard: the bytes were written by a submission.

A strict reader of a few lines rather than TensorBoard's own: that is a C library over whatever bytes come, would have to
be imported where grades are made, and takes files, not bytes. This one only follows lengths within the data; whatever does
not fit is an EventError. The format: tensorflow/core/lib/io/record_writer.h (records), tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto, graph.proto and tensor.proto (fields, by number).
"""

from __future__ import annotations

import struct

__all__ = ["EventError", "graph_nodes", "read_events", "scalars"]

_FIXED = {1: 8, 5: 4}  # bytes of the wire types with a fixed length
_LARGEST = 1 << 20  # bytes of all files: a reader in Python is slow, and honest ones hold a few KB


class EventError(ValueError):
    """These bytes are no event file; the text says why."""


def _records(data):
    """The content of each record: length (8 bytes), its checksum (4), content, its checksum (4)."""
    place = 0
    while place < len(data):
        if place + 12 > len(data):
            raise EventError("a record is cut off")
        (length,) = struct.unpack_from("<Q", data, place)
        end = place + 12 + length + 4
        if end > len(data):
            raise EventError("a record is longer than its file")
        yield data[place + 12 : end - 4]
        place = end


def _varint(data, place):
    value = 0
    for k in range(10):
        if place + k >= len(data):
            raise EventError("a number is cut off")
        value |= (data[place + k] & 127) << (7 * k)
        if data[place + k] < 128:
            return value, place + k + 1
    raise EventError("a number has more than 64 bits")


def _fields(data):
    """(number, wire type, value) of each field of a message: an int, or bytes."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
        elif kind == 2 or kind in _FIXED:
            length, place = _varint(data, place) if kind == 2 else (_FIXED[kind], place)
            value, place = data[place : place + length], place + length
            if place > len(data):
                raise EventError("a field is longer than its message")
        else:
            raise EventError(f"there is no wire type {kind}")
        yield number, kind, value


def _of(data, number, kind=2):
    return [value for n, k, value in _fields(data) if (n, k) == (number, kind)]


def read_events(files):
    """(path, event) for each record of these files [(path, bytes), ...], but for the first of each, its version."""
    if sum(len(data) for _, data in files) > _LARGEST:
        raise EventError(f"there are more than {_LARGEST:,} bytes")
    return [(path, event) for path, data in files for event in list(_records(data))[1:]]


def _text(data):
    return data.decode("utf-8", "replace")[:200]


def _number(value):
    """A scalar: `simple_value` (2), or a `tensor` (8) whose numbers are float_val (5), double_val (6) or content (4)."""
    for found in _of(value, 2, 5):
        return struct.unpack("<f", found)[0]
    for tensor in _of(value, 8):
        for number, form in ((5, "<f"), (6, "<d"), (4, "<f")):
            for found in [*_of(tensor, number), *_of(tensor, number, 5), *_of(tensor, number, 1)]:
                if len(found) == struct.calcsize(form):
                    return struct.unpack(form, found)[0]
    return None


def scalars(events):
    """{tag: [(step, value), ...]} in the order of the files; values that are no scalar are left out."""
    found = {}
    for _, event in events:
        step = next(iter(_of(event, 2, 0)), 0)
        for value in (value for summary in _of(event, 5) for value in _of(summary, 1)):
            tag, number = "".join(map(_text, _of(value, 1))), _number(value)
            if number is not None:
                found.setdefault(tag, []).append((step, number))
    return found


def graph_nodes(events):
    """(name, operation) of every node of every graph."""
    graphs = [graph for _, event in events for graph in _of(event, 4)]
    nodes = [node for graph in graphs for node in _of(graph, 1)]
    return [("".join(map(_text, _of(node, 1))), "".join(map(_text, _of(node, 2)))) for node in nodes]
