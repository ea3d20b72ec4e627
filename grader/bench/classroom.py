"""A class of identical kNN submissions: what grading costs beyond the student's own computing."""

from __future__ import annotations

import dataclasses
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

from grader.course import find_course

from .cpu import cpu_of
from .figure import Figure, median_of

__all__ = ["growth", "run"]

_STUDENTS, _GROWTH_STUDENTS = 20, 200
_ROUNDS = 3
_FACTS = """
title = "kNN, five checks"
module = "knn"
packages = ["numpy"]
devices = ["cpu"]
[limits]
cpu = 60
"""
_TASKS = ("two_loops_few", "one_loop", "no_loops", "labels", "predict")
_SUITE = """
import numpy as np
import pytest

from grader.checks import expect_close, expect_equal


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    train, test = rng.normal(size=(500, 3072)), rng.normal(size=(100, 3072))
    labels = rng.integers(0, 10, 500)
    distances = np.sqrt((test**2).sum(1)[:, None] + (train**2).sum(1) - 2 * test @ train.T)
    return train, labels, test, distances


@pytest.fixture
def knn(submission, data):
    made = submission.KNearestNeighbor()
    made.train(data[0], data[1])
    return made


@pytest.mark.task("two_loops_few")
def test_two(knn, data):
    expect_close(knn.compute_distances_two_loops(data[2][:5]), data[3][:5])


@pytest.mark.task("one_loop")
def test_one(knn, data):
    expect_close(knn.compute_distances_one_loop(data[2]), data[3])


@pytest.mark.task("no_loops")
def test_no(knn, data):
    expect_close(knn.compute_distances_no_loops(data[2]), data[3])


@pytest.mark.task("labels")
def test_labels(knn, data):
    expect_equal(knn.predict_labels(data[3], 1), data[1][data[3].argmin(1)])


@pytest.mark.task("predict")
def test_predict(knn, data):
    expect_equal(knn.predict(data[2], 1), data[1][data[3].argmin(1)])
"""
_BARE = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from knn import KNearestNeighbor
rng = np.random.default_rng(1)
train, test = rng.normal(size=(500, 3072)), rng.normal(size=(100, 3072))
labels = rng.integers(0, 10, 500)
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
begun = cpu()
for call in range(int(sys.argv[2])):
    knn = KNearestNeighbor()
    knn.train(train, labels)
    knn.compute_distances_two_loops(test[:5])
    knn.compute_distances_one_loop(test)
    distances = knn.compute_distances_no_loops(test)
    knn.predict_labels(distances, 1)
    knn.predict(test, 1)
print((cpu() - begun) / int(sys.argv[2]))
"""


def run() -> Iterator[Figure]:
    """CPU seconds a submission: the student's own, and everything beyond it, start of the grader included.

    The two are measured in turn, because the speed of a shared machine drifts, and on all cores at once, as grading is.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = _course(Path(folder), _STUDENTS)
        for label, extra in (("warm", ()), ("cold", ("--start", "cold"))):
            own, beyond, wall = [], [], []
            for _ in range(_ROUNDS):
                own.append(_own(course, 20))
                total, seconds = _graded(course, *extra)
                beyond.append(total / _STUDENTS - own[-1])
                wall.append(seconds)
            yield median_of(f"class of 20, {label} starts: the student's own computing", own, "CPU s a submission")
            name, goal = f"class of 20, {label} starts: beyond it", 0.25 if label == "warm" else None
            yield median_of(name, beyond, "CPU s a submission", goal)
            yield median_of(f"class of 20, {label} starts", wall, "s wall")


def growth() -> Iterator[Figure]:
    """How much the grader process grows from its 10th to its 200th submission."""
    from grader.grading.crew import Crew, Work

    with tempfile.TemporaryDirectory() as folder:
        root = _course(Path(folder), 1)
        course = find_course(root)
        limits = dataclasses.replace(course.assignment("knn5").limits, submission=600)
        files = {"knn.py": (root / "submitted/s000/knn5/knn.py").read_bytes()}
        settings = {
            "root": str(root), "assignments": ["knn5"], "level": "bubblewrap", "warm": True, "purpose": "feedback",
            "secret": "00" * 32, "devices": ["cpu"],
        }  # fmt: skip
        sizes = []
        with Crew(settings, 1) as crew:
            for _ in crew.run(Work(k, "knn5", files, limits) for k in range(_GROWTH_STUDENTS)):
                sizes.append(sum(map(_resident, crew.pids)))
        grown = (sizes[-1] - sizes[9]) / 2**20
        yield Figure(f"growth of the grader process, submission 10 to {_GROWTH_STUDENTS}", grown, "MB", 50)


def _course(folder: Path, students: int) -> Path:
    """A course with the five checks, and submissions that are the kNN reference."""
    reference = find_course(None).reference("knn")
    public, hidden = folder / "assignments/knn5", folder / "solutions/knn5"
    public.mkdir(parents=True)
    hidden.mkdir(parents=True)
    tasks = "".join(f'[[tasks]]\nid = "{task}"\ntitle = "{task}"\npoints = 1\nhint = "none"\n' for task in _TASKS)
    (public / "assignment.toml").write_text(textwrap.dedent(_FACTS) + tasks)
    shutil.copy(reference, hidden / "knn.py")
    (hidden / "test_knn5_hidden.py").write_text(_SUITE)
    for k in range(students):
        mine = folder / f"submitted/s{k:03}/knn5"
        mine.mkdir(parents=True)
        (mine / "knn.py").write_text(reference.read_text() + f"\n# {k}\n")
    return folder


def _own(course: Path, repeats: int) -> float:
    """CPU seconds of the computing alone, mean over as many processes side by side as there are cores."""
    command = [sys.executable, "-c", _BARE, str(course / "solutions/knn5"), str(repeats)]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    cores = range(len(os.sched_getaffinity(0)))
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in cores]
    return statistics.fmean(float(process.communicate()[0]) for process in processes)


def _graded(course: Path, *extra: str) -> tuple[float, float]:
    """CPU seconds of everything that grading the class started, and wall seconds."""
    where = [str(course / "submitted"), "--course", str(course)]
    command = [sys.executable, "-m", "grader", "grade", *where, "--force", *extra]
    env = {**os.environ, "GRADER_SECRET": "00" * 32}
    begun = time.monotonic()
    total, done = cpu_of(command, env)
    if done.returncode or done.stdout.count("5 / 5") != _STUDENTS:
        raise SystemExit(f"the class was not graded as it should be:\n{done.stdout}\n{done.stderr}")
    return total, time.monotonic() - begun


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
