"""The stub: cut from the reference, and a specification by itself."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

from grader.grading.atomic import write_atomic

from .parts import Parts
from .regions import read_marked

__all__ = ["stub_findings", "write_stub"]

_Described = dict[str, tuple[int, str, str]]  # name: line, signature, docstring


def write_stub(parts: Parts) -> list[str]:
    """Write what the reference leaves when its solutions are cut out; gives the names of the files that changed."""
    changed = []
    for stub, reference in _pairs(parts):
        marked = read_marked(_text(reference))
        if not marked.problems and (not stub.is_file() or stub.read_bytes() != marked.stub.encode()):
            write_atomic(stub, marked.stub.encode())
            changed.append(parts.shown(stub))
    return changed


def stub_findings(parts: Parts) -> Iterator[str]:
    """Markers that do not pair, a stub that is not the reference without its solutions, a public name without docstring."""
    for name in parts.assignment.files:
        if name.endswith(".py") and name not in parts.assignment.optional and not (parts.private / name).is_file():
            yield f"{parts.shown(parts.private)}/{name}: not there; write the reference for it"
    for stub, reference in _pairs(parts):
        marked = read_marked(_text(reference))
        yield from (f"{parts.shown(reference)}, {problem}" for problem in marked.problems)
        if not stub.is_file():
            yield f"{parts.shown(stub)}: not there; `grader check {parts.name} --write` makes it from the reference"
            continue
        if not marked.problems and _text(stub) != marked.stub:
            yield from _differences(parts, stub, reference, marked.stub)
        yield from _undocumented(parts.shown(stub), _text(stub))


def _pairs(parts: Parts) -> Iterator[tuple[Path, Path]]:
    """Stub and reference of every Python file that is handed in."""
    for name in parts.assignment.files:
        if name.endswith(".py") and (parts.private / name).is_file():
            yield parts.assignment.folder / name, parts.private / name


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _differences(parts: Parts, stub: Path, reference: Path, wanted: str) -> Iterator[str]:
    """The first line that differs, and every name whose signature or docstring does."""
    rows = itertools.zip_longest(_text(stub).split("\n"), wanted.split("\n"))
    number, got, want = next((n, got, want) for n, (got, want) in enumerate(rows, 1) if got != want)
    yield (
        f"{parts.shown(stub)}, line {number}: {_line(got)}, where the reference without its solutions has {_line(want)}; "
        f"mend the reference, then `grader check {parts.name} --write` cuts the stub from it"
    )
    here, there = _described(_text(stub)), _described(_text(reference))
    for name in here.keys() & there.keys():
        for k, what in ((1, "signature"), (2, "docstring")):
            if here[name][k] != there[name][k]:
                place = f"{parts.shown(stub)}, line {here[name][0]}"
                yield f"{place}: the {what} of {name!r} is another in {parts.shown(reference)}; make them one"


def _line(text: str | None) -> str:
    return "nothing" if text is None else repr(text)


def _undocumented(shown: str, text: str) -> Iterator[str]:
    for name, (line, _, docstring) in _described(text).items():
        if not docstring and not any(part.startswith("_") for part in name.split(".")):
            yield f"{shown}, line {line}: {name!r} has no docstring; the stub says what is asked: shapes, units, errors"


def _described(text: str) -> _Described:
    """Functions, classes and methods; none where the text is not Python (running it will tell)."""
    try:
        return dict(_below(ast.parse(text).body, ""))
    except (SyntaxError, ValueError):
        return {}


def _below(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, tuple[int, str, str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(map(ast.unparse, node.bases))
            yield prefix + node.name, (node.lineno, bases, ast.get_docstring(node) or "")
            yield from _below(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returns = ast.unparse(node.returns) if node.returns else ""
            signature = f"({ast.unparse(node.args)}) -> {returns}"
            yield prefix + node.name, (node.lineno, signature, ast.get_docstring(node) or "")
