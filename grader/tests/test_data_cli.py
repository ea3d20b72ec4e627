"""python -m course_data, its contact sheets, and the models that measure."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import course_data
import numpy as np
import pytest
from course_data.__main__ import main
from course_data.dataset import Dataset
from course_data.measure import classic, table
from course_data.png import decode_png
from course_data.sheets import contact_sheet


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def _dataset(images: np.ndarray, labels: np.ndarray, classes: int = 2) -> Dataset:
    return Dataset("toy", "train", images, labels, tuple("abcdefghij"[:classes]), "generated", "toy")


def test_list_tells_what_is_here(root, capsys):
    (root / "hymenoptera_data").mkdir(parents=True)
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"data folder: {root}\n")
    assert re.search(r"^mnist +generated +28 x 28 grey, 10 digits; train 60000, test 10000$", out, re.M)
    assert re.search(r"^insects +real and generated ", out, re.M)


def test_sheet_writes_a_picture(tmp_path, capsys):
    assert main(["sheet", "insects", str(tmp_path / "s.png"), "--split", "val", "--columns", "3"]) == 0
    sheet = decode_png((tmp_path / "s.png").read_bytes(), tmp_path / "s.png")
    assert sheet.shape == (128, 192, 3)
    data = course_data.load("insects", "val")
    assert np.array_equal(sheet[64:, 64:128], data.images[data.labels == 1][1])
    assert capsys.readouterr().out.endswith("a row each: ant, bee\n")


@pytest.mark.parametrize(
    "command", [["fetch", "insects"], ["sheet", "minst", "x.png"], ["sheet", "mnist", "x.png", "--source", "real"]]
)
def test_what_can_be_mended_is_one_line(command, capsys):
    assert main(command) == 1
    assert re.fullmatch(r"course_data: .+\n", capsys.readouterr().err)


def test_the_module_runs_without_pooch_and_pillow(root):
    code = (
        "import sys; sys.modules.update(pooch=None, PIL=None, torch=None)\n"
        "from course_data.__main__ import main; sys.exit(main(['list']))"
    )
    folder = Path(course_data.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(folder), "COURSE_DATA": str(root)}, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_sheet_is_a_row_for_each_class_with_black_gaps():
    images = np.arange(1, 5, dtype=np.uint8)[:, None, None] * np.full((4, 2, 3), 10, np.uint8)
    sheet = contact_sheet(_dataset(images, np.array([1, 0, 1, 1])), 2)
    assert sheet.tolist() == [[20, 20, 20, 0, 0, 0]] * 2 + [[10, 10, 10, 30, 30, 30]] * 2


def test_fewer_bits_make_fewer_colours():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    sheet = contact_sheet(_dataset(images, np.array([0]), 1), 1, bits=3)
    assert len(np.unique(sheet)) == 8
    assert (sheet.min(), sheet.max()) == (0, 255)
    assert np.abs(sheet.astype(int) - images[0]).max() <= 19


@pytest.fixture(scope="module")
def clouds() -> tuple[Dataset, Dataset]:
    """Two classes of 2 x 2 images that a line parts, and a held-out half."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 300)
    images = np.clip(rng.normal(100 + 40 * labels[:, None, None], 30, (300, 2, 2)), 0, 255).astype(np.uint8)
    return _dataset(images[:200], labels[:200]), _dataset(images[200:], labels[200:])


def test_neighbours_vote_by_distance(clouds):
    train, test = clouds
    rows, queries = (data.images.reshape(len(data), -1).astype(int) for data in clouds)
    guesses = []
    for query in queries:
        distances = ((rows - query) ** 2).sum(axis=1)
        nearest = train.labels[np.argsort(distances, kind="stable")[:5]]
        guesses.append(int(nearest.sum() > 2))
    expected = np.mean(np.array(guesses) == test.labels)
    assert classic.nearest_neighbours(train, test, 5) == pytest.approx(expected, abs=0.021)  # ties at the fifth place


@pytest.mark.parametrize(("loss", "hidden"), [("softmax", 0), ("svm", 0), ("softmax", 8)])
def test_gradient_descent_learns_what_can_be_learnt(clouds, loss, hidden):
    """The best rule, the mean against 120, is right for 0.91 of these classes."""
    assert classic.gradient_descent(*clouds, loss, hidden=hidden, epochs=20, rate=0.01, decay=1e-3) > 0.85


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_slopes_are_the_losses_own(loss):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(5, 4)), np.array([0, 1, 2, 1, 0])
    weights = [rng.normal(size=(5, 6)), rng.normal(size=(7, 3))]

    def value() -> float:
        scores = classic._layers(weights, X)[-1]
        right = scores[np.arange(5), y]
        if loss == "softmax":
            return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - right))
        return float(np.mean(np.maximum(scores - right[:, None] + 1, 0).sum(axis=1) - 1))

    for W, slope in zip(weights, classic._slopes(weights, X, y, loss), strict=True):
        step = 1e-6 * rng.normal(size=W.shape)
        W += step
        above = value()
        W -= 2 * step
        below = value()
        W += step
        assert above - below == pytest.approx(2 * float((slope * step).sum()), rel=1e-4)


def test_measure_prints_a_line_for_each_model_and_says_what_is_left_out(monkeypatch):
    def absent(seed: int) -> float:
        raise ModuleNotFoundError("No module named 'torch'")

    trials = [table.Trial("toy 5 / 2", "guess", lambda seed: 0.5 + seed / 10), table.Trial("toy 5 / 2", "net", absent)]
    monkeypatch.setattr(table, "_PLANS", {"toy": lambda: iter(trials), "other": lambda: iter([])})
    lines: list[str] = []
    table.measure(["toy"], lines.append)
    assert re.fullmatch(r"toy 5 / 2 +guess +60\.0 % \(50\.0 to 70\.0\) +0\.0 s", lines[0])
    assert re.fullmatch(r"toy 5 / 2 +net +left out: No module named 'torch'", lines[1])
    table.measure(["other"], lines.append)
    assert len(lines) == 2


def test_measure_refuses_a_set_it_does_not_know(capsys):
    assert main(["measure", "minst"]) == 1
    assert capsys.readouterr().err == "course_data: measure knows cifar10, mnist, insects, cats_vs_fish; not minst\n"


def test_a_students_archive_has_nothing_to_measure_with(monkeypatch, capsys):
    monkeypatch.setattr(sys, "meta_path", [_Without("course_data.measure"), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "course_data.measure")
    assert main(["measure", "mnist"]) == 1
    assert "a students' archive is without them; use the course's own repository" in capsys.readouterr().err


class _Without:
    """Finds no module of that name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
