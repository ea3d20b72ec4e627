"""The filter in an interpreter of its own: what must still work under it, and what must not."""

from __future__ import annotations

import importlib.util
import inspect
import os
import platform
import re
import signal
import subprocess
import sys

import pytest

from grader.worker import seccomp

needs_filter = pytest.mark.skipif(bool(seccomp.unsupported()), reason=str(seccomp.unsupported()))


def run_filtered(source, *, before="", processes=False, shared=False, **environment):
    """`source` in a new interpreter that has put the filter on itself, by the module's text alone."""
    policy = f"Policy(pid=os.getpid(), processes={processes}, shared_filesystem={shared})"
    whole = f"{inspect.getsource(seccomp)}\n{before}\ninstall({policy})\n{source}\nprint('done')\n"
    command = [sys.executable, "-c", whole]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=120)


@needs_filter
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("package", "source"), [
    ("numpy", "import numpy as n; a = n.ones((300, 300)); assert (a @ a)[0, 0] == 300; n.linalg.svd(a)"),
    ("torch", "import torch as t; a = t.ones(300, 300, requires_grad=True); (a @ a).sum().backward();"
              "assert a.grad[0, 0] == 600; t.nn.Conv2d(3, 8, 3)(t.ones(2, 3, 32, 32)).sum().backward()"),
])  # fmt: skip
def test_packages_load_and_compute_in_threads(package, source, shared):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    done = run_filtered(source, shared=shared, OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="3")
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@needs_filter
def test_a_crash_is_still_told():
    done = run_filtered("import faulthandler; faulthandler.enable(); os.abort()")
    assert done.returncode == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in done.stderr


@needs_filter
@pytest.mark.skipif(platform.machine() != "x86_64", reason="int 0x80 is the x86 door for 32-bit calls")
def test_a_32_bit_call_kills():
    done = run_filtered(
        "import mmap; page = mmap.mmap(-1, 4096, prot=7); page.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()"
    )  # mov eax, 20 (getpid); int 0x80; ret
    assert (done.returncode, done.stdout) == (-signal.SIGSYS, "")


@needs_filter
def test_processes_may_be_allowed_programs_never():
    done = run_filtered(
        """
child = os.fork()
if child == 0:
    try:
        os.execv("/bin/true", ["true"])
    except PermissionError:
        os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
""",
        processes=True,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@needs_filter
def test_threads_that_run_already_are_filtered_too():
    before = """
import socket, threading
go, seen = threading.Event(), []

def late():
    go.wait()
    try:
        socket.socket()
    except OSError as error:
        seen.append(error.errno)

thread = threading.Thread(target=late)
thread.start()
"""
    done = run_filtered("go.set(); thread.join(); print(seen)", before=before)
    assert (done.returncode, done.stdout) == (0, "[1]\ndone\n"), done.stderr


@needs_filter
def test_a_thread_with_a_filter_of_its_own_is_no_accident():
    before = """
import threading
done = threading.Event()

def own():
    allow = ctypes.create_string_buffer(struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000), 8)
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, struct.pack("@HP", 1, ctypes.addressof(allow))) == 0
    done.set()
    threading.Event().wait()

threading.Thread(target=own, daemon=True).start()
done.wait()
"""
    done = run_filtered("", before=before)
    assert re.search(r"system-call filter: thread \d+ carries a filter of its own", done.stderr)
    assert done.stdout == ""
