"""What goes wrong in a term, each through nbgrader's own commands: no grade is invented, lost or left standing."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")

from grader.nbgrader_course.records import digest, read_record, write_record
from grader.tests.nbgrader_class import REFERENCE, ToyClass

pytestmark = [pytest.mark.timeout(600), pytest.mark.skipif(os.name != "posix", reason="graded on Linux only")]

ECHO = REFERENCE.replace("return 2 * x", "return x")
STUDENTS = ("ada", "bob", "cleo", "dan", "eve", "finn")


@pytest.fixture(scope="module")
def handed_in(released_class: ToyClass) -> ToyClass:
    """Six submissions, of 25 points but for bob's 15; nothing is graded."""
    made = released_class.copy("handed-in")
    for student in STUDENTS:
        made.hand_in(student, ECHO if student == "bob" else REFERENCE)
    return made


@pytest.fixture(scope="module")
def graded(handed_in: ToyClass) -> ToyClass:
    """The same, graded."""
    made = handed_in.copy("graded")
    made.run("--workers", "2")
    return made


@pytest.fixture
def course(graded: ToyClass, request: pytest.FixtureRequest) -> ToyClass:
    """A copy of the graded class, to be spoiled."""
    return graded.copy(request.node.name)


def scores(course: ToyClass) -> dict[str, str]:
    return {student: row["score"] for student, row in course.gradebook().items()}


def damage(course: ToyClass, student: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a report, and its stamp with it: as if our grader had written it so."""
    path, stamp = course.folder.report(student, "toy"), course.folder.stamp(student, "toy")
    report = json.loads(path.read_text())
    change(report["public"])
    path.write_text(json.dumps(report))
    write_record(stamp, read_record(stamp) | {"report": digest(path.read_bytes())})


def test_missing_stale_infinite_and_provisional_reports_are_refused(course: ToyClass):
    course.folder.report("ada", "toy").unlink()
    path = course.folder.report("bob", "toy")
    path.write_text(path.read_text() + "\n")
    damage(course, "cleo", lambda public: public["tasks"][0].update(score=float("nan")))
    damage(course, "dan", lambda public: public["tasks"][0].update(score=11))
    damage(course, "eve", lambda public: public.update(provisional=True, max_assessed=20))
    printed = course.nbgrader("autograde", "toy", "--force", status=1)
    for line in (
        "ada/toy: not graded: ", "bob/toy: not graded: ", "made for another report; run `grader nbgrader run`",
        "cleo/toy: double got nan, not a number from 0 to 10", "dan/toy: double got 11, not a number from 0 to 10",
        "eve/toy: the report is provisional (20 of 25 points were assessed)",
    ):  # fmt: skip
        assert line in printed
    assert scores(course) == dict.fromkeys(STUDENTS, "") | {"finn": "25"}
    assert [name for name in STUDENTS if (course.root / "autograded" / name / "toy").exists()] == ["finn"]
    course.run("--force")
    assert scores(course) == dict.fromkeys(STUDENTS, "25") | {"bob": "15"}


def test_a_changed_suite_and_new_overrides_make_reports_stale(course: ToyClass):
    (course.root / "overrides.toml").write_text(
        '[[override]]\nstudent = "bob"\nassignment = "toy"\ntask = "double"\npoints = 4\nreason = "agreed"\n'
    )
    printed = course.nbgrader("autograde", "toy", "--force", "--student=bob", status=1)
    assert "made for another overrides" in printed
    assert "bob/toy: not in the gradebook" not in course.run()
    assert scores(course)["bob"] == "19"
    assert "given by a TA: agreed" in course.feedback("bob")


def test_what_was_not_taken_in_is_refused(course: ToyClass):
    course.hand_in("ada", ECHO)
    printed = course.nbgrader("autograde", "toy", "--force", "--student=ada", status=1)
    assert "ada/toy: not graded: submitted/ada/toy is not what our intake made of it; run `grader nbgrader run`" in printed
    assert scores(course)["ada"] == ""
    course.run()
    assert scores(course)["ada"] == "15"


def test_without_our_scores_there_are_none(course: ToyClass):
    printed = course.nbgrader("autograde", "toy", "--force", "--student=ada", "--ReportScores.enabled=False", status=1)
    assert "the grade cell 'double' holds no score of ours; is ReportScores enabled?" in printed
    assert scores(course)["ada"] == ""


def test_a_configuration_that_breaks_runs_nothing(course: ToyClass):
    """nbgrader goes on without a configuration that it cannot read, and would run what students wrote."""
    config = course.root / "nbgrader_config.py"
    text = config.read_text()
    config.write_text(text + "\n1 / 0\n")
    printed = course.nbgrader("autograde", "toy", "--force", "--student=ada", status=1)
    assert "No such kernel named no-kernel-for-submissions" in printed
    config.write_text(text.replace("from grader.", "from grader_that_is_absent."))
    printed = course.nbgrader("autograde", "toy", "--force", "--student=ada", status=1)
    assert "nbgrader stops here: No module named 'grader_that_is_absent'" in printed


def test_nothing_of_a_student_runs_outside_of_the_sandbox(handed_in: ToyClass, tmp_path: Path):
    course, marker = handed_in.copy("planted"), tmp_path / "planted"
    plant = f"import os; os.system('touch {marker}'); open({str(marker)!r}, 'w').close()\n"
    exec(compile(plant, "plant", "exec"), {})  # it would work
    marker.unlink()

    def everywhere(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            cell["source"] = plant
            cell["metadata"]["planted"] = plant
        notebook["cells"] += [{"cell_type": "code", "source": "%run toy.py", "metadata": {}, "outputs": []}]
        notebook["metadata"] |= {"planted": plant, "kernelspec": {"name": f"$(touch {marker})"}}

    shell = "$(touch planted)`touch planted`;touch planted'\"{7-7}{{7-7}}"
    for student in ("mallory", shell):
        place = course.hand_in(student, plant + REFERENCE, f'why = """{plant}"""\nsize = "{{{{7*7}}}}"\n', everywhere, plant)
        names = ("conftest.py", "sitecustomize.py", "numpy.py", "nbgrader_config.py", "test_toy.py", "toy_hooks.pth", shell)
        for name in (*names, "grader/__init__.py", ".ipython/profile_default/startup/a.py"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(plant)
    course.run("--workers", "2")
    course.nbgrader("autograde", "toy", "--force")
    course.nbgrader("generate_feedback", "toy", "--force")
    assert not marker.exists()
    assert not list(course.root.rglob("planted"))
    assert scores(course)["mallory"] == scores(course)[shell]
    for folder in ("submitted", "autograded"):
        assert not list((course.root / folder).rglob("sitecustomize.py"))


def test_a_second_submission_replaces_the_first(course: ToyClass):
    course.hand_in("bob", time="2026-05-02 12:00:00 UTC")
    course.hand_in("ada", ECHO, time="2026-05-02 12:00:00 UTC")
    assert "2 taken over, 4 kept" in course.run()
    assert scores(course) == dict.fromkeys(STUDENTS, "25") | {"ada": "15"}
    assert course.gradebook()["bob"]["timestamp"] == "2026-05-02 12:00:00"


LATE = """

import sys

sys.path.insert(0, str(Path(__file__).parent))
c.AssignLatePenalties.plugin_class = "late_days.HalfAPointAnHour"
"""
PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin

class HalfAPointAnHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 0.5 * total_seconds_late / 3600
"""


@pytest.mark.filterwarnings("ignore")
def test_a_tas_work_survives_regrades(course: ToyClass):
    """Manual scores, extra credit, comments, late penalties and overrides."""
    from nbgrader.api import Gradebook

    (course.root / "late_days.py").write_text(PLUGIN)
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(LATE)
    (course.root / "overrides.toml").write_text(
        '[[override]]\nstudent = "ada"\nassignment = "toy"\ntask = "refuse"\npoints = 1\nreason = "agreed"\n'
    )
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("toy", duedate=datetime.datetime(2026, 5, 1, 11))
        gradebook.find_grade("double", "toy", "toy", "ada").extra_credit = 1.5
        gradebook.find_grade("counter", "toy", "toy", "ada").manual_score = 5
        gradebook.find_grade("essay", "toy", "toy", "ada").manual_score = 2
        gradebook.find_comment("written_1", "toy", "toy", "ada").manual_comment = "Well done, _really_."
        gradebook.db.commit()
    for arguments in ([], ["--force"]):
        course.run(*arguments)
        row = course.gradebook()["ada"]
        assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("24.5", "0.5", "24")
        assert course.gradebook()["finn"]["score"] == "24.5"
        assert "Well done, <em>really</em>." in course.feedback("ada")
        assert "given by a TA: agreed" in course.feedback("ada")


def start(course: ToyClass, *arguments: str) -> subprocess.Popen[str]:
    """`python -m ARGUMENTS` in a session of its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), course.env.get("PATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=course.root, env={**course.env, "PATH": path}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("step", ["reports/*/toy.json", "autograded/*/toy/toy.ipynb", "feedback/*/toy/toy.html"])
def test_a_run_that_is_killed_goes_on(handed_in: ToyClass, step: str):
    course = handed_in.copy(f"killed-{step.split('/')[0]}")
    process = start(course, "grader", "nbgrader", "run")
    while not list(course.root.glob(step)) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    course.run()
    assert scores(course) == dict.fromkeys(STUDENTS, "25") | {"bob": "15"}
    assert len(list(course.root.glob("feedback/*/toy/toy.html"))) == len(STUDENTS)


def test_two_graders_on_one_gradebook(handed_in: ToyClass):
    course = handed_in.copy("two")
    both = [start(course, "grader", "nbgrader", "run") for _ in range(2)]
    printed = [process.communicate(timeout=300)[0] for process in both]
    statuses = [process.returncode for process in both]
    assert sorted(statuses) in ([0, 0], [0, 2]), printed
    assert 2 not in statuses or "another `grader` works on this course" in printed[statuses.index(2)]
    assert scores(course) == dict.fromkeys(STUDENTS, "25") | {"bob": "15"}
    both = [start(course, "nbgrader", "autograde", "toy", "--force", f"--student={name}") for name in ("ada", "bob")]
    for process in both:
        assert process.communicate(timeout=300)[0] is not None
        assert process.returncode == 0
    assert scores(course) == dict.fromkeys(STUDENTS, "25") | {"bob": "15"}


def test_ids_that_nbgrader_passes_over_are_named(course: ToyClass):
    course.hand_in("[ab]")
    printed = course.run(status=1)
    assert "passed over: 'submitted/[ab]': no id that nbgrader finds" in printed


def test_zip_collect(released_class: ToyClass):
    course = released_class.copy("zipped")
    archives = course.root / "downloaded" / "toy" / "archive"
    archives.mkdir(parents=True)
    notebook = (course.root / "release" / "toy" / "toy.ipynb").read_text()
    for student, code in (("ada", REFERENCE), ("bob", ECHO)):
        with zipfile.ZipFile(archives / f"{student}.zip", "w") as file:
            file.writestr("toy/toy.py", code)
            file.writestr("toy/answers.toml", 'why = "b"\nsize = 8000\n')
            file.writestr("toy/toy.ipynb", notebook)
            if student == "bob":
                file.writestr("extracted/ada/toy.py", "raise SystemExit")
                file.writestr("zzz/toy.py", "raise SystemExit")
    with zipfile.ZipFile(archives / "aaron.zip", "w") as file:
        file.writestr("toy/toy.py", REFERENCE)
        file.writestr("../../../../submitted/ada/toy/toy.py", "raise SystemExit")
    (archives / "abel.zip").write_bytes(b"PK, but no archive")
    printed = course.nbgrader("zip_collect", "toy")
    for name in ("aaron", "abel"):
        assert f"{name}.zip: not collected: " in printed
    assert "bob/zzz/toy.py: bob has a 'toy.py' already, not collected" in printed
    assert (course.root / "submitted" / "ada" / "toy" / "toy.py").read_text() == REFERENCE
    course.run()
    assert scores(course) == {"ada": "25", "bob": "15"}


def test_collect_follows_no_link(released_class: ToyClass, tmp_path: Path):
    course, exchange = released_class.copy("exchange"), tmp_path / "exchange"
    secret = tmp_path / "secret.txt"
    secret.write_text("the TA's secret")
    inbound = exchange / "class" / "inbound"
    for student in ("ada", "mallory"):
        place = inbound / f"{student}+toy+2026-05-01 12:00:00 UTC+x1"
        place.mkdir(parents=True)
        for name in ("toy.py", "toy.ipynb"):
            (place / name).write_bytes((course.root / "release" / "toy" / name).read_bytes())
        (place / "timestamp.txt").write_text("2026-05-01 12:00:00 UTC")
    place = inbound / "mallory+toy+2026-05-01 12:00:00 UTC+x1"
    (place / "toy.py").unlink()
    (place / "toy.py").symlink_to(secret)
    (place / "more").symlink_to(tmp_path)
    (inbound / "eve+toy+2026-05-01 12:00:00 UTC+x1").symlink_to(tmp_path)
    exchange.chmod(0o777)
    printed = course.nbgrader("collect", "toy", f"--Exchange.root={exchange}", status=None)
    assert "eve" in printed
    (inbound / "eve+toy+2026-05-01 12:00:00 UTC+x1").unlink()
    printed = course.nbgrader("collect", "toy", f"--Exchange.root={exchange}")
    submitted = course.root / "submitted"
    assert sorted(path.name for path in submitted.glob("*/toy/*.py")) == ["toy.py"]
    assert "secret" not in "".join(path.read_text() for path in submitted.rglob("*") if path.is_file())
    course.run()
    assert set(scores(course)) == {"ada", "mallory"}
    assert "toy.py: not handed in" in course.feedback("mallory")
