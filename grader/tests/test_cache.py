"""When an unchanged submission is not graded again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader.course import Assignment, Course, Limits, Task
from grader.grading.cache import KeyParts, constraints_digest, grade_key, grader_digest, lookup, suite_digest
from grader.grading.outcome import Outcome
from grader.grading.report import Grading, build_report, write_report
from grader.grading.score import score

PARTS = KeyParts("sub", "suite", "grader", "00ff00ff", "cpu", "bubblewrap", "generated", Limits(), "constraints")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(KeyParts)])
def test_every_part_changes_the_key(field):
    other = Limits(cpu=21) if field == "limits" else "other"
    assert grade_key(PARTS) != grade_key(dataclasses.replace(PARTS, **{field: other}))


def test_the_key_is_the_same_in_every_run():
    assert grade_key(PARTS) == grade_key(dataclasses.replace(PARTS))
    assert len(grade_key(PARTS)) == 64
    assert len(grade_key(dataclasses.replace(PARTS, data="\udc80"))) == 64
    assert grade_key(dataclasses.replace(PARTS, device="a", data="b")) != grade_key(
        dataclasses.replace(PARTS, device="b", data="a")
    )


@pytest.fixture
def course(tmp_path):
    facts = 'title = "T"\nmodule = "knn"\n[[tasks]]\nid = "a"\ntitle = "A"\npoints = 1\nhint = "h"\n'
    for name in (
        "assignments/knn/assignment.toml",
        "solutions/knn/test_knn_hidden.py",
        "solutions/knn/data/x.npy",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(facts)
    return Course(tmp_path)


def change(root: Path, name: str, text: str = "# changed\n") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize(
    "name",
    [
        "assignments/knn/assignment.toml", "solutions/knn/test_knn_hidden.py", "solutions/knn/data/x.npy",
        "solutions/knn/new.py", "solutions/knn/key.toml",
    ],
)  # fmt: skip
def test_the_suite_counts(course, name):
    before = suite_digest(course, "knn")
    change(course.root, name)
    assert suite_digest(course, "knn") != before


@pytest.mark.parametrize(
    "name",
    [
        "solutions/knn/alternatives/a.py", "solutions/knn/mistakes.toml", "solutions/knn/__pycache__/x.pyc",
        "solutions/knn/.x.swp", "assignments/knn/README.md", "solutions/svm/x.py",
    ],
)  # fmt: skip
def test_what_no_grade_depends_on_does_not_count(course, name):
    before = suite_digest(course, "knn")
    change(course.root, name)
    assert suite_digest(course, "knn") == before


def test_names_count_as_well_as_bytes(course):
    before = suite_digest(course, "knn")
    (course.root / "solutions/knn/data/x.npy").rename(course.root / "solutions/knn/data/y.npy")
    assert suite_digest(course, "knn") != before


def test_the_grader_counts_without_its_tests(tmp_path):
    change(tmp_path, "checks/close.py")
    before = grader_digest(tmp_path)
    for name in ("tests/test_x.py", "docs/page.md", "__pycache__/x.py"):
        change(tmp_path, name)
    assert grader_digest(tmp_path) == before
    change(tmp_path, "checks/close.py")
    assert grader_digest(tmp_path) != before


def test_the_constraints_count(tmp_path):
    absent = constraints_digest(tmp_path / "constraints.txt")
    change(tmp_path, "constraints.txt", "numpy==2\n")
    assert constraints_digest(tmp_path / "constraints.txt") != absent == constraints_digest(tmp_path / "none.txt")


def written(tmp_path: Path, outcome: Outcome, key: str = "k", **more) -> Path:
    knn = Assignment("knn", Path("knn"), "T", "knn", (), (), (), (), Limits(), (Task("a", "A", 1, "h"),))
    suite = {"a": [("t", 1)]}
    result = score(knn, [outcome], suite, **more)
    write_report(tmp_path / "r.json", build_report(knn, result, Grading("s", [outcome], suite, key=key)))
    return tmp_path / "r.json"


def test_a_report_under_the_same_key_is_found(tmp_path):
    path = written(tmp_path, Outcome("t", "a", "failed", kind="wrong"))
    found = lookup(path, "k")
    assert found is not None
    assert found["public"]["score"] == 0
    assert lookup(path, "other") is None
    assert lookup(tmp_path / "none.json", "k") is None


def test_a_report_with_a_fault_is_not_found(tmp_path):
    assert lookup(written(tmp_path, Outcome("t", "a", "fault", kind="fault")), "k") is None
    assert lookup(written(tmp_path, Outcome("t", "a", "passed", fraction=1), faults=["x"]), "k") is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"schema": 1}', b'{"schema": 9}', b"\xff\xfe"])
def test_a_corrupt_report_means_grading_again(tmp_path, data):
    path = written(tmp_path, Outcome("t", "a", "passed", fraction=1))
    path.write_bytes(data)
    assert lookup(path, "k") is None


def test_a_truncated_report_means_grading_again(tmp_path):
    path = written(tmp_path, Outcome("t", "a", "passed", fraction=1))
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 37):
        path.write_bytes(whole[:length])
        assert lookup(path, "k") is None
