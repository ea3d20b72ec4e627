"""overrides.toml."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader.course import Assignment, Limits, Task
from grader.course.strict import did_you_mean
from grader.errors import CourseError, ReportError
from grader.grading.overrides import Overrides, load_overrides
from grader.grading.score import Override
from grader.tests.quiz import QUESTIONS

KNN = Assignment(
    "knn", Path("course/knn"), "kNN", "knn", ("knn.py",), (), ("cpu",), (), Limits(),
    (Task("loops", "Loops", 4, "hint"), Task("speed", "Speed", 6.5, "hint")),
)  # fmt: skip
FIRST = """
[[override]]
student = "alice"
assignment = "knn"
task = "loops"
points = 3.5
reason = "the handout was wrong"
"""
SECOND = """
# speed was measured by hand
[[override]]
student = "alice"
assignment = "knn"
task = "speed"
points = 6.5
reason = "timed by hand"
"""


def assignment_of(name: str) -> Assignment:
    if name != "knn":
        raise CourseError(f"no assignment {name!r}; {did_you_mean(name, ['knn'])}")
    return KNN


def load(tmp_path: Path, text: str) -> Overrides:
    (tmp_path / "overrides.toml").write_text(text, encoding="utf-8")
    return load_overrides(tmp_path / "overrides.toml", assignment_of)


def test_they_are_read_by_student_and_assignment(tmp_path):
    overrides = load(tmp_path, FIRST + SECOND)
    both = {"loops": Override(3.5, "the handout was wrong"), "speed": Override(6.5, "timed by hand")}
    assert overrides.of("alice", "knn") == both
    assert overrides.of("bob", "knn") == {} == overrides.of("alice", "svm")


def test_a_question_is_named_like_a_task(tmp_path):
    quizzed = dataclasses.replace(KNN, questions=QUESTIONS)
    path = tmp_path / "overrides.toml"
    text = FIRST.replace('"loops"', '"size"').replace("3.5", "2")
    path.write_text(text)
    assert load_overrides(path, lambda name: quizzed).of("alice", "knn") == {"size": Override(2, "the handout was wrong")}
    for old, new, message in [
        ("2", "3.5", "points = 3.5: the question 'size' gives 0 to 3; write a number in that range"),
        ('"size"', '"sise"', "course/knn/assignment.toml: there is no task or question 'sise'; did you mean 'size'?"),
    ]:
        path.write_text(text.replace(old, new))
        with pytest.raises(ReportError) as error:
            load_overrides(path, lambda name: quizzed)
        assert str(error.value) == f"{path}, line 2 (override 1): {message}"


def test_no_file_and_an_empty_one_hold_none(tmp_path):
    assert load_overrides(tmp_path / "none.toml", assignment_of) == Overrides({}) == load(tmp_path, "# nothing yet")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"speed"', '"sped"', "course/knn/assignment.toml: there is no task 'sped'; did you mean 'speed'?"),
        ('"knn"', '"kn"', "no assignment 'kn'; did you mean 'knn'?"),
        ("6.5", "7", "points = 7: the task 'speed' gives 0 to 6.5; write a number in that range"),
        ("6.5", "-1", "points = -1: the task 'speed' gives 0 to 6.5; write a number in that range"),
        ("6.5", "nan", "points = nan: write a finite number without quotes"),
        ("6.5", "true", "points = True: write a finite number without quotes"),
        ('reason = "timed by hand"', "", "'reason' is missing; add reason = ..."),
        ('"timed by hand"', '" "', "reason = ' ': write a text in quotes that is not empty"),
        ('"alice"', "17", "student = 17: write a text in quotes that is not empty"),
        ("points", "point", "unknown key 'point'; did you mean 'points'?"),
        ('"speed"', '"loops"\n#', "'alice' has an override of knn.loops already; remove one of the two"),
    ],
)
def test_every_mistake_is_named_with_its_line(tmp_path, old, new, message):
    assert old in SECOND
    text = FIRST + SECOND.replace(old, new, 1)
    if new.startswith('"loops"'):
        text = text.replace("6.5", "3")
    with pytest.raises(ReportError) as error:
        load(tmp_path, text)
    assert str(error.value) == f"{tmp_path}/overrides.toml, line 10 (override 2): {message}"


def test_lines_that_cannot_be_told_are_left_out(tmp_path):
    text = FIRST.replace('"the handout was wrong"', '"""\n[[override]]\n"""').replace("loops", "loop")
    with pytest.raises(ReportError, match="overrides.toml, override 1: .*no task 'loop'; did you mean 'loops'?"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[override]\nstudent = 'a'",
            "overrides.toml: override is no list; write [[override]] above each entry",
        ),
        ("override = [3]", "overrides.toml, override 1: 3 is a number; write a table"),
        ("[[overide]]", "overrides.toml: unknown key 'overide'; did you mean 'override'?"),
        ("[[override]", "overrides.toml: not TOML: "),
    ],
)
def test_files_of_another_shape(tmp_path, text, message):
    with pytest.raises(ReportError) as error:
        load(tmp_path, text)
    assert message in str(error.value)


def test_an_override_of_nobody_is_told(tmp_path):
    overrides = load(tmp_path, FIRST + SECOND)
    assert overrides.unused([("alice", "knn"), ("bob", "knn")]) == []
    lost = "the override for student 'alice', assignment 'knn' applies to nothing that was graded"
    assert overrides.unused([("alicia", "knn")]) == [f"{lost}; did you mean 'alicia'?"]
    assert overrides.unused([("alice", "svm")]) == [lost]
