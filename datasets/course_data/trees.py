"""Trees of pictures, one folder for each class, as torchvision's ImageFolder reads them: ROOT/<class>/<number>.png."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from course_data.errors import BrokenFile, DataWarning, RequestError
from course_data.generated.sequence import Bytes, Labels
from course_data.pictures import encode_jpeg, read_picture
from course_data.png import encode_png

__all__ = ["MANIFEST", "keep_tree", "read_tree", "write_tree"]

MANIFEST = "manifest.json"
"""Lists every picture with its checksum. ImageFolder passes over it, for it is no folder."""

_ENDINGS = {".png", ".jpg", ".jpeg"}


def write_tree(
    root: Path, images: Bytes, labels: Labels, class_names: tuple[str, ...], form: Literal["png", "jpeg"] = "png"
) -> None:
    """Write the images (n, H, W, 3) as files, a folder for each class and a manifest, into `root`, which must not exist.

    The tree appears at once and whole: it is written beside `root` and renamed.

    Raises:
        RequestError: `root` is there already.
        DataError: `form` is "jpeg" and pillow is not installed.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        draft.chmod(0o755)
        _fill(draft, images, labels, class_names, form)
        draft.rename(root)
    except OSError as error:
        if root.exists():
            raise RequestError(f"{root}: is there already; choose another folder or delete it") from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(draft: Path, images: Bytes, labels: Labels, class_names: tuple[str, ...], form: str) -> None:
    encode, ending = (encode_png, "png") if form == "png" else (encode_jpeg, "jpg")
    sums = {}
    for name in class_names:
        (draft / name).mkdir()
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        file, content = f"{class_names[label]}/{number:05d}.{ending}", encode(image)
        (draft / file).write_bytes(content)
        sums[file] = hashlib.sha256(content).hexdigest()
    (draft / MANIFEST).write_text(json.dumps({"classes": class_names, "sha256": sums}, indent=1))


def read_tree(root: Path, size: int | None = None, n: int | None = None) -> tuple[Bytes, Labels, tuple[str, ...]]:
    """The pictures under `root` in the order of their file names, whatever their class; classes in alphabetical order.

    So the first n images are the first n of a bigger request, and of a tree of `write_tree` in the order written.

    Args:
        root: a folder with one folder for each class.
        size: scale every picture's middle square to this side; None: pictures must be equally large.
        n: how many to read, None: all.

    Returns:
        images (n, H, W, 3), uint8; labels (n,); class names.

    Raises:
        BrokenFile: no classes, no pictures, pictures of different sizes, or one that cannot be read.
        DataError: a picture needs pillow, which is not installed.
    """
    names = tuple(sorted(entry.name for entry in root.iterdir() if entry.is_dir())) if root.is_dir() else ()
    files = sorted((file.name, label, file) for label, name in enumerate(names) for file in _pictures(root / name))
    if not files:
        raise BrokenFile(f"{root}: no pictures; wanted are {root / 'CLASS' / 'NAME.png'} or .jpg")
    wanted = len(files) if n is None else n
    images = [read_picture(file, size) for _, _, file in files[: max(wanted, 1)]]
    odd = next((k for k, image in enumerate(images) if image.shape != images[0].shape), None)
    if odd is not None:
        raise BrokenFile(f"{files[odd][2]}: is {images[odd].shape[:2]}, the first picture is {images[0].shape[:2]}")
    labels = np.array([label for _, label, _ in files[:wanted]], dtype=np.int64)
    return np.stack(images)[:wanted], labels, names


def keep_tree(root: Path, make: Callable[[], tuple[Bytes, Labels]], class_names: tuple[str, ...]) -> None:
    """See to it that the tree of the images that `make` draws lies at `root`, and is as it was written.

    A damaged tree is put aside and written anew, with a DataWarning. Several processes may do this at once.

    Raises:
        OSError: the tree cannot be written here.
    """
    damage = _damage(root) if root.exists() else None
    if damage is not None:
        warnings.warn(f"{root}: {damage}; written anew", DataWarning, stacklevel=2)
        _put_aside(root)
    if not root.exists():
        images, labels = make()
        with contextlib.suppress(RequestError):  # another process was first, and wrote the same
            write_tree(root, images, labels, class_names)


def _damage(root: Path) -> str | None:
    """What is not as the manifest says, None if everything is."""
    try:
        sums = json.loads((root / MANIFEST).read_text())["sha256"]
        found = {file.relative_to(root).as_posix() for file in root.glob("*/*")}
        for file in sorted(found ^ sums.keys()):
            return f"{file} is {'missing' if file in sums else 'not of this tree'}"
        changed = (file for file, total in sums.items() if hashlib.sha256((root / file).read_bytes()).hexdigest() != total)
        return next((f"{file} is damaged" for file in changed), None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is missing or damaged"


def _put_aside(root: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        os.rename(root, aside / "damaged")
    except FileNotFoundError:  # another process was first
        pass
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _pictures(folder: Path) -> Iterable[Path]:
    return (file for file in folder.iterdir() if file.suffix.lower() in _ENDINGS)
