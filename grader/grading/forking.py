"""Inside the nursery: fork a grader process whenever the crew asks for one, when the suites are collected."""

from __future__ import annotations

import gc
import json
import os
import socket
from typing import Any, TextIO

from .cores import pin

__all__ = ["serve_forks"]


def serve_forks(control: socket.socket) -> tuple[TextIO, TextIO] | None:
    """Give the jobs and the events in each process that is forked, and None in this one once the crew is gone.

    Nothing may have started a thread or a device before. The crew asks for a dead child's status, and only then is it
    reaped: until then its pid cannot belong to another.
    """
    gc.freeze()  # what is here now is not looked at again, so its pages stay shared
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 1 << 12, 3)
        if not data:
            return None
        order = json.loads(data)
        answer: dict[str, Any]
        if "reap" in order:
            answer = _reap(order["reap"])
        else:
            try:
                pid = os.fork()
            except OSError as error:
                answer = {"error": str(error)}
            else:
                if pid == 0:
                    control.close()
                    if order["core"] is not None:
                        pin(order["core"])
                    return _at_work(*descriptors)
                answer = {"pid": pid}
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(json.dumps(answer).encode())


def _reap(pid: int) -> dict[str, Any]:
    try:
        return {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
    except ChildProcessError as error:
        return {"error": str(error)}


def _at_work(jobs: int, events: int, errors: int) -> tuple[TextIO, TextIO]:
    for stream in (1, 2):
        os.dup2(errors, stream)
    os.close(errors)
    return os.fdopen(jobs, encoding="utf-8"), os.fdopen(events, "w", encoding="utf-8")
