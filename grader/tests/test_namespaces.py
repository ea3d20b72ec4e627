"""A worker's own namespaces, inside a bubblewrap sandbox like the one that a zygote lives in."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
import subprocess
import sys

import pytest

from grader.worker import namespaces

NOBODY = 65534
SANDBOX = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
           "--tmpfs", "/tmp", "--chdir", "/"]  # fmt: skip
ORDINARY = ["--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]

REPORT = """
import json, socket, sys

def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "allowed"

def fill(path, size):
    with open(path, "wb") as target:
        target.write(bytes(size))

ids = os.getuid(), os.getgid()
child = fork()
if child:
    os.waitpid(child, 0)
    os._exit(0)
try:
    map_ids(*ids)
    fresh = private_mounts(1 << 20)
    sealed_folder("/tmp/sealed", {"knn.py": b"x = 1", "sub/deep/data": bytes(70000), "empty": b""})
    drop_capabilities()
    libc, mode = _libc(), os.stat("/tmp/sealed/knn.py").st_mode & 0o777
    print(json.dumps({
        "fresh": fresh, "pid": os.getpid(),
        "processes": [name for name in os.listdir("/proc") if name.isdigit()],
        "proc read-only": os.statvfs("/proc").f_flag & MS_RDONLY,
        "uid kept": os.getuid() == int(sys.argv[1]),
        "other uid": attempt(lambda: os.setuid(12345)) != "allowed",
        "tmp": attempt(lambda: fill("/tmp/some", 1 << 19)),
        "tmp over": attempt(lambda: fill("/tmp/much", 2 << 20)),
        "tmp mode": oct(os.stat("/tmp").st_mode & 0o777), "tmp names": len(os.listdir("/tmp")),
        "shm over": attempt(lambda: fill("/dev/shm/much", 2 << 20)),
        "null": attempt(lambda: fill("/dev/null", 9)), "dev": attempt(lambda: fill("/dev/new", 9)),
        "content": open("/tmp/sealed/knn.py").read(), "depth": os.path.getsize("/tmp/sealed/sub/deep/data"),
        "mode": oct(mode), "seal add": attempt(lambda: fill("/tmp/sealed/new", 1)),
        "seal chmod": attempt(lambda: os.chmod("/tmp/sealed/knn.py", 0o666)),
        "seal remove": attempt(lambda: os.unlink("/tmp/sealed/knn.py")),
        "seal off": attempt(lambda: umount("/tmp/sealed")),
        "seal open": attempt(lambda: mount(None, "/tmp/sealed", None, MS_BIND | MS_REMOUNT)),
        "capabilities": _capabilities(libc), "securebits": libc.prctl(27, 0, 0, 0, 0),
        "bounding": [cap for cap in range(40) if libc.prctl(23, cap, 0, 0, 0) == 1],
        "network": attempt(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    }))
except BaseException as error:
    print(json.dumps(f"{type(error).__name__}: {error}"))
sys.stdout.flush()
os._exit(0)
"""
EXPECTED = {
    "pid": 1, "proc read-only": 1, "uid kept": True, "other uid": True, "tmp": "allowed",
    "tmp over": "ENOSPC", "tmp mode": "0o700", "tmp names": 3, "shm over": "ENOSPC", "null": "allowed",
    "dev": "EROFS", "content": "x = 1", "depth": 70000, "mode": "0o444", "seal add": "EROFS",
    "seal chmod": "EROFS",
    "seal remove": "EROFS", "seal off": "EPERM", "seal open": "EPERM", "capabilities": [0, 0, 0],
    "securebits": 0xEF, "bounding": [], "network": "ENETUNREACH",
}  # fmt: skip


def _python(uid):
    """An interpreter that this user can reach; one under a folder of root's alone or in /tmp is none."""
    ours = os.path.realpath(sys.executable)
    return "/usr/bin/python3" if uid or ours.startswith("/tmp/") else ours


def sandboxed(source, *arguments, uid=None, options=()):
    """Standard output of `source`, after the module's own text, in a bubblewrap sandbox started by `uid`."""
    command = ["bwrap", *SANDBOX, *options, "--", _python(uid), "-I", "-S", "-c", source, *arguments]
    who = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    return subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, **who)


@functools.cache
def _obstacle(uid):
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    if uid and os.geteuid() != 0:
        return "needs root to become nobody"
    if not os.access(_python(uid), os.X_OK):
        return f"there is no {_python(uid)}"
    done = sandboxed("print('here')", uid=uid)
    return None if done.stdout == "here\n" else f"no sandbox here: {done.stderr.strip()}"


@pytest.fixture(params=[None, NOBODY], ids=["self", "nobody"])
def uid(request):
    if _obstacle(request.param):
        pytest.skip(_obstacle(request.param))
    return request.param


@pytest.mark.parametrize("options", [(), ORDINARY], ids=["same-id", "id-1000"])
def test_a_worker_has_a_world_of_its_own(uid, options):
    inner = 1000 if options else uid or os.getuid()
    done = sandboxed(inspect.getsource(namespaces) + REPORT, str(inner), uid=uid, options=options)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict), found
    assert found.pop("processes") == (["1"] if found.pop("fresh") else [])
    assert found == EXPECTED


def test_an_ordinary_users_sandbox_gets_a_fresh_proc(uid):
    if uid is None and os.geteuid() == 0:
        pytest.skip("under root parts of /proc are covered, and the kernel then refuses a fresh one")
    done = sandboxed(inspect.getsource(namespaces) + REPORT, str(uid or os.getuid()), uid=uid)
    assert json.loads(done.stdout)["fresh"] is True


def test_privileges_are_dropped_outside_a_sandbox_too(uid):
    tail = "\ndrop_capabilities()\nprint(_libc().prctl(39, 0, 0, 0, 0), _capabilities(_libc()))\n"
    who = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
    command = [_python(uid), "-I", "-S", "-c", inspect.getsource(namespaces) + tail]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, **who)
    assert done.stdout == "1 (0, 0, 0)\n", done.stderr  # 39 is PR_GET_NO_NEW_PRIVS


@pytest.mark.parametrize(("source", "message"), [
    ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start(); fork()",
     "[Errno 16] fork into namespaces: the process has threads"),
    ("fork() and os.wait() or map_ids(12345, 12345)",
     "[Errno 1] write '12345 12345 1' to /proc/self/uid_map: Operation not permitted"),
    ("mount('tmpfs', '/nowhere', 'tmpfs', 0)",
     "[Errno 2] mount tmpfs on /nowhere: No such file or directory"),
    ("umount('/nowhere')", "[Errno 2] umount /nowhere: No such file or directory"),
    ("private_mounts(1 << 20)", "[Errno 1] mount flags on /: Operation not permitted"),
])  # fmt: skip
def test_the_step_that_failed_is_named(uid, source, message):
    tail = f"\ntry:\n    {source}\nexcept OSError as error:\n    print(error, flush=True)\nos._exit(0)\n"
    done = sandboxed(inspect.getsource(namespaces) + tail, uid=uid, options=ORDINARY)
    assert done.stdout.strip() == message, done.stderr


@pytest.mark.parametrize("name", ["../out", "/absolute", "a/../../out", "a//b", "", ".", "a/", "nul\0"])
def test_no_file_leaves_a_sealed_folder(tmp_path, name):
    with pytest.raises(OSError, match="is not the path of a file inside it"):
        namespaces.sealed_folder(str(tmp_path / "folder"), {"good.py": b"", name: b""})
    assert not (tmp_path / "folder").exists()
