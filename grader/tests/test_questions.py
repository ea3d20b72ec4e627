"""Concept questions: the facts, the key, what students write, and what becomes of it."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest

from grader.course import AnswerKey, Course, Question, answers_from_key, load_assignment, load_key
from grader.course.questions import answers_form
from grader.errors import CourseError
from grader.grading.answers import SIZE_CAP, Given, no_answers, read_answers
from grader.grading.replies import Examiner, Reply, judged, not_judged
from grader.tests.quiz import KEY, KEYS, QUESTIONS, RIGHT, add_questions

FORM = """\
# Toy: your answers. Hand this file in together with your code.
# Write each answer between the quotes: the letter of a choice, or a number such as "1500" or "1.5e3".

# Why twice?
#   a)  Because once is not enough
#   b)  Because two is even.
#   c)  By chance
why = ""

# How large is it? (a number, in bytes)
size = ""
"""


@pytest.fixture
def key_file(toy: Path) -> Path:
    """The key of the toy course with questions."""
    return add_questions(toy)


def loaded(toy: Path):
    course = Course(toy)
    return load_key(course, course.assignment("toy"))


# ---------------------------------------------------------------- facts


def test_questions_are_facts_of_the_assignment(toy: Path, key_file: Path) -> None:
    assignment = load_assignment(toy / "assignments" / "toy")
    assert assignment.questions == QUESTIONS
    assert assignment.max_score == 25
    assert hash(assignment) == hash(load_assignment(toy / "assignments" / "toy"))
    assert (assignment.part("size").points, assignment.part("double").points) == (3, 10)
    with pytest.raises(CourseError, match="assignment.toml: there is no task or question 'whi'; did you mean 'why'?"):
        assignment.part("whi")
    with pytest.raises(CourseError, match="there is no task 'why'"):
        assignment.task("why")


def test_without_questions_nothing_speaks_of_them(toy: Path) -> None:
    assignment = load_assignment(toy / "assignments" / "toy")
    assert (assignment.questions, assignment.max_score) == ((), 20)
    with pytest.raises(
        CourseError, match="assignment.toml: there is no task 'why'; known here: 'counter', 'double', 'refuse'"
    ):
        assignment.part("why")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"size"', '"why"', "question 2: id = 'why': an earlier question has it; rename one"),
        ('"size"', '"double"', "question 2: id = 'double': a task has it; rename one"),
        ('"size"', '"the size"', "question 2: id = 'the size': write letters, digits and _, such as memory"),
        ('"size"', '"class"', "question 2: id = 'class': write letters, digits and _, such as memory"),
        ("points = 3", "points = 0", "question 2: points = 0: write a number above 0"),
        ("points = 3", "points = nan", "question 2: points = nan: write a finite number without quotes"),
        ("points = 3\n", "", "question 2: 'points' is missing; add points = ..."),
        ('"How large is it?"', '" "', "question 2: text = ' ': write a text in quotes that is not empty"),
        ("unit =", "units =", "question 2: unknown key 'units'; did you mean 'unit'?"),
        ('unit = "bytes"', 'unit = ""', "question 2: unit = '': write a text in quotes that is not empty"),
        ("points = 2", 'points = 2\nunit = "s"', "question 1: unit = 's': only a number has a unit; take it out, or"),
        ('c = "By chance"', 'd = "By chance"', "name them a, b, c, in this order"),
        ('c = "By chance"', 'C = "By chance"', "name them a, b, c, in this order"),
        ('"By chance"', '""', "question 1, choices: c = '': write a text in quotes that is not empty"),
        ('"By chance"', '"Because  two is even."', "choices: c = 'Because  two is even.': another choice says the same"),
        ('unit = "bytes"', "choices = {}", "question 2: choices = {}: write two or more, such as { a = "),
        ('unit = "bytes"', 'choices = { a = "x" }', "choices = {'a': 'x'}: write two or more, such as { a = "),
        ('unit = "bytes"', 'choices = ["x", "y"]', "choices = ['x', 'y']: write two or more, such as { a = "),
        (
            ', "answers.toml"]',
            "]",
            "files = ['toy.py']: there are questions: add 'answers.toml', in which they are answered",
        ),
        ('optional = ["answers.toml"]', "", "optional = None: there are questions: add 'answers.toml', in which they are"),
    ],
)
def test_every_wrong_question_is_named(toy: Path, key_file: Path, old: str, new: str, message: str) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    text = facts.read_text()
    assert old in text
    text = text.replace(old, new, 1)
    if new == "]":
        text = text.replace('optional = ["answers.toml"]\n', "")
    facts.write_text(text)
    with pytest.raises(CourseError) as error:
        load_assignment(facts.parent)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{facts}")


@pytest.mark.parametrize(
    ("questions", "message"),
    [("questions = 3", "questions is no list; write [[questions]]"), ("questions = [3]", "question 1: 3 is a number")],
)
def test_questions_of_another_shape(toy: Path, questions: str, message: str) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(questions + "\n" + facts.read_text())
    with pytest.raises(CourseError) as error:
        load_assignment(facts.parent)
    assert message in str(error.value)


def test_the_form_that_students_fill_in() -> None:
    form = answers_form("Toy", QUESTIONS)
    assert form == FORM
    assert tomllib.loads(form) == {"why": "", "size": ""}
    assert read_answers(form.encode(), QUESTIONS) == no_answers(QUESTIONS)
    long = Question("q", "word " * 60, 1, (("a", "word " * 60), ("b", "x")))
    assert max(map(len, answers_form("T", [long]).splitlines())) <= 110


# ---------------------------------------------------------------- the key


def test_the_key_is_read(toy: Path, key_file: Path) -> None:
    assert loaded(toy) == KEY


def test_the_answers_of_a_reference(toy: Path, key_file: Path) -> None:
    assert answers_from_key(KEY) == RIGHT
    odd = {**KEY, "size": AnswerKey(1.5e-7, "w", atol=1e-9)}
    for key in (KEY, odd):
        answers = read_answers(answers_from_key(key).encode(), QUESTIONS)
        assert [reply.is_right for reply in judged(answers, key)] == [True, True]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[size]", "[sice]", "[sice] is the key to no question; did you mean 'size'?"),
        ("[size]", "[size2]\n[size]", "[size2] is the key to no question; did you mean 'size'?"),
        ('"b"', '"d"', "[why]: answer = 'd': write one of a, b, c"),
        ('"b"', '"B"', "[why]: answer = 'B': write one of a, b, c"),
        ('"b"', "2", "[why]: answer = 2: write a text in quotes that is not empty"),
        ('"two is divisible by two"', '""', "[why]: why = '': write a text in quotes that is not empty"),
        (', c = "chance is no reason"', "", "[why], wrong: 'c' is missing; add c = ..."),
        ('"chance is no reason"', '""', "[why], wrong: c = '': write a text in quotes that is not empty"),
        ("{ a =", '{ b = "x", a =', "[why], wrong: b = 'x': that is the right answer; take it out"),
        ("{ a =", '{ e = "x", a =', "[why], wrong: unknown key 'e'; known here: 'a', 'b', 'c'."),
        ("wrong = {", "wrongs = {", "[why]: unknown key 'wrongs'; did you mean 'wrong'?"),
        ('wrong = { a = "once may be enough", c = "chance is no reason" }', "", "[why], wrong: 'a' is missing; add a"),
        ("8_000", '"8000"', "[size]: answer = '8000': write a finite number without quotes"),
        ("8_000", "inf", "[size]: answer = inf: write a finite number without quotes"),
        ("8_000", "0", "[size]: answer = 0: a part of 0 is 0: write atol in place of rtol"),
        ("rtol = 0.01\n", "", "[size]: no tolerance; add rtol = ... or atol = ... (atol = 0: exactly this number)"),
        ("rtol = 0.01", "rtol = -1", "[size]: rtol = -1: write a number from 0, below 1"),
        ("rtol = 0.01", "rtol = 1", "[size]: rtol = 1: write a number from 0, below 1"),
        ("rtol = 0.01", "atol = -1", "[size]: atol = -1: write 0 or a number above"),
        ("rtol = 0.01", 'rtol = "1 %"', "[size]: rtol = '1 %': write a finite number without quotes"),
        ("near = [ {", "near = {", "[size]: near = {'value': 4000, 'why': 'that is float32'}: write a list, such as [ {"),
        ("value = 4_000", "value = 7_930", "[size], near 1: value = 7930: this counts as right, it is within the tolerance"),
        ("value = 4_000", "value = nan", "[size], near 1: value = nan: write a finite number without quotes"),
        ('"that is float32"', '""', "[size], near 1: why = '': write a text in quotes that is not empty"),
        ("value = 4_000, why", "why", "[size], near 1: 'value' is missing; add value = ..."),
        ("[why]", "[why", "key.toml: not TOML: "),
    ],
)
def test_every_wrong_key_is_named(toy: Path, key_file: Path, old: str, new: str, message: str) -> None:
    assert old in KEYS
    text = KEYS.replace(old, new, 1)
    if new.startswith("near = {"):
        text = text.replace('"that is float32" } ]', '"that is float32" }')
    key_file.write_text(text)
    with pytest.raises(CourseError) as error:
        loaded(toy)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{key_file}")


def test_every_question_has_a_key(toy: Path, key_file: Path) -> None:
    key_file.write_text(KEYS.split("[size]")[0])
    with pytest.raises(CourseError, match=r"key.toml: the question 'size' has no key; add \[size\]"):
        loaded(toy)
    key_file.write_text("why = 3\nsize = 4\n")
    with pytest.raises(CourseError, match=r"key.toml, \[why\]: 3 is a number; write a table"):
        loaded(toy)
    key_file.unlink()
    with pytest.raises(CourseError, match=r"key.toml: cannot be read \(No such file"):
        loaded(toy)


@pytest.mark.parametrize(
    ("tolerance", "right", "wrong"),
    [
        ({"rtol": 0.01}, [8000, 8080, 7920.0, 8e3], [8080.1, 7919.9, -8000, 0, 1e308]),
        ({"atol": 5}, [8005, 7995], [8005.1, 7994.9]),
        ({"atol": 0}, [8000, 8000.0], [8000.0001]),
        ({"rtol": 0.001, "atol": 2}, [8010, 7990], [8010.1, 7989.9]),
    ],
)
def test_numbers_are_right_within_the_tolerance(tolerance, right, wrong) -> None:
    key = AnswerKey(8000, "w", **tolerance)
    assert all(map(key.is_right, right))
    assert not any(map(key.is_right, wrong))


def test_letters_are_right_or_not() -> None:
    assert KEY["why"].is_right("b")
    assert not KEY["why"].is_right("a")
    assert not KEY["why"].is_right(0)
    assert not KEY["size"].is_right("b")
    assert KEY["why"].explain("c") == "chance is no reason"
    assert KEY["size"].explain(4010) == "that is float32"
    assert KEY["size"].explain(5000) == "" == KEY["why"].explain("b")


# ---------------------------------------------------------------- what students write


def answer(line: str, question: str) -> Given:
    answers = read_answers(f"{question} = {line}".encode(), QUESTIONS)
    assert answers.problems == ()
    return answers.given[question]


@pytest.mark.parametrize(
    "written",
    ['"b"', '"B"', '" b "', '"b)"', '"(b)"', '"b."', '"B:"', "'b'", '"""b\n"""', '"b) because two"',
     '"B: Because  TWO is even"', '"Because two is even"', '"because two is even."', '"b)Because two"'],
)  # fmt: skip
def test_a_choice_that_is_certain(written: str) -> None:
    assert (answer(written, "why").state, answer(written, "why").value) == ("answered", "b")


@pytest.mark.parametrize(
    ("written", "shown", "named"),
    [
        ('"d"', "d", "'d' is none of a, b, c"),
        ('"b) or c)"', "b) or c)", "'b) or c)' is none of a, b, c"),
        ('"b) c"', "b) c", "'b) c' is none of a, b, c"),
        ('"b) bec"', "b) bec", "'b) bec' is none of a, b, c"),
        ('"a.b"', "a.b", "'a.b' is none of a, b, c"),
        ('"ab"', "ab", "'ab' is none of a, b, c"),
        ('"b) By chance"', "b) By chance", "'b) By chance' is none of a, b, c"),
        ('"because"', "because", "'because' is none of a, b, c"),
        ('"\\u0432"', "в", "'в' is none of a, b, c"),
        ("2", "2", "2 is none of a, b, c"),
        ("0.5", "0.5", "0.5 is none of a, b, c"),
        ("true", "true or false", "this is true or false"),
        ('["b"]', "a list", "this is a list"),
        ('{ answer = "b" }', "a table", "this is a table"),
        ("2024-01-01", "a date", "this is a date"),
        ("2024-01-01T00:00:00Z", "a date", "this is a date"),
        ("12:00:00", "a time", "this is a time"),
        (f"0x{'f' * 400}", "a number above 2^64", "a number above 2^64 is none of a, b, c"),
        ('"\\u001b[2J\\u202eb"', "\\x1b[2J\\u202eb", "'\\x1b[2J\\u202eb' is none of a, b, c"),
        (f'"{"x" * 999}"', "x" * 79 + "…", f"'{'x' * 79}…' is none of a, b, c"),
    ],
)
def test_a_choice_that_is_not(written: str, shown: str, named: str) -> None:
    problem = f'{named}; write one of the letters in quotes, such as "a"'
    assert answer(written, "why") == Given("unreadable", None, shown, problem)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("8000", 8000), ("8_000", 8000), ("8e3", 8000), ("8000.5", 8000.5), ("-8000", -8000), ('"8000"', 8000),
        ('"8_000"', 8000), ('"8 000"', 8000), ('"8 000 000"', 8e6), ('"8,000,000"', 8e6), ('"8.000.000"', 8e6),
        ('" 8e3 "', 8000),
        ('"+8000"', 8000), ('"\u22128000"', -8000), ('"8000 bytes"', 8000), ('"8000bytes"', 8000), ('"8e3 Bytes"', 8000),
        ('"8 * 10^3"', 8000), ('"8x10^3"', 8000), ('"8 × 10**3 bytes"', 8000), ('"8·10^-3"', 0.008), ('".5"', 0.5),
        ('"5."', 5), ("0x1F40", 8000),
    ],
)  # fmt: skip
def test_a_number_that_is_certain(written: str, value: float) -> None:
    assert (answer(written, "size").state, answer(written, "size").value) == ("answered", value)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"8,5"', "8,5"), ('"8,000"', "8,000"), ('"8.000,5"', "8.000,5"), ('"8 KB"', "8 KB"), ('"8000 bits"', "8000 bits"),
        ('"eight"', "eight"), ('"b"', "b"), ('"8__000"', "8__000"), ('"8 00"', "8 00"), ('"1e"', "1e"), ('"."', "."),
        ('"--8"', "--8"), ('"nan"', "nan"), ('"inf"', "inf"), ('"1e999"', "1e999"), ('"0x10"', "0x10"),
        ('"\u0663"', "\u0663"),
        ('"1000 * 8"', "1000 * 8"), ('"bytes"', "bytes"), (f'"{"8" * 81}"', "8" * 79 + "…"),
    ],
)  # fmt: skip
def test_a_number_that_is_not(written: str, shown: str) -> None:
    problem = f'\'{shown}\' is not certainly a number; write the number alone, in bytes, such as "1500" or "1.5e3"'
    assert answer(written, "size") == Given("unreadable", None, shown, problem)


@pytest.mark.parametrize(
    ("written", "shown"), [("nan", "nan"), ("inf", "inf"), ("-1e999", "-inf"), (f"0x{'f' * 400}", "a number above 2^64")]
)
def test_a_number_without_end(written: str, shown: str) -> None:
    given = answer(written, "size")
    assert (given.state, given.shown) == ("unreadable", shown)
    assert given.problem.startswith(f"{shown} is not certainly a number; write the number alone, in bytes, ")


def test_a_number_without_a_unit() -> None:
    plain = dataclasses.replace(QUESTIONS[1], unit="")
    given = read_answers(b'size = "8 KB"', [plain]).given["size"]
    assert given.problem == '\'8 KB\' is not certainly a number; write the number alone, such as "1500" or "1.5e3"'


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b'why = ""\nsize = "  "', b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_what_is_empty_is_not_answered(data: bytes) -> None:
    assert read_answers(data, QUESTIONS) == no_answers(QUESTIONS)
    assert {given.state for given in no_answers(QUESTIONS).given.values()} == {"not answered"}


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbf" + RIGHT.encode(), RIGHT.replace("\n", "\r\n").encode(), RIGHT.strip().encode()]
)
def test_files_of_all_editors(data: bytes) -> None:
    assert [given.value for given in read_answers(data, QUESTIONS).given.values()] == ["b", 8000]


QUOTES = 'write every answer in quotes on a line of its own, such as name = "b"'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'size = 3\nwhy = b\n', f", line 2: not TOML (Invalid value); {QUOTES}"),
        (b"why = b", f", line 1: not TOML (Invalid value); {QUOTES}"),
        (b"\n\nb", f", line 3: not TOML (Expected '=' after a key in a key/value pair); {QUOTES}"),
        (b'why = "b', f", line 1: not TOML (Illegal character '\\n'); {QUOTES}"),
        (b'why = "b"\x1b[2J', ", line 1: not TOML (Expected newline or end of document after a statement)"),
        (b'\nwhy = """b', ", line 2: not TOML (Unterminated string)"),
        (b"why = \x00", ", line 1: not TOML (Invalid value)"),
        (b'why = "a"\nwhy = "b"', ", line 2: this name is there already; leave one of the two"),
        (b"[why]\n[why]", ", line 2: this name is there already; leave one of the two"),
        (b'why = "\xe9"', ", line 1: not UTF-8; save the file as UTF-8"),
        (b'why = "b"\n\n# \xff', ", line 3: not UTF-8; save the file as UTF-8"),
        (RIGHT.encode("utf-16"), ", line 1: not UTF-8; save the file as UTF-8"),
        (b'why = "b"\nsize = ' + b"1" * 5000, ", line 2: 5007 characters, at most 2000 are read; write a short answer"),
        (b'why = "b"\nsize = ' + b"[" * 1900, ", line 2: brackets in brackets; write a letter or a number in quotes"),
        (b'why = "b"\nsize = ' + b"[\n" * 1900, ", line 52: brackets in brackets; write a letter or a number in quotes"),
        (b"size = " + b"{a=" * 600, ", line 1: brackets in brackets; write a letter or a number in quotes"),
        (b"#" * (SIZE_CAP + 1), f": {SIZE_CAP + 1} bytes, at most {SIZE_CAP} are read; write the answers alone"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_costs_the_questions(data: bytes, words: str) -> None:
    answers = read_answers(data, QUESTIONS)
    (problem,) = answers.problems
    assert problem.startswith(f"answers.toml{words}")
    assert problem.isprintable()
    assert dict(answers.given) == dict.fromkeys(["why", "size"], Given("unreadable", problem=problem))


def test_one_bad_answer_costs_its_question_only() -> None:
    answers = read_answers(b'why = ["b"]\nsize = 8000', QUESTIONS)
    assert (answers.given["why"].state, answers.given["size"].state, answers.problems) == ("unreadable", "answered", ())


def test_names_of_no_question_are_told() -> None:
    few = read_answers(b'wyh = "b"\n"\\u001b[2J" = 1\nsize = 8000', QUESTIONS)
    assert few.given["size"].value == 8000
    assert few.problems == (
        "answers.toml: no question is called 'wyh'; did you mean 'why'?",
        "answers.toml: no question is called '\\x1b[2J'; known here: 'size', 'why'.",
    )
    many = read_answers("\n".join(f"k{k} = 1" for k in range(999)).encode(), QUESTIONS).problems
    assert len(many) == 4
    assert many[3] == "answers.toml: and 996 more names that are no question's"
    (long,) = read_answers(b"x" * 1900 + b" = 1", QUESTIONS).problems
    assert long == f"answers.toml: no question is called '{'x' * 79}…'; known here: 'size', 'why'."


@pytest.mark.parametrize(
    "line",
    [
        b"a." * 900 + b"a = 1",
        b"[" + b"a." * 900 + b"a]",
        b"a = " + b"[" * 400 + b"]" * 400,
        b'a = "' + b"\\u0041" * 300 + b'"',
    ],
)
def test_hostile_files_are_read(line: bytes) -> None:
    lines = [line.replace(b"a", b"k%d" % k, 1) for k in range(SIZE_CAP // (len(line) + 4))]
    answers = read_answers(b"\n".join(lines), QUESTIONS)
    assert {given.state for given in answers.given.values()} <= {"not answered", "unreadable"}


def test_a_key_of_thousands_of_parts_does_not_reach_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time grows with the square of their number."""
    monkeypatch.setattr(tomllib, "loads", lambda text: pytest.fail("parsed"))
    (problem,) = read_answers(b"a." * (SIZE_CAP // 2 - 2) + b"a=1", QUESTIONS).problems
    assert problem == "answers.toml, line 1: 65535 characters, at most 2000 are read; write a short answer"


# ---------------------------------------------------------------- judging


def replies(text: str) -> list[Reply]:
    return list(judged(read_answers(text.encode(), QUESTIONS), KEY))


def test_right_answers_are_explained() -> None:
    assert replies(RIGHT) == [
        Reply("why", "answered", "b", True, "", "two is divisible by two"),
        Reply("size", "answered", "8000", True, "", "1,000 numbers of 8 bytes"),
    ]


def test_wrong_answers_are_told_what_is_wrong() -> None:
    assert [(reply.is_right, reply.message) for reply in replies('why = "c"\nsize = 4010')] == [
        (False, "chance is no reason"), (False, "that is float32"),
    ]  # fmt: skip
    assert replies("size = 5000")[1] == Reply("size", "answered", "5000", False, "", "1,000 numbers of 8 bytes")


def test_what_is_not_answered_is_not_right() -> None:
    none, unreadable = replies('size = "8 KB"')
    assert none == Reply("why", "not answered", "", False, "", "two is divisible by two")
    assert (unreadable.state, unreadable.is_right, unreadable.given) == ("unreadable", False, "8 KB")
    assert unreadable.message.startswith("'8 KB' is not certainly a number")


def test_replies_come_back_from_json() -> None:
    for reply in replies('why = "c"'):
        assert Reply.from_json(reply.to_json()) == reply


def test_before_the_deadline_nothing_is_given_away(toy: Path, key_file: Path) -> None:
    """Right and wrong answers differ in nothing but what the student wrote, and the key is not even opened."""
    key_file.write_text("broken")
    course = Course(toy)
    examiner = Examiner(course, "feedback")
    for text in (RIGHT, 'why = "c"\nsize = 4000\n'):
        answers = read_answers(text.encode(), QUESTIONS)
        found = examiner.replies(course.assignment("toy"), answers)
        assert found == not_judged(answers)
        assert {(reply.state, reply.is_right, reply.message, reply.why, reply.fault) for reply in found} == {
            ("answered", None, "", "", "")
        }


def test_the_key_judges_in_a_record_run(toy: Path, key_file: Path) -> None:
    course = Course(toy)
    answers = read_answers(RIGHT.encode(), QUESTIONS)
    examiner = Examiner(course, "record")
    assert examiner.replies(course.assignment("toy"), answers) == judged(answers, KEY)


def test_a_broken_key_is_a_fault(toy: Path, key_file: Path) -> None:
    key_file.write_text(KEYS.replace('"b"', '"d"', 1))
    course = Course(toy)
    found = Examiner(course, "record").replies(course.assignment("toy"), read_answers(RIGHT.encode(), QUESTIONS))
    assert {reply.is_right for reply in found} == {None}
    assert {reply.fault for reply in found} == {f"{key_file}, [why]: answer = 'd': write one of a, b, c"}
