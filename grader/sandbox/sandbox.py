"""Workers for one set of packages at one isolation level: from one warm zygote, or each from a cold one of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from typing import Any

from grader.course.limits import Limits
from grader.worker.confine import SUBMISSION

from .cgroup import Cgroup
from .command import plan
from .driver import on_device
from .scratch import Scratch, scratch_root
from .view import View
from .watch import THREADS
from .worker import CAPS, Worker
from .zygote import START_SECONDS, Zygote

__all__ = ["Job", "Sandbox"]

# Pages of the zygote that a worker copies by writing to them, and what passes the limit before we look.
_GROUP_SLACK = 128 << 20


@dataclasses.dataclass(frozen=True)
class Job:
    """What a worker is for: `files` (name to content), which of them is the `module` and which the `guest` module, if any;
    the `seed` of its library generators (no secret).
    """

    files: Mapping[str, bytes]
    module: str
    guest: str | None = None
    seed: int = 0


class Sandbox:
    """Gives workers. `warm`: fork them from one zygote that has imported the packages; else start a zygote for each, as is
    always done where the view has a device.
    """

    def __init__(self, level: str, view: View, *, warm: bool = True) -> None:
        self.level, self._view, self._warm = level, view, warm and view.device is None
        Cgroup.sweep()
        self._root = scratch_root()
        self._shared: Zygote | None = None
        self._count = 0
        self._workers: list[Worker] = []

    def worker(self, job: Job, limits: Limits, deadline: float) -> Worker:
        """A worker that has shut itself in; no student code has run yet. Raises SandboxFault.

        `deadline`: when (by `time.monotonic`) the time of its submission is over.
        """
        self._count += 1
        limits = limits if self._view.device is None else on_device(limits)
        mounts = self.level == "bubblewrap" and self._warm
        scratch = None if mounts else Scratch(self._root, self._count, job.files)
        zygote = self._zygote(scratch, limits)
        if scratch is not None:
            scratch.give_to(zygote.plan.uid if self.level != "bubblewrap" else None)
        group = Cgroup.make(limits.memory + _GROUP_SLACK, THREADS + limits.processes)
        ends = self._ends(scratch, group, None if self._warm else zygote)
        worker = self._spawn(zygote, self._order(job, limits, zygote, scratch), limits, deadline, ends, group, scratch)
        self._workers = [*(earlier for earlier in self._workers if not earlier.closed), worker]
        worker.start(dict(job.files) if mounts else None, START_SECONDS)
        return worker

    def close(self) -> None:
        """End everything, workers that nobody closed too; remove what was written."""
        for worker in self._workers:
            worker.close()
        if self._shared is not None:
            self._shared.close()
            self._shared = None
        with contextlib.suppress(RecursionError):
            shutil.rmtree(self._root, ignore_errors=True)

    def _zygote(self, scratch: Scratch | None, limits: Limits) -> Zygote:
        if self._shared is not None and self._shared.alive:
            return self._shared
        if self._shared is not None:
            self._shared.close()
            self._shared = None
        links = (self._root if scratch is None or self._warm else scratch.folder) / f"links-{self._count}"
        links.mkdir()
        links.chmod(0o755)
        submission = scratch.submission if scratch and self.level == "bubblewrap" else None
        zygote = Zygote(plan(self.level, self._view, links, nested=self._warm, submission=submission, disk=limits.disk))
        if self._warm:
            self._shared = zygote
        return zygote

    def _spawn(
        self, zygote: Zygote, order: dict[str, Any], limits: Limits, deadline: float, ends: Callable[[], None],
        group: Cgroup | None, scratch: Scratch | None,
    ) -> Worker:  # fmt: skip
        ours, theirs = socket.socketpair()
        readable, writable = os.pipe()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        try:
            pidfd = zygote.spawn(order, theirs.fileno(), writable)
        except BaseException:
            ours.close()
            os.close(readable)
            ends()
            raise
        finally:
            theirs.close()
            os.close(writable)
        return Worker(ours, readable, pidfd, limits, deadline=deadline, group=group, scratch=scratch, ends=ends)

    def _order(self, job: Job, limits: Limits, zygote: Zygote, scratch: Scratch | None) -> dict[str, Any]:
        inside = self.level == "bubblewrap" or scratch is None
        places = {"folder": SUBMISSION, "tmp": "/tmp"} if inside else _places(scratch)
        sizes = {"cpu": limits.cpu, "memory": limits.memory, "disk": limits.disk, "processes": limits.processes}
        own = {"module": job.module, "guest": job.guest, "seed": job.seed, "read": zygote.plan.read}
        device = {"device": self._view.device, "nodes": self._view.nodes, "modules": self._view.modules}
        return {**places, **sizes, **own, **device, "caps": dataclasses.asdict(CAPS)}

    @staticmethod
    def _ends(scratch: Scratch | None, group: Cgroup | None, zygote: Zygote | None) -> Callable[[], None]:
        """What to do once the worker is gone."""

        def end() -> None:
            for thing, method in ((zygote, "close"), (group, "remove"), (scratch, "remove")):
                if thing is not None:
                    getattr(thing, method)()

        return end


def _places(scratch: Scratch | None) -> dict[str, str]:
    assert scratch is not None
    return {"folder": str(scratch.submission), "tmp": str(scratch.tmp)}
