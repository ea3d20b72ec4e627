"""What of a course is private, to be looked up line by line.

Private is everything below solutions/; of a reference only what stands inside its solution markers, for the rest of it is
the stub. Lines between `# BEGIN PUBLIC` and `# END PUBLIC` of a private file may be anywhere: helpers that a hidden suite
shares with the public tests, for instance.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.course import Course

from .lines import Line, code_lines, passage_spans, spans, text_lines
from .tracked import walk

__all__ = ["PrivateLines", "PrivateParts", "plain_text", "toml_table"]

_SENTENCE = 30  # characters of an explanation in key.toml that cannot be chance
_SOLUTION = re.compile(r"\s*# BEGIN SOLUTION\b.*"), re.compile(r"\s*# END SOLUTION\b.*")
_PUBLIC = re.compile(r"\s*# BEGIN PUBLIC\b.*"), re.compile(r"\s*# END PUBLIC\b.*")
_KINDS = {"key.toml": "the key", "guest.py": "guest code", "baseline.py": "the baseline", "oracle.py": "the oracle"}

_Keys = set[tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class PrivateLines:
    """Lines `first` to `last` of the private file `name`; `what` they are there."""

    name: str
    first: int
    last: int
    what: str


class PrivateParts:
    """`spans`: private lines by what they say; `whole`: binary files by their SHA-256; `sentences`: a key's explanations.
    The values say where.
    """

    def __init__(self, course: Course) -> None:
        self.spans: dict[tuple[str, ...], PrivateLines] = {}
        self.whole: dict[bytes, str] = {}
        self.sentences: dict[str, str] = {}
        public: _Keys = set()
        names = course.assignments()
        references = {f"solutions/{name}/{file}" for name in names for file in course.assignment(name).files}
        # References first: where a line stands in several files, it is the solution that is named.
        for name in sorted(walk(course.root, "solutions"), key=lambda name: (name not in references, name)):
            data = (course.root / name).read_bytes()
            if b"\0" in data:
                self.whole[hashlib.sha256(data).digest()] = name
            else:
                public |= self._read(name, data.decode("utf-8", "replace"), name in references)
        for key in public & set(self.spans):
            del self.spans[key]

    def _read(self, name: str, text: str, is_reference: bool) -> _Keys:
        """Take one file in; gives what it says to be public."""
        suffix = Path(name).suffix
        lines, solutions = code_lines(text, suffix), _between(text, *_SOLUTION)
        public = {span.key for passage in _between(text, *_PUBLIC) for span in passage_spans(_within(lines, passage))}
        if is_reference and solutions:
            self._keep(name, [_within(lines, passage) for passage in solutions], "the solution")
            return public | _stub(text, suffix, solutions)
        self._keep(name, [lines], _what(name))
        if Path(name).name == "key.toml":
            self.sentences |= dict.fromkeys(_long_texts(toml_table(text)), name)
        return public

    def _keep(self, name: str, passages: list[list[Line]], what: str) -> None:
        for passage in passages:
            for span in passage_spans(passage):
                self.spans.setdefault(span.key, PrivateLines(name, span.first, span.last, what))


def _what(name: str) -> str:
    base = Path(name).name
    if base.startswith("test_"):
        return "the hidden suite" if base.endswith("_hidden.py") else "a private test"
    return _KINDS.get(base, "an alternative" if "/alternatives/" in name else "a private file")


def _between(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> list[range]:
    """Numbers of the lines between two marks, one range for each pair; an open one goes on to the end."""
    found, start = [], 0
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if begin.fullmatch(line):
            start = start or number + 1
        elif end.fullmatch(line) and start:
            found.append(range(start, number))
            start = 0
    return [*found, range(start, len(lines) + 1)] if start else found


def _within(lines: list[Line], passage: range) -> list[Line]:
    return [line for line in lines if line.number in passage]


def _stub(text: str, suffix: str, solutions: list[range]) -> _Keys:
    """What the stub says: the reference without its solutions."""
    keys: _Keys = set()
    for lines in (code_lines(text, suffix), text_lines(text)):
        left = [line for line in lines if not any(line.number in passage for passage in solutions)]
        keys |= {span.key for span in spans(left)}
    return keys


def toml_table(text: str) -> dict[str, Any]:
    """The table; an empty one where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def plain_text(text: str) -> str:
    """The text in one line, with single spaces."""
    return " ".join(text.split())


def _long_texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(plain_text(value)) >= _SENTENCE:
        yield plain_text(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _long_texts(inner)
