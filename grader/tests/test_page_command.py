"""Pages beside the reports of `grader grade`, and `grader page`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grader.cli import main
from grader.errors import ReportError
from grader.grading.report import write_report
from grader.page.files import Pages, page_path
from grader.tests.pages import report


class Ran(NamedTuple):
    """One run of the command."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> Callable[..., Ran]:
    """`run("grade", ...)`: the command, run in the toy course with two submissions in subs/."""
    monkeypatch.setenv("GRADER_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(toy)
    source = (toy / "solutions" / "toy" / "toy.py").read_text()
    for student, text in (("ada", source), ("<b>bob", source.replace("return 2 * x", "return x"))):
        folder = toy / "subs" / student / "toy"
        folder.mkdir(parents=True)
        (folder / "toy.py").write_text(text)

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        status = main([*arguments])
        return Ran(status, *capsys.readouterr())

    return command


def test_grade_writes_them(toy: Path, run: Callable[..., Ran]) -> None:
    """They stay when nothing changed, come back when they are lost, follow an override, and go where nobody wants them."""
    out = toy / "reports" / "subs"
    ada, bob, index = out / "ada" / "toy.html", out / "%3Cb%3Ebob" / "toy.html", out / "index.html"
    assert run("grade", "subs").status == 0
    assert "20 <span" in ada.read_text()
    assert "the input is returned as it came" in bob.read_text()
    assert "&lt;b&gt;bob" in bob.read_text()
    assert "<b>" not in bob.read_text() + index.read_text()
    assert 'href="%253Cb%253Ebob/toy.html"' in index.read_text()
    assert str(toy) not in bob.read_text() + index.read_text()

    pages = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (bob, index)}
    ada.unlink()
    assert "0 graded, 2 kept" in run("grade", "subs").out
    assert "20 <span" in ada.read_text()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (bob, index)} == pages

    word = '[[override]]\nstudent = "ada"\nassignment = "toy"\ntask = "double"\npoints = 7\nreason = "Too late."\n'
    (toy / "subs" / "overrides.toml").write_text(word)
    assert "0 graded, 2 kept" in run("grade", "subs").out
    assert "A TA set this to 7 of 10 points (before: 10): Too late." in ada.read_text()
    assert "17" in index.read_text()

    assert run("grade", "subs", "--student", "ada").status == 0
    assert "bob" in index.read_text()  # the class is whole after a part of it

    assert run("grade", "subs", "--no-pages").status == 0
    assert [path.exists() for path in (ada, bob, index)] == [False, False, False]
    assert (out / "ada" / "toy.json").is_file()


def test_pages_of_a_folder_and_of_one_report(toy: Path, run: Callable[..., Ran]) -> None:
    out = toy / "reports" / "subs"
    run("grade", "subs", "--no-pages")
    done = run("page", "reports/subs")
    assert (done.status, done.out) == (0, "2 pages; for you: reports/subs/index.html\n")
    made = (out / "ada" / "toy.html").read_bytes()
    assert b"Multiply by two." not in made
    assert b"Multiply by two." in (out / "%3Cb%3Ebob" / "toy.html").read_bytes()
    (out / "ada" / "toy.html").unlink()
    one = run("page", "reports/subs/ada/toy.json")
    assert (one.status, one.out) == (0, "reports/subs/ada/toy.html\n")
    assert (out / "ada" / "toy.html").read_bytes() == made


def test_a_damaged_report_is_passed_over(toy: Path, run: Callable[..., Ran]) -> None:
    write_report(toy / "r" / "ada" / "conv.json", report())
    (toy / "r" / "bob").mkdir()
    (toy / "r" / "bob" / "conv.json").write_text("{")
    done = run("page", "r")
    assert done.status == 1
    assert "passed over: r/bob/conv.json: damaged, not JSON" in done.out
    assert "1 page; for you: r/index.html" in done.out
    assert not (toy / "r" / "bob" / "conv.html").exists()


def test_what_is_no_report(toy: Path, run: Callable[..., Ran]) -> None:
    assert run("page", "nowhere") == (
        2, "", "grader: nowhere: no report is there; name a report, or the folder that `grader grade` wrote\n",
    )  # fmt: skip
    (toy / "old.json").write_text(json.dumps({"schema": 2}))
    assert "old.json: schema 2, this grader reads 3; remove it, or grade again" in run("page", "old.json").err


def test_without_a_course(tmp_path: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = tmp_path / "mail"
    write_report(alone / "conv.json", report())
    monkeypatch.chdir(alone)
    done = run("page", "conv.json")
    assert done.status == 0
    assert "no course here: pages without handouts; name one with --course DIR" in done.out
    assert "windows overlap" in (alone / "conv.html").read_text()
    assert run("page", "conv.json", "--course", str(alone)).status == 2


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    place = tmp_path / "conv.json"
    page_path(place).mkdir()
    with pytest.raises(ReportError, match=r"conv\.html: cannot be written"):
        Pages(None).write(place, report())


def test_a_page_that_is_right_is_not_written_again(tmp_path: Path) -> None:
    made: Any = Pages(None).write(tmp_path / "conv.json", report())
    before = made.stat()
    Pages(None).write(tmp_path / "conv.json", report())
    assert (made.stat().st_ino, made.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
