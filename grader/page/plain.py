"""Foreign text on a page: what a browser would obey, hide or reorder is spelt out. HTML is escaped by the templates."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

_LONGEST = 4000  # characters of one piece of text


def plain(text: str) -> str:
    """`text` with control, bidirectional, zero-width and unassigned characters as in Python: `\\x1b`, `\\u202e`.

    Spaces of any kind become a space, but for line breaks, which stay. Text of over 4,000 characters is cut.
    """
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() or char == "\n" else _spelt(char) for char in cut)


def _spelt(char: str) -> str:
    return " " if char == "\t" or unicodedata.category(char) == "Zs" else repr(char)[1:-1]
