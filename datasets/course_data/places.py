"""Where the data lies on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["data_folder", "generated_folder"]


def data_folder() -> Path:
    """The folder of all sets: $COURSE_DATA, else `course_data` among the user's caches. It need not exist yet.

    The platform's folder is the one that `pooch.os_cache` names, but is the same with and without pooch.
    """
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen).expanduser().absolute() if chosen else _caches() / "course_data"


def generated_folder() -> Path:
    """Where generated sets are kept, so that they are drawn once only."""
    return data_folder() / "generated"


def _caches() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
