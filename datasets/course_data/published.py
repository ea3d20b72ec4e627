"""Checksums of the generated public splits, by which every machine can tell whether it draws the same images.

Processors and libraries round some functions differently. The CIFAR-like images differ in about one byte of six
million between instruction sets; the other sets use exact arithmetic only (see `generated.portable`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from course_data.checksums import digest

__all__ = ["SUMS", "is_published"]

SUMS: Mapping[tuple[str, str], Mapping[int, str]] = MappingProxyType({
    ("cifar10", "train"): {
        200: "322867305d297241414ce589e6b5406d9fef2342b26dd97d88e161840cd58c11",
        5_000: "591785391b7b04922c564aa8f8d83d7b37322d0ac3c660e9d75e30754ebb9f2c",
        50_000: "e5598e301790f32cdf3d213f0ac08323de1e2b7afedd1365320e2473051aa239",
    },
    ("cifar10", "test"): {
        200: "21945d553c9d002fa64fa291f322df1e127753f2a2db6ea13b3ae2e461ed3e45",
        5_000: "da419e9095fa8b75e8e1d161862b3712e003d9aa6a8609afd58e33ba256b6e63",
        10_000: "eafadf0d6c97a94a23d5050714736ac5e9c3f33f944b7c387c19f1075800c2c9",
    },
    ("mnist", "train"): {
        500: "869af6c80a027bd2cb9b3845f4c734bcfe216fa46350962e6164ddb0dc33d21a",
        5_000: "c4ad1a1e6b757e02d30f20974a2b1fc21adf5a974cc842a6f81c2ee848a21883",
        60_000: "00a516e2d38b89b7508954118908a0c74e21d1764aa354e3c10c2bb0ea49119d",
    },
    ("mnist", "test"): {
        500: "e8b6a3c45982c15c7deb8665693018f27745473152a9566a25d61e4f51f61dd1",
        5_000: "ce0d94c3df10556340b9b1b005b5ea2445dadf45bd3ae58982b3cefa8fef166b",
        10_000: "3f0179c4762b7acf6642f80531690b5249f4c0bf325396735e465fff69325066",
    },
    ("insects", "train"): {
        244: "bc378fd2214502ef8b783792afbcec1a904ace25d38047120cf117d7c7ca00b1",
    },
    ("insects", "val"): {
        153: "e7bac70773e6365293b1c6305d5b793e41cc4f6558c0c8ed0f792be2df85c30e",
    },
    ("cats_vs_fish", "train"): {
        400: "d25b1d8a4402bc3330e2eed16057518f935b40fc6b6d2e4f7be9cb3ab22d4af1",
    },
    ("cats_vs_fish", "val"): {
        100: "4d758fe12216a1ed9a4765bef2ddcf86588db3a4015f107e5ebb85ab117e77fb",
    },
    ("cats_vs_fish", "test"): {
        100: "5621e916df19b5666802807f0ea613b8420bd2cae88434f107a7cbd4ffc323fa",
    },
    ("body_plans", "train"): {
        40: "a7bb58d3634a927268f7f2707aa5b05dc494d46a937d34e46ad48afbae69610e",
        5_000: "0560f86025bcb4ad562d9f62fd9148ed8792c7aba4bbdc49c07fbb811bc4d00a",
        10_000: "d288524aec64c6f020187cf996052a76660ec10cc7a03badeb9ac0d8b2e39fc2",
    },
    ("body_plans", "val"): {
        40: "6eaedc85dbaf7d99a7c5a1ea36ace8fb22523bb2ca8bd05b2ba08502dd67fb68",
        1_000: "2235cb0d129daa03b3760b535eed4a50c72fda3fbce023f035a6d7145b5909d6",
    },
})  # fmt: skip
"""Set and split: number of first images: SHA-256 of them and their labels (`checksums.digest`)."""


def is_published(name: str, split: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> bool:
    """Whether these first images of a split are, to the byte, the published ones.

    Compared is the longest prefix whose checksum stands in `SUMS`. If there is none that short, nothing vouches for
    the images and the answer is False.
    """
    known = SUMS.get((name, split), {})
    n = max((count for count in known if count <= len(labels)), default=None)
    return n is not None and digest(images[:n], labels[:n]) == known[n]
