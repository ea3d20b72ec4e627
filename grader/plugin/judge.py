"""From what pytest saw of one test to its outcome: whose failure it is, and how to say it to the student."""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from _pytest.outcomes import OutcomeException

from grader.course import Purpose
from grader.errors import CheckFailed, Fault, IntakeError, LimitExceeded, MalformedReply, StudentError, Verdict
from grader.grading.outcome import FAULT, Kind, Outcome, TestVerdict
from grader.submission import Contact

from .state import TaskMark

__all__ = ["Judge", "student_failure"]

_BROKEN_TEST = "this test is broken, not your code; please tell your TA what follows"
_UNRAISED = re.compile(r"DID NOT RAISE (.+)")
_CLASS = re.compile(r"<class '(?:[\w.]+\.)?(\w+)'>")
_TIMEOUT = re.compile(r"Timeout \(?>?([\d.]+)s\)?")
_TEXT = 200
_SENTENCE = 600


@dataclasses.dataclass
class Judge:
    """Judges one test. `purpose` decides how much of an exception's text is shown.

    `translate` makes the StudentError of an exception that came straight out of student code, where it shares the process.
    Feed it every phase's exception with `see`, then ask for the `outcome`.
    """

    name: str
    mark: TaskMark
    purpose: Purpose
    contact: Contact
    translate: Callable[[BaseException], BaseException] = lambda error: error
    error: BaseException | None = None
    before_contact: bool = False
    seconds: float = 0.0

    def see(self, call: pytest.CallInfo[None]) -> None:
        """Take in one phase; the first exception is the one that counts, unless a later one is a fault."""
        self.seconds += call.duration
        if call.excinfo is None:
            return
        error = call.excinfo.value
        if self.error is None or (isinstance(error, Fault) and not isinstance(self.error, Fault)):
            self.error = self.translate(error)
            self.before_contact = not self.contact.begun

    def outcome(self) -> Outcome:
        """The verdict. A fault wins over everything; a worker's death over whatever the suite made of it."""
        if isinstance(self.error, Fault):
            return self._fault(str(self.error))
        if self.contact.verdict is not None:
            return self._ended(self.contact.verdict)
        if self.error is None:
            return self._passed()
        if self.before_contact and isinstance(self.error, IntakeError):
            return self._failed("missing", str(self.error))
        if self.before_contact:
            return self._fault(f"the suite failed before it reached student code: {_named(self.error)}")
        return self._failed(*self._explained(self.error))

    def _passed(self) -> Outcome:
        if not self.contact.begun:
            return self._fault("the test passed without ever reaching student code")
        return self._make("passed", "", "", fraction=self.contact.fraction)

    def _fault(self, message: str) -> Outcome:
        told = _BROKEN_TEST if self.purpose == "public" else FAULT
        return self._make("fault", "fault", told, detail="\n".join(filter(None, [self._traceback(), message])))

    def _failed(self, kind: Kind, message: str) -> Outcome:
        return self._make("failed", kind, message)

    def _ended(self, verdict: Verdict) -> Outcome:
        if isinstance(verdict, LimitExceeded):
            return self._failed("limit", f"stopped: your code {verdict}")
        return self._failed("malformed" if isinstance(verdict, MalformedReply) else "died", f"stopped: {verdict}")

    def _make(self, verdict: TestVerdict, kind: Kind, message: str, *, fraction: float = 0.0, detail: str = "") -> Outcome:
        notes = tuple(self.contact.notes)
        return Outcome(
            test=self.name, task=self.mark.task, verdict=verdict, weight=self.mark.weight, fraction=fraction, kind=kind,
            message=message, notes=notes, detail=detail or self._traceback(), seconds=self.seconds,
            measured=tuple(self.contact.measured or ()), pictures=tuple(self.contact.pictures),
        )  # fmt: skip

    def _traceback(self) -> str:
        """The suite's own lines and the exception, for the TA."""
        if self.error is None:
            return ""
        frames = [(Path(frame.filename).name, frame) for frame in traceback.extract_tb(self.error.__traceback__)]
        lines = [f"{name}:{frame.lineno}: {frame.line}" for name, frame in frames if name.startswith("test_")]
        return "\n".join([*lines, *_remarks(self.error), _named(self.error)])

    def _explained(self, error: BaseException) -> tuple[Kind, str]:
        if isinstance(error, CheckFailed):
            return "wrong", "\n".join(filter(None, [str(error), getattr(error, "map", "")]))
        if isinstance(error, StudentError):
            return self._raised(error)
        if isinstance(error, pytest.fail.Exception):
            return self._of_pytest(str(error.msg))
        if isinstance(error, AssertionError):
            return "wrong", _first_line(str(error)) or self._unusable("a check of the suite failed")
        if isinstance(error, pytest.skip.Exception):
            return "wrong", self._unusable("the test was given up after it had reached your code")
        named = type(error).__name__ if self.purpose == "record" else _named(error)
        return "unusable", self._unusable(f"the test could not use it ({named})")

    def _raised(self, error: StudentError) -> tuple[Kind, str]:
        place = f"{error.file}, line {error.line}" if error.file else "your code"
        if isinstance(error, NotImplementedError):
            return "undone", f"not done yet ({place})"
        if isinstance(error, MemoryError):
            return "limit", self._out_of_memory(error, place)
        shown = error.type_name if self.purpose == "record" else str(error)
        at_import = isinstance(error, SyntaxError | ImportError)
        return "import" if at_import else "raised", f"{place} raised {_cut(shown)}{self._advice(error)}"

    def _advice(self, error: StudentError) -> str:
        """What can be imported, for an import that cannot; what is closed, for what was refused."""
        if isinstance(error, PermissionError) and self.purpose != "public":
            loader = "; a DataLoader needs num_workers=0" if "torch" in self.mark.assignment.packages else ""
            if self.mark.device == "cuda":
                loader = "; CUDA does not outlive a fork" + loader
            return f" (network, new processes and files but the scratch folder are closed to submissions{loader})"
        if not isinstance(error, ModuleNotFoundError):
            return ""
        if absent := self.mark.assignment.absent_packages:
            return f"; not installed here: pip install {' '.join(absent)}"
        return "; what can be imported: " + ", ".join(["the standard library", *self.mark.assignment.present_packages])

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
            wanted = _CLASS.sub(r"\1", found[1].split("\n")[0]).strip("()")
            return "wrong", self._unusable(f"{wanted} should have been raised")
        return "wrong", _first_line(message) or self._unusable("a check of the suite failed")

    def _unusable(self, complaint: str) -> str:
        if not self.contact.answered:
            return complaint
        from grader.checks.describe import describe

        return f"{self.contact.label} returned {describe(self.contact.value)}: {complaint}"


def _escape(text: str, limit: int) -> str:
    from grader.checks.describe import escape  # its package imports NumPy, which a collection does without

    return escape(text, limit)


def _cut(text: str) -> str:
    """For what is escaped already: twice would double every backslash."""
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def _first_line(text: str) -> str:
    return _escape(text.strip().split("\n")[0], _SENTENCE)


def _remarks(error: BaseException) -> list[str]:
    """What a check remarks to whoever writes the suite."""
    return [_escape(note, _SENTENCE) for note in getattr(error, "__notes__", ())]


def _named(error: BaseException) -> str:
    return _escape(f"{type(error).__name__}: {error}", _TEXT)


def student_failure(error: BaseException, folder: str, files: Collection[str]) -> BaseException:
    """An exception that came out of an operation on student code, as the StudentError that the wire would have made of it.

    `folder` and `files`: where the student's files are, and their names.
    """
    from grader.submission.port import as_student_error
    from grader.worker.executor import Executor
    from grader.worker.failure import describe_failure

    if isinstance(error, StudentError | CheckFailed | Verdict | Fault | OutcomeException | KeyboardInterrupt):
        return error
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not any(frame.f_code is Executor.perform.__code__ for frame in frames):
        return error
    return as_student_error(describe_failure(error, folder), files).with_traceback(error.__traceback__)
