"""Reading answers.toml, which a student wrote: parsed here, on the trusted side, with nothing taken on trust.

Generous where the meaning is certain: "B", " b ", "(b)", "b) its text" and the text alone name the choice b; a number may
be written as text, with its unit behind it, with _ or spaces between thousands, as 6.1e7 or 6.1 * 10^7. Where it is not
(61,44 or 61.44 MB), the answer cannot be read, and the line says how to write it. One such answer costs its own question;
a file that is not TOML costs all of them, and nothing else.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from grader.course import ANSWERS_FILE, Question
from grader.course.strict import did_you_mean

__all__ = ["SIZE_CAP", "Answers", "AnswerState", "Given", "no_answers", "read_answers"]

SIZE_CAP = 1 << 16  # bytes of the file
_LINE_CAP = 2000  # characters: tomllib's time grows with the square of a key's parts
_SHOWN = 80
_BEGINNING = 4  # characters of a choice's text that are told from another letter
_UNKNOWN = 3  # names that are told; a hostile file has thousands

_LETTER = re.compile(r"\(?([A-Za-z])[).:]?(?:(?<=[).:])\s*(\S.*))?", re.DOTALL)
_PLAIN = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:(?: [0-9]{3})+|(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})")
_TIMES_TEN = re.compile(r" ?[*x×·] ?10 ?(?:\^|\*\*) ?")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_KINDS: dict[type, str] = {
    bool: "true or false", list: "a list", dict: "a table", datetime.datetime: "a date", datetime.date: "a date",
    datetime.time: "a time",
}  # fmt: skip

AnswerState = Literal["answered", "not answered", "unreadable"]


@dataclasses.dataclass(frozen=True)
class Given:
    """The answer to one question: `value` is a letter of its choices, or a finite number; `shown`: what was written, escaped
    and cut; `problem`: why it cannot be read, fit for the student.
    """

    state: AnswerState = "not answered"
    value: str | float | None = None
    shown: str = ""
    problem: str = ""


@dataclasses.dataclass(frozen=True)
class Answers:
    """By question id, one for each; `problems`: sentences about the file as a whole."""

    given: Mapping[str, Given]
    problems: tuple[str, ...] = ()


class _Unreadable(Exception):
    """The file as a whole; says why."""


def no_answers(questions: Sequence[Question], why: str = "") -> Answers:
    """For a file that is not there, or, with a reason, that cannot be read."""
    return Answers({question.id: Given("unreadable", problem=why) if why else Given() for question in questions})


def read_answers(data: bytes, questions: Sequence[Question]) -> Answers:
    """The answers in a file's bytes, whatever they are; raises nothing."""
    try:
        table = _parse(data)
    except _Unreadable as problem:
        sentence = f"{ANSWERS_FILE}{problem}"
        return dataclasses.replace(no_answers(questions, sentence), problems=(sentence,))
    ids = [question.id for question in questions]
    unknown = [name for name in table if name not in ids]
    problems = [
        f"{ANSWERS_FILE}: no question is called '{_cut(name)}'; {did_you_mean(name, ids)}" for name in unknown[:_UNKNOWN]
    ]
    if len(unknown) > _UNKNOWN:
        problems.append(f"{ANSWERS_FILE}: and {len(unknown) - _UNKNOWN} more names that are no question's")
    return Answers({question.id: _given(question, table.get(question.id, "")) for question in questions}, tuple(problems))


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > SIZE_CAP:
        raise _Unreadable(f": {len(data)} bytes, at most {SIZE_CAP} are read; write the answers alone")
    try:
        text = data.decode("utf-8-sig") + "\n"
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise _Unreadable(f", line {line}: not UTF-8; save the file as UTF-8") from None
    for number, length in enumerate(map(len, text.split("\n")), 1):
        if length > _LINE_CAP:
            raise _Unreadable(f", line {number}: {length} characters, at most {_LINE_CAP} are read; write a short answer")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _Unreadable(f", line {_deepest(text)}: brackets in brackets; write a letter or a number in quotes") from None
    except ValueError as problem:  # of which TOMLDecodeError is one
        raise _Unreadable(_complaint(str(problem), text)) from None


def _complaint(problem: str, text: str) -> str:
    place = _PLACE.search(problem)
    line = int(place[1]) if place and place[1] else text.count("\n")
    if "overwrite" in problem or "twice" in problem:
        return f", line {line}: this name is there already; leave one of the two"
    mend = 'write every answer in quotes on a line of its own, such as name = "b"'
    said = "".join(c if c.isprintable() else "?" for c in _PLACE.sub("", problem)[:_SHOWN])
    return f", line {line}: not TOML ({said}); {mend}"


def _deepest(text: str) -> int:
    """The line where brackets are opened within many others."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        depth += sum(map(line.count, "[{")) - sum(map(line.count, "]}"))
        if depth > 50:
            return number
    return text.count("\n")


def _given(question: Question, value: object) -> Given:
    if isinstance(value, str) and not value.strip():
        return Given()
    kind = _KINDS.get(type(value))
    if kind is not None:
        return Given("unreadable", shown=kind, problem=f"this is {kind}; {_mend(question)}")
    shown = _cut(value) if isinstance(value, str) else _number_text(value)
    read = _choice(question, value) if question.choices else _number(question, value)
    if read is not None:
        return Given("answered", read, shown)
    named = f"'{shown}'" if isinstance(value, str) else shown
    return Given("unreadable", shown=shown, problem=f"{named} is {_wanted(question)}; {_mend(question)}")


def _wanted(question: Question) -> str:
    return f"none of {', '.join(question.letters)}" if question.choices else "not certainly a number"


def _mend(question: Question) -> str:
    if question.choices:
        return f'write one of the letters in quotes, such as "{question.letters[0]}"'
    return f'write the number alone, {f"in {question.unit}, " if question.unit else ""}such as "1500" or "1.5e3"'


def _choice(question: Question, value: object) -> str | None:
    """The letter that is meant, or None. What follows a letter must be the beginning of its text: "b) or c)" is no b."""
    if not isinstance(value, str):
        return None
    by_text = {_plain(text): letter for letter, text in question.choices}
    if _plain(value) in by_text:
        return by_text[_plain(value)]
    found = _LETTER.fullmatch(value.strip())
    letter = found[1].lower() if found else ""
    if found is None or letter not in question.letters:
        return None
    rest = _plain(found[2] or "")
    is_beginning = len(rest) >= _BEGINNING and _plain(dict(question.choices)[letter]).startswith(rest)
    return letter if not rest or is_beginning else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".… ")


def _number(question: Question, value: object) -> float | None:
    """The number that is meant, or None; finite."""
    try:
        number = float(value) if isinstance(value, int | float) else _from_text(str(value), question.unit)
    except OverflowError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _from_text(text: str, unit: str) -> float | None:
    if len(text) > _SHOWN:
        return None
    body = " ".join(text.replace("\u2212", "-").casefold().split())
    if unit:
        body = body.removesuffix(unit.casefold()).rstrip()
    sign = -1.0 if body.startswith("-") else 1.0
    body = _TIMES_TEN.sub("e", body.removeprefix("-" if sign < 0 else "+").lstrip(), count=1)
    if _GROUPED.fullmatch(body):
        return sign * float(re.sub("[ ,.]", "", body))
    return sign * float(body) if _PLAIN.fullmatch(body) else None


def _number_text(value: object) -> str:
    """A number in a few characters: an integer of ten thousand digits cannot even be turned into text."""
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "a number above 2^64"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    """On one line, cut, with control characters spelt out."""
    shown = repr(text[: _SHOWN + 1])[1:-1]
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
