"""Attacks by reading: this machine's files, other processes, other submissions, what the grader knows."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

import pytest

import grader
from grader.tests.hostile import COLD, WARM, named, open_arena

SECRET = "correct-horse-battery-staple"
CLOSED = {"EACCES", "EPERM", "ENOENT", "ENOTDIR", "ESRCH", "ENXIO", "ENODEV"}


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    os.environ["GRADER_TEST_SECRET"] = SECRET
    yield from open_arena(request.param, ("numpy",))
    del os.environ["GRADER_TEST_SECRET"]


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


@pytest.fixture
def hidden():
    """A file of ours that everybody may read."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_knn_hidden.py"
        file.write_text(SECRET)
        for place in (file, file.parent):
            place.chmod(0o755)
        yield file


FILES = """
def read(path):
    with open(path, "rb") as source: source.read(1)
def read_or_list(path): os.listdir(path) if os.path.isdir(path) else read(path)
"""


def test_files_of_this_machine_are_out_of_sight(arena, hidden):
    package = Path(grader.__file__).parent
    places = [
        "/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/ssl", "/root", "/home", "/var", "/usr/bin", "/boot",
        "/sys", "/srv", "/opt",
        "/root/.bash_history", "/proc/kcore", "/proc/kmsg", "/proc/sched_debug", "/dev/mem", "/dev/kmsg", "/dev/kvm",
        "/dev/sda",
        "/dev/vda", "/dev/fuse", "/dev/net/tun", str(hidden), str(hidden.parent), str(package), str(package / "errors.py"),
        str(package / "tests"), str(package.parent), str(package.parent / "solutions"), __file__, os.getcwd(),
        str(Path(pytest.__file__).parent), str(Path(pytest.__file__).parent.parent), "..", "../..", "/submission/..",
        os.path.dirname(__file__),
    ]  # fmt: skip
    if arena.level == "bubblewrap":
        places = [place for place in places if place not in ("..", "../..", "/submission/..")]  # the sandbox's own root
    found = arena.attempts(f"{FILES}\nTRIES = {{place: lambda place=place: read_or_list(place) for place in {places!r}}}")
    assert {place: how for place, how in found.items() if how not in CLOSED} == {}


def test_the_root_of_the_sandbox_is_bare(arena):
    if arena.level == "landlock":
        assert arena.attempts("TRIES = {'/': lambda: os.listdir('/')}") == {"/": "EACCES"}
        return
    names = arena.student("def f(): return os.listdir('/')").f()
    allowed = {"python", "runtime", "site", "submission", "lib", "lib64", "usr", "proc", "dev", "tmp"}
    assert set(names) <= allowed
    assert arena.student("def f(): return os.listdir('/usr')").f() == ["lib"]


def test_the_grader_is_not_among_what_can_be_imported(arena):
    names = [
        "grader",
        "pytest",
        "_pytest",
        "scipy",
        "sklearn",
        "pip",
        "setuptools",
        "rich",
        "packaging",
        "course_data",
        "conftest",
    ]
    source = """
        import importlib, site
        def look():
            sys.path += site.getsitepackages() + PLACES + [os.path.dirname(os.path.dirname(os.__file__)) + "/dist-packages"]
            return {name: attempt(lambda: importlib.import_module(name)) for name in NAMES}
        """
    places = [
        str(Path(spec.origin).parent.parent)
        for name in names[:4]
        if (spec := importlib.util.find_spec(name)) and spec.origin
    ]
    found = arena.student(f"NAMES, PLACES = {names}, {places}\n" + __import__("textwrap").dedent(source)).look()
    assert found == dict.fromkeys(names, "ModuleNotFoundError")


def test_the_worker_has_no_neighbours(arena):
    source = """
        def look():
            worker = sys.modules["_grader_worker"].__path__[0]
            here = os.path.realpath(worker)
            return {k: attempt(lambda: os.listdir(p)) for k,
                p in (("parent", here + "/.."), ("grandparent", here + "/../.."))}
        """
    found = arena.student(source).look()
    if arena.level == "landlock":
        assert found == {"parent": "EACCES", "grandparent": "EACCES"}
    else:
        assert arena.student("def f(): return os.listdir('/runtime')").f() == ["_grader_worker"]


def test_another_submission_is_out_of_reach(arena):
    first = arena.student(
        "def where():\n    open('note.txt', 'w').write('x')\n    return os.path.dirname(__file__), os.getcwd()"
    )
    folder, tmp = first.where()
    second = arena.student(
        f"""
        import glob
        TRIES = {{
            "their module": lambda: open({folder + "/student.py"!r}).read() and 1 / 0,
            "their folder": lambda: os.listdir({tmp!r}),
            "their note": lambda: open({tmp + "/note.txt"!r}),
            "all folders": lambda: os.listdir({os.path.dirname(os.path.dirname(tmp))!r}),
        }}
        def glimpse(): return sorted(glob.glob({tmp + "/*"!r}) + glob.glob(os.getcwd() + "/*"))
        """
    )
    found = second.attempts()
    if arena.level == "bubblewrap":
        assert found.pop("their module") == "ZeroDivisionError"  # its own module, at the same place
        assert (found.pop("their folder"), found.pop("all folders")) == ("allowed", "allowed")  # its own
    assert found == dict.fromkeys(found, "EACCES" if arena.level == "landlock" else "ENOENT")
    assert second.glimpse() == []


def test_a_submission_holds_its_files_only(arena):
    assert arena.student("def f(): return os.listdir(os.path.dirname(__file__))").f() == ["student.py"]
    assert arena.student("def f(): return os.listdir(), os.listdir(tempfile.gettempdir())").f() == ([], [])


def test_nothing_of_the_graders_environment_is_inherited(arena):
    environment = arena.student("def f(): return dict(os.environ)").f()
    assert SECRET not in str(environment)
    allowed = {"HOME", "TMPDIR", "PATH", "LANG", "LC_CTYPE", "PWD", "LD_LIBRARY_PATH"}
    library = ("PYTHON", "MALLOC_")
    assert {name for name in environment if not name.startswith(library) and not name.endswith("_THREADS")} <= allowed
    assert not any(name in environment for name in ("PYTHONPATH", "PYTHONSTARTUP", "GRADER_TEST_SECRET"))


def test_nothing_of_the_graders_is_in_the_workers_memory(arena):
    """Strings of every object, and what /proc tells of the process itself."""
    source = """
        import gc
        def look():
            word = "-".join(["correct", "horse", "battery"]) + "-st"
            gc.unfreeze()
            seen = [o for o in gc.get_objects() if isinstance(o, (list, tuple, dict)) and len(o) < 1000]
            texts = [str(t) for o in seen for t in (o.values() if isinstance(o, dict) else o) if isinstance(t, (str, bytes))]
            for name in ("environ", "cmdline", "auxv"):
                try: texts.append(open(f"/proc/self/{name}", "rb").read().decode("latin-1"))
                except OSError: pass
            return len(texts), sum(word in text for text in texts)
        """
    many, hits = arena.student(source).look()
    assert (many > 1000, hits) == (True, 0)


def test_no_descriptor_is_inherited(arena):
    source = """
        import stat
        def f():
            kinds = {}
            for k in range(1024):
                try: kinds[k] = stat.S_IFMT(os.fstat(k).st_mode)
                except OSError: pass
            return kinds
        """
    character, pipe, socket = 0o020000, 0o010000, 0o140000
    assert arena.student(source).f() == {0: character, 1: pipe, 2: pipe, 3: socket}


SPYING = """
def mine(k): return k.isdigit() and int(k) != os.getpid()
TRIES = {
    "trace parent": lambda: call(101, 117, 16, os.getppid() or 1, 0, 0), "trace me": lambda: call(101, 117, 0, 0, 0, 0),
    "read memory": lambda: call(310, 270, os.getppid() or 1, 0, 0, 0, 0, 0),
    "write memory": lambda: call(311, 271, 1, 0, 0, 0, 0, 0),
    "take a descriptor": lambda: call(438, 438, 0, 0, 0), "open a process": lambda: os.pidfd_open(os.getpid()),
    "compare": lambda: call(312, 272, 1, 2, 0, 0, 0), "count events": lambda: call(298, 241, 0, 0, 0, 0, 0),
    "read the kernel's log": lambda: call(103, 116, 3, 0, 0), "open by handle": lambda: call(304, 265, 0, 0, 0),
    "load a program into the kernel": lambda: call(321, 280, 0, 0, 0),
    "become dumpable": lambda: call(157, 167, 4, 1, 0, 0, 0),
    "let anybody trace": lambda: call(157, 167, 0x59616D61, -1, 0, 0, 0),
}
def processes():
    try: return [k for k in os.listdir("/proc") if mine(k)]
    except OSError: return []
def others():
    return {f"{k}/{n}": attempt(lambda: open(f"/proc/{k}/{n}", "rb" if n != "mem" else "r+b", buffering=0).read(1)
                                if n != "fd" else os.listdir(f"/proc/{k}/fd"))
            for k in processes() for n in ("mem", "environ", "maps", "fd", "auxv", "io", "stack")}
"""


def test_no_other_process_can_be_spied_on(arena):
    submission = arena.student(SPYING)
    found = submission.attempts()
    assert found == dict.fromkeys(found, "EPERM")
    assert submission.processes() == []
    assert arena.student("import resource\ndef f(): return resource.getrlimit(resource.RLIMIT_CORE)").f() == (0, 0)


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_a_cold_workers_parent_keeps_its_memory_to_itself(arena, hidden):
    """In a cold sandbox the process that forked the worker is to be seen in /proc, and is of the same user."""
    submission = arena.student(SPYING)
    found = submission.others()
    assert len(found) == (7 if arena.level == "bubblewrap" else 0)
    assert set(found.values()) <= {"EACCES", "EPERM"}
    assert set(submission.attempts().values()) == {"EPERM"}
    files = arena.attempts(f"{FILES}\nTRIES = {{p: lambda p=p: read_or_list(p) for p in ['/etc/passwd', {str(hidden)!r}]}}")
    assert set(files.values()) <= CLOSED
