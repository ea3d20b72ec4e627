"""Foreign text on pages: names, messages, answers and file names stay text, whatever is in them."""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import Any

import pytest

from grader.grading.score import Override
from grader.page.overview import class_page
from grader.page.plain import plain
from grader.page.student import student_page
from grader.tests.pages import FACTS, OUTCOMES, picture, report

HOSTILE = [
    "<script>alert(1)</script>", "</style><script>alert(1)</script>", '" onmouseover="alert(1)', "' autofocus onfocus='x",
    "<img src=x onerror=alert(1)>", "{{ 7 * 7 }}{% raise %}", "</article></main>", "<!--", "&lt;b&gt; &amp;",
    "javascript:alert(1)", "\x1b[2Jcleared", "a\x00b", "\u202etxt.exe\u202c", "zero\u200bwidth", "lone \udc80 surrogate",
    "\u2066isolated\u2069", "line\u2028separator", "\ufeffmark",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Ωμέγα 张伟 🙂", "Zoë Ωμέγα 张伟 🙂"),
        ("two\nlines", "two\nlines"),
        ("a\tb\u00a0c", "a b c"),
        ("\x1b[2J\x00", r"\x1b[2J\x00"),
        ("\u202egpj", r"\u202egpj"),
        ("\udc80", r"\udc80"),
        ("x" * 5000, "x" * 3999 + "…"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


def spoilt(text: str) -> dict[str, Any]:
    """A report with the text wherever foreign text may stand."""
    pictured = picture(caption=text, alt=text, labels=(text,) * 3)
    first, second, third, *others = OUTCOMES
    outcomes = (
        first, dataclasses.replace(second, notes=(text,)), dataclasses.replace(third, message=f"{text}. {text}"),
        *others[:-1], dataclasses.replace(others[-1], kind="raised", message=text, pictures=(pictured,)),
    )  # fmt: skip
    made = report(student=text, outcomes=outcomes, problems=(text,), overrides={"size": Override(1, text)})
    public = made["public"]
    public["title"] = public["tasks"][0]["title"] = public["questions"][0]["text"] = text
    public["questions"][0] |= {"given": text, "message": text, "why": text}
    public["environment"] |= {"data": text, "packages": {text: text}}
    made["ta"]["faults"] = [text]
    return made


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("make", [lambda made: student_page(made, FACTS), lambda made: class_page([made])])
def test_hostile_text_stays_text(text: str, make: Any) -> None:
    page, clean = make(spoilt(text)).decode(), make(spoilt("harmless")).decode()
    for sign in "<>":
        assert page.count(sign) == clean.count(sign)
    assert page.count('="') == clean.count('="')
    strange = {char for char in page if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
    assert strange == set()


def test_a_hostile_link_stays_in_the_folder() -> None:
    page = class_page([spoilt("../../<b>")]).decode()
    assert 'href="%252E.%252F..%252F%253Cb%253E/conv.html"' in page
