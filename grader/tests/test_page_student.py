"""The student's page: what it says, and what it does not."""

from __future__ import annotations

import dataclasses
import html.parser
import json
import re
from typing import Any

import pytest

from grader.checks.plotted import plotted
from grader.grading.outcome import FAULT
from grader.grading.score import Override
from grader.page.handout import Facts
from grader.page.student import student_page
from grader.tests.pages import FACTS, OUTCOMES, report

VOID = {"meta", "link", "img", "br", "hr"}
INLINE = {"a", "bdi", "code", "em", "q", "span", "strong"}


class Text(html.parser.HTMLParser):
    """What can be read on a page, its elements with their attributes, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.append((tag, dict(attributes)))
        self.words.append("" if tag in INLINE else " ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "symbol"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def attributes(self, tag: str, name: str) -> list[str]:
        return [attributes[name] for element, attributes in self.elements if element == tag and name in attributes]


def page(facts: Facts = FACTS, **given: Any) -> Text:
    return Text(student_page(report(**given), facts).decode())


def article(part: str, facts: Facts = FACTS, **given: Any) -> str:
    """The text of one task or question."""
    source = student_page(report(**given), facts).decode()
    (found,) = re.findall(rf'<article id="{part}".*?</article>', source, re.DOTALL)
    return Text(found).text


def test_a_record_run() -> None:
    text = page().text
    assert "Graded for the record Convolution ada 63 of 80 points, provisional" in text
    assert "1 of 3 tasks passed. This is the score of the tasks that could be assessed." in text
    assert "20 points are still open: those tasks could not be assessed here. Until then the score is provisional." in text


def test_a_final_score() -> None:
    text = page(waived=("cuda",)).text
    assert "63 of 80 points 1 of 3 tasks passed. This is the score for the record." in text
    assert "provisional" not in text
    assert "On the GPU left out for the whole class 20" in text


def test_a_feedback_run() -> None:
    text = page(purpose="feedback").text
    assert "Feedback, not your grade Convolution ada 60 of 75 points, provisional" in text
    assert "The grade comes from other random numbers, and from what you hand in last." in text
    assert "5 points for questions are still open: answers are judged for the grade only." in text
    assert "Graded before the deadline" in text


def test_answers_are_told_and_not_judged_in_a_feedback_run() -> None:
    assert article("question-why", purpose="feedback") == "Question 1 – of 2 Why twice? answered: c — By chance"
    text = page(purpose="feedback").text
    assert "The 2 questions answers are judged for the grade only, after the deadline 5" in text
    assert "divisible" not in text
    assert "chance is no reason" not in text


def test_answers_are_explained_in_a_record_run() -> None:
    wrong = article("question-why")
    assert wrong.startswith("Question 1 0 of 2 Why twice? wrong: c — By chance chance is no reason")
    assert wrong.endswith("Why two is divisible by two")
    assert article("question-size").startswith("Question 2 3 of 3 How large is it? right: 8000 bytes")


@pytest.mark.parametrize(("answers", "said"), [("", "not answered"), ('why = "b) or c)"', "cannot be read: b) or c)")])
def test_answers_that_are_none(answers: str, said: str) -> None:
    assert f"Why twice? {said}" in article("question-why", answers=answers)


def test_a_task_that_passed() -> None:
    text = article("task-forward")
    assert text.startswith("Forward 30 of 30 all 2 checks passed Handout conv(x, w) gives out, see the words.")
    assert "Note x was changed" in text
    assert "Hint" not in text


def test_notes_that_say_the_same_are_told_once() -> None:
    notes = ("pad 0: dx is wrong", "slow", "pad 1, stride 2: dx is wrong", "pad 1: dw is wrong")
    outcomes = (dataclasses.replace(OUTCOMES[0], notes=notes), *OUTCOMES[1:])
    text = article("task-forward", outcomes=outcomes)
    assert "Note pad 0; pad 1, stride 2: dx is wrong Note slow Note pad 1: dw is wrong" in text


def test_a_task_with_a_named_mistake() -> None:
    text = article("task-backward")
    assert text.startswith("Backward 30 of 40 1 of 2 checks passed")
    assert "windows overlap: add up. In dx, 7 of 12 differ." in text
    assert "Hint Add to dx. The handout on this" in text
    assert '<p class="lead">windows overlap: add up.</p>' in student_page(report(), FACTS).decode()


def test_the_map_is_drawn_and_told() -> None:
    found = page()
    assert "Where it is wrong, [0, 1, row, column]" in found.text
    told = "Row 0: wrong in column 0 to 1. Row 1: off by less than 1% in column 3. Row 2: wrong everywhere."
    assert told in found.text
    cells = [value for value in found.attributes("rect", "class") if value.startswith("cell")]
    assert [cells.count(f"cell {kind}") for kind in ("wrong", "some", "right")] == [6 + 1, 1 + 1, 5 + 1]  # and the legend
    assert found.attributes("svg", "aria-describedby") == ["map-backward-words"]
    assert "# # · ·" not in found.text


def test_a_task_that_is_not_done() -> None:
    text = article("task-pictures")
    assert text.startswith("Pictures 0 of 5 not done yet not done yet (conv.py, line 9) Hint Stretch each.")


def test_pictures() -> None:
    found = page()
    (shown,) = [attributes for tag, attributes in found.elements if attributes.get("class", "").startswith("tiles")]
    assert shown["aria-label"] == "3 pictures of 3 x 2 pixels: one, two, three"
    assert shown["class"] == "tiles columns-3"
    assert all(source.startswith("data:image/png;base64,") for source in found.attributes("img", "src"))
    assert found.attributes("img", "width") == ["96"] * 3  # a whole multiple of 3
    assert "one two three Your filters" in article("task-pictures")


def test_curves() -> None:
    shown = plotted({"training": [3.0, 1.0, 0.5], "test": [3.0, 2.0, 2.0]}, "The losses", x="epoch", y="loss")
    assert shown is not None
    outcomes = (dataclasses.replace(OUTCOMES[0], pictures=(shown,)), *OUTCOMES[1:])
    found = page(outcomes=outcomes)
    labels = found.attributes("svg", "aria-label")
    assert "training goes from 3 to 0.5; test goes from 3 to 2" in labels
    drawn = [name for name in found.attributes("path", "class") if name.startswith("curve ")]
    assert drawn == ["curve curve-0", "curve curve-1"] * 2  # and the legend
    assert "loss 0 1 2 3 1 3 epoch training test The losses" in article("task-forward", outcomes=outcomes)


def test_what_was_not_assessed() -> None:
    assert "Not assessed What Why Points On the GPU not assessed here: no cuda 20" in page().text
    assert article("task-gpu").startswith("On the GPU – of 20 not assessed")


def test_what_was_handed_in() -> None:
    assert (
        "What was handed in notes.py: a link, which is not followed"
        in page(problems=("notes.py: a link, which is not followed",)).text
    )
    assert "What was handed in" not in page().text


def test_a_ta_s_word() -> None:
    given = {"backward": Override(40, "Her own tie rule."), "why": Override(1, "Half right.")}
    text = page(overrides=given).text
    assert "A TA has set points by hand where that is noted." in text
    assert "A TA set this to 40 of 40 points (before: 30): Her own tie rule." in article("task-backward", overrides=given)
    why = article("question-why", overrides=given)
    assert "partly right" in why
    assert "A TA set this to 1 of 2 points (before: 0): Half right." in why


def test_a_fault_is_ours() -> None:
    broken = (*OUTCOMES[:2], dataclasses.replace(OUTCOMES[2], verdict="fault", kind="fault", message=FAULT), *OUTCOMES[3:])
    text = page(outcomes=broken).text
    assert "No score yet" in text
    assert "the grader itself failed somewhere, and not you. A TA will look at it." in text
    assert "Backward waits for a TA – of 40" in text


def test_how_it_was_graded() -> None:
    text = page().text
    for words in (
        "Graded for the grade", "Device cpu", "Isolation bubblewrap: a sandbox without network", "Data generated",
        "Hidden numbers seed 5eed5eed", "Python 3.11.7 on x86_64", "Packages numpy 2.4.4", "Grader abc123",
    ):  # fmt: skip
        assert words in text


def test_the_handout_is_on_the_page() -> None:
    source, found = student_page(report(), FACTS).decode(), page()
    assert "Pad first." in found.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source
    assert "Not a task." not in found.text
    assert ("th", {"scope": "col"}) in found.elements
    assert "<h4>Sizes</h4>" in source
    assert '<a href="https://example.org/paper" rel="noreferrer">the paper</a>' in source
    assert "<span>words</span>" in source
    assert "look.png" not in source
    assert "#handout-backward" in found.attributes("a", "href")


def test_every_link_on_the_page_arrives() -> None:
    found = page()
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    aims = [*found.attributes("a", "href"), *found.attributes("use", "href")]
    assert {aim for aim in aims if not aim.startswith("#")} == {"https://example.org/paper"}
    assert {aim[1:] for aim in aims if aim.startswith("#")} <= set(ids)
    named = [value for tag in ("section", "article", "svg") for value in found.attributes(tag, "aria-labelledby")]
    assert set(named) <= set(ids)


def test_without_a_course_the_report_is_enough() -> None:
    text = page(Facts()).text
    assert "windows overlap: add up." in text
    assert "See the handout, section backward." in text
    assert "Hint" not in text


def test_the_same_report_gives_the_same_bytes() -> None:
    one = student_page(report(), FACTS)
    again = json.loads(json.dumps(report()))
    again["timing"] = {"seconds": {"total": 99.0}, "tests": [1.0] * 6}
    assert student_page(again, FACTS) == one


def test_only_the_public_part_is_shown() -> None:
    secret = report()
    secret["ta"] = {"faults": ["SECRET"], "output": "SECRET", "outcomes": [{"detail": "SECRET"}]}
    secret["key"] = "SECRET"
    assert student_page(secret, FACTS) == student_page(report(), FACTS)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    source, found = student_page(report(), FACTS).decode(), page()
    assert "script" not in {tag for tag, _ in found.elements}
    assert not any(name.startswith("on") or name == "style" for _, attributes in found.elements for name in attributes)
    (policy,) = [a["content"] for tag, a in found.elements if tag == "meta" and a.get("http-equiv")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "url(http" not in source
    assert "@import" not in source


def test_landmarks_headings_and_tables() -> None:
    found = page()
    tags = [tag for tag, _ in found.elements]
    assert [tags.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert ("html", {"lang": "en"}) in found.elements
    assert all("scope" in attributes for tag, attributes in found.elements if tag == "th")
    assert all("alt" in attributes for tag, attributes in found.elements if tag == "img")
