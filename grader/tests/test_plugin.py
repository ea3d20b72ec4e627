"""Marks are read strictly; the plugin is not there for projects that have no assignment."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.errors import CourseError, SuiteFault
from grader.plugin.fixtures import baseline, credit, fresh_submission, guest, seed, submission
from grader.plugin.marks import mark_items
from grader.plugin.marks import test_name as name_of
from grader.plugin.state import MARK
from grader.submission import Contact

Pytest = Callable[..., subprocess.CompletedProcess[str]]


def item(toy: Path, *arguments: Any, **named: Any) -> Any:
    """A test of the toy's public suite with this mark."""
    mark = pytest.Mark("task", arguments, named, _ispytest=True)
    return types.SimpleNamespace(
        path=toy / "assignments" / "toy" / "test_toy.py", name="test_x[1]", nodeid="a/test_toy.py::TestX::test_x[1]",
        stash=pytest.Stash(), get_closest_marker=lambda name: mark if name == "task" else None,
    )  # fmt: skip


def refusal(toy: Path, *arguments: Any, **named: Any) -> str:
    with pytest.raises(CourseError) as caught:
        mark_items([item(toy, *arguments, **named)])
    return str(caught.value)


def test_mark(toy: Path) -> None:
    one = item(toy, "double", weight=2.5, device="cuda")
    mark_items([one])
    mark = one.stash[MARK]
    assert (mark.assignment.name, mark.task, mark.weight, mark.device) == ("toy", "double", 2.5, "cuda")
    assert name_of(one) == "TestX::test_x[1]"


def test_unknown_task(toy: Path) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    assert refusal(toy, "doubel") == f"test_toy.py, test_x[1]: {facts}: there is no task 'doubel'; did you mean 'double'?"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), {}), ((3,), {}), (("double", 2), {}), (("double",), {"wieght": 2}), (("double",), {"id": "double"})],
)
def test_wrong_arguments(toy: Path, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    expected = 'test_toy.py, test_x[1]: write @pytest.mark.task("id"), with weight= and device= if you like'
    assert refusal(toy, *arguments, **named) == expected


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), True, "2", None])
def test_wrong_weight(toy: Path, weight: Any) -> None:
    assert refusal(toy, "double", weight=weight) == f"test_toy.py, test_x[1]: weight={weight!r} must be a number above 0"


@pytest.mark.parametrize("device", ["mps", "gpu", 3])
def test_wrong_device(toy: Path, device: Any) -> None:
    message = f"test_toy.py, test_x[1]: device={device!r} is not among the devices of assignment.toml (cpu, cuda)"
    assert refusal(toy, "double", device=device) == message


def test_marks_outside_of_an_assignment_are_none_of_ours(toy: Path, tmp_path: Path) -> None:
    one = item(toy, "whatever")
    one.path = tmp_path / "test_other.py"
    mark_items([one])
    assert MARK not in one.stash


@pytest.mark.parametrize("fixture", [submission, fresh_submission, guest, baseline, seed])
def test_fixture_without_a_mark(fixture: Any) -> None:
    node = types.SimpleNamespace(name="test_x", stash={})
    request = types.SimpleNamespace(config=None, node=node, fixturename="submission")
    function = fixture.__wrapped__
    arguments = [request, Contact()] if "contact" in function.__code__.co_varnames[:2] else [request]
    with pytest.raises(SuiteFault) as caught:
        next(function(*arguments))
    assert str(caught.value) == (
        "test_x uses 'submission' but has no @pytest.mark.task(\"id\"), or lies in no folder with an assignment.toml"
    )


@pytest.mark.parametrize("fraction", [-0.1, 1.01, float("nan"), True, "1", None])
def test_wrong_credit(fraction: Any) -> None:
    with pytest.raises(SuiteFault) as caught:
        credit.__wrapped__(Contact())(fraction, "why")
    assert str(caught.value) == f"credit({fraction!r}, ...): write a number from 0 to 1"


def test_credit() -> None:
    contact = Contact()
    credit.__wrapped__(contact)(0.5, "one of two")
    assert (contact.fraction, contact.notes) == (0.5, ["one of two"])


def test_mark_is_refused_at_collection(toy: Path, students_pytest: Pytest) -> None:
    suite = toy / "assignments" / "toy" / "test_toy.py"
    suite.write_text(suite.read_text().replace('"double"', '"doubel"'))
    ran = students_pytest(suite.parent)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no task 'doubel'; did you mean 'double'?" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_project_without_an_assignment(tmp_path: Path, students_pytest: Pytest) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_terminal_summary(config):\n" + textwrap.indent(_LOADED, "    "))
    (tmp_path / "test_it.py").write_text("def test_a(): assert True\ndef test_b(rng): pass\ndef test_c(submission): pass\n")
    ran = students_pytest(tmp_path, "--strict-markers")
    assert "1 passed, 2 errors" in ran.stdout
    assert "fixture 'rng' not found" in ran.stdout
    assert "public checks" not in ran.stdout
    assert json.loads(ran.stdout.split("LOADED ")[1].splitlines()[0]) == ["grader", "grader.plugin"]


_LOADED = """\
import json, sys
ours = [name for name in sys.modules if name.split('.')[0] in ('grader', 'numpy', 'torch', 'rich', 'tomllib')]
print('LOADED', json.dumps(sorted(ours)))
"""


def test_a_students_run_needs_nothing_of_grading(toy: Path, students_pytest: Pytest) -> None:
    folder = toy / "assignments" / "toy"
    (folder / "conftest.py").write_text(
        "import sys\ndef pytest_terminal_summary(config):\n    print('HEAVY', sorted(set(sys.modules) & {'torch', 'rich'}),"
        " any(name.startswith(('grader.sandbox', 'grader.cli')) for name in sys.modules))\n"
    )
    assert "HEAVY [] False" in students_pytest(folder).stdout


def test_plugin_imports_pytest_only(child_env: dict[str, str]) -> None:
    code = "import sys, pytest; before = set(sys.modules); import grader.plugin; print(sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-c", code], env=child_env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['grader', 'grader.plugin']"


def test_unmarked_tests_of_an_assignment_simply_run(toy: Path, students_pytest: Pytest) -> None:
    folder = toy / "assignments" / "toy"
    (folder / "test_own.py").write_text("def test_mine():\n    assert 1 + 1 == 2\n")
    ran = students_pytest(folder, "test_own.py")
    assert ran.returncode == 0
    assert "1 passed" in ran.stdout
    assert "public checks" not in ran.stdout


def test_submission_that_is_not_there(toy: Path, students_pytest: Pytest) -> None:
    ran = students_pytest(toy / "assignments" / "toy", "--submission", "nowhere.py")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--submission nowhere.py: no such file; give the path of the .py file to test" in ran.stderr


def test_guests_of_a_fresh_worker(toy: Path, students_pytest: Pytest) -> None:
    """They take objects of that worker, which those of the task's own worker refuse."""
    suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
    mark = '\n\n@pytest.mark.task("double")\n'
    suite.write_text(
        "import pytest\n"
        + f"{mark}def test_own(fresh_submission, fresh_guest):\n"
        + "    assert fresh_guest.apply_twice(fresh_submission.double, 3) == 12\n"
        + f"{mark}def test_of_the_other(fresh_submission, guest):\n"
        + "    guest.apply_twice(fresh_submission.double, 3)\n"
    )
    ran = students_pytest(suite.parent)
    assert "1 failed, 1 passed" in ran.stdout
    assert "the suite passes an object of one worker to another" in ran.stdout
