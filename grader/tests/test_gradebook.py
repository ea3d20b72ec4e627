"""grades.csv and JUnit XML."""

from __future__ import annotations

import csv
import dataclasses
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from grader.course import Assignment, Limits, Task
from grader.grading.gradebook import grades_csv
from grader.grading.junit import junit_xml
from grader.grading.outcome import Outcome
from grader.grading.replies import Reply
from grader.grading.report import Grading, build_report
from grader.grading.score import Override, score
from grader.tests.quiz import QUESTIONS


def assignment(name: str) -> Assignment:
    tasks = (Task("loops", "Loops", 4, "hint"), Task("gpu", "GPU", 6, "hint", "cuda"))
    return Assignment(name, Path(name), "T", name, (f"{name}.py",), (), ("cpu", "cuda"), (), Limits(), tasks)


SUITE = {"loops": [("a", 1), ("b", 2)], "gpu": [("c", 1)]}
PASSED = Outcome("c", "gpu", "passed", fraction=1, seconds=0.25)
ABSENT = Outcome("c", "gpu", "not assessed", kind="device", message="no cuda here")
FAULT = Outcome("c", "gpu", "fault", kind="fault", detail="boom")


def report(student: str = "alice", name: str = "knn", last: Outcome = PASSED, message: str = "", **more):
    outcomes = [
        Outcome("a", "loops", "passed", fraction=1, seconds=1.0),
        Outcome("b", "loops", "failed", 2, kind="wrong", message=message, seconds=0.5),
        last,
    ]
    knn = assignment(name)
    return build_report(knn, score(knn, outcomes, SUITE, **more), Grading(student, outcomes, SUITE))


def rows(*reports) -> list[list[str]]:
    data = grades_csv(reports)
    assert data.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


HEADER = ["student", "assignment", "score", "max_score", "provisional"]


def test_a_row_a_submission_in_stable_order():
    table = rows(report("bob"), report("alice", "svm"), report("alice", "knn"))
    assert table == [
        [*HEADER, "knn.loops", "knn.gpu", "svm.loops", "svm.gpu"],
        ["alice", "knn", "7.3333", "10", "no", "1.3333", "6", "", ""],
        ["alice", "svm", "7.3333", "10", "no", "", "", "1.3333", "6"],
        ["bob", "knn", "7.3333", "10", "no", "1.3333", "6", "", ""],
    ]


def test_half_a_grade_is_no_number():
    assert rows(report(last=ABSENT))[1] == ["alice", "knn", "", "10", "yes", "1.3333", ""]
    assert rows(report(last=FAULT))[1] == ["alice", "knn", "", "10", "no", "1.3333", ""]
    assert rows(report(last=ABSENT, waived=["cuda"]))[1] == [
        "alice",
        "knn",
        "1.3333",
        "4",
        "no",
        "1.3333",
        "",
    ]
    assert rows(report(last=FAULT, overrides={"gpu": Override(0, "r")}))[1][2:] == [
        "1.3333",
        "10",
        "no",
        "1.3333",
        "0",
    ]


def test_nobody():
    assert rows() == [HEADER]
    assert grades_csv([]) == b"student,assignment,score,max_score,provisional\r\n"


@pytest.mark.parametrize("student", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\tx", "\rx", "\nx", '=HYPERLINK("x";"y")'])
def test_formulas_become_text(student):
    assert rows(report(student))[1][0] == f"'{student}"


@pytest.mark.parametrize("student", ["a,b", 'a"b', "a\nb", "ä 学", "a=b", "o'neil", "a;b"])
def test_other_names_are_kept(student):
    assert rows(report(student))[1][0] == student


def test_names_that_are_not_text_are_written_escaped():
    assert rows(report("a\udc80"))[1][0] == "a\\udc80"


def test_junit_counts_tasks():
    root = ET.fromstring(junit_xml([report("bob", last=FAULT), report("alice", last=ABSENT, message="the root is missing")]))
    alice, bob = root.findall("testsuite")
    assert alice.attrib == {
        "name": "alice/knn", "tests": "2", "failures": "1", "errors": "0", "skipped": "1", "time": "1.500",
    }  # fmt: skip
    assert (bob.get("name"), bob.get("errors"), bob.get("skipped")) == ("bob/knn", "1", "0")
    loops, gpu = alice.findall("testcase")
    assert loops.attrib == {"classname": "knn", "name": "loops", "time": "1.500"}
    failure = loops.find("failure")
    assert failure.get("message") == "partly: 1.3333 of 4 points"
    assert failure.text == "the root is missing"
    assert gpu.find("skipped").get("message") == "not assessed"
    assert gpu.find("skipped").text == "no cuda here"
    assert bob[1].find("error").get("message") == "fault"


def test_junit_of_a_passed_and_a_waived_task():
    (suite,) = ET.fromstring(junit_xml([report()]))
    assert list(suite[1]) == []
    assert suite[1].get("name") == "gpu"
    (suite,) = ET.fromstring(junit_xml([report(waived=["cuda"])]))
    assert suite[1].find("skipped").get("message") == "waived for the class"


def test_junit_takes_any_text():
    text = "a\0b\x1b[2J\ud800<c>&\ufffe]]>\U0001f600"
    root = ET.fromstring(junit_xml([report("s\x08\udc80", message=text)]))
    assert root[0].get("name") == "s/knn"
    assert root[0][0].find("failure").text == "ab[2J<c>&]]>\U0001f600"


def quizzed(*replies: Reply):
    knn = dataclasses.replace(assignment("knn"), questions=QUESTIONS)
    outcomes = [Outcome("a", "loops", "passed", fraction=1), Outcome("b", "loops", "passed", 2, 1), PASSED]
    return build_report(knn, score(knn, outcomes, SUITE, replies=replies), Grading("ann", outcomes, SUITE, replies=replies))


WHY = Reply("why", "answered", "c", False, "chance is no reason", "two is even")
SIZE = Reply("size", "not answered", "", False, "", "8 bytes each")


def test_questions_have_columns():
    assert rows(quizzed(WHY, dataclasses.replace(SIZE, state="answered", is_right=True))) == [
        [*HEADER, "knn.loops", "knn.gpu", "knn.why", "knn.size"],
        ["ann", "knn", "13", "15", "no", "4", "6", "0", "3"],
    ]


def test_before_the_deadline_there_is_no_number_to_add_up():
    early = quizzed(*(dataclasses.replace(reply, is_right=None, why="", message="") for reply in (WHY, SIZE)))
    assert rows(early)[1] == ["ann", "knn", "", "15", "yes", "4", "6", "", ""]


def test_junit_has_the_questions():
    (suite,) = ET.fromstring(junit_xml([quizzed(WHY, SIZE)]))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    why, size = suite[2], suite[3]
    assert why.attrib == {"classname": "knn", "name": "why", "time": "0.000"}
    assert why[0].get("message") == "failed: 0 of 2 points"
    assert why[0].text == "chance is no reason two is even"
    assert size[0].get("message") == "failed (not answered): 0 of 3 points"
    unreadable = Reply("why", "unreadable", "d", message="'d' is none of a, b, c")
    (suite,) = ET.fromstring(junit_xml([quizzed(unreadable, dataclasses.replace(SIZE, is_right=None, why=""))]))
    assert suite.get("skipped") == "2"
    assert suite[2].find("skipped").get("message") == "not assessed (unreadable)"
    assert suite[2].find("skipped").text == "'d' is none of a, b, c"
