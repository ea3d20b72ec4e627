"""Lines of a text as a leak is looked for in them: without spaces, without comments, without what says nothing.

Three lines in a row are compared, counted after everything that any two files may share was left out: blank lines, imports,
decorators, signatures, closing brackets, `return x`. So a copy that was indented, commented, wrapped into a notebook or
quoted in a handout is found, and two files that import the same names are not.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["RUN", "Line", "Span", "code_lines", "passage_spans", "spans", "text_lines"]

RUN = 3
_SHORTEST = 6  # characters without spaces: `i += 1` says nothing
_ALONE = 40  # characters of fewer than RUN lines that stand for the whole of a passage

_TRIVIAL = re.compile(
    r"""
      [\W_]*                                         # brackets, rulers, quotes
    | (import|from)\s.*                              # imports
    | [\w.]+\s*[,:()\[\]{}]*                         # one name or number: `x,`  `else:`  `pass`
    | return(\s+[\w.]+)?                             # return x
    | raise\ NotImplementedError.*
    | @[\w.]+(\(.*\))?                               # decorators
    | (async\s+)?def\s.* | class\s.*                 # signatures, and the lines of long ones
    | \*{0,2}\w+\s*:\s*[\w.\[\]|\s]+(=\s*[^(]*)?,
    | \)\s*->.*
    | if\ __name__\s*==.*
    | __all__\s*=.*
    | \[\[?[\w."-]+\]\]? | \w+\s*=\s*""             # headers of TOML, empty forms
    """,
    re.VERBOSE,
)
_MARKERS = re.compile(r"^(?:[>+*$|-]\s*)*")  # quotes, diffs, lists, prompts
_JSON = re.compile(r'"(?:[^"\\]|\\.)*",?')
_COMMENT = re.compile(r"""((?:[^#'"]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)#.*""")


@dataclasses.dataclass(frozen=True)
class Line:
    """A line that says something: its `number` in the file from 1, its `text` without spaces."""

    number: int
    text: str


@dataclasses.dataclass(frozen=True)
class Span:
    """Lines in a row: what they say, and the numbers of the first and the last."""

    key: tuple[str, ...]
    first: int
    last: int


def code_lines(text: str, suffix: str) -> list[Line]:
    """The lines that are code, or prose in other files: without comments, and in Python without docstrings."""
    silent = _docstrings(text) if suffix == ".py" else set()
    lines = enumerate(text.splitlines(), 1)
    return _telling((number, line) for number, line in lines if number not in silent and not line.lstrip().startswith("#"))


def text_lines(text: str) -> list[Line]:
    """All lines, what is commented out like what is not."""
    return _telling((number, line.lstrip().lstrip("#")) for number, line in enumerate(text.splitlines(), 1))


def spans(lines: Sequence[Line], run: int = RUN) -> Iterator[Span]:
    """Every `run` lines in a row."""
    for first in range(len(lines) - run + 1):
        yield _span(lines[first : first + run])


def passage_spans(lines: Sequence[Line]) -> Iterator[Span]:
    """What gives a passage away: RUN lines in a row; of a shorter passage the whole, unless it is very short."""
    if len(lines) >= RUN:
        yield from spans(lines)
    elif sum(len(line.text) for line in lines) >= _ALONE:
        yield _span(lines)


def _span(lines: Sequence[Line]) -> Span:
    return Span(tuple(line.text for line in lines), lines[0].number, lines[-1].number)


def _telling(lines: Iterable[tuple[int, str]]) -> list[Line]:
    found = []
    for number, line in lines:
        bare = _bare(line)
        text = "".join(bare.split())
        if len(text) >= _SHORTEST and not _TRIVIAL.fullmatch(bare):
            found.append(Line(number, text))
    return found


def _bare(line: str) -> str:
    """Without the quotes of a notebook's JSON, marks in front, a comment behind."""
    line = line.strip()
    if _JSON.fullmatch(line):
        with contextlib.suppress(ValueError):
            line = str(json.loads(line.rstrip(","))).strip()
    line = _MARKERS.sub("", line)
    comment = _COMMENT.fullmatch(line)
    return (comment[1] if comment else line).strip()


def _docstrings(text: str) -> set[int]:
    """Numbers of the lines that docstrings take; none of what is not Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    homes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, homes) and ast.get_docstring(node) is not None]
    return {number for body in bodies for number in range(body.lineno, (body.end_lineno or body.lineno) + 1)}
