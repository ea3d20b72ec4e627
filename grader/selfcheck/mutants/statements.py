"""Operators on statements: left out, assigned for added, conditions negated, loops cut short, results replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .calls import RANGES, neighbours
from .source import Edit, Node, Site, called

__all__ = ["accumulated", "condition", "jump", "loop_end", "removed", "returned"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
_NO_NUMBER = (
    ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.JoinedStr, ast.Lambda,
    ast.Compare, ast.BoolOp,
)  # fmt: skip


def accumulated(site: Site) -> Iterator[Edit]:
    """`a += b` to `a = b`, for every such assignment."""
    node = site.node
    if isinstance(node, ast.AugAssign):
        start, end = site.source.span(node.target)[1], site.source.span(node.value)[0]
        sign = site.source.text.index("=", start, end)
        while site.source.text[start] == " ":
            start += 1
        yield Edit(start, sign + 1, "=")


def removed(site: Site) -> Iterator[Edit]:
    """A statement to `pass`, where what follows still knows its names: no first assignment of a name, no `return`."""
    node = site.node
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Constant):
            return
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        if _names_something_new(site, node):
            return
    elif not isinstance(node, ast.AugAssign | ast.If | ast.For | ast.While | ast.Break | ast.Continue | ast.Delete):
        return
    if not (isinstance(node, ast.If) and _is_elif(site, node)):
        yield site.replace(node, "pass")


def _is_elif(site: Site, node: ast.If) -> bool:
    return site.source.text.startswith("elif", site.source.span(node)[0])


def _names_something_new(site: Site, node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether it assigns a name that was not assigned above: without it the rest would only raise NameError."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {name.id for target in targets for name in _stored(target)}
    function = next(parent for parent in site.parents if isinstance(parent, _FUNCTIONS))
    before = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    start = site.source.span(node)[0]
    before |= {name.id for name in _stored(function) if site.source.span(name)[0] < start}
    return bool(names - before) or (isinstance(node, ast.AnnAssign) and node.value is None)


def _stored(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def condition(site: Site) -> Iterator[Edit]:
    """The condition of `if` and `while` negated, where it is no comparison and no `not`; that of a comprehension also
    dropped.
    """
    node = site.node
    if not isinstance(node, ast.expr):
        return
    filters = isinstance(site.parent, ast.comprehension) and node in site.parent.ifs
    if filters:
        yield site.replace(node, "True")
    if filters or (isinstance(site.parent, ast.If | ast.While | ast.IfExp) and site.parent.test is node):
        negated = isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        if not negated:
            yield site.replace(node, f"not {site.operand(node)}")


def loop_end(site: Site) -> Iterator[Edit]:
    """What a loop or a comprehension runs over, without its first and without its last; not for a range."""
    node, parent = site.node, site.parent
    if isinstance(parent, ast.For | ast.comprehension) and parent.iter is node:
        assert isinstance(node, ast.expr)
        if called(node) not in RANGES:
            yield site.replace(node, f"list({site.text(node)})[1:]")
            yield site.replace(node, f"list({site.text(node)})[:-1]")


def jump(site: Site) -> Iterator[Edit]:
    """`break` to `continue`, and the other way round."""
    if isinstance(site.node, ast.Break | ast.Continue):
        yield site.replace(site.node, "continue" if isinstance(site.node, ast.Break) else "break")


def returned(site: Site) -> Iterator[Edit]:
    """What a function returns to `None`, to its negative, or, for several values, with two exchanged or one negated;
    likewise the value of a `lambda`, of which one of several may also be dropped.
    """
    parent = site.parent
    if not isinstance(parent, ast.Return | ast.Lambda) or site.node is not (
        parent.value if isinstance(parent, ast.Return) else parent.body
    ):
        return
    node = site.node
    assert isinstance(node, ast.expr)
    if isinstance(node, ast.Tuple):
        yield from _several(site, node, droppable=isinstance(parent, ast.Lambda))
    elif not _is_no_number(node):
        yield site.replace(node, f"-{site.operand(node)}")
    if isinstance(parent, ast.Return):
        yield site.replace(node, "None")


def _is_no_number(node: ast.expr) -> bool:
    """Whether it has no negative, or is one whose sign another operator takes away."""
    signed = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    return signed or isinstance(node, _NO_NUMBER) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _several(site: Site, node: ast.Tuple, *, droppable: bool) -> Iterator[Edit]:
    texts = [site.text(element) for element in node.elts]
    for exchanged in neighbours(texts, len(texts)):
        yield _tuple(site, node, exchanged)
    for k, element in enumerate(node.elts):
        if not _is_no_number(element):
            yield _tuple(site, node, [*texts[:k], f"-{site.operand(element)}", *texts[k + 1 :]])
        if droppable:
            yield _tuple(site, node, [*texts[:k], *texts[k + 1 :]])


def _tuple(site: Site, node: Node, texts: list[str]) -> Edit:
    return site.replace(node, f"({', '.join(texts)}{',' if len(texts) == 1 else ''})")
