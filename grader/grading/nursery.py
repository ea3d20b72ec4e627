"""Where grader processes come from: one process collects the hidden suites, the others are forked from it.

Importing pytest, NumPy and the suites costs most of a second of CPU time; a fork costs some milliseconds. On other
systems than Linux, where libraries do not survive a fork (Apple's Metal for one), each process collects for itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from grader.errors import CourseError, GraderError

__all__ = ["Child", "Nursery", "Start", "environment", "last_words"]

_START = 300.0  # seconds for the suites' imports: torch from a cold disk, on a loaded machine
_END = 30.0
_BOOT = "import sys; from grader.grading.session import main; raise SystemExit(main(*map(int, sys.argv[1:])))"
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_CHANGES_TESTS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT")


class Child(Protocol):
    """A grader process that was started."""

    pid: int

    def end(self, *, kill: bool) -> int | None:
        """Wait for its end, which comes when its jobs do; or kill it. Gives its status, None if that is not known."""


Start = Callable[[int, int, int, int | None], Child]
"""Starts a process that reads jobs from, writes events to, and prints to these descriptors, on this core."""


class Nursery:
    """Collects the hidden suites for these settings (see `grader.grading.session.Config`); `suites` are their tests.

    What its processes leave behind when they are killed lies in `scratch`. Raises CourseError where the suites cannot be
    collected, GraderError where it dies or takes longer than `patience` seconds.
    """

    def __init__(self, settings: Mapping[str, Any], scratch: str, *, patience: float = _START) -> None:
        self._settings, self._environment = settings, environment(scratch)
        self._forks = sys.platform == "linux"
        self._errors = tempfile.TemporaryFile()  # lives as long as the nursery # noqa: SIM115
        self._control, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET if self._forks else socket.SOCK_STREAM
        )
        events, writing = os.pipe()
        with theirs:
            self._process = self._popen(writing, -1, theirs.fileno(), self._errors.fileno())
            os.close(writing)
        try:
            self.suites = self._collected(events, time.monotonic() + patience)
        except BaseException:
            self._process.kill()
            self.close()
            raise
        finally:
            os.close(events)

    @property
    def alive(self) -> bool:
        """Whether it can still start processes."""
        return not self._forks or self._process.poll() is None

    def start(self, jobs: int, events: int, errors: int, core: int | None) -> Child:
        """A grader process with these descriptors on this core (a `Start`)."""
        if not self._forks:
            return _Spawned(self._popen(events, jobs, -1, errors))
        answer = self._ask({"fork": True, "core": core}, [jobs, events, errors])
        if "pid" not in answer:
            raise GraderError(f"no grader process could be started: {answer.get('error', 'their nursery is gone')}")
        return _Forked(answer["pid"], self)

    def reap(self, pid: int) -> int | None:
        """The status of a process that has ended."""
        status: int | None = self._ask({"reap": pid}).get("status")
        return status

    def close(self) -> None:
        """End it; the processes that came from it go on until their jobs end."""
        self._control.close()
        _wait_or_kill(self._process)
        self._errors.close()

    def _popen(self, events: int, jobs: int, control: int, errors: int) -> subprocess.Popen[bytes]:
        """One process of `grader.grading.session`; the settings, with the secret in them, go through a pipe."""
        reading, writing = os.pipe()
        numbers = (reading, events, jobs, control)
        process = subprocess.Popen(
            # -P: a folder of submissions that we are started in must not be on the path
            [sys.executable, "-P", "-c", _BOOT, *map(str, numbers)], pass_fds=[fd for fd in numbers if fd >= 0],
            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=self._environment,
        )  # fmt: skip
        os.close(reading)
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(self._settings))
        return process

    def _collected(self, events: int, until: float) -> dict[str, dict[str, list[tuple[str, float]]]]:
        """The tests of every suite, as the first event tells them."""
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([events], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise GraderError("the suites could not be made ready: the suite itself took too long")
            chunk = os.read(events, 1 << 20)
            if not chunk:
                raise GraderError(f"the suites could not be made ready: {self._last_words()}")
            said += chunk
        event = json.loads(said.splitlines()[0])
        if event["event"] == "broken":
            raise CourseError(f"the hidden suites cannot be used: {event['message']}")
        return {name: {task: [(test, weight) for test, weight in tests] for task, tests in suite.items()}
                for name, suite in event["suites"].items()}  # fmt: skip

    def _last_words(self) -> str:
        return last_words(_wait_or_kill(self._process), self._errors)

    def _ask(self, order: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """What it answers; nothing when it is gone."""
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
            answer: dict[str, Any] = json.loads(self._control.recv(1 << 12) or b"{}")
        except OSError as error:
            return {"error": str(error)}
        return answer


class _Forked:
    """A child of the nursery. Its pid is its own until the nursery has reaped it, so the pidfd is opened in time."""

    def __init__(self, pid: int, nursery: Nursery) -> None:
        self.pid, self._nursery = pid, nursery
        self._handle = os.pidfd_open(pid)

    def end(self, *, kill: bool) -> int | None:
        if kill or not select.select([self._handle], [], [], _END)[0]:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            select.select([self._handle], [], [], _END)
        os.close(self._handle)
        return self._nursery.reap(self.pid)


class _Spawned:
    """A process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid, self._process = process.pid, process

    def end(self, *, kill: bool) -> int | None:
        if kill:
            self._process.kill()
        return _wait_or_kill(self._process)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def last_words(status: int | None, errors: BinaryIO) -> str:
    """How a process ended, and what it printed."""
    errors.seek(0)
    said = errors.read().decode("utf-8", "replace").strip()[-2000:]
    return f"the grader process ended with status {status}, and said: {said or 'nothing'}"


def environment(scratch: str) -> dict[str, str]:
    """Ours, less what would change how tests run."""
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_TESTS}
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": scratch}
    return {**kept, **dict.fromkeys(_ONE_THREAD, "1"), **fixed}
