"""Tables from TOML, read strictly: a key that nobody reads is a mistake, as is another type."""

from __future__ import annotations

import difflib
import keyword
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.errors import CourseError, GraderError

__all__ = ["Table", "did_you_mean", "is_identifier", "load_toml"]

_SHOWN = 12  # of the known names


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """`did you mean 'knn'?`, or with nothing near `known here: 'knn', 'svm'.`, to end a message with."""
    choices = sorted(set(known))
    lowered = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(value.casefold(), lowered, n=1)
    if near:
        return f"did you mean {lowered[near[0]]!r}?"
    more = f" and {len(choices) - _SHOWN} more" if len(choices) > _SHOWN else ""
    return "known here: " + (", ".join(map(repr, choices[:_SHOWN])) or "none") + more + "."


def is_identifier(name: str) -> bool:
    """Whether it can be an id or the name of a module: ASCII letters, digits and _, no keyword of Python."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def load_toml(path: Path, error: type[GraderError] = CourseError) -> tuple[dict[str, Any], str]:
    """The parsed file and its text. Raises `error` where it cannot be read or is not TOML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")  # editors on Windows write a byte order mark
        return tomllib.loads(text), text
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror}); put the file there, readable for you") from None
    except UnicodeDecodeError as problem:
        raise error(f"{path}: byte {problem.start} is not UTF-8; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise error(f"{path}: not TOML: {problem}; mend that line") from None


class Table:
    """One table, named `where` in messages. An unknown key raises at once, a wrong value when asked for."""

    def __init__(
        self,
        data: Mapping[str, Any],
        where: str,
        known: Sequence[str],
        error: type[GraderError] = CourseError,
    ) -> None:
        self.data, self.where, self.error = data, where, error
        if not isinstance(data, Mapping):
            raise error(f"{where}: {data!r} is {_kind(data)}; write a table")
        for key in data:
            if key not in known:
                raise error(f"{where}: unknown key {key!r}; {did_you_mean(key, known)}")

    def fail(self, key: str, mend: str) -> GraderError:
        """The exception for a wrong value of `key`, to be raised by the caller."""
        return self.error(f"{self.where}: {key} = {self.data.get(key)!r}: {mend}")

    def text(self, key: str) -> str:
        """A text with at least one character that is not a space; required."""
        self._require(key)
        value = self.data[key]
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, "write a text in quotes that is not empty")
        return value

    def number(self, key: str) -> float:
        """A finite number; required. Whole numbers stay int."""
        self._require(key)
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(key, "write a finite number without quotes")
        return value

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of texts, none empty, none twice."""
        if key not in self.data:
            return tuple(default)
        value = self.data[key]
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            raise self.fail(key, 'write a list of texts, such as ["a", "b"]')
        if len(set(value)) < len(value):
            raise self.fail(key, "one entry is there twice; leave one of them out")
        return tuple(value)

    def _require(self, key: str) -> None:
        if key not in self.data:
            raise self.error(f"{self.where}: {key!r} is missing; add {key} = ...")


def _kind(value: object) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "something else")
