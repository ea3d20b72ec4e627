"""nbgrader's own commands."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from grader.errors import CourseError

__all__ = ["Commands", "require_nbgrader"]


def require_nbgrader() -> None:
    """Raise CourseError where nbgrader is not installed."""
    if importlib.util.find_spec("nbgrader") is None or importlib.util.find_spec("jupytext") is None:
        raise CourseError("nbgrader is not installed here: pip install -e '.[nbgrader]'")


class Commands:
    """Runs nbgrader's commands, each in a process of its own; nbgrader is started with the first of them.

    `env`: environment of the commands, this process's own if None. A context manager: at its end nbgrader is gone.
    """

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = dict(os.environ if env is None else env)
        self._process: subprocess.Popen[str] | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="grader-nbgrader-")

    def __enter__(self) -> Commands:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.communicate()
        self._scratch.cleanup()

    def __call__(self, folder: Path, *arguments: str) -> tuple[int, str]:
        """`nbgrader ARGUMENTS` in the course `folder`: its exit status and what it printed. Raises CourseError."""
        if self._process is None:
            self._process = self._start()
        log = Path(self._scratch.name) / "log"
        job = {"cwd": str(folder), "log": str(log), "arguments": arguments}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(job), file=self._process.stdin, flush=True)
            status = int(self._process.stdout.readline())
        except (OSError, ValueError):
            raise CourseError(f"{folder}: nbgrader did not start; run `nbgrader --version` to see why") from None
        return status, log.read_text(encoding="utf-8", errors="replace")

    def _start(self) -> subprocess.Popen[str]:
        beside = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name
        path = os.pathsep.join(filter(None, [beside, self._env.get("PATH", "")]))
        return subprocess.Popen(
            [sys.executable, "-m", "grader.nbgrader_course.driver"], env={**self._env, "PATH": path},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
