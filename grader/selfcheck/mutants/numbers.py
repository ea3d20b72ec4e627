"""Operators on numbers and truth values: arithmetic, constants, comparisons, signs, `and`, `or`, `not`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Edit, Site, called

__all__ = ["HARMLESS", "arithmetic", "boolean", "comparison", "constant", "operand", "signed", "unary"]

_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"), ast.Pow: ("**", "*"), ast.MatMult: ("@", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {  # the boundary, then the negation
    ast.Lt: ("<", ("<=", ">=")), ast.LtE: ("<=", ("<", ">")), ast.Gt: (">", (">=", "<=")), ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)), ast.NotEq: ("!=", ("==",)), ast.In: ("in", ("not in",)), ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)), ast.IsNot: ("is not", ("is",)),
}  # fmt: skip
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.MatMult)  # whose two sides are not to be exchanged
_DROPPED = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_AXES = ("axis", "dim")
_SIGNLESS = ("abs", "absolute", "square")
_RESHAPES = ("reshape", "view")

HARMLESS = ("strict",)
"""Keywords that change nothing for input as the handout allows it."""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def signed(node: ast.AST) -> int | float | None:
    """The value of a number that is written out, with its sign; None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        size = signed(node.operand)
        return None if size is None else -size
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def arithmetic(site: Site) -> Iterator[Edit]:
    """`a + b` to `a - b`, `a *= b` to `a /= b`, `a ** b` to `a * b`, and so on."""
    node = site.node
    if isinstance(node, ast.BinOp) and not _is_text(node.left) and not _is_text(node.right):
        old, new = _ARITHMETIC[type(node.op)]
        yield site.token(node.left, node.right, old, new, node)
    elif isinstance(node, ast.AugAssign):
        old, new = _ARITHMETIC[type(node.op)]
        yield site.token(node.target, node.value, f"{old}=", f"{new}=")


def operand(site: Site) -> Iterator[Edit]:
    """`a - b` to `b - a`, unless it is squared; `a + b` to `a` and to `b`, but for a number that is written out."""
    node = site.node
    if not isinstance(node, ast.BinOp) or _is_text(node.left) or _is_text(node.right):
        return
    if isinstance(node.op, _ORDERED) and not (isinstance(node.op, ast.Sub) and _loses_its_sign(site)):
        sign = _ARITHMETIC[type(node.op)][0]
        yield site.replace(node, f"{site.operand(node.right)} {sign} {site.operand(node.left)}")
    if isinstance(node.op, _DROPPED):
        for dropped, kept in ((node.right, node.left), (node.left, node.right)):
            if signed(dropped) is None:
                yield site.replace(node, site.text(kept))


def _loses_its_sign(site: Site) -> bool:
    parent = site.parent
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is site.node:
        power = signed(parent.right)
        return power is not None and power % 2 == 0
    return called(parent) in _SIGNLESS


def constant(site: Site) -> Iterator[Edit]:
    """A number to the one after and the one before it (a float: to the one after, and 0), and to its negative;
    `True` to `False`.
    """
    node, value = site.node, signed(site.node)
    harmless = isinstance(site.parent, ast.keyword) and site.parent.arg in HARMLESS
    if isinstance(node, ast.Constant) and isinstance(node.value, bool) and not harmless:
        yield site.replace(node, str(not node.value))
    if value is None or signed(site.parent) is not None or _is_axis(site):
        return
    assert isinstance(node, ast.expr)
    others = [value + 1, 0.0, -value] if isinstance(value, float) else [value + 1, value - 1, -value]
    for other in dict.fromkeys(others):
        same = other == value or (value == -1 and other < 0 and called(site.parent) in _RESHAPES)  # NumPy takes any for -1
        if not same:
            yield site.replace(node, repr(other))


def _is_axis(site: Site) -> bool:
    return any(isinstance(parent, ast.keyword) and parent.arg in _AXES for parent in site.parents[:2])


def comparison(site: Site) -> Iterator[Edit]:
    """`<` to `<=` and to `>=`, `==` to `!=`, `in` to `not in`, and so on."""
    node = site.node
    if isinstance(node, ast.Compare):
        for left, sign, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            old, others = _COMPARISONS[type(sign)]
            for new in others:
                yield site.token(left, right, old, new, node)


def unary(site: Site) -> Iterator[Edit]:
    """`-a`, `~a` and `not a` to `a`; a number that is written out is left to `constant`."""
    node = site.node
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd) and signed(node) is None:
        yield site.replace(node, site.text(node.operand))


def boolean(site: Site) -> Iterator[Edit]:
    """`a and b` to `a or b`, to `a` and to `b`; and the other way round."""
    node = site.node
    if not isinstance(node, ast.BoolOp):
        return
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield site.token(left, right, old, new, node)
    for dropped in node.values:
        kept = [site.operand(value) for value in node.values if value is not dropped]
        yield site.replace(node, f" {old} ".join(kept))
