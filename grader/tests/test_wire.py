"""The trusted end of the wire against bytes that no worker of ours would send."""

from __future__ import annotations

import json
import random
import re
import resource
import struct

import numpy as np
import pytest

from grader.worker.codec import MAX_DEPTH, MAX_ITEMS, MAX_NODES, MAX_NUMBERS, MAX_TEXT, Encoder
from grader.worker.decode import Decoder
from grader.worker.frame import Caps, FrameError, TooLarge, pack, unpack

CAPS = Caps(head=1 << 16, buffers=8, total=1 << 20)
PRIME = (1 << 61) - 1  # what Python's hash of a number is taken modulo


class End(Exception):
    """The peer sent no more."""


def taken(data, caps=CAPS):
    """What the trusted side makes of these bytes."""
    source, position = memoryview(data), 0

    def fill(view):
        nonlocal position
        size = view.nbytes
        if position + size > len(source):
            raise End
        view.cast("B")[:] = source[position : position + size]
        position += size

    return unpack(fill, caps)


def frame(head, buffers=(), *, magic=b"GRD1", count=None, total=None, lengths=None, size=None):
    """A frame that may lie in each of its parts."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    lengths = [len(b) for b in buffers] if lengths is None else lengths
    count, total = len(lengths) if count is None else count, sum(lengths) if total is None else total
    header = struct.pack("<4sIIQ", magic, len(text) if size is None else size, count, total)
    return header + struct.pack(f"<{len(lengths)}Q", *lengths) + text + b"".join(buffers)


def decoded(node, buffers=(), **options):
    return Decoder([bytearray(b) for b in buffers], lambda number, kind: [number, kind], **options).decode(node)


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_a_frame_comes_back():
    head, buffers = taken(b"".join(pack({"n": "1", "ok": [1, None]}, [b"abc", b"", np.arange(3, dtype=np.uint8)], CAPS)))
    assert head == {"n": "1", "ok": [1, None]}
    assert [bytes(b) for b in buffers] == [b"abc", b"", b"\0\1\2"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (frame({}, magic=b"GRD2"), "no frame begins here"),
        (b"HTTP/1.1 200 OK, hello there", "no frame begins here"),
        (frame({}, size=CAPS.head + 1), "over the caps"),
        (frame({}, size=0xFFFFFFFF), "over the caps"),
        (frame({}, count=CAPS.buffers + 1), "over the caps"),
        (frame({}, count=0xFFFFFFFF), "over the caps"),
        (frame({}, total=CAPS.total + 1), "over the caps"),
        (frame({}, total=2**64 - 1), "over the caps"),
        (frame({}, [b"abc"], total=2), "do not add up"),
        (frame({}, lengths=[2**64 - 1, 1], total=0), "do not add up"),
        (frame({}, lengths=[2**63, 2**63], total=0), "do not add up"),
        (frame(b"[]"), "the head is not an object"),
        (frame(b"1"), "the head is not an object"),
        (frame(b'"text"'), "the head is not an object"),
        (frame(b""), "the head is not JSON"),
        (frame(b"{} {}"), "the head is not JSON"),
        (frame(b'{"ok": NaN}'), "the head is not JSON"),
        (frame(b'{"ok": -Infinity}'), "the head is not JSON"),
        (frame(b'{"ok": 1' + b"0" * 5000 + b"}"), "the head is not JSON"),
        (frame(b'{"ok": "\xff"}'), "the head is not JSON"),
        (frame('{"ok": 1}'.encode("utf-16")), "the head is not JSON"),
        (frame(b"[" * 60_000), "the head is not JSON"),
        (frame(b'{"a":' * 10_000), "the head is not JSON"),
        (frame(b'{"ok": 1'), "the head is not JSON"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_frame_is_named(data, words):
    with pytest.raises(FrameError, match=words):
        taken(data)


def test_a_frame_cut_short_asks_for_the_rest():
    whole = frame({"ok": ["a", "<f8", [2], 0]}, [bytes(16)])
    for length in range(len(whole)):
        with pytest.raises(End):
            taken(whole[:length])
    assert taken(whole)[0] == {"ok": ["a", "<f8", [2], 0]}


def test_of_two_equal_keys_the_last_counts():
    assert taken(frame(b'{"n": 1, "ok": 2, "n": 3}'))[0] == {"n": 3, "ok": 2}


def test_sizes_that_are_only_claimed_cost_nothing():
    before = memory()
    for _ in range(20):
        with pytest.raises(End):
            taken(frame({}, total=512 << 20, lengths=[512 << 20]), Caps())
    assert memory() - before < 64 << 20


def test_nothing_larger_than_the_caps_is_sent():
    with pytest.raises(TooLarge, match="2 MB of arrays, where 1 MB may cross at once"):
        pack({}, [bytes(2 << 20)], CAPS)
    with pytest.raises(TooLarge, match="too many separate objects: return an array, or a list of numbers"):
        pack({}, [b""] * 9, CAPS)
    with pytest.raises(TooLarge, match="too many separate objects"):
        pack({"ok": "x" * CAPS.head}, [], CAPS)


def nested(tag, levels):
    node = 1
    for _ in range(levels):
        node = [tag, [node]] if tag in "lt" else [tag, node, 1.0]
    return node


LIES = {
    "a node of no known form": [
        ({},), ([],), ([1],), (["l"],), ([["l"], 1],), ([None, 1],), ([1, 2],),
    ],
    "an unknown tag": [
        (["x", 1],), (["", 1],), (["T", "<f8", [1], 0, "cpu"], [bytes(8)]), (["G", "name"],), (["__class__", 1],),
    ],
    "a node 'l' of 3 parts": [
        (["l", [], 1],),
    ],
    "a node 'h' of 2 parts": [
        (["h", 1],),
    ],
    "a float out of range": [
        (float("inf"),),
    ],
    "an integer out of range": [
        (1 << 63,), (-(1 << 63) - 1,),
    ],
    "a text too long": [
        ("x" * (MAX_TEXT + 1),),
    ],
    "a float of no known form": [
        (["f", "1e999"],), (["f", 1.0],), (["f", ["nan"]],),
    ],
    "a large integer of no known form": [
        (["i", 5],), (["i", "0xg"],), (["i", ""],), (["i", "f" * 2000],),
    ],
    "a complex number of no known form": [
        (["c", 1, 2],), (["c", "1", 1.0],), (["c", ["c", 1.0, 1.0], 1.0],),
    ],
    "a sequence of no known form": [
        (["l", {}],), (["l", "ab"],), (["t", 3],), (["n", "x", "<f8", 0], [bytes(8)]),
        (["n", [], "<f8", 0], [bytes(8)]),
    ],
    "a dict of no known form": [
        (["d", {"a": 1}],),
    ],
    "a dict item of no known form": [
        (["d", [[1]]],), (["d", ["ab"]],), (["d", [[1, 2, 3]]],),
    ],
    "a dict key that is no scalar": [
        (["d", [[["l", []], 1]]],), (["d", [[["d", []], 1]]],), (["d", [[["h", 1, "X"], 1]]],),
        (["d", [[["t", [["t", [1]]]], 1]]],), (["d", [[["t", [1] * 65], 1]]],),
        (["d", [[["a", "<f8", [1], 0], 1]]], [bytes(8)]), (["d", [[["n", "t", "<i8", 0], 1]]], [bytes(520)]),
    ],
    "a buffer that is not there": [
        (["b", 0],), (["b", -1], [b""]), (["b", True], [b"", b""]), (["b", 0.0], [b""]), (["b", "0"], [b""]),
        (["b", None], [b""]),
    ],
    "a buffer used twice": [
        (["l", [["b", 0], ["b", 0]]], [b"x"]), (["l", [["a", "|u1", [1], 0], ["g", "|u1", 0]]], [b"x"]),
    ],
    "a dtype that may not cross": [
        (["a", "|O", [1], 0], [bytes(8)]), (["a", "O", [1], 0], [bytes(8)]), (["a", "<U1", [2], 0], [bytes(8)]),
        (["a", "<M8[s]", [1], 0], [bytes(8)]), (["a", ">f8", [1], 0], [bytes(8)]), (["a", "f8", [1], 0], [bytes(8)]),
        (["a", "<f16", [1], 0], [bytes(16)]), (["a", "<f8,<f8", [1], 0], [bytes(16)]),
        (["a", ["<f8"], [1], 0], [bytes(8)]), (["a", {"names": []}, [1], 0], [bytes(8)]),
        (["a", None, [1], 0], [bytes(8)]), (["g", "|S8", 0], [bytes(8)]), (["s", "l", "|O", 0], [bytes(8)]),
    ],
    "a buffer of another size than its array": [
        (["g", "<f8", 0], [bytes(4)]), (["a", "<f8", [2], 0], [bytes(8)]), (["a", "<f8", [], 0], [b""]),
        (["a", "<f8", [0], 0], [b"x"]),
    ],
    "a shape of no known form": [
        (["a", "<f8", 1, 0], [bytes(8)]), (["a", "<f8", "1", 0], [bytes(8)]),
    ],
    "a dimension out of range": [
        (["a", "<f8", [-1], 0], [bytes(8)]), (["a", "<f8", [-1, -1], 0], [bytes(8)]),
        (["a", "<f8", [True], 0], [bytes(8)]), (["a", "<f8", [1.0], 0], [bytes(8)]),
        (["a", "<f8", [None], 0], [bytes(8)]), (["a", "<f8", [[1]], 0], [bytes(8)]),
        (["a", "<f8", [1 << 70, 0], 0], [b""]),
    ],
    "a shape out of range": [
        (["a", "<f8", [0, 1 << 32], 0], [b""]), (["a", "<f8", [0] + [1 << 20] * 5, 0], [b""]),
        (["a", "<f8", [1 << 31, 2], 0], [bytes(8)]), (["a", "<f8", [1] * 33, 0], [bytes(8)]),
    ],
    "numbers of no known kind": [
        (["n", "l", "<f4", 0], [bytes(8)]),
    ],
    "numbers cut off": [
        (["n", "l", "<f8", 0], [bytes(9)]), (["s", "l", "<f8", 0], [bytes(9)]),
    ],
    "too many numbers": [
        (["n", "l", "|b1", 0], [bytes(MAX_NUMBERS + 1)]), (["s", "l", "|u1", 0], [bytes(MAX_NUMBERS + 1)]),
        (["l", [["n", "l", "|b1", 0], ["n", "l", "|b1", 1]]], [bytes(MAX_NUMBERS)] * 2),
    ],
    "a stack of no known form": [
        (["A", "l", "<f8", [], 0], [bytes(8)]),
    ],
    "too many nodes": [
        (["A", "l", "<f8", [MAX_NODES, 0], 0], [b""]),
        (["l", [["A", "l", "<f8", [MAX_NODES // 2, 0], k] for k in range(2)]], [b""] * 2), (["l", [1] * MAX_NODES],),
    ],
    "a handle of no known form": [
        (["h", "1", "X"],), (["h", 1.0, "X"],), (["h", True, "X"],), (["h", None, "X"],), (["h", 1 << 64, "X"],),
        (["h", 1, None],), (["h", 1, ["X"]],),
    ],
    "nested too deep": [
        (nested("l", MAX_DEPTH + 2),), (nested("t", 300),), (nested("c", MAX_DEPTH + 3),),
    ],
    "too many dict entries": [
        (["d", [[k, 0] for k in range(MAX_ITEMS + 1)]],),
        (["l", [["d", [[k, 0] for k in range(MAX_ITEMS // 2 + 1)]]] * 2],),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("words", "lies"), LIES.items(), ids=str)
def test_a_node_that_lies_is_refused(words, lies):
    for lie in lies:
        with pytest.raises(FrameError, match=f"^{re.escape(words)}$"):
            decoded(*lie)


def test_a_lone_surrogate_is_replaced():
    assert decoded(json.loads(r'"a\ud800b"')) == "a?b"
    assert decoded(["h", 1, json.loads(r'"\udfff"')]) == [1, "?"]


def test_a_boolean_is_true_or_false():
    array = decoded(["a", "|b1", [4], 0], [b"\x00\x01\x02\xff"])
    assert array.tolist() == [False, True, True, True]
    assert array.view(np.uint8).tolist() == [0, 1, 1, 1]
    assert decoded(["n", "l", "|b1", 0], [b"\x00\x07"]) == [False, True]
    scalars = decoded(["s", "l", "|b1", 0], [b"\x00\x07"])
    assert [np.uint8(value) for value in scalars] == [0, 1]


def test_the_name_of_a_type_is_cut():
    assert decoded(["h", -5, "x" * 5000]) == [-5, "x" * 80]


def test_empty_arrays_of_many_axes_are_taken():
    assert decoded(["a", "<f8", [0, 1 << 20, 7], 0], [b""]).shape == (0, 1 << 20, 7)
    assert decoded(["a", "<f8", [1] * 32, 0], [bytes(8)]).ndim == 32


def test_keys_that_collide_cost_little():
    ints = ["d", [[["i", hex(k * PRIME)], 0] for k in range(1, MAX_ITEMS + 1)]]
    assert len({hash(k * PRIME) for k in range(1, 100)}) == 1
    assert len(decoded(ints)) == MAX_ITEMS


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([0.5] * (MAX_NUMBERS + 1), "lists of more than 1,048,576 items: return an array"),
        ([[True] * MAX_NUMBERS, [1, 2]], "lists of more than 1,048,576 items"),
        (range(1 << 40), "lists of more than 1,048,576 items"),
        ([np.zeros(0)] * (MAX_NODES + 1), "more than 200,000 separate objects"),
        ([dict.fromkeys(range(6000)), dict.fromkeys(range(6000))], "dicts of more than 10,000 entries together"),
        (np.zeros((0, 1 << 40)), r"an array of shape \(0, 1099511627776\)"),
    ],
    ids=["numbers", "two lists", "range", "stack", "dicts", "shape"],
)
def test_an_honest_worker_refuses_what_could_not_be_taken(value, words):
    with pytest.raises(TooLarge, match=words):
        Encoder(lambda value: ["h", 0, ""]).encode(value)


def test_whatever_is_encoded_is_taken():
    deep = 1 + 2j
    for _ in range(MAX_DEPTH):
        deep = [deep]
    many = ([1.0] * MAX_NUMBERS, [np.zeros(0)] * 150_000, {k: k for k in range(MAX_ITEMS)}, "x" * MAX_TEXT)
    for value in (deep, 1 << 4095, *many):
        encoder = Encoder(lambda value: ["h", 0, ""])
        node = encoder.encode(value)
        back = Decoder([bytearray(b) for b in encoder.buffers], lambda *_: None).decode(node)
        assert len(back) == len(value) if hasattr(value, "__len__") else back == value


SEEDS = [
    frame({"n": "0", "ok": ["l", [1, 2.5, None, "text", ["f", "nan"], ["i", "-0xfffffffffffffffffff"], ["c", 1.0, 2.0]]]}),
    frame({"ok": ["d", [["a", ["a", "<f8", [2, 3], 0]], [["t", [1, 2.0]], ["g", "<f4", 1]]]]}, [bytes(48), bytes(4)]),
    frame({"ok": ["n", "l", "<i8", 0], "mutated": ["x"]}, [bytes(80)]),
    frame({"ok": ["A", "t", "<f4", [3, 2], 0]}, [bytes(24)]),
    frame({"ok": ["s", "l", "<f4", 0]}, [bytes(24)]),
    frame({"raised": {"lineage": ["ValueError"], "text": "x", "file": "knn.py", "line": 3, "wanted": None}}),
    frame({"ok": ["h", 3, "Net"], "n": "00"}), frame({"ok": ["b", 0]}, [b"12345"]),
    frame({"ok": ["a", "|b1", [5], 0]}, [b"12345"]),
]  # fmt: skip


def mutated(rng, data):
    """The frame with a few bytes flipped, cut out, doubled or replaced by telling ones."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data))
        choice = rng.randrange(5)
        if choice == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif choice == 1:
            data[place] = rng.choice(b'0123456789-[]{}",:.eabdfghilnstAGT|<>\x00\xff')
        elif choice == 2:
            del data[place : place + rng.randint(1, 8)]
            data = data or bytearray(b"G")
        elif choice == 3:
            data[place:place] = data[place : place + rng.randint(1, 30)]
        else:
            data[place : place + 8] = struct.pack("<Q", rng.choice([0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]))
    return bytes(data)


def mutated_head(rng, value):
    """The head with one of its nodes replaced by something telling."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        return {**value, key: mutated_head(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], mutated_head(rng, value[place]), *value[place + 1 :]]
    odd = [None, True, -1, 0, 1 << 31, 1 << 64, 1e308, "", "l", "<f8", "|O", "\ud800", [], {}, [[]], ["h", 1, "x"]]
    return rng.choice([*odd, ["a", "<f8", [0, -1], 0]])


def attempt(data):
    """Whether a frame that may be damaged was taken as one."""
    try:
        head, buffers = taken(data)
        for node in head.values():
            Decoder(buffers, lambda *_: object(), readonly=True).decode(node)
    except (FrameError, End):
        return False
    return True


def test_nothing_but_a_frame_error_comes_of_damaged_frames():
    rng = random.Random(20240607)
    before, whole = memory(), 0
    for _ in range(3000):
        whole += attempt(mutated(rng, rng.choice(SEEDS)))
    for _ in range(3000):
        head, buffers = taken(rng.choice(SEEDS))
        whole += attempt(frame(mutated_head(rng, head), [bytes(b) for b in buffers]))
    assert 100 < whole < 5000  # the damage reaches the decoder, and shows
    assert memory() - before < 64 << 20
