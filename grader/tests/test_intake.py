"""Who handed in what, and taking it in."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import CourseError, IntakeError
from grader.grading import reading
from grader.grading.answers import no_answers
from grader.grading.intake import FILE_CAP, Found, Intake, Problem, find_submissions, safe_name, take_in
from grader.tests.quiz import FACTS as QUIZ

FACTS = """
title = "T"
module = "{module}"
files = ["{module}.py", "pkg/extra.py", "answers.toml"]
optional = ["pkg/extra.py", "answers.toml"]
[[tasks]]
id = "a"
title = "A"
points = 1
hint = "h"
"""


@pytest.fixture
def course(tmp_path):
    for name in ("knn", "svm"):
        folder = tmp_path / "course/assignments" / name
        folder.mkdir(parents=True)
        (folder / "assignment.toml").write_text(FACTS.format(module=name), encoding="utf-8")
    return Course(tmp_path / "course")


@pytest.fixture
def look(course, tmp_path):
    """find_submissions, with what it found as (student, assignment, place) and its problems as text."""

    def look(source, **options):
        found, problems = find_submissions(source, course, scratch=tmp_path / "scratch", **options)
        places = [(one.student, one.assignment, "/".join(one.parts)) for one in found]
        return places, [str(problem) for problem in problems]

    (tmp_path / "scratch").mkdir()
    return look


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_text("x = 1\n")
    return root


def test_a_class(look, tmp_path):
    source = put(tmp_path / "in", "bob/knn/knn.py", "alice/knn/knn.py", "alice/svm/svm.py", "alice/knn/timestamp.txt")
    everything = [("alice", "knn", "alice/knn"), ("alice", "svm", "alice/svm"), ("bob", "knn", "bob/knn")]
    assert look(source) == (everything, [])
    assert look(source, assignment="svm") == ([everything[1]], ["'in/bob': nothing for 'svm'"])
    assert look(source, student="bob") == ([everything[2]], [])
    with pytest.raises(IntakeError, match="in: no student 'bobb'; did you mean 'bob'?"):
        look(source, student="bobb")
    with pytest.raises(CourseError, match="no assignment 'swm'; did you mean 'svm'?"):
        look(source, assignment="swm")


def test_a_class_of_loose_files(look, tmp_path):
    source = put(tmp_path / "in", "alice/knn.py", "alice/data/x.npy", "bob/svm.py", "bob/knn.py", "notes.txt")
    places = [("alice", "knn", "alice"), ("bob", "knn", "bob"), ("bob", "svm", "bob")]
    assert look(source) == (places, ["'in/notes.txt': a stray file, not looked at"])


def test_an_nbgrader_course(look, tmp_path):
    source = put(tmp_path / "in", "submitted/alice/knn/knn.py", "source/knn/knn.ipynb", "gradebook.db")
    assert look(source) == ([("alice", "knn", "submitted/alice/knn")], [])


def test_one_students_folder(look, tmp_path):
    put(tmp_path / "in", "alice/knn/knn.py", "alice/svm/svm.py")
    assert look(tmp_path / "in/alice", assignment="svm") == ([("alice", "svm", "svm")], [])
    assert look(tmp_path / "in/alice", student="a.1", assignment="knn") == ([("a.1", "knn", "knn")], [])


def test_one_submission(look, tmp_path):
    put(tmp_path / "in", "alice/knn.py", "bob/knn/knn.py", "carol/knn.py", "carol/svm.py")
    assert look(tmp_path / "in/alice") == ([("alice", "knn", "")], [])
    assert look(tmp_path / "in/bob/knn") == ([("bob", "knn", "")], [])
    assert look(tmp_path / "in/alice", student="x") == ([("x", "knn", "")], [])
    assert look(tmp_path / "in/carol", assignment="svm") == ([("carol", "svm", "")], [])
    with pytest.raises(IntakeError, match="carol: holds 'knn.py' and 'svm.py'; say which is meant with --assignment"):
        look(tmp_path / "in/carol")


def test_one_submission_without_its_file(look, tmp_path):
    source = put(tmp_path / "alice", "KNN.py")
    assert look(source, assignment="knn") == ([("alice", "knn", "")], [])
    assert look(source) == (
        [],
        [
            "'alice/KNN.py': a stray file, not looked at; rename it to 'knn.py' if that is what it is",
            "'alice': no submission in it; expected <student>/<assignment>/ with 'knn.py', 'svm.py'",
        ],
    )


def test_one_file(look, course, tmp_path):
    put(tmp_path / "in", "alice/knn.py", "alice/mine.py", "alice/knm.py")
    assert look(tmp_path / "in/alice/knn.py") == ([("alice", "knn", "")], [])
    found, _ = find_submissions(tmp_path / "in/alice/mine.py", course, scratch=tmp_path, assignment="knn")
    assert found == [Found("alice", "knn", (tmp_path / "in/alice").resolve(), (), "mine.py")]
    with pytest.raises(IntakeError, match="knm.py: no assignment has this file; did you mean 'knn.py'\\? Or say which with"):
        look(tmp_path / "in/alice/knm.py")


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x = 1\n")
    return path


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (["alice/knn/knn.py"], ("alice", "knn", "alice/knn")),
        (["submitted/alice/knn/knn.py"], ("alice", "knn", "submitted/alice/knn")),
        (["class/submitted/alice/knn/knn.py"], ("alice", "knn", "class/submitted/alice/knn")),
        (["class/week/alice/knn/knn.py"], ("alice", "knn", "class/week/alice/knn")),
        (["knn.py"], ("handed", "knn", "")),
        (["alice/knn.py"], ("alice", "knn", "alice")),
        (["knn/knn.py"], ("handed", "knn", "knn")),
    ],
)
def test_zips(look, tmp_path, names, place):
    assert look(zipped(tmp_path / "handed.zip", *names)) == ([place], [])


def test_sources_that_are_none(look, tmp_path):
    with pytest.raises(IntakeError, match="nowhere: no such file or folder; check the path"):
        look(tmp_path / "nowhere")
    put(tmp_path, "class.tar.gz")
    with pytest.raises(IntakeError, match=r"class.tar.gz: neither a folder, a .py file nor a .zip; name one of these"):
        look(tmp_path / "class.tar.gz")
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(IntakeError, match="pipe.zip: neither a folder"):
        look(tmp_path / "pipe.zip")


def test_messy_folders_are_problems_and_no_crash(look, tmp_path):
    source = put(
        tmp_path / "in", "alice/knn/knn.py", "alice/README", "bob/", "carol/Knn/knn.py", "dave/.git/x",
        "dave/__pycache__/x",
        "erin/homework/x.py", ".hidden/knn/knn.py", "frank.txt", "Thumbs.db",
    )  # fmt: skip
    (source / "grace").symlink_to(source / "alice")
    places, problems = look(source)
    assert places == [("alice", "knn", "alice/knn")]
    assert sorted(problems) == [
        "'in/alice/README': a stray file, not looked at",
        "'in/bob': an empty folder; nothing was handed in",
        "'in/carol/Knn': no assignment is called 'Knn'; did you mean 'knn'? Rename the folder",
        "'in/dave': an empty folder; nothing was handed in",
        "'in/erin/homework': no assignment is called 'homework'; known here: 'knn', 'svm'. Rename the folder",
        "'in/frank.txt': a stray file, not looked at",
        "'in/grace': a link, not followed; put the file or folder itself there",
    ]


def test_a_stray_file_does_not_hide_a_class(look, tmp_path):
    source = put(tmp_path / "in", "knn.py", "alice/knn/knn.py")
    assert look(source) == ([("alice", "knn", "alice/knn")], ["'in/knn.py': a stray file, not looked at"])


def test_nothing_at_all(look, tmp_path):
    (tmp_path / "in").mkdir()
    nothing = "no submission in it; expected <student>/<assignment>/ with 'knn.py', 'svm.py'"
    assert look(tmp_path / "in") == ([], [f"'in': {nothing}"])
    put(tmp_path / "in", "a/", "b/")
    empty = "an empty folder; nothing was handed in"
    assert look(tmp_path / "in") == ([], [f"'in/a': {empty}", f"'in/b': {empty}", f"'in': {nothing}"])


def test_a_folder_that_cannot_be_read(look, tmp_path, monkeypatch):
    source = put(tmp_path / "in", "alice/knn/knn.py", "bob/knn/knn.py")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    places, problems = look(source)
    assert places == [("alice", "knn", "alice/knn")]
    assert problems[0] == "'in/bob': cannot be read (Permission denied); make it readable for you"


def test_terminal_codes_in_names_are_escaped(look, tmp_path):
    source = put(tmp_path / "in", "alice/knn/knn.py", "a\x1b[2J.txt")
    assert look(source)[1] == ["'in/a\\x1b[2J.txt': a stray file, not looked at"]
    assert str(Problem("in/\x9b", "x")) == "'in/\\x9b': x"


def test_safe_names_are_safe_and_apart():
    names = [
        "alice",
        "Alice",
        "a/b",
        "a%2Fb",
        "a\\b",
        ".",
        "..",
        ".x",
        "",
        "%",
        "a b",
        "ä",
        "a\u0308",
        "x" * 300,
        "x" * 301,
    ]
    names += ["\udc80", "\ufffd", "=cmd", "a\nb", "a\0", "x" * 100 + "%-" + "0" * 64, "学" * 80]
    safe = [safe_name(name) for name in names]
    assert len(set(safe)) == len(names)
    assert all(len(s) <= 180 and s.isascii() and s.isprintable() and not set(s) & set("/\\ ") for s in safe)
    assert not any(s.startswith(".") or not s for s in safe)
    assert safe_name("alice@x.edu") == "alice@x.edu"
    assert safe_name("a/b") == "a%2Fb"
    assert safe_name("..") == "%2E."
    assert safe_name("index.html") == "index%2Ehtml"
    assert safe_name("Grades.csv") == "Grades%2Ecsv"


@pytest.fixture
def take(course, tmp_path):
    """take_in of tmp_path/in, a submission of knn by alice."""
    (tmp_path / "in").mkdir()
    return lambda **more: take_in(Found("alice", "knn", tmp_path / "in", **more), course.assignment("knn"))


@pytest.fixture(params=["by descriptor", "by path"])
def way(request, monkeypatch):
    """How folders are opened: as Linux and macOS can, or as Windows must. What is said is the same."""
    monkeypatch.setattr(reading, "_RELATIVE", request.param == "by descriptor")


@pytest.mark.usefixtures("way")
def test_only_listed_files_are_taken(take, tmp_path):
    put(tmp_path / "in", "knn.py", "pkg/extra.py", "secret.py", "answers.toml")
    os.link(tmp_path / "in/knn.py", tmp_path / "hard-link.py")
    taken = take()
    assert (taken.student, taken.assignment) == ("alice", "knn")
    assert dict(taken.files) == dict.fromkeys(["knn.py", "pkg/extra.py", "answers.toml"], b"x = 1\n")
    assert taken.problems == ()
    assert taken.missing == ()


def test_what_is_graded_was_read_once(take, tmp_path):
    put(tmp_path / "in", "knn.py")
    taken = take()
    (tmp_path / "in/knn.py").write_text("changed")
    taken.write_to(tmp_path / "neutral/place")
    assert (tmp_path / "neutral/place/knn.py").read_bytes() == b"x = 1\n"
    assert (tmp_path / "neutral/place/knn.py").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "neutral/place").stat().st_mode & 0o777 == 0o700


def only_problem(taken: Intake) -> str:
    assert not taken.files
    assert taken.missing == ("knn.py",)
    assert len(taken.problems) == 1
    return taken.problems[0]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "knn.py: not handed in; hand it in under that name"),
        (
            ["KNN.py"],
            "knn.py: not handed in; 'KNN.py' is there: rename it to 'knn.py', upper and lower case count",
        ),
        (["submission/knn.py"], "knn.py: not handed in; 'submission/knn.py' is there: move it to 'knn.py'"),
        (["a/b/Knn.py"], "knn.py: not handed in; 'a/b/Knn.py' is there: move it to 'knn.py'"),
        (["knn (1).py"], "knn.py: not handed in; 'knn (1).py' is there: rename it to 'knn.py' if that is it"),
        ([".git/knn.py", "__pycache__/knn.py"], "knn.py: not handed in; hand it in under that name"),
        (["a/b/c/d/knn.py"], "knn.py: not handed in; hand it in under that name"),
        (["knn.py/"], "knn.py: a folder; hand in a regular file of that name"),
    ],
)
def test_a_file_that_is_not_there(take, tmp_path, names, problem):
    put(tmp_path / "in", *names)
    assert only_problem(take()) == problem


@pytest.mark.usefixtures("way")
def test_links_are_not_followed(take, tmp_path):
    (tmp_path / "in/knn.py").symlink_to("/etc/passwd")
    assert only_problem(take()) == "knn.py: a link, which is not followed; hand in the file itself"


@pytest.mark.usefixtures("way")
def test_links_to_folders_are_not_followed(take, tmp_path):
    put(tmp_path / "in", "knn.py")
    put(tmp_path / "outside", "extra.py")
    (tmp_path / "in/pkg").symlink_to(tmp_path / "outside")
    taken = take()
    assert list(taken.files) == ["knn.py"]
    assert taken.problems == ("pkg/extra.py: 'pkg' is a link, which is not followed; hand in the file itself",)
    (tmp_path / "in/pkg").unlink()
    (tmp_path / "in/pkg").touch()
    assert take().problems == ("pkg/extra.py: 'pkg' is no folder; hand in a folder of that name",)


@pytest.mark.usefixtures("way")
def test_the_submission_folder_may_be_no_link(take, tmp_path):
    put(tmp_path / "outside", "knn.py")
    (tmp_path / "in/alice").symlink_to(tmp_path / "outside")
    assert only_problem(take(parts=("alice",))) == (
        "'alice': not a folder that can be read (Not a directory); put the folder itself there"
    )


@pytest.mark.usefixtures("way")
@pytest.mark.timeout(20)
def test_pipes_do_not_hang(take, tmp_path):
    os.mkfifo(tmp_path / "in/knn.py")
    assert only_problem(take()) == "knn.py: a pipe, socket or device; hand in a regular file of that name"


@pytest.mark.timeout(20)
def test_a_file_swapped_for_a_pipe_or_a_link_is_caught(take, tmp_path, monkeypatch):
    """Between the look and the opening: what was opened counts, and no link is followed."""
    file, real = tmp_path / "in/knn.py", os.open
    swaps = {"pipe": lambda: os.mkfifo(file), "link": lambda: file.symlink_to("/etc/passwd")}
    said = {
        "pipe": "knn.py: a pipe, socket or device; hand in",
        "link": "knn.py: cannot be read (Too many levels",
    }
    for name, swap in swaps.items():
        file.unlink(missing_ok=True)
        file.write_text("x = 1\n")

        def racing(path, *rest, swap=swap, **options):
            if path == "knn.py" and file.is_file() and not file.is_symlink():
                file.unlink()
                swap()
            return real(path, *rest, **options)

        monkeypatch.setattr(os, "open", racing)
        assert only_problem(take()).startswith(said[name])


@pytest.mark.usefixtures("way")
def test_large_files(take, tmp_path):
    put(tmp_path / "in", "knn.py")
    os.truncate(tmp_path / "in/knn.py", FILE_CAP)
    assert len(take().files["knn.py"]) == FILE_CAP
    os.truncate(tmp_path / "in/knn.py", 3 << 30)
    assert only_problem(take()) == "knn.py: 3 GB, at most 1 MB is taken; keep data and output out of it"


def test_a_file_that_grows_while_it_is_read(take, tmp_path, monkeypatch):
    put(tmp_path / "in", "knn.py")
    os.truncate(tmp_path / "in/knn.py", FILE_CAP + 1)
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result([*real(fd)[:6], 5, *real(fd)[7:]]))
    assert only_problem(take()) == "knn.py: 1 MB, at most 1 MB is taken; keep data and output out of it"


def test_unreadable_files(take, tmp_path, monkeypatch):
    put(tmp_path / "in", "knn.py")
    real = os.open

    def denied(path, *rest, **options):
        if path == "knn.py":
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", denied)
    assert only_problem(take()) == "knn.py: cannot be read (Permission denied); make it a readable file"


@pytest.mark.usefixtures("way")
def test_an_empty_file_is_taken_and_told(take, tmp_path):
    (tmp_path / "in/knn.py").touch()
    taken = take()
    assert dict(taken.files) == {"knn.py": b""}
    assert taken.missing == ()
    assert taken.problems == ("knn.py: empty (0 bytes); save your work and hand it in again",)


def test_a_single_file_stands_for_the_module(take, tmp_path):
    put(tmp_path / "in", "mine.py", "answers.toml")
    taken = take(single="mine.py")
    assert dict(taken.files) == {"knn.py": b"x = 1\n"}
    assert taken.problems == ()


def test_a_single_file_says_what_else_is_missing(take, course, tmp_path):
    put(tmp_path / "in", "mine.py", "answers.toml")
    folder = course.assignment("knn").folder
    (folder / "assignment.toml").write_text(
        FACTS.format(module="knn").replace('optional = ["pkg/extra.py", "answers.toml"]', "")
    )
    taken = take(single="mine.py")
    assert taken.missing == ("pkg/extra.py", "answers.toml")
    assert taken.problems[1] == "answers.toml: not handed in: only 'mine.py' was; grade the whole folder"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_no_descriptor_is_left_open(take, tmp_path):
    put(tmp_path / "in", "knn.py", "pkg/")
    take()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        take()
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_was_found_is_taken_in(course, tmp_path):
    put(tmp_path / "in", "alice/knn/knn.py", "bob/knn/knn.txt")
    found, _ = find_submissions(tmp_path / "in", course, scratch=tmp_path)
    alice, bob = (take_in(one, course.assignment(one.assignment)) for one in found)
    assert found[0].folder == (tmp_path / "in/alice/knn").resolve()
    assert (alice.student, dict(alice.files), alice.problems) == ("alice", {"knn.py": b"x = 1\n"}, ())
    assert only_problem(bob).startswith("knn.py: not handed in; 'knn.txt' is there: rename it to 'knn.py'")


def test_the_search_for_a_misplaced_file_ends(take, tmp_path):
    put(tmp_path / "in", *(f"a{k:03}/x" for k in range(300)), "b/knn.py")
    assert only_problem(take()) == "knn.py: not handed in; hand it in under that name"


def test_digests_tell_intakes_apart():
    intakes = [
        Intake("s", "a", {"x": b"1"}), Intake("s", "a", {"x": b"2"}), Intake("s", "a", {"y": b"1"}),
        Intake("s", "a", {}),
        Intake("s", "a", {"x": b"1"}, ("p",)), Intake("s", "a", {"x": b"", "y": b""}),
        Intake("s", "a", {"x": b""}, ("y", "")),
    ]  # fmt: skip
    assert len({one.digest for one in intakes}) == len(intakes)
    assert Intake("s", "a", {"x": b"1", "y": b"2"}).digest == Intake("t", "a", {"y": b"2", "x": b"1"}).digest


# ---------------------------------------------------------------- answers


@pytest.fixture
def quizzed(course):
    """The assignment knn, with questions."""
    facts = course.root / "assignments/knn/assignment.toml"
    facts.write_text(facts.read_text() + QUIZ)
    return course.assignment("knn")


def take_answers(quizzed, tmp_path, *names: str, data: bytes | None = None) -> Intake:
    source = put(tmp_path / "in", "knn.py", *names)
    if data is not None:
        (source / "answers.toml").write_bytes(data)
    return take_in(Found("ann", "knn", source), quizzed)


def test_answers_are_read(quizzed, tmp_path):
    taken = take_answers(quizzed, tmp_path, data=b'why = "B"\nsize = "8 KB"')
    assert {name: (given.state, given.value) for name, given in taken.answers.given.items()} == {
        "why": ("answered", "b"), "size": ("unreadable", None),
    }  # fmt: skip
    assert taken.problems == ()
    assert list(taken.code) == ["knn.py"]
    assert list(taken.files) == ["knn.py", "answers.toml"]


def test_answers_that_cannot_be_parsed_cost_no_code(quizzed, tmp_path):
    taken = take_answers(quizzed, tmp_path, data=b"why = b")
    (problem,) = taken.problems
    assert problem.startswith("answers.toml, line 1: not TOML")
    assert {given.state for given in taken.answers.given.values()} == {"unreadable"}
    assert (list(taken.code), taken.missing) == (["knn.py"], ())


def test_no_answers(quizzed, tmp_path):
    taken = take_answers(quizzed, tmp_path, "assignment.toml")
    assert (taken.problems, taken.answers) == ((), no_answers(quizzed.questions))
    empty = take_answers(quizzed, tmp_path, data=b"")
    assert empty.problems == ("answers.toml: empty (0 bytes); save your work and hand it in again",)
    assert empty.answers == no_answers(quizzed.questions)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Answers.toml", "'Answers.toml' is there: rename it to 'answers.toml', upper and lower case count"),
        ("pkg/answers.toml", "'pkg/answers.toml' is there: move it to 'answers.toml'"),
        ("answers.toml.txt", "'answers.toml.txt' is there: rename it to 'answers.toml' if that is it"),
        ("answers (1).toml", "'answers (1).toml' is there: rename it to 'answers.toml' if that is it"),
    ],
)
def test_answers_under_another_name_are_told(quizzed, tmp_path, name, words):
    taken = take_answers(quizzed, tmp_path, name)
    (problem,) = taken.problems
    assert problem == f"answers.toml: not handed in; {words}"
    assert {(given.state, given.problem) for given in taken.answers.given.values()} == {("unreadable", problem)}


def test_answers_that_cannot_be_taken(quizzed, tmp_path):
    (tmp_path / "answers.toml").write_text('why = "b"')
    (tmp_path / "in").mkdir()
    (tmp_path / "in/answers.toml").symlink_to(tmp_path / "answers.toml")
    taken = take_answers(quizzed, tmp_path)
    assert taken.problems == ("answers.toml: a link, which is not followed; hand in the file itself",)
    assert {given.problem for given in taken.answers.given.values()} == set(taken.problems)


def test_without_questions_it_is_a_file_like_any_other(course, tmp_path):
    taken = take_answers(course.assignment("knn"), tmp_path, data=b"\xff")
    assert (taken.problems, dict(taken.answers.given), list(taken.code)) == ((), {}, ["knn.py", "answers.toml"])
