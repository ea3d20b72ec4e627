"""The workflows that a course copies: they are valid, they keep their secrets, and their shell steps do what they say."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

KIT = Path(__file__).parents[2]
EXAMPLES = KIT / "grader" / "ci"
GITHUB, GITLAB = sorted(EXAMPLES.glob("github-*.yml")), sorted(EXAMPLES.glob("gitlab-*.yml"))
RIGHT = (Path(__file__).parent / "toy_course" / "solutions" / "toy" / "toy.py").read_text()
SECRET = "the secret of a course for tests"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are for runners with bash")


def load(path: Path) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


# ---------------------------------------------------------------- what they say


@pytest.mark.parametrize(
    ("schema", "files"), [("vendor.github-workflows", GITHUB), ("vendor.gitlab-ci", GITLAB)], ids=["GitHub", "GitLab"]
)
def test_schema(schema: str, files: list[Path]) -> None:
    assert [path.stem.split("-")[1] for path in files] == ["instructor", "students"]
    more = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", [*GITHUB, *GITLAB], ids=lambda path: path.name)
def test_scripts_are_shell(path: Path) -> None:
    for script in scripts(load(path)):
        ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "${{" not in script, "what is put into a script by the runner is run as code; hand it over in env"


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_what_students_can_read_holds_no_secret(platform: str) -> None:
    said = json.dumps(load(EXAMPLES / f"{platform}-students.yml"))
    assert not re.search(r"(?i)secret|token|GRADER_|solutions", said)
    if platform == "github":
        assert load(EXAMPLES / "github-students.yml")["permissions"] == {"contents": "read"}


def test_each_secret_is_in_one_step() -> None:
    workflow = load(EXAMPLES / "github-instructor.yml")
    job = workflow["jobs"]["grade"]
    holders = {step["name"]: step["env"] for step in job["steps"] if "secrets." in json.dumps(step)}
    assert {name: [key for key in env if "secrets." in env[key]] for name, env in holders.items()} == {
        "Pull the submissions": ["PULL_TOKEN"],
        "Grade": ["GRADER_SECRET"],
    }
    assert "secrets." not in json.dumps([workflow["on"], job["env"]])
    assert "pull_request" not in workflow["on"]
    assert all(step["with"]["persist-credentials"] is False for step in job["steps"] if "checkout" in step.get("uses", ""))
    lines = load(EXAMPLES / "gitlab-instructor.yml")["grade"]["script"]
    assert lines.index("unset SUBMISSIONS_TOKEN") < next(k for k, line in enumerate(lines) if "grader grade" in line)


def scripts(document: dict[str, Any]) -> Iterator[str]:
    """Every shell script of a workflow, as its runner would run it."""
    for job in document.get("jobs", {}).values():
        yield from (step["run"] for step in job["steps"] if "run" in step)
    for job in document.values():
        if isinstance(job, dict) and "script" in job:
            yield "\n".join(job["script"])


# ---------------------------------------------------------------- what they do


@pytest.fixture
def shims(tmp_path: Path) -> Path:
    """A folder of commands: those that would change the machine or need a network only say what they were asked."""
    folder, python = tmp_path / "bin", shlex.quote(sys.executable)
    asked = shlex.quote(str(tmp_path / "asked"))
    plugins = "-p grader.plugin -p pytest_timeout -p no:cacheprovider"
    commands = {
        "sudo": f'echo "sudo $*" >> {asked}',
        "python": f'if [ "$1 $2" = "-m pip" ]; then echo "pip $*" >> {asked}; else exec {python} "$@"; fi',
        "pytest": f'exec env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {python} -P -m pytest {plugins} "$@"',
        "grader": f'exec {python} -P -m grader "$@"',
    }
    folder.mkdir()
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


Steps = Callable[..., list[subprocess.CompletedProcess[str]]]


@pytest.fixture
def run_steps(shims: Path, child_env: dict[str, str], tmp_path: Path) -> Steps:
    """`run_steps(path, checkout, ...)`: the example's shell steps, in their order, in this folder. A step that fails ends
    the job; those with `if: always()` are run all the same.
    """
    base = {name: value for name, value in child_env.items() if not name.startswith(("GRADER_", "GIT_"))}
    base["PATH"] = f"{shims}{os.pathsep}{base['PATH']}"
    base["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")

    def run(path: Path, checkout: Path, known: dict[str, str], **env: str) -> list[subprocess.CompletedProcess[str]]:
        ran: list[subprocess.CompletedProcess[str]] = []
        for step in steps_of(load(path)):
            if any(one.returncode for one in ran) and step.get("if") != "always()":
                continue
            told = {name: resolved(str(value), known) for name, value in step["env"].items()}
            command = ["bash", *step["options"], "-c", step["run"]]
            full = {**base, **told, **env}
            ran.append(subprocess.run(command, cwd=checkout, env=full, capture_output=True, text=True, timeout=120))
        return ran

    return run


def steps_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The shell steps with all their variables, and how the runner starts bash."""
    if "jobs" in document:
        (job,) = document["jobs"].values()
        steps = [step for step in job["steps"] if "run" in step]
        return [{**step, "env": {**job.get("env", {}), **step.get("env", {})}, "options": ["-e"]} for step in steps]
    (job,) = document.values()
    script, options = "\n".join(job["script"]), ["-eo", "pipefail"]
    return [{"run": script, "env": job.get("variables", {}), "options": options}]


def resolved(text: str, known: dict[str, str]) -> str:
    """The text with its `${{ ... }}`; one that the test does not know is a KeyError."""
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: known[found[1]], text)


@pytest.mark.parametrize("example", ["github-students.yml", "gitlab-students.yml"])
def test_students_see_their_table(example: str, run_steps: Steps, toy: Path, tmp_path: Path) -> None:
    shutil.rmtree(toy / "solutions")
    env = {} if "github" in example else {"ASSIGNMENT": "toy"}
    *before, last = run_steps(EXAMPLES / example, toy, {"matrix.assignment": "toy"}, **env)
    assert last.returncode == 1, last.stderr
    assert "Toy: public checks, not your grade" in last.stdout
    assert (tmp_path / "asked").read_text() == "pip -m pip install --quiet -e .\n"
    summary = tmp_path / "summary.md" if "github" in example else toy / "summary.md"
    assert summary.read_text() == (
        "### Toy: public checks, not your grade\n\n| task | points | verdict | |\n|---|--:|---|---|\n"
        "| Twice the input | 10 | not done |  |\n| A counter | 6 | not done |  |\n"
        "| Refuse negatives | 4 | not done |  |\n\n\n"
    )
    summary.unlink()
    (toy / "assignments" / "toy" / "toy.py").write_text(RIGHT)
    *before, last = run_steps(EXAMPLES / example, toy, {"matrix.assignment": "toy"}, **env)
    assert last.returncode == 0, last.stdout
    assert summary.read_text().count("| passed |") == 3


@pytest.fixture
def course(toy: Path, tmp_path: Path) -> Path:
    """The instructor's checkout, and four students' repositories: right, undone, another layout, gone."""
    shutil.copytree(EXAMPLES, toy / "grader" / "ci")
    handed_in = {
        "ada": {"assignments/toy/toy.py": RIGHT, "README.md": "mine\n"},
        "bob": {"assignments/toy/toy.py": (toy / "assignments/toy/toy.py").read_text()},
        "cleo": {"toy.py": RIGHT},
    }
    lines = ["# id,address"]
    for student, files in handed_in.items():
        repository = tmp_path / "repositories" / student
        for name, text in files.items():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).write_text(text)
        commit(repository)
        lines.append(f"{student},{repository.as_uri()}")
    (toy / "students.csv").write_text("\n".join([*lines, "", f"dan,{(tmp_path / 'nowhere').as_uri()}"]))
    return toy


def commit(repository: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "core.hooksPath=/dev/null"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "handed in"]):
        subprocess.run(["git", *who, *arguments], cwd=repository, check=True, capture_output=True)


@pytest.mark.skipif(sys.platform != "linux", reason="grading needs Linux")
@pytest.mark.parametrize("example", ["github-instructor.yml", "gitlab-instructor.yml"])
def test_a_class_is_pulled_and_graded(example: str, run_steps: Steps, course: Path, level: str, tmp_path: Path) -> None:
    known = {
        "inputs.assignment": "toy", "inputs.purpose": "record", "secrets.SUBMISSIONS_TOKEN": "a token",
        "secrets.GRADER_SECRET": SECRET,
    }  # fmt: skip
    env = {"ISOLATION": level, "ASSIGNMENT": "toy"}
    if "gitlab" in example:
        env |= {"GRADER_SECRET": SECRET, "SUBMISSIONS_TOKEN": "a token", "CI_SERVER_HOST": "gitlab.example"}
    ran = run_steps(EXAMPLES / example, course, known, **env)
    log = "\n".join(one.stdout + one.stderr for one in ran)
    assert [one.returncode for one in ran] == [0] * len(ran), log
    assert "3 repositories pulled" in log
    assert "not pulled: dan" in log
    grades = (course / "reports" / "grades.csv").read_text().splitlines()
    rows = {row["student"]: row for row in csv.DictReader(grades)}
    assert "20" in rows["ada"].values()
    assert set(rows) == {"ada", "bob"}
    assert json.loads((course / "reports" / "bob" / "toy.json").read_text())["public"]["score"] == 0
    assert (course / "reports" / "junit.xml").is_file()
    assert sorted(path.name for path in (course / "submitted").iterdir()) == ["ada", "bob", "cleo", "dan"]
    assert [path.name for path in (course / "submitted" / "ada").rglob("*")] == ["toy", "toy.py"]
    for student in ("cleo", "dan"):
        assert f"'submitted/{student}': an empty folder; nothing was handed in" in log
    if "github" in example:
        assert "ada,toy" in (tmp_path / "summary.md").read_text()
        assert "sudo apt-get install -y -qq bubblewrap" in (tmp_path / "asked").read_text()
    assert SECRET not in log
    assert "a token" not in log


def test_pulling_runs_nothing_of_a_students_and_follows_no_link(run_steps: Steps, course: Path, tmp_path: Path) -> None:
    repository, outside = tmp_path / "repositories" / "eve", tmp_path / "outside"
    (outside / "toy").mkdir(parents=True)
    (outside / "toy" / "toy.py").write_text(RIGHT)
    repository.mkdir()
    (repository / "assignments").symlink_to(outside)
    (repository / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = {tmp_path / "repositories" / "ada"}\n')
    (repository / ".gitattributes").write_text("*.py filter=evil\n")
    commit(repository)
    (course / "students.csv").write_text(f"eve,{repository.as_uri()}\r\n")
    ran = pull(course)
    assert ran.returncode == 0, ran.stderr
    assert (course / "submitted" / "eve").is_symlink()
    assert os.listdir(course / "submitted") == ["eve"]
    if sys.platform == "linux":
        command = [
            sys.executable,
            "-P",
            "-m",
            "grader",
            "grade",
            "submitted",
            "--course",
            str(course),
            "--out",
            str(tmp_path / "r"),
        ]
        env = {**os.environ, "GRADER_SECRET": SECRET, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        graded = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, check=False)
        assert "a link, not followed; put the file or folder itself there" in graded.stdout + graded.stderr


def pull(course: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "grader/ci/pull.sh", "students.csv", "submitted"]
    return subprocess.run(command, cwd=course, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("student", ["../ada", ".ada", "a/b", "a b"])
def test_an_id_that_is_no_name(course: Path, student: str) -> None:
    (course / "students.csv").write_text(f"{student},https://example.com/x\n")
    ran = pull(course)
    assert ran.returncode == 2
    assert ran.stderr == f"students.csv: '{student}' is no student's id: write id,address without / and spaces\n"


def test_nobody_could_be_pulled(course: Path, tmp_path: Path) -> None:
    (course / "students.csv").write_text(f"dan,{(tmp_path / 'nowhere').as_uri()}\n")
    ran = pull(course)
    assert ran.returncode == 1
    assert ran.stderr.endswith(
        "not pulled: dan\nstudents.csv: not one repository could be pulled; check the addresses and the token\n"
    )


def test_the_token_is_used_for_its_host_only(course: Path, tmp_path: Path) -> None:
    """And it is on no command line: git reads it from its environment."""
    log = tmp_path / "git.log"
    fake = tmp_path / "fake" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$* | $GIT_CONFIG_KEY_0 = $GIT_CONFIG_VALUE_0 | $PULL_TOKEN" >> {log}\nexit 1\n')
    fake.chmod(0o755)
    (course / "students.csv").write_text("ada,https://github.com/class/ada\n")
    pull(course, PULL_TOKEN="t0ken", PULL_HOST="github.com", PATH=f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    command, config, left = log.read_text().strip("\n").split(" | ")
    assert "t0ken" not in command
    assert config == "url.https://x-access-token:t0ken@github.com/.insteadOf = https://github.com/"
    assert left == ""
