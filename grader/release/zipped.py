"""Zips that depend on nothing but their files: fixed order, times and permissions, nothing compressed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

__all__ = ["zip_bytes"]

_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644


def zip_bytes(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """A zip of `files` (bytes by relative path with `/`), below `folder` if one is named.

    Equal files give equal bytes on every machine. So they are stored, not deflated: versions of zlib pack differently.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{folder}/{name}" if folder else name, _TIME)
            info.create_system, info.external_attr = _UNIX, _MODE << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()
