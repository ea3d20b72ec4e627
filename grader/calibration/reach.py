"""The part of a hidden suite that thresholds depend on: an edit of another test does not call for new measurements."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["reachable"]

_ASKS = "thresholds"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def reachable(source: str) -> str:
    """The top-level statements of a suite that its threshold tests lead to, in their order; all of it where it cannot be
    parsed.

    A test that takes the fixture `thresholds` leads to every name in it, fixtures among them, and these to theirs. What
    pytest finds by itself (hooks, marks of the module, fixtures for all tests) belongs to it too.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source
    asking = _asking(body)
    kept = {statement for statement in body if _is_root(statement, asking)}
    names, grown = set[str](), True
    while grown:
        names = {name for statement in kept for name in _used(statement)}
        more = {statement for statement in body if names.intersection(_defined(statement))} - kept
        kept |= more
        grown = bool(more)
    lines = source.splitlines()
    return "\n".join(_text(statement, lines, names) for statement in body if statement in kept)


def _text(statement: ast.stmt, lines: Sequence[str], names: set[str]) -> str:
    """The statement's lines; of an import only what is used."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        bound = zip(_defined(statement), statement.names, strict=True)
        statement.names = [alias for name, alias in bound if name in names or name == "*"]
        return ast.unparse(statement)
    return "\n".join(lines[_first(statement) : statement.end_lineno])


def _asking(body: Sequence[ast.stmt]) -> set[str]:
    """The fixture `thresholds`, and those of the suite that take it."""
    fixtures = [statement for statement in body if isinstance(statement, _Function) and _decorated(statement, "fixture")]
    asking: set[str] = set()
    more = {_ASKS}
    while more - asking:
        asking |= more
        more = {fixture.name for fixture in fixtures if asking.intersection(_arguments(fixture))}
    return asking


def _is_root(statement: ast.stmt, asking: set[str]) -> bool:
    functions = [node for node in ast.walk(statement) if isinstance(node, _Function)]
    if any(asking.intersection(_arguments(function)) for function in functions):
        return True
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return "*" in _defined(statement)
    if any(name.startswith("pytest") for name in _defined(statement)):
        return True
    if isinstance(statement, _Function | ast.ClassDef):
        return any(_decorated(function, "autouse") for function in functions)
    is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not is_docstring and not list(_defined(statement))


def _decorated(function: _Function, word: str) -> bool:
    return any(word in ast.dump(decorator) for decorator in function.decorator_list)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds."""
    if isinstance(statement, _Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        yield from (node.id for node in stored)


def _used(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, _Function):
            yield from _arguments(node)


def _arguments(function: _Function) -> Iterable[str]:
    return [one.arg for one in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]]


def _first(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, _Function | ast.ClassDef) else []
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
