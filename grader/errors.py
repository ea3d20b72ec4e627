"""Every exception of the grader, in one tree.

::

    GraderError(Exception)        a person can mend it; the message names the file, the value and the mend
    ├── CourseError               assignment.toml, suites, the layout of a course
    ├── IntakeError               a folder or an archive that cannot be graded
    ├── IsolationError            the isolation level that was asked for is not to be had here
    └── ReportError               a report, an override or another file of ours cannot be read or written
    StudentError(Exception)       student code raised; came over the wire as data (see `student_error`)
    CheckFailed(AssertionError)   a check's finding about what student code returned
    Verdict(Failed)               ends the task; no `except Exception` of a suite can swallow it
    ├── WorkerDied                the process that held the student's module is gone
    ├── LimitExceeded             CPU, wall time, memory, disk or output; carries the figure
    └── MalformedReply            bytes on the wire that no worker of ours sends
    Fault(Failed)                 ours, never the student's: the score waits for a TA
    ├── SandboxFault              a sandbox could not be started or answered wrongly before student code ran
    └── SuiteFault                a suite used the submission in a way that cannot work

`Failed` is pytest's own: a BaseException, and one that pytest's fixtures survive. Any other BaseException that leaves a
fixture would break that fixture for every later test of the process.
"""

from __future__ import annotations

import functools

from _pytest.outcomes import Failed

__all__ = [
    "ALLOWED_TYPES",
    "CheckFailed",
    "CourseError",
    "Fault",
    "GraderError",
    "IntakeError",
    "IsolationError",
    "LimitExceeded",
    "MalformedReply",
    "ReportError",
    "SandboxFault",
    "StudentError",
    "SuiteFault",
    "Verdict",
    "WorkerDied",
    "student_error",
]


class GraderError(Exception):
    """Something that the person at the keyboard can mend."""


class CourseError(GraderError):
    """The course itself is wrong: a fact in assignment.toml, a mark in a suite, a missing file."""


class IntakeError(GraderError):
    """What was handed in cannot be taken in."""


class IsolationError(GraderError):
    """The isolation level that was asked for cannot be had on this machine."""


class ReportError(GraderError):
    """A file that the grader keeps (report, override, cache) cannot be read or written."""


class CheckFailed(AssertionError):
    """What came back is not what the handout asks for. `str(error)` is the explanation, fit for a student's eyes."""


class StudentError(Exception):
    """An exception of student code, as data.

    Attributes: `type_name` (the nearest built-in type), `text` (escaped and cut), `line` (in the student's file, or None),
    `file` (name of the student's file, or None), `wanted` (bytes that a failed allocation asked for, or None).
    """

    def __init__(self, type_name: str, text: str, line: int | None = None, file: str | None = None) -> None:
        super().__init__(f"{type_name}: {text}" if text else type_name)
        self.type_name, self.text, self.line, self.file = type_name, text, line, file
        self.wanted: int | None = None


class Verdict(Failed):
    """The task is over. No Exception, so that no ordinary handler of a suite can hide it."""


class WorkerDied(Verdict):
    """The worker's process ended while it was still needed."""


class LimitExceeded(Verdict):
    """A limit of assignment.toml was passed. `what` is its name there; `str` holds the figures."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


class MalformedReply(Verdict):
    """The worker's side of the wire sent something that is not a frame of ours, or not the answer to this call."""


class Fault(Failed):
    """The grader's own failure. Never costs a student a point: the score is withheld."""


class SandboxFault(Fault):
    """The sandbox or its zygote failed before any student code ran."""


class SuiteFault(Fault):
    """A suite asked for something that no submission could give."""


ALLOWED_TYPES: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, FileExistsError, FileNotFoundError,
        FloatingPointError, ImportError, IndentationError, IndexError, IsADirectoryError, KeyError, LookupError,
        MemoryError, ModuleNotFoundError, NameError, NotADirectoryError, NotImplementedError, OSError, OverflowError,
        PermissionError, RecursionError, RuntimeError, StopIteration, SyntaxError, TabError, TimeoutError, TypeError,
        UnboundLocalError, UnicodeError, ValueError, ZeroDivisionError, Exception,
    )
}  # fmt: skip


@functools.cache
def _student_class(name: str) -> type[StudentError]:
    kind = ALLOWED_TYPES[name]
    if kind is Exception:
        return StudentError
    return type(f"Student{name}", (StudentError, kind), {"__module__": __name__, "__str__": Exception.__str__})


def student_error(lineage: list[str], text: str, line: int | None = None, file: str | None = None) -> StudentError:
    """The exception for one that student code raised: the nearest allowed type of `lineage` (class names, nearest first).

    It is an instance of both StudentError and that built-in type, so `pytest.raises(ValueError)` catches it; for a type
    outside the allow-list (SystemExit, a class of the student's own) it is a plain StudentError.
    """
    nearest = next((name for name in lineage if name in ALLOWED_TYPES), "Exception")
    shown = nearest if nearest != "Exception" else (lineage[0] if lineage else "Exception")
    return _student_class(nearest)(shown, text, line, file)
