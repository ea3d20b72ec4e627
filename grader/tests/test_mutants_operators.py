"""What each operator makes of a line, and what none of them touches."""

from __future__ import annotations

import ast

import pytest

from grader.errors import CourseError
from grader.selfcheck.mutants.mutate import OPERATORS, mutants_of
from grader.selfcheck.mutants.source import Source

FRAME = """import numpy as np


def f(a, b, c, x):
    # BEGIN SOLUTION
{body}
    # END SOLUTION
"""

EXAMPLES = [  # operator, line, every line that it makes of it
    ("statement removed", "a[0] = b", ["pass"]),
    ("statement removed", "a += b", ["pass"]),
    ("statement removed", "a.train(b)", ["pass"]),
    ("statement removed", "a = b", ["pass"]),
    ("statement removed", "new = b", []),
    ("statement removed", "new, a = b, c", []),
    ("statement removed", "return a", []),
    ("statement removed", "if a: pass\nelif b: x[0] = c", ["pass", "elif b: pass"]),
    ("addition made assignment", "a += b", ["a = b"]),
    ("addition made assignment", "a[b] @= c", ["a[b] = c"]),
    ("result replaced", "return a", ["return -a", "return None"]),
    ("result replaced", "return a + b", ["return -(a + b)", "return None"]),
    ("result replaced", "return a, -b", ["return (-b, a)", "return (-a, -b)", "return None"]),
    ("result replaced", "return [a]", ["return None"]),
    ("result replaced", "x = lambda k: a[k]", ["x = lambda k: -a[k]"]),
    ("result replaced", "x = lambda k: (a, 'k')", [
        "x = lambda k: ('k', a)", "x = lambda k: (-a, 'k')", "x = lambda k: ('k',)", "x = lambda k: (a,)",
    ]),
    ("condition negated", "if a: c[0] = b", ["if not a: c[0] = b"]),
    ("condition negated", "if a and b: c[0] = b", ["if not (a and b): c[0] = b"]),
    ("condition negated", "if a < b: c[0] = b", []),
    ("condition negated", "x = b if a else c", ["x = b if not a else c"]),
    ("condition negated", "x = [i for i in a if i]", ["x = [i for i in a if True]", "x = [i for i in a if not i]"]),
    ("loop cut short", "for i in a: b.step()", ["for i in list(a)[1:]: b.step()", "for i in list(a)[:-1]: b.step()"]),
    ("loop cut short", "for i in range(a): b.step()", []),
    ("jump exchanged", "for i in a: break", ["for i in a: continue"]),
    ("jump exchanged", "for i in a: continue", ["for i in a: break"]),
    ("arithmetic exchanged", "x = a + b", ["x = a - b"]),
    ("arithmetic exchanged", "x = a @ b / c", ["x = a * b / c", "x = a @ b * c"]),
    ("arithmetic exchanged", "x = (a - b) ** 2", ["x = (a + b) ** 2", "x = (a - b) * 2"]),
    ("arithmetic exchanged", "x = -a ** c", ["x = -(a * c)"]),
    ("arithmetic exchanged", "a //= b", ["a /= b"]),
    ("arithmetic exchanged", "x = 'no' + a", []),
    ("operand dropped or exchanged", "x = a + b", ["x = a", "x = b"]),
    ("operand dropped or exchanged", "x = a * 2", ["x = 2"]),
    ("operand dropped or exchanged", "x = (a - b) ** 2", ["x = (a) ** 2", "x = (b) ** 2"]),
    ("operand dropped or exchanged", "x = np.abs(a - b)", ["x = np.abs(a)", "x = np.abs(b)"]),
    ("operand dropped or exchanged", "x = (a - b) ** 3", ["x = (b - a) ** 3", "x = (a) ** 3", "x = (b) ** 3"]),
    ("operand dropped or exchanged", "x = a - b * c", ["x = (b * c) - a", "x = a", "x = b * c", "x = a - b", "x = a - c"]),
    ("operand dropped or exchanged", "x = c / (a - b)", [
        "x = (a - b) / c", "x = c", "x = a - b", "x = c / (b - a)", "x = c / (a)", "x = c / (b)",
    ]),
    ("comparison changed", "x = a < b", ["x = a <= b", "x = a >= b"]),
    ("comparison changed", "x = a >= b > c", ["x = a > b > c", "x = a < b > c", "x = a >= b >= c", "x = a >= b <= c"]),
    ("comparison changed", "x = a == b", ["x = a != b"]),
    ("comparison changed", "x = a not in b", ["x = a in b"]),
    ("comparison changed", "x = a is  not b", ["x = a is b"]),
    ("and, or", "x = a and b", ["x = a or b", "x = b", "x = a"]),
    ("and, or", "x = a and (b or c)", ["x = a or (b or c)", "x = (b or c)", "x = a", "x = a and (b and c)",
                                       "x = a and (c)", "x = a and (b)"]),
    ("sign or not removed", "x = -a", ["x = a"]),
    ("sign or not removed", "x = ~a", ["x = a"]),
    ("sign or not removed", "x = c and not (a or b)", ["x = c and (a or b)"]),
    ("sign or not removed", "x = -1", []),
    ("constant changed", "x = a + 1", ["x = a + 2", "x = a + 0", "x = a + -1"]),
    ("constant changed", "x = 0", ["x = 1", "x = -1"]),
    ("constant changed", "x = a * -2", ["x = a * -1", "x = a * -3", "x = a * 2"]),
    ("constant changed", "x = 0.5 - a", ["x = 1.5 - a", "x = 0.0 - a", "x = -0.5 - a"]),
    ("constant changed", "x = zip(a, b, strict=True)", []),
    ("constant changed", "x = a.sum(keepdims=True)", ["x = a.sum(keepdims=False)"]),
    ("constant changed", "x = a.reshape(-1)", ["x = a.reshape(0)", "x = a.reshape(1)"]),
    ("constant changed", "x = a['no'] or None", []),
    ("axis changed", "x = a.sum(axis=1)", ["x = a.sum(axis=0)", "x = a.sum(axis=2)"]),
    ("axis changed", "x = a.sum(dim=0)", ["x = a.sum(dim=1)"]),
    ("axis changed", "x = a.sum(axis=-1)", ["x = a.sum(axis=-2)", "x = a.sum(axis=0)"]),
    ("axis changed", "x = a.sum(axis=(2, 3))", ["x = a.sum(axis=(3,))", "x = a.sum(axis=(2,))"]),
    ("transpose removed", "x = a.T @ b", ["x = a @ b"]),
    ("transpose removed", "x = (a + b).T", ["x = (a + b)"]),
    ("transpose removed", "x = a.transpose(0, 2, 1)", ["x = a"]),
    ("transpose removed", "x = np.swapaxes(a, 0, 1)", ["x = a"]),
    ("function exchanged", "x = np.max(a)", ["x = np.min(a)"]),
    ("function exchanged", "x = a.sum()", ["x = a.mean()"]),
    ("function exchanged", "x = max(a)", ["x = min(a)"]),
    ("function exchanged", "x = np.zeros(3)", ["x = np.ones(3)"]),
    ("function left out", "x = np.sqrt(a + b)", ["x = (a + b)"]),
    ("function left out", "x = a.copy()", ["x = a"]),
    ("function left out", "x = np.maximum(a, 0)", ["x = a"]),
    ("function left out", "x = a.clip(0, 1)", ["x = a"]),
    ("subscript changed", "x[a, b] = c", ["x[b, a] = c"]),
    ("subscript changed", "x = a[:, None]", ["x = a[None, :]", "x = a[:]"]),
    ("subscript changed", "x = a[:, :]", []),
    ("slice bound changed", "x = a[:b]", ["x = a[:]", "x = a[:b + 1]", "x = a[:b - 1]"]),
    ("slice bound changed", "x = a[1:]", ["x = a[:]"]),
    ("slice bound changed", "x = a[::2]", ["x = a[:]"]),
    ("slice bound changed", "x = a[0, b:c]", [
        "x = a[0, :c]", "x = a[0, b + 1:c]", "x = a[0, b - 1:c]", "x = a[0, b:]", "x = a[0, b:c + 1]", "x = a[0, b:c - 1]",
    ]),
    ("range bound changed", "x = range(a)", ["x = range(1, a)", "x = range(a + 1)", "x = range(a - 1)"]),
    ("range bound changed", "x = range(0, 9, 2)", ["x = range(0, 9)"]),
    ("range bound changed", "x = np.arange(1, a)", ["x = np.arange(1, a + 1)", "x = np.arange(1, a - 1)"]),
    ("argument dropped", "x = f(a, out=b)", ["x = f(a)"]),
    ("argument dropped", "x = f(a, b, k=c)", ["x = f(a, k=c)", "x = f(a, b)"]),
    ("argument dropped", "x = f(a)", []),
    ("argument dropped", "x = f(a, strict=True)", []),
    ("argument dropped", "x = f(*a, **b)", []),
    ("arguments exchanged", "x = f(a, b, k=c)", ["x = f(b, a, k=c)"]),
    ("arguments exchanged", "x = f(a, a)", []),
    ("arguments exchanged", "x = np.maximum(a, b)", []),
    ("arguments exchanged", "x = f((a, b, c))", ["x = f((b, a, c))", "x = f((a, c, b))"]),
]  # fmt: skip


def mutants(body: str) -> list[tuple[str, str]]:
    text = FRAME.format(body="\n".join(f"    {line}" for line in body.split("\n")))
    return [(mutant.operator, mutant.after) for mutant in mutants_of(Source(text, "f.py"))]


@pytest.mark.parametrize(("operator", "line", "expected"), EXAMPLES, ids=[f"{name}: {line}" for name, line, _ in EXAMPLES])
def test_operator(operator: str, line: str, expected: list[str]) -> None:
    assert sorted(after for name, after in mutants(line) if name == operator) == sorted(expected)


def test_every_operator_has_an_example() -> None:
    assert {name for name, _, expected in EXAMPLES if expected} == set(OPERATORS)


def test_mutants_are_python_and_differ() -> None:
    lines = dict.fromkeys(line for _, line, _ in EXAMPLES if "\n" not in line)
    text = "\n\n".join(FRAME.format(body=f"    {line}").replace("def f", f"def f{k}") for k, line in enumerate(lines))
    source = Source(text, "f.py")
    dumps = [ast.dump(ast.parse(mutant.text)) for mutant in mutants_of(source)[::5]]
    assert len(dumps) > 40
    assert len({*dumps, ast.dump(source.tree)}) == len(dumps) + 1


def test_two_operators_that_agree_make_one_mutant() -> None:
    assert mutants("x = a[:b] or a[:]").count(("slice bound changed", "x = a[:] or a[:]")) == 1
    assert [name for name, after in mutants("x = a[0:]") if after == "x = a[:]"] == ["slice bound changed"]


def test_a_block_that_is_removed_is_told_in_whole() -> None:
    text = FRAME.format(body="    if a:  # why\n        raise ValueError(1)\n    return b")
    first = mutants_of(Source(text, "f.py"))[0]
    assert (first.operator, first.line) == ("statement removed", 6)
    assert first.diff == "-    if a:  # why\n-        raise ValueError(1)\n+    pass"
    assert (first.before, first.after) == ("if a:\n    raise ValueError(1)", "pass")


# ---------------------------------------------------------------- what is left alone


@pytest.mark.parametrize(
    "line",
    [
        "'A docstring with 1 and 2.'", "pass  # 1 < 2 and not x", "raise ValueError(a + 1, 'not' if a else 'b')",
        "new: list[1 + 2]", "import math", "new = f'{a + 1} of {b}'", "global f",
        "print(a + 1)", "if a and b > 1: print(a, b)", "if a: warnings.warn(str(a + b))",
    ],
)  # fmt: skip
def test_left_alone(line: str) -> None:
    assert mutants(line) == []


def test_annotations_of_inner_functions_are_left_alone() -> None:
    found = mutants("def g(y: [1 + 2] = b < c, *, z: 1 + 2 = b) -> 0:\n    return y.copy")
    assert sorted(found) == [
        ("comparison changed", "def g(y: [1 + 2] = b <= c, *, z: 1 + 2 = b) -> 0:"),
        ("comparison changed", "def g(y: [1 + 2] = b >= c, *, z: 1 + 2 = b) -> 0:"),
        ("result replaced", "return -y.copy"),
        ("result replaced", "return None"),
    ]


def test_outside_of_the_markers_nothing_changes() -> None:
    text = FRAME.format(body="    return a") + "\n\ndef g(x):\n    return x + 1\n"
    found = mutants_of(Source(text, "f.py"))
    assert {mutant.line for mutant in found} == {6}
    assert all(mutant.text.endswith("def g(x):\n    return x + 1\n") for mutant in found)


def test_bytes_and_characters_are_not_confused() -> None:
    assert ("arithmetic exchanged", "x = a['größe'] - b['ß']") in mutants("x = a['größe'] + b['ß']")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f():\n    # BEGIN SOLUTION\n    return 1\n", "f.py, line 2: this solution never ends"),
        ("def f(:\n", "f.py, line 1: not Python"),
        ("x = 1\n", "f.py, no solution markers"),
    ],
)
def test_wrong_markers(text: str, message: str) -> None:
    with pytest.raises(CourseError, match=message):
        Source(text, "f.py")


# ---------------------------------------------------------------- ids

TEXT = """import numpy as np


class Model:
    def step(self, x, rate):
        # BEGIN SOLUTION
        self.w -= rate * x  # down the slope
        self.w = np.clip(self.w, -1, 1)
        return self.w
        # END SOLUTION
"""


def ids(text: str) -> dict[str, str]:
    """The line before the change, by id."""
    found = mutants_of(Source(text, "f.py"))
    assert len({mutant.id for mutant in found}) == len(found)
    return {mutant.id: mutant.before for mutant in found}


def test_the_same_every_time() -> None:
    assert mutants_of(Source(TEXT, "f.py")) == mutants_of(Source(TEXT, "f.py"))
    assert len(ids(TEXT)) > 10


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import numpy as np\n", '"""Said at last."""\n\nimport math\nimport numpy as np\n'),
        ("  # down the slope", "  # where it is lower"),
        ("np.clip(self.w, -1, 1)", "np.clip( self.w,  -1, 1 )"),
        ("rate * x", "rate  *  x"),
        ("# BEGIN SOLUTION\n", "# BEGIN SOLUTION\n        # What follows is short.\n"),
        ("class Model:\n", "class Model:\n    def other(self):\n        # BEGIN SOLUTION\n        return 1\n"
                           "        # END SOLUTION\n\n"),
    ],
)  # fmt: skip
def test_ids_outlive_edits_elsewhere(old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert ids(TEXT).keys() <= ids(TEXT.replace(old, new)).keys()


def test_ids_of_an_edited_line_are_new() -> None:
    before, now = ids(TEXT), ids(TEXT.replace("rate * x", "rate * abs(x)"))
    assert {before[one] for one in before.keys() - now.keys()} == {"self.w -= rate * x"}
    assert "self.w -= rate * x" not in now.values()


def test_ids_of_equal_lines_differ_by_their_order() -> None:
    body = "    a.step(b)\n    a.step(b)\n    return a"
    found = [mutant for mutant in mutants_of(Source(FRAME.format(body=body), "f.py")) if mutant.after == "pass"]
    assert [mutant.line for mutant in found] == [6, 7]
    assert found[0].id != found[1].id


def test_ids_of_equal_lines_in_two_functions_differ() -> None:
    other = TEXT + TEXT.split("\n\n\n")[1].replace("Model", "Other")
    assert ids(TEXT).keys() < ids(other).keys()
    assert len(ids(other)) == 2 * len(ids(TEXT))
