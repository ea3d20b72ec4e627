"""Opening zips that somebody else packed."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from grader.errors import IntakeError
from grader.grading.archive import ArchiveCaps, extract

SMALL = ArchiveCaps(archive=40_000, directory=8_000, entries=20, entry=20_000, total=30_000, ratio=50, ratio_from=5_000)


def pack(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refusal(tmp_path: Path, archive: Path, caps: ArchiveCaps = SMALL) -> str:
    with pytest.raises(IntakeError) as error:
        extract(archive, tmp_path / "out", caps)
    assert not (tmp_path / "out").exists()
    assert str(error.value).startswith(str(archive))
    return str(error.value).removeprefix(str(archive))


def test_a_class_is_unpacked_as_plain_private_files(tmp_path):
    archive = pack(
        tmp_path / "c.zip",
        ("alice/", b""),
        ("alice/knn/knn.py", b"x = 1"),
        (entry("./bob//knn/knn.py", stat.S_IFREG | 0o4777), b"x = 2"),
        ("__MACOSX/alice/._knn.py", b"junk"),
        ("alice/.DS_Store", b"junk"),
        ("alice/inner.zip", b"PK not opened"),
        ("./", b""),
    )
    extract(archive, tmp_path / "out")
    files = {str(p.relative_to(tmp_path / "out")): p for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert sorted(files) == ["alice/inner.zip", "alice/knn/knn.py", "bob/knn/knn.py"]
    assert files["bob/knn/knn.py"].read_bytes() == b"x = 2"
    assert {stat.S_IMODE(p.stat().st_mode) for p in files.values()} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "out").rglob("*") if p.is_dir()} == {0o700}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../evil.py", "'..' leads out of the archive; pack it again with relative names and /"),
        ("a/../../evil.py", "'..' leads out of the archive; pack it again with relative names and /"),
        ("/etc/passwd", "an absolute path; pack it again with relative names and /"),
        ("C:/evil.py", "an absolute path; pack it again with relative names and /"),
        ("a\\b.py", "a backslash in its name; pack it again with relative names and /"),
        ("a\nb.py", "a control character in its name; rename the file and pack it again"),
        ("a\x1b[2Jb.py", "a control character in its name; rename the file and pack it again"),
        ("a/" * 21 + "b", "a path of 43 characters and 21 folders is too long; shorten it"),
        ("x" * 300, "a path of 300 characters and 0 folders is too long; shorten it"),
    ],
)
def test_names_that_lead_astray(tmp_path, name, problem):
    archive = pack(tmp_path / "c.zip", ("fine.py", b""), (name, b"x"))
    assert refusal(tmp_path, archive) == f", entry {name!r}: {problem}"
    assert os.listdir(tmp_path) == ["c.zip"]


def test_a_name_cut_by_a_zero_byte(tmp_path):
    archive = pack(tmp_path / "c.zip", ("fine.pyXevil", b""))
    archive.write_bytes(archive.read_bytes().replace(b"fine.pyX", b"fine.py\0"))
    assert refusal(tmp_path, archive).startswith(", entry 'fine.py\\x00evil': a control character")


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (stat.S_IFLNK | 0o777, "a link; pack the file that it points to"),
        (stat.S_IFIFO, "a device, pipe or socket; leave it out"),
        (stat.S_IFCHR, "a device, pipe or socket; leave it out"),
        (stat.S_IFBLK, "a device, pipe or socket; leave it out"),
    ],
)
def test_what_is_no_file(tmp_path, mode, problem):
    archive = pack(tmp_path / "c.zip", (entry("alice/knn.py", mode), b"/etc/passwd"))
    assert refusal(tmp_path, archive) == f", entry 'alice/knn.py': {problem}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.py", "a.py"),
        ("a", "a"),
        ("Alice/a.py", "alice/b.py"),
        ("e\u0301.py", "\u00e9.py"),
        ("a", "a/b.py"),
        ("a/b.py", "a"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_clash(tmp_path, first, second):
    problem = refusal(tmp_path, pack(tmp_path / "c.zip", (first, b""), (second, b"x")))
    assert "the same name as" in problem
    assert problem.endswith("rename one and pack it again")


def test_one_folder_may_be_listed_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack(tmp_path / "c.zip", ("a/", b""), ("a/x.py", b""), ("a/", b""))
    extract(archive, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").rglob("*.py")] == ["x.py"]


def test_bombs_are_refused_by_what_they_declare(tmp_path):
    bomb = pack(tmp_path / "ratio.zip", ("a", bytes(19_000)))
    assert ", entry 'a': unpacks to " in (problem := refusal(tmp_path, bomb))
    assert problem.endswith(" times its size, at most 50; leave it out")
    large = pack(tmp_path / "entry.zip", ("a", os.urandom(21_000)))
    assert refusal(tmp_path, large) == ", entry 'a': 20.51 KB unpacked, at most 19.53 KB; leave data sets out"
    many = pack(tmp_path / "many.zip", *((f"f{k}", b"") for k in range(21)))
    assert refusal(tmp_path, many) == ": 21 entries; at most 20 are unpacked; split the class"
    total = pack(tmp_path / "total.zip", *((f"f{k}", b"ab" * 2000) for k in range(8)))
    assert refusal(tmp_path, total) == ": 31.25 KB unpacked; at most 29.3 KB; split the class"
    huge = pack(tmp_path / "huge.zip", *((f"f{k}", os.urandom(15_000)) for k in range(3)))
    problem = refusal(tmp_path, huge)
    assert problem.endswith("; at most 39.06 KB are unpacked; leave data sets out, or split the class")


def test_a_bomb_that_lies_is_stopped_by_the_bytes(tmp_path):
    """The table of contents says 100 bytes; the entry holds 20,000."""
    archive = pack(tmp_path / "c.zip", ("a", bytes(20_000)))
    raw = bytearray(archive.read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    struct.pack_into("<I", raw, at + 24, 100)
    archive.write_bytes(raw)
    assert refusal(tmp_path, archive).startswith(": damaged or no zip (Bad CRC-32 for file 'a'); ask for it again")


def test_bytes_are_counted_whatever_was_declared(tmp_path, monkeypatch):
    archive = pack(tmp_path / "c.zip", ("a", os.urandom(18_000)), ("b", b"x"))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: io.BytesIO(bytes(1_000_000)))
    assert refusal(tmp_path, archive) == ", entry 'a': more than the 19.53 KB left; leave it out"


def test_a_table_of_contents_of_any_size_is_not_read(tmp_path):
    archive = pack(tmp_path / "c.zip", *((f"{k:0200}", b"") for k in range(40)))
    assert refusal(tmp_path, archive) == ": its table of contents is above 7.81 KB; split the class"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_costly_methods(tmp_path, method):
    archive = pack(tmp_path / "c.zip", ("a", b"x" * 100), method=method)
    assert (
        refusal(tmp_path, archive)
        == f", entry 'a': packed with method {method}; pack it again as an ordinary (deflated) zip"
    )


def test_encrypted(tmp_path):
    archive = pack(tmp_path / "c.zip", ("a", b"x"))
    raw = bytearray(archive.read_bytes())
    raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    assert refusal(tmp_path, archive) == ", entry 'a': encrypted; pack it again without a password"


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x05\x06" + b"\xff" * 18, b"PK\x03\x04" * 100])
def test_damaged(tmp_path, data):
    (tmp_path / "c.zip").write_bytes(data)
    problem = refusal(tmp_path, tmp_path / "c.zip")
    assert problem.startswith(": damaged or no zip (")
    assert problem.endswith("; ask for it again, packed as .zip")


def test_every_single_broken_byte_is_harmless(tmp_path):
    """Whatever byte is turned: unpacked inside the folder, or refused by name; never another exception."""
    whole = pack(tmp_path / "c.zip", ("alice/knn.py", b"x = 1\n" * 9), ("b", b"")).read_bytes()
    (tmp_path / "out").mkdir()
    refused = []
    for at in range(len(whole)):
        raw = bytearray(whole)
        raw[at] ^= 0xA5
        (tmp_path / "c.zip").write_bytes(raw)
        try:
            extract(tmp_path / "c.zip", tmp_path / f"out/{at}", SMALL)
        except IntakeError as error:
            refused.append(str(error))
    assert {path.name for path in tmp_path.iterdir()} == {"c.zip", "out"}
    assert 0 < len(refused) < len(whole)
    assert all(sentence.startswith(str(tmp_path / "c.zip")) for sentence in refused)


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(IntakeError, match=r"none.zip: cannot be unpacked \(No such file.*check the file and the free space"):
        extract(tmp_path / "none.zip", tmp_path / "out")
    archive = pack(tmp_path / "c.zip", ("a", b"x"))
    (tmp_path / "there").mkdir()
    with pytest.raises(IntakeError, match=r"cannot be unpacked \(File exists\)"):
        extract(archive, tmp_path / "there")
