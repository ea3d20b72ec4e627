"""Attacks on the verdict: ways to end, to hang, or to lie about what went wrong."""

from __future__ import annotations

import pytest

from grader.errors import LimitExceeded, MalformedReply, StudentError, Verdict, WorkerDied
from grader.tests.hostile import COLD, PRELUDE, WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param)


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


RAISED = {
    "leaves as if all were well": ("raise SystemExit(0)", "^SystemExit: 0$"),
    "presses Ctrl-C": ("raise KeyboardInterrupt", "^KeyboardInterrupt$"),
    "closes the generator": ("raise GeneratorExit", "^GeneratorExit$"),
    "is no Exception": ("raise type('Quiet', (BaseException,), {})('hush')", "^Quiet: hush$"),
    "skips like pytest": ("raise type('Skipped', (Exception,), {})('not today')", "^Skipped: not today$"),
    "fails like pytest": ("raise type('Failed', (BaseException,), {'pytrace': False})('x')", "^Failed: x$"),
    "is a fault of the grader's": ("raise type('SandboxFault', (BaseException,), {})('ours')", "^SandboxFault: ours$"),
    "is a verdict": ("raise type('Verdict', (Exception,), {})('passed')", "^Verdict: passed$"),
    "recurses": ("f()", "^RecursionError: maximum recursion"),
    "colours the terminal": (r"raise ValueError('\x1b[2J\x1b[31mpassed\n\r\x07')",
        r"^ValueError: \\x1b\[2J\\x1b\[31mpassed \\x07$"),
    "says too much": ("raise ValueError('x' * 10_000_000)", "^ValueError: x{199}…$"),
    "speaks in surrogates": (r"raise ValueError('\udfff\ud800')", r"^ValueError: \\xdfff\\xd800$"),
    "cannot say": ("raise type('Mute', (Exception,), {'__str__': lambda s: 1 / 0})", "^Mute: .its text could not be made.$"),
    "leaves while it speaks": ("raise type('Bye', (Exception,), {'__str__': lambda s: exit(0)})",
        "^Bye: .its text could not"),
    "speaks a text of its own kind": (
        "odd = type('S', (str,), {'__getitem__': lambda s, k: 7}); "
        "raise type('E', (Exception,), {'__str__': lambda s: odd('hi')})",
        "^E: hi$",
    ),
    "says that it is a failed check": (
        "raise type('E', (Exception,), {'__class__': property(lambda s: AssertionError)})('x')", "^E: x$",
    ),
    "will not say what it is": ("raise type('E', (Exception,), {'__class__': property(lambda s: exit(1))})('x')", "^E: x$"),
    "has a class that lies": (
        "raise type('M', (type,), {'__name__': property(lambda c: 1 / 0), '__mro__': property(lambda c: exit())})"
        "('E', (Exception,), {})('x')", "^E: x$",
    ),
    "has a long name": ("raise type('E' * 1_000_000, (Exception,), {})", "^E{80}$"),
    "has an odd name": ("raise type('a b\\x1b', (ValueError,), {})('x')", "^ValueError: x$"),
    "hides its traceback": ("raise type('E', (Exception,), {'__traceback__': property(lambda s: 5)})('x')", "^E: x$"),
    "is no syntax error at all": (
        "e = SyntaxError('x'); e.filename, e.lineno = __file__, 'one'; "
        "e.msg = type('S', (), {'__str__': lambda s: 5})(); raise e",
        "^SyntaxError: .its text could not be made.$",
    ),
    "has no end of causes": ("raise ValueError('a') from ValueError('b')", "^ValueError: a$"),
}  # fmt: skip


def test_whatever_is_raised_is_an_exception_of_the_students(arena):
    lines = "".join(f"    if k == {k}: {code}\n" for k, (code, _) in enumerate(RAISED.values()))
    submission = arena.student(f"def f(k=8):\n{lines}")
    for k, words in enumerate(words for _, words in RAISED.values()):
        with pytest.raises(StudentError, match=words) as caught:
            submission.f(k)
        assert caught.value.wanted is None
        assert (caught.value.file, caught.value.line) == ("student.py", PRELUDE.count("\n") + 2 + k)


ENDED = {
    "leaves with success": "os._exit(0)",
    "aborts": "os.abort()",
    "reads from nowhere": "ctypes.string_at(0)",
    "leaves from another thread": "threading.Thread(target=lambda: os._exit(0)).start(); time.sleep(5)",
    "dies of a bad instruction": "signal = __import__('signal'); signal.raise_signal(signal.SIGILL); ctypes.string_at(1)",
    "jumps to nowhere": "ctypes.CDLL(None).qsort(ctypes.create_string_buffer(8), 2, 4, ctypes.c_void_p(0))",
}


def test_the_end_of_the_process_ends_the_task(arena):
    for code in ENDED.values():
        submission = arena.student(f"def f(): {code}")
        with pytest.raises(
            WorkerDied, match="^the process ended in the middle of a call .a crash, os._exit, or a signal.$"
        ) as first:
            submission.f()
        with pytest.raises(WorkerDied) as second:
            submission.f()
        assert second.value is first.value


def test_the_end_during_import_ends_the_task(arena):
    with pytest.raises(WorkerDied):
        arena.student("def f(): pass\nos._exit(0)").f  # noqa: B018
    with pytest.raises(StudentError, match="^SystemExit: bye$"):
        arena.student("def f(): pass\nsys.exit('bye')").f  # noqa: B018


def test_an_end_between_calls_is_seen_at_the_next(arena):
    submission = arena.student("def f(): threading.Timer(0.05, os._exit, [0]).start()\ndef g(): time.sleep(1)")
    submission.f()
    with pytest.raises(WorkerDied):
        submission.g()


def test_signals_reach_nobody(arena):
    found = arena.attempts(
        """
        TRIES = {
            "group": lambda: os.kill(0, 9), "all": lambda: os.kill(-1, 9), "parent": lambda: os.kill(os.getppid(), 9),
            "init": lambda: os.kill(1, 15) if os.getpid() != 1 else os.kill(2, 15), "zero": lambda: os.killpg(0, 9),
            "thread of another": lambda: call(200, 130, 1 if os.getpid() != 1 else 2, 9),
            "queue": lambda: call(129, 138, os.getppid(), 9, 0),
        }
        """
    )
    assert found == dict.fromkeys(found, "EPERM")


def test_a_signal_to_itself_ends_the_task_or_nothing(arena):
    """The first process of a pid namespace is immune to its own signals."""
    try:
        assert arena.student("def f(): os.kill(os.getpid(), 9)\n").f() is None
    except WorkerDied:
        assert arena.level == "landlock"


HANGING = {
    "computes for ever": ("while True: pass", "cpu"),
    "swallows everything": (
        "while True:\n        try:\n            while True: pass\n        except BaseException: pass", "cpu",
    ),
    "hangs while it speaks": ("raise type('E', (Exception,), {'__str__': lambda s: list(iter(int, 1))})", "cpu memory"),
    "burns in a thread": ("threading.Thread(target=lambda: sum(iter(int, 1)), daemon=True).start(); time.sleep(9)", "cpu"),
    "burns in C": ("b'a'.join([b'']); 7 ** (7 ** 9)", "cpu"),
}  # fmt: skip


def test_whatever_hangs_is_ended(arena):
    for code, limits in HANGING.values():
        submission = arena.student(f"def f():\n    {code}", cpu=0.3, memory=200 << 20)
        with pytest.raises(LimitExceeded) as caught:
            submission.f()
        assert caught.value.what in limits.split()


def test_a_verdict_is_no_exception_that_a_suite_could_catch():
    for kind in (LimitExceeded, WorkerDied, MalformedReply):
        assert issubclass(kind, Verdict)
        assert not issubclass(kind, Exception)


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_a_cold_worker_ends_as_a_warm_one_does(arena):
    for code in ("os._exit(0)", "ctypes.string_at(0)"):
        with pytest.raises(WorkerDied):
            arena.student(f"def f(): {code}").f()
    found = arena.attempts(
        "TRIES = {'group': lambda: os.kill(0, 9), 'all': lambda: os.kill(-1, 9), '1': lambda: os.kill(1, 9)}"
    )
    assert found == dict.fromkeys(found, "EPERM")
