"""What `course_data.cache` keeps: grows, survives damage and company, and never stands in the way."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from pathlib import Path

import course_data
import numpy as np
import pytest
from course_data.cache import drawn
from course_data.errors import DataWarning


class Counting:
    """Numbered one-pixel images; remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, n: int, *, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append((n, start))
        numbers = np.arange(start, start + n)
        return (numbers % 256).astype(np.uint8).reshape(n, 1, 1), numbers

    def drawn_images(self) -> int:
        return sum(n for n, _ in self.asked)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "train.npz"


def test_whole_chunks_are_drawn_once(file):
    generate = Counting()
    images, labels = drawn(file, 25, 10, generate)
    assert (len(images), labels.tolist()) == (30, list(range(30)))
    again, _ = drawn(file, 30, 10, generate)
    assert np.array_equal(images, again)
    assert generate.drawn_images() == 30


def test_a_file_grows_by_what_it_lacks(file):
    generate = Counting()
    drawn(file, 10, 10, generate)
    images, labels = drawn(file, 40, 10, generate)
    assert generate.asked[-1] == (30, 10)
    assert labels.tolist() == list(range(40))
    assert len(drawn(file, 1, 10, generate)[0]) == 40


def test_even_no_images_make_a_chunk_to_check(file):
    assert len(drawn(file, 0, 10, Counting())[0]) == 10


def _flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[content.index(b"\x05\x06\x07")] ^= 1
    file.write_bytes(content)


def _saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _other_pixels(file: Path) -> None:
    with np.load(file) as stored:
        parts = dict(stored)
    parts["images"] = parts["images"] + np.uint8(1)
    np.savez(file, **parts)


DAMAGES = {
    "a flipped byte": (_flip_a_byte, "not a whole archive of arrays"),
    "another content": (_other_pixels, "its checksum is wrong"),
    "cut off": (lambda file: file.write_bytes(file.read_bytes()[:-40]), "not a whole archive of arrays"),
    "empty": (lambda file: file.write_bytes(b""), "not a whole archive of arrays"),
    "a pickle": (lambda file: file.write_bytes(b"\x80\x04N."), "not a whole archive of arrays"),
    "another archive": (lambda file: np.savez(file, something=np.arange(3)), "not a whole archive of arrays"),
    "an array": (lambda file: file.write_bytes(_saved(np.arange(3))), "not a whole archive of arrays"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_noticed_and_replaced(file, damage):
    spoil, words = DAMAGES[damage]
    drawn(file, 20, 10, Counting())
    spoil(file)
    with pytest.warns(DataWarning, match=rf"train\.npz: damaged \({words}\); generated anew"):
        _, labels = drawn(file, 20, 10, Counting())
    assert labels.tolist() == list(range(20))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn(file, 20, 10, Counting())


def test_where_nothing_can_be_written_images_are_drawn_each_time(tmp_path):
    (tmp_path / "new").write_text("a file where the folder should be")
    for _ in range(2):
        with pytest.warns(DataWarning, match=r"train\.npz: cannot be written \(.*\); images are generated each time"):
            _, labels = drawn(tmp_path / "new" / "train.npz", 5, 10, Counting())
        assert labels.tolist() == list(range(10))


def test_a_failed_write_leaves_the_old_file_and_no_draft(file, monkeypatch):
    drawn(file, 10, 10, Counting())
    before = file.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.warns(DataWarning, match="No space left on device"):
        drawn(file, 20, 10, Counting())
    assert [entry.read_bytes() for entry in file.parent.iterdir()] == [before]


def test_two_processes_at_once_leave_one_whole_file(tmp_path):
    code = "from course_data import load; print(load('mnist', 'test', 1500).images.sum())"
    path = str(Path(course_data.__file__).parents[1])
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE,
            env={"COURSE_DATA": str(tmp_path), "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )
        for _ in range(2)
    ]  # fmt: skip
    sums = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sums[0] == sums[1]
    assert [file.name for file in (tmp_path / "generated" / "mnist-v1").iterdir()] == ["test.npz"]
