"""A student's own `pytest`, in a copy of the public folder with an answer in the place of the stub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .parts import Files, Parts

__all__ = ["student_findings"]

_PLUGINS = ("-p", "grader.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider")
_CHANGES_TESTS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_MARGIN = 120.0  # seconds beyond a submission's own limit: imports from a cold disk


def student_findings(parts: Parts, name: str, files: Files) -> Iterator[str]:
    """A right answer passes: its name, and the first test that says otherwise."""
    with tempfile.TemporaryDirectory(prefix="grader-check-") as scratch:
        folder = Path(scratch) / parts.name
        shutil.copytree(parts.assignment.folder, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        try:
            ran = _pytest(folder, parts.assignment.limits.submission + _MARGIN)
        except subprocess.TimeoutExpired as late:
            yield f"{name} (a student's pytest): no end after {late.timeout:g} s; mend the public suite"
            return
    if ran.returncode:
        yield f"{name} (a student's pytest): {_reason(ran)}; mend the answer, or the public suite if the answer is right"


def _pytest(folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_TESTS}
    if "PYTHONPATH" in kept:  # a relative entry means a place from here
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, filter(None, kept["PYTHONPATH"].split(os.pathsep))))
    command = [sys.executable, "-P", "-B", "-m", "pytest", *_PLUGINS, "-q", "--tb=line", "-rfE"]
    return subprocess.run(
        command, cwd=folder, env={**kept, **dict.fromkeys(_ONE_THREAD, "1"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip


def _reason(ran: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    last = (ran.stderr.strip() or ran.stdout.strip() or "nothing was said").splitlines()[-1]
    return lines[0] + more if lines else f"it ended with status {ran.returncode}: {last}"
