"""What lies between the solution markers of a reference, and the stub that is left when it is cut out.

::

    def double(x):                        def double(x):
        \"""Twice x.\"""                      \"""Twice x.\"""
        # BEGIN SOLUTION           ->         raise NotImplementedError
        return 2 * x
        # END SOLUTION

Within a function a region becomes `raise NotImplementedError`. Outside (a helper of the reference's own) nothing is left of
it, so there `# END SOLUTION` stands right before what follows.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Iterator

__all__ = ["Marked", "Region", "read_marked"]

_MARKER = re.compile(r"(?P<indent> *)# (?P<word>BEGIN|END) SOLUTION")
_LIKE_A_MARKER = re.compile(r"(?i)\b(begin|end)[ _-]*solution\b")
_LEFT = "raise NotImplementedError"


@dataclasses.dataclass(frozen=True)
class Region:
    """Numbers of the lines with the two markers; the text between them; whether it lies in a function."""

    begin: int
    end: int
    lines: tuple[str, ...]
    in_function: bool


@dataclasses.dataclass(frozen=True)
class Marked:
    """A reference: its regions, `stub` as it should be, and what is wrong with its markers (`line 3: ...`)."""

    regions: tuple[Region, ...]
    stub: str
    problems: tuple[str, ...]


def read_marked(text: str) -> Marked:
    """Find the regions and cut them out. With problems the stub is empty."""
    try:
        functions = list(_functions(text))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return Marked((), "", (f"line {line}: not Python ({getattr(error, 'msg', error)}); mend that line",))
    lines = text.split("\n")
    pairs, problems = _pairs(lines)
    if not pairs and not problems:
        problems = ["no solution markers; put `# BEGIN SOLUTION` and `# END SOLUTION` around what a student writes"]
    regions = [
        Region(begin, end, tuple(lines[begin : end - 1]), any(first <= begin <= last for first, last in functions))
        for begin, end in pairs
    ]
    problems += [f"line {r.begin}: nothing lies between the markers; remove both" for r in regions if not _has_code(r)]
    return Marked(tuple(regions), "" if problems else _cut(lines, regions), tuple(problems))


def _functions(text: str) -> Iterator[tuple[int, int]]:
    """First and last line of every function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.end_lineno or node.lineno


def _pairs(lines: Iterable[str]) -> tuple[list[tuple[int, int]], list[str]]:
    """Line numbers of the markers, pair by pair, and what is wrong with them."""
    pairs: list[tuple[int, int]] = []
    problems: list[str] = []
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            if _LIKE_A_MARKER.search(line):
                problems.append(
                    f"line {number}: {line.strip()!r} is no marker; write `# BEGIN SOLUTION` or `# END SOLUTION`"
                )
        elif marker["word"] == "BEGIN" and opened is not None:
            problems.append(f"line {number}: a solution begins inside the one of line {opened[0]}; end that one first")
        elif marker["word"] == "BEGIN":
            opened = number, marker["indent"]
        elif opened is None:
            problems.append(f"line {number}: no solution has begun that could end here; remove the marker")
        else:
            if opened[1] != marker["indent"]:
                problems.append(f"line {number}: indent this marker as the one of line {opened[0]}, which it ends")
            pairs.append((opened[0], number))
            opened = None
    if opened is not None:
        problems.append(f"line {opened[0]}: this solution never ends; add `# END SOLUTION`, indented alike")
    return pairs, problems


def _has_code(region: Region) -> bool:
    return any(line.strip() and not line.strip().startswith("#") for line in region.lines)


def _cut(lines: list[str], regions: Iterable[Region]) -> str:
    kept = list(lines)
    for region in sorted(regions, key=lambda region: -region.begin):
        indent = lines[region.begin - 1].split("#")[0]
        kept[region.begin - 1 : region.end] = [indent + _LEFT] if region.in_function else []
    return "\n".join(kept)
