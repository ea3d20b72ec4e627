"""The PNG writer and reader, against pillow where it is installed, and on broken files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from course_data.errors import BrokenFile, DataError
from course_data.pictures import encode_jpeg, read_picture
from course_data.png import UnusualPng, decode_png, encode_png

FILE = Path("a.png")


def _smooth(height: int, width: int) -> np.ndarray:
    ramp = np.arange(height)[:, None, None] * 3 + np.arange(width)[None, :, None] * 5 + np.arange(3) * 70
    return (ramp % 256).astype(np.uint8)


IMAGES = {
    "noise": np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8),
    "ramp": _smooth(40, 31),
    "columns": np.repeat(_smooth(1, 31), 40, axis=0),
    "grey": np.random.default_rng(2).integers(0, 256, (4, 9), dtype=np.uint8),
    "one pixel": np.full((1, 1, 3), 255, dtype=np.uint8),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_what_is_written_comes_back(image):
    assert np.array_equal(decode_png(encode_png(image), FILE), image)


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_pillow_reads_the_same(image):
    pillow = pytest.importorskip("PIL.Image")
    with pillow.open(io.BytesIO(encode_png(image))) as picture:
        assert np.array_equal(np.asarray(picture), image)


def test_every_filter_is_used_and_undone():
    kinds = {zlib.decompress(_body(encode_png(image), b"IDAT"))[0] for image in IMAGES.values()}
    assert kinds == {0, 1, 2}


def _body(content: bytes, kind: bytes) -> bytes:
    at = content.index(kind)
    return content[at + 4 : at + 4 + int.from_bytes(content[at - 4 : at], "big")]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _file(head: tuple[int, ...], raw: bytes) -> bytes:
    chunks = _chunk(b"IHDR", struct.pack(">IIBBBBB", *head)), _chunk(b"IDAT", zlib.compress(raw)), _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


GOOD, ONE_PIXEL = encode_png(IMAGES["noise"]), struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
BROKEN = {
    "not PNG": (b"GIF89a" + GOOD, r"^a\.png: not a PNG file: begins with b'GIF89a"),
    "cut off": (GOOD[:60], r"^a\.png: a PNG file that is cut off at byte 60$"),
    "flipped": (GOOD[:50] + bytes([GOOD[50] ^ 1]) + GOOD[51:], r"^a\.png: a PNG file with damage near byte 33$"),
    "headless": (GOOD[:8], r"^a\.png: a PNG file without its first or its last part$"),
    "endless": (GOOD[:-12], r"^a\.png: a PNG file without its first or its last part$"),
    "few pixels": (_file((2, 2, 8, 2, 0, 0, 0), bytes(7)), r"^a\.png: a PNG file with 7 bytes of pixels instead of 14$"),
    "many pixels": (_file((1, 1, 8, 2, 0, 0, 0), bytes(900)), r"^a\.png: a PNG file with 5 bytes of pixels instead of 4$"),
    "no zlib": (GOOD[:8] + _chunk(b"IHDR", ONE_PIXEL) + _chunk(b"IDAT", b"?????") + GOOD[-12:],
                r"^a\.png: a PNG file whose pixels cannot be unpacked \("),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_named(content, message):
    with pytest.raises(BrokenFile, match=message):
        decode_png(content, FILE)


UNUSUAL = {
    "palette": _file((2, 1, 8, 3, 0, 0, 0), bytes(3)),
    "16 bits": _file((1, 1, 16, 2, 0, 0, 0), bytes(7)),
    "interlaced": _file((1, 1, 8, 2, 0, 0, 1), bytes(4)),
    "Paeth": _file((1, 1, 8, 2, 0, 0, 0), bytes([4, 1, 2, 3])),
}


@pytest.mark.parametrize("content", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_files_are_left_to_a_library(content):
    with pytest.raises(UnusualPng):
        decode_png(content, FILE)


def test_a_picture_of_an_unusual_kind_is_read_by_pillow(tmp_path):
    pytest.importorskip("PIL")
    (tmp_path / "a.png").write_bytes(UNUSUAL["Paeth"])
    assert read_picture(tmp_path / "a.png").tolist() == [[[1, 2, 3]]]


def test_grey_becomes_colour_and_a_picture_is_cut_to_its_middle_square(tmp_path):
    (tmp_path / "grey.png").write_bytes(encode_png(IMAGES["grey"]))
    assert np.array_equal(read_picture(tmp_path / "grey.png")[..., 2], IMAGES["grey"])
    pytest.importorskip("PIL")
    wide = np.zeros((8, 24, 3), dtype=np.uint8)
    wide[:, 8:16] = 200
    (tmp_path / "wide.png").write_bytes(encode_png(wide))
    assert read_picture(tmp_path / "wide.png", 8).tolist() == np.full((8, 8, 3), 200).tolist()


def test_jpeg_comes_back_nearly_the_same(tmp_path):
    pytest.importorskip("PIL")
    image = np.repeat(_smooth(1, 16), 16, axis=0)
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(image))
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - image).mean() < 6
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(image)[:300])
    with pytest.raises(BrokenFile, match=r"a\.jpg: not a whole picture \("):
        read_picture(tmp_path / "a.jpg")


def test_without_pillow_its_name_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"a\.jpg: reading this picture needs pillow: pip install pillow$"):
        read_picture(tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"^writing JPEG needs pillow: pip install pillow, or write PNG$"):
        encode_jpeg(IMAGES["noise"])
