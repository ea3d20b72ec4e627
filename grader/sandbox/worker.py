"""One worker seen from the trusted side: requests with deadlines, limits watched from outside, a death that is final."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from grader.course.limits import Limits, format_size
from grader.errors import LimitExceeded, MalformedReply, SandboxFault, Verdict, WorkerDied
from grader.worker.frame import Buffer, Caps, FrameError, pack, unpack

from .cgroup import Cgroup
from .clock import cpu_seconds, memory_bytes, pid_of
from .scratch import Scratch

__all__ = ["CAPS", "Worker"]

CAPS = Caps()
_TICK = 0.05  # seconds between two looks at the limits
_KEPT = 64 << 10  # bytes of prints that are kept for the TA


class Worker:
    """Takes over `connection` (our end of the wire), `output` (pipe of its prints) and `pidfd`, and closes them.

    `deadline` is that of the submission, by time.monotonic. `group` and `scratch` are looked at, where they are, for what
    the worker holds; `ends` is called once when it is gone. After its death every request raises the verdict that it died with. Not for use by several threads.
    """

    def __init__(
        self, connection: socket.socket, output: int, pidfd: int, limits: Limits, *, deadline: float,
        group: Cgroup | None = None, scratch: Scratch | None = None, ends: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._connection, self._output, self._pidfd, self._limits = connection, output, pidfd, limits
        self._group, self._scratch, self._ends, self._deadline = group, scratch, ends, deadline
        self._pid = pid_of(pidfd)
        self._printed = 0
        self._kept = bytearray()
        self._call_ends = deadline
        self._base_cpu = self._base_memory = 0.0
        self._peak = 0.0
        self.verdict: Verdict | None = None
        connection.setblocking(False)
        os.set_blocking(output, False)

    def start(self, files: dict[str, bytes] | None, timeout: float) -> None:
        """Send the student's files where the worker mounts them itself, and wait until it has shut itself in."""
        try:
            self._call_ends = time.monotonic() + timeout
            if files is not None:
                self._send(pack({"files": list(files)}, list(files.values()), CAPS))
            head, _ = unpack(self._fill, CAPS)
            if self._group is not None:
                self._group.add(self._pid)
            self._base_cpu, self._base_memory = cpu_seconds(self._pid), memory_bytes(self._pid)
        except (Verdict, OSError, FrameError) as error:
            self.close()
            raise SandboxFault(f"a worker did not start: {error}{self._printed_tail()}") from None
        if "hello" not in head:
            self.close()
            raise SandboxFault(f"a worker could not shut itself in: {head.get('setup')}")

    def request(self, head: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        """The reply to one request. Raises a Verdict when the worker dies, passes a limit or sends no reply of ours."""
        if self.verdict is not None:
            raise self.verdict
        nonce = secrets.token_hex(8)
        self._call_ends = min(time.monotonic() + self._limits.wall, self._deadline)
        try:
            self._send(pack({"n": nonce, **head}, buffers, CAPS))
            reply, received = unpack(self._fill, CAPS)
            if reply.pop("n", None) != nonce:
                raise FrameError("the reply to no request")
            self._watch()
        except FrameError as error:
            self._die(MalformedReply(f"the worker sent bytes that are not a reply: {error}"))
        except Verdict as verdict:
            self._die(verdict)
        return reply, received

    def condemn(self, verdict: Verdict) -> None:
        """End the worker with this verdict, for a reply that was a frame but not a possible one. Raises the verdict."""
        self._die(verdict)

    def cpu_seconds(self) -> float:
        """CPU seconds of the worker so far, from the kernel. Raises SandboxFault where it cannot be read."""
        try:
            return cpu_seconds(self._pid)
        except OSError as error:
            raise SandboxFault(f"the worker's CPU clock cannot be read: {error}") from None

    @property
    def output(self) -> str:
        """What was printed so far, the first 64 KB of it."""
        self._drain()
        cut = f"\n[cut: {self._printed:,} bytes in all]" if self._printed > len(self._kept) else ""
        return self._kept.decode("utf-8", "replace") + cut

    def close(self) -> None:
        """Kill the worker with everything it started, and wait until the kernel has done so."""
        if self._pidfd < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        select.select([self._pidfd], [], [], 5)
        with contextlib.suppress(OSError):
            self._drain()
        self._connection.close()
        os.close(self._output)
        os.close(self._pidfd)
        self._pidfd = -1
        self._ends()

    def _die(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.close()
        raise verdict

    def _send(self, parts: list[Buffer]) -> None:
        for part in parts:
            view = memoryview(part).cast("B")
            while view:
                self._wait(select.POLLOUT)
                try:
                    view = view[self._connection.send(view[: 1 << 20]) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise self._gone() from None

    def _fill(self, view: memoryview) -> None:
        view = view.cast("B")
        while view:
            self._wait(select.POLLIN)
            try:
                count = self._connection.recv_into(view, min(len(view), 1 << 20))
            except BlockingIOError:
                continue
            except OSError:
                count = 0
            if count == 0:
                raise self._gone()
            view = view[count:]

    def _wait(self, event: int) -> None:
        """Until the wire is ready for `event`; meanwhile take the prints and watch the limits."""
        poll = select.poll()
        poll.register(self._connection, event)
        poll.register(self._output, select.POLLIN)
        while True:
            ready = dict(poll.poll(_TICK * 1000))
            if self._output in ready and not self._drain():
                poll.unregister(self._output)
            if self._connection.fileno() in ready:
                return
            self._watch()

    def _drain(self) -> bool:
        """Take what was printed; False when nobody can print any more."""
        with contextlib.suppress(BlockingIOError):
            while self._pidfd >= 0:
                chunk = os.read(self._output, 1 << 16)
                if not chunk:
                    return False
                self._printed += len(chunk)
                self._kept += chunk[: max(0, _KEPT - len(self._kept))]
                if self._printed > self._limits.output:
                    break
        return True

    def _watch(self) -> None:
        """Raise LimitExceeded for the first limit that is passed."""
        limits = self._limits
        if self._printed > limits.output:
            raise LimitExceeded("output", f"printed more than the {format_size(limits.output)} that are allowed")
        with contextlib.suppress(OSError):
            used = cpu_seconds(self._pid) - self._base_cpu
            if self._base_cpu and used > limits.cpu:
                raise LimitExceeded("cpu", f"used {used:.1f} s of {limits.cpu:g} s CPU time")
        held = memory_bytes(self._pid) - self._base_memory
        self._peak = max(self._peak, held)
        if held > limits.memory:
            raise self._memory_verdict(held)
        if self._scratch is not None and self._scratch.used() > limits.disk:
            raise LimitExceeded("disk", f"wrote more than the {format_size(limits.disk)} of files that are allowed")
        if time.monotonic() > self._call_ends:
            raise self._too_late()

    def _too_late(self) -> LimitExceeded:
        if self._call_ends >= self._deadline:
            return LimitExceeded("submission", f"all tasks together took longer than {self._limits.submission:g} s")
        return LimitExceeded("wall", f"gave no answer for {self._limits.wall:g} s (it waited more than it computed)")

    def _memory_verdict(self, held: float) -> LimitExceeded:
        limit = self._limits.memory
        return LimitExceeded("memory", f"used {format_size(int(max(held, limit)))} of {format_size(limit)} of memory")

    def _gone(self) -> Verdict:
        """Why the connection ended, as far as it can be told."""
        if self._group is not None and self._group.out_of_memory():
            return self._memory_verdict(self._peak)
        self._drain()
        if self._printed > self._limits.output:
            return LimitExceeded("output", f"printed more than the {format_size(self._limits.output)} that are allowed")
        return WorkerDied("the process ended in the middle of a call (a crash, os._exit, or a signal)")

    def _printed_tail(self) -> str:
        text = self._kept.decode("utf-8", "replace").strip()
        return f" ({text[-400:]})" if text else ""
