"""The trusted end of one worker: values out, values in, exceptions of student code raised as such."""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from grader.errors import CheckFailed, StudentError, SuiteFault, Verdict, student_error
from grader.worker.decode import Decoder
from grader.worker.frame import Buffer, FrameError

from .contact import Contact
from .handle import Handle
from .outgoing import GuestFunction, Outgoing

__all__ = ["Port", "as_student_error"]

_TEXT = 200


class Port(abc.ABC):
    """Asks one worker. `files`: names of the student's files, `module` the one graded; `contact`: the running test's.

    Every request encodes its operands, so what student code gets is a copy; every array that comes back is a copy too,
    and read-only. `advisory`: whether timings here are no more than a hint.
    """

    advisory = False

    def __init__(self, module: str, files: Collection[str]) -> None:
        self.contact = Contact()
        self._name, self._files = module, frozenset(files)
        self._module: Handle | None = None
        self._dropped: list[int] = []

    @abc.abstractmethod
    def cpu_seconds(self) -> float:
        """CPU seconds that the worker has used so far."""

    @abc.abstractmethod
    def close(self) -> None:
        """End the worker."""

    @abc.abstractmethod
    def _exchange(self, head: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        """The reply to one request."""

    @abc.abstractmethod
    def _malformed(self, what: str) -> None:
        """The reply is a frame but none of ours: end the worker and raise."""

    def module(self) -> Handle:
        """The student's module, run at the first request."""
        __tracebackhide__ = True
        if self._module is None:
            self._module = self._ask("load", [], "")
        return self._module

    def get(self, target: Handle, name: str, label: str) -> Any:
        """An attribute."""
        __tracebackhide__ = True
        try:
            return self._ask("get", [target, name], label)
        except AttributeError as error:
            if target is self._module:
                raise self._missing(name, error) from None
            raise

    def ask(self, op: str, operands: Sequence[Any], label: str) -> Any:
        """The result of one operation on a handle; see `grader.worker.executor` for their names."""
        __tracebackhide__ = True
        return self._ask(op, operands, label)

    def call(self, function: Handle | GuestFunction, args: Sequence[Any], kwargs: Mapping[str, Any], label: str) -> Any:
        """What `function` returns for these arguments."""
        __tracebackhide__ = True
        outgoing = Outgoing(self._own)
        positional = [outgoing.operand(value) for value in args]
        named = [[name, outgoing.operand(value)] for name, value in kwargs.items()]
        head = {"op": "call", "args": [outgoing.operand(function), positional, named]}
        value = self._finish(head, outgoing.buffers, label)
        self.contact.returned(f"{label}(...)", value)
        return value

    def guest(self, function: GuestFunction, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What a guest function returns; the student's module is there first."""
        __tracebackhide__ = True
        self.module()
        return self.call(function, args, kwargs, function.name)

    def drop(self, number: int) -> None:
        """Forget a handle; the worker is told with the next request."""
        self._dropped.append(number)

    def _ask(self, op: str, operands: Sequence[Any], label: str) -> Any:
        __tracebackhide__ = True
        outgoing = Outgoing(self._own)
        head = {"op": op, "args": [outgoing.operand(value) for value in operands]}
        return self._finish(head, outgoing.buffers, label)

    def _finish(self, head: dict[str, Any], buffers: list[Buffer], label: str) -> Any:
        __tracebackhide__ = True
        self.contact.begun = True
        dropped, self._dropped = self._dropped, []
        try:
            reply, received = self._exchange({**head, "drop": dropped}, buffers)
            return self._value(reply, received, label)
        except Verdict as verdict:
            self.contact.verdict = verdict
            raise

    def _value(self, reply: dict[str, Any], buffers: list[Buffer], label: str) -> Any:
        __tracebackhide__ = True
        decoder = Decoder(buffers, lambda number, kind: Handle(self, number, kind, label), readonly=True)
        try:
            if "raised" in reply:
                raise self._examined(as_student_error(reply["raised"], self._files))
            if "refused" in reply:
                text = decoder.decode(reply["refused"])
                raise CheckFailed(f"{label or self._name} gave something that cannot be handed over: {str(text)[:_TEXT]}")
            value = decoder.decode(reply["ok"])
            self._note_mutations(decoder.decode(["l", reply.get("mutated", [])]), label)
        except (FrameError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, StudentError):
                raise
            self._malformed(f"{type(error).__name__}: {error}")
        return value

    def _examined(self, error: StudentError) -> StudentError:
        """What student code raised; a port may find that it is more than that, and raise a verdict."""
        return error

    def _missing(self, name: str, error: AttributeError) -> StudentError:
        names = [known for known in self._ask("names", [self._module], "") if isinstance(known, str)]
        close = get_close_matches(name, names, 1, 0.7)
        hint = f"; did you mean to rename {close[0]!r}?" if close else ""
        return student_error(["AttributeError"], f"{self._name} defines no {name!r}{_escape(hint)}")

    def _note_mutations(self, names: Any, label: str) -> None:
        for name in names[:8]:
            text = f"{label} changed its argument {_escape(name)!r} in place"
            self.contact.changed.append(text)
            self.contact.note(text)

    def _own(self, value: Any) -> list[Any] | None:
        if type(value) is not Handle:
            return None
        if object.__getattribute__(value, "_port") is not self:
            raise SuiteFault("the suite passes an object of one worker to another")
        return ["h", object.__getattribute__(value, "_number"), ""]


def as_student_error(data: Any, files: Collection[str]) -> StudentError:
    """The exception for what `grader.worker.failure` tells; whatever in it is not of the right form is left out.

    `files`: names of the student's files, the only ones that it may point into.
    """
    data = data if isinstance(data, dict) else {}
    lineage = [name for name in _list(data.get("lineage")) if isinstance(name, str) and name.isidentifier()]
    file, line = data.get("file"), data.get("line")
    known = isinstance(file, str) and file in files and type(line) is int and 0 < line < 1 << 31
    text = _escape(data.get("text"))
    error = student_error([name[:80] for name in lineage[:16]], text, *((line, file) if known else (None, None)))
    wanted = data.get("wanted")
    error.wanted = wanted if type(wanted) is int and 0 < wanted < 1 << 62 else None
    return error


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _escape(text: Any) -> str:
    """One line of printable characters, cut to 200."""
    shown = str(text) if isinstance(text, str) else ""
    flat = " ".join(shown[: 4 * _TEXT].split())
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in flat)
    safe = safe.encode("utf-8", "replace").decode("utf-8")
    return safe if len(safe) <= _TEXT else safe[: _TEXT - 1] + "…"
