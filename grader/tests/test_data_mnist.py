"""The readers of the real MNIST on IDX files, plain and gzipped, and on broken ones."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from course_data.errors import BrokenFile, ChecksumMismatch
from course_data.real import mnist
from course_data.real.idx import read_idx
from course_data.real.mnist import read_pair

IMAGES = np.random.default_rng(6).integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([7, 0, 9, 1, 7], dtype=np.uint8)
PICTURES, ANSWERS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
MEND = "delete it and run: python -m course_data fetch mnist$"


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(folder: Path, images: bytes, labels: bytes, ending: str = "") -> None:
    for name, content in ((PICTURES, images), (ANSWERS, labels)):
        (folder / f"{name}{ending}").write_bytes(gzip.compress(content) if ending else content)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_plain_and_gzipped_files_give_the_same(tmp_path, ending):
    write(tmp_path, idx(IMAGES), idx(LABELS), ending)
    sums = {name: "md5:" + hashlib.md5(idx(part)).hexdigest() for name, part in ((PICTURES, IMAGES), (ANSWERS, LABELS))}
    images, labels = read_pair(tmp_path, "train", sums)
    assert np.array_equal(images, IMAGES)
    assert (labels.tolist(), labels.dtype) == (LABELS.tolist(), np.int64)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_other_contents_than_the_published_are_refused(tmp_path, ending):
    write(tmp_path, idx(IMAGES), idx(LABELS), ending)
    with pytest.raises(ChecksumMismatch, match=rf"{PICTURES}{ending}: its md5 is \w+, published is 6bbc9ace\w+; {MEND}"):
        read_pair(tmp_path, "train", mnist.SUMS)


BROKEN = {
    "empty": (b"", "too short: 0 bytes, the head alone takes 16"),
    "half a head": (idx(IMAGES)[:15], "too short: 15 bytes, the head alone takes 16"),
    "short": (idx(IMAGES)[:-1], r"too short: its head says \(5, 28, 28\), 3936 bytes, found 3935"),
    "trailing": (idx(IMAGES) + b"\0\0", r"2 bytes too long: its head says \(5, 28, 28\), 3936 bytes, found 3938"),
    "labels": (idx(LABELS) + bytes(9), "begins with 0x00000801, not with 0x00000803"),
    "text": (b"<html>service unavailable</html>", "begins with 0x3c68746d, not with 0x00000803"),
    "of floats": (b"\0\0\x0d\x03" + idx(IMAGES)[4:], "begins with 0x00000d03, not with 0x00000803"),
    "huge": (b"\0\0\x08\x03" + b"\xff" * 12, r"too short: its head says \(4294967295, 4294967295, 4294967295\)"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_named(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(BrokenFile, match=rf"^{tmp_path / 'x'}: {message}"):
        read_idx(tmp_path / "x", 3, None, "mend")


@pytest.mark.parametrize("content", [gzip.compress(idx(LABELS))[:-9], b"not gzip", gzip.compress(idx(LABELS)) + b"tail"])
def test_broken_gzip_is_named(tmp_path, content):
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(BrokenFile, match=r"x\.gz: not a whole gzip file \(.+\); mend$"):
        read_idx(tmp_path / "x.gz", 1, None, "mend")


PAIRS = {
    "counts": (idx(IMAGES), idx(LABELS[:4]), f"{ANSWERS}: 4 labels for 5 images"),
    "sizes": (idx(IMAGES[:, :, 1:]), idx(LABELS), rf"{PICTURES}: its images are \(28, 27\), not \(28, 28\)"),
    "label": (idx(IMAGES), idx(LABELS + np.uint8(1)), f"{ANSWERS}: a label is 10, not 0 to 9"),
}


@pytest.mark.parametrize(("images", "labels", "message"), PAIRS.values(), ids=PAIRS)
def test_files_that_do_not_belong_together_are_named(tmp_path, images, labels, message):
    write(tmp_path, images, labels)
    with pytest.raises(BrokenFile, match=f"{message}; {MEND}"):
        read_pair(tmp_path, "train", {})


def test_one_file_of_four_is_not_enough(tmp_path):
    assert not mnist.present(tmp_path)
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS)))
    assert mnist.present(tmp_path)
    with pytest.raises(
        BrokenFile, match=rf"t10k-images-idx3-ubyte\.gz: cannot be read \(No such file or directory\); {MEND}"
    ):
        mnist.read(tmp_path, "test")


def test_the_splits_are_the_published_files(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(mnist, "read_pair", lambda *request: asked.append(request) or (IMAGES, LABELS))
    assert mnist.read(tmp_path, "train")[2] == tuple("0123456789")
    mnist.read(tmp_path, "test")
    assert asked == [(tmp_path / "MNIST" / "raw", part, mnist.SUMS) for part in ("train", "t10k")]
