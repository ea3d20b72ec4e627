"""What would cost a student points and can be seen without running anything."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import PurePosixPath

from grader.course import Assignment
from grader.grading.intake import Intake

__all__ = ["warnings_of"]

_SHOWN = 6


def warnings_of(intake: Intake, assignment: Assignment) -> Iterator[str]:
    """One line each: what does not compile, is imported and will not be there, is not done, is not answered."""
    for name, data in intake.files.items():
        if name.endswith(".py") and data:
            yield from _of_python(name, data, assignment)
    yield from _of_answers(intake)


def _of_python(name: str, data: bytes, assignment: Assignment) -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(data, filename=name)
            compile(tree, name, "exec", dont_inherit=True)
    except SyntaxError as problem:
        where = f"{name}, line {problem.lineno}" if problem.lineno else name
        yield f"{where}: it does not compile ({problem.msg}), so no task of it can be graded; mend that line"
        return
    except (ValueError, RecursionError, MemoryError) as problem:
        yield f"{name}: it does not compile ({problem}), so no task of it can be graded"
        return
    known = _importable(assignment)
    for line, module in sorted(_imports(tree)):
        if module not in known:
            can = ", ".join(["the standard library", *assignment.packages])
            yield f"{name}, line {line}: imports {module!r}, which is not there when it is graded; there are: {can}"
    if undone := list(_undone(tree.body, "")):
        more = f" and {len(undone) - _SHOWN} more" if len(undone) > _SHOWN else ""
        yield f"{name}: not done yet (raise NotImplementedError): {', '.join(undone[:_SHOWN])}{more}"


def _imports(tree: ast.Module) -> set[tuple[int, str]]:
    """Line and top-level name of everything imported; relative imports stay within the files."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name.split(".")[0]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add((node.lineno, node.module.split(".")[0]))
    return found


def _importable(assignment: Assignment) -> set[str]:
    """The standard library, the files handed in, and what the assignment's distributions provide."""
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in assignment.files if name.endswith(".py")}
    packages = (*assignment.packages, *assignment.optional_packages)
    wanted = {_normal(package) for package in packages}
    # A distribution that is not installed here is taken to provide a module of its own name.
    provided = {re.sub(r"[-.]", "_", package) for package in packages}
    for module, distributions in importlib.metadata.packages_distributions().items():
        if wanted & set(map(_normal, distributions)):
            provided.add(module)
    return own | provided | set(sys.stdlib_module_names)


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _undone(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    """Functions and methods whose own body still raises NotImplementedError, with their line."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _undone(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(map(_raises_not_implemented, node.body)):
                yield f"{prefix}{node.name} (line {node.lineno})"
            yield from _undone(node.body, f"{prefix}{node.name}.")


def _raises_not_implemented(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _of_answers(intake: Intake) -> Iterator[str]:
    empty = [name for name, given in intake.answers.given.items() if given.state == "not answered"]
    if empty:
        yield f"answers.toml: no answer to {', '.join(empty)}"
    for name, given in intake.answers.given.items():
        if given.state == "unreadable":
            yield f"answers.toml, {name}: {given.problem or 'the answer cannot be read'}"
