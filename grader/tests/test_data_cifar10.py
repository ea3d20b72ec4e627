"""The readers of the real CIFAR-10 on files in its true formats, and on broken ones."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from course_data.errors import BrokenFile, ChecksumMismatch
from course_data.real import cifar10
from course_data.real.cifar10 import read_binary, read_python
from course_data.real.pickles import unpickle

IMAGES = np.random.default_rng(5).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
LABELS = [3, 0, 9, 3]
MEND = "delete it and run: python -m course_data fetch cifar10$"


def python_batch(images: np.ndarray, labels: list[int]) -> bytes:
    """The batch as Python 2 pickled it (protocol 2): dicts and lists of byte strings, an array by its old module path."""

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(value)) + value

    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)
    kind = (
        b"cnumpy\ndtype\n"
        + text(b"u1")
        + b"K\x00K\x01\x87R(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    shape = b"M" + struct.pack("<H", len(images)) + b"M" + struct.pack("<H", 3072) + b"\x86"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    state = b"(K\x01" + shape + kind + b"\x89" + text(planes.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    name = text(b"batch_label") + text(b"training batch 1 of 5")
    return b"\x80\x02}(" + name + text(b"labels") + numbers + text(b"data") + array + state + b"u."


def binary_batch(images: np.ndarray, labels: list[int]) -> bytes:
    planes = images.transpose(0, 3, 1, 2)
    return b"".join(bytes([label]) + plane.tobytes() for label, plane in zip(labels, planes, strict=True))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data_batch_1"


@pytest.mark.parametrize(("write", "read"), [(python_batch, read_python), (binary_batch, read_binary)])
def test_both_formats_give_the_same_upright_images(file, write, read):
    file.write_bytes(write(IMAGES, LABELS))
    images, labels = read(file, "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest(), count=4)
    assert np.array_equal(images, IMAGES)
    assert (labels.tolist(), labels.dtype) == (LABELS, np.int64)


def test_a_batch_that_this_numpy_pickles_is_read_as_well(file):
    planes = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2)).reshape(4, -1)
    file.write_bytes(pickle.dumps({b"data": planes, b"labels": LABELS}))
    assert np.array_equal(read_python(file, None, count=4)[0], IMAGES)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("exploded",)


def test_nothing_is_unpickled_before_its_checksum_matches(file, monkeypatch):
    file.write_bytes(python_batch(IMAGES, LABELS))
    monkeypatch.setattr(cifar10, "unpickle", lambda *_: pytest.fail("unpickled"))
    found = hashlib.md5(file.read_bytes()).hexdigest()
    with pytest.raises(ChecksumMismatch, match=rf"data_batch_1: its md5 is {found}, published is c99cafc1\w+; {MEND}"):
        read_python(file, cifar10.PYTHON_SUMS["data_batch_1"])


def test_a_pickle_that_would_run_something_is_refused(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file.write_bytes(pickle.dumps({b"data": _Bomb(), b"labels": LABELS}))
    with pytest.raises(BrokenFile, match=rf"data_batch_1: not a pickle of arrays \(names \w+.mkdir\); {MEND}"):
        read_python(file, None)
    assert not (tmp_path / "exploded").exists()


def _dumps(data: object, labels: object = LABELS) -> bytes:
    return pickle.dumps({b"data": data, b"labels": labels})


FLAT = IMAGES.reshape(4, -1)
BROKEN_PICKLES = {
    "short": (python_batch(IMAGES, LABELS)[:-1000], r"not a pickle of arrays \(.+\)"),
    "text": (b"<html>busy</html>", r"not a pickle of arrays \(.+\)"),
    "empty": (b"", r"not a pickle of arrays \(Ran out of input\)"),
    "a list": (pickle.dumps([1]), "not a CIFAR-10 batch, which is a dict with data and labels"),
    "no labels": (pickle.dumps({b"data": FLAT}), "not a CIFAR-10 batch, which is a dict with data and labels"),
    "wrong count": (python_batch(IMAGES[:3], LABELS[:3]), r"its data is uint8 \(3, 3072\), not uint8 \(4, 3072\)"),
    "wrong type": (_dumps(FLAT.astype(float)), r"its data is float64 \(4, 3072\), not uint8 \(4, 3072\)"),
    "no array": (_dumps([1, 2]), r"its data is list, not uint8 \(4, 3072\)"),
    "few labels": (python_batch(IMAGES, LABELS[:3]), "labels for 4 images wanted, found 3"),
    "no list": (_dumps(FLAT, b"3093"), "labels for 4 images wanted, found bytes"),
    "label 10": (python_batch(IMAGES, [3, 10, 9, 3]), "a label is 10, not 0 to 9"),
    "label True": (_dumps(FLAT, [True, 1, 2, 3]), "a label is True, not 0 to 9"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN_PICKLES.values(), ids=BROKEN_PICKLES)
def test_broken_python_batches_are_named(file, content, message):
    file.write_bytes(content)
    with pytest.raises(BrokenFile, match=rf"^{file}: {message}; {MEND}"):
        read_python(file, None, count=4)


GOOD = binary_batch(IMAGES, LABELS)
BROKEN_RECORDS = {
    "short": (GOOD[:-1], "too short: 12291 bytes, 4 records take 12292"),
    "trailing": (GOOD + b"\n", "too long: 12293 bytes, 4 records take 12292"),
    "label": (b"\x0c" + GOOD[1:], "a label is 12, not 0 to 9"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN_RECORDS.values(), ids=BROKEN_RECORDS)
def test_broken_binary_batches_are_named(file, content, message):
    file.write_bytes(content)
    with pytest.raises(BrokenFile, match=rf"^{file}: {message}; {MEND}"):
        read_binary(file, None, count=4)


def test_a_binary_batch_with_another_checksum_is_refused(file):
    file.write_bytes(GOOD)
    with pytest.raises(ChecksumMismatch, match=r"its sha256 is \w{64}, published is cee91656"):
        read_binary(file, cifar10.BINARY_SUMS["data_batch_1.bin"], count=4)


@pytest.mark.parametrize(("folder", "suffix"), [("cifar-10-batches-py", ""), ("cifar-10-batches-bin", ".bin")])
def test_a_missing_batch_is_named(tmp_path, folder, suffix):
    (tmp_path / folder).mkdir()
    assert cifar10.present(tmp_path)
    with pytest.raises(
        BrokenFile, match=rf"{folder}/test_batch{suffix}: cannot be read \(No such file or directory\); {MEND}"
    ):
        cifar10.read(tmp_path, "test")


@pytest.mark.parametrize(("split", "batches"), [("train", 5), ("test", 1)])
def test_a_split_is_its_batches_in_order(tmp_path, monkeypatch, split, batches):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    asked = []

    def read(path: Path, wanted: str) -> tuple[np.ndarray, np.ndarray]:
        asked.append((path.name, wanted))
        return IMAGES, np.array(LABELS)

    monkeypatch.setattr(cifar10, "read_binary", read)
    images, labels, names = cifar10.read(tmp_path, split)
    assert (len(images), len(labels), len(names)) == (4 * batches, 4 * batches, 10)
    stem = "data_batch_1.bin" if split == "train" else "test_batch.bin"
    assert asked[0] == (stem, cifar10.BINARY_SUMS[stem])
    assert asked == sorted(asked)


def test_strings_of_python_2_become_bytes(file):
    assert unpickle(b"\x80\x02U\x03abc.", file, "") == b"abc"
