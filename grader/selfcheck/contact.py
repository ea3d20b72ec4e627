"""Modules that answer everything with the same thing: whatever comes back, a suite must fail it and stay whole itself.

They are made from the stub: its imports, classes and signatures, every function and method with another body, and every
other attribute of its classes' objects. `__init__` only calls the base class's, so that objects come to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .parts import Files, Parts

__all__ = ["contact_modules"]

_ALWAYS = {
    "None": "return None",
    "text": "return 'text'",
    "an object of its own class": "class Own: pass\nreturn Own()",
}
_WITH_NUMPY = {
    "an array of shape (0,)": "import numpy\nreturn numpy.zeros((0,))",
    "an array of objects": "import numpy\nreturn numpy.array([object()], dtype=object)",
}
_MORE = {
    "NaN": "return float('nan')",
    "a list of lists of unequal length": "return [[1.0], [2.0, 3.0]]",
    "a dict with a text as its key": "return {'key': 1.0}",
    "an iterator at its end": "return iter(())",
    "a class": "class Own: pass\nreturn Own",
    "an exception without text": (
        "class Own(Exception):\n    def __str__(self):\n        raise ValueError\nraise Own\nreturn"
    ),
}
_MORE_WITH_TORCH = {"a tensor of shape (0,)": "import torch\nreturn torch.zeros((0,))"}
_NAMES = "\n".join(
    ["def __getattr__(self, name):", "    if name.startswith('_'):", "        raise AttributeError(name)", "    {body}"]
)


def contact_modules(parts: Parts, *, everything: bool) -> Iterator[tuple[str, Files]]:
    """What is handed in, by what every function in it returns. Files that are not Python stay as the stub has them."""
    stub = parts.stub()
    packages = parts.assignment.packages
    bodies = dict(_ALWAYS) | (_WITH_NUMPY if {"numpy", "torch"} & {*packages} else {})
    if everything:
        bodies |= _MORE | (_MORE_WITH_TORCH if "torch" in packages else {})
    for label, body in bodies.items():
        yield label, {name: _answering(name, text, body) for name, text in stub.items()}
    yield "nothing: an empty module", {name: b"" if name.endswith(".py") else text for name, text in stub.items()}


def _answering(name: str, stub: bytes, body: str) -> bytes:
    """A file with every body replaced; as it is where it is not Python, which its own run tells."""
    if not name.endswith(".py"):
        return stub
    try:
        tree = _Answering(body).visit(ast.parse(stub))
    except (SyntaxError, ValueError):
        return stub
    return (ast.unparse(ast.fix_missing_locations(tree)) + "\n").encode()


class _Answering(ast.NodeTransformer):
    """Gives every function the body, and every class without bases the same for its other attributes."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._has_bases = False

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Its methods; `__getattr__`."""
        outer, self._has_bases = self._has_bases, bool(node.bases)
        self.generic_visit(node)
        self._has_bases = outer
        if not node.bases:
            node.body += ast.parse(_NAMES.format(body=self._body.replace("\n", "\n    "))).body
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """The other body."""
        base = "super().__init__()" if self._has_bases else "pass"
        node.body = _body(base if node.name == "__init__" else self._body)
        return node


def _body(text: str) -> list[ast.stmt]:
    indented = text.replace("\n", "\n    ")
    function = ast.parse(f"def _():\n    {indented}").body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body
