"""A virtual environment in which nothing of the course is, made with uv where it is, else with Python's own venv."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version

from grader.errors import CourseError

__all__ = ["CleanEnvironment"]

# What of this process's environment a student does not have.
_OURS = ("GIT_", "GRADER_", "PYTEST_", "PYTHON", "TOX_", "VIRTUAL_ENV", "UV_COMPILE", "__PYVENV")
_PATIENCE = 1800  # seconds of one step: torch may have to be downloaded
_SHOWN = 20  # lines of a failed step's output
_BACKEND = Version("77")  # setuptools, see [build-system] of pyproject.toml


class CleanEnvironment:
    """A new environment in `folder`.

    `offline`: nothing is downloaded; dependencies are those of the environment that this process runs in.
    """

    def __init__(self, folder: Path, *, offline: bool = False) -> None:
        self._folder, self._offline = folder, offline
        self._uv = shutil.which("uv", path=os.pathsep.join([os.environ.get("PATH", ""), os.path.dirname(sys.executable)]))
        self._env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.maker = "uv" if self._uv else "venv"
        self._make()

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return Path(self._path("scripts")) / ("python.exe" if os.name == "nt" else "python")

    def install(self, project: Path, extras: Sequence[str] = ()) -> None:
        """Install the project in this folder, not editable. Raises CourseError with the installer's output."""
        wanted = f"{project}[{','.join(extras)}]" if extras else str(project)
        how = ["--no-deps"] if self._offline else ["--constraint", str(project / "grader" / "constraints.txt")]
        if self._offline and _has_backend():
            how += ["--no-build-isolation", "--no-index"]
        tool = [str(self._uv), "pip", "install", "--python", str(self.python)] if self._uv else self._pip()
        self._run([*tool, "--quiet", *how, wanted], self._folder, "the archive cannot be installed")

    def run(self, *arguments: str, cwd: Path, failing: str | None = None) -> subprocess.CompletedProcess[str]:
        """Its Python with these arguments. A status other than 0 raises CourseError if `failing` names the failure."""
        return self._run([str(self.python), *arguments], cwd, failing)

    def _pip(self) -> list[str]:
        return [str(self.python), "-m", "pip", "install", "--disable-pip-version-check"]

    def _make(self) -> None:
        failing = "a virtual environment cannot be made"
        venv = [str(self._uv), "venv", "--quiet", "--python", sys.executable] if self._uv else [sys.executable, "-m", "venv"]
        self._run([*venv, str(self._folder)], self._folder.parent, failing)
        if self._offline:
            if not self._uv:  # older venvs bring a setuptools of their own, which would hide the one of this environment
                uninstall = ["-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"]
                self._run([str(self.python), *uninstall], self._folder, failing)
            # A plain path makes packages importable, and leaves the .pth files beside them alone: those of the course's own
            # editable installation are among them.
            here = "\n".join(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))
            (Path(self._path("purelib")) / "offline.pth").write_text(here + "\n", encoding="utf-8")

    def _path(self, name: str) -> str:
        base = str(self._folder)
        return sysconfig.get_path(name, "venv", {"base": base, "platbase": base, "installed_base": sys.base_prefix})

    def _run(self, command: list[str], cwd: Path, failing: str | None) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                command, cwd=cwd, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                encoding="utf-8", errors="replace", timeout=_PATIENCE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise CourseError(f"{failing or 'a step'}: no end after {_PATIENCE} s: {' '.join(command)}") from None
        if done.returncode and failing is not None:
            raise CourseError(f"{failing}:\n" + "\n".join(done.stdout.strip().splitlines()[-_SHOWN:]))
        return done


def _has_backend() -> bool:
    try:
        return Version(importlib.metadata.version("setuptools")) >= _BACKEND
    except importlib.metadata.PackageNotFoundError:
        return False
