"""What the handouts call to get arrays that are ready for the exercise."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from course_data.generated.cifarlike import cifar_like

__all__ = ["flat_images", "knn_images"]

_HANDOUT_SEED = 231


def flat_images(images: NDArray[np.uint8], dtype: DTypeLike = np.float32) -> NDArray[np.floating]:
    """Every image as one row of numbers 0 to 255.

    Bytes must become floats before anybody subtracts them: in uint8, 3 - 5 is 254.

    Shapes: images (n, H, W, C), uint8; result (n, H * W * C), `dtype`.
    """
    return images.reshape(len(images), int(np.prod(images.shape[1:]))).astype(dtype)


def knn_images(
    n_train: int = 1000, n_test: int = 200, *, seed: int = _HANDOUT_SEED, dtype: DTypeLike = np.float32
) -> tuple[NDArray[np.floating], NDArray[np.int64], NDArray[np.floating], NDArray[np.int64]]:
    """CIFAR-like images as rows of floats: the data of the nearest-neighbour handout.

    No image is in both halves.

    Returns:
        X_train (n_train, 3072), y_train (n_train,), X_test (n_test, 3072), y_test (n_test,); rows hold
        0 to 255, labels are places in `CLASS_NAMES`.

    Raises:
        ValueError: n_train, n_test or seed is negative.
    """
    train, y_train = cifar_like(n_train, seed)
    test, y_test = cifar_like(n_test, seed, start=n_train)
    return flat_images(train, dtype), y_train, flat_images(test, dtype), y_test
