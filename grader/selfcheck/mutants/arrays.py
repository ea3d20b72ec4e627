"""Operators on arrays: axes, transposes, subscripts, slices, reductions, and the functions that numeric code is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .calls import neighbours
from .numbers import signed
from .source import Edit, Site, called

__all__ = ["axis", "function", "slice_bound", "subscript", "transpose", "unwrap"]

_AXES = ("axis", "dim")
_TRANSPOSED = ("T", "mT", "H")
_TRANSPOSES = ("transpose", "swapaxes", "moveaxis", "permute", "rot90")
_PAIRS = (
    ("max", "min"), ("argmax", "argmin"), ("maximum", "minimum"), ("amax", "amin"), ("sum", "mean"), ("std", "var"),
    ("any", "all"), ("floor", "ceil"), ("sin", "cos"), ("vstack", "hstack"), ("logical_and", "logical_or"),
    ("cumsum", "cumprod"),
)  # fmt: skip
_OTHERS = {
    **{one: other for pair in _PAIRS for one, other in (pair, pair[::-1])},
    "nanmax": "nanmin", "nanmin": "nanmax", "prod": "sum", "median": "mean", "zeros": "ones", "ones": "zeros",
    "zeros_like": "ones_like", "ones_like": "zeros_like",
}  # fmt: skip
_FUNCTIONS = {
    "sqrt", "abs", "absolute", "exp", "log", "square", "sign", "floor", "ceil", "round", "rint", "clip", "maximum",
    "minimum", "softmax", "relu", "flip", "sorted", "reversed", "copy", "deepcopy", "unique", "sort",
}  # fmt: skip
_METHODS = {
    "copy", "clone", "detach", "astype", "clip", "clamp", "abs", "exp", "log", "sqrt", "relu", "reshape", "round", "squeeze",
}  # fmt: skip


def axis(site: Site) -> Iterator[Edit]:
    """`axis=1` (or `dim`) to the axes beside it; `axis=(1, 2)` to `axis=(1,)` and `axis=(2,)`."""
    node = site.node
    if not isinstance(node, ast.keyword) or node.arg not in _AXES:
        return
    value = signed(node.value)
    if value is not None:
        for other in (value - 1, value + 1):
            if other * value >= 0 and (value != 0 or other > 0):  # never from 0 to -1: often the same axis
                yield site.replace(node.value, repr(other))
    elif isinstance(node.value, ast.Tuple | ast.List):
        for dropped in node.value.elts:
            kept = "".join(f"{site.text(element)}, " for element in node.value.elts if element is not dropped)
            yield site.replace(node.value, f"({kept.strip()})" if kept else "()")


def transpose(site: Site) -> Iterator[Edit]:
    """`a.T`, `a.transpose(...)`, `np.swapaxes(a, ...)` and their like to `a`."""
    node = site.node
    if isinstance(node, ast.Attribute) and node.attr in _TRANSPOSED:
        yield site.replace(node, site.operand(node.value))
    elif isinstance(node, ast.Call) and called(node) in _TRANSPOSES and (inner := _inner(site, node)) is not None:
        yield site.replace(node, site.operand(inner))


def unwrap(site: Site) -> Iterator[Edit]:
    """`np.sqrt(a)`, `a.copy()`, `np.maximum(a, 0)` and their like to `a`."""
    node = site.node
    if not isinstance(node, ast.Call) or (inner := _inner(site, node)) is None:
        return
    method = isinstance(node.func, ast.Attribute) and inner is node.func.value
    if called(node) in (_METHODS if method else _FUNCTIONS):
        yield site.replace(node, site.operand(inner))


def _inner(site: Site, node: ast.Call) -> ast.expr | None:
    """What a call works on: the object of a method, the first argument of a function."""
    if isinstance(node.func, ast.Attribute) and not _is_module(site, node.func.value):
        return node.func.value
    return node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None


def _is_module(site: Site, node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in site.source.modules


def function(site: Site) -> Iterator[Edit]:
    """`max` to `min`, `sum` to `mean`, `zeros` to `ones`, and so on, as a function or as a method."""
    node = site.node
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in _OTHERS:
        end = site.source.span(node)[1]
        yield Edit(end - len(node.attr), end, _OTHERS[node.attr])
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ("max", "min", "any", "all"):
        yield site.replace(node, _OTHERS[node.id])


def subscript(site: Site) -> Iterator[Edit]:
    """`a[i, j]` to `a[j, i]`; `a[:, None]` to `a[None, :]` and to `a[:]`."""
    node = site.node
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) < 2:
        return
    texts = [site.text(element) for element in node.slice.elts]
    for exchanged in neighbours(texts, len(texts)):
        yield _subscripted(site, node, exchanged)
    for k, text in enumerate(texts):
        if text in ("None", "np.newaxis"):
            yield _subscripted(site, node, [*texts[:k], *texts[k + 1 :]])


def _subscripted(site: Site, node: ast.Subscript, texts: list[str]) -> Edit:
    return site.replace(node, f"{site.operand(node.value)}[{', '.join(texts)}]")


def slice_bound(site: Site) -> Iterator[Edit]:
    """`a[i:j:s]` without one of the three; a bound that is no number written out, one more and one less."""
    node = site.node
    if not isinstance(node, ast.Slice):
        return
    bounds = (node.lower, node.upper, node.step)
    texts = ["" if bound is None else site.text(bound) for bound in bounds]
    for k, bound in enumerate(bounds):
        if bound is None:
            continue
        shifted = [] if k == 2 or signed(bound) is not None else [f"{texts[k]} + 1", f"{texts[k]} - 1"]
        for other in ["", *shifted]:
            changed = [*texts[:k], other, *texts[k + 1 :]]
            yield site.replace(node, ":".join(changed if changed[2] else changed[:2]))
