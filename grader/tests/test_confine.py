"""The confinement that a worker puts on itself, for real: every case in a child or a sandbox of its own."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import importlib.util
import json
import mmap
import os
import platform
import resource
import shutil
import signal
import socket
import tempfile
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.worker import landlock, seccomp

NOBODY = 65534
unless_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
both = [pytest.param(None, id="self"), pytest.param(NOBODY, id="nobody", marks=unless_root)]
as_users = pytest.mark.parametrize("uid", both)
needs_filter = pytest.mark.skipif(bool(seccomp.unsupported()), reason=str(seccomp.unsupported()))
needs_landlock = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel does not offer Landlock")


def in_child(action, uid=None):
    """What `action()` gives in a forked child (through JSON) or the text of its exception; its exit code."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside NumPy's idle threads is meant
        pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        with open(writer, "w", encoding="utf-8") as target:
            try:
                if uid is not None:
                    os.setgroups([]), os.setgid(uid), os.setuid(uid)
                json.dump(action(), target)
            except BaseException as error:
                json.dump(f"{type(error).__name__}: {error}", target)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as source:
        text = source.read()
    return json.loads(text) if text else None, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "allowed"


def after(confine, attempts, uid=None):
    """What becomes of each attempt once `confine()` has been called, all in one child."""

    def action():
        confine()
        return {name: attempt(each) for name, each in attempts.items()}

    return in_child(action, uid)[0]


def filtered(**changes):
    policy = {"processes": False, "shared_filesystem": False} | changes
    return lambda: seccomp.install(seccomp.Policy(pid=os.getpid(), **policy))


def call(name, *arguments):
    tables = seccomp.REFUSED | seccomp.FILE_ATTRIBUTES | seccomp.EXAMINED | seccomp.ABSENT
    number = tables[name][seccomp.MACHINES[platform.machine()][0]] if isinstance(name, str) else name
    if ctypes.CDLL(None, use_errno=True).syscall(*map(ctypes.c_long, (number, *arguments))) < 0:
        raise OSError(ctypes.get_errno(), name)


@needs_filter
@as_users
def test_refused(uid):
    parent, (end, _) = os.getpid(), os.pipe()
    refused = {
        "fork": os.fork, "exec": lambda: os.execv("/bin/true", ["true"]), "setsid": os.setsid,
        "socket": socket.socket, "socketpair": socket.socketpair, "memfd": lambda: os.memfd_create("x"),
        "kill parent": lambda: os.kill(parent, 0), "kill group": lambda: os.kill(0, 0),
        "kill all": lambda: os.kill(-1, 0), "unshare": lambda: call("unshare", 0),
        "ptrace": lambda: call("ptrace", 0), "shm": lambda: call("shmget", 0, 4096, 0o600),
        "io_uring": lambda: call("io_uring_setup", 1, 0), "dumpable": lambda: call("prctl", 4, 1),
        "clone": lambda: call("clone", 0x10010F00), "type": lambda: fcntl.ioctl(end, 0x5412, b"x"),
        "owner": lambda: fcntl.fcntl(end, fcntl.F_SETOWN, parent),
        "affinity": lambda: os.sched_setaffinity(parent, {0}),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
        "limit": lambda: resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0)),
    }  # fmt: skip
    unknown = {"newer": lambda: call(seccomp.NEWEST + 1), "clone3": lambda: call("clone3", 0, 0)}
    expected = dict.fromkeys(refused, "EPERM") | dict.fromkeys(unknown, "ENOSYS")
    assert after(filtered(), refused | unknown, uid) == expected


def _threads():
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(abs, range(8))) == list(range(8))


def _signals():
    seen = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    signal.raise_signal(signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    assert len(seen) == 3


def _files():
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0o600)
        os.utime(file.name)
        os.truncate(file.name, 10)


@needs_filter
@as_users
def test_what_honest_code_needs(uid):
    ours, theirs = socket.socketpair()
    wanted = {
        "threads": _threads, "signals": _signals, "files": _files, "map": lambda: mmap.mmap(-1, 4096),
        "wire": lambda: ours.send(b"x"), "affinity": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, 0, 19),
        "limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    }  # fmt: skip
    with ours, theirs:
        assert after(filtered(), wanted, uid) == dict.fromkeys(wanted, "allowed")


@needs_filter
def test_files_shared_with_the_machine_keep_their_attributes(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with open(file) as opened:
        mode, time = file.stat().st_mode, file.stat().st_mtime_ns
        pretended = {
            "chmod": lambda: file.chmod(0o777), "fchmod": lambda: os.fchmod(opened.fileno(), 0o777),
            "utime": lambda: os.utime(file, (1, 1)), "copy": lambda: shutil.copy2(file, tmp_path / "copy"),
        }  # fmt: skip
        refused = {
            "chown": lambda: os.chown(file, -1, -1),
            "truncate": lambda: os.truncate(file, 0), "xattr": lambda: os.setxattr(file, "user.x", b"x"),
            "inotify": lambda: call("inotify_init1", 0),
            "flags": lambda: fcntl.ioctl(opened, 0x40086602, bytes(8)),
        }  # fmt: skip
        found = after(filtered(shared_filesystem=True), refused | pretended)
    assert found == dict.fromkeys(refused, "EPERM") | dict.fromkeys(pretended, "allowed")
    assert (file.stat().st_mode, file.stat().st_mtime_ns) == (mode, time)
    assert (tmp_path / "copy").read_text() == "x"


@pytest.fixture
def place():
    """A folder for every user: `read/` with a file, a program and a library, `write/`, and `outside`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in (folder, folder / "read", folder / "write", folder / "write/a", folder / "write/b"):
            each.mkdir(exist_ok=True)
            each.chmod(0o777)
        shutil.copy("/bin/true", folder / "read/program")
        shutil.copy(importlib.util.find_spec("_ctypes").origin, folder / "read/library.so")
        for each in ("read/file", "outside"):
            (folder / each).write_text("text")
            (folder / each).chmod(0o666)
        yield folder


@needs_landlock
@as_users
def test_only_listed_paths_are_seen(place, uid):
    read, write = place / "read", place / "write"
    reach = {
        "read": (read / "file").read_text, "list": lambda: os.listdir(read), "stat": (place / "outside").stat,
        "map a library": lambda: ctypes.CDLL(str(read / "library.so")), "make": (write / "a/new").touch,
        "fill": lambda: (write / "a/new").write_text("x"), "cut": lambda: os.truncate(write / "a/new", 0),
        "move": lambda: (write / "a/new").rename(write / "b/new"),
        "link": lambda: (write / "s").symlink_to("b"),
        "remove": (write / "b/new").unlink, "folder": (write / "c").mkdir,
        "null": lambda: Path("/dev/null").write_text("x"),
    }  # fmt: skip
    refused = {
        "overwrite": lambda: (read / "file").write_text("x"), "add": (read / "new").touch,
        "delete": (read / "file").unlink, "outside": (place / "outside").read_text,
        "list outside": lambda: os.listdir(place), "list root": lambda: os.listdir("/"),
        "execute": lambda: os.execv(read / "program", ["program"]),
        "device": Path("/dev/full").read_bytes, "fifo": lambda: os.mkfifo(write / "fifo"),
    }  # fmt: skip
    loader = [path for path in ("/lib", "/lib64", "/usr/lib") if os.path.isdir(path)]  # programs need it
    restrict = lambda: landlock.restrict([str(read), *loader], [str(write), "/dev/null"])  # noqa: E731
    found = after(restrict, reach | refused, uid)
    assert found == dict.fromkeys(reach, "allowed") | dict.fromkeys(refused, "EACCES")


@needs_landlock
@as_users
def test_a_rule_for_a_file_is_for_that_file(place, uid):
    restrict = lambda: landlock.restrict([f"{place}/read/file"], [f"{place}/outside"])  # noqa: E731
    attempts = {
        "read": (place / "read/file").read_text, "write": lambda: (place / "outside").write_text("x"),
        "beside": (place / "read/library.so").read_bytes,
        "write the first": lambda: (place / "read/file").write_text("x"),
    }  # fmt: skip
    expected = {"read": "allowed", "write": "allowed", "beside": "EACCES", "write the first": "EACCES"}
    assert after(restrict, attempts, uid) == expected


@needs_landlock
@as_users
def test_network_and_signals_stay_inside(uid):
    if landlock.abi() < 6:
        pytest.skip(f"Landlock ABI {landlock.abi()} does not scope sockets and signals; 6 does")
    parent = os.getpid()
    with socket.socket(socket.AF_UNIX) as unix, socket.socket() as tcp:
        unix.bind(f"\0grader-test-{parent}")
        unix.listen()
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        attempts = {
            "connect": lambda: socket.socket().connect(tcp.getsockname()),
            "bind": lambda: socket.socket().bind(("127.0.0.1", 0)),
            "abstract": lambda: socket.socket(socket.AF_UNIX).connect(unix.getsockname()),
            "signal": lambda: os.kill(parent, 0), "own signal": lambda: os.kill(os.getpid(), 0),
        }  # fmt: skip
        found = after(lambda: landlock.restrict([], []), attempts, uid)
    assert found.pop("own signal") == "allowed"
    assert found == {"connect": "EACCES", "bind": "EACCES", "abstract": "EPERM", "signal": "EPERM"}


@needs_landlock
def test_landlock_says_what_is_wrong(monkeypatch, place):
    result, _ = in_child(lambda: landlock.restrict([f"{place}/nowhere"], []))
    assert result.endswith(f"[Errno 2] Landlock: no rule for {place}/nowhere: No such file or directory")

    def with_a_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        landlock.restrict([], [])

    assert "binds one thread and this process has 2; fork first" in in_child(with_a_thread)[0]
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", lambda _: os.open("/nowhere/at/all", os.O_RDONLY))
        with pytest.raises(OSError, match="Landlock: cannot count threads: /proc: No such file"):
            landlock.restrict([], [])
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert landlock.abi() == 0
    with pytest.raises(OSError, match="Landlock: not offered by this kernel"):
        landlock.restrict([], [])
