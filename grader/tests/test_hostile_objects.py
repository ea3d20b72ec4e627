"""Attacks by objects: what student code returns lies about its type, shape or equality, or bites when it is touched."""

from __future__ import annotations

import numpy as np
import pytest

from grader.errors import CheckFailed, LimitExceeded, StudentError, WorkerDied
from grader.submission import Handle
from grader.tests.hostile import WARM, named, open_arena


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param, ("numpy",))


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


CLASSES = """
import collections, enum
import numpy as np

class Shapely(np.ndarray):
    shape = property(lambda self: (10, 10))
    dtype = property(lambda self: np.dtype("f8"))

class Pretender:
    shape, dtype, ndim = (3,), np.dtype("f8"), 1
    __array_priority__ = 1e9
    def __array__(self, *a, **k): return np.zeros(3)
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __bool__(self): return True
    def __len__(self): return 3

class Posing:
    def __init__(self, kind): self.kind = kind
    __class__ = property(lambda self: self.kind)

class Dict(dict):
    def items(self): return os._exit(1)
    def __iter__(self): return os._exit(1)
    keys = __len__ = __iter__

class Int(int):
    def __index__(self): return 10**9
class Str(str): pass
class Float(float):
    def __repr__(self): return "1e999"
class List(list): pass
class Pair(tuple):
    def __iter__(self): return iter([os._exit(1)])
    def __len__(self): return os._exit(1)
    def __getitem__(self, k): return os._exit(1)
class Half(np.float64):
    def __array__(self, *a, **k): return np.zeros(9)
class Colour(enum.IntEnum): RED = 1
class Key:
    def __hash__(self): return 1
    def __eq__(self, other): return os._exit(1)

class Order(collections.OrderedDict): pass

def f(k): return MADE[k]()
"""

STAYS = {
    "an array that lies about its shape": "np.zeros(3).view(Shapely)",
    "an object that poses as an array": "Pretender()",
    "an object that poses as a dict": "Posing(dict)",
    "a dict with items of its own": "Dict(a=1)",
    "an ordered dict of its own": "Order(a=1)",
    "an integer that is two": "Int(3)",
    "a text of its own": "Str('x')",
    "a float of its own": "Float(2)",
    "a list of its own": "List([1])",
    "an enum": "Colour.RED",
    "a dict of strange keys": "{Key(): 1}",
    "a masked array": "np.ma.masked_array([1.0], [True])",
    "a structured array": "np.zeros(2, 'f8,i4')",
    "dates": "np.zeros(2, 'M8[s]')",
    "an array of objects": "np.array([Key()], dtype=object)",
    "a class": "Dict",
    "a module": "os",
    "a frame": "sys._getframe()",
    "a wire": "sys.modules['_grader_worker.zygote']",
}


def test_what_is_no_plain_value_stays_in_the_worker(arena):
    made = ", ".join(f"lambda: {code}" for code in STAYS.values())
    submission = arena.student(f"{CLASSES}\nMADE = [{made}]")
    for k, what in enumerate(STAYS):
        handle = submission.f(k)
        assert type(handle) is Handle, what
        for use in (bool, float, np.asarray, lambda h: h == 1, lambda h: h + 1, lambda h: np.float64(1) * h, hash):
            with pytest.raises(TypeError, match="stays in the worker|unhashable"):
                use(handle)


CROSSES = {
    "Pair([1, 2.0])": (1, 2.0),
    "(Pair(), [Pair([1])])": ((), [(1,)]),
    "collections.namedtuple('P', 'x')(1)": (1,),
    "Half(0.5)": np.float64(0.5),
    "np.matrix([[1.0, 2.0]])": np.array([[1.0, 2.0]]),
    "{(1, 2.5): collections.Counter('a')}": {(1, 2.5): {"a": 1}},
    "np.lib.stride_tricks.as_strided(np.ones(1), (4, 4), (0, 0))": np.ones((4, 4)),
}


def test_a_plain_value_crosses_by_what_it_holds(arena):
    submission = arena.student(f"{CLASSES}\nMADE = [{', '.join(f'lambda: {code}' for code in CROSSES)}]")
    for k, value in enumerate(CROSSES.values()):
        back = submission.f(k)
        assert type(back) is type(value)
        assert np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


REFUSED = {
    "(lambda a: a.append(a) or a)([])": (CheckFailed, "containing itself"),
    "[object()] * 300_000": (CheckFailed, "more than 200,000 separate objects"),
    "Posing(tuple)": (TypeError, "descriptor '__iter__' requires"),
    "Posing(np.float64)": (AttributeError, "dtype"),
    "np.zeros((0, 1 << 40))": (CheckFailed, "an array of shape"),
    "np.broadcast_to(np.float64(1), (1 << 15, 1 << 15))": (LimitExceeded, "^asked for 8 GB at once, of 256 MB of memory$"),
}


def test_what_is_too_much_is_named(arena):
    submission = arena.student(f"{CLASSES}\nMADE = [{', '.join(f'lambda: {code}' for code in REFUSED)}]")
    for k, (kind, words) in enumerate(REFUSED.values()):
        with pytest.raises(kind, match=words):
            submission.f(k)


BITING = """
class Biting:
    def __len__(self): return LENGTH
    def __getitem__(self, k): return self[k]
    def __iter__(self): return iter(int, 1)
    def __repr__(self): return REPR
    def __enter__(self): raise SystemExit(5)
    def __exit__(self, *a): raise KeyboardInterrupt
    def __call__(self, *a): raise GeneratorExit
    leaves = property(lambda self: sys.exit(3))
    deep = property(lambda self: self.deep)
    def __setattr__(self, name, value): raise SystemExit(4)
    def __dir__(self): raise SystemExit
    def __getattr__(self, name): return getattr(self, name + "x") if len(name) < 5000 else None
LENGTH, REPR = -1, 7
def f(length=0, text=""):
    global LENGTH, REPR
    LENGTH, REPR = length, text
    return Biting()
"""


def test_an_object_that_bites_hurts_its_test_only(arena):
    submission = arena.student(BITING)
    for length, words in (
        (-1, r"__len__\(\) should return >= 0"),
        ("2", "cannot be interpreted"),
        (1 << 80, "fit|range|int"),
    ):
        with pytest.raises(StudentError, match=words):
            len(submission.f(length))
    with pytest.raises(TypeError, match="__repr__ returned non-string"):
        repr(submission.f(0, 7))
    assert repr(submission.f(0, "\x1b[31m" + "x" * 50_000)).startswith(("\x1b", "\\x1b", "'"))
    box = submission.f()
    with pytest.raises(StudentError, match="RecursionError"):
        box[1]
    with pytest.raises(ValueError, match="goes on after 100,000 items"):
        iter(box)
    for use, words in ((lambda: box.leaves, "SystemExit: 3"), (box, "GeneratorExit"), (lambda: box.deep, "RecursionError")):
        with pytest.raises(StudentError, match=words):
            use()
    with pytest.raises(StudentError, match="SystemExit: 4"):
        box.x = 1
    with pytest.raises(StudentError, match="SystemExit: 5"), box:
        pass
    with pytest.raises(StudentError, match="RecursionError"):
        _ = box.never_ending


def test_an_attribute_that_hangs_or_ends_the_process_ends_the_task(arena):
    submission = arena.student("class A:\n    x = property(lambda s: list(iter(int, 1)))\ndef f(): return A()", cpu=0.3)
    with pytest.raises(LimitExceeded):
        _ = submission.f().x
    submission = arena.student("class A:\n    def __getattribute__(self, name): os._exit(0)\ndef f(): return A()")
    with pytest.raises(WorkerDied):
        _ = submission.f().x


def test_an_object_that_is_forgotten_may_end_its_worker_only(arena):
    submission = arena.student("class A:\n    def __del__(self): os._exit(0)\ndef f(): return A()\ndef g(): return 1")
    submission.f()
    with pytest.raises(WorkerDied):
        submission.g(), submission.g()
    submission = arena.student("class A:\n    def __del__(self): raise SystemExit\ndef f(): return A()\ndef g(): return 1")
    submission.f()
    assert [submission.g(), submission.g()] == [1, 1]


def test_the_name_of_a_type_is_no_way_into_the_terminal(arena):
    submission = arena.student(
        r"""
        class Meta(type):
            __name__ = property(lambda cls: 1 / 0)
        def f(k): return [type("\x1b[2J\x1b[31m\n" * 50, (), {})(), Meta("M", (), {})(), type("", (), {})()][k]
        """
    )
    for k, shown in enumerate([r"'\\x1b\[2J\\x1b\[31m\\n.*'", "'M'", "''"]):
        with pytest.raises(TypeError, match=f"an object of type {shown} that stays") as caught:
            float(submission.f(k))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600


def test_what_a_test_gives_comes_back_unchanged_in_the_test(arena):
    mine, settings = np.ones(5), {"lr": [1.0, 2.0]}
    submission = arena.student(
        "def f(x, s):\n    x[:] = 0; x.resize(0, refcheck=False) if x.flags.owndata else 0; s.clear(); return x, s"
    )
    back, cleared = submission.f(mine, settings)
    assert (mine.tolist(), settings) == ([1.0] * 5, {"lr": [1.0, 2.0]})
    assert (back.tolist(), cleared) == ([0.0] * 5, {})
