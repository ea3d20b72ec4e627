"""Pages in a real browser: nothing is loaded, nothing complains, everything can be read, in light and in the dark."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks.plotted import plotted
from grader.page.overview import class_page
from grader.page.student import student_page
from grader.tests.browser import Browser, find_browser
from grader.tests.pages import FACTS, OUTCOMES, report
from grader.tests.test_page_text import HOSTILE, spoilt

LEAST = 4.5  # contrast of text, WCAG 2.2, 1.4.3
LEAST_OF_MARKS = 3.0  # of what is drawn, 1.4.11

CONTRAST = """(() => {
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const paper = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const ink = numbers(element instanceof SVGElement ? style.fill : style.color);
    found.push(["text", walker.currentNode.data.trim().slice(0, 40), ratio(ink, paper(element))]);
  }
  for (const mark of document.querySelectorAll("svg.mark")) {
    const ink = numbers(getComputedStyle(mark).color);
    found.push(["mark", mark.getAttribute("class"), ratio(ink, paper(mark.parentElement))]);
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip("the program chromium is not installed")
    with Browser(program, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def student(tmp_path: Path) -> Path:
    path = tmp_path / "student.html"
    shown = plotted({"training": [3.0, 1.0, 0.5], "test": [3.0, 2.0, 2.0]}, "The losses", x="epoch", y="loss")
    assert shown is not None
    outcomes = (dataclasses.replace(OUTCOMES[0], pictures=(shown,)), *OUTCOMES[1:])
    path.write_bytes(student_page(report(outcomes=outcomes, problems=("notes.py: not taken",)), FACTS))
    return path


@pytest.fixture
def overview(tmp_path: Path) -> Path:
    path = tmp_path / "index.html"
    path.write_bytes(class_page([report(student=name) for name in ("ada", "bob")]))
    return path


def outside(told: list[str], path: Path) -> list[str]:
    """What a page asked for beside itself, and its complaints."""
    return [line for line in told if line != path.as_uri() and not line.startswith("data:")]


def test_nothing_is_asked_for_and_nothing_complains(browser: Browser, student: Path, overview: Path) -> None:
    for path in (student, overview):
        told = browser.open(path)
        assert path.as_uri() in told
        assert outside(told, path) == []
    browser.open(student)
    assert browser.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_a_page_that_does_load_something_is_noticed(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "loud.html"
    path.write_text('<img src="http://127.0.0.1:9/x.png"><script>console.error("loud")</script>')
    told = "\n".join(outside(browser.open(path), path))
    assert "http://127.0.0.1:9/x.png" in told
    assert "loud" in told


def test_the_policy_holds(browser: Browser, student: Path) -> None:
    """Even if something got through the escaping, it would neither run nor load."""
    text = student.read_text()
    student.write_text(text.replace("</main>", '<script>document.title = "ran"</script><img src="other.png"></main>'))
    told = outside(browser.open(student), student)
    assert browser.evaluate("document.title") == "Convolution: ada"
    assert sum("Content Security Policy" in line for line in told) >= 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: Path, text: str) -> None:
    path = tmp_path / "hostile.html"
    path.write_bytes(student_page(spoilt(text), FACTS))
    assert outside(browser.open(path), path) == []
    if text.isprintable():
        assert text in browser.evaluate("document.querySelector('.who').textContent")
    assert browser.evaluate("document.querySelectorAll('script, [onerror], [onfocus], [onmouseover]').length") == 0


@pytest.mark.parametrize("dark", [False, True])
def test_everything_can_be_read(browser: Browser, student: Path, overview: Path, dark: bool) -> None:
    for path in (student, overview):
        browser.open(path, dark=dark)
        browser.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = browser.evaluate(CONTRAST)
        assert len([kind for kind, _, _ in found if kind == "text"]) > 20
        faint = [one for one in found if one[2] < (LEAST if one[0] == "text" else LEAST_OF_MARKS)]
        assert faint == []


def test_the_scheme_is_followed(browser: Browser, student: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.open(student)
    light = browser.evaluate(colour)
    browser.open(student, dark=True)
    assert browser.evaluate(colour) != light
    browser.open(student, dark=True, media="print")
    assert browser.evaluate(colour) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [320, 900])
def test_nothing_is_wider_than_the_window(browser: Browser, student: Path, overview: Path, width: int) -> None:
    for path in (student, overview):
        browser.open(path, width=width)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_screen_reader_finds(browser: Browser, student: Path) -> None:
    browser.open(student)
    nodes = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in browser.accessible()]
    roles = {role for role, _ in nodes}
    assert {"banner", "main", "contentinfo", "article", "table", "columnheader", "rowheader"} <= roles
    assert ("heading", "Convolution") in nodes
    assert ("image", "Where the array is wrong, [0, 1, row, column]") in nodes
    assert ("image", "3 pictures of 3 x 2 pixels: one, two, three") in nodes
    assert all(name for role, name in nodes if role in ("article", "heading", "image", "link", "region"))


def test_a_link_opens_the_handout(browser: Browser, student: Path) -> None:
    browser.open(student)
    browser.evaluate("location.hash = 'handout-backward'; new Promise(done => setTimeout(done, 100))")
    assert browser.evaluate("document.getElementById('handout-backward').closest('details').open")


def test_it_prints_and_can_be_looked_at(browser: Browser, student: Path) -> None:
    browser.open(student)
    assert browser.screenshot().startswith(b"\x89PNG")
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) in range(1, 6)
