"""Downloads the real sets with pooch, which checks them, into the data folder."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from course_data.catalog import find
from course_data.checksums import check
from course_data.errors import FetchError
from course_data.places import data_folder
from course_data.real import cifar10, mnist

__all__ = ["DOWNLOADS", "Download", "fetch"]


@dataclass(frozen=True)
class Download:
    """A file to fetch: where from, its checksum, the folder it belongs to, and what an archive must hold."""

    url: str
    checksum: str
    folder: str
    members: Mapping[str, str] | None = None

    @property
    def file(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


_TORONTO, _OSSCI = "https://www.cs.toronto.edu/~kriz", "https://ossci-datasets.s3.amazonaws.com/mnist"

DOWNLOADS: Mapping[str, tuple[Download, ...]] = MappingProxyType({
    "cifar10": (Download(
        f"{_TORONTO}/cifar-10-python.tar.gz", "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        cifar10.FOLDERS[0], cifar10.PYTHON_SUMS,
    ),),
    "cifar10-binary": (Download(
        f"{_TORONTO}/cifar-10-binary.tar.gz", "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        cifar10.FOLDERS[1], cifar10.BINARY_SUMS,
    ),),
    "mnist": tuple(Download(f"{_OSSCI}/{name}.gz", f"sha256:{total}", mnist.FOLDERS[0]) for name, total in (
        ("train-images-idx3-ubyte", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    )),
})  # fmt: skip
"""What there is to fetch, by name."""


def fetch(name: str, say: Callable[[str], None] = print, downloads: Mapping[str, tuple[Download, ...]] = DOWNLOADS) -> Path:
    """Download a real set into the data folder and return its folder there. What is there already is not fetched again.

    Raises:
        RequestError: there is no such set.
        FetchError: pooch is not installed, the set has no archive, or a download failed or is not the published one.
        ChecksumMismatch: a file in the archive is not the published one.
    """
    if name not in downloads:
        raise FetchError(_by_hand(name))
    for download in downloads[name]:
        folder = data_folder() / download.folder
        if _there(download, folder):
            say(f"{folder}: {download.file} is there")
            continue
        say(f"{download.url} -> {folder}")
        archive = _download(download, folder if download.members is None else data_folder() / "downloads")
        if download.members is not None:
            _unpack(archive, folder, download.members)
    return folder


def _by_hand(name: str) -> str:
    entry = find(name)
    if entry.real is None:
        return f"{name} exists as a generated set only; there is nothing to fetch"
    folder = data_folder() / entry.real.folders[0]
    places = ", ".join(str(folder / split / "CLASS" / "*.jpg") for split in entry.splits)
    return f"{name} has no archive with a published checksum; put pictures of your own at {places}"


def _there(download: Download, folder: Path) -> bool:
    wanted = [download.file, download.file.removesuffix(".gz")] if download.members is None else []
    return any((folder / file).exists() for file in wanted) or (
        download.members is not None and all((folder / file).exists() for file in download.members)
    )


def _download(download: Download, folder: Path) -> Path:
    """The file in `folder`, whose checksum is right."""
    try:
        import pooch
    except ImportError as error:
        raise FetchError("fetching needs pooch: pip install pooch") from error
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(download.url, download.checksum, fname=download.file, path=folder))
    except Exception as error:  # pooch passes on whatever its transport raises
        raise FetchError(f"{download.url}: {error}; try again, or put the file into {folder} yourself") from error


def _unpack(archive: Path, folder: Path, members: Mapping[str, str]) -> None:
    """Write the named members, and no others, once their checksums are right."""
    mend = f"delete {archive} and fetch again"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        for name, wanted in members.items():
            try:
                member = opened.extractfile(f"{folder.name}/{name}")
            except KeyError:
                member = None
            if member is None:
                raise FetchError(f"{archive}: holds no {folder.name}/{name}; {mend}")
            content = member.read()
            check(folder / name, content, wanted, mend)
            _replace(folder / name, content)


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix=f".{path.name}-", dir=path.parent, delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
