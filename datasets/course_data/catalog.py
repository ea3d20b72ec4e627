"""The course's sets, stated once: splits, sizes, public seeds, generators, and how the real ones are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from course_data.errors import RequestError
from course_data.generated import cifarlike, digits, insects, pets
from course_data.generated.sequence import Bytes, Labels
from course_data.real import cifar10, mnist

__all__ = ["SETS", "Entry", "Real", "Split", "find"]


class Draw(Protocol):
    """A public generator of `course_data.generated`."""

    def __call__(self, n: int, seed: int, *, start: int = 0) -> tuple[Bytes, Labels]: ...


@dataclass(frozen=True)
class Split:
    """A part of a set: how many images the generated one has, and the public seed it is drawn from."""

    size: int
    seed: int


@dataclass(frozen=True)
class Real:
    """Where a real set lies in the data folder, and how it is read.

    Attributes: `folders`, looked at in the data folder; `present(root)`; `read(root, split)`, None where the set is a
    tree of pictures, `folders[0]`/SPLIT/CLASS/NAME.jpg.
    """

    folders: tuple[str, ...]
    present: Callable[[Path], bool]
    read: Callable[[Path, str], tuple[Bytes, Labels, tuple[str, ...]]] | None = None


@dataclass(frozen=True)
class Entry:
    """A set of the course. `version` changes with the generator, so that no older file is taken for its images."""

    name: str
    about: str
    class_names: tuple[str, ...]
    draw: Draw
    chunk: int
    splits: Mapping[str, Split]
    real: Real | None = None
    tree: bool = False
    version: int = 1
    size: int = field(default=0)
    """Side of the square that real pictures are scaled to; 0 where all are equally large."""

    def split(self, name: str) -> Split:
        """The split of that name.

        Raises:
            RequestError: there is none; the message lists those that are.
        """
        if name not in self.splits:
            raise RequestError(f"{self.name} has no split {name!r}; it has {', '.join(self.splits)}")
        return self.splits[name]


def find(name: str) -> Entry:
    """The set of that name.

    Raises:
        RequestError: there is none; the message lists those that are.
    """
    if name not in SETS:
        raise RequestError(f"there is no data set {name!r}; there are {', '.join(SETS)}")
    return SETS[name]


def _tree(folder: str) -> Real:
    return Real((folder,), lambda root: (root / folder).is_dir())


_ENTRIES = (
    Entry(
        "cifar10", "32 x 32 colour, 10 classes (generated: shapes)", cifarlike.CLASS_NAMES, cifarlike.cifar_like,
        cifarlike.CHUNK, {"train": Split(50_000, 10_001), "test": Split(10_000, 10_002)},
        Real(cifar10.FOLDERS, cifar10.present, cifar10.read),
    ),
    Entry(
        "mnist", "28 x 28 grey, 10 digits", digits.CLASS_NAMES, digits.digits,
        digits.CHUNK, {"train": Split(60_000, 20_001), "test": Split(10_000, 20_002)},
        Real(mnist.FOLDERS, mnist.present, mnist.read),
    ),
    Entry(
        "insects", "64 x 64 colour, ants and bees, files", insects.CLASS_NAMES, insects.insects,
        insects.INSECT_CHUNK, {"train": Split(244, 30_001), "val": Split(153, 30_002)},
        _tree("hymenoptera_data"), tree=True, size=64,
    ),
    Entry(
        "cats_vs_fish", "64 x 64 colour, cats and fish, files", pets.CLASS_NAMES, pets.cats_and_fish,
        pets.CHUNK, {"train": Split(400, 40_001), "val": Split(100, 40_002), "test": Split(100, 40_003)},
        _tree("cats_vs_fish"), tree=True, size=64,
    ),
    Entry(
        "body_plans", "64 x 64 colour, 20 insects that are no ants or bees, to train a backbone on", insects.PLAN_NAMES,
        insects.body_plans, insects.PLAN_CHUNK, {"train": Split(10_000, 50_001), "val": Split(1_000, 50_002)},
    ),
)  # fmt: skip

SETS: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every set by its name."""
