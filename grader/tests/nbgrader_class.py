"""A class on the toy course that nbgrader owns: built and released once, submissions put where `collect` puts them."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.grading.report import read_report
from grader.nbgrader_course.commands import Commands
from grader.nbgrader_course.folder import CourseFolder
from grader.tests.quiz import RIGHT, add_questions

__all__ = ["NOTEBOOK", "REFERENCE", "STUB", "ToyClass", "toy_kit"]

_TOY = Path(__file__).parent / "toy_course"
REFERENCE = (_TOY / "solutions" / "toy" / "toy.py").read_text()
STUB = (_TOY / "assignments" / "toy" / "toy.py").read_text()

NOTEBOOK = """\
# %% [markdown]
# # Toy, to look at
# With a formula: $a < b$.

# %%
import numpy as np
from toy import double

from grader import check

check("toy")

# %%
print(double(np.arange(3)))

# %% solution="scale"
def scale(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION

# %% [markdown]
# 1. Why?
#
# *Your answer:*
#
# 2. Why not?
#
# *Your answer:*

# %% [markdown] answer="essay" points=2
# Write here.
"""


def toy_kit(root: Path) -> Path:
    """The toy course with questions, answers.toml and a notebook, on the CPU only."""
    shutil.copytree(_TOY, root, ignore=shutil.ignore_patterns("__pycache__"))
    add_questions(root)
    folder = root / "assignments" / "toy"
    facts = folder / "assignment.toml"
    facts.write_text(facts.read_text().replace('devices = ["cpu", "cuda"]', 'devices = ["cpu"]'))
    (folder / "answers.toml").write_text('why = ""\nsize = ""\n')
    (folder / "notebook.py").write_text(NOTEBOOK)
    return root


@dataclasses.dataclass(frozen=True)
class ToyClass:
    """An nbgrader course in `root`, made of the kit in `kit`; `env`: of child processes that import the grader."""

    root: Path
    kit: Path
    env: dict[str, str]
    commands: Commands

    @property
    def folder(self) -> CourseFolder:
        return CourseFolder(self.root)

    def command(self, *arguments: str, status: int | None = 0) -> str:
        """`python -m ARGUMENTS` in the course's folder; gives what it printed."""
        path = os.pathsep.join([str(Path(sys.executable).parent), self.env.get("PATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=self.root, env={**self.env, "PATH": path},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        printed = done.stdout + done.stderr
        assert status is None or done.returncode == status, printed
        return printed

    def nbgrader(self, *arguments: str, status: int | None = 0) -> str:
        got, printed = self.commands(self.root, *arguments)
        assert status is None or got == status, printed
        return printed

    def run(self, *arguments: str, status: int | None = 0) -> str:
        return self.command("grader", "nbgrader", "run", *arguments, status=status)

    def copy(self, name: str) -> ToyClass:
        """A copy of the whole course beside this one."""
        other = self.root.with_name(name)
        shutil.copytree(self.root, other, symlinks=True)
        return dataclasses.replace(self, root=other)

    def release(self) -> None:
        self.root.mkdir(exist_ok=True)
        self.command("grader", "nbgrader", "build", "--course", str(self.kit), "--out", str(self.root))
        self.nbgrader("generate_assignment", "toy")

    def hand_in(
        self, student: str, code: str | None = REFERENCE, answers: str | bytes | None = RIGHT,
        notebook: Callable[[dict[str, Any]], Any] | str | None = None, time: str | None = "2026-05-01 12:00:00 UTC",
    ) -> Path:  # fmt: skip
        """Put a submission into submitted/. `notebook`: changes the released one in place, or is the file's text."""
        place = self.root / "submitted" / student / "toy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.root / "release" / "toy", place)
        for name, text in (("toy.py", code), ("answers.toml", answers), ("timestamp.txt", time)):
            (place / name).unlink(missing_ok=True)
            if text is not None:
                (place / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        self._notebook(place / "toy.ipynb", notebook)
        return place

    def _notebook(self, path: Path, notebook: Callable[[dict[str, Any]], Any] | str | None) -> None:
        if isinstance(notebook, str):
            path.write_text(notebook)
        elif notebook is not None:
            content = json.loads(path.read_text())
            notebook(content)
            path.write_text(json.dumps(content))

    def report(self, student: str) -> dict[str, Any]:
        return read_report(self.folder.report(student, "toy"))

    def gradebook(self) -> dict[str, dict[str, str]]:
        """Rows of `nbgrader export`, by student."""
        self.nbgrader("export", "--to=book.csv")
        rows = csv.DictReader(io.StringIO((self.root / "book.csv").read_text()))
        return {row["student_id"]: row for row in rows}

    def cells(self, step: str, student: str) -> dict[str, dict[str, Any]]:
        """Cells of a notebook by grade_id."""
        notebook = json.loads((self.root / step / student / "toy" / "toy.ipynb").read_text())
        marked = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader")]
        return {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in marked}

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / "toy" / "toy.html").read_text()
