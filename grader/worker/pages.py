"""Large pages for what a zygote holds: a fork copies the table of its pages, which is most of a fork's time after torch."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

__all__ = ["merge"]

_MADV_COLLAPSE = 25  # since Linux 6.1; an older kernel refuses it
_LARGE = 2 << 20
_ENOUGH = 64 << 20  # bytes from which it pays: an interpreter with NumPy forks in a millisecond


def merge() -> None:
    """Move the private memory of this process to pages of 2 MB, where there is much of it and the kernel can.

    A child that writes to one gets a copy of the small page alone. Where it cannot be done, forks are slower.
    Source: madvise(2).
    """
    spans = list(_spans())
    if sum(end - start for start, end in spans) < _ENOUGH:
        return
    madvise = ctypes.CDLL(None).madvise
    for start, end in spans:
        madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def _spans() -> Iterator[tuple[int, int]]:
    """Where whole large pages fit into anonymous, writable memory: (start, end)."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as source:
            lines = source.read().splitlines()
    except OSError:
        return
    for line in lines:
        place, access, _, _, _, *name = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in place.split("-"))
        start, end = -(-start // _LARGE) * _LARGE, end // _LARGE * _LARGE
        if access == "rw-p" and name in ([], ["[heap]"]) and start < end:
            yield start, end
