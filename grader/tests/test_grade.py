"""`grader grade` from the command line: what is found, graded, kept, printed and told by the exit status."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grader.cli import main
from grader.tests.quiz import KEYS, RIGHT, add_questions

HOSTILE = ['"; rm -rf ~; "', "[red]:bomb:[nope]", "\x1b[2Jcleared", "new\nline", "Zoë Ωμέγα", "-rf"]


class Ran(NamedTuple):
    """One run of the command."""

    status: int
    out: str
    err: str


Grade = Callable[..., Ran]


@pytest.fixture
def grade(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> Grade:
    """`grade("subs", ...)`: the command, run in the toy course."""
    monkeypatch.setenv("GRADER_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(toy)

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        status = main(["grade", *arguments])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def hand_in(toy: Path) -> Callable[[str, str | None], Path]:
    """`hand_in(student, source)`: a submission in subs/<student>/toy/toy.py; None for the reference."""

    def put(student: str, source: str | None = None) -> Path:
        path = toy / "subs" / student / "toy" / "toy.py"
        path.parent.mkdir(parents=True)
        path.write_text(reference(toy) if source is None else source)
        return path

    return put


def reference(toy: Path) -> str:
    return (toy / "solutions" / "toy" / "toy.py").read_text()


def report(toy: Path, student: str, out: str = "reports/subs") -> dict[str, Any]:
    return dict(json.loads((toy / out / student / "toy.json").read_text()))


def rows(toy: Path, out: str = "reports/subs") -> dict[str, dict[str, str]]:
    with (toy / out / "grades.csv").open(newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_class(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    """A messy class; then again, nothing is graded; then what changed is."""
    for student in HOSTILE:
        hand_in(student)
    changed = hand_in("stub", (toy / "assignments" / "toy" / "toy.py").read_text())
    hand_in("wrong", reference(toy).replace("return 2 * x", "return x"))
    (toy / "subs" / "empty").mkdir()
    (toy / "subs" / "lost" / "tyo").mkdir(parents=True)
    (toy / "subs" / "lost" / "tyo" / "toy.py").write_text("x")
    (toy / "subs" / "nofile" / "toy").mkdir(parents=True)
    (toy / "subs" / "nofile" / "toy" / "Toy.py").write_text("x")

    first = grade("subs", "--workers", "2")
    assert first.status == 0
    assert "9 graded, 0 kept; reports and grades.csv in reports/subs" in first.out
    assert "\x1b[2J" not in first.out
    for shown in ('"; rm -rf ~; "', "[red]:bomb:[nope]", "?[2Jcleared", "new line", "Zoë Ωμέγα", "-rf"):
        assert shown in first.out
    assert "all tasks: not done yet" in first.out
    assert "double: the input is returned as it came" in first.out
    assert "'Toy.py' is there: rename it to 'toy.py', upper and lower case count" in first.out
    assert "passed over: 'subs/empty': an empty folder; nothing was handed in" in first.out
    assert "no assignment is called 'tyo'; did you mean 'toy'?" in first.out
    scores = {student: row["score"] for student, row in rows(toy).items()}
    assert (scores["stub"], scores["wrong"], scores["nofile"], scores["Zoë Ωμέγα"]) == ("0", "10", "0", "20")
    public = report(toy, "wrong")["public"]
    assert (public["score"], public["environment"]["isolation"]) == (
        10,
        first.out.splitlines()[0].split(": ")[1].split()[0],
    )

    second = grade("subs")
    assert "9 of 9 submissions are graded already and unchanged" in second.out
    assert "0 graded, 9 kept" in second.out
    assert second.out.split("Toy", 1)[1].split("0 graded")[0] == first.out.split("Toy", 1)[1].split("9 graded")[0]

    changed.write_text(reference(toy))
    assert "1 graded, 8 kept" in grade("subs").out
    assert rows(toy)["stub"]["score"] == "20"

    only = grade("subs", "--student", "stub", "--force")
    assert "1 graded, 0 kept" in only.out
    assert len(rows(toy)) == 9  # the others are not lost from the gradebook

    suite = toy / "solutions" / "toy" / "test_toy_hidden.py"
    suite.write_text(suite.read_text() + "# changed\n")
    assert "1 graded, 0 kept" in grade("subs", "--student", "stub").out


def test_runs_are_equal_but_for_the_time(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    hand_in("bob", reference(toy).replace("return 2 * x", "print(x.shape)\n    return x"))
    hand_in("cid", "import os\n" + reference(toy).replace("self.count += by", "os._exit(1)"))
    levels = [] if grade("subs", "--out", "out0").out.startswith("isolation: landlock") else ["--isolation", "landlock"]
    first = equal_part(toy, "out0", "bob"), equal_part(toy, "out0", "cid")
    for way in (["--workers", "1"], levels):
        assert grade("subs", "--out", "out1", "--force", *way).status == 0
        assert (equal_part(toy, "out1", "bob"), equal_part(toy, "out1", "cid")) == first
    assert grade("subs", "--out", "out2", "--start", "cold", "--student", "cid").status == 0
    assert equal_part(toy, "out2", "cid") == first[1]


def equal_part(toy: Path, out: str, student: str) -> dict[str, Any]:
    """A report without what may differ: the times; the level, and so the key."""
    one = report(toy, student, out)
    del one["timing"], one["key"], one["public"]["environment"]["isolation"]
    return one


def test_zip_in_nbgraders_layout_as_json(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    with zipfile.ZipFile(toy / "class.zip", "w") as archive:
        archive.writestr("course/submitted/ann/toy/toy.py", reference(toy))
        archive.writestr("course/submitted/[bold]/toy/toy.py", "x = 1")
    ran = grade("class.zip", "--json", "--junit", "out.xml", "--out", "there", "--purpose", "record")
    assert ran.status == 0
    assert [(public["student"], public["score"]) for public in json.loads(ran.out)] == [("[bold]", 0), ("ann", 20)]
    assert "isolation: " in ran.err
    assert json.loads(ran.out)[0]["environment"]["purpose"] == "record"
    suites = ET.parse(toy / "out.xml").getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["[bold]/toy", "ann/toy"]
    assert (toy / "there" / "grades.csv").exists()


def test_single_file_without_isolation(toy: Path, grade: Grade) -> None:
    (toy / "toy.py").write_text(reference(toy))
    ran = grade("toy.py", "--student", "ann", "--isolation", "none")
    assert ran.status == 0
    assert "isolation: none" in ran.out
    assert "NOTHING stands between student code and this machine" in ran.out
    assert report(toy, "ann", "reports/toy")["public"]["environment"]["isolation"] == "none"


def test_single_folder(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    hand_in("ann")
    ran = grade("subs/ann/toy", "--assignment", "toy")
    assert ran.status == 0
    assert report(toy, "ann", "reports/toy")["public"]["score"] == 20


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no such file or folder; check the path"),
        (["subs", "--assignment", "toi"], "no assignment 'toi'; did you mean 'toy'?"),
        (["subs", "--student", "an"], "no student 'an'; did you mean 'ann'?"),
        (["subs", "--device", "mps"], "--device mps: not on this machine (no Apple silicon: "),
        (["subs", "--course", "nowhere"], "no such folder; name one inside the course with --course DIR"),
        (["subs", "--isolation", "none", "--require-isolation", "landlock"], "isolation 'landlock' is required"),
        ([], "sample_class: not there; the sample class belongs there"),
    ],
)
def test_refusals(grade: Grade, hand_in: Callable[..., Path], arguments: list[str], words: str) -> None:
    hand_in("ann")
    hand_in("bob")
    ran = grade(*arguments)
    assert ran.status == 2
    assert words in ran.err
    assert ran.err.startswith("grader: ")


def test_empty_folder(toy: Path, grade: Grade) -> None:
    (toy / "subs").mkdir()
    ran = grade("subs")
    assert ran.status == 2
    assert "passed over: 'subs': no submission in it; expected <student>/<assignment>/ with 'toy.py'" in ran.out
    assert "no submission was found; see `grader grade --help` for the layouts" in ran.err


@pytest.mark.parametrize("count", ["0", "-1", "two", "1.5"])
def test_workers(grade: Grade, capsys: pytest.CaptureFixture[str], count: str) -> None:
    with pytest.raises(SystemExit) as caught:
        grade("subs", "--workers", count)
    assert caught.value.code == 2
    assert f"{count!r}: write a whole number, at least 1" in capsys.readouterr().err


def test_fault_waits_for_a_ta(
    toy: Path, grade: Grade, hand_in: Callable[..., Path], edited: Callable[[str, str], None]
) -> None:
    hand_in("ann")
    edited("    x = rng.normal(size=5)\n", "    x = rng.normal(size=1 / 0)\n")
    ran = grade("subs")
    assert ran.status == 1
    why = "'test_guest': the suite failed before it reached student code: ZeroDivisionError: division by zero"
    assert f"waits for you: ann/toy: double: {why}" in ran.out
    assert "run the same command again: it grades them anew" in ran.out
    assert "with a reason, in subs/overrides.toml" in ran.out
    assert report(toy, "ann")["public"]["score"] is None
    assert rows(toy)["ann"]["score"] == ""
    (toy / "subs" / "overrides.toml").write_text(OVERRIDE.format(student="ann", points=7))
    settled = grade("subs")
    assert settled.status == 0
    assert rows(toy)["ann"]["score"] == "17"


OVERRIDE = """
[[override]]
student = "{student}"
assignment = "toy"
task = "double"
points = {points}
reason = "[b]shown to the TA[/b]"
"""


def test_overrides_survive_regrades(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    hand_in("ann", reference(toy).replace("return 2 * x", "return x"))
    (toy / "subs" / "overrides.toml").write_text(
        OVERRIDE.format(student="ann", points=9) + OVERRIDE.format(student="nan", points=1)
    )
    for force in ([], [], ["--force"]):
        ran = grade("subs", *force)
        assert ran.status == 0
        assert "19 / 20" in ran.out
        assert "double: a TA gave 9: [b]shown to the TA[/b]" in ran.out
        assert "override: the override for student 'nan', assignment 'toy' applies to nothing" in ran.out
    (toy / "subs" / "overrides.toml").unlink()
    assert "10 / 20" in grade("subs").out


def test_absent_device_and_waiver(
    toy: Path, grade: Grade, hand_in: Callable[..., Path], edited: Callable[[str, str], None]
) -> None:
    hand_in("ann")
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace('id = "refuse"', 'id = "refuse"\ndevice = "cuda"'))
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has the device")
    ran = grade("subs")
    assert ran.status == 0
    assert "16 / 16" in ran.out
    assert "provisional" in ran.out
    assert "refuse: not assessed here: this machine has no cuda" in ran.out
    assert rows(toy)["ann"]["score"] == ""
    waived = grade("subs", "--waive", "cuda")
    assert "0 graded, 1 kept" in waived.out
    assert "refuse: waived" in waived.out
    assert (rows(toy)["ann"]["score"], rows(toy)["ann"]["max_score"]) == ("16", "16")


def test_unusable_suite(grade: Grade, hand_in: Callable[..., Path], edited: Callable[[str, str], None]) -> None:
    hand_in("ann")
    edited('@pytest.mark.task("counter")\ndef test_fresh', "def test_fresh")
    ran = grade("subs")
    assert ran.status == 2
    assert 'test_toy_hidden.py, test_fresh has no @pytest.mark.task("id"): nobody would count it' in ran.err


@pytest.mark.parametrize("width", ["60", "200"])
def test_widths(grade: Grade, hand_in: Callable[..., Path], toy: Path, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    hand_in("a-student-with-a-very-long-name@university.example.edu", "def double(x)\n")
    monkeypatch.setenv("COLUMNS", width)
    ran = grade("subs", "--out", str(toy / "a-long-name-of-a-folder" / "and-another-one-in-it"))
    table = [line for line in ran.out.splitlines() if line.startswith(("┃", "│"))]
    assert max(map(len, table)) <= int(width)
    assert (
        "1 graded, 0 kept; reports and grades.csv in a-long-name-of-a-folder/and-another-one-in-it" in ran.out.splitlines()
    )
    text = " ".join(line.split("│")[3].strip() for line in table if line.startswith("│"))
    assert "all tasks: toy.py, line 1 raised SyntaxError: expected ':'" in " ".join(text.split())


def test_questions(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    """Before the deadline they tell nothing; then they count; a new key grades anew, and an override settles one."""
    key = add_questions(toy)
    for student, text in {"ann": RIGHT, "bob": 'why = "c"\nsize = "8 KB"\n', "cid": "why = b\n", "dot": None}.items():
        folder = hand_in(student).parent
        if text is not None:
            (folder / "answers.toml").write_text(text)
    (toy / "subs" / "eve" / "toy").mkdir(parents=True)
    (toy / "subs" / "eve" / "toy" / "answers.toml").write_text(RIGHT)

    early = grade("subs")
    assert early.status == 0
    assert "20 / 20" in early.out
    assert "Answers to questions are judged in record runs only; until then a score is of the tasks" in early.out
    assert "questions: size cannot be read" in early.out
    assert "questions: all cannot be read" in early.out
    assert "handed in: answers.toml, line 1: not TOML (Invalid value)" in early.out
    assert "questions: all not answered" in early.out
    for word in ("divisible", "float32", "chance", "wrong"):
        assert word not in early.out
        assert word not in (toy / "reports" / "subs" / "ann" / "toy.json").read_text()
        assert word not in (toy / "reports" / "subs" / "bob" / "toy.json").read_text()
    public = report(toy, "ann")["public"]
    assert (public["score"], public["max_score"], public["max_assessed"], public["provisional"]) == (20, 25, 20, True)
    assert [rows(toy)["ann"][name] for name in ("score", "max_score", "toy.why")] == ["", "25", ""]
    assert "0 graded, 5 kept" in grade("subs").out

    late = grade("subs", "--purpose", "record")
    assert "5 graded, 0 kept" in late.out
    assert "questions: why wrong ('c'); size cannot be read" in late.out
    assert "Answers to questions are judged" not in late.out
    assert {student: row["score"] for student, row in rows(toy).items()} == {
        "ann": "25", "bob": "20", "cid": "20", "dot": "20", "eve": "5",
    }  # fmt: skip
    assert report(toy, "bob")["public"]["questions"][0]["message"] == "chance is no reason"
    assert report(toy, "ann")["public"]["questions"][0]["why"] == "two is divisible by two"

    key.write_text(KEYS.replace('answer = "b"', 'answer = "c"').replace('c = "chance', 'b = "chance'))
    again = grade("subs", "--purpose", "record")
    assert "5 graded, 0 kept" in again.out
    assert (rows(toy)["ann"]["toy.why"], rows(toy)["bob"]["toy.why"]) == ("0", "2")
    (toy / "subs" / "overrides.toml").write_text(OVERRIDE.format(student="ann", points=1).replace('"double"', '"why"'))
    settled = grade("subs", "--purpose", "record")
    assert "0 graded, 5 kept" in settled.out
    assert "why: a TA gave 1: [b]shown to the TA[/b]" in settled.out
    assert rows(toy)["ann"]["score"] == "24"


def test_broken_key_waits_for_a_ta(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    key = add_questions(toy)
    (hand_in("ann").parent / "answers.toml").write_text(RIGHT)
    key.write_text(KEYS.split("[size]")[0])
    assert grade("subs").status == 0  # before the deadline nobody asks for it
    ran = grade("subs", "--purpose", "record")
    assert ran.status == 1
    why = f"{key}: the question 'size' has no key; add [size]"
    assert f"waits for you: ann/toy: why: {why} (and 1 more)" in ran.out
    assert "questions: why, size cannot be judged" in ran.out or "questions: all cannot be judged" in ran.out
    assert (report(toy, "ann")["public"]["score"], rows(toy)["ann"]["score"]) == (None, "")
    key.write_text(KEYS)
    mended = grade("subs", "--purpose", "record")
    assert mended.status == 0
    assert rows(toy)["ann"]["score"] == "25"


def test_answers_do_not_reach_the_sandbox(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    add_questions(toy)
    looks = reference(toy).replace("return 2 * x", "import os; return 2 * x * ('answers.toml' not in os.listdir('.'))")
    looks = looks.replace("'.'", "os.path.dirname(__file__)")
    (hand_in("ann", looks).parent / "answers.toml").write_text(RIGHT)
    assert grade("subs").status == 0
    assert report(toy, "ann")["public"]["score"] == 20


SAMPLE = '[ann.toy]\nscore = {}\npassed = ["double", "counter", "refuse"]\n'


def test_sample_class(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    hand_in("ann")
    (toy / "subs").rename(toy / "submitted")
    sample = toy / "solutions" / "sample_class"
    sample.mkdir()
    shutil.move(toy / "submitted", sample / "submitted")
    (sample / "expected.toml").write_text(SAMPLE.format(20))
    ran = grade()
    assert ran.status == 0
    assert "sample class: all 1 submissions as expected" in ran.out
    assert report(toy, "ann", "reports/sample_class")["public"]["environment"]["purpose"] == "record"
    (sample / "expected.toml").write_text(SAMPLE.format(19))
    ran = grade()
    assert ran.status == 1
    assert "not as expected: ann/toy: score 20 where 19 is expected" in ran.out


def test_sample_class_with_questions(toy: Path, grade: Grade, hand_in: Callable[..., Path]) -> None:
    """A record run, if nothing else is said: what a grade will look like, explanations and all."""
    add_questions(toy)
    (hand_in("ann").parent / "answers.toml").write_text(RIGHT.replace("8000", "4000"))
    sample = toy / "solutions" / "sample_class"
    sample.mkdir()
    shutil.move(toy / "subs", sample / "submitted")
    (sample / "expected.toml").write_text(SAMPLE.format(22) + 'right = ["why"]\nexplained = ["that is float32"]\n')
    for purpose, shown in (([], "22 / 25"), (["--purpose", "record"], "22 / 25"), (["--purpose", "feedback"], "20 / 20")):
        ran = grade(*purpose)
        assert ran.status == 0
        assert shown in ran.out
        assert "sample class: all 1 submissions as expected" in ran.out
    with (sample / "expected.toml").open("a") as file:
        file.write(SAMPLE.format(3).replace("ann", "bob"))
    assert "not as expected: bob/toy was not graded" in grade().out
    assert grade("--student", "ann").status == 0


def start(toy: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    command = [sys.executable, "-m", "grader", "grade", "subs", "--workers", "1"]
    return subprocess.Popen(
        command, cwd=toy, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )


def wait_for_report(toy: Path, student: str) -> None:
    deadline = time.monotonic() + 60
    while not (toy / "reports" / "subs" / student / "toy.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_ended_in_the_middle(
    toy: Path, grade: Grade, hand_in: Callable[..., Path], child_env: dict[str, str], how: signal.Signals
) -> None:
    hand_in("ann")
    sleepers = [f"bob{k}" for k in range(4)]  # each until its limit: time enough to be ended in, however busy the machine
    for name in sleepers:
        hand_in(name, reference(toy).replace("return 2 * x", "import time; time.sleep(60)"))
    hand_in("cid")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:  # what a killed run leaves behind
        os.chmod(scratch, 0o711)
        process = start(toy, {**child_env, "TMPDIR": scratch})
        wait_for_report(toy, "ann")
        (os.kill if how == signal.SIGKILL else os.killpg)(process.pid, how)
        _, err = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert err.endswith("grader: interrupted; what was graded is kept, and the same command goes on\n")
        assert list(rows(toy)) == ["ann"]
    before = (toy / "reports" / "subs" / "ann" / "toy.json").stat().st_mtime_ns
    hand_in("dot")
    for name in sleepers:
        shutil.rmtree(toy / "subs" / name)
    ran = grade("subs")
    assert ran.status == 0
    assert "1 of 3 submissions are graded already and unchanged" in ran.out
    assert (toy / "reports" / "subs" / "ann" / "toy.json").stat().st_mtime_ns == before
    assert list(rows(toy)) == ["ann", "cid", "dot"]
