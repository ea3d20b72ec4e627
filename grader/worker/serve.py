"""The worker's loop: a request from the socket, an operation, a reply. Student code may have subverted all of it."""

from __future__ import annotations

import socket
import sys
from typing import Any

from .executor import Executor
from .failure import describe_failure
from .frame import Ahead, Buffer, Caps, FrameError, TooLarge, pack, unpack

__all__ = ["receive", "send", "serve"]


class _Closed(Exception):
    """The trusted side closed the connection: nothing is left to do."""


def serve(connection: socket.socket, executor: Executor, folder: str, caps: Caps) -> None:
    """Answer requests until the connection closes. `folder` is where the student's files lie."""
    incoming = _incoming(connection)
    while True:
        try:
            request, buffers = unpack(incoming.fill, caps)
        except (_Closed, OSError):
            return
        parts = _answer(executor, request, buffers, folder, caps)
        del request, buffers
        _flush()
        try:
            send(connection, parts)
        except OSError:
            return


def receive(connection: socket.socket, caps: Caps) -> tuple[dict[str, Any], list[Buffer]]:
    """The next frame, of a peer that sends no other before it is answered."""
    return unpack(_incoming(connection).fill, caps)


def _incoming(connection: socket.socket) -> Ahead:
    def read(view: memoryview) -> int:
        count = connection.recv_into(view)
        if count == 0:
            raise _Closed
        return count

    return Ahead(read)


def send(connection: socket.socket, parts: list[Buffer]) -> None:
    """Send the parts of one frame."""
    for part in parts:
        connection.sendall(part)


def _answer(executor: Executor, request: dict[str, Any], buffers: list[Buffer], folder: str, caps: Caps) -> list[Buffer]:
    nonce = request["n"]
    try:
        reply, out = executor.perform(request, buffers)
        return pack({"n": nonce, **reply}, out, caps)
    except TooLarge as error:
        return pack({"n": nonce, "refused": str(error)[:400]}, [], caps)
    except FrameError as error:
        return pack({"n": nonce, "refused": f"the request could not be read: {error}"}, [], caps)
    except BaseException as error:
        return pack({"n": nonce, "raised": describe_failure(error, folder)}, [], caps)


def _flush() -> None:
    """Prints of this call belong to this call, also where the student has closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            continue
