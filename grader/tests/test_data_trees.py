"""Trees of pictures: written whole, read back in order, mended when damaged."""

from __future__ import annotations

import json
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from course_data.errors import BrokenFile, DataWarning, RequestError
from course_data.png import encode_png
from course_data.trees import MANIFEST, keep_tree, read_tree, write_tree

NAMES = ("ant", "bee")
IMAGES = np.random.default_rng(3).integers(0, 256, (12, 6, 5, 3), dtype=np.uint8)
LABELS = np.array([1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tree(tmp_path / "trees" / "train", IMAGES, LABELS, NAMES)
    return tmp_path / "trees" / "train"


def _make() -> tuple[np.ndarray, np.ndarray]:
    return IMAGES, LABELS


def test_a_tree_is_one_folder_a_class_and_comes_back_in_order(root):
    assert sorted(entry.name for entry in root.iterdir()) == ["ant", "bee", MANIFEST]
    assert sorted(file.name for file in (root / "ant").iterdir()) == [f"{k:05d}.png" for k in np.flatnonzero(LABELS == 0)]
    images, labels, names = read_tree(root)
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)
    assert names == NAMES
    assert [entry.name for entry in root.parent.iterdir()] == ["train"]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_the_first_n_are_the_first_n_of_all(root, n):
    images, labels, _ = read_tree(root, n=n)
    assert np.array_equal(images, IMAGES[:n])
    assert np.array_equal(labels, LABELS[:n])


def test_the_manifest_vouches_for_every_file(root):
    manifest = json.loads((root / MANIFEST).read_text())
    assert manifest["classes"] == list(NAMES)
    assert len(manifest["sha256"]) == 12


def test_jpeg_trees_are_written_too(tmp_path):
    pytest.importorskip("PIL")
    write_tree(tmp_path / "t", IMAGES, LABELS, NAMES, "jpeg")
    images, labels, _ = read_tree(tmp_path / "t")
    assert images.shape == IMAGES.shape
    assert np.array_equal(labels, LABELS)
    assert len(list((tmp_path / "t").glob("*/*.jpg"))) == 12


def test_a_tree_is_never_written_over(root):
    with pytest.raises(RequestError, match=r"train: is there already; choose another folder or delete it$"):
        write_tree(root, IMAGES, LABELS, NAMES)
    assert [entry.name for entry in root.parent.iterdir()] == ["train"]


def test_an_empty_place_is_named(tmp_path):
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(BrokenFile, match=rf"^{folder}: no pictures; wanted are .*CLASS.NAME\.png or \.jpg$"):
            read_tree(folder)


def test_pictures_of_different_sizes_are_named(root):
    (root / "bee" / "00000.png").write_bytes(encode_png(IMAGES[0, :4]))
    with pytest.raises(BrokenFile, match=r"00001\.png: is \(6, 5\), the first picture is \(4, 5\)$"):
        read_tree(root)


def test_a_broken_picture_is_named(root):
    (root / "ant" / "00001.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    with pytest.raises(BrokenFile, match=r"00001\.png: a PNG file that is cut off at byte 16$"):
        read_tree(root)


def test_a_kept_tree_is_made_once(tmp_path):
    keep_tree(tmp_path / "t", _make, NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keep_tree(tmp_path / "t", lambda: pytest.fail("made again"), NAMES)
    assert np.array_equal(read_tree(tmp_path / "t")[0], IMAGES)


DAMAGES = {
    "a changed picture": (
        lambda root: (root / "bee/00000.png").write_bytes(encode_png(IMAGES[1])),
        "bee/00000.png is damaged",
    ),
    "a lost picture": (lambda root: (root / "ant/00001.png").unlink(), "ant/00001.png is missing"),
    "a stranger": (lambda root: (root / "ant/me.png").write_bytes(b""), "ant/me.png is not of this tree"),
    "no manifest": (lambda root: (root / MANIFEST).unlink(), "manifest.json is missing or damaged"),
    "half a manifest": (lambda root: (root / MANIFEST).write_text('{"classes":'), "manifest.json is missing or damaged"),
    "another manifest": (lambda root: (root / MANIFEST).write_text('["ant"]'), "manifest.json is missing or damaged"),
}


@pytest.mark.parametrize(("spoil", "words"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_tree_is_noticed_and_written_anew(root, spoil, words):
    spoil(root)
    with pytest.warns(DataWarning, match=rf"train: {words}; written anew$"):
        keep_tree(root, _make, NAMES)
    assert np.array_equal(read_tree(root)[0], IMAGES)
    assert [entry.name for entry in root.parent.iterdir()] == ["train"]


def test_many_at_once_leave_one_whole_tree(tmp_path):
    at_once = threading.Barrier(4)

    def make() -> tuple[np.ndarray, np.ndarray]:
        at_once.wait(20)  # so that all of them find no tree
        return IMAGES, LABELS

    threads = [threading.Thread(target=keep_tree, args=(tmp_path / "t", make, NAMES)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]
    assert np.array_equal(read_tree(tmp_path / "t")[0], IMAGES)
