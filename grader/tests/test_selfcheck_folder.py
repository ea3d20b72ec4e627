"""The folders of a course: roles, answers, names; handout, points and questions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.course import Course
from grader.selfcheck import handout
from grader.selfcheck.folder import course_findings, folder_findings
from grader.selfcheck.handout import handout_findings, write_form
from grader.selfcheck.parts import Parts

WRITTEN = "`grader check toy --write` writes it from assignment.toml"
QUESTIONS = """
[[questions]]
id = "speed"
points = 6
text = "Which is faster?"
choices = { a = "this", b = "that" }

[[questions]]
id = "size"
points = 4
text = "How many bytes?"
unit = "bytes"
"""
KEY = """
[speed]
answer = "b"
why = "It is."
wrong = { a = "It is not." }

[size]
answer = 8
rtol = 0.01
why = "A float64."
"""


@pytest.fixture
def parts(whole: Path) -> Parts:
    return Parts.of(Course(whole), "toy")


@pytest.fixture
def asked(whole: Path) -> Path:
    """The course with two questions, answered in full."""
    public, private = whole / "assignments" / "toy", whole / "solutions" / "toy"
    facts = (public / "assignment.toml").read_text()
    facts = facts.replace("points = 50\n", "points = 40\n")
    facts = facts.replace('files = ["toy.py"]', 'files = ["toy.py", "answers.toml"]\noptional = ["answers.toml"]')
    (public / "assignment.toml").write_text(facts + QUESTIONS)
    (private / "key.toml").write_text(KEY)
    write_form(Parts.of(Course(whole), "toy"))
    return whole


def common(parts: Parts) -> list[str]:
    return list(course_findings(parts.course))


def of_handout(root: Path) -> list[str]:
    return list(handout_findings(Parts.of(Course(root), "toy")))


def test_the_toy_is_in_order(parts: Parts) -> None:
    assert [*folder_findings(parts), *handout_findings(parts), *course_findings(parts.course)] == []


# ---------------------------------------------------------------- roles


@pytest.mark.parametrize(
    "place", ["assignments/toy/notes.txt", "solutions/toy/test_other_hidden.py", "solutions/toy/old/toy.py"]
)
def test_stray_file(parts: Parts, place: str) -> None:
    path = parts.course.root / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("x = 1\n")
    mend = f"remove it, or name {path.name!r} where it is used"
    assert list(folder_findings(parts)) == [f"{place}: a file without a role, and no other names it; {mend}"]


def test_files_that_others_name_are_no_strays(parts: Parts) -> None:
    suite, public = parts.private / "test_toy_hidden.py", parts.assignment.folder
    suite.write_text("from .oracle import right\n# measured by measure.py\n" + suite.read_text())
    (parts.private / "oracle.py").write_text("from . import deeper\n")
    for name in ("deeper.py", "measure.py", "__pycache__/x.pyc", ".cache"):
        (parts.private / name).parent.mkdir(exist_ok=True)
        (parts.private / name).write_text("")
    (public / "README.md").write_text((public / "README.md").read_text() + "\n![](figures/a.png)\n")
    (public / "figures").mkdir()
    (public / "figures" / "a.png").write_bytes(b"\xff\xfe")
    assert list(folder_findings(parts)) == []


@pytest.mark.parametrize("name", ["key.toml", "mistakes.toml", "equivalent.toml", "test_toy_hidden.py", "alternatives/a.py"])
def test_private_file_in_the_public_folder(parts: Parts, name: str) -> None:
    path = parts.assignment.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    wrong = f"assignments/toy/{name}: it gives answers away in a public folder; move it to solutions/toy/"
    assert list(folder_findings(parts)) == [wrong]


# ---------------------------------------------------------------- answers, names


def test_marker_in_a_public_file(parts: Parts) -> None:
    (parts.assignment.folder / "notebook.py").write_text("# %%\n# BEGIN SOLUTION\n")
    wrong = "assignments/toy/notebook.py, line 2: a solution marker in a public folder; take it out, with what it marks"
    assert common(parts) == [wrong]


def test_solution_in_a_public_file(parts: Parts) -> None:
    lines = "    total = np.zeros(x.shape)\n    total += x\n    total += x + 0\n    return total\n"
    reference = parts.private / "toy.py"
    reference.write_text(reference.read_text().replace("    return 2 * x\n", lines))
    (parts.assignment.folder / "notebook.py").write_text(f"def twice(x):\n{lines}")
    (wrong,) = common(parts)
    assert wrong.startswith("assignments/toy/notebook.py, lines 2 to 4: the solution, ")
    assert "solutions/toy/toy.py, lines 7 to 9" in wrong
    assert wrong.endswith("; take it out, or mark what may be told in the private file: # BEGIN PUBLIC ... # END PUBLIC")


def test_two_assignments_of_one_name(parts: Parts) -> None:
    for half in ("assignments", "solutions"):
        shutil.copytree(parts.course.root / half / "toy", parts.course.root / half / "toz")
    module, public, hidden = common(parts)
    assert (
        module
        == "assignments/toz/toy.py: assignments/toy/toy.py has the same name, and every module has its own name; rename one"
    )
    why = "has the same name, and pytest may run the first in place of the second; rename one"
    assert public == f"assignments/toz/test_toy.py: assignments/toy/test_toy.py {why}"
    assert hidden == f"solutions/toz/test_toy_hidden.py: solutions/toy/test_toy_hidden.py {why}"


def test_what_belongs_to_no_assignment(parts: Parts) -> None:
    for place in ("assignments/README.md", "solutions/tyo", "solutions/sample_class"):
        (parts.course.root / place).mkdir()
    assert common(parts) == [
        "assignments/README.md: it belongs to no assignment; remove it, or write assignments/README/",
        "solutions/tyo: it belongs to no assignment; remove it, or write assignments/tyo/",
    ]


def test_facts_that_are_wrong_are_found_once_for_the_course(parts: Parts) -> None:
    facts = parts.assignment.folder / "assignment.toml"
    facts.write_text(facts.read_text().replace("title", "tilte"))
    (wrong,) = common(parts)
    assert "unknown key 'tilte'" in wrong


# ---------------------------------------------------------------- handout


def test_points(toy: Path) -> None:
    wrong = "assignments/toy/assignment.toml: tasks and questions give 20 points together; make it 100"
    assert of_handout(toy) == [wrong]


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("## counter", "## Counter", "there is no section '## counter'; write one for the task"),
        ("## refuse", "## counter\n\n## refuse", "there is more than one section '## counter'; write one for the task"),
        (
            "## double",
            "## refuse\n\n## double",
            "there is more than one section '## refuse'; write one for the task",
        ),
    ],
)
def test_sections(whole: Path, old: str, new: str, wrong: str) -> None:
    path = whole / "assignments" / "toy" / "README.md"
    path.write_text(path.read_text().replace(old, new))
    assert of_handout(whole) == [f"assignments/toy/README.md: {wrong}"]


def test_order_of_sections(whole: Path) -> None:
    path = whole / "assignments" / "toy" / "README.md"
    path.write_text("# Toy\n\n## refuse\n\n## How to work\n\n## double\n\n## counter\n")
    assert of_handout(whole) == [
        "assignments/toy/README.md: the sections come as refuse, double, counter; bring them in the order of assignment.toml"
    ]
    path.unlink()
    assert of_handout(whole) == ["assignments/toy/README.md: not there; write the handout"]


# ---------------------------------------------------------------- questions


def test_questions_that_are_whole(asked: Path) -> None:
    assert of_handout(asked) == []
    assert list(folder_findings(Parts.of(Course(asked), "toy"))) == []


def test_no_key_and_no_form(asked: Path) -> None:
    (asked / "solutions" / "toy" / "key.toml").unlink()
    (asked / "assignments" / "toy" / "answers.toml").unlink()
    key, form = of_handout(asked)
    assert "key.toml" in key
    assert "put the file there" in key
    assert form == f"assignments/toy/answers.toml: not there, but there are questions; {WRITTEN}"


def test_a_distractor_without_explanation(asked: Path) -> None:
    path = asked / "solutions" / "toy" / "key.toml"
    path.write_text(path.read_text().replace('wrong = { a = "It is not." }\n', ""))
    (wrong,) = of_handout(asked)
    assert wrong == f"{path}, [speed], wrong: 'a' is missing; add a = ..."


def test_a_key_whose_own_answer_is_wrong(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handout, "answers_from_key", lambda key: 'speed = "b"\nsize = "9"\n')
    wrong = "solutions/toy/key.toml, [size]: its own answer '9' is not judged right; mend the answer"
    assert of_handout(asked) == [wrong]


def test_a_form_with_other_lines(asked: Path) -> None:
    path = asked / "assignments" / "toy" / "answers.toml"
    path.write_text('speed = "b"\n')
    assert of_handout(asked) == [f"assignments/toy/answers.toml: not what the questions give; {WRITTEN}"]
    parts = Parts.of(Course(asked), "toy")
    assert write_form(parts) == ["assignments/toy/answers.toml"]
    assert write_form(parts) == of_handout(asked) == []
    assert 'speed = ""' in path.read_text()


def test_no_form_without_questions(whole: Path) -> None:
    assert write_form(Parts.of(Course(whole), "toy")) == []
    assert not (whole / "assignments" / "toy" / "answers.toml").exists()
