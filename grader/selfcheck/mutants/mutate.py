"""From a reference to its mutants: every operator at every place, each result once, each with an id that lasts."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from . import arrays, calls, numbers, statements
from .source import Edit, Region, Site, Source, sites

__all__ = ["OPERATORS", "Mutant", "mutants_of", "squeezed"]

OPERATORS: Mapping[str, Callable[[Site], Iterator[Edit]]] = {
    "statement removed": statements.removed,
    "addition made assignment": statements.accumulated,
    "result replaced": statements.returned,
    "condition negated": statements.condition,
    "loop cut short": statements.loop_end,
    "jump exchanged": statements.jump,
    "arithmetic exchanged": numbers.arithmetic,
    "operand dropped or exchanged": numbers.operand,
    "comparison changed": numbers.comparison,
    "and, or": numbers.boolean,
    "sign or not removed": numbers.unary,
    "constant changed": numbers.constant,
    "axis changed": arrays.axis,
    "transpose removed": arrays.transpose,
    "function exchanged": arrays.function,
    "function left out": arrays.unwrap,
    "subscript changed": arrays.subscript,
    "slice bound changed": arrays.slice_bound,
    "range bound changed": calls.range_bound,
    "argument dropped": calls.dropped,
    "arguments exchanged": calls.exchanged,
}
"""By name. Where two make the same mutant, it is the first one's."""

_ID = 10  # hexadecimal digits: two of 1,000 mutants share an id once in two million courses


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A reference with one change.

    `id`: made of the function, the changed lines before and after without comments and spaces, and which of several equal
    ones it is, so it outlives every other edit of the file; `before`, `after`: those lines, to be read; `line`: the first
    of them; `diff`: the lines as they are in the file, with - and +; `text`: the whole module.
    """

    id: str
    operator: str
    region: Region
    line: int
    before: str
    after: str
    diff: str
    text: str = dataclasses.field(repr=False)


def mutants_of(source: Source) -> tuple[Mutant, ...]:
    """All mutants inside the solution markers, in the order of the file."""
    made = [mutant for region in source.regions for mutant in _of_region(source, region)]
    met: Counter[tuple[str, ...]] = Counter()
    named = []
    for mutant in made:
        key = (mutant.region.function, *map(squeezed, (mutant.before, mutant.after)))
        named.append(dataclasses.replace(mutant, id=_id(*key, str(met[key]))))
        met[key] += 1
    return tuple(named)


def squeezed(text: str) -> str:
    """Code without spaces and line ends: how it is laid out does not matter."""
    return "".join(text.split())


def _id(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_ID]


def _of_region(source: Source, region: Region) -> Iterator[Mutant]:
    found: list[tuple[int, int, str, Edit]] = []
    seen: set[str] = set()
    units = _Units(source)
    for site in sites(source, region):
        for order, (name, operator) in enumerate(OPERATORS.items()):
            found += [(edit.start, order, name, edit) for edit in operator(site)]
    for _, _, name, edit in sorted(found, key=lambda one: one[:2]):
        chosen = units.checked(edit, seen)
        if chosen is not None:
            yield _mutant(source, region, name, chosen)


class _Units:
    """The pieces of a source that are parsed for one change: its outermost functions."""

    def __init__(self, source: Source) -> None:
        self._source = source
        spans = [_lines(source, node) for node in _outermost(source.tree)]
        self._parsed = [(span, _dump(source.text[slice(*span)])) for span in spans]

    def checked(self, edit: Edit, seen: set[str]) -> Edit | None:
        """The edit, with parentheses if it needs them; None if it is not Python, changes nothing or is in `seen`."""
        whole = (0, len(self._source.text))
        (start, end), original = next(
            (unit for unit in self._parsed if unit[0][0] <= edit.start < unit[0][1]), (whole, None)
        )
        before, after = self._source.text[start : edit.start], self._source.text[edit.end : end]
        bare = _dump(before + edit.text + after)
        if edit.whole is not None:
            enclosed = _enclosed(self._source.text, edit)
            meant = _dump(self._source.text[start : enclosed.start] + enclosed.text + self._source.text[enclosed.end : end])
            if meant is not None and meant != bare:
                edit, bare = enclosed, meant
        if bare is None or bare == original or bare in seen:
            return None
        seen.add(bare)
        return edit


def _enclosed(text: str, edit: Edit) -> Edit:
    assert edit.whole is not None
    start, end = edit.whole
    return Edit(start, end, f"({text[start : edit.start]}{edit.text}{text[edit.end : end]})")


def _outermost(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _outermost(child)


def _lines(source: Source, node: ast.stmt) -> tuple[int, int]:
    """From the start of its first line to the end of its last."""
    return source.line_start(node.lineno), source.line_start((node.end_lineno or node.lineno) + 1)


def _dump(text: str) -> str | None:
    """What the code is, without its layout; None if it is not Python."""
    indented = text[:1] in " \t"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a mutant does may well look odd to the compiler
        try:
            tree = ast.parse(f"if 1:\n{text}" if indented else text)
            compile(tree, "mutant", "exec")
        except (SyntaxError, ValueError):
            return None
    return ast.dump(tree)


def _mutant(source: Source, region: Region, operator: str, edit: Edit) -> Mutant:
    first, last = source.line_of(edit.start), source.line_of(max(edit.start, edit.end - 1))
    start, end = source.line_start(first), source.line_start(last + 1)
    head, tail = source.text[start : edit.start], source.text[edit.end : end]
    before, after = _code(source, start, end), _code(source, start, edit.start) + edit.text + _code(source, edit.end, end)
    removed = [f"-{line}" for line in source.text[start:end].splitlines()]
    added = [f"+{line}" for line in f"{head}{edit.text}{tail}".splitlines()]
    text = source.text[: edit.start] + edit.text + source.text[edit.end :]
    return Mutant("", operator, region, first, _tidy(before), _tidy(after), "\n".join([*removed, *added]), text)


def _code(source: Source, start: int, end: int) -> str:
    """The text between two characters without its comments."""
    pieces, at = [], start
    for begins, ends in sorted(source.comments):
        if start <= begins < end:
            pieces.append(source.text[at:begins])
            at = ends
    return "".join([*pieces, source.text[at:end]])


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return textwrap.dedent("\n".join(line for line in lines if line))
