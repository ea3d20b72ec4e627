"""`from grader import check` in a notebook."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from grader import check
from grader.errors import CourseError

REFERENCE = Path(__file__).parent / "toy_course" / "solutions" / "toy" / "toy.py"


@pytest.fixture
def folder(toy: Path, child_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy assignment's folder, as the working folder; its pytest finds the plugin."""
    for name, value in {**child_env, "PYTEST_PLUGINS": "grader.plugin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(toy / "assignments" / "toy")
    return toy / "assignments" / "toy"


def test_outside_a_notebook_the_table_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "toy.py").write_text(REFERENCE.read_text())
    check("toy")
    printed = capsys.readouterr().out
    assert "public checks, not your grade" in printed
    assert "passed" in printed


def test_in_a_notebook_it_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = object  # type: ignore[attr-defined]
    display.Markdown, display.display = str, shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    check()
    (table,) = shown
    assert "| task | points | verdict |" in table
    assert "not done" in table
    assert capsys.readouterr().out == ""


def test_an_unknown_name_is_told(folder: Path) -> None:
    with pytest.raises(CourseError, match="no assignment 'toi'; did you mean 'toy'"):
        check("toi")


def test_no_assignment_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=r'no assignment here; name one: check\("knn"\)'):
        check()
