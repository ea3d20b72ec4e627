"""`load`: one way to every set, real or generated."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import get_args

from course_data.cache import drawn
from course_data.catalog import Entry, find
from course_data.dataset import Dataset, Origin, Source
from course_data.errors import DataWarning, MissingData, RequestError
from course_data.generated.sequence import Bytes, Labels
from course_data.places import data_folder, generated_folder
from course_data.published import is_published
from course_data.trees import keep_tree, read_tree

__all__ = ["image_folder", "load", "missing"]


def load(name: str, split: str, n: int | None = None, source: Source = "auto") -> Dataset:
    """The first n images of a split, with their labels.

    Args:
        name: "cifar10", "mnist", "insects", "cats_vs_fish" or "body_plans".
        split: "train" and "test", or "train", "val" (and "test") of the sets that are trees of files.
        n: how many, None for all. The first n images are the same whatever n is.
        source: "real" for the real set or an error, "generated" for the generated one, "auto" for the real set where
            it is and else the generated one. `Dataset.source` says which one it was.

    Raises:
        RequestError: no such set, split or source; n is negative or more than there are.
        MissingData: source is "real" and the set is not in the data folder.
        BrokenFile: the real set is there and broken. Nothing else is taken in its place.

    Warns:
        DataWarning: generated images are not those whose checksum is published, or could not be kept.
    """
    entry, origin = _choose(name, split, n, source)
    return _real(entry, split, n) if origin == "real" else _generated(entry, split, n)


def image_folder(name: str, split: str, source: Source = "auto") -> Path:
    """The folder of "insects" or "cats_vs_fish", to give to torchvision's ImageFolder; `source` is that of `load`.

    Raises:
        RequestError: no such set, split or source, or the set is not a tree of files.
        MissingData: source is "real" and the set is not in the data folder.
        OSError: the generated tree cannot be written.
    """
    entry, origin = _choose(name, split, None, source)
    if not entry.tree:
        raise RequestError(f"{name} is no tree of files; use load({name!r}, {split!r})")
    if origin == "real" and entry.real is not None:
        return data_folder() / entry.real.folders[0] / split
    return _kept_tree(entry, split)


def missing(entry: Entry) -> str:
    """What to tell somebody who lacks the real set: where it was looked for, and the command that gets it."""
    if entry.real is None:
        return f"{entry.name} exists as a generated set only"
    folders = " or ".join(str(data_folder() / folder) for folder in entry.real.folders)
    return f"the real {entry.name} is not in {folders}; run: python -m course_data fetch {entry.name}"


def _choose(name: str, split: str, n: int | None, source: str) -> tuple[Entry, Origin]:
    entry = find(name)
    entry.split(split)
    if source not in get_args(Source):
        raise RequestError(f"there is no source {source!r}; there are {', '.join(get_args(Source))}")
    if n is not None and n < 0:
        raise RequestError(f"n is {n}; give 0 or more, or None for all")
    there = entry.real is not None and entry.real.present(data_folder())
    if source == "real" and not there:
        raise MissingData(missing(entry))
    return entry, "real" if there and source != "generated" else "generated"


def _enough(entry: Entry, split: str, n: int | None, size: int) -> int:
    if n is not None and n > size:
        raise RequestError(f"{entry.name} {split} holds {size} images, n is {n}")
    return size if n is None else n


def _real(entry: Entry, split: str, n: int | None) -> Dataset:
    assert entry.real is not None
    root = data_folder()
    if entry.real.read is not None:
        images, labels, names = entry.real.read(root, split)
        wanted = _enough(entry, split, n, len(labels))
        images, labels = images[:wanted], labels[:wanted]
    else:
        images, labels, names = read_tree(root / entry.real.folders[0] / split, entry.size, n)
        _enough(entry, split, n, len(labels))
    return Dataset(entry.name, split, images, labels, names, "real", f"real {entry.name} from {root}")


def _generated(entry: Entry, split: str, n: int | None) -> Dataset:
    wanted = _enough(entry, split, n, entry.split(split).size)
    images, labels = (_from_tree if entry.tree else _from_cache)(entry, split, wanted)
    same = is_published(entry.name, split, images, labels)
    if not same:
        warnings.warn(
            f"the generated {entry.name} {split} is not, to the byte, the published one: this processor or this NumPy rounds"
            " differently. It is as good, but hidden sets and thresholds of a course must come from one machine",
            DataWarning, stacklevel=3,
        )  # fmt: skip
    note = f"generated {entry.name} ({missing(entry)})"
    return Dataset(entry.name, split, images[:wanted], labels[:wanted], entry.class_names, "generated", note, same)


def _from_cache(entry: Entry, split: str, n: int) -> tuple[Bytes, Labels]:
    seed = entry.split(split).seed
    path = generated_folder() / f"{entry.name}-v{entry.version}" / f"{split}.npz"
    return drawn(path, n, entry.chunk, lambda count, *, start=0: entry.draw(count, seed, start=start))


def _from_tree(entry: Entry, split: str, n: int) -> tuple[Bytes, Labels]:
    """All images of the split, however few are wanted: read back from the files where those can be written."""
    try:
        images, labels, _ = read_tree(_kept_tree(entry, split))
    except OSError as error:
        warnings.warn(f"{error}; {entry.name} is generated each time", DataWarning, stacklevel=4)
        images, labels = _whole(entry, split)
    return images, labels


def _kept_tree(entry: Entry, split: str) -> Path:
    root = generated_folder() / f"{entry.name}-v{entry.version}" / split
    keep_tree(root, functools.partial(_whole, entry, split), entry.class_names)
    return root


def _whole(entry: Entry, split: str) -> tuple[Bytes, Labels]:
    part = entry.split(split)
    return entry.draw(part.size, part.seed)
