"""Operators on calls: arguments that are dropped, arguments that change places, the bounds of ranges."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .numbers import HARMLESS, signed
from .source import Edit, Site, called

__all__ = ["RANGES", "dropped", "exchanged", "neighbours", "range_bound"]

RANGES = ("range", "arange")
"""Functions whose arguments are start, stop and step."""

_EITHER_WAY = ("maximum", "minimum", "logical_and", "logical_or")


def _call(site: Site, node: ast.Call, arguments: Sequence[str]) -> Edit:
    return site.replace(node, f"{site.operand(node.func)}({', '.join(arguments)})")


def _texts(site: Site, node: ast.Call) -> list[str]:
    return [*map(site.text, node.args), *map(site.text, node.keywords)]


def dropped(site: Site) -> Iterator[Edit]:
    """`f(a, k=b)` to `f(a)`, for every keyword; `f(a, b)` to `f(a)`."""
    node = site.node
    if not isinstance(node, ast.Call) or any(isinstance(given, ast.Starred) for given in node.args):
        return
    texts, last = _texts(site, node), len(node.args) - 1
    if last > 0:
        yield _call(site, node, [*texts[:last], *texts[last + 1 :]])
    for k, given in enumerate(node.keywords, last + 1):
        if given.arg not in (None, *HARMLESS):
            yield _call(site, node, [*texts[:k], *texts[k + 1 :]])


def exchanged(site: Site) -> Iterator[Edit]:
    """`f(a, b)` to `f(b, a)`, and `f((a, b))` to `f((b, a))`, for any two that are neighbours; not for axes, and not
    where the order does not matter.
    """
    node = site.node
    if called(node) in _EITHER_WAY:
        return
    if isinstance(node, ast.Call) and not any(isinstance(given, ast.Starred) for given in node.args):
        for texts in neighbours(_texts(site, node), len(node.args)):
            yield _call(site, node, texts)
    elif isinstance(node, ast.Tuple) and isinstance(site.parent, ast.Call):
        for texts in neighbours([site.text(element) for element in node.elts], len(node.elts)):
            yield site.replace(node, f"({', '.join(texts)})")


def neighbours(texts: Sequence[str], count: int) -> Iterator[list[str]]:
    """The texts with two of the first `count` exchanged that are neighbours and differ."""
    for k in range(count - 1):
        if texts[k] != texts[k + 1]:
            yield [*texts[:k], texts[k + 1], texts[k], *texts[k + 2 :]]


def range_bound(site: Site) -> Iterator[Edit]:
    """`range(n)` to `range(1, n)`, and a bound that is no number written out to one more and one less; without the
    step.
    """
    node = site.node
    if not isinstance(node, ast.Call) or called(node) not in RANGES or not 1 <= len(node.args) <= 3:
        return
    texts = _texts(site, node)
    if len(node.args) == 1:
        yield _call(site, node, ["1", *texts])
    if len(node.args) == 3:
        yield _call(site, node, [*texts[:2], *texts[3:]])
    for k, bound in enumerate(node.args[:2]):
        if signed(bound) is None:
            for shifted in (f"{texts[k]} + 1", f"{texts[k]} - 1"):
                yield _call(site, node, [*texts[:k], shifted, *texts[k + 1 :]])
