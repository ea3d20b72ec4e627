"""A system-call filter that the worker puts on itself, as raw BPF for x86_64 and aarch64.

It is a list of refusals, not of permissions: NumPy and torch use more calls than anybody has listed, and
what must not happen is short. A refused call fails with EPERM, one newer than this file with ENOSYS, and one
through a foreign architecture's entry kills the process. What the filter cannot see (paths, open
descriptors) is the business of `landlock` and `namespaces`.

Numbers: include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl of Linux.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from dataclasses import dataclass
from typing import Final

__all__ = ["NEWEST", "Policy", "install", "program", "unsupported"]

Table = dict[str, tuple[int | None, int | None]]  # name -> number on x86_64, on aarch64 (None: no such call)
Step = tuple[int, int, int, int]  # one BPF instruction: code, jump if true, jump if false, operand

MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of a table, AUDIT_ARCH_*
NEWEST: Final = 469  # file_setattr, Linux 6.17; calls above it were never judged, so they do not exist here

REFUSED: Final[Table] = {  # fmt: skip
    # other processes, and what spies on any
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "lookup_dcookie": (212, 18),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    # mounts, and files by ways that no path check sees
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    # the kernel itself: large interfaces that no course needs, and the machine's state
    "bpf": (321, 280),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "query_module": (178, None),
    "get_kernel_syms": (177, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "vhangup": (153, 58),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "lsm_set_self_attr": (460, 460),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # memory and messages that outlive a process or escape its limits
    "vmsplice": (278, 75),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmdt": (67, 197),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
}
NEW_PROCESS: Final[Table] = {"fork": (57, None), "vfork": (58, None)}
SOCKETS: Final[Table] = {  # fmt: skip
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
}
# Landlock does not judge these, so they must not happen to the machine's files; but `shutil.copy` and `copytree` set
# modes and times of their copies and fail where they cannot. Nothing that a worker may write to depends on either.
PRETENDED: Final[Table] = {  # fmt: skip
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
FILE_ATTRIBUTES: Final[Table] = {  # fmt: skip
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "truncate": (76, 45),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
}
EXAMINED: Final[Table] = {  # fmt: skip
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "prctl": (157, 167),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    "clone": (56, 220),
}
ABSENT: Final[Table] = {"clone3": (435, 435)}  # its flags are out of sight; libc falls back to clone
SECCOMP: Final = (317, 277)

CLONE_THREAD: Final = 0x10000
CLONE_ESCAPES: Final = 0x7E020000 | 0x8000  # every CLONE_NEW*, and CLONE_PARENT (a child of the zygote)
PRCTL_REFUSED: Final = (1, 4, 0x59616D61)  # PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER
# TIOCSTI and TIOCLINUX type into a terminal; FIOSETOWN and SIOCSPGRP, like F_SETOWN and F_SETSIG, let the
# kernel send any signal to any process when a descriptor becomes ready.
IOCTL_REFUSED: Final = (0x5412, 0x541C, 0x8901, 0x8902)
FCNTL_REFUSED: Final = (8, 10, 15, 1024, 1026)  # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
IOCTL_FILE_GROUPS: Final = b"fXv"  # these change a file's attributes through a descriptor open for reading

ALLOW: Final[Step] = (0x06, 0, 0, 0x7FFF0000)
KILL: Final[Step] = (0x06, 0, 0, 0x80000000)
EPERM: Final[Step] = (0x06, 0, 0, 0x00050000 | 1)
ENOSYS: Final[Step] = (0x06, 0, 0, 0x00050000 | 38)
PRETEND: Final[Step] = (0x06, 0, 0, 0x00050000)  # an error of number 0: the call returns 0 and is not carried out


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the worker may still do.

    pid: the worker's own process id as it sees it itself: the only process it may signal or schedule.
    processes: whether new processes may be cloned; a program can be executed in neither case.
    shared_filesystem: True where the worker sees the machine's own files (Landlock does not judge their
        attributes): changing owners and extended attributes, and watching, is refused too; changing modes and
        times is said to have worked and does nothing.
    sockets: whether sockets may be made; descriptors that are already open work in either case.
    """

    pid: int
    processes: bool
    shared_filesystem: bool
    sockets: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.pid < 1 << 31:
            raise ValueError(f"a policy's pid is the worker's own process id, not {self.pid}")


def unsupported(machine: str | None = None) -> str | None:
    """Why no filter can be had on `machine` (default: this one), as a sentence; None if one can."""
    if sys.platform != "linux":
        return f"System-call filters exist on Linux only, and this is {sys.platform}."
    machine = machine or platform.machine()
    if machine not in MACHINES or sys.maxsize < 1 << 32:
        return f"The system-call filter is written for 64-bit x86_64 and aarch64; this machine is {machine}."
    return None


def _load(offset: int) -> Step:
    return (0x20, 0, 0, offset)


def _argument(index: int) -> Step:
    """Load the low half of an argument: of pids, commands and flags the kernel drops the rest."""
    return _load(16 + 8 * index)


def _if_equal(value: int, then: Step) -> list[Step]:
    return [(0x15, 0, 1, value & 0xFFFFFFFF), then]


def _forbid(argument: int, values: tuple[int, ...]) -> list[Step]:
    return [_argument(argument), *(step for value in values for step in _if_equal(value, EPERM))]


def _demand(argument: int, values: tuple[int, ...]) -> list[Step]:
    tests = [(0x15, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_argument(argument), *tests, EPERM]


def _clone(policy: Policy) -> list[Step]:
    steps = [_argument(0), (0x45, 0, 1, CLONE_ESCAPES), EPERM]
    return steps if policy.processes else [*steps, (0x45, 1, 0, CLONE_THREAD), EPERM]


def _ioctl(policy: Policy) -> list[Step]:
    steps = _forbid(1, IOCTL_REFUSED)
    if policy.shared_filesystem:
        steps.append((0x54, 0, 0, 0xFF00))  # the group's letter lies in the second byte
        steps += [step for group in IOCTL_FILE_GROUPS for step in _if_equal(group << 8, EPERM)]
    return steps


def _examinations(policy: Policy) -> dict[str, list[Step]]:
    """For each call of EXAMINED the steps that refuse it; where they end without a verdict, it is allowed."""
    own, self_ = _demand(0, (policy.pid,)), _demand(0, (0, policy.pid))
    signals = dict.fromkeys(("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"), own)
    scheduling = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
    by_kind = _demand(1, (0, policy.pid))
    return {
        **signals,
        **dict.fromkeys(scheduling, self_),
        "setpriority": _demand(0, (0,)) + by_kind,  # 0 is PRIO_PROCESS
        "ioprio_set": _demand(0, (1,)) + by_kind,  # 1 is IOPRIO_WHO_PROCESS
        "prctl": _forbid(0, PRCTL_REFUSED),
        "ioctl": _ioctl(policy),
        "fcntl": _forbid(1, FCNTL_REFUSED),
        "clone": _clone(policy),
    }


def _refusals(policy: Policy) -> Table:
    table = dict(REFUSED)
    for group, allowed in ((NEW_PROCESS, policy.processes), (SOCKETS, policy.sockets),
                           (FILE_ATTRIBUTES, not policy.shared_filesystem)):  # fmt: skip
        table |= {} if allowed else group
    return table


def program(policy: Policy, machine: str) -> bytes:
    """The filter as an array of struct sock_filter. Raises OSError for a machine without a table.

    Every rule is one comparison that skips the rule's own body, so no jump is longer than the longest body.
    """
    reason = unsupported(machine)
    if reason:
        raise OSError(errno.ENOSYS, reason)
    column, architecture = MACHINES[machine]
    steps = [_load(4), (0x15, 1, 0, architecture), KILL, _load(0)]
    if machine == "x86_64":
        steps += [(0x35, 0, 1, 0x40000000), EPERM]  # x32: the same calls under other numbers
    steps += [(0x25, 0, 1, NEWEST), ENOSYS]
    bodies = [(numbers, [EPERM]) for numbers in _refusals(policy).values()]
    bodies += [(numbers, [ENOSYS]) for numbers in ABSENT.values()]
    bodies += [(numbers, [PRETEND]) for numbers in PRETENDED.values() if policy.shared_filesystem]
    bodies += [(EXAMINED[name], [*body, ALLOW]) for name, body in _examinations(policy).items()]
    for numbers, body in bodies:
        number = numbers[column]
        steps += [] if number is None else [(0x15, 0, len(body), number), *body]
    return b"".join(struct.pack("<HBBI", *step) for step in [*steps, ALLOW])


def install(policy: Policy) -> None:
    """Put the filter on every thread of this process, for good. Raises OSError if the kernel refuses it."""
    code = program(policy, platform.machine())
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0))):  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), f"no_new_privs: {os.strerror(ctypes.get_errno())}")
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    number = SECCOMP[MACHINES[platform.machine()][0]]
    set_mode_filter, all_threads = ctypes.c_long(1), ctypes.c_long(1)
    result = libc.syscall(ctypes.c_long(number), set_mode_filter, all_threads, header)
    if result > 0:
        raise OSError(errno.EBUSY, f"system-call filter: thread {result} carries a filter of its own")
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system-call filter: {os.strerror(ctypes.get_errno())}")
