"""A zygote seen from the trusted side: started at an isolation level, asked for workers, ended with all of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from typing import Any

from grader.errors import SandboxFault

from .command import Plan

__all__ = ["START_SECONDS", "Zygote"]

START_SECONDS = 120.0  # a loaded machine needs long to read torch from its disk


class Zygote:
    """Starts at once; raises SandboxFault with what it said. Start it from a thread that stays: it ends with its thread."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_SECONDS)
        with theirs, tempfile.TemporaryFile() as errors:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": errors, "stderr": errors}
            descriptors = [theirs.fileno()]
            self._broken = False
            self._process = subprocess.Popen(
                plan.command(theirs.fileno()), pass_fds=descriptors, env=plan.env, cwd="/", start_new_session=True, **streams
            )
            theirs.close()
            message, _ = self._receive()
            if not message.get("ready"):
                self.close()
                errors.seek(0)
                said = errors.read(4000).decode("utf-8", "replace").strip() or message.get("error") or "it said nothing"
                raise SandboxFault(f"the sandbox ({plan.level}) did not start: {said}")

    @property
    def alive(self) -> bool:
        """Whether it can still give workers."""
        return not self._broken and self._process.poll() is None

    def spawn(self, order: dict[str, Any], wire: int, output: int) -> int:
        """A new worker's pidfd. It gets the descriptors `wire` and `output`; `order` is for `confine` and the zygote."""
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], [wire, output])
        except OSError as error:
            self._broken = True
            raise SandboxFault(f"the sandbox ({self.plan.level}) is gone: {error}") from None
        message, descriptors = self._receive()
        if not descriptors:
            raise SandboxFault(f"the sandbox ({self.plan.level}) gave no worker: {message.get('error', 'it is gone')}")
        return descriptors[0]

    def close(self) -> None:
        """End the zygote and every worker that it forked."""
        self._control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        except OSError as error:
            self._broken = True  # a late answer would be taken for that to the next order
            return {"error": str(error)}, []
        self._broken = self._broken or not data
        return (json.loads(data) if data else {}), list(descriptors)
