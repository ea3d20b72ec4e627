"""What a measurement depends on, as digests: equal ones mean that the values still hold."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.course import Course

from .programs import Program
from .reach import reachable

__all__ = ["code_digest", "data_source", "digest", "program_digest", "suite_digest", "versions"]

_DATA = "course_data"
_HEX = 16


def digest(parts: Iterable[str]) -> str:
    """16 hex digits of the SHA-256 over some texts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:_HEX]


def program_digest(program: Program) -> str:
    """Of what is handed in. Lines of comment alone, and empty ones, do not count."""
    return digest(part for name, data in sorted(program.files.items()) for part in (name, _code(data)))


def suite_digest(course: Course, name: str) -> str:
    """Of the Python files in `solutions/<name>/`: guest, baseline, oracles, reference, and of the suite what its threshold
    tests lead to. Not of alternatives, and not of the course's own tests.
    """
    folder, suite = course.solution_folder(name), course.hidden_suite(name)
    files = sorted(path for path in folder.rglob("*.py") if _counts(path.relative_to(folder)) and path != suite)
    parts = [part for path in files for part in (path.relative_to(folder).as_posix(), _code(path.read_bytes()))]
    return digest([*parts, _code(reachable(suite.read_text("utf-8")).encode())])


def code_digest(course: Course, name: str, right: Sequence[Program], cheats: Sequence[Program]) -> str:
    """Of all code behind one threshold."""
    programs = [part for program in [*right, *cheats] for part in (program.name, program_digest(program))]
    return digest([suite_digest(course, name), *programs])


def data_source(course: Course, name: str) -> str:
    """Where the assignment's images come from, such as "cifar10: real; generated 0f3a…": each set of assignment.toml, real
    or generated, and a digest of the generators. "none" for a suite that does not name them.
    """
    folder = course.solution_folder(name)
    found = importlib.util.find_spec(_DATA)
    if found is None or found.origin is None or not any(_DATA in path.read_text("utf-8") for path in folder.glob("*.py")):
        return "none"
    generators = sorted((Path(found.origin).parent / "generated").glob("*.py"))
    drawn = digest(part for path in generators for part in (path.name, _code(path.read_bytes())))
    return "; ".join([*_origins(course.assignment(name).data), f"generated {drawn}"])


def versions(course: Course, name: str) -> str:
    """Of Python and of the assignment's packages, and the kind of machine."""
    packages = sorted({"numpy", *course.assignment(name).packages})
    found = [f"{package} {_version(package)}" for package in packages]
    return ", ".join([f"Python {platform.python_version()}", *found, platform.machine()])


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _origins(names: Sequence[str]) -> Iterator[str]:
    from course_data.catalog import SETS
    from course_data.places import data_folder

    for name in names:
        real = SETS[name].real if name in SETS else None
        yield f"{name}: {'real' if real is not None and real.present(data_folder()) else 'generated'}"


def _counts(path: Path) -> bool:
    parts = path.parts
    return parts[0] != "alternatives" and not path.name.endswith("_course.py") and not any(p.startswith(".") for p in parts)


def _code(data: bytes) -> str:
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
