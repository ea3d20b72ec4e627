"""Reading `@pytest.mark.task(...)`, strictly: a typing error in a mark must not become a test that nobody counts."""

from __future__ import annotations

import math

import pytest

from grader.course import Assignment, nearest_assignment
from grader.errors import CourseError

from .state import MARK, TaskMark

__all__ = ["mark_items", "once_for_each_task", "test_name"]

_TASK = "task_of_the_mark"


def once_for_each_task(metafunc: pytest.Metafunc) -> None:
    """Have a test with the marks of several tasks run once for each: the same test on the CPU and on a GPU, for instance."""
    marks = [mark for mark in metafunc.definition.own_markers if mark.name == "task"][::-1]
    if len(marks) > 1:
        metafunc.fixturenames.append(_TASK)
        metafunc.parametrize(_TASK, [pytest.param(mark, id=str(mark.args[0] if mark.args else "")) for mark in marks])


def mark_items(items: list[pytest.Item]) -> None:
    """Attach a TaskMark to every test that has the mark and lies in an assignment. Raises CourseError for a wrong one."""
    assignments: dict[str, Assignment | None] = {}
    for item in items:
        folder = str(item.path.parent)
        if folder not in assignments:
            assignments[folder] = nearest_assignment(item.path)
        assignment = assignments[folder]
        if assignment is not None and item.get_closest_marker("task") is not None:
            item.stash[MARK] = _read(item, assignment)


def test_name(item: pytest.Item) -> str:
    """The test's name within its suite: class and function, with parameters."""
    return "::".join(item.nodeid.split("::")[1:])


def _read(item: pytest.Item, assignment: Assignment) -> TaskMark:
    callspec = getattr(item, "callspec", None)
    marker = callspec.params.get(_TASK) if callspec is not None else None
    marker = marker or item.get_closest_marker("task")
    assert marker is not None
    where = f"{item.path.name}, {item.name}"
    unknown = set(marker.kwargs) - {"weight", "device"}
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or unknown:
        raise CourseError(f'{where}: write @pytest.mark.task("id"), with weight= and device= if you like')
    try:
        task = assignment.task(marker.args[0])
    except CourseError as error:
        raise CourseError(f"{where}: {error}") from None
    weight = marker.kwargs.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight) or weight <= 0:
        raise CourseError(f"{where}: weight={weight!r} must be a number above 0")
    return TaskMark(assignment, task.id, weight, _device(marker.kwargs.get("device"), task.device, assignment, where))


def _device(named: object, of_task: str | None, assignment: Assignment, where: str) -> str | None:
    device = named if named is not None else of_task
    if device is None:
        return None
    if device not in assignment.devices:
        known = ", ".join(assignment.devices)
        raise CourseError(f"{where}: device={device!r} is not among the devices of assignment.toml ({known})")
    return str(device)
