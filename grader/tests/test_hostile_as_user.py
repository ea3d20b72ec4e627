"""The sandbox and the attacks on it once more, as an ordinary user: no control groups, no other user to drop to."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

from grader.tests import as_user

FAMILIES = ["verdict", "reading", "writing", "processes", "memory", "network"]
SLOW = "not hangs and not thirty and not figure and not stops_itself"


@pytest.fixture(scope="module")
def folder():
    if (reason := as_user.obstacle()) is not None:
        pytest.skip(reason)
    return Path(__file__).parent


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_the_attacks_fail_for_an_ordinary_user_too(folder, level):
    tests = [*(f"test_hostile_{family}.py" for family in FAMILIES), "test_sandbox.py", "test_sandbox_limits.py"]
    _passes([str(folder / test) for test in tests], f"{level} and {SLOW}", at_least=50)


def test_workers_live_and_end_for_an_ordinary_user_too(folder):
    tests = [str(folder / f"test_sandbox{part}.py") for part in ("", "_limits", "_levels")]
    _passes(tests, "closing or ends_with or umask or counts_and_removes or says_why", at_least=8)


def _passes(tests, selection, at_least):
    installed = any(entry.value == "grader.plugin" for entry in importlib.metadata.entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "grader.plugin"]
    options = [*plugin, "-p", "no:cacheprovider", "-q", "-rs", "--tb=short", "-k", selection]
    done = as_user.run(["-m", "pytest", *options, *tests])
    passed = int((re.search(r"(\d+) passed", done.stdout) or [0, 0])[1])
    if done.returncode == 0 and (why := re.search(r"SKIPPED.*?: (bubblewrap: .*)", done.stdout)) and passed < at_least:
        pytest.skip(f"an ordinary user has no sandbox here: {why[1]}")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert passed >= at_least, done.stdout[-2000:]
