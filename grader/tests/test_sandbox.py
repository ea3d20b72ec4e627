"""The life of workers: how each begins, that they do not meet, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from grader.course import Limits
from grader.errors import WorkerDied
from grader.sandbox import levels
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.scratch import scratch_root
from grader.sandbox.view import view_of
from grader.tests.hostile import COLD, WARM, named, open_arena

EVERY = [*WARM, *COLD]


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


every_way = pytest.mark.parametrize("arena", EVERY, ids=named, indirect=True)
TALLY = "count = 0\ndef up():\n    global count\n    count += 1\n    return count\n"


@every_way
def test_every_worker_begins_with_a_module_that_just_ran(arena):
    first = arena.student(TALLY)
    assert [first.up(), first.up()] == [1, 2]
    assert arena.student(TALLY).up() == 1
    assert first.up() == 3


@every_way
def test_every_worker_begins_with_the_libraries_defaults(arena):
    source = """
        import numpy as np, random
        def spoil():
            np.seterr(all="raise"); np.set_printoptions(precision=1); os.environ["X"] = "1"; sys.path.clear(); random.seed(0)
            np.random.seed(0); np.pi = 4; sys.setrecursionlimit(500); __import__("math").pi = 3; os.umask(0o777)
        def state():
            switches = np.geterr(), np.get_printoptions()["precision"], "X" in os.environ
            return *switches, np.pi, sys.getrecursionlimit(), __import__("math").pi
        def draws(): return np.random.rand(3), random.random(), hash("text"), list({"a", "b", "c", "d", "e"})
        """
    first = arena.student(source)
    before, draws = first.state(), first.draws()
    first.spoil()
    second = arena.student(source)
    assert (
        second.state()
        == before
        == ({"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}, 8, False, np.pi, 1000, np.pi)
    )
    again = second.draws()
    assert np.array_equal(draws[0], again[0])
    assert draws[1:] == again[1:]


def test_warm_and_cold_workers_draw_the_same_numbers():
    source = "import numpy as np, random\n"
    source += "def f(): return np.random.rand(4).tolist(), random.random(), hash('x'), list(set('abcdef'))"
    found = []
    for way in EVERY:
        if levels.probe(way[0]) is None:
            sandbox = Sandbox(way[0], view_of(["numpy"]), warm=way[1])
            for seed in (3, 4):
                worker = sandbox.worker(Job({"m.py": source.encode()}, "m.py", seed=seed), Limits(), time.monotonic() + 60)
                module = worker.request({"op": "load", "args": []}, [])[0]["ok"]
                function = worker.request({"op": "get", "args": [module, "f"]}, [])[0]["ok"]
                head, buffers = worker.request({"op": "call", "args": [function, [], []]}, [])
                found.append((seed, str(head), [bytes(b) for b in buffers]))
            sandbox.close()
    assert len({repr(each) for each in found if each[0] == 3}) == 1
    assert len({repr(each) for each in found}) == 2


def test_several_workers_at_a_time_do_not_meet(arena):
    """And a dead one takes nobody with it."""
    submissions = [arena.student(f"{TALLY}\nnumber = {k}\ndef end(): os._exit(0)") for k in range(5)]
    assert [s.number for s in submissions] == list(range(5))
    with pytest.raises(WorkerDied):
        submissions[2].end()
    assert [submissions[k].up() for k in (0, 1, 3, 4)] == [1] * 4
    arena.still_works()


@every_way
def test_nothing_is_left_of_thirty_workers(arena):
    """No descriptor, no process, no folder, no control group; threads of the workers end with them."""
    arena.still_works()
    before = _traces(arena)
    for k in range(30 if arena.warm else 3):
        submission = arena.student(
            "def f():\n    threading.Thread(target=time.sleep, args=[99]).start()\n    open('x', 'w').write('x')"
        )
        submission.f()
        arena.workers.pop(0).close()
        if k % 10 == 0:
            with pytest.raises(WorkerDied):
                arena.student("def f(): os._exit(0)").f()
            arena.workers.pop(0).close()
    for _ in range(100):
        if _traces(arena) == before:
            break
        time.sleep(0.01)
    assert _traces(arena) == before


def _traces(arena):
    groups = [
        name for kind in ("memory", "pids", "") for name in _names(f"/sys/fs/cgroup/{kind}") if name.startswith("grader-")
    ]
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    ours = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if "_grader_worker" in _text(f"/proc/{pid}/cmdline")]
    return {
        "groups": [name for name in groups if name.split("-")[1] == str(os.getpid())], "children": len(children),
        "descriptors": len(os.listdir("/proc/self/fd")), "folder": _names(arena.sandbox._root), "zygotes": len(_below(ours)),
    }  # fmt: skip


def _below(pids):
    """Those of the processes that descend from this one."""
    parents = {
        pid: _text(f"/proc/{pid}/stat").rpartition(")")[2].split()[1:2] for pid in filter(str.isdigit, os.listdir("/proc"))
    }

    def mine(pid):
        while pid and pid != str(os.getpid()):
            pid = next(iter(parents.get(pid, [])), "")
        return bool(pid)

    return [pid for pid in pids if mine(pid)]


def _names(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _text(path):
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


@pytest.fixture
def open_folder():
    """A folder that every user can pass through."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_root_avoids_a_temporary_folder_of_its_own_alone(open_folder, monkeypatch):
    for mode, used in ((0o700, os.getuid() != 0), (0o755, True)):
        (open_folder / "tmp").mkdir(exist_ok=True)
        (open_folder / "tmp").chmod(mode)
        monkeypatch.setattr(tempfile, "tempdir", str(open_folder / "tmp"))
        root = scratch_root()
        assert (root.parent == open_folder / "tmp") == used
        root.rmdir()


def test_closing_a_sandbox_ends_workers_that_nobody_closed():
    for level, warm in EVERY:
        if levels.probe(level) is not None:
            continue
        sandbox = Sandbox(level, view_of([]), warm=warm)
        workers = [sandbox.worker(Job({"m.py": b""}, "m.py"), Limits(), time.monotonic() + 60) for _ in range(2)]
        pids, root = [worker._pid for worker in workers], sandbox._root
        sandbox.close()
        assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
        assert not root.exists()


def test_a_sandbox_ends_with_its_grader(open_folder):
    """However the grader ends."""
    for level, warm in EVERY:
        if levels.probe(level) is not None:
            continue
        script = (
            "from grader.course import Limits\nfrom grader.sandbox.view import view_of\n"
            "from grader.sandbox.sandbox import Job, Sandbox\n"
            f"sandbox, job = Sandbox({level!r}, view_of([]), warm={warm}), Job({{'m.py': b'while True: pass'}}, 'm.py')\n"
            "worker = sandbox.worker(job, Limits(), 1e9)\n"
            "print(worker._pid, flush=True)\nworker.request({'op': 'load', 'args': []}, [])"
        )
        environment = {**os.environ, "TMPDIR": str(open_folder), "PYTHONPATH": os.pathsep.join(sys.path)}
        grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
        with grader:
            pid = int(grader.stdout.readline())
            assert os.path.exists(f"/proc/{pid}")
            grader.send_signal(signal.SIGKILL)
        for _ in range(300):
            if not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.01)
        assert not os.path.exists(f"/proc/{pid}"), (level, warm)


def test_a_zygote_that_died_is_replaced(arena):
    arena.still_works()
    zygote = arena.sandbox._shared
    zygote._process.kill()
    zygote._process.wait()
    arena.still_works()
    assert arena.sandbox._shared is not zygote


def test_a_strict_umask_locks_nobody_out():
    before = os.umask(0o077)
    try:
        for level, warm in EVERY:
            if levels.probe(level) is None:
                sandbox = Sandbox(level, view_of([]), warm=warm)
                worker = sandbox.worker(Job({"m.py": b"x = 5", "a/b.py": b""}, "m.py"), Limits(), time.monotonic() + 60)
                assert "ok" in worker.request({"op": "load", "args": []}, [])[0]
                sandbox.close()
    finally:
        os.umask(before)
