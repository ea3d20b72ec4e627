"""The generated images and the loaders of `datasets/course_data`."""

from __future__ import annotations

import numpy as np
import pytest
from course_data import CLASS_NAMES, cifar_like, flat_images, knn_images


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """450 images: two full chunks and a part of a third."""
    return cifar_like(450, 7)


def test_images_are_bytes_of_the_promised_shape(drawn):
    images, labels = drawn
    assert (images.shape, images.dtype) == ((450, 32, 32, 3), np.uint8)
    assert labels.shape == (450,)
    assert set(labels) == set(range(len(CLASS_NAMES)))


@pytest.mark.parametrize("n", [0, 1, 199, 200, 201])
def test_a_shorter_draw_is_the_beginning_of_a_longer_one(drawn, n):
    images, labels = cifar_like(n, 7)
    assert images.shape == (n, 32, 32, 3)
    assert np.array_equal(images, drawn[0][:n])
    assert np.array_equal(labels, drawn[1][:n])


@pytest.mark.parametrize(("start", "n"), [(0, 5), (3, 5), (198, 4), (200, 200), (390, 60)])
def test_start_continues_where_another_draw_ended(drawn, start, n):
    images, labels = cifar_like(n, 7, start=start)
    assert np.array_equal(images, drawn[0][start : start + n])
    assert np.array_equal(labels, drawn[1][start : start + n])


def test_every_chunk_is_balanced_and_shuffled(drawn):
    _, labels = drawn
    assert np.bincount(labels[:200]).tolist() == [20] * 10
    assert np.bincount(labels[200:400]).tolist() == [20] * 10
    assert not np.array_equal(labels[:200], labels[200:400])


def test_another_seed_gives_other_images(drawn):
    images, labels = cifar_like(200, 8)
    assert not np.array_equal(labels, drawn[1][:200])
    assert not (images == drawn[0][:200]).all(axis=(1, 2, 3)).any()


def test_no_image_comes_twice(drawn):
    images, _ = drawn
    assert len(np.unique(images.reshape(450, -1), axis=0)) == 450


def test_a_private_seed_may_be_wider_than_64_bits():
    assert not np.array_equal(cifar_like(3, 2**100)[0], cifar_like(3, 2**100 + 1)[0])


@pytest.mark.parametrize("wrong", [{"n": -1}, {"seed": -2}, {"start": -3}])
def test_negative_arguments_are_named(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"^cifar_like: {name} is {value}; give 0 or more$"):
        cifar_like(**{"n": 1, "seed": 0, **wrong})


def test_colour_says_something_about_the_class_but_not_much():
    """The nearest mean image beats chance, 0.1, and is far from always right: 0.30 +- 0.03 over 20 seeds."""
    images, labels = cifar_like(1500, 3)
    rows = flat_images(images)
    means = np.array([rows[:1000][labels[:1000] == c].mean(axis=0) for c in range(10)])
    distances = ((rows[1000:, None] - means) ** 2).sum(axis=2)
    assert 0.2 < np.mean(distances.argmin(axis=1) == labels[1000:]) < 0.6


def test_flat_images_become_floats_before_anyone_subtracts_them():
    images = np.array([[[[3, 200, 5]]], [[[5, 100, 255]]]], dtype=np.uint8)
    rows = flat_images(images, np.float64)
    assert rows.dtype == np.float64
    assert (rows[0] - rows[1]).tolist() == [-2, 100, -250]


def test_flat_images_takes_no_images():
    assert flat_images(np.empty((0, 32, 32, 3), dtype=np.uint8)).shape == (0, 3072)


def test_knn_images_are_two_parts_of_one_draw(drawn):
    X_train, y_train, X_test, y_test = knn_images(250, 40, seed=7, dtype=np.float64)
    assert X_train.dtype == X_test.dtype == np.float64
    assert np.array_equal(np.concatenate([X_train, X_test]), flat_images(drawn[0][:290]))
    assert np.array_equal(np.concatenate([y_train, y_test]), drawn[1][:290])


def test_knn_images_stay_the_same_without_arguments():
    X_train, y_train, X_test, y_test = knn_images()
    assert (X_train.shape, X_test.shape, X_train.dtype) == ((1000, 3072), (200, 3072), np.float32)
    again = knn_images(n_train=10, n_test=0)
    assert np.array_equal(again[0], X_train[:10])
    assert again[2].shape == (0, 3072)
    assert (len(y_train), len(y_test)) == (1000, 200)
