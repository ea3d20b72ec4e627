"""`load` and `image_folder`: which source is taken, what is said about it, and what is refused."""

from __future__ import annotations

import hashlib
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from course_data import DataWarning, MissingData, RequestError, digits, image_folder, insects, load, write_tree
from course_data import published as published_sums
from course_data.catalog import SETS
from course_data.checksums import digest
from course_data.errors import BrokenFile
from course_data.places import data_folder
from course_data.published import SUMS, is_published
from course_data.real import mnist

IMAGES = np.random.default_rng(6).integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([7, 0, 9, 1, 7], dtype=np.uint8)
MAY_ROUND = pytest.mark.filterwarnings("ignore:the generated cifar10:course_data.DataWarning")


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_data_folder_is_the_platforms_cache_unless_told(root, monkeypatch):
    assert data_folder() == root
    monkeypatch.delenv("COURSE_DATA")
    pooch = pytest.importorskip("pooch")
    assert str(data_folder()) == str(pooch.os_cache("course_data"))


def test_absent_real_data_is_replaced_and_said_to_be(root):
    data = load("mnist", "test", 20)
    assert (data.source, data.published, len(data), data.class_names[3]) == ("generated", True, 20, "3")
    assert data.note == (
        f"generated mnist (the real mnist is not in {root}/MNIST/raw; run: python -m course_data fetch mnist)"
    )
    seed = SETS["mnist"].split("test").seed
    assert np.array_equal(data.images, digits(20, seed)[0])


@pytest.mark.parametrize(("name", "split", "folders"), [
    ("cifar10", "train", "{0}/cifar-10-batches-py or {0}/cifar-10-batches-bin"),
    ("mnist", "test", "{0}/MNIST/raw"),
    ("insects", "val", "{0}/hymenoptera_data"),
    ("cats_vs_fish", "test", "{0}/cats_vs_fish"),
])  # fmt: skip
def test_real_data_that_is_absent_is_an_error_with_the_mend(root, name, split, folders):
    message = f"the real {name} is not in {folders.format(root)}; run: python -m course_data fetch {name}"
    with pytest.raises(MissingData, match=f"^{message}$"):
        load(name, split, source="real")


def test_the_body_plans_have_no_real_set():
    with pytest.raises(MissingData, match="^body_plans exists as a generated set only$"):
        load("body_plans", "val", source="real")


@pytest.fixture
def real_mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five real images, whose checksums pass for the published ones."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    sums = {}
    for name, part in (("t10k-images-idx3-ubyte", IMAGES), ("t10k-labels-idx1-ubyte", LABELS)):
        (folder / name).write_bytes(idx(part))
        sums[name] = "md5:" + hashlib.md5(idx(part)).hexdigest()
    monkeypatch.setattr(mnist, "SUMS", sums)
    return folder


@pytest.mark.parametrize("source", ["auto", "real"])
def test_real_data_that_is_there_is_taken(root, real_mnist, source):
    data = load("mnist", "test", 3, source)
    assert (data.source, data.published, data.note) == ("real", None, f"real mnist from {root}")
    assert np.array_equal(data.images, IMAGES[:3])
    assert data.labels.tolist() == LABELS[:3].tolist()


def test_generated_data_can_be_asked_for_beside_the_real(real_mnist):
    assert load("mnist", "test", 3, "generated").source == "generated"


def test_broken_real_data_is_never_replaced_silently(real_mnist):
    (real_mnist / "t10k-labels-idx1-ubyte").write_bytes(b"")
    with pytest.raises(BrokenFile, match="t10k-labels-idx1-ubyte: too short"):
        load("mnist", "test")


def test_a_real_set_has_only_so_many_images(real_mnist):
    with pytest.raises(RequestError, match="^mnist test holds 5 images, n is 6$"):
        load("mnist", "test", 6)


def test_real_insects_are_pictures_of_any_size(root):
    pytest.importorskip("PIL")
    wide = np.random.default_rng(1).integers(0, 256, (4, 70, 90, 3), dtype=np.uint8)
    write_tree(root / "hymenoptera_data" / "val", wide, np.array([0, 1, 1, 0]), ("ants", "bees"), "jpeg")
    data = load("insects", "val")
    assert (data.source, data.class_names, data.images.shape) == ("real", ("ants", "bees"), (4, 64, 64, 3))
    assert data.labels.tolist() == [0, 1, 1, 0]
    assert image_folder("insects", "val") == root / "hymenoptera_data" / "val"
    with pytest.raises(RequestError, match="^insects val holds 4 images, n is 5$"):
        load("insects", "val", 5)


REFUSED = {
    "set": (("minst", "test"), "there is no data set 'minst'; there are cifar10, mnist, insects, cats_vs_fish, body_plans"),
    "split": (("mnist", "val"), "mnist has no split 'val'; it has train, test"),
    "source": (("mnist", "test", 1, "web"), "there is no source 'web'; there are auto, real, generated"),
    "negative": (("mnist", "test", -1), "n is -1; give 0 or more, or None for all"),
    "too many": (("insects", "val", 154), "insects val holds 153 images, n is 154"),
}


@pytest.mark.parametrize(("request_", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_exist_is_named(request_, message):
    with pytest.raises(RequestError, match=f"^{message}$"):
        load(*request_)


@MAY_ROUND
@pytest.mark.parametrize("name", ["cifar10", "mnist", "cats_vs_fish"])
def test_the_first_images_are_the_same_whatever_n_is(name):
    few, more, none = load(name, "test", 7), load(name, "test", 60), load(name, "test", 0)
    assert np.array_equal(few.images, more.images[:7])
    assert np.array_equal(few.labels, more.labels[:7])
    assert none.images.shape == (0, *few.images.shape[1:])


def test_arrays_are_read_only():
    data = load("mnist", "test", 5)
    for array in (data.images, data.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_generated_insects_are_files_on_disk(root):
    data = load("insects", "val", 60)
    folder = image_folder("insects", "val")
    assert folder == root / "generated" / "insects-v1" / "val"
    assert len(list(folder.glob("*/*.png"))) == 153
    assert (data.class_names, data.published) == (("ant", "bee"), True)
    images, labels = insects(60, SETS["insects"].split("val").seed)
    assert np.array_equal(data.images, images)
    assert np.array_equal(data.labels, labels)


def test_only_trees_have_a_folder():
    with pytest.raises(RequestError, match=r"^mnist is no tree of files; use load\('mnist', 'test'\)$"):
        image_folder("mnist", "test")


def test_where_nothing_can_be_written_insects_are_drawn_each_time(root):
    root.write_text("a file where the folder should be")
    with pytest.warns(DataWarning, match="insects is generated each time$"):
        data = load("insects", "val", 5)
    assert (len(data), data.published) == (5, True)


def test_images_that_differ_from_the_published_are_reported(monkeypatch):
    wrong = {**SUMS, ("mnist", "test"): {500: "0" * 64}}
    monkeypatch.setattr(published_sums, "SUMS", wrong)
    with pytest.warns(
        DataWarning, match="^the generated mnist test is not, to the byte, the published one: .* one machine$"
    ):
        data = load("mnist", "test", 5)
    assert data.published is False


def test_every_public_split_has_checksums_from_its_first_chunk_to_its_end():
    for entry in SETS.values():
        for name, split in entry.splits.items():
            known = SUMS[entry.name, name]
            assert max(known) == split.size
            assert min(known) == (split.size if entry.tree else entry.chunk)


@pytest.mark.parametrize(("name", "split"), [pair for pair in SUMS if pair[0] != "cifar10"])
def test_exact_generators_give_the_published_bytes(name, split):
    n, known = min(SUMS[name, split].items())
    assert digest(*SETS[name].draw(n, SETS[name].split(split).seed)) == known


def test_the_longest_known_beginning_is_compared():
    images, labels = digits(1000, SETS["mnist"].split("train").seed)
    assert is_published("mnist", "train", images, labels)
    changed = images.copy()
    changed[0, 0, 0] += 1
    assert not is_published("mnist", "train", changed, labels)
    assert not is_published("mnist", "train", images[:10], labels[:10])
    assert not is_published("mnist", "validation", images, labels)


def test_a_checksum_covers_pixels_labels_and_shapes():
    images, labels = np.zeros((2, 2, 3), np.uint8), np.array([0, 1])
    same = digest(np.asfortranarray(images), labels.astype(">i8"))
    others = [digest(images.reshape(2, 3, 2), labels), digest(images + np.uint8(1), labels), digest(images, labels[::-1])]
    assert digest(images, labels) == same
    assert len({same, *others}) == 4


@MAY_ROUND
def test_a_second_load_says_nothing_and_gives_the_same():
    first = load("cifar10", "test", 30)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="(?!the generated)")
        second = load("cifar10", "test", 30)
    assert np.array_equal(first.images, second.images)
