"""Attacks on the machine's memory: what is asked for in ways that one limit or another does not see."""

from __future__ import annotations

import pytest

from grader.errors import LimitExceeded, WorkerDied
from grader.tests.hostile import WARM, named, open_arena

LIMIT = 96 << 20
VERDICT = r"^used \d+(\.\d+)? (MB|GB) of 96 MB of memory$"


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


GROWING = {
    "a list": "x = []\nwhile True: x.append([0.5] * 10_000)",
    "arrays": "import numpy as np\nx = []\nwhile True: x.append(np.ones(1 << 18))",
    "memory that is shared": "import mmap\nx = []\n"
    "while True: x.append(mmap.mmap(-1, 1 << 20)); x[-1].write(bytes(1 << 20))",
    "memory of C's": "f = ctypes.CDLL(None).malloc; f.restype = ctypes.c_void_p\n"
    "while p := f(ctypes.c_size_t(1 << 20)): ctypes.memset(p, 1, 1 << 20)\nraise MemoryError",
    "private maps": "import mmap\nx = []\n"
    "while True: x.append(mmap.mmap(-1, 1 << 22, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)); x[-1].write(bytes(1 << 22))",
    "memory in threads": "x = []\ndef grow():\n    while True: x.append(b'x' * (1 << 16))\n"
    "for _ in range(4): threading.Thread(target=grow).start()\ntime.sleep(60)",
    "swallowed failures": "x = []\nwhile True:\n    try: x.append(b'x' * (1 << 20))\n    except MemoryError: pass",
}


def test_memory_that_grows_is_a_verdict_with_the_figure(arena):
    for what, code in GROWING.items():
        submission = arena.student("def f():\n" + "".join(f"    {line}\n" for line in code.splitlines()), memory=LIMIT)
        with pytest.raises(LimitExceeded, match=VERDICT) as caught:
            submission.f()
        assert caught.value.what == "memory", what


AT_ONCE = {
    "np.ones(1 << 32)": "asked for 32 GB at once, of 96 MB of memory",
    "np.ones((1 << 20, 1 << 18))": "asked for 2048 GB at once, of 96 MB of memory",
    "len(bytearray(1 << 38))": "used more than 96 MB of memory",
    "exec('e = MemoryError(); e.shape, e.dtype = (-5, 2), e; raise e')": "used more than 96 MB of memory",
    "exec('e = MemoryError(); e.shape, e.dtype = (5, 2), object; raise e')": "used more than 96 MB of memory",
}


def test_memory_asked_for_at_once_is_refused_at_once(arena):
    for code, message in AT_ONCE.items():
        with pytest.raises(LimitExceeded, match=f"^{message}$") as caught:
            arena.student(f"import numpy as np\ndef f(): return {code}", memory=LIMIT).f()
        assert caught.value.what == "memory"


def test_memory_that_is_no_memory_cannot_be_had(arena):
    found = arena.attempts(
        """
        import mmap, resource, socket
        def raised(kind):
            soft, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (soft + 4096, hard + 4096))
        TRIES = {
            "memfd": lambda: os.memfd_create("x"), "secret": lambda: call(447, 447, 0),
            "shm": lambda: call(29, 194, 0, 4096, 0o600),
            "message queue": lambda: call(240, 180, 0, 0), "messages": lambda: call(68, 186, 0, 0o600),
            "key": lambda: call(248, 217, 0),
            "socket pair": socket.socketpair, "splice": lambda: call(278, 75, 1, 0, 0, 0),
            "userfault": lambda: call(323, 282, 0),
            "space": lambda: raised(resource.RLIMIT_AS), "data": lambda: raised(resource.RLIMIT_DATA),
            "files": lambda: raised(resource.RLIMIT_FSIZE), "time": lambda: raised(resource.RLIMIT_CPU),
            "descriptors": lambda: raised(resource.RLIMIT_NOFILE), "core": lambda: raised(resource.RLIMIT_CORE),
        }
        """
    )
    limits = dict.fromkeys(("space", "data", "files", "time", "descriptors", "core"), "ValueError")  # "not allowed to raise"
    assert found == dict.fromkeys(found, "EPERM") | limits


def test_pipes_hold_little(arena):
    """The kernel's memory behind descriptors: a few hundred of them, of 1 MB each at most."""
    submission = arena.student(
        """
        import fcntl
        def f():
            held = 0
            try:
                while True:
                    _, end = os.pipe()
                    os.set_blocking(end, False)
                    with __import__("contextlib").suppress(OSError): fcntl.fcntl(end, 1031, 1 << 20)
                    with __import__("contextlib").suppress(BlockingIOError):
                        while True: held += os.write(end, bytes(1 << 16))
            except OSError: return held
        """
    )
    try:
        assert submission.f() <= 130 << 20
    except (LimitExceeded, WorkerDied) as verdict:
        assert getattr(verdict, "what", "memory") == "memory"  # noqa: PT017


def test_files_in_memory_are_files(arena):
    """/dev/shm and /tmp of the worker."""
    submission = arena.student(
        """
        def f(folder):
            with open(os.path.join(folder, "x"), "wb") as target:
                for _ in range(64): target.write(bytes(1 << 20))
        def g(): return os.path.isdir("/dev/shm"), tempfile.gettempdir()
        """,
        disk=4 << 20,
    )
    with pytest.raises(OSError, match="No space left|Permission denied|File too large|No such file"):
        submission.f("/dev/shm")
    # At the landlock level the folder is watched as well; the kernel or the watch may be first to see that it is full.
    with pytest.raises((OSError, LimitExceeded), match="No space left|File too large|wrote more than the 4 MB") as stop:
        submission.f(submission.g()[1])
    assert getattr(stop.value, "what", "disk") == "disk"
