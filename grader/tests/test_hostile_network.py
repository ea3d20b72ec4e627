"""Attacks by the network: out of the sandbox, into it, and to programs on this machine."""

from __future__ import annotations

import os
import select
import socket
import tempfile

import pytest

from grader.tests.hostile import COLD, WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param)


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


@pytest.fixture
def servers():
    """Servers of ours at which nobody must ever knock: TCP, unix by path, unix by abstract name."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as tcp, _unix() as path, _unix() as abstract:
        os.chmod(folder, 0o755)
        tcp.bind(("127.0.0.1", 0))
        path.bind(f"{folder}/socket")
        os.chmod(f"{folder}/socket", 0o777)
        abstract.bind(f"\0grader-hostile-{os.getpid()}")
        for server in (tcp, path, abstract):
            server.listen()
        yield tcp.getsockname(), path.getsockname(), abstract.getsockname()
        assert select.select([tcp, path, abstract], [], [], 0)[0] == []


def _unix():
    return socket.socket(socket.AF_UNIX)


KNOCKING = """
import asyncio, socket, ssl, urllib.request, http.client
F = socket.AF_UNIX
def connect(family, kind, address):
    with socket.socket(family, kind) as s: s.connect(address)
TRIES = {
    "tcp": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, TCP),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "unix": lambda: connect(F, socket.SOCK_STREAM, PATH), "abstract": lambda: connect(F, socket.SOCK_STREAM, ABSTRACT),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1), "packet": lambda: socket.socket(17, socket.SOCK_RAW),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW), "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
    "alg": lambda: socket.socket(38, socket.SOCK_SEQPACKET), "ipv6": lambda: socket.socket(socket.AF_INET6),
    "pair": socket.socketpair,
    "server": lambda: socket.create_server(("", 0)), "loop": asyncio.new_event_loop, "ring": lambda: call(425, 425, 8, 0),
    "by the worker's socket": lambda: socket.socket(fileno=os.dup(3)).connect(PATH),
    "bind the worker's socket": lambda: socket.socket(fileno=os.dup(3)).bind("\\0mine"),
    "listen": lambda: socket.socket(fileno=os.dup(3)).listen(), "accept": lambda: call(43, 202, 3, 0, 0),
}
NAMES = {
    "name": lambda: socket.getaddrinfo("example.org", 80),
    "http": lambda: urllib.request.urlopen("http://example.org", timeout=1),
    "connection": lambda: http.client.HTTPConnection("localhost", 80, timeout=1).connect(),
}
"""


def test_nothing_can_be_reached(arena, servers):
    facts = "TCP, PATH, ABSTRACT = {!r}, {!r}, {!r}".format(*servers)
    found = arena.attempts(f"{facts}\n{KNOCKING}")
    assert found == dict.fromkeys(found, "EPERM")
    names = arena.attempts(f"{facts}\n{KNOCKING}\nTRIES = NAMES")
    assert set(names.values()) <= {"EPERM", "gaierror", "URLError"}


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_nothing_can_be_reached_from_a_cold_worker(arena, servers):
    found = arena.attempts("TCP, PATH, ABSTRACT = {!r}, {!r}, {!r}\n{}".format(*servers, KNOCKING))
    assert found == dict.fromkeys(found, "EPERM")
