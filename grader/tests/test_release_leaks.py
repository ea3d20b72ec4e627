"""What a release must not hold: whatever of solutions/ it was copied from, and wherever to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.release import refuse_leaks, student_contents
from grader.release.leaks import find_leaks
from grader.release.lines import code_lines, text_lines

from .release_course import SOLUTION, make_course

HIDDEN = """\
def test_guest(submission, guest, rng):
    x = rng.normal(size=5)
    expect_close(guest.apply_twice(submission.double, guest.plus_one(x)), 4 * (x + 1))


@pytest.mark.task("counter")
def test_counts(submission):
    counter = submission.Counter()
"""
GUEST = "def once(x):\n    moved = x + 17\n    scaled = moved * 3\n    return scaled - moved\n"
STEPS = "carry, out = 0.0, []\nfor count, value in enumerate(x, 1):\n    carry += (value - carry) / count\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course without a leak."""
    return Course(make_course(tmp_path / "mine"))


@pytest.fixture
def put(course: Course) -> Callable[..., str]:
    """`put(text, name)`: append the text to a released file; gives what the refusal says, without its head and its end."""

    def append(text: str, name: str = "assignments/toy/notes.md") -> str:
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)
        with pytest.raises(CourseError) as caught:
            refuse_leaks(student_contents(course).files, course)
        head, *leaks, end = str(caught.value).split("\n")
        assert head == f"this release would give answers away in {_places(len(leaks))}; nothing was written"
        assert end == (
            "take these lines out of what is released; lines that may be public go between `# BEGIN PUBLIC` and "
            "`# END PUBLIC` in the private file"
        )
        return "\n".join(leaks)

    return append


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


def line_of(course: Course, name: str, text: str) -> int:
    """Number of the first line that holds the text."""
    lines = (course.root / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_course_has_no_leak(course: Course) -> None:
    assert find_leaks(student_contents(course).files, course) == []


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text,
        lambda text: text.replace("    ", "\t"),
        lambda text: text.replace(" = ", "="),
        lambda text: text.replace("\n", "  # because\n"),
        lambda text: text.replace("\n", "\n\n    # a word between\n"),
        lambda text: "".join(f"# {line}\n" for line in text.splitlines()),
        lambda text: "".join(f">>> {line.strip()}\n" for line in text.splitlines()),
        lambda text: "".join(f"+{line}\n" for line in text.splitlines()),
        lambda text: json.dumps(text.splitlines(keepends=True), indent=1),
        lambda text: f'"""A docstring.\n\n{text}"""\n',
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"```python\n{text}```\n",
    ],
)
@pytest.mark.parametrize("name", ["assignments/toy/notes.md", "assignments/toy/notebook.py", "grader/plugin/extra.py"])
def test_the_solution_is_found_however_it_is_written(
    put: Callable[..., str], course: Course, disguise: Callable[[str], str], name: str
) -> None:
    first = line_of(course, "solutions/toy/toy.py", "total = x.cumsum()")
    said = put(disguise(SOLUTION), name)
    assert said.startswith(f"{name}, line")
    assert said.endswith(f": the solution, solutions/toy/toy.py, lines {first} to {first + 2}")


def test_a_region_that_was_not_cut(put: Callable[..., str], course: Course) -> None:
    stub, reference = (course.root / half / "toy" / "toy.py" for half in ("assignments", "solutions"))
    stub.write_text(reference.read_text())
    first = line_of(course, "solutions/toy/toy.py", "total = x.cumsum()")
    lines = f"lines {first} to {first + 2}"
    assert put("") == f"assignments/toy/toy.py, {lines}: the solution, solutions/toy/toy.py, {lines}"


@pytest.mark.parametrize(
    ("text", "private", "what"),
    [
        (HIDDEN, "solutions/toy/test_toy_hidden.py", "the hidden suite"),
        (GUEST, "solutions/toy/guest.py", "guest code"),
        (GUEST, "solutions/toy/baseline.py", "the baseline"),
        ('    rows = [x[: k + 1] for k in range(len(x))]\n    means = [sum(row) / len(row) for row in rows]\n'
         "    return means, rows, float(max(means))\n", "solutions/toy/oracle.py", "the oracle"),
        (STEPS, "solutions/toy/alternatives/by_steps.py", "an alternative"),
        (GUEST, "solutions/toy/suspects.py", "a private file"),
        (GUEST, "solutions/toy/test_toy_course.py", "a private test"),
        ('answer = "b"\nwhy = "Because."\nwrong = { a = "Not so." }\n', "solutions/other/key.toml", "the key"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["assignments/toy/test_toy.py", "grader/plugin/more.py"])
def test_everything_private_is_found(
    put: Callable[..., str], course: Course, text: str, private: str, what: str, name: str
) -> None:
    path = course.root / private
    if what in ("guest code", "the baseline", "a private file", "a private test", "the key"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert f": {what}, {private}, line" in put(text, name)


def test_lines_of_both_files_are_named(put: Callable[..., str], course: Course) -> None:
    (course.root / "assignments/toy/notes.md").write_text("# Toy\n\nOne way:\n\n")
    (course.root / "solutions/toy/guest.py").write_text('"""Guest."""\n\n' + GUEST + "\n\n" + GUEST.replace("17", "18"))
    assert put(GUEST) == "assignments/toy/notes.md, lines 6 to 8: guest code, solutions/toy/guest.py, lines 4 to 6"


def test_a_short_solution_is_found_as_a_whole(put: Callable[..., str], course: Course) -> None:
    """Three lines are too many to ask for where there are two."""
    reference = course.root / "solutions" / "toy" / "toy.py"
    short = "    gaps = np.subtract.outer(x, x)\n    return np.sqrt(np.square(gaps).sum(axis=-1))\n"
    reference.write_text(f"def gaps(x):\n    # BEGIN SOLUTION\n{short}    # END SOLUTION\n")
    assert put(short) == "assignments/toy/notes.md, lines 1 to 2: the solution, solutions/toy/toy.py, lines 3 to 4"


@pytest.mark.parametrize("line", ["    return x + 1\n", "    k += 1\n", "    total = x\n    return total\n"])
def test_a_very_short_one_says_nothing(course: Course, line: str) -> None:
    reference = course.root / "solutions" / "toy" / "toy.py"
    reference.write_text(f"def gaps(x):\n    # BEGIN SOLUTION\n{line}    # END SOLUTION\n")
    (course.root / "assignments" / "toy" / "notes.md").write_text(line)
    assert find_leaks(student_contents(course).files, course) == []


def test_an_explanation_of_the_key(put: Callable[..., str]) -> None:
    said = put("Remember:\n\nThat would be the running sum,\nwhich grows without bound.\n")
    sentence = "That would be the running sum, which grows without bound."
    assert said == f"assignments/toy/notes.md: the explanation {sentence!r}, solutions/toy/key.toml"


def test_answers_that_are_filled_in(put: Callable[..., str]) -> None:
    said = put('mean = "b"\nmemory = 6.1e7\nempty = ""\n', "assignments/toy/answers.toml")
    assert said == (
        "assignments/toy/answers.toml: an answer, mean = 'b', write an empty one\n"
        "assignments/toy/answers.toml: an answer, memory = 61000000.0, write an empty one"
    )


def test_a_file_that_is_no_text(put: Callable[..., str], course: Course) -> None:
    (course.root / "solutions" / "toy" / "hidden.npy").write_bytes(b"\x93NUMPY\0\1")
    (course.root / "assignments" / "toy" / "data.npy").write_bytes(b"\x93NUMPY\0\1")
    assert put("") == "assignments/toy/data.npy: the same bytes, solutions/toy/hidden.npy"


def test_many_leaks_are_not_all_listed(put: Callable[..., str], course: Course) -> None:
    for number in range(24):
        (course.root / "assignments" / "toy" / f"extra_{number}.py").write_text(SOLUTION)
    with pytest.raises(CourseError) as caught:
        refuse_leaks(student_contents(course).files, course)
    assert "in 24 places" in str(caught.value)
    assert str(caught.value).split("\n")[-2] == "and 4 more"


# ---------------------------------------------------------------- no false alarms


def test_lines_that_say_nothing_are_no_leak(course: Course) -> None:
    """What a hidden suite and a public file naturally have in common."""
    common = '''\
from __future__ import annotations

import numpy as np
import pytest
from grader.checks import (
    describe,
    expect_close,
)

__all__ = ["a", "b"]


@pytest.mark.task("double")
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_values(
    submission,
    rng: np.random.Generator,
    shape: tuple[int, ...] = (1, 2),
) -> None:
    """The values are right."""
    return shape


class Both:
    def one(self, x):
        return x

    def two(self, x):
        # why
        return self.x


if __name__ == "__main__":
    pass
'''
    for name in ("solutions/toy/test_toy_hidden.py", "assignments/toy/test_toy.py", "grader/plugin/extra.py"):
        (course.root / name).write_text(common)
    assert find_leaks(student_contents(course).files, course) == []


def test_a_form_that_is_handed_in_empty_is_no_leak(course: Course) -> None:
    """It stands in the sample class as students get it."""
    form = "".join(f'# {name}?\n{name}_of_it = ""\n' for name in ("size", "reason", "colour", "price"))
    (course.root / "solutions" / "sample_class").mkdir()
    for name in ("solutions/sample_class/answers.toml", "assignments/toy/answers.toml"):
        (course.root / name).write_text(form)
    assert find_leaks(student_contents(course).files, course) == []


def test_the_stub_is_public_wherever_it_is_copied(course: Course) -> None:
    """An alternative that a student's file was made of: the given parts of the stub are in it, and its docstrings."""
    given = (
        '\n\nclass Store:\n    def keep(self, X, y):\n        """Keep.\n\n        Both X (N, D)\n        and y (N,)\n'
        '        are kept.\n        """\n        self.X = np.asarray(X)\n        self.y = np.asarray(y)\n'
        "        self.size = len(self.X)\n"
    )
    for name in ("assignments/toy/toy.py", "solutions/toy/toy.py", "solutions/toy/alternatives/by_steps.py"):
        path = course.root / name
        path.write_text(path.read_text() + given)
    (course.root / "solutions" / "sample_class").mkdir()
    (course.root / "solutions" / "sample_class" / "broken.py").write_text(f"def broken(:\n{given}")
    assert find_leaks(student_contents(course).files, course) == []


def test_lines_that_are_marked_public_may_be_anywhere(course: Course, put: Callable[..., str]) -> None:
    shared = "def made(submission, x):\n    one = submission.Counter()\n    one.step(by=len(x))\n    one.step(by=3)\n"
    (course.root / "assignments" / "toy" / "test_toy.py").write_text(shared)
    suite = course.root / "solutions" / "toy" / "test_toy_hidden.py"
    text = suite.read_text()
    suite.write_text(text + shared)
    assert "the hidden suite" in put("")
    suite.write_text(f"{text}# BEGIN PUBLIC\n{shared}# END PUBLIC\n")
    assert find_leaks(student_contents(course).files, course) == []
    assert "the solution" in put(SOLUTION)


def test_lines() -> None:
    text = '"""Say it."""\n\nx = 1  # one\nurl = "a#b"  # two\n# total = 2 + 2\nimport numpy\n'
    assert [(line.number, line.text) for line in code_lines(text, ".py")] == [(4, 'url="a#b"')]
    assert [(line.number, line.text) for line in text_lines(text)] == [
        (1, '"""Sayit."""'), (4, 'url="a#b"'), (5, "total=2+2"),
    ]  # fmt: skip
