"""From what pytest saw of one test to its outcome: whose failure it is, and how to say it to the student."""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Collection
from pathlib import Path

import pytest

from grader.checks.describe import describe, escape
from grader.course import Purpose
from grader.errors import CheckFailed, Fault, LimitExceeded, MalformedReply, StudentError, Verdict
from grader.grading.outcome import Kind, Outcome
from grader.submission import Contact

from .state import TaskMark

__all__ = ["Judge"]

_UNRAISED = re.compile(r"DID NOT RAISE (?:<class '(?:[\w.]+\.)?(\w+)'>|(\w+))")
_TIMEOUT = re.compile(r"Timeout \(?>?([\d.]+)s\)?")


@dataclasses.dataclass
class Judge:
    """Judges one test. `purpose` decides how much of an exception's text is shown; `files` are the student's file names.

    Feed it every phase's exception with `see`, then ask for the `outcome`.
    """

    name: str
    mark: TaskMark
    purpose: Purpose
    contact: Contact
    error: BaseException | None = None
    before_contact: bool = False
    seconds: float = 0.0

    def see(self, call: pytest.CallInfo[None]) -> None:
        """Take in one phase; the first exception is the one that counts."""
        self.seconds += call.duration
        if call.excinfo is not None and self.error is None:
            self.error = call.excinfo.value
            self.before_contact = not self.contact.begun

    def outcome(self) -> Outcome:
        """The verdict. A fault wins over everything; a worker's death over whatever the suite made of it."""
        if isinstance(self.error, Fault):
            return self._fault(str(self.error))
        if self.contact.verdict is not None:
            return self._ended(self.contact.verdict)
        if self.error is None:
            return self._passed()
        if self.before_contact:
            return self._fault(f"the suite failed before it reached student code: {_named(self.error)}")
        return self._failed(*self._explained(self.error))

    def _passed(self) -> Outcome:
        if not self.contact.begun:
            return self._fault("the test passed without ever reaching student code")
        return self._make("passed", "", "", fraction=self.contact.fraction)

    def _fault(self, message: str) -> Outcome:
        return self._make("fault", "fault", "the grader failed here, not you; a TA will look at it", detail=message)

    def _failed(self, kind: Kind, message: str) -> Outcome:
        return self._make("failed", kind, message)

    def _ended(self, verdict: Verdict) -> Outcome:
        if isinstance(verdict, LimitExceeded):
            return self._failed("limit", f"stopped: your code {verdict}")
        return self._failed("malformed" if isinstance(verdict, MalformedReply) else "died", f"stopped: {verdict}")

    def _make(self, verdict: str, kind: Kind, message: str, *, fraction: float = 0.0, detail: str = "") -> Outcome:
        notes = tuple(self.contact.notes)
        return Outcome(
            test=self.name, task=self.mark.task, verdict=verdict, weight=self.mark.weight, fraction=fraction, kind=kind,
            message=message, notes=notes, detail=detail or self._traceback(), seconds=self.seconds,
        )  # type: ignore[arg-type]  # fmt: skip

    def _traceback(self) -> str:
        """The suite's own lines and the exception, for the TA."""
        if self.error is None:
            return ""
        frames = traceback.extract_tb(self.error.__traceback__)
        lines = [f"{Path(f.filename).name}:{f.lineno}: {f.line}" for f in frames if Path(f.filename).name.startswith("test_")]
        return "\n".join([*lines, _named(self.error)])

    def _explained(self, error: BaseException) -> tuple[Kind, str]:
        if isinstance(error, CheckFailed):
            return "wrong", str(error)
        if isinstance(error, StudentError):
            return self._raised(error)
        if isinstance(error, pytest.fail.Exception):
            return self._of_pytest(str(error.msg))
        if isinstance(error, AssertionError):
            return "wrong", escape(str(error).strip().split("\n")[0], 600) or self._unusable("a check of the suite failed")
        if isinstance(error, pytest.skip.Exception):
            return "wrong", "the test was given up after it had reached your code"
        return "unusable", self._unusable(f"the test could not use it ({_named(error)})")

    def _raised(self, error: StudentError) -> tuple[Kind, str]:
        place = f"{error.file}, line {error.line}" if error.file else "your code"
        if isinstance(error, NotImplementedError):
            return "undone", f"not done yet ({place})"
        if isinstance(error, MemoryError):
            return "limit", self._out_of_memory(error, place)
        shown = error.type_name if self.purpose == "record" else str(error)
        return "import" if isinstance(error, SyntaxError) else "raised", f"{place} raised {escape(shown, 200)}"

    def _out_of_memory(self, error: StudentError, place: str) -> str:
        from grader.course import format_size

        limit = format_size(self.mark.assignment.limits.memory)
        if error.wanted is None:
            return f"stopped: your code used more than {limit} of memory ({place})"
        return f"stopped: your code asked for {format_size(error.wanted)} at once, of {limit} of memory in all ({place})"

    def _of_pytest(self, message: str) -> tuple[Kind, str]:
        if found := _TIMEOUT.search(message):
            return "limit", f"stopped: no answer after {float(found[1]):g} s"
        if found := _UNRAISED.search(message):
            return "wrong", self._unusable(f"{found[1] or found[2]} should have been raised")
        return "wrong", escape(message.split("\n")[0], 600)

    def _unusable(self, complaint: str) -> str:
        if not self.contact.answered:
            return complaint
        return f"{self.contact.label} returned {describe(self.contact.value)}: {complaint}"


def _named(error: BaseException) -> str:
    return escape(f"{type(error).__name__}: {error}", 200)


def student_failure(error: BaseException, folder: str, files: Collection[str]) -> BaseException:
    """An exception that passed through a file of the student's, as the StudentError that the wire would have made of it."""
    from grader.errors import student_error
    from grader.worker.failure import describe_failure

    if isinstance(error, StudentError | CheckFailed | Verdict | Fault) or not isinstance(error, Exception):
        return error
    found = describe_failure(error, folder)
    if found["file"] not in files:
        return error
    told = student_error(found["lineage"], escape(found["text"], 200), found["line"], found["file"])
    told.wanted = found["wanted"]
    return told.with_traceback(error.__traceback__)
