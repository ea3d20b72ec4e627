"""Which files a course has: git's index where there is one, else the folder itself without what tools leave behind."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.errors import CourseError

__all__ = ["course_files", "is_clutter", "left_behind", "walk"]

# Names that no release holds, also where git has been told to keep them. `.gitignore` is the one dotfile that may go out.
_CLUTTER = (
    ".*", "__pycache__", "*.py[co]", "*.egg-info", "build", "dist", "reports", "*~", "*.bak", "*.orig", "*.rej", "*.swp",
    "__MACOSX", "Thumbs.db", "desktop.ini",
)  # fmt: skip
_SHOWN = 5


def is_clutter(name: str) -> bool:
    """Whether a file's relative path (with `/`) is a cache, a build, a report or hidden."""
    parts = name.split("/")
    return name != ".gitignore" and any(fnmatch.fnmatchcase(part, pattern) for part in parts for pattern in _CLUTTER)


def course_files(root: Path) -> list[str]:
    """Relative paths (with `/`) of the course's files, sorted.

    Raises CourseError where git cannot say, and for a link: what it points to may be private.
    """
    tracked = _index(root) if _in_git(root) else list(walk(root))
    names = sorted(name for name in tracked if not is_clutter(name))
    for name in names:
        if (root / name).is_symlink():
            raise CourseError(f"{root / name}: a link, which no release follows; put the file itself there")
    return names


def walk(root: Path, below: str = "") -> Iterator[str]:
    """Relative paths of all files below root/`below` but clutter; links are named, not followed."""
    with os.scandir(root / below) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            name = f"{below}/{entry.name}".removeprefix("/")
            if is_clutter(name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk(root, name)
            else:
                yield name


def left_behind(root: Path, places: Sequence[str]) -> list[str]:
    """Notes on `places`, folders or files, that differ from what git knows: one for what is not committed yet, one for
    what is not in the index and so not released. Empty without git.
    """
    if not _in_git(root):
        return []
    entries = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *places)
    new = [entry[3:] for entry in entries if entry.startswith("??") and not is_clutter(entry[3:])]
    changed = [entry[3:] for entry in entries if entry and not entry.startswith("??")]
    notes = {"released as they are here, not as they were committed": changed, "not in git's index, so not released": new}
    return [f"{text}: {_few(names)}" for text, names in notes.items() if names]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _in_git(root: Path) -> bool:
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def _index(root: Path) -> list[str]:
    """Relative paths in git's index. Submodules are refused: their files are not in it."""
    names = []
    for entry in _git(root, "ls-files", "--stage", "-z"):
        facts, name = entry.split("\t", 1)
        if facts.startswith("160000"):
            raise CourseError(f"{root / name}: a submodule, whose files no release takes; copy them into the course")
        names.append(name)
    if not names:
        raise CourseError(f"{root}: none of its files are in git's index, and only those are released; git add them")
    return names


def _git(root: Path, *arguments: str) -> list[str]:
    """Entries of git's NUL-separated output. Raises CourseError."""
    if shutil.which("git") is None:
        raise CourseError(f"{root}: a git repository, and git is not installed: no telling what belongs to it; install git")
    # Inside a git hook GIT_DIR and GIT_INDEX_FILE point somewhere else.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False)
    if done.returncode:
        raise CourseError(f"{root}: `git {arguments[0]}` failed: {done.stderr.strip()}; mend that and run it again")
    return [entry for entry in done.stdout.split("\0") if entry]
