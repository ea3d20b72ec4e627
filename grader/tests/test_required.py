"""Where something is required, a skip for want of it is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from grader.tests.conftest import pytest_make_collect_report, pytest_runtest_makereport

def test_level(): pytest.skip("bubblewrap: not installed")
def test_other(): pytest.skip("needs root to become nobody")
@pytest.mark.skipif(True, reason="the program chromium is absent")
def test_mark(): pass
@pytest.mark.xfail
def test_xfail(): raise AssertionError("bubblewrap")
"""


def outcomes(folder: Path, setting: str) -> str:
    (folder / "conftest.py").write_text(TESTS.partition("\n\n")[0])
    (folder / "test_some.py").write_text(TESTS)
    (folder / "test_module.py").write_text("import pytest\npytest.importorskip('absent_package')\ndef test_one(): pass\n")
    env = {**os.environ, "GRADER_REQUIRE": setting, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    env["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--rootdir", str(folder)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120).stdout


def test_nothing_is_required_by_itself(tmp_path: Path) -> None:
    assert "4 skipped, 1 xfailed" in outcomes(tmp_path, "")


def test_a_name_that_stands_in_no_reason_changes_nothing(tmp_path: Path) -> None:
    assert "4 skipped, 1 xfailed" in outcomes(tmp_path, "bubble, torch")


@pytest.mark.parametrize(
    ("name", "reason", "counts"),
    [
        ("bubblewrap", "bubblewrap: not installed", "1 failed, 3 skipped, 1 xfailed"),
        ("chromium", "the program chromium is absent", "3 skipped, 1 xfailed, 1 error"),
    ],
)
def test_a_skip_for_want_of_it_fails(tmp_path: Path, name: str, reason: str, counts: str) -> None:
    shown = outcomes(tmp_path, f"landlock, {name}")
    assert counts in shown
    assert f"GRADER_REQUIRE asks for {name}, and this was skipped: " in shown
    assert reason in shown


def test_a_module_that_cannot_be_imported_fails_the_collection(tmp_path: Path) -> None:
    shown = outcomes(tmp_path, "absent_package")
    assert "GRADER_REQUIRE asks for absent_package, and this was skipped: " in shown
    assert "1 error" in shown
