"""`equivalent.toml`: the mutants of one reference that no test can tell from it, each with the reason.

::

    [[equivalent]]
    id = "8b0c8bb3a9"
    before = "return np.sqrt(squared, out=squared)"
    after = "return np.sqrt(squared)"
    reason = "The same numbers, in an array of their own."
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from grader.course.strict import Table, load_toml
from grader.errors import CourseError

from .mutate import Mutant, squeezed

__all__ = ["FILE_NAME", "Equivalent", "entry_of", "load_equivalents", "stale"]

FILE_NAME = "equivalent.toml"
_KEYS = ("id", "before", "after", "reason")


@dataclasses.dataclass(frozen=True)
class Equivalent:
    """One entry: the mutant's id, its changed lines for the reader, and why nothing can tell it from the reference."""

    id: str
    before: str
    after: str
    reason: str


def load_equivalents(path: Path) -> dict[str, Equivalent]:
    """The entries by id; none where there is no file. Raises CourseError for a file that is wrong."""
    if not path.exists():
        return {}
    data, _ = load_toml(path)
    entries = Table(data, str(path), ["equivalent"]).data.get("equivalent", [])
    if not isinstance(entries, list):
        raise CourseError(f"{path}: write [[equivalent]] with two brackets, once for each mutant")
    found: dict[str, Equivalent] = {}
    for number, entry in enumerate(entries, 1):
        table = Table(entry, f"{path}, entry {number}", _KEYS)
        one = Equivalent(*map(table.text, _KEYS))
        if one.id in found:
            raise table.fail("id", "an earlier entry has it; leave one of them out")
        found[one.id] = one
    return found


def stale(shown: str, listed: Mapping[str, Equivalent], mutants: Iterable[Mutant]) -> Iterator[str]:
    """What is wrong with entries of the list, which is `shown` to the reader under that name."""
    known = {mutant.id: mutant for mutant in mutants}
    for one in listed.values():
        if one.id not in known:
            what = one.before.strip().split("\n")[0]
            yield f"{shown}: no mutant has the id {one.id!r} any more (it was one of {what!r}); renew the entry or remove it"
            continue
        mutant = known[one.id]
        for key, told, is_so in (("before", one.before, mutant.before), ("after", one.after, mutant.after)):
            if squeezed(told) != squeezed(is_so):
                yield f"{shown}, id {one.id!r}: `{key}` is not what the mutant does; write {_quoted(is_so)}"


def entry_of(mutant: Mutant) -> str:
    """The mutant's entry, its reason still to be written."""
    lines = {"id": mutant.id, "before": mutant.before, "after": mutant.after, "reason": "..."}
    return "\n".join(["[[equivalent]]", *(f"{key} = {_quoted(text)}" for key, text in lines.items())])


def _quoted(text: str) -> str:
    """A text as TOML has it."""
    return f"'''\n{text}\n'''" if "\n" in text and "'''" not in text else json.dumps(text, ensure_ascii=False)
