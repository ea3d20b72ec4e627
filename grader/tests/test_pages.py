"""Large pages: much memory is merged where the kernel can, little is left alone, and its content stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

SOURCE = """
import ctypes, mmap, os, sys
from grader.worker import pages

lists = [[k] * 20_000 for k in range({count})]

def large():
    with open("/proc/self/smaps") as source:
        return sum(int(line.split()[1]) for line in source if line.startswith("AnonHugePages:"))

own = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
own[:] = bytes(range(256)) * (4 << 12)
place = -(-ctypes.addressof(ctypes.c_char.from_buffer(own)) // (2 << 20)) * (2 << 20)
can = ctypes.CDLL(None).madvise(ctypes.c_void_p(place), ctypes.c_size_t(2 << 20), 25) == 0
before = large()
pages.merge()
grown = large() - before
assert all(each == [k] * 20_000 for k, each in enumerate(lists))
child = os.fork()
if child == 0:
    lists[3][0] = "changed"
    os._exit(0)
os.waitpid(child, 0)
print(can, grown > {grown} << 10, lists[3][0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own way of memory")
@pytest.mark.parametrize(("count", "grown", "expected"), [(1000, 64, True), (20, 64, False)])
def test_much_memory_is_merged(count: int, grown: int, expected: bool, child_env: dict[str, str]) -> None:
    command = [sys.executable, "-c", SOURCE.format(count=count, grown=grown)]
    ran = subprocess.run(command, capture_output=True, text=True, env=child_env, timeout=60)
    assert ran.returncode == 0, ran.stderr
    can, merged, first = ran.stdout.split()
    assert first == "3"
    if can == "False" and expected:
        pytest.skip("this kernel merges no pages (Linux 6.1 does)")
    assert (merged == "True") == expected
