"""Solution markers, the stub that is cut from a reference, and what a stub must say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course import Course
from grader.selfcheck.parts import Parts
from grader.selfcheck.regions import read_marked
from grader.selfcheck.stub import stub_findings, write_stub

WHAT = "mend the reference, then `grader check toy --write` cuts the stub from it"
STUB, REFERENCE = "assignments/toy/toy.py", "solutions/toy/toy.py"

Change = Callable[[str, str, str], None]


@pytest.fixture
def parts(toy: Path) -> Parts:
    return Parts.of(Course(toy), "toy")


@pytest.fixture
def change(toy: Path) -> Change:
    """`change(file, old, new)`: one edit of a file of the course."""

    def edit(file: str, old: str, new: str) -> None:
        text = (toy / file).read_text()
        assert text.count(old) == 1
        (toy / file).write_text(text.replace(old, new))

    return edit


def test_cut_within_and_outside_of_functions() -> None:
    marked = read_marked(
        "def f():\n    '''F.'''\n    a = 1\n    # BEGIN SOLUTION\n    return a\n    # END SOLUTION\n\n\n"
        "# BEGIN SOLUTION\ndef helper():\n    return 2\n\n\n# END SOLUTION\nclass C:\n    x = 1\n"
    )
    assert marked.problems == ()
    assert marked.stub == "def f():\n    '''F.'''\n    a = 1\n    raise NotImplementedError\n\n\nclass C:\n    x = 1\n"
    assert [(region.begin, region.end, region.in_function) for region in marked.regions] == [(4, 6, True), (9, 14, False)]


def test_a_region_that_goes_on_after_its_function_counts_as_within() -> None:
    marked = read_marked("def f():\n    # BEGIN SOLUTION\n    return g()\n\n\ndef g():\n    return 1\n    # END SOLUTION\n")
    assert marked.stub == "def f():\n    raise NotImplementedError\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n", "no solution markers; put `# BEGIN SOLUTION` and `# END SOLUTION` around what a student writes"),
        ("# BEGIN SOLUTION\nx = 1\n", "line 1: this solution never ends; add `# END SOLUTION`, indented alike"),
        ("x = 1\n# END SOLUTION\n", "line 2: no solution has begun that could end here; remove the marker"),
        (
            "# BEGIN SOLUTION\nx = 1\n# BEGIN SOLUTION\ny = 1\n# END SOLUTION\n",
            "line 3: a solution begins inside the one of line 1; end that one first",
        ),
        (
            "def f():\n    # BEGIN SOLUTION\n    return 1\n# END SOLUTION\n",
            "line 4: indent this marker as the one of line 2, which it ends",
        ),
        (
            "# BEGIN SOLUTION\nx = 1\n# End Solution\n# END SOLUTION\n",
            "line 3: '# End Solution' is no marker; write `# BEGIN SOLUTION` or `# END SOLUTION`",
        ),
        (
            "x = 1  # BEGIN SOLUTION\n",
            "line 1: 'x = 1  # BEGIN SOLUTION' is no marker; write `# BEGIN SOLUTION` or `# END SOLUTION`",
        ),
        ("# BEGIN SOLUTION\n# x = 1\n\n# END SOLUTION\n", "line 1: nothing lies between the markers; remove both"),
        ("def f(:\n", "line 1: not Python (invalid syntax); mend that line"),
    ],
)
def test_wrong_markers(text: str, problem: str) -> None:
    marked = read_marked(text)
    assert problem in marked.problems
    assert marked.stub == ""


def test_the_toy_is_right(parts: Parts) -> None:
    assert list(stub_findings(parts)) == []
    assert write_stub(parts) == []


def test_wrong_markers_are_found_in_their_file(parts: Parts, change: Change) -> None:
    change(REFERENCE, "    # BEGIN SOLUTION\n    return 2 * x\n", "    return 2 * x\n")
    assert f"{REFERENCE}, line 7: no solution has begun that could end here; remove the marker" in stub_findings(parts)
    assert write_stub(parts) == []


def test_a_stub_that_says_something_else(parts: Parts, change: Change) -> None:
    change(STUB, "def double(x):", "def double(x, y):")
    assert list(stub_findings(parts)) == [
        f"{STUB}, line 4: 'def double(x, y):', where the reference without its solutions has 'def double(x):'; {WHAT}",
        f"{STUB}, line 4: the signature of 'double' is another in {REFERENCE}; make them one",
    ]


def test_a_docstring_that_says_something_else(parts: Parts, change: Change) -> None:
    change(STUB, "Add `by`; return", "Add `by` and return")
    assert f"{STUB}, line 12: the docstring of 'Counter.step' is another in {REFERENCE}; make them one" in stub_findings(
        parts
    )


def test_a_stub_that_is_too_short(parts: Parts, change: Change) -> None:
    change(STUB, '\n    """Raise ValueError for a negative x, else return x."""\n    raise NotImplementedError\n', " ...")
    (first,) = [text for text in stub_findings(parts) if "where the reference" in text]
    assert first.startswith(f"{STUB}, line 17: 'def refuse(x): ...', where")


def test_a_public_name_without_docstring(parts: Parts, change: Change) -> None:
    for file in (STUB, REFERENCE):
        change(file, '    """Counts its calls in `count`."""\n\n', "")
    wrong = f"{STUB}, line 9: 'Counter' has no docstring; the stub says what is asked: shapes, units, errors"
    assert list(stub_findings(parts)) == [wrong]


def test_private_names_need_no_docstring(parts: Parts, change: Change) -> None:
    for file in (STUB, REFERENCE):
        change(file, "class Counter:", "def _helper():\n    return 1\n\n\nclass Counter:")
    assert list(stub_findings(parts)) == []


def test_missing_halves(parts: Parts) -> None:
    (parts.assignment.folder / "toy.py").unlink()
    assert list(stub_findings(parts)) == [f"{STUB}: not there; `grader check toy --write` makes it from the reference"]
    (parts.private / "toy.py").unlink()
    assert list(stub_findings(parts)) == ["solutions/toy/toy.py: not there; write the reference for it"]


def test_write_makes_the_stub(parts: Parts, change: Change) -> None:
    before = (parts.assignment.folder / "toy.py").read_text()
    change(STUB, "Toy assignment", "Toi assignment")
    assert write_stub(parts) == [STUB]
    assert (parts.assignment.folder / "toy.py").read_text() == before
    (parts.assignment.folder / "toy.py").unlink()
    assert write_stub(parts) == [STUB]
    assert list(stub_findings(parts)) == []


def test_a_module_of_two_files(parts: Parts, change: Change, toy: Path) -> None:
    change("assignments/toy/assignment.toml", 'files = ["toy.py"]', 'files = ["toy.py", "more.py", "notes.txt"]')
    more = Parts.of(Course(toy), "toy")
    assert "solutions/toy/more.py: not there; write the reference for it" in stub_findings(more)
    (parts.private / "more.py").write_text(
        "def f():\n    '''F.'''\n    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n"
    )
    assert write_stub(more) == ["assignments/toy/more.py"]
    assert more.stub()["more.py"] == b"def f():\n    '''F.'''\n    raise NotImplementedError\n"
    assert more.reference().keys() == {"toy.py", "more.py"}
