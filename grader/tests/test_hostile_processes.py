"""Attacks by processes: new ones, other programs, signals, priorities, and what should outlive its worker."""

from __future__ import annotations

import os
import time

import pytest

from grader.errors import LimitExceeded
from grader.sandbox.watch import THREADS
from grader.tests.hostile import COLD, WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param)


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


STARTING = """
import multiprocessing, resource, signal, subprocess
from concurrent.futures import ProcessPoolExecutor
def run(*words): subprocess.run(words, check=True)
def fork():
    if os.fork() == 0: os._exit(0)
def cloned(flags):
    if call(56, 220, flags, 0, 0, 0, 0) == 0: os._exit(0)
def process():
    p = multiprocessing.get_context("fork").Process(target=int); p.start(); p.join()
NEW = {
    "fork": fork, "vfork": lambda: cloned(0x4000 | 0x100 | 17), "clone": lambda: cloned(17),
    "a sibling": lambda: cloned(0x8000 | 17), "new namespaces": lambda: cloned(0x10000000 | 17),
    "clone3": lambda: call(435, 435, 0, 0),
    "run": lambda: run(sys.executable, "-c", "1"), "a shell": lambda: run("/bin/sh", "-c", "true"),
    "popen": lambda: os.popen("true").read(),
    "spawn": lambda: os.posix_spawn(sys.executable, ["python"], {}),
    "a pool": lambda: ProcessPoolExecutor(1).submit(int).result(),
    "multiprocessing": process,
}
PROGRAMS = {
    "exec": lambda: os.execv(sys.executable, ["python"]), "exec a shell": lambda: os.execv("/bin/sh", ["sh"]),
    "exec by descriptor": lambda: os.execve(os.open(os.__file__, os.O_RDONLY), ["x"], {}),
    "execveat": lambda: call(322, 281, -100, 0, 0, 0, 0),
    "a program in memory": lambda: os.memfd_create("program"), "exec itself": lambda: os.execv("/proc/self/exe", ["x"]),
}
OTHERS = {
    "session": os.setsid, "group": lambda: os.setpgid(0, 0), "die with nobody": lambda: call(157, 167, 1, 9, 0, 0, 0),
    "unshare": lambda: call(272, 97, 0x10000000), "enter": lambda: call(308, 268, 0, 0),
    "nice of all": lambda: os.setpriority(os.PRIO_USER, 0, 19),
    "nice of the group": lambda: os.setpriority(os.PRIO_PGRP, 0, 19),
    "nice of the parent": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid() or 1 + (os.getpid() == 1), 19),
    "affinity of another": lambda: os.sched_setaffinity(os.getppid() or 2, {0}),
    "scheduler of another": lambda: os.sched_setscheduler(os.getppid() or 2, os.SCHED_IDLE, os.sched_param(0)),
    "limits of another": lambda: resource.prlimit(os.getppid() or 2, resource.RLIMIT_CPU, (1, 1)),
    "input for all": lambda: call(251, 30, 3, 0, 0), "personality": lambda: call(135, 92, 0x40000),
    "the clock": lambda: call(227, 112, 0, 0), "the host's name": lambda: call(170, 161, 0, 0),
    "reboot": lambda: call(169, 142, 0, 0, 0, 0),
    "stop the parent": lambda: os.kill(os.getppid() or 2, signal.SIGSTOP),
}
OWN = {
    "nice": lambda: os.nice(5), "affinity": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    "limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 0),
    "handler": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), "thread": lambda: threading.Thread(target=int).start(),
}
"""


def test_no_process_and_no_program_can_be_started(arena):
    found = arena.attempts(f"{STARTING}\nTRIES = {{**NEW, **PROGRAMS, **OTHERS}}")
    absent = {"clone3": "ENOSYS"}
    late = {"a pool": found.get("a pool")}  # it may notice in another thread
    assert found == dict.fromkeys(found, "EPERM") | absent | late
    assert late["a pool"] in ("EPERM", "BrokenProcessPool", "EACCES", "ENOENT", "RuntimeError", "ENOSYS")


def test_what_concerns_itself_is_allowed(arena):
    found = arena.attempts(f"{STARTING}\nTRIES = OWN")
    assert found == dict.fromkeys(found, "allowed")


def test_threads_are_counted(arena):
    """By a control group where there is one: then no more can be started; else from outside."""
    submission = arena.student(
        """
        def f():
            started = 0
            try:
                for started in range(5000): threading.Thread(target=time.sleep, args=[60], daemon=True).start()
            except RuntimeError: pass
            time.sleep(0.2)
            return started
        """
    )
    try:
        assert 20 < submission.f() <= THREADS
    except LimitExceeded as limit:
        assert (limit.what, str(limit)[-21:]) == ("processes", f"where {THREADS} are allowed")  # noqa: PT017


def test_a_worker_that_stops_itself_is_ended(arena):
    submission = arena.student("import signal\ndef f():\n    os.kill(os.getpid(), signal.SIGSTOP); time.sleep(60)", cpu=0.15)
    with pytest.raises(LimitExceeded, match="^gave no answer for 0.75 s .it waited more than it computed.$"):
        submission.f()


def test_processes_that_are_allowed_end_with_their_worker(arena):
    """Forked twice, deaf to signals, with the wire held open: the worker's end is theirs."""
    submission = arena.student(
        """
        import signal
        def f():
            for _ in range(2):
                if os.fork() == 0:
                    if os.fork() == 0:
                        for k in range(1, 65):
                            with __import__("contextlib").suppress(OSError, ValueError): signal.signal(k, signal.SIG_IGN)
                        while True: time.sleep(60)
                    os._exit(0)
            return attempt(os.setsid), attempt(lambda: os.setpgid(0, 0)), attempt(lambda: os.execv(sys.executable, ["x"]))
        def g(): os._exit(0)
        """,
        processes=8,
    )
    assert submission.f() == ("EPERM", "EPERM", "EPERM")
    worker = arena.workers[-1]
    leader = worker._pid
    assert _eventually(lambda: len(_session(leader)) == 3)
    with pytest.raises(BaseException, match="the process ended in the middle of a call"):
        submission.g()
    assert _gone(leader)


def test_a_fork_bomb_is_bounded_and_cleared_away(arena):
    submission = arena.student(
        """
        def f():
            try:
                while True:
                    if os.fork() == 0: time.sleep(60)
                    if os.fork() == 0: continue
            except OSError: time.sleep(60)
        """,
        processes=8, cpu=0.2,
    )  # fmt: skip
    leader = arena.workers[-1]._pid
    with pytest.raises(LimitExceeded):
        submission.f()
    assert _gone(leader)


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_a_cold_worker_starts_no_process_either(arena):
    found = arena.attempts(f"{STARTING}\nNEW.pop('a pool')\nTRIES = {{**NEW, **PROGRAMS, **OTHERS}}")
    assert found == dict.fromkeys(found, "EPERM") | {"clone3": "ENOSYS"}
    submission = arena.student("def f():\n    if os.fork() == 0: time.sleep(60)\n    return 1", processes=4)
    assert submission.f() == 1
    leader = arena.workers[-1]._pid
    arena.still_works()
    assert _gone(leader)


def _session(leader):
    """Processes of the session of this leader, as seen from here."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as source:
                state, _, _, session = source.read().rpartition(b")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != b"Z":
            found.append(int(name))
    return found


def _gone(leader):
    return _eventually(lambda: not _session(leader))


def _eventually(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.01)
    return False
