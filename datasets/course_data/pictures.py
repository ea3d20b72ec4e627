"""Reading one picture file: PNG without any library where that goes, everything else with pillow where it is there."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_data.errors import BrokenFile, DataError
from course_data.png import UnusualPng, decode_png

__all__ = ["encode_jpeg", "read_picture"]

_NO_PILLOW = "needs pillow: pip install pillow"


def read_picture(path: Path, size: int | None = None) -> NDArray[np.uint8]:
    """The picture in red, green and blue, (H, W, 3); with `size`, its middle square scaled to (size, size, 3).

    Raises:
        BrokenFile: the file cannot be read as a picture.
        DataError: reading or scaling it needs pillow, which is not installed.
    """
    if path.suffix.lower() == ".png":
        try:
            image = decode_png(path.read_bytes(), path)
        except UnusualPng:
            return _with_pillow(path, size)
        image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
        if size is None or image.shape[:2] == (size, size):
            return image
    return _with_pillow(path, size)


def encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    """The JPEG file of an image (H, W, 3), without chroma subsampling; lossy.

    Raises:
        DataError: pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError(f"writing JPEG {_NO_PILLOW}, or write PNG") from error
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=92, subsampling=0)
    return file.getvalue()


def _with_pillow(path: Path, size: int | None) -> NDArray[np.uint8]:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise DataError(f"{path}: reading this picture {_NO_PILLOW}") from error
    try:
        with Image.open(path) as file:
            picture = file.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BrokenFile(f"{path}: not a whole picture ({error})") from error
    return np.asarray(picture if size is None else ImageOps.fit(picture, (size, size)))
