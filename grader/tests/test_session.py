"""One grader process: what each kind of submission gives, and what is wrong with a suite."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS
from grader.grading.outcome import FAULT
from grader.grading.score import score

COURSE = Path(__file__).parent / "toy_course"
RIGHT = (COURSE / "solutions" / "toy" / "toy.py").read_text()
STUB = (COURSE / "assignments" / "toy" / "toy.py").read_text()
TESTS = [
    *("test_values[shape0]", "test_values[shape1]", "test_guest"),
    *("test_counts", "test_fresh"),
    *("test_negative", "test_positive"),
]

Grade = Callable[..., list[Graded]]


def points(one: Graded, crew: Crew) -> float | None:
    return score(Course(COURSE).assignment("toy"), one.outcomes, crew.suites["toy"]).score


def messages(one: Graded) -> dict[str, str]:
    return {outcome.test: outcome.message for outcome in one.outcomes if outcome.verdict != "passed"}


def test_right(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT)
    assert [outcome.test for outcome in one.outcomes] == TESTS
    assert points(one, toy_crew) == 20
    assert one.fault == one.output == ""


def test_suites_are_told_with_weights(toy_crew: Crew) -> None:
    assert toy_crew.suites["toy"]["double"] == [
        ("test_values[shape0]", 3),
        ("test_values[shape1]", 3),
        ("test_guest", 1),
    ]


def test_stub(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, STUB)
    assert points(one, toy_crew) == 0
    assert messages(one)["test_counts"] == "not done yet (toy.py, line 14)"
    assert {outcome.kind for outcome in one.outcomes} == {"undone"}


def test_wrong_value_is_named(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace("return 2 * x", "return x"))
    assert points(one, toy_crew) == 10
    assert messages(one)["test_values[shape0]"].startswith("the input is returned as it came")


def test_part_of_a_task(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace("return 2 * x", "return 2 * x if x.ndim == 1 else x"))
    assert points(one, toy_crew) == pytest.approx(10 * 4 / 7 + 10, abs=1e-4)


def test_hang_costs_its_task_only(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace("self.count += by", "while True: pass"))
    assert points(one, toy_crew) == 14
    assert set(messages(one)) == {"test_counts", "test_fresh"}
    for message in messages(one).values():
        assert re.fullmatch(r"stopped: your code used \d\.\d s of 1 s CPU time", message)


def test_crash_costs_its_task_only(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace('raise ValueError("negative")', "import os; os._exit(0)"))
    assert points(one, toy_crew) == 16
    died = "stopped: the process ended in the middle of a call (a crash, os._exit, or a signal)"
    assert messages(one) == {"test_negative": died, "test_positive": died}


def test_raises_at_import(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, "import pandas\n" + RIGHT)
    assert points(one, toy_crew) == 0
    named = "toy.py, line 1 raised ModuleNotFoundError: No module named 'pandas'"
    assert set(messages(one).values()) == {f"{named}; what can be imported: the standard library, numpy"}


def test_syntax_error(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, "def double(x)\n")
    assert set(messages(one).values()) == {"toy.py, line 1 raised SyntaxError: expected ':'"}
    assert {outcome.kind for outcome in one.outcomes} == {"import"}


def test_exit_at_import(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, "raise SystemExit('done')")
    assert points(one, toy_crew) == 0
    assert set(messages(one).values()) == {"toy.py, line 1 raised SystemExit: done"}


def test_prints_are_kept_by_task(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace("    return 2 * x", "    print('hello')\n    return 2 * x"))
    assert points(one, toy_crew) == 20
    assert one.output == "--- double\n" + "hello\n" * 4


def test_submissions_do_not_see_each_other(toy_crew: Crew, graded: Grade) -> None:
    left = RIGHT.replace("    return 2 * x", "    import numpy\n    numpy.left = 1\n    return 2 * x")
    found = RIGHT.replace("    return 2 * x", "    import numpy\n    return 2 * x if not hasattr(numpy, 'left') else x")
    assert [points(one, toy_crew) for one in graded(toy_crew, left, found, STUB, RIGHT)] == [20, 20, 0, 20]


def test_record_hides_the_text(crew_on: Callable[..., Crew], graded: Grade) -> None:
    with crew_on(COURSE, purpose="record") as crew:
        (one,) = graded(crew, RIGHT.replace("return 2 * x", "raise ValueError(repr(x))"))
    assert messages(one)["test_guest"] == "toy.py, line 7 raised ValueError"


def test_order_and_tasks_give_the_same_outcomes(toy_crew: Crew, graded: Grade) -> None:
    state = "seen = []\n" + RIGHT.replace("    return 2 * x", "    seen.append(1)\n    return 2 * x")
    source = state.replace("self.count = 0", "self.count = len(seen)").replace("if x < 0", "if x < len(seen)")
    (as_written,) = graded(toy_crew, source)
    assert points(as_written, toy_crew) == 20
    (reverse,) = graded(toy_crew, source, reverse=True)
    assert [outcome.test for outcome in reverse.outcomes] == TESTS[::-1]
    (alone,) = graded(toy_crew, source, tasks=("counter",))
    assert [outcome.test for outcome in alone.outcomes] == ["test_counts", "test_fresh"]
    assert _plain(reverse) == _plain(as_written)
    assert _plain(alone).items() <= _plain(as_written).items()


def test_a_run_until_failure_ends_at_the_first_test_that_does_not_pass(toy_crew: Crew, graded: Grade) -> None:
    (one,) = graded(toy_crew, RIGHT.replace("return 2 * x", "return 3 * x"), until_failure=True)
    assert [outcome.test for outcome in one.outcomes] == TESTS[: len(one.outcomes)]
    assert [outcome.verdict for outcome in one.outcomes].count("failed") == 1
    assert one.outcomes[-1].verdict == "failed"
    (whole,) = graded(toy_crew, RIGHT, until_failure=True)
    assert points(whole, toy_crew) == 20


def _plain(one: Graded) -> dict[str, dict[str, object]]:
    return {outcome.test: {**outcome.to_json(), "seconds": 0} for outcome in one.outcomes}


MADE = """
import pathlib, tempfile

def count(what):
    with open({log!r}, "a") as file:
        file.write(what)

@pytest.fixture(scope="module")
def oracle():
    count("m")

@pytest.fixture
def each():
    count("f")

@pytest.mark.task("double", weight=3)
@pytest.mark.usefixtures("oracle", "each")
"""


def test_module_fixtures_are_made_once(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], graded: Grade, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    edited('@pytest.mark.task("double", weight=3)\n', MADE.format(log=str(log)))
    with crew_on(toy, level=IN_PROCESS) as crew:
        assert [points(one, crew) for one in graded(crew, RIGHT, STUB, RIGHT)] == [20, 0, 20]
    assert log.read_text().count("m") == 1
    assert log.read_text().count("f") == 6


def test_two_assignments_in_one_process(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    import shutil

    from grader.grading.crew import Work

    for half in ("assignments", "solutions"):
        shutil.copytree(toy / half / "toy", toy / half / "other")
    (toy / "solutions" / "other" / "test_toy_hidden.py").rename(toy / "solutions" / "other" / "test_other_hidden.py")
    (toy / "assignments" / "other" / "test_toy.py").unlink()
    limits = Course(COURSE).assignment("toy").limits
    with crew_on(toy, level=IN_PROCESS, assignments=["other", "toy"]) as crew:
        works = [Work(k, name, {"toy.py": RIGHT.encode()}, limits) for k, name in enumerate(["toy", "other", "toy"])]
        found = list(crew.run(works))
    assert [{outcome.verdict for outcome in one.outcomes} for one in found] == [{"passed"}] * 3


def test_suite_that_fails_before_contact(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], graded: Grade
) -> None:
    edited("    x = rng.normal(size=5)\n", "    x = rng.normal(size=1 / 0)\n")
    with crew_on(toy, level=IN_PROCESS) as crew:
        (one,) = graded(crew, RIGHT)
        assert points(one, crew) is None
    (fault,) = [outcome for outcome in one.outcomes if outcome.verdict == "fault"]
    assert (fault.test, fault.message) == ("test_guest", FAULT)
    assert fault.detail.endswith("before it reached student code: ZeroDivisionError: division by zero")


CLOSING = """
@pytest.fixture
def closing():
    yield
    from grader.errors import SandboxFault
    raise SandboxFault("gone")

@pytest.mark.task("double")
def test_guest(closing, """


def test_fault_in_a_teardown(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], graded: Grade
) -> None:
    edited('@pytest.mark.task("double")\ndef test_guest(', CLOSING)
    with crew_on(toy, level=IN_PROCESS) as crew:
        first, second = graded(crew, RIGHT, RIGHT)
    assert [outcome.test for outcome in first.outcomes if outcome.verdict == "fault"] == ["test_guest"]
    assert _plain(first) == _plain(second)


@pytest.mark.parametrize(
    ("devices", "in_process", "installed", "message"),
    [(["cpu"], True, "numpy", "this machine has no cuda"),
     (["cpu", "cuda"], False, "numpy", "no package of toy reaches cuda (torch or CuPy does)"),
     (["cpu", "cuda"], True, "cupy-cuda99x", "none of cupy-cuda99x is installed")],
    ids=["machine", "sandbox", "package"],
)  # fmt: skip
def test_device_that_cannot_be_had(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], graded: Grade,
    devices: list[str], in_process: bool, installed: str, message: str,
) -> None:  # fmt: skip
    edited('@pytest.mark.task("double")\n', '@pytest.mark.task("double", device="cuda")\n')
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace("devices =", f'optional_packages = ["{installed}"]\ndevices =', 1))
    with crew_on(toy, devices=devices, **({"level": IN_PROCESS} if in_process else {})) as crew:
        (one,) = graded(crew, RIGHT)
    outcome = one.outcomes[2]
    assert (outcome.verdict, outcome.kind) == ("not assessed", "device")
    assert outcome.message == f"not assessed here: {message}"


def test_device_that_is_here(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], graded: Grade
) -> None:
    edited('@pytest.mark.task("double")\n', '@pytest.mark.task("double", device="cuda")\n')
    with crew_on(toy, devices=["cpu", "cuda"], level=IN_PROCESS) as crew:
        (one,) = graded(crew, RIGHT)
    assert {outcome.verdict for outcome in one.outcomes} == {"passed"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("import pytest\n", "import pytest as = p\n", "SyntaxError"),
        ('@pytest.mark.task("counter")\ndef test_fresh', "def test_fresh", 'test_fresh has no @pytest.mark.task("id")'),
        (
            '@pytest.mark.task("double")\n',
            '@pytest.mark.task("doubel")\n',
            "there is no task 'doubel'; did you mean 'double'?",
        ),
        ('"counter")\ndef test_counts', '"double")\ndef test_counts', None),
        (
            "import pytest\n",
            "import pytest\nimport os; os._exit(3)\n",
            "ended with status 3, and said: nothing",
        ),
    ],
)
def test_unusable_suite(
    toy: Path, edited: Callable[[str, str], None], crew_on: Callable[..., Crew], old: str, new: str, words: str | None
) -> None:
    if words is None:
        edited('"counter")\ndef test_fresh', '"double")\ndef test_fresh')
        suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
        words = f"{suite} has no test for the task 'counter' of assignment.toml; write one"
    edited(old, new)
    with pytest.raises(Exception) as caught, crew_on(toy, level=IN_PROCESS):
        pass
    assert words in str(caught.value)
    if "status" not in words:
        assert isinstance(caught.value, CourseError)
        assert str(caught.value).startswith("the hidden suites cannot be used: ")


def test_package_that_is_not_installed(toy: Path, crew_on: Callable[..., Crew], graded: Grade) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('["numpy"]', '["numpy", "no-such-thing"]'))
    with (
        crew_on(toy) as crew,
        pytest.raises(CourseError, match="'no-such-thing' is not installed: pip install no-such-thing"),
    ):
        graded(crew, RIGHT)
