"""assignment.toml, the layout of a course, limits and seeds."""

from __future__ import annotations

import concurrent.futures
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import (
    Course,
    Limits,
    Seeds,
    find_course,
    format_size,
    load_assignment,
    load_secret,
    nearest_assignment,
    parse_size,
)
from grader.course.strict import did_you_mean
from grader.errors import CourseError

FACTS = """
title = "Nearest neighbours"
module = "knn"
packages = ["numpy"]
devices = ["cpu", "cuda"]
[limits]
cpu = 10
memory = "1 GB"
[[tasks]]
id = "two_loops"
title = "Two loops"
points = 10
hint = "Loop over both."
[[tasks]]
id = "speed"
title = "Speed"
points = 2.5
hint = "Use a matrix product."
device = "cuda"
"""


def write(root: Path, name: str = "knn", facts: str = FACTS, solutions: bool = True) -> Path:
    folder = root / "assignments" / name
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(facts, encoding="utf-8")
    (folder / f"test_{name}.py").touch()
    if solutions:
        private = root / "solutions" / name
        (private / "alternatives").mkdir(parents=True)
        for file in (f"test_{name}_hidden.py", "knn.py", "alternatives/other.py"):
            (private / file).touch()
    return folder


def test_facts_are_read(tmp_path):
    assignment = load_assignment(write(tmp_path))
    assert (assignment.name, assignment.title, assignment.module) == ("knn", "Nearest neighbours", "knn")
    assert assignment.files == ("knn.py",)
    assert assignment.module_file == "knn.py"
    assert assignment.limits == Limits(cpu=10, memory=1 << 30)
    assert assignment.limits.wall == 50
    assert [task.points for task in assignment.tasks] == [10, 2.5]
    assert assignment.max_score == 12.5
    assert assignment.task("speed").device == "cuda"
    assert assignment.task("two_loops").device is None


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    assert load_assignment(write(tmp_path, facts="\ufeff" + FACTS)).name == "knn"


def test_files_may_lie_in_folders_and_be_optional(tmp_path):
    facts = 'files = ["knn.py", "more/answers.toml"]\noptional = ["more/answers.toml"]\ndata = ["digits"]\n' + FACTS
    assignment = load_assignment(write(tmp_path, facts=facts))
    assert assignment.optional == ("more/answers.toml",)
    assert assignment.data == ("digits",)


PLAIN = "is no plain relative path; write it as folder/file.py, without .."


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", "assignment.toml: unknown key 'titel'; did you mean 'title'?"),
        ('title = "Nearest neighbours"', "", "assignment.toml: 'title' is missing; add title = ..."),
        ('"Nearest neighbours"', '" "', "title = ' ': write a text in quotes that is not empty"),
        ('"Nearest neighbours"', "3", "title = 3: write a text in quotes that is not empty"),
        ('"knn"', '"knn.py"', "module = 'knn.py': write a name that `import` takes: letters, digits and _"),
        ('"knn"', '"class"', "module = 'class': write a name that `import` takes"),
        ('"knn"', '"random"', "module = 'random': Python has a module of that name; choose another"),
        ('["numpy"]', '"numpy"', "packages = 'numpy': write a list of texts, such as [\"a\", \"b\"]"),
        ('["numpy"]', '["numpy", "numpy"]', "one entry is there twice; leave one of them out"),
        ('["numpy"]', '["numpy>=2"]', "'numpy>=2' is no distribution's name; write it without a version"),
        ('["numpy"]', '["numpy"]\noptional_packages = ["cupy[all]"]', "optional_packages = ['cupy[all]']: 'cupy[all]' is"),
        ('["cpu", "cuda"]', '["cpu", "cudo"]', "'cudo']: unknown device 'cudo'; did you mean 'cuda'?"),
        ('["cpu", "cuda"]', "[]", "devices = []: name at least one, such as [\"cpu\"]"),
        ('["cpu", "cuda"]', '["cpu"]', "'cuda': not among the assignment's devices; known here: 'cpu'."),
        ('"two_loops"', '"two loops"', "id = 'two loops': write letters, digits and _, such as no_loops"),
        ('"two_loops"', '"speed"', "task 2: id = 'speed': an earlier task has it; rename one"),
        ("points = 10", "points = 0", "task 1: points = 0: write a number above 0"),
        ("points = 10", "points = inf", "task 1: points = inf: write a finite number without quotes"),
        ("points = 10", "points = true", "task 1: points = True: write a finite number without quotes"),
        ("points = 10", 'points = "10"', "task 1: points = '10': write a finite number without quotes"),
        ('"Loop over both."', '""', "task 1: hint = '': write a text in quotes that is not empty"),
        ("points = 10", "point = 10", "task 1: unknown key 'point'; did you mean 'points'?"),
        ("cpu = 10", "cpus = 10", "[limits]: unknown key 'cpus'; did you mean 'cpu'?"),
        ("cpu = 10", "cpu = -1", "[limits]: cpu = -1: write seconds above 0"),
        ("cpu = 10", "submission = nan", "[limits]: submission = nan: write a finite number without quotes"),
        ("cpu = 10", "processes = 1.5", "[limits]: processes = 1.5: write a whole number, 0 or more"),
        ("cpu = 10", "processes = -1", "[limits]: processes = -1: write a whole number, 0 or more"),
        ('"1 GB"', '"0 GB"', "[limits]: memory = '0 GB': write a size above 0"),
        ('"1 GB"', "1024", "[limits]: memory = 1024: write a number and one of B, KB, MB, GB in quotes"),
        ('["numpy"]', '["numpy"]\nfiles = ["a.py"]', "files = ['a.py']: add the module's own file, 'knn.py'"),
        ('["numpy"]', '["numpy"]\nfiles = ["knn.py", "../a"]', f"'../a' {PLAIN}"),
        ('["numpy"]', '["numpy"]\nfiles = ["knn.py", "/etc/x"]', f"'/etc/x' {PLAIN}"),
        ('["numpy"]', '["numpy"]\nfiles = ["knn.py", "a\\\\b"]', f"'a\\\\b' {PLAIN}"),
        ('["numpy"]', '["numpy"]\nfiles = ["knn.py", "KNN.py"]', "two names differ only in case; not every"),
        ('["numpy"]', '["numpy"]\noptional = ["knm.py"]', "'knm.py' is not in files; did you mean 'knn.py'?"),
        ('["numpy"]', '["numpy"]\noptional = ["knn.py"]', "'knn.py' is what is graded; take it out"),
        ("title =", "title", "assignment.toml: not TOML: Expected '='"),
    ],
)  # fmt: skip
def test_every_wrong_fact_is_named(tmp_path, old, new, message):
    assert old in FACTS
    with pytest.raises(CourseError) as error:
        load_assignment(write(tmp_path, facts=FACTS.replace(old, new, 1)))
    assert message in str(error.value)
    assert "assignment.toml" in str(error.value)


def test_optional_packages_count_where_they_are_installed(tmp_path):
    facts = FACTS.replace('["numpy"]', '["numpy"]\noptional_packages = ["no-such-distribution", "pytest"]', 1)
    assignment = load_assignment(write(tmp_path, facts=facts))
    assert assignment.packages == ("numpy",)
    assert assignment.optional_packages == ("no-such-distribution", "pytest")
    assert assignment.present_packages == ("numpy", "pytest")
    assert load_assignment(write(tmp_path, "other")).present_packages == ("numpy",)


def test_limits_are_read():
    table = {"cpu": 1.5, "processes": 2, "disk": "1 MB", "output": "8 KB", "submission": 9}
    assert Limits.from_toml(table, "x") == Limits(1.5, 2 << 30, 2, 1 << 20, 8 << 10, 9)
    assert Limits.from_toml({}, "x") == Limits()


def test_wrong_tables_are_named(tmp_path):
    head = FACTS.split("[limits]")[0]
    cases = {
        head: "assignment.toml: there are no tasks; add one [[tasks]] for each",
        head + "tasks = [3]": "assignment.toml, task 1: 3 is a number; write a table",
        head + "limits = 5": "assignment.toml, [limits]: 5 is a number; write a table",
    }
    for number, (facts, message) in enumerate(cases.items()):
        with pytest.raises(CourseError) as error:
            load_assignment(write(tmp_path, f"a{number}", facts))
        assert str(error.value).endswith(message)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(CourseError, match=r"toml: cannot be read \(No such file.*put the file there, readable for you"):
        load_assignment(tmp_path)
    (tmp_path / "assignment.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(CourseError, match="byte 9 is not UTF-8; save the file as UTF-8"):
        load_assignment(tmp_path)


def test_unknown_names_are_suggested(tmp_path):
    write(tmp_path)
    with pytest.raises(CourseError, match="assignments: no assignment 'knm'; did you mean 'knn'?"):
        Course(tmp_path).assignment("knm")
    with pytest.raises(CourseError, match="assignment.toml: there is no task 'Two_Loop'; did you mean 'two_loops'?"):
        Course(tmp_path).assignment("knn").task("Two_Loop")
    with pytest.raises(CourseError, match="no assignment '../knn'"):
        Course(tmp_path).assignment("../knn")
    assert did_you_mean("x", []) == "known here: none."
    assert did_you_mean("??", [f"s{k:02}" for k in range(14)]).endswith("'s11' and 2 more.")


def test_sizes():
    assert parse_size("1 GB") == 1 << 30
    assert parse_size("1.5KB") == 1536
    assert parse_size("7 B") == 7
    assert format_size(1 << 30) == "1 GB"
    assert format_size(int(2.01 * (1 << 30))) == "2.01 GB"
    assert format_size(0) == "0 B"
    assert format_size(1023) == "1023 B"
    assert format_size(1536) == "1.5 KB"
    for wrong in ("1", "1 KiB", "-1 MB", "1e9 B", "", "nan GB", "1 gb", " 1 GB"):
        with pytest.raises(ValueError, match="write a number and one of B, KB, MB, GB in quotes"):
            parse_size(wrong)


def test_a_course_is_found_from_within(tmp_path, monkeypatch):
    write(tmp_path)
    for inside in ("assignments/knn", "solutions/knn/alternatives", "."):
        assert find_course(tmp_path / inside).root == tmp_path.resolve()
    monkeypatch.chdir(tmp_path / "assignments/knn")
    assert find_course().assignments() == ["knn"]
    (tmp_path / "other").mkdir()
    with pytest.raises(CourseError, match="nowhere: no such folder; name one inside the course with --course DIR"):
        find_course(tmp_path / "nowhere")


def test_no_course(tmp_path):
    (tmp_path / "assignments/knn").mkdir(parents=True)
    with pytest.raises(CourseError, match=r"no course here or above .* change into one, or name it with --course DIR"):
        find_course(tmp_path / "assignments/knn")


def test_parts_of_a_course(tmp_path):
    write(tmp_path)
    course = Course(tmp_path)
    assert course.public_suite("knn") == tmp_path / "assignments/knn/test_knn.py"
    assert course.hidden_suite("knn") == tmp_path / "solutions/knn/test_knn_hidden.py"
    assert course.reference("knn") == tmp_path / "solutions/knn/knn.py"
    with pytest.raises(CourseError, match="sample_class: not there; the sample class belongs there"):
        course.sample_class()
    course.hidden_suite("knn").unlink()
    with pytest.raises(CourseError, match="test_knn_hidden.py: not there; write the hidden tests there"):
        course.hidden_suite("knn")
    course.reference("knn").unlink()
    with pytest.raises(CourseError, match="knn.py: not there; write the reference solution there"):
        course.reference("knn")
    course.public_suite("knn").unlink()
    with pytest.raises(CourseError, match="test_knn.py: not there; write the public tests there"):
        course.public_suite("knn")


def test_a_student_release_says_so(tmp_path):
    write(tmp_path, solutions=False)
    course = Course(tmp_path)
    for ask in (
        course.hidden_suite,
        course.solution_folder,
        course.reference,
        lambda _: course.sample_class(),
    ):
        with pytest.raises(CourseError, match="this is a student release, it holds no hidden suites; use the course's own"):
            ask("knn")
    (tmp_path / "solutions").mkdir()
    with pytest.raises(CourseError, match="solutions/knn: not there; the private half of the assignment belongs there"):
        course.hidden_suite("knn")


def test_nearest_assignment(tmp_path):
    folder = write(tmp_path)
    for inside in (folder / "test_knn.py", folder, tmp_path / "solutions/knn/alternatives/other.py"):
        found = nearest_assignment(inside)
        assert found is not None
        assert found.name == "knn"
    assert nearest_assignment(tmp_path / "solutions/sample_class/alice/knn/knn.py") is None
    assert nearest_assignment(tmp_path) is None


def test_seeds_differ_by_everything_and_by_nothing_else():
    made = [
        Seeds(secret, purpose, assignment).seed(test)
        for secret in (b"a" * 16, b"b" * 16)
        for purpose in ("feedback", "record")
        for assignment in ("knn", "svm")
        for test in ("test_a", "test_b[x|y]")
    ]
    assert len(set(made)) == 16
    assert max(made).bit_length() <= 128
    assert max(made).bit_length() > 100
    assert Seeds(b"a" * 16, "record", "knn").seed("test") == Seeds(b"a" * 16, "record", "knn").seed("test")
    assert Seeds(b"s", "record", "a").seed('b","c') != Seeds(b"s", "record", 'a","b').seed("c")


def test_public_seeds_need_no_secret():
    assert Seeds(b"anything", "public", "knn").seed("t") == Seeds.public("knn").seed("t")
    assert Seeds.public("knn").id == Seeds(b"", "public", "knn").id
    # Pinned: a change gives every student other public inputs.
    assert Seeds.public("knn").seed("test_values") == 22494047597684453847054103254032868292


def test_seed_ids_tell_apart_and_nothing_more():
    ids = {Seeds(s, p, a).id for s in (b"1" * 16, b"2" * 16) for p in ("public", "feedback", "record") for a in "xy"}
    assert len(ids) == 2 * 2 * 2 + 2
    assert all(len(i) == 8 and int(i, 16) >= 0 for i in ids)
    seeds = Seeds(b"the very secret one", "record", "knn")
    assert "secret one" not in repr(seeds)
    assert not f"{seeds.seed('t'):032x}".startswith(seeds.id)


def test_wrong_seeds_are_refused():
    with pytest.raises(CourseError, match="purpose 'exam' is unknown; use one of public, feedback, record"):
        Seeds(b"x", "exam", "knn")  # type: ignore[arg-type]
    with pytest.raises(CourseError, match="purpose 'record' needs the course secret; see load_secret"):
        Seeds(b"", "record", "knn")


def test_the_secret_is_made_once(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    secret = load_secret(tmp_path)
    file = tmp_path / ".grader/secret"
    assert len(secret) == 32
    assert load_secret(tmp_path) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(file.parent)) == [".gitignore", "secret"]
    assert (file.parent / ".gitignore").read_text() == "*\n"
    monkeypatch.setenv("GRADER_SECRET", file.read_text())
    assert load_secret(tmp_path / "elsewhere") == secret


def test_two_first_runs_end_with_one_secret(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(load_secret, [tmp_path] * 8))) == 1


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.delenv("GRADER_SECRET", raising=False)
    monkeypatch.setattr(os, "link", no_link)
    assert load_secret(tmp_path) == load_secret(tmp_path)


def test_the_secret_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "correct horse battery")
    assert load_secret(tmp_path) == b"correct horse battery"
    assert not (tmp_path / ".grader").exists()
    monkeypatch.setenv("GRADER_SECRET", "00" * 16)
    assert load_secret(tmp_path) == bytes(16)
    for short in ("", "hunter2"):
        monkeypatch.setenv("GRADER_SECRET", short)
        with pytest.raises(CourseError) as error:
            load_secret(tmp_path)
        expected = f"$GRADER_SECRET: {len(short)} characters are too few for a secret, 16 are needed; "
        assert str(error.value) == expected + "set a longer one, or unset it"


@pytest.mark.parametrize(
    ("data", "mode", "message"),
    [
        (b"ab" * 32, 0o640, "mode 640 lets others at the secret; chmod 600 '"),
        (
            b"short",
            0o600,
            "5 characters are too few for a secret, 16 are needed; restore it from a backup, or remove it",
        ),
        (b"\xff" * 40, 0o600, "0 characters are too few for a secret"),
    ],
)
def test_a_broken_secret_is_never_replaced(tmp_path, monkeypatch, data, mode, message):
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    file = tmp_path / ".grader/secret"
    file.parent.mkdir()
    file.write_bytes(data)
    file.chmod(mode)
    with pytest.raises(CourseError) as error:
        load_secret(tmp_path)
    assert str(error.value).startswith(f"{file}: {message}")
    assert file.read_bytes() == data


def test_a_secret_that_is_a_link_or_cannot_be_kept(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADER_SECRET", raising=False)
    (tmp_path / "a/.grader").mkdir(parents=True)
    (tmp_path / "a/.grader/secret").symlink_to("/dev/zero")
    with pytest.raises(CourseError, match="not a regular file; remove it, a new secret is made"):
        load_secret(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/.grader").touch()
    with pytest.raises(CourseError, match=r"cannot be kept there \(.*\); make the folder writable for you, or set \$GRADER"):
        load_secret(tmp_path / "b")


def test_the_course_needs_the_standard_library_only():
    code = "import sys, grader.course; print({'numpy', 'pytest', 'rich', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")
