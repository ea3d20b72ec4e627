"""The class's page: scores, what waits, what was met most."""

from __future__ import annotations

import dataclasses

from grader.grading.outcome import FAULT
from grader.page.overview import class_page
from grader.tests.pages import OUTCOMES, report
from grader.tests.test_page_student import Text

FAILED = dataclasses.replace(OUTCOMES[0], verdict="fault", fraction=0, kind="fault", message=FAULT, detail="disk full")
CLASS = [
    report(student="bob", outcomes=(FAILED, *OUTCOMES[1:])),
    report(student="ada", waived=("cuda",)),
    report(student="cy", purpose="feedback"),
]


def text() -> str:
    return Text(class_page(CLASS).decode()).text


def test_it_is_for_staff() -> None:
    assert "For teaching staff. Do not hand out: students have their own pages" in text()


def test_scores_with_words_beside_the_colours() -> None:
    assert "Student Convolution ada 63 of 80 bob waits the grader failed cy 60 of 75 provisional Mean 79 %" in text()


def test_every_score_leads_to_its_page() -> None:
    found = Text(class_page(CLASS).decode())
    assert found.attributes("a", "href") == ["ada/conv.html", "bob/conv.html", "cy/conv.html"]


def test_what_waits() -> None:
    assert "3 submissions. 1 of them waits for you." in text()
    assert "Waits for you Student Assignment Fault of the grader bob conv forward: 'a': disk full" in text()
    assert "none of them waits for you" in Text(class_page(CLASS[1:]).decode()).text


def test_what_was_met_most() -> None:
    assert "Backward 0 3 0 windows overlap: add up. 3 times" in text()
    assert "Pictures 0 0 3 not done yet 3 times" in text()


def test_a_gap_is_told() -> None:
    other = report(student="ada")
    other["public"] |= {"assignment": "knn", "title": "Neighbours"}
    shown = Text(class_page([*CLASS, other]).decode()).text
    assert "bob waits the grader failed nothing" in shown


def test_the_order_of_the_reports_changes_nothing() -> None:
    assert class_page(CLASS) == class_page(CLASS[::-1])
