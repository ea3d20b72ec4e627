"""What an assignment says of its tasks: the facts of assignment.toml, and the handout's section of each, as HTML."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from grader.course import Assignment, Course
from grader.errors import CourseError

__all__ = ["Facts", "Section", "facts_of", "sections_of"]

_OUTSIDE = ("https://", "http://", "mailto:")


@dataclasses.dataclass(frozen=True)
class Section:
    """The handout's words about one task: the line below the heading, which says what is asked, and the rest."""

    asked: Markup
    rest: Markup


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a page takes from the course beside the report; `assignment` is None where the course does not have it."""

    assignment: Assignment | None = None
    sections: Mapping[str, Section] = dataclasses.field(default_factory=dict)


def facts_of(course: Course | None, name: str) -> Facts:
    """Facts and handout of an assignment; as much of them as is there."""
    if course is None:
        return Facts()
    try:
        assignment = course.assignment(name)
        text = (assignment.folder / "README.md").read_text(encoding="utf-8")
    except CourseError:
        return Facts()
    except (OSError, UnicodeDecodeError):
        return Facts(assignment)
    return Facts(assignment, sections_of(text, [task.id for task in assignment.tasks]))


def sections_of(text: str, ids: list[str]) -> dict[str, Section]:
    """The sections `## id` of a handout, by id. Markup in it stays text; links into the handout's own folder lose their aim,
    because the page travels alone.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parts = {title: body for title, body in _split(parser.parse(text)) if title in ids}
    made = {}
    for name, body in parts.items():
        for token in body:
            _adapt(token)
        at = 3 if body and body[0].type == "paragraph_open" else 0
        asked, rest = (parser.renderer.render(some, parser.options, {}) for some in (body[1 : max(at - 1, 1)], body[at:]))
        made[name] = Section(Markup(asked), Markup(rest))
    return made


def _split(tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Title and tokens of each section of the second level, without a rule at its end."""
    starts = [k for k, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2" and not token.level]
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        body = tokens[start + 3 : end]
        while body and body[-1].type == "hr":
            body.pop()
        yield tokens[start + 1].content.strip(), body


def _adapt(token: Token) -> None:
    """Fit a token into a page: headings one level down, cells that say what they head, no link that leads astray."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    elif token.type == "th_open":
        token.attrSet("scope", "col")
    open_links = []
    for child in token.children or ():
        if child.type == "image":
            child.type, child.children = "text", None
        elif child.type == "link_open":
            leads = str(child.attrGet("href") or "").startswith(_OUTSIDE)
            open_links.append(leads)
            child.attrs = {"href": str(child.attrGet("href")), "rel": "noreferrer"} if leads else {}
            child.tag = "a" if leads else "span"
        elif child.type == "link_close":
            child.tag = "a" if open_links.pop() else "span"
