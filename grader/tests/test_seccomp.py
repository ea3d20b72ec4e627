"""The filter as data: its numbers against the kernel's headers, its verdicts by an interpreter of BPF."""

from __future__ import annotations

import platform
import re
import struct
import sys
from pathlib import Path

import pytest

from grader.worker import seccomp
from grader.worker.seccomp import (
    EXAMINED,
    FILE_ATTRIBUTES,
    MACHINES,
    NEW_PROCESS,
    NEWEST,
    PRETENDED,
    REFUSED,
    SOCKETS,
    Policy,
)  # fmt: skip

ALLOW, EPERM, ENOSYS, KILL, DONE = 0x7FFF0000, 0x50001, 0x50026, 0x80000000, 0x50000
PID = 4242
JUNK = 0xABCD << 32  # the kernel ignores the upper half of a pid or a command, so must the filter
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
SCHEDULING = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
TCGETS, TIOCSTI, TIOCLINUX, FIOSETOWN, FS_IOC_SETFLAGS = 0x5401, 0x5412, 0x541C, 0x8901, 0x40086602
THREAD, FORK, NEWUSER, NEWNS, NEWNET, PARENT = 0x3D0F00, 17, 0x10000000, 0x20000, 0x40000000, 0x8000

on_both = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def policy(**changes):
    return Policy(**{"pid": PID, "processes": False, "shared_filesystem": False} | changes)


def judged(code, number, *arguments, architecture):
    """Run the filter over one call, as the kernel would; an index that leaves the program raises."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    steps, at, value = list(struct.iter_unpack("<HBBI", code)), 0, 0
    while True:
        kind, yes, no, operand = steps[at]
        at += 1
        if kind == 0x06:
            return operand
        if kind == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif kind == 0x54:
            value &= operand
        else:
            equal, more = value == operand, value > operand
            at += yes if {0x15: equal, 0x25: more, 0x35: more or equal, 0x45: value & operand}[kind] else no


@on_both
def test_numbers_are_the_kernels(machine):
    header, column = HEADERS[machine], MACHINES[machine][0]
    if not header.exists():
        pytest.skip(f"{header} is not here (linux-libc-dev)")
    defined = dict(re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\b", header.read_text()))
    tables = REFUSED | NEW_PROCESS | SOCKETS | FILE_ATTRIBUTES | PRETENDED | EXAMINED | seccomp.ABSENT
    ours = {name: numbers[column] for name, numbers in tables.items()} | {"seccomp": seccomp.SECCOMP[column]}
    newest = int(defined["set_mempolicy_home_node"])  # what came later is in newer headers only
    known = {name: number for name, number in ours.items() if name in defined or (number or 0) <= newest}
    assert known == {name: int(defined[name]) if name in defined else None for name in known}
    assert len(known) > 130


@on_both
@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("sockets", [False, True])
def test_every_number_gets_the_verdict_of_its_table(machine, processes, shared, sockets):
    column, architecture = MACHINES[machine]
    code = seccomp.program(policy(processes=processes, shared_filesystem=shared, sockets=sockets), machine)
    refused = REFUSED | ({} if processes else NEW_PROCESS) | ({} if sockets else SOCKETS)
    refused |= FILE_ATTRIBUTES if shared else {}
    expected = dict.fromkeys(range(NEWEST + 1), ALLOW) | {435: ENOSYS, NEWEST + 1: ENOSYS, 99_999: ENOSYS}
    expected |= {numbers[column]: EPERM for numbers in refused.values() if numbers[column] is not None}
    pretended = PRETENDED if shared else {}
    expected |= {numbers[column]: DONE for numbers in pretended.values() if numbers[column] is not None}
    for numbers in EXAMINED.values():
        del expected[numbers[column]]
    assert {number: judged(code, number, architecture=architecture) for number in expected} == expected
    assert len(code) // 8 <= 4096  # the kernel's limit


@on_both
def test_other_doors_into_the_kernel_are_shut(machine):
    _, architecture = MACHINES[machine]
    code = seccomp.program(policy(), machine)
    i386 = 0x40000003
    foreign = [i386, *(other for _, other in MACHINES.values() if other != architecture)]
    assert [judged(code, 1, architecture=other) for other in foreign] == [KILL, KILL]
    x32_getpid = 0x40000000 | 39
    assert judged(code, x32_getpid, architecture=architecture) == (EPERM if machine == "x86_64" else ENOSYS)


@on_both
@pytest.mark.parametrize(("name", "arguments", "verdict"), [
    *((name, (own,), ALLOW) for name in SIGNALS for own in (PID, PID | JUNK)),
    *((name, (other,), EPERM) for name in SIGNALS for other in (0, 1, 2**64 - 1, 2**32 - PID, JUNK)),
    *((name, (own,), ALLOW) for name in SCHEDULING for own in (0, PID)),
    *((name, (other,), EPERM) for name in SCHEDULING for other in (1, 2**64 - 1)),
    ("setpriority", (0, 0), ALLOW), ("setpriority", (0, PID), ALLOW), ("setpriority", (0, 1), EPERM),
    ("setpriority", (1, 0), EPERM), ("setpriority", (2, 0), EPERM), ("setpriority", (1, PID), EPERM),
    ("ioprio_set", (1, 0), ALLOW), ("ioprio_set", (1, PID), ALLOW), ("ioprio_set", (1, 1), EPERM),
    ("ioprio_set", (2, 0), EPERM), ("ioprio_set", (3, 0), EPERM),
    ("prctl", (1, 9), EPERM), ("prctl", (4, 1), EPERM), ("prctl", (0x59616D61,), EPERM),
    ("prctl", (15,), ALLOW), ("prctl", (38, 1), ALLOW),
    ("ioctl", (0, TIOCSTI), EPERM), ("ioctl", (0, TIOCSTI | JUNK), EPERM), ("ioctl", (0, TIOCLINUX), EPERM),
    ("ioctl", (0, FIOSETOWN), EPERM), ("ioctl", (0, TCGETS), ALLOW), ("ioctl", (0, FS_IOC_SETFLAGS), ALLOW),
    ("fcntl", (0, 8), EPERM), ("fcntl", (0, 10), EPERM), ("fcntl", (0, 15), EPERM), ("fcntl", (0, 4), ALLOW),
    ("fcntl", (0, 1024), EPERM),
    ("clone", (THREAD,), ALLOW), ("clone", (FORK,), EPERM), ("clone", (THREAD | NEWUSER,), EPERM),
    ("clone", (THREAD | PARENT,), EPERM), ("clone", (0,), EPERM),
])  # fmt: skip
def test_arguments_decide(machine, name, arguments, verdict):
    column, architecture = MACHINES[machine]
    code = seccomp.program(policy(), machine)
    assert judged(code, EXAMINED[name][column], *arguments, architecture=architecture) == verdict


@on_both
@pytest.mark.parametrize(("name", "arguments", "verdict"), [
    ("clone", (FORK,), ALLOW), ("clone", (THREAD,), ALLOW), ("clone", (FORK | NEWNS,), EPERM),
    ("clone", (FORK | NEWNET,), EPERM), ("clone", (FORK | PARENT,), EPERM),
    ("ioctl", (0, FS_IOC_SETFLAGS), EPERM), ("ioctl", (0, 0x401C5820), EPERM),
    ("ioctl", (0, 0x40087602), EPERM), ("ioctl", (0, TCGETS), ALLOW), ("ioctl", (0, TIOCSTI), EPERM),
    ("kill", (1,), EPERM),
])  # fmt: skip
def test_processes_allowed_and_files_shared(machine, name, arguments, verdict):
    column, architecture = MACHINES[machine]
    code = seccomp.program(policy(processes=True, shared_filesystem=True), machine)
    assert judged(code, EXAMINED[name][column], *arguments, architecture=architecture) == verdict


def test_a_machine_without_a_table_is_named(monkeypatch):
    if sys.platform == "linux":
        assert "this machine is riscv64" in seccomp.unsupported("riscv64")
        with pytest.raises(OSError, match="this machine is riscv64"):
            seccomp.program(policy(), "riscv64")
        monkeypatch.setattr(platform, "machine", lambda: "s390x")
        with pytest.raises(OSError, match="this machine is s390x"):
            seccomp.install(policy())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux only, and this is darwin" in seccomp.unsupported("x86_64")


@pytest.mark.parametrize("pid", [0, -1, 1 << 31])
def test_a_policy_protects_one_process(pid):
    with pytest.raises(ValueError, match=f"own process id, not {pid}$"):
        policy(pid=pid)


@on_both
@pytest.mark.parametrize("shared", [False, True])
def test_a_gpus_driver_can_be_asked(machine, shared):
    """Commands of NVIDIA's control node are of the group 'F' (200 to 255, and from 0x20 on); those of its memory manager are
    small numbers, and two that begin and end (0x30000001, 0x30000002).
    """
    number, architecture = EXAMINED["ioctl"][MACHINES[machine][0]], MACHINES[machine][1]
    code = seccomp.program(policy(shared_filesystem=shared), machine)
    which = (*range(0x20, 0x60), *range(200, 256))
    control = [0xC0000000 | size << 16 | ord("F") << 8 | each for size in (8, 32, 0x900) for each in which]
    for command in (*control, *range(1, 256), 0x30000001, 0x30000002):
        assert judged(code, number, 3, command, architecture=architecture) == ALLOW
