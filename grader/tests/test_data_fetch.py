"""Fetching real sets, from a server on this machine."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from course_data.errors import ChecksumMismatch, FetchError, RequestError
from course_data.fetch import DOWNLOADS, Download, fetch
from course_data.real import cifar10, mnist

CONTENT = {"data_batch_1": b"one" * 1000, "test_batch": b"two" * 1000}
SUMS = {name: "sha256:" + hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Path:
    (tmp_path / "served").mkdir()
    return tmp_path / "served"


@pytest.fixture
def address(served: Path) -> Iterator[str]:
    pytest.importorskip("pooch")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served)) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def _archive(file: Path, names: tuple[str, ...] = ("batches/data_batch_1", "batches/test_batch", "../evil")) -> str:
    with tarfile.open(file, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            content = CONTENT.get(name.partition("/")[2], b"evil")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_archive_is_fetched_once_and_only_its_members_unpacked(root, served, address):
    total = _archive(served / "a.tar.gz")
    lines: list[str] = []
    downloads = {"toy": (Download(f"{address}/a.tar.gz", total, "batches", SUMS),)}
    assert fetch("toy", lines.append, downloads) == root / "batches"
    assert {file.name: file.read_bytes() for file in (root / "batches").iterdir()} == CONTENT
    assert not list(root.parent.rglob("evil"))
    (served / "a.tar.gz").unlink()
    fetch("toy", lines.append, downloads)
    assert lines == [f"{address}/a.tar.gz -> {root}/batches", f"{root}/batches: a.tar.gz is there"]


def test_plain_files_go_straight_to_their_folder(root, served, address):
    (served / "x.gz").write_bytes(b"squeezed")
    total = "sha256:" + hashlib.sha256(b"squeezed").hexdigest()
    fetch("toy", lambda _: None, {"toy": (Download(f"{address}/x.gz", total, "MNIST/raw"),)})
    assert (root / "MNIST" / "raw" / "x.gz").read_bytes() == b"squeezed"


def test_another_file_than_the_published_is_refused(root, served, address):
    _archive(served / "a.tar.gz")
    with pytest.raises(
        FetchError, match=rf"^{address}/a\.tar\.gz: .*hash.*; try again, or put the file into {root}/downloads yourself"
    ):
        fetch("toy", lambda _: None, {"toy": (Download(f"{address}/a.tar.gz", "sha256:" + "0" * 64, "batches", SUMS),)})
    assert not (root / "batches").exists()


def test_an_absent_file_is_named(address, root):
    with pytest.raises(
        FetchError, match=rf"^{address}/gone\.gz: 404 .*; try again, or put the file into {root}/x yourself$"
    ):
        fetch("toy", lambda _: None, {"toy": (Download(f"{address}/gone.gz", "sha256:00", "x"),)})


def test_an_archive_without_a_member_is_named(served, address, root):
    total = _archive(served / "a.tar.gz", ("batches/data_batch_1",))
    with pytest.raises(FetchError, match=r"a\.tar\.gz: holds no batches/test_batch; delete .* and fetch again$"):
        fetch("toy", lambda _: None, {"toy": (Download(f"{address}/a.tar.gz", total, "batches", SUMS),)})


def test_a_member_with_another_checksum_is_never_written(served, address, root):
    total = _archive(served / "a.tar.gz")
    sums = {**SUMS, "data_batch_1": "md5:" + "0" * 32}
    with pytest.raises(
        ChecksumMismatch, match=r"data_batch_1: its md5 is \w+, published is 0{32}; delete .* and fetch again$"
    ):
        fetch("toy", lambda _: None, {"toy": (Download(f"{address}/a.tar.gz", total, "batches", sums),)})
    assert not list((root / "batches").iterdir())


def test_without_pooch_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(FetchError, match="^fetching needs pooch: pip install pooch$"):
        fetch("mnist", lambda _: None)


def test_sets_without_an_archive_say_where_pictures_go(root):
    with pytest.raises(
        FetchError, match=f"^insects has no archive .*; put pictures of your own at {root}/hymenoptera_data/train/CLASS"
    ):
        fetch("insects")
    with pytest.raises(FetchError, match="^body_plans exists as a generated set only; there is nothing to fetch$"):
        fetch("body_plans")
    with pytest.raises(RequestError, match="^there is no data set 'imagenet'"):
        fetch("imagenet")


def test_the_table_fits_the_readers():
    (python,), (binary,) = DOWNLOADS["cifar10"], DOWNLOADS["cifar10-binary"]
    assert (python.folder, binary.folder) == cifar10.FOLDERS
    assert {file.file.removesuffix(".gz") for file in DOWNLOADS["mnist"]} == set(mnist.SUMS)
    assert all(len(file.checksum) == len("sha256:") + 64 for files in DOWNLOADS.values() for file in files)
