"""Cores of grader processes: the quietest first, one each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.grading.cores import Cores, pin
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS

COURSE = Path(__file__).parent / "toy_course"
RIGHT = (COURSE / "solutions" / "toy" / "toy.py").read_text()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and sets cores")


def stat(path: Path, **busy: int) -> Path:
    lines = [f"{name} {ticks} 0 5 1000 7 0 0 0 0 0" for name, ticks in busy.items()]
    path.write_text("\n".join(["cpu  1 2 3 4 5 6 7 8 0 0", *lines, "intr 5 0", "ctxt 7"]))
    return path


def test_the_least_busy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 3})
    cores = Cores(stat(tmp_path / "stat", cpu0=100, cpu1=900, cpu2=0, cpu3=0))
    stat(tmp_path / "stat", cpu0=190, cpu1=910, cpu2=0, cpu3=50)
    assert cores.quietest() == [1, 3, 0]


def test_where_nothing_is_told_there_are_none(tmp_path: Path) -> None:
    assert Cores(tmp_path / "absent").quietest() == []
    (tmp_path / "odd").write_text("cpu0 one two\n")
    assert Cores(tmp_path / "odd").quietest() == []


def test_a_core_that_is_not_ours_changes_nothing() -> None:
    before = os.sched_getaffinity(0)
    pin(1 << 14)
    assert os.sched_getaffinity(0) == before


def test_processes_have_a_core_each(crew_on: Callable[..., Crew], graded: Callable[..., list[Graded]]) -> None:
    here = os.sched_getaffinity(0)
    with crew_on(COURSE, size=2, level=IN_PROCESS) as crew:
        graded(crew, *[RIGHT] * 4)
        used = [os.sched_getaffinity(pid) for pid in crew.pids]
    assert [len(cores) for cores in used] == [1, 1]
    assert set.union(*used) <= here
    assert len(here) == 1 or used[0] != used[1]
    assert os.sched_getaffinity(0) == here
