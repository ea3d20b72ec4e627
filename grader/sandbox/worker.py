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

from grader.course.limits import Limits
from grader.errors import MalformedReply, SandboxFault, Verdict
from grader.worker.frame import Ahead, Buffer, Caps, FrameError, TooLarge, pack, unpack

from .cgroup import Cgroup
from .clock import cpu_seconds, pid_of
from .scratch import Scratch
from .watch import TICK, Watch

__all__ = ["CAPS", "Worker"]

CAPS = Caps()
_KEPT = 64 << 10  # bytes of prints that are kept for the TA
_PIECE = 1 << 20  # bytes that are sent or taken at once


class Worker:
    """Takes over `connection` (our end of the wire), `output` (pipe of its prints) and `pidfd`, and closes them.

    `deadline` is that of the submission, by time.monotonic. `group` and `scratch` are looked at, where they are, for what
    the worker holds; `ends` is called once when it is gone. After its death every request raises the verdict that it died
    with. Not for use by several threads.
    """

    def __init__(
        self, connection: socket.socket, output: int, pidfd: int, limits: Limits, *, deadline: float,
        group: Cgroup | None = None, scratch: Scratch | None = None, ends: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._connection, self._output, self._pidfd, self._limits = connection, output, pidfd, limits
        self._group, self._ends = group, ends
        self._pid = pid_of(pidfd)
        self._watch = Watch(self._pid, limits, deadline, group, scratch)
        self._incoming = Ahead(self._receive)
        self._printed = 0
        self._kept = bytearray()
        self.verdict: Verdict | None = None
        connection.setblocking(False)
        os.set_blocking(output, False)
        self._poll = select.poll()
        for descriptor in (connection.fileno(), output, pidfd):
            self._poll.register(descriptor, select.POLLIN)

    @property
    def closed(self) -> bool:
        """Whether it has been ended."""
        return self._pidfd < 0

    def start(self, files: dict[str, bytes] | None, timeout: float) -> None:
        """Send the student's files where the worker mounts them itself, and wait until it has shut itself in."""
        try:
            self._watch.begin_start(timeout)
            if self._group is not None:
                with contextlib.suppress(ProcessLookupError):  # it is gone, and may have said why
                    self._group.add(self._pid)
            if files is not None:
                self._send(pack({"files": list(files)}, list(files.values()), CAPS))
            head, _ = unpack(self._incoming.fill, CAPS)
            if "hello" in head:
                self._watch.count_from_here()
        except (Verdict, OSError, FrameError, TooLarge) as error:
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
        self._watch.begin_call()
        try:
            self._watch.look(self._printed)
            self._send(pack({"n": nonce, **head}, buffers, CAPS))
            reply, received = unpack(self._incoming.fill, CAPS)
            if reply.pop("n", None) != nonce:
                raise FrameError("the reply to no request")
            self._watch.glance(self._printed)
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
    def limits(self) -> Limits:
        """What it may use."""
        return self._limits

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
        if self._limits.processes:
            self._kill_children()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._ended(5)
        if self._limits.processes:
            self._await_children()
        with contextlib.suppress(OSError):
            self._drain()
        self._connection.close()
        os.close(self._output)
        os.close(self._pidfd)
        self._pidfd = -1
        self._ends()

    def _kill_children(self) -> None:
        """Kill the worker's session, which nothing in it can leave.

        While one of the session lives, its number is given to no other process; so one that bears the number after the
        worker's end is a stranger, and the session is empty.
        """
        stranger = self._ended(0) and os.path.exists(f"/proc/{self._pid}")
        if self._pid > 1 and not stranger:
            with contextlib.suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)

    def _await_children(self) -> None:
        """What they hold is removed next."""
        ends = time.monotonic() + 1
        with contextlib.suppress(OSError):
            while self._pid > 1 and time.monotonic() < ends:
                os.killpg(self._pid, 0)
                time.sleep(0.002)

    def _ended(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _die(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.close()
        raise verdict

    def _send(self, parts: list[Buffer]) -> None:
        for part in parts:
            view = memoryview(part).cast("B")
            while view:
                self._watch.look(self._printed)
                try:
                    view = view[self._connection.send(view[:_PIECE]) :]
                except BlockingIOError:
                    self._wait(select.POLLOUT)
                except OSError:
                    raise self._gone() from None

    def _receive(self, view: memoryview) -> int:
        """Some bytes, at least one: how many."""
        while True:
            self._wait(select.POLLIN)  # first: what we have just asked is not answered yet
            self._watch.look(self._printed)
            try:
                count = self._connection.recv_into(view[:_PIECE])
            except BlockingIOError:
                continue
            except OSError:
                count = 0
            if count == 0:
                raise self._gone()
            return count

    def _wait(self, event: int) -> None:
        """Until the wire is ready for `event`; meanwhile take the prints and watch the limits."""
        wire = self._connection.fileno()
        self._poll.modify(wire, event)
        while True:
            ready = dict(self._poll.poll(TICK * 1000))
            if self._output in ready and not self._drain():
                self._poll.unregister(self._output)
            if wire in ready:
                return
            if self._pidfd in ready:  # a child of the worker's may hold the wire open
                raise self._gone()
            self._watch.look(self._printed)

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

    def _gone(self) -> Verdict:
        self._drain()
        return self._watch.ending(self._printed)

    def _printed_tail(self) -> str:
        text = self._kept.decode("utf-8", "replace").strip()
        return f" ({text[-400:]})" if text else ""
