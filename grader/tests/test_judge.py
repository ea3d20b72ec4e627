"""Whose failure it is, and in which words, from what pytest saw of one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.course import load_assignment
from grader.errors import (
    CheckFailed,
    IntakeError,
    LimitExceeded,
    MalformedReply,
    SandboxFault,
    StudentError,
    SuiteFault,
    WorkerDied,
    student_error,
)
from grader.grading.outcome import FAULT, Outcome
from grader.plugin.judge import Judge, student_failure
from grader.plugin.state import TaskMark
from grader.submission import Contact, Submission
from grader.submission.local import LocalPort

TOY = Path(__file__).parent / "toy_course" / "assignments" / "toy"


def judged(
    error: BaseException | None = None, *, begun: bool = True, purpose: str = "feedback", phase: str = "call",
    returned: Any = ..., later: BaseException | None = None, **contact: Any,
) -> Outcome:  # fmt: skip
    """The outcome of a test that raised `error` in `phase`, and `later` in its teardown."""
    seen = Contact(begun=begun, **contact)
    if returned is not ...:
        seen.returned("predict(...)", returned)
    judge = Judge("test_a", TaskMark(load_assignment(TOY), "double", 3, None), purpose, seen)  # type: ignore[arg-type]
    judge.see(pytest.CallInfo.from_call(raising(error), when=phase))  # type: ignore[arg-type]
    judge.see(pytest.CallInfo.from_call(raising(later), when="teardown"))
    return judge.outcome()


def raising(error: BaseException | None) -> Callable[[], None]:
    def run() -> None:
        if error is not None:
            raise error

    return run


def told(error: BaseException, **options: Any) -> tuple[str, str, str]:
    outcome = judged(error, **options)
    return outcome.verdict, outcome.kind, outcome.message


def student(kind: str, text: str = "", line: int | None = 7) -> StudentError:
    return student_error([kind], text, line, "toy.py" if line else None)


def test_pass() -> None:
    outcome = judged(fraction=0.5, notes=["half"])
    assert (outcome.verdict, outcome.fraction, outcome.weight, outcome.notes) == ("passed", 0.5, 3, ("half",))


def test_pass_without_contact_is_a_fault() -> None:
    outcome = judged(begun=False)
    assert (outcome.verdict, outcome.message) == ("fault", FAULT)
    assert outcome.detail == "the test passed without ever reaching student code"


def test_fraction_counts_for_a_pass_only() -> None:
    assert judged(AssertionError("no"), fraction=0.5).fraction == 0


def test_finding_of_a_check() -> None:
    assert told(CheckFailed("transposed")) == ("failed", "wrong", "transposed")


def test_exception_of_student_code() -> None:
    assert told(student("ValueError", "k = 0")) == ("failed", "raised", "toy.py, line 7 raised ValueError: k = 0")


def test_exception_without_a_place() -> None:
    assert told(student("KeyError", "'x'", None))[2] == "your code raised KeyError: 'x'"


def test_long_exception_is_cut() -> None:
    message = told(student("ValueError", "x" * 500))[2]
    assert message.endswith("x…")
    assert len(message) == len("toy.py, line 7 raised ") + 200


def test_record_shows_type_and_line_only() -> None:
    outcome = judged(student("ValueError", "the hidden input was 3"), purpose="record")
    assert outcome.message == "toy.py, line 7 raised ValueError"


def test_record_keeps_the_text_of_other_exceptions_too() -> None:
    error = ValueError("could not convert string to float: 'the hidden input'")
    assert told(error, purpose="record")[2] == "the test could not use it (ValueError)"
    assert "hidden" in told(error)[2]


def test_undone() -> None:
    assert told(student("NotImplementedError")) == ("failed", "undone", "not done yet (toy.py, line 7)")


@pytest.mark.parametrize("kind", ["SyntaxError", "IndentationError", "ImportError"])
def test_import(kind: str) -> None:
    assert told(student(kind, "bad"))[1] == "import"


def test_unlisted_package_names_what_is_there() -> None:
    message = told(student("ModuleNotFoundError", "No module named 'pandas'"))[2]
    assert message.endswith("No module named 'pandas'; what can be imported: the standard library, numpy")


def test_memory_with_the_figure() -> None:
    error = student("MemoryError", "Unable to allocate")
    error.wanted = 3 << 30
    message = "stopped: your code asked for 3 GB at once, of 256 MB of memory in all (toy.py, line 7)"
    assert told(error) == ("failed", "limit", message)


def test_memory_without_the_figure() -> None:
    message = "stopped: your code used more than 256 MB of memory (toy.py, line 7)"
    assert told(student("MemoryError")) == ("failed", "limit", message)


@pytest.mark.parametrize(
    ("verdict", "kind", "message"),
    [
        (LimitExceeded("cpu", "used 1.1 s of 1 s CPU time"), "limit", "stopped: your code used 1.1 s of 1 s CPU time"),
        (WorkerDied("the process ended"), "died", "stopped: the process ended"),
        (MalformedReply("the worker sent bytes"), "malformed", "stopped: the worker sent bytes"),
    ],
)
def test_verdicts(verdict: Any, kind: str, message: str) -> None:
    assert told(verdict, verdict=verdict) == ("failed", kind, message)


def test_verdict_that_the_suite_swallowed() -> None:
    outcome = judged(None, verdict=WorkerDied("the process ended"))
    assert (outcome.verdict, outcome.fraction) == ("failed", 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("DID NOT RAISE <class 'ValueError'>", "ValueError"),
        ("DID NOT RAISE ValueError", "ValueError"),
        ("DID NOT RAISE (<class 'ValueError'>, <class 'grader.errors.CheckFailed'>)", "ValueError, CheckFailed"),
        ("DID NOT RAISE any of (ValueError, TypeError)", "any of (ValueError, TypeError"),
    ],
)
def test_did_not_raise_in_the_words_of_pytest_8_and_9(text: str, wanted: str) -> None:
    verdict, kind, message = told(pytest.fail.Exception(text), returned=3)
    assert (verdict, kind) == ("failed", "wrong")
    assert message.startswith(f"predict(...) returned a number (3): {wanted}")
    assert message.endswith("should have been raised")


def test_did_not_raise_as_this_pytest_says_it() -> None:
    with pytest.raises(pytest.fail.Exception) as caught, pytest.raises(ValueError):
        pass
    assert told(caught.value)[2] == "ValueError should have been raised"


def test_pytest_fail() -> None:
    assert told(pytest.fail.Exception("too slow\nby far")) == ("failed", "wrong", "too slow")


def test_timeout_of_a_students_own_run() -> None:
    error = pytest.fail.Exception("Timeout (>1.0s) from pytest-timeout.")
    assert told(error) == ("failed", "limit", "stopped: no answer after 1 s")


def test_skip_after_contact_earns_nothing() -> None:
    verdict, kind, message = told(pytest.skip.Exception("no"), returned=None)
    assert (verdict, kind) == ("failed", "wrong")
    assert message == "predict(...) returned None: the test was given up after it had reached your code"


@pytest.mark.parametrize("error", [pytest.skip.Exception("no data"), ValueError("x"), AssertionError("y"), CheckFailed("z")])
def test_exception_before_contact_is_a_fault(error: BaseException) -> None:
    outcome = judged(error, begun=False, phase="setup")
    assert (outcome.verdict, outcome.message) == ("fault", FAULT)
    assert outcome.detail.endswith(f"the suite failed before it reached student code: {type(error).__name__}: {error}")


def test_assertion_with_words() -> None:
    error = AssertionError("the first step gives 1\nassert 2 == 1")
    assert told(error) == ("failed", "wrong", "the first step gives 1")


def test_assertion_without_words() -> None:
    assert told(AssertionError(), returned=2)[2] == "predict(...) returned a number (2): a check of the suite failed"


def test_assertion_is_escaped() -> None:
    assert told(AssertionError("\x1b[2J"))[2] == "\\x1b[2J"


def test_oracle_that_cannot_use_what_came_back() -> None:
    error = ValueError("object of too small depth")
    verdict, kind, message = told(error, returned=None)
    assert (verdict, kind) == ("failed", "unusable")
    assert message == "predict(...) returned None: the test could not use it (ValueError: object of too small depth)"


def test_empty_array_is_described() -> None:
    message = told(IndexError("out of bounds"), returned=np.zeros((0,)))[2]
    assert message.startswith("predict(...) returned an array of shape (0,), float64: the test could not use it")


@pytest.mark.parametrize("fault", [SandboxFault("no zygote"), SuiteFault("a lambda")])
def test_fault(fault: BaseException) -> None:
    outcome = judged(fault)
    assert (outcome.verdict, outcome.kind, outcome.message) == ("fault", "fault", FAULT)
    assert outcome.detail.endswith(str(fault))


def test_fault_in_teardown_wins_over_a_pass_and_over_a_failure() -> None:
    assert judged(None, later=SandboxFault("gone")).verdict == "fault"
    assert judged(AssertionError("wrong"), later=SandboxFault("gone")).verdict == "fault"


def test_fault_wins_over_a_dead_worker() -> None:
    assert judged(SandboxFault("gone"), verdict=WorkerDied("x")).verdict == "fault"


def test_first_exception_counts() -> None:
    assert judged(AssertionError("first"), later=AssertionError("second")).message == "first"


def test_missing_file_of_a_students_own_run() -> None:
    assert told(IntakeError("toy.py is missing"), begun=False, phase="setup") == (
        "failed",
        "missing",
        "toy.py is missing",
    )


def test_broken_test_of_a_students_own_run_blames_nobody() -> None:
    assert told(ValueError("x"), begun=False, purpose="public")[2].startswith("this test is broken, not your code")


def test_detail_is_for_the_ta() -> None:
    detail = judged(student("ValueError", "x")).detail
    assert "test_judge.py" in detail
    assert detail.endswith("StudentValueError: ValueError: x")


def test_seconds_are_of_all_phases() -> None:
    assert judged().seconds > 0


def test_student_failure_is_what_the_wire_makes(tmp_path: Path) -> None:
    path = tmp_path / "toy.py"
    path.write_text("def f():\n    raise ValueError('a\\n\\x1b')\n")
    port = LocalPort(tmp_path, "toy.py", ["toy.py"], None, seed=1)
    with pytest.raises(ValueError) as caught:
        Submission(port).f()
    error = student_failure(caught.value, str(tmp_path), ["toy.py"])
    assert isinstance(error, StudentError)
    assert (str(error), error.file, error.line) == ("ValueError: a \\x1b", "toy.py", 2)
    assert student_failure(caught.value, str(tmp_path), ["other.py"]).line is None  # type: ignore[attr-defined]


def test_exception_of_the_suite_is_not_the_students(tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        raise ValueError("mine")
    assert student_failure(caught.value, str(Path(__file__).parent), ["test_judge.py"]) is caught.value


def test_what_a_check_remarks_is_for_the_ta() -> None:
    error = CheckFailed("wrong")
    error.add_note("the suspect 'x' could not be computed: \x1b[31m")
    outcome = judged(error)
    assert outcome.message == "wrong"
    assert outcome.detail.splitlines()[-2:] == [r"the suspect 'x' could not be computed: \x1b[31m", "CheckFailed: wrong"]
