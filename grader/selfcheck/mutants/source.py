"""A reference's text seen by operators: nodes with their parents, the text under them, edits of it."""

from __future__ import annotations

import ast
import dataclasses
import io
import re
import tokenize
from collections.abc import Iterator

from grader.errors import CourseError
from grader.selfcheck.regions import read_marked

__all__ = ["Edit", "Node", "Region", "Site", "Source", "called", "sites"]

Node = ast.expr | ast.stmt | ast.keyword | ast.arg
"""What has a place in the text."""

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict)
_TALK = ("print", "warn")
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMMENT = re.compile(r"#[^\n]*")


@dataclasses.dataclass(frozen=True)
class Edit:
    """Characters `start` to `end` become `text`. `whole`: the expression that is changed, which may need parentheses."""

    start: int
    end: int
    text: str
    whole: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class Region:
    """Lines from `# BEGIN SOLUTION` to `# END SOLUTION`, both included, counted from 1. `function`: whose they are, dotted
    from outside in, or "" outside of every function.
    """

    first: int
    last: int
    function: str

    def holds(self, node: Node) -> bool:
        """Whether the node lies within."""
        return self.first < node.lineno and (node.end_lineno or node.lineno) < self.last


class Source:
    """The text of a module. `name` is for messages. Raises CourseError where its solution markers are wrong."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        marked = read_marked(text)
        if marked.problems:
            raise CourseError(f"{name}, {marked.problems[0]}")
        self.tree = ast.parse(text)
        self.lines = io.StringIO(text).readlines()
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))
        self.comments = frozenset(self._comments())
        self.modules = frozenset(_modules(self.tree))
        self.regions = tuple(Region(one.begin, one.end, _function_at(self.tree, one.begin)) for one in marked.regions)

    def offset(self, line: int, column: int) -> int:
        """The character at a line (from 1) and a column in bytes of UTF-8, as `ast` counts."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))

    def line_start(self, line: int) -> int:
        """The first character of a line (from 1)."""
        return self._starts[line - 1]

    def span(self, node: Node) -> tuple[int, int]:
        """First character of a node, and the one after its last."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def line_of(self, offset: int) -> int:
        """The line (from 1) of a character."""
        return self.text.count("\n", 0, offset) + 1

    def _comments(self) -> Iterator[tuple[int, int]]:
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                start = self._starts[token.start[0] - 1] + token.start[1]
                yield start, start + len(token.string)


def _function_at(tree: ast.AST, line: int) -> str:
    """The innermost function around a line, dotted; "" where there is none."""
    path: list[str] = []
    inside = ""
    around: ast.AST | None = tree
    while around is not None:
        named = (node for node in ast.walk(around) if isinstance(node, _NAMED) and node is not around)
        around = next((node for node in named if node.lineno < line <= (node.end_lineno or 0)), None)
        if around is not None:
            path.append(around.name)
            inside = inside if isinstance(around, ast.ClassDef) else ".".join(path)
    return inside


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.asname or name.name.split(".")[0] for name in node.names)


@dataclasses.dataclass(frozen=True)
class Site:
    """One node of a source, its parents (nearest first), and how to write edits of it."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    source: Source

    @property
    def parent(self) -> ast.AST:
        """The nearest parent."""
        return self.parents[0]

    def text(self, node: Node) -> str:
        """The text of a node, without parentheses around it."""
        start, end = self.source.span(node)
        return self.source.text[start:end]

    def operand(self, node: ast.expr) -> str:
        """The text of an expression, in parentheses unless it needs none anywhere."""
        text = self.text(node)
        return text if isinstance(node, _ATOMS) else f"({text})"

    def replace(self, node: Node, text: str) -> Edit:
        """`text` in the place of a node."""
        span = self.source.span(node)
        return Edit(*span, text, span if isinstance(node, ast.expr) else None)

    def token(self, left: ast.expr, right: ast.expr, old: str, new: str, whole: ast.expr | None = None) -> Edit:
        """`new` in the place of the operator `old` between two expressions of `whole`."""
        start, end = self.source.span(left)[1], self.source.span(right)[0]
        between = _COMMENT.sub(lambda found: " " * len(found[0]), self.source.text[start:end])
        found = re.search(r"\s+".join(map(re.escape, old.split())), between)
        assert found is not None, (old, between)
        span = None if whole is None else self.source.span(whole)
        return Edit(start + found.start(), start + found.end(), new, span)


def called(node: ast.AST) -> str:
    """The name of the function or method that a call calls; "" for anything else."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def sites(source: Source, region: Region) -> Iterator[Site]:
    """Every node in a region that may be changed: no annotations, nothing of a `raise`, nothing inside an f-string, and
    nothing that does no more than talk.
    """
    yield from _below(source.tree, (), source, region)


def _below(node: ast.AST, parents: tuple[ast.AST, ...], source: Source, region: Region) -> Iterator[Site]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Raise | ast.JoinedStr) or _talks(child):
                continue
            if isinstance(child, Node) and not _meet(region, child):
                continue
            if isinstance(child, Node) and region.holds(child):
                yield Site(child, (node, *parents), source)
            yield from _below(child, (node, *parents), source, region)


def _talks(node: ast.AST) -> bool:
    """Whether a statement only prints or warns, if it does anything."""
    if isinstance(node, ast.If):
        return not node.orelse and all(map(_talks, node.body))
    return isinstance(node, ast.Expr) and called(node.value) in _TALK


def _meet(region: Region, node: Node) -> bool:
    return node.lineno < region.last and (node.end_lineno or node.lineno) > region.first
