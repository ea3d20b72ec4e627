"""Limits of a worker: each a verdict with its figure; and the parts that watch them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grader.errors import LimitExceeded, SandboxFault
from grader.sandbox import cgroup
from grader.sandbox.clock import cpu_seconds, holdings
from grader.sandbox.scratch import Scratch
from grader.tests.hostile import WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


ENDLESS = {
    "cpu": ("while True: pass", r"used 0\.[3-9] s of 0\.3 s CPU time"),
    "wall": ("time.sleep(60)", r"gave no answer for 1\.5 s \(it waited more than it computed\)"),
    "output": ("while True: print('x' * 1000)", "printed more than the 64 KB that are allowed"),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_limit_is_a_verdict_with_the_figure(arena, what):
    code, message = ENDLESS[what]
    with pytest.raises(LimitExceeded, match=f"^{message}$") as caught:
        arena.student(f"def f():\n    {code}", cpu=0.3, output=64 << 10).f()
    assert caught.value.what == what
    arena.still_works()


def test_memory_is_a_verdict_with_the_figure(arena):
    with pytest.raises(LimitExceeded, match=r"^used \d+(\.\d+)? MB of 64 MB of memory$"):
        arena.student(
            "import numpy as np\ndef f():\n    x = []\n    while True: x.append(np.ones(1 << 17))", memory=64 << 20
        ).f()


def test_the_disk_is_bounded(arena):
    submission = arena.student(
        "def f():\n    for k in range(99): open(str(k), 'wb').write(bytes(1 << 20))\n    time.sleep(9)", disk=8 << 20
    )
    with pytest.raises(
        (LimitExceeded, OSError), match="wrote more than the 8 MB of files that are allowed|No space left on device"
    ):
        submission.f()


def test_the_time_of_a_submission_ends_every_call(arena):
    submission = arena.student("def f(): time.sleep(60)\ndef g(): return 1", deadline=0.4, submission=7)
    assert submission.g() == 1
    with pytest.raises(LimitExceeded, match="^all tasks together took longer than 7 s$") as caught:
        submission.f()
    assert caught.value.what == "submission"
    late = arena.student("def g(): return 1", deadline=-1)
    with pytest.raises(LimitExceeded, match="^all tasks together took longer than 600 s$"):
        late.g()


def test_what_a_thread_burns_between_calls_counts(arena):
    submission = arena.student(
        "def burn():\n    while True: pass\ndef f(): threading.Thread(target=burn, daemon=True).start()\ndef g(): return 1",
        cpu=0.2,
    )
    submission.f()
    while arena.workers[-1].cpu_seconds() < 0.5:
        time.sleep(0.01)
    with pytest.raises(LimitExceeded, match=r"^used 0\.[4-9] s of 0\.2 s CPU time$"):
        submission.g()


def test_the_cpu_clock_is_the_workers(arena):
    submission = arena.student("def f():\n    end = time.process_time() + 0.1\n    while time.process_time() < end: pass")
    port = arena.workers[-1]
    before, ours = port.cpu_seconds(), time.process_time()
    submission.f()
    assert 0.09 < port.cpu_seconds() - before < 1
    assert time.process_time() - ours < 0.09
    arena.still_works()
    with pytest.raises(SandboxFault, match="^the worker's CPU clock cannot be read: "):
        port.cpu_seconds()


def test_the_clock_of_nobody_cannot_be_read():
    for pid in (-1, 0, 1 << 22):
        with pytest.raises(OSError, match="No such process|Invalid argument"):
            cpu_seconds(pid)
    assert holdings(1 << 22) == (0, 0)
    assert holdings(os.getpid())[0] > 1 << 20


def test_prints_are_kept_and_cut(arena):
    submission = arena.student("print('at import')\ndef f(n): print('x' * n); print('to the other', file=sys.stderr)")
    submission.f(10)
    assert sorted(arena.workers[-1].output.split("\n")) == ["", "at import", "to the other", "x" * 10]
    submission.f(100_000)
    assert arena.workers[-1].output.endswith("\n[cut: 100,048 bytes in all]")
    assert len(arena.workers[-1].output) < 66_000
    quiet = arena.student("def f(): os.close(1); os.close(2); sys.stdout = None; return 1\ndef g(): return 2")
    assert (quiet.f(), quiet.g()) == (1, 2)


def test_a_control_group_takes_nobody_but_the_worker():
    group = cgroup.Cgroup.make(64 << 20, 10)
    if group is None:
        pytest.skip("no control group can be made here")
    for pid in (0, -1):
        with pytest.raises(ProcessLookupError):
            group.add(pid)
    folders = set(group._folders.values())
    assert all(folder.is_dir() for folder in folders)
    group.remove()
    assert not any(folder.exists() for folder in folders)


def test_control_groups_that_a_killed_grader_left_are_removed(monkeypatch, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for kind, pid in (("memory", ended.pid), ("pids", ended.pid), ("memory", os.getpid()), ("memory", "odd")):
        (tmp_path / kind / f"grader-{pid}-1").mkdir(parents=True)
        os.utime(tmp_path / kind / f"grader-{pid}-1", (0, 0))
    (tmp_path / "memory" / f"grader-{ended.pid}-new").mkdir()
    monkeypatch.setattr(cgroup, "_ROOT", tmp_path)
    cgroup.Cgroup.sweep()
    assert sorted(os.listdir(tmp_path / "memory")) == sorted([f"grader-{os.getpid()}-1", f"grader-{ended.pid}-new"])
    assert os.listdir(tmp_path / "pids") == []


def test_without_control_groups_the_limits_hold(arena, monkeypatch):
    monkeypatch.setattr(cgroup.Cgroup, "make", classmethod(lambda *_: None))
    with pytest.raises(LimitExceeded, match="of 64 MB of memory$"):
        arena.student("def f():\n    x = []\n    while True: x.append([0.5] * 10_000)", memory=64 << 20).f()
    code = "def f():\n    for _ in range(3000): attempt(threading.Thread(target=time.sleep, args=[9]).start)\n"
    code += "    time.sleep(9)"
    with pytest.raises(LimitExceeded, match=r"^ran \d+ threads, where 64 are allowed$"):
        arena.student(code, memory=4 << 30).f()


def test_a_scratch_folder_counts_and_removes_what_student_code_left():
    with tempfile.TemporaryDirectory() as name:
        outside = Path(name) / "outside"
        outside.mkdir()
        (outside / "kept").write_text("x" * 100_000)
        scratch = Scratch(Path(name), 1, {"m.py": b"x = 1", "sub/deep/n.py": b"y = 2"})
        assert (scratch.submission / "sub/deep/n.py").read_bytes() == b"y = 2"
        before = scratch.used(os.getpid(), 1 << 30)  # files of pytest's own that have no name
        (scratch.tmp / "link").symlink_to(outside)
        (scratch.tmp / "deep/er").mkdir(parents=True)
        (scratch.tmp / "deep/er/file").write_bytes(bytes(50_000))
        (scratch.tmp / "deep").chmod(0)
        assert 50_000 < scratch.used(os.getpid(), 1 << 30) - before < 100_000 or os.getuid() != 0
        assert scratch.used(os.getpid(), 1) < 20_000
        with open(scratch.tmp / "gone", "wb") as held:
            held.write(bytes(200_000)), held.flush()
            os.unlink(held.name)
            assert scratch.used(os.getpid(), 1 << 30) - before > 200_000
        scratch.remove()
        assert not scratch.folder.exists()
        assert (outside / "kept").exists()
