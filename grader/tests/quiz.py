"""Questions for the toy course, as facts, as objects and as files."""

from __future__ import annotations

from pathlib import Path

from grader.course import AnswerKey, Question

__all__ = ["FACTS", "KEY", "KEYS", "QUESTIONS", "RIGHT", "add_questions"]

FACTS = """
[[questions]]
id = "why"
points = 2
text = "Why twice?"
choices = { a = "Because once is not enough", b = "Because two is even.", c = "By chance" }

[[questions]]
id = "size"
points = 3
text = "How large is it?"
unit = "bytes"
"""
KEYS = """
[why]
answer = "b"
why = "two is divisible by two"
wrong = { a = "once may be enough", c = "chance is no reason" }

[size]
answer = 8_000
rtol = 0.01
why = "1,000 numbers of 8 bytes"
near = [ { value = 4_000, why = "that is float32" } ]
"""
RIGHT = 'why = "b"\nsize = 8000\n'

QUESTIONS = (
    Question(
        "why", "Why twice?", 2,
        (("a", "Because once is not enough"), ("b", "Because two is even."), ("c", "By chance")),
    ),
    Question("size", "How large is it?", 3, unit="bytes"),
)  # fmt: skip
KEY = {
    "why": AnswerKey("b", "two is divisible by two", (("a", "once may be enough"), ("c", "chance is no reason"))),
    "size": AnswerKey(8000, "1,000 numbers of 8 bytes", ((4000, "that is float32"),), rtol=0.01),
}


def add_questions(root: Path) -> Path:
    """Put them into the copy of the toy course in `root`; gives the key's path."""
    facts = root / "assignments" / "toy" / "assignment.toml"
    text = facts.read_text()
    files = 'files = ["toy.py", "answers.toml"]\noptional = ["answers.toml"]'
    assert text.count('files = ["toy.py"]') == 1
    facts.write_text(text.replace('files = ["toy.py"]', files) + FACTS)
    key = root / "solutions" / "toy" / "key.toml"
    key.write_text(KEYS)
    return key
