"""The process that workers are forked from: it has imported the assignment's packages and never runs student code.

It reads orders from its control socket (one JSON message, with the worker's socket and the pipe for its prints attached),
forks a child for each and answers with the child's pidfd. The child confines itself and serves. At the `bubblewrap` level
the child gets fresh namespaces of its own (`nested`), so that nothing of an earlier child's is there for a later one.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from typing import Any

from . import namespaces, pages
from .confine import SUBMISSION, adopt_orphans, confine, die_with_parent, hide_memory
from .defaults import reset
from .devices import start
from .executor import Executor
from .frame import Caps, pack
from .serve import receive, send, serve

__all__ = ["main"]

_ORDER = 1 << 18


def main(argv: list[str]) -> None:
    """Serve orders until the control socket closes. `argv`: number of the control socket, configuration as JSON."""
    control = socket.socket(fileno=int(argv[0]))
    config = json.loads(argv[1])
    try:
        _prepare(config)
    except BaseException as error:
        _complain(control, error)
        return
    control.send(b'{"ready": true}')
    while True:
        message, descriptors = _receive(control)
        if not message:
            return
        try:
            _fork(control, config, json.loads(message), descriptors)
        except OSError as error:
            _complain(control, error)
        for descriptor in descriptors:
            os.close(descriptor)


def _prepare(config: dict[str, Any]) -> None:
    if config["level"] == "bubblewrap" and not config["nested"]:
        hide_memory()  # the worker will see this process in its /proc
    config["pid"], config["ids"] = os.getpid(), (os.getuid(), os.getgid())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    adopt_orphans()
    gc.disable()  # no collection while importing: fewer pages differ between children
    for name in config["preload"]:
        importlib.import_module(name)
    for name in config["late"]:
        with contextlib.suppress(ImportError):  # another version has another way of doing it
            importlib.import_module(name)
    for name in config["tried"]:
        with contextlib.suppress(Exception):  # student code that imports it will meet the same
            importlib.import_module(name)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)  # a pool of threads would not outlive a fork, and two of them slow each other down
    reset(0, devices=False)  # loads what packages load late (numpy.random), once and not in every child
    if config["serves_many"]:
        gc.collect()
        pages.merge()
    gc.freeze()
    gc.enable()


def _complain(control: socket.socket, error: BaseException) -> None:
    control.send(json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]}).encode())


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    message, ancillary, _, _ = control.recvmsg(_ORDER, socket.CMSG_SPACE(2 * 4))
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return message, list(descriptors)


def _fork(control: socket.socket, config: dict[str, Any], order: dict[str, Any], descriptors: list[int]) -> None:
    """Fork a worker, into namespaces of its own where workers are `nested`."""
    pid = namespaces.fork() if config["nested"] else os.fork()
    if pid == 0:
        _become_worker(config, order, *descriptors)
    _announce(control, pid)


def _announce(control: socket.socket, pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        control.send(json.dumps({"error": f"the worker ended at once ({error})"}).encode())
        return
    socket.send_fds(control, [b'{"worker": true}'], [descriptor])
    os.close(descriptor)


def _become_worker(config: dict[str, Any], order: dict[str, Any], wire: int, output: int) -> None:
    """Never returns: confine, say so, serve, exit."""
    code = 1
    try:
        connection = _only_descriptors(wire, output)
        caps = Caps(**order["caps"])
        try:
            _shut_in(config, order, connection, caps)
        except BaseException as error:
            send(connection, pack({"setup": f"{type(error).__name__}: {error}"[:2000]}, [], caps))
            os._exit(1)
        send(connection, pack({"hello": True}, [], caps))
        guest = f"{order['folder']}/{order['guest']}" if order["guest"] else None
        serve(connection, Executor(f"{order['folder']}/{order['module']}", guest), order["folder"], caps)
        code = 0
    finally:
        os._exit(code)


def _only_descriptors(wire: int, output: int) -> socket.socket:
    """Keep nothing open but the wire (as 3) and the pipe for prints (as 1 and 2)."""
    os.dup2(wire, 200)
    os.dup2(output, 201)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(201, 1)
    os.dup2(201, 2)
    os.dup2(200, 3)
    os.closerange(4, 1 + max(map(int, os.listdir("/proc/self/fd"))))
    return socket.socket(fileno=3)


def _shut_in(config: dict[str, Any], order: dict[str, Any], connection: socket.socket, caps: Caps) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    files = None
    if config["nested"]:
        namespaces.map_ids(*config["ids"])
    if order["folder"] == SUBMISSION and config["nested"]:
        head, buffers = receive(connection, caps)
        files = {name: bytes(buffer) for name, buffer in zip(head["files"], buffers, strict=True)}
    else:
        die_with_parent(config["pid"])
    confine(config["level"], order, files)
    sys.argv = [order["module"]]
    sys.path.insert(0, order["folder"])
    if order["device"] is not None:
        start(order["device"], order["modules"])
    reset(order["seed"], devices=order["device"] is not None)
