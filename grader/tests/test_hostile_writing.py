"""Attacks by writing: to files that are read again, to what others own, and until nothing is left to write to."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

import grader.worker
from grader.errors import LimitExceeded
from grader.tests.hostile import COLD, WARM, named, open_arena

CLOSED = {"EACCES", "EPERM", "EROFS", "ENOENT", "EXDEV", "EBUSY"}


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


@pytest.fixture
def victim():
    """A file that everybody may write to, in a folder where everybody may make files. It must stay as it is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "grades.csv"
        file.write_text("anna,1.0")
        folder.chmod(0o777), file.chmod(0o666)
        os.utime(file, ns=(10**18, 10**18))
        before = os.stat(file)
        yield file
        after = os.stat(file)
        assert (file.read_text(), os.listdir(folder)) == ("anna,1.0", ["grades.csv"])
        for fact in ("st_mode", "st_uid", "st_gid", "st_mtime_ns", "st_nlink", "st_ino"):
            assert getattr(after, fact) == getattr(before, fact), fact


WRITE = """
import shutil, stat
def write(path):
    with open(path, "ab") as target: target.write(b"x")
def make(path): os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
def own(name): return os.path.join(tempfile.gettempdir(), name)
"""


def test_code_that_runs_again_cannot_be_changed(arena):
    places = [json.__file__, np.__file__, grader.worker.__file__, os.path.realpath(shutil.__file__)]
    found = arena.attempts(
        f"""{WRITE}
import numpy, json, _grader_worker
FILES = [__file__, os.__file__, json.__file__, numpy.__file__, _grader_worker.__file__, sys.executable, *{places}]
TRIES = {{
    **{{f"write {{k}}": lambda p=p: write(p) for k, p in enumerate(FILES)}},
    **{{f"beside {{k}}": lambda p=p: make(os.path.dirname(p) + "/sitecustomize.py") for k, p in enumerate(FILES)}},
    **{{f"remove {{k}}": lambda p=p: os.unlink(p) for k, p in enumerate(FILES)}},
    **{{f"move {{k}}": lambda p=p: os.rename(p, own("m")) for k, p in enumerate(FILES)}},
    **{{f"cut {{k}}": lambda p=p: os.truncate(p, 0) for k, p in enumerate(FILES)}},
    **{{f"in {{p}}": lambda p=p: make(p + "/x") for p in ("/", "/etc", "/usr", "/usr/lib", "/var/tmp", "/home", "/dev",
        "/proc", "/lib")}},
}}"""
    )
    assert len(found) == 59
    assert {name: how for name, how in found.items() if how not in CLOSED} == {}


def test_files_of_others_stay_as_they_are(arena, victim):
    found = arena.attempts(
        f"""{WRITE}
V = {str(victim)!r}
F = os.path.dirname(V)
make(own("mine")); os.symlink(V, own("link")); os.symlink(F, own("folder"))
TRIES = {{
    "write": lambda: write(V), "make": lambda: make(F + "/new"), "remove": lambda: os.unlink(V),
    "folder": lambda: os.mkdir(F + "/d"),
    "link here": lambda: os.link(V, own("l")), "link there": lambda: os.link(own("mine"), F + "/l"),
    "cut": lambda: os.truncate(V, 0),
    "move here": lambda: os.rename(V, own("v")), "move there": lambda: os.rename(own("mine"), V),
    "owner": lambda: os.chown(V, 1, 1),
    "symlink": lambda: os.symlink("x", F + "/s"), "fifo": lambda: os.mkfifo(F + "/f"),
    "through a link": lambda: write(own("link")),
    "through a folder": lambda: make(own("folder") + "/new"), "attribute": lambda: os.setxattr(V, "user.x", b"x"),
    "remove the folder": lambda: os.rmdir(F),
}}"""
    )
    assert {name: how for name, how in found.items() if how not in CLOSED} == {}


def test_attributes_of_others_files_stay_as_they_are(arena, victim):
    """At the landlock level changes of modes and times are said to have worked: `shutil.copy` needs that for its copies."""
    found = arena.attempts(
        f"""
        V = {str(victim)!r}
        TRIES = {{"mode": lambda: os.chmod(V, 0o600), "times": lambda: os.utime(V, (1, 1)),
            "folder": lambda: os.chmod(os.path.dirname(V), 0)}}
        """
    )
    assert found == dict.fromkeys(found, "allowed" if arena.level == "landlock" else "ENOENT")


def test_copies_can_be_made(arena):
    submission = arena.student(
        """
        import shutil
        def f():
            here = tempfile.mkdtemp()
            for k, copy in enumerate((shutil.copy, shutil.copy2, shutil.copyfile)): copy(__file__, f"{here}/{k}")
            shutil.copytree(here, here + "2")
            with open(os.devnull, "w") as null: null.write("x")
            names = sorted(os.listdir(here + "2"))
            shutil.rmtree(here)
            return names, os.path.exists(here)
        """
    )
    assert submission.f() == (["0", "1", "2"], False)


def test_what_is_left_behind_reaches_nobody(arena, victim):
    first = arena.student(
        f"""{WRITE}
def f():
    for k in range(20): write(own(str(k)))
    os.symlink({str(victim.parent)!r}, own("outside")); os.symlink("/", own("root")); os.symlink(own("loop"), own("loop"))
    os.umask(0o777); os.mkdir(own("locked")); os.umask(0)
    os.mkdir(own("deep")); os.chdir(own("deep"))
    os.symlink("/", "up"); write("-rf"); write("a\\nb"); write("\\udcff")
    return len(os.listdir(tempfile.gettempdir()))"""
    )
    assert first.f() == 25
    assert arena.student("def f(): return os.listdir(tempfile.gettempdir())").f() == []
    arena.still_works()
    assert _left(arena) == []


def test_folders_within_folders_are_ended_and_removed(arena):
    """Deeper than any path may be long, and than Python may recurse."""
    submission = arena.student(
        """
        def f():
            os.chdir(tempfile.gettempdir())
            for k in range(3000):
                os.mkdir("d" * 50); os.chdir("d" * 50)
            return os.sep.join([]) or time.sleep(1)
        """
    )
    if arena.level == "landlock":
        with pytest.raises(LimitExceeded, match="^wrote more than the 16 MB of files that are allowed$"):
            submission.f()
    else:
        submission.f()
    arena.still_works()
    assert _left(arena) == []


FILLING = {
    "one file": "t = open(own('x'), 'wb')\nwhile True: t.write(bytes(1 << 20))",
    "many files": "k = 0\nwhile True: k += 1; open(own(str(k)), 'wb').write(bytes(1 << 18))",
    "empty files": "k = 0\nwhile True: k += 1; open(own(str(k)), 'wb').close()",
    "folders": "k = 0\nwhile True: k += 1; os.mkdir(own(str(k)))",
    "files that have no name any more": "h = []\n"
    "while True: h.append(open(own('x'), 'wb')); os.unlink(own('x')); h[-1].write(bytes(1 << 20))",
    "room beyond the end": "h = []\n"
    "while True: h.append(open(own(str(len(h))), 'wb')); call(285, 47, h[-1].fileno(), 1, 0, 1 << 21)",
    "holes": "k = 0\nwhile True: k += 1; open(own(str(k)), 'wb').truncate(1 << 22)\n",
    "links": "k = 0\nwhile True: k += 1; os.symlink('x' * 4000, own(str(k)))",
}


def test_the_disk_cannot_be_filled(arena):
    for what, code in FILLING.items():
        body = "".join(f"    {line}\n" for line in code.splitlines())
        submission = arena.student(f"{WRITE}\ndef f():\n{body}", disk=4 << 20)
        words = "^wrote more than the 4 MB of files that are allowed$"
        words += "|No space left|File too large|Too many open files|Errno 28"
        if (arena.level, what) == ("bubblewrap", "holes"):
            words += "|CPU time$"  # they cost nothing where the folder has a size of its own
        with pytest.raises((LimitExceeded, OSError), match=words):
            submission.f()
        arena.still_works()


def test_devices_are_few(arena):
    found = arena.attempts(
        f"""{WRITE}
TRIES = {{"disk": lambda: os.mknod(own("d"), stat.S_IFBLK | 0o666, os.makedev(8, 0)),
         "memory": lambda: os.mknod(own("m"), stat.S_IFCHR | 0o666, os.makedev(1, 1)),
         "kmsg": lambda: write("/dev/kmsg"), "console": lambda: write("/dev/console"), "tty": lambda: write("/dev/tty"),
         "mount": lambda: call(165, 40, 0, 0, 0, 0, 0), "umount": lambda: call(166, 39, 0, 0),
         "chroot": lambda: os.chroot("/"),
         "pivot": lambda: call(155, 41, 0, 0), "swap": lambda: call(167, 224, 0, 0),
         "fanotify": lambda: call(300, 262, 0, 0)}}"""
    )
    assert {name: how for name, how in found.items() if how not in CLOSED | {"ENXIO"}} == {}


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_a_cold_worker_writes_no_further(arena, victim):
    found = arena.attempts(
        f"""{WRITE}
V = {str(victim)!r}
TRIES = {{"victim": lambda: write(V), "beside": lambda: make(V + "x"), "own module": lambda: write(__file__),
    "os": lambda: write(os.__file__)}}
"""
    )
    assert set(found.values()) <= CLOSED
    with pytest.raises((OSError, LimitExceeded), match="No space left|File too large|wrote more than"):
        arena.student(
            f"{WRITE}\ndef f(): write(own('x'))\ndef g(): open(own('x'), 'wb').write(bytes(64 << 20))", disk=4 << 20
        ).g()
    arena.still_works()
    assert _left(arena) == []


def _left(arena):
    """What lies in the sandbox's own folder besides the links to packages."""
    return [name for name in os.listdir(arena.sandbox._root) if not name.startswith("links-")]
