"""One assignment: the facts of its assignment.toml, checked."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
import sys
from pathlib import Path
from typing import Any

from grader.course.limits import Limits
from grader.course.questions import Question, read_questions
from grader.course.strict import Table, did_you_mean, is_identifier, load_toml
from grader.errors import CourseError

__all__ = ["DEVICES", "FILE_NAME", "Assignment", "Task", "load_assignment"]

DEVICES = ("cpu", "cuda", "mps")
FILE_NAME = "assignment.toml"

_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_KEYS = (
    "title", "module", "files", "optional", "packages", "optional_packages", "devices", "data", "limits", "tasks",
    "questions",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Task:
    """What points are given for. `device`: what its tests need, or None; `hint`: shown when it fails."""

    id: str
    title: str
    points: float
    hint: str
    device: str | None = None


@dataclasses.dataclass(frozen=True)
class Assignment:
    """The facts of one assignment.

    `name`: its folder's name; `module`: the student's module, `<module>.py`; `files`: what is handed in,
    relative paths with `/`; `optional`: those of `files` that may be missing; `packages`: distributions that
    the sandbox shows; `optional_packages`: those that it shows where this machine has them; `data`: names of data sets
    that it uses; `questions`: answered in answers.toml.
    """

    name: str
    folder: Path
    title: str
    module: str
    files: tuple[str, ...]
    packages: tuple[str, ...]
    devices: tuple[str, ...]
    data: tuple[str, ...]
    limits: Limits
    tasks: tuple[Task, ...]
    optional: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    optional_packages: tuple[str, ...] = ()

    @property
    def present_packages(self) -> tuple[str, ...]:
        """`packages`, and those of `optional_packages` that are installed here."""
        return (*self.packages, *filter(_is_installed, self.optional_packages))

    @property
    def absent_packages(self) -> tuple[str, ...]:
        """Those of `packages` that are not installed here: nothing of the assignment can be run without them."""
        return tuple(package for package in self.packages if not _is_installed(package))

    @property
    def obstacle(self) -> str | None:
        """Why nothing of the assignment can be run here, with the mend; None where it can."""
        absent = " ".join(self.absent_packages)
        return f"NOT RUN: not installed here: pip install {absent}" if absent else None

    @property
    def module_file(self) -> str:
        """Name of the student's main file."""
        return f"{self.module}.py"

    @property
    def max_score(self) -> float:
        """Points of all tasks and questions together."""
        return sum(part.points for part in self.parts)

    @property
    def parts(self) -> tuple[Task | Question, ...]:
        """All that points are given for: tasks, then questions."""
        return (*self.tasks, *self.questions)

    def task(self, task_id: str) -> Task:
        """The task of that id. Raises CourseError with a suggestion."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        known = did_you_mean(task_id, [task.id for task in self.tasks])
        raise CourseError(f"{self.folder / FILE_NAME}: there is no task {task_id!r}; {known}")

    def part(self, part_id: str) -> Task | Question:
        """The task or question of that id. Raises CourseError with a suggestion."""
        parts = {part.id: part for part in self.parts}
        if part_id not in parts:
            kind = "task or question" if self.questions else "task"
            known = did_you_mean(part_id, parts)
            raise CourseError(f"{self.folder / FILE_NAME}: there is no {kind} {part_id!r}; {known}")
        return parts[part_id]


def load_assignment(folder: Path) -> Assignment:
    """Read and check `folder`/assignment.toml. Raises CourseError with file, value and mend."""
    path = folder / FILE_NAME
    data, _ = load_toml(path)
    table = Table(data, str(path), _KEYS)
    module = _module(table)
    files = _files(table, f"{module}.py")
    devices = _devices(table)
    limits = Limits.from_toml(data.get("limits", {}), f"{path}, [limits]")
    tasks = _tasks(table, devices)
    return Assignment(
        name=folder.resolve().name,
        folder=folder,
        title=table.text("title"),
        module=module,
        files=files,
        packages=_packages(table, "packages"),
        devices=devices,
        data=table.texts("data"),
        limits=limits,
        tasks=tasks,
        optional=_optional(table, files, f"{module}.py"),
        questions=read_questions(table, [task.id for task in tasks]),
        optional_packages=_packages(table, "optional_packages"),
    )


def _module(table: Table) -> str:
    module = table.text("module")
    if not is_identifier(module):
        raise table.fail("module", "write a name that `import` takes: letters, digits and _, without .py")
    if module in sys.stdlib_module_names:
        raise table.fail("module", "Python has a module of that name; choose another")
    return module


def _files(table: Table, module_file: str) -> tuple[str, ...]:
    files = table.texts("files", [module_file])
    for file in files:
        if not _is_plain(file):
            raise table.fail("files", f"{file!r} is no plain relative path; write it as folder/file.py, without ..")
    if len({file.casefold() for file in files}) < len(files):
        raise table.fail("files", "two names differ only in case; not every file system keeps them apart")
    if module_file not in files:
        raise table.fail("files", f"add the module's own file, {module_file!r}")
    return files


def _is_plain(file: str) -> bool:
    parts = file.split("/")
    return file.isprintable() and not set(file) & set('\\:*?"<>|') and not any(p in ("", ".", "..") for p in parts)


def _optional(table: Table, files: tuple[str, ...], module_file: str) -> tuple[str, ...]:
    optional = table.texts("optional")
    for file in optional:
        if file not in files:
            raise table.fail("optional", f"{file!r} is not in files; {did_you_mean(file, files)}")
    if module_file in optional:
        raise table.fail("optional", f"{module_file!r} is what is graded; take it out")
    return optional


def _packages(table: Table, key: str) -> tuple[str, ...]:
    packages = table.texts(key)
    for package in packages:
        if not _DISTRIBUTION.fullmatch(package):
            raise table.fail(key, f"{package!r} is no distribution's name; write it without a version")
    return packages


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _devices(table: Table) -> tuple[str, ...]:
    devices = table.texts("devices", ["cpu"])
    for device in devices:
        if device not in DEVICES:
            raise table.fail("devices", f"unknown device {device!r}; {did_you_mean(device, DEVICES)}")
    if not devices:
        raise table.fail("devices", 'name at least one, such as ["cpu"]')
    return devices


def _tasks(table: Table, devices: tuple[str, ...]) -> tuple[Task, ...]:
    entries = table.data.get("tasks", [])
    if not isinstance(entries, list) or not entries:
        raise CourseError(f"{table.where}: there are no tasks; add one [[tasks]] for each")
    tasks = [_task(entry, f"{table.where}, task {number}", devices) for number, entry in enumerate(entries, 1)]
    ids = [task.id for task in tasks]
    for number, task_id in enumerate(ids, 1):
        if ids.index(task_id) != number - 1:
            raise CourseError(f"{table.where}, task {number}: id = {task_id!r}: an earlier task has it; rename one")
    return tuple(tasks)


def _task(entry: dict[str, Any], where: str, devices: tuple[str, ...]) -> Task:
    table = Table(entry, where, ("id", "title", "points", "hint", "device"))
    task_id, points = table.text("id"), table.number("points")
    if not is_identifier(task_id):
        raise table.fail("id", "write letters, digits and _, such as no_loops")
    if points <= 0:
        raise table.fail("points", "write a number above 0")
    device = table.text("device") if "device" in entry else None
    if device is not None and device not in devices:
        raise table.fail("device", f"not among the assignment's devices; {did_you_mean(device, devices)}")
    return Task(task_id, table.text("title"), points, table.text("hint"), device)
