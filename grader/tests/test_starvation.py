"""On a machine that is overloaded a call may take as long as it has to: what the worker waited for a core does not count."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from grader.course import Limits
from grader.errors import LimitExceeded
from grader.sandbox import watch
from grader.sandbox.clock import starved
from grader.sandbox.watch import Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading needs Linux")

BURN = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile os.getppid() != 1: pass"


def test_what_a_process_waited_for_its_core_is_told():
    core = str(min(os.sched_getaffinity(0)))
    rivals = [subprocess.Popen([sys.executable, "-c", BURN, core]) for _ in range(2)]
    try:
        ends = time.monotonic() + 30
        while min(starved(rival.pid) for rival in rivals) < 0.1:
            assert time.monotonic() < ends, [starved(rival.pid) for rival in rivals]
            time.sleep(0.05)
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()


def test_sleep_is_no_starvation_and_a_dead_process_has_none():
    before = starved(os.getpid())
    time.sleep(0.3)
    assert starved(os.getpid()) - before < 0.25
    assert starved(2**22 + 5) == 0


@pytest.fixture
def running(monkeypatch):
    """A watch whose call has begun; `running.at(now, waited)` sets the clock and the starvation, and looks."""
    now, waited = [100.0], [7.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch, "starved", lambda pid: waited[0] / 2)  # half the worker's, half our own
    monkeypatch.setattr(watch, "holdings", lambda pid: (0, 1))

    class Running:
        def at(self, time, waiting):
            now[0], waited[0] = time, waiting
            self.watch.look(0)

    made = Running()
    made.watch = Watch(os.getpid(), Limits(cpu=2), 1000.0, None, None)
    made.watch.begin_call()
    made.at(100.01, 7.0)
    return made


def test_a_call_that_had_its_core_ends_at_the_limit(running):
    running.at(109.9, 7.0)
    with pytest.raises(LimitExceeded, match="gave no answer for 10 s"):
        running.at(110.1, 7.0)


def test_a_call_that_waited_for_its_core_goes_on_for_as_long(running):
    running.at(110.1, 12.0)
    running.at(114.9, 12.0)
    with pytest.raises(LimitExceeded, match="gave no answer for 10 s"):
        running.at(115.2, 12.0)


def test_what_was_waited_before_the_call_gives_nothing(running):
    running.watch.begin_call()
    running.at(100.2, 90.0)
    with pytest.raises(LimitExceeded, match="gave no answer for 10 s"):
        running.at(110.3, 90.0)
