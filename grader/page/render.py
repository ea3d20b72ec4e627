"""Templates to bytes. Every text that a template is given is made plain and escaped; a page may load and run nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from .plain import plain
from .words import number

__all__ = ["render"]


def render(template: str, **values: Any) -> bytes:
    """The page as UTF-8, with a policy that allows its own style sheet and pictures within it, and nothing else."""
    return _environment().get_template(template).render(values).encode()


@functools.cache
def _environment() -> Environment:
    sources = {entry.name: entry.read_text(encoding="utf-8") for entry in (files("grader.page") / "templates").iterdir()}
    style = "\n" + sources["page.css"].strip() + "\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    made = Environment(
        loader=DictLoader(sources), autoescape=True, finalize=_finalize, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, auto_reload=False,
    )  # fmt: skip
    made.filters["number"] = number
    made.globals["style"] = Markup(style)
    made.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return made


def _finalize(value: Any) -> Any:
    return plain(value) if type(value) is str else value
