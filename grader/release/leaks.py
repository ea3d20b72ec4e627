"""The proof that a release gives no answer away: nothing of solutions/ is in it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.course import ANSWERS_FILE, Course
from grader.errors import CourseError

from .lines import RUN, code_lines, spans, text_lines
from .private import PrivateLines, PrivateParts, plain_text, toml_table

__all__ = ["Leak", "find_leaks", "refuse_leaks"]

_SHOWN = 20


@dataclasses.dataclass(frozen=True)
class Leak:
    """Lines `first` to `last` (0: the whole) of the released file `name`, and what they are."""

    name: str
    first: int
    last: int
    private: PrivateLines

    def __str__(self) -> str:
        there = _place(self.private.name, self.private.first, self.private.last)
        return f"{_place(self.name, self.first, self.last)}: {self.private.what}, {there}"


def refuse_leaks(files: Mapping[str, bytes], course: Course) -> None:
    """Raise CourseError, naming files and lines, if anything private of `course` is in `files` (bytes by relative path)."""
    leaks = find_leaks(files, course)
    if not leaks:
        return
    places = "1 place" if len(leaks) == 1 else f"{len(leaks)} places"
    lines = [f"this release would give answers away in {places}; nothing was written", *map(str, leaks[:_SHOWN])]
    if len(leaks) > _SHOWN:
        lines.append(f"and {len(leaks) - _SHOWN} more")
    lines.append(
        "take these lines out of what is released; lines that may be public go between `# BEGIN PUBLIC` and `# END PUBLIC` "
        "in the private file"
    )
    raise CourseError("\n".join(lines))


def find_leaks(files: Mapping[str, bytes], course: Course) -> list[Leak]:
    """Everything private of `course` in `files`, by file and line; what is in a row is one leak."""
    private = PrivateParts(course)
    leaks: list[Leak] = []
    for name, data in sorted(files.items()):
        text = data.decode("utf-8", "replace")
        leaks += [*_copied(private, name, data), *_joined(_lines_in(private, name, text))]
        leaks += [*_sentences_in(private, name, text), *_filled_in(name, text)]
    return leaks


def _lines_in(private: PrivateParts, name: str, text: str) -> set[Leak]:
    """Lines that are private, read as code, and read as text whose comments may be code."""
    return {
        Leak(name, span.first, span.last, private.spans[span.key])
        for lines in (code_lines(text, Path(name).suffix), text_lines(text))
        for run in range(1, RUN + 1)
        for span in spans(lines, run)
        if span.key in private.spans
    }


def _joined(leaks: set[Leak]) -> list[Leak]:
    """Those that overlap or touch, made into one."""
    joined: list[Leak] = []
    for leak in sorted(leaks, key=lambda one: (one.private.name, one.first, one.private.first)):
        last = joined[-1] if joined else None
        if last and last.private.name == leak.private.name and leak.first <= last.last + 1:
            first = min(last.private.first, leak.private.first)
            end = max(last.private.last, leak.private.last)
            there = dataclasses.replace(last.private, first=first, last=end)
            joined[-1] = dataclasses.replace(last, last=max(last.last, leak.last), private=there)
        else:
            joined.append(leak)
    return sorted(joined, key=lambda one: one.first)


def _copied(private: PrivateParts, name: str, data: bytes) -> Iterator[Leak]:
    """A file that is no text, byte for byte."""
    if original := private.whole.get(hashlib.sha256(data).digest()):
        yield Leak(name, 0, 0, PrivateLines(original, 0, 0, "the same bytes"))


def _sentences_in(private: PrivateParts, name: str, text: str) -> Iterator[Leak]:
    plain = plain_text(text)
    for sentence, key in private.sentences.items():
        if sentence in plain:
            yield Leak(name, 0, 0, PrivateLines(key, 0, 0, f"the explanation {sentence!r}"))


def _filled_in(name: str, text: str) -> Iterator[Leak]:
    """A form with answers in it."""
    if Path(name).name == ANSWERS_FILE:
        for question, answer in toml_table(text).items():
            if answer != "":
                yield Leak(name, 0, 0, PrivateLines("write an empty one", 0, 0, f"an answer, {question} = {answer!r}"))


def _place(name: str, first: int, last: int) -> str:
    if not first:
        return name
    return f"{name}, line {first}" if first == last else f"{name}, lines {first} to {last}"
