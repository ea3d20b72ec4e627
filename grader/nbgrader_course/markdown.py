"""Markdown that students wrote, as HTML that a browser may show: no script, no form, nothing that is fetched."""

from __future__ import annotations

import bleach
from nbconvert.filters.markdown_mistune import markdown2html_mistune

__all__ = ["clean_markdown2html"]

_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p",
    "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": ["href", "title"], "h1": ["id"], "h2": ["id"], "h3": ["id"], "h4": ["id"], "ol": ["start"]}
_PROTOCOLS = {"http", "https", "mailto"}


def clean_markdown2html(source: str) -> str:
    """In place of nbconvert's filter: the same Markdown; any other tag is shown as text, pictures from elsewhere are not
    loaded.
    """
    html: str = bleach.clean(markdown2html_mistune(source), tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS)
    return html
