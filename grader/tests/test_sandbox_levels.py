"""What a sandbox shows, which isolation is chosen, and what is said when it cannot be had."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from grader.course import Limits
from grader.errors import CourseError, Fault, IsolationError, SandboxFault, StudentError
from grader.sandbox import command, levels
from grader.sandbox import sandbox as sandbox_module
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of
from grader.tests.hostile import WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


def test_packages_that_are_not_named_are_not_there(arena):
    found = arena.attempts(
        """
        import importlib
        TRIES = {name: lambda name=name: importlib.import_module(name)
                 for name in ("numpy", "numpy.linalg", "scipy", "sklearn", "pytest", "pip", "rich", "grader",
                     "test_sandbox")}
        """
    )
    assert found == dict.fromkeys(found, "ModuleNotFoundError") | {"numpy": "allowed", "numpy.linalg": "allowed"}


def test_a_package_brings_what_it_requires():
    view = view_of(["scikit-learn"])
    names = {target for target, _ in view.binds}
    assert {"/site/sklearn", "/site/scipy", "/site/numpy", "/site/joblib"} <= names
    assert view.preload == ("sklearn",)
    assert not {"/site/pytest", "/site/pip"} & names
    assert view_of([]).preload == ()


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(
        CourseError, match="^the assignment's package 'no-such-thing' is not installed: pip install no-such-thing$"
    ):
        view_of(["numpy", "no-such-thing"])


def test_the_students_other_files_and_the_guest_lie_beside_the_module(arena):
    files = {
        "student.py": b"import helper\nfrom deep.er import y\ndef f(): return helper.x + y",
        "helper.py": b"x = 1",
        "deep/er.py": b"y = 2",
    }
    worker = arena.sandbox.worker(Job(files, "student.py"), Limits(), time.monotonic() + 60)
    arena.workers.append(worker)
    module = worker.request({"op": "load", "args": []}, [])[0]["ok"]
    function = worker.request({"op": "get", "args": [module, "f"]}, [])[0]["ok"]
    assert worker.request({"op": "call", "args": [function, [], []]}, [])[0] == {"ok": 3}


def test_a_zygote_that_cannot_start_says_why(level):
    view = dataclasses.replace(view_of([]), preload=("no_such_module",))
    sandbox = Sandbox(level, view)
    with pytest.raises(
        SandboxFault, match=f"^the sandbox .{level}. did not start: ModuleNotFoundError: No module named 'no_such_module'$"
    ):
        sandbox.worker(Job({"m.py": b""}, "m.py"), Limits(), time.monotonic() + 60)
    sandbox.close()


def test_a_sandbox_that_cannot_be_made_says_why():
    if levels.probe("bubblewrap") is not None:
        pytest.skip("bubblewrap is not to be had here")
    view = dataclasses.replace(view_of([]), system=("/no/such/folder",))
    sandbox = Sandbox("bubblewrap", view)
    with pytest.raises(
        SandboxFault, match="^the sandbox .bubblewrap. did not start: bwrap: Can't find source path /no/such/folder"
    ):
        sandbox.worker(Job({"m.py": b""}, "m.py"), Limits(), time.monotonic() + 60)
    sandbox.close()


def test_a_worker_that_cannot_shut_itself_in_says_why(arena, monkeypatch):
    if arena.level == "landlock":
        orders = sandbox_module.Sandbox._order
        monkeypatch.setattr(Sandbox, "_order", lambda *args: {**orders(*args), "read": ["/no/such/folder"]})
        words = "OSError|FileNotFoundError: .Errno 2. Landlock: no rule for /no/such/folder: No such file or directory"
    else:
        orders = sandbox_module.Sandbox._order
        monkeypatch.setattr(Sandbox, "_order", lambda *args: {**orders(*args), "tmp": "/no/such/folder"})
        words = "FileNotFoundError: .Errno 2. No such file or directory: '/no/such/folder'"
    with pytest.raises(SandboxFault, match=f"^a worker could not shut itself in: {words}$"):
        arena.student("x = 1")


def test_a_zygote_that_is_gone_is_said_to_be_gone(arena):
    arena.still_works()
    zygote = arena.sandbox._shared
    zygote._control.shutdown(socket.SHUT_RDWR)
    with pytest.raises(SandboxFault, match=f"^the sandbox .{arena.level}. is gone: .*Broken pipe$"):
        arena.student("x = 1")
    arena.still_works()


def test_bubblewrap_that_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        IsolationError, match="^bubblewrap is not installed: apt-get install bubblewrap .or your system's package.$"
    ):
        command.plan("bubblewrap", view_of([]), tmp_path)


@pytest.fixture
def working(monkeypatch):
    """Makes only these levels work."""

    def only(**found):
        monkeypatch.setattr(levels, "_try", lambda level, warm: found.get(level, f"no {level} today"))

    return only


def test_the_best_level_that_works_is_chosen(working):
    working(bubblewrap=True, landlock=True)
    assert levels.choose() == levels.Choice("bubblewrap", True, {})
    working(bubblewrap=False, landlock=True)
    assert levels.choose() == levels.Choice("bubblewrap", False, {})
    working(landlock=True)
    assert levels.choose() == levels.Choice("landlock", True, {"bubblewrap": "no bubblewrap today"})
    assert levels.choose("landlock", at_least="landlock").level == "landlock"
    assert levels.probe("bubblewrap") == "no bubblewrap today"
    assert levels.probe("landlock") is None


def test_a_level_is_never_lowered_silently(working):
    working(landlock=True, none=True)
    with pytest.raises(
        IsolationError, match="^isolation 'bubblewrap' cannot be had here: no bubblewrap today. Install it .apt-get"
    ):
        levels.choose("bubblewrap")
    with pytest.raises(
        IsolationError, match="^isolation 'bubblewrap' is required and cannot be had: no bubblewrap today. Install it"
    ):
        levels.choose(at_least="bubblewrap")
    with pytest.raises(
        IsolationError, match="^isolation 'landlock' is required and cannot be had: 'none' was asked for. Linux 5.13"
    ):
        levels.choose("none", at_least="landlock")
    assert levels.choose("none").level == "none"


def test_no_isolation_at_all_is_an_error_with_both_reasons(working):
    working(none=True)
    words = "^no isolation can be had here .bubblewrap: no bubblewrap today; landlock: no landlock today.. Install it"
    words += ".* --isolation none$"
    with pytest.raises(IsolationError, match=words):
        levels.choose()


def test_other_systems_are_told_where_to_grade(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(IsolationError) as caught:
        levels.choose("bubblewrap")
    assert str(caught.value) == (
        "isolation 'bubblewrap' cannot be had here: this is darwin, and student code is confined on Linux only. "
        "Grade on Linux; a student's own pytest runs everywhere."
    )


def test_a_kernel_without_landlock_is_named(monkeypatch):
    monkeypatch.setattr(levels.landlock, "abi", lambda: 0)
    assert levels.probe("landlock") == f"the kernel ({os.uname().release}) has no Landlock"
    monkeypatch.setattr(levels.seccomp, "unsupported", lambda: "no filter for this machine")
    assert levels.probe("bubblewrap") == "no filter for this machine"


def test_a_students_pytest_imports_nothing_of_this():
    """Linux-only modules stay out of the plugin and of the in-process backend."""
    script = (
        "import sys, pathlib, tempfile\nimport grader.plugin, grader.plugin.public, grader.submission.local as local\n"
        "folder = pathlib.Path(tempfile.mkdtemp()); (folder / 'm.py').write_text('def f(): return 1')\n"
        "port = local.LocalPort(folder, 'm.py', ['m.py'], None, 1)\n"
        "from grader.submission import Submission\nassert Submission(port).f() == 1\n"
        "linux = ['grader.worker.' + n for n in ('confine', 'landlock', 'namespaces', 'seccomp', 'zygote', 'serve')]\n"
        "print([n for n in sys.modules if n.startswith('grader.sandbox') or n in linux])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_fault_is_no_exception_that_a_suite_could_catch():
    assert issubclass(SandboxFault, Fault)
    assert not issubclass(SandboxFault, Exception)
    assert issubclass(StudentError, Exception)
