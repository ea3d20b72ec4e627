"""Keeps drawn images in a file, so that a set is generated once only."""

from __future__ import annotations

import os
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Protocol

import numpy as np

from course_data.checksums import digest
from course_data.errors import DataWarning
from course_data.generated.sequence import Bytes, Labels

__all__ = ["Generator", "drawn"]


class Generator(Protocol):
    """A generator of `course_data.generated` with its seed bound."""

    def __call__(self, n: int, *, start: int = 0) -> tuple[Bytes, Labels]: ...


def drawn(path: Path, n: int, chunk: int, generate: Generator) -> tuple[Bytes, Labels]:
    """The first images of a sequence, at least n and whole chunks: from the file `path`, which grows as needed.

    A damaged file is replaced, with a DataWarning; where nothing can be written the images are drawn each time, with
    a DataWarning too. Several processes may do this at once: the file is always a whole one.
    """
    wanted = max(1, -(-n // chunk)) * chunk
    images, labels = _read(path) or generate(0)
    if len(labels) < wanted:
        more = generate(wanted - len(labels), start=len(labels))
        images, labels = np.concatenate([images, more[0]]), np.concatenate([labels, more[1]])
        _write(path, images, labels)
    return images, labels


def _read(path: Path) -> tuple[Bytes, Labels] | None:
    """What the file holds; None if there is none or it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            images, labels, total = stored["images"], stored["labels"], str(stored["digest"])
        if digest(images, labels) == total:
            return images, labels
        reason = "its checksum is wrong"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        reason = "not a whole archive of arrays"
    warnings.warn(f"{path}: damaged ({reason}); generated anew", DataWarning, stacklevel=4)
    return None


def _write(path: Path, images: Bytes, labels: Labels) -> None:
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=f".{path.name}-", dir=path.parent, delete=False) as file:
            draft = file.name
            np.savez(file, images=images, labels=labels, digest=np.array(digest(images, labels)))
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except OSError as error:
        warnings.warn(f"{path}: cannot be written ({error}); images are generated each time", DataWarning, stacklevel=4)
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
