"""What crosses between a test and student code, alike in both backends."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from grader.errors import CheckFailed, StudentError, SuiteFault
from grader.submission import Guests, Submission, as_tensor

ECHO = """
import numpy as np, collections
def echo(x): return x
def kind(x): return type(x).__name__
def make(code): return eval(code)
"""

PLAIN = [
    None, True, False, 0, -1, 1 << 62, 1 << 80, -(1 << 80), 1.5, -0.0, float("inf"), float("-inf"), 1 + 2j,
    "", "text ⊕ \x00", b"", b"\x00\xff", [], (), {}, [1, 2.0, "x", None], (1, (2, [3])), [1.0] * 3, [1, 2],
    [True, False], (1.0, 2.0),
    {"a": 1, 2: [3], (1, 2.5): "k", None: 0, 1.5: 1}, [[], [[]]], {"deep": {"er": (1,)}}, list(range(60_000)),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=lambda v: repr(v)[:30])
def test_plain_values_come_back_as_they_went(student, value):
    back = student(ECHO).echo(value)
    assert back == value
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_nan_comes_back(student):
    assert np.isnan(student(ECHO).echo(float("nan")))


@pytest.mark.parametrize("dtype", "?bBhHiIlLqQefdFD")
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_arrays_come_back_with_dtype_shape_and_values(student, dtype, shape):
    value = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    back = student(ECHO).echo(value)
    assert back.dtype == value.dtype
    assert back.shape == shape
    assert np.array_equal(back, value)


@pytest.mark.parametrize("value", [np.float32(2.5), np.int64(3), np.bool_(True), np.complex64(1j)])
def test_numpy_scalars_keep_their_type(student, value):
    back = student(ECHO).echo(value)
    assert type(back) is type(value)
    assert back == value


def test_layouts_do_not_matter(student):
    base = np.arange(24.0).reshape(4, 6)
    for value in (base.T, base[::2, ::-1], np.asfortranarray(base), base.astype(">f8"), base.astype(np.longdouble)):
        assert np.array_equal(student(ECHO).echo(value), value)


def test_lists_of_numbers_and_arrays_are_packed_and_come_back(student):
    submission = student(ECHO)
    assert submission.make("[np.float64(k) for k in range(60_000)]") == list(range(60_000))
    rows = submission.make("[np.arange(3) + k for k in range(2000)]")
    assert len(rows) == 2000
    assert np.array_equal(rows[1999], [1999, 2000, 2001])
    assert submission.make("{(1e-3, 5e4): (0.25, 0.5)}") == {(1e-3, 5e4): (0.25, 0.5)}
    assert submission.make("{np.int64(3): [np.float32(1)], (np.float64(2), 1): 0}") == {3: [1.0], (2.0, 1): 0}


def test_dicts_and_tuples_of_the_standard_library_cross(student):
    submission = student(ECHO)
    assert submission.make("collections.defaultdict(list, {1: [2.0]})") == {1: [2.0]}
    assert submission.make("collections.Counter('aab')") == {"a": 2, "b": 1}
    assert submission.make("collections.namedtuple('P', 'x y')(1, 2)") == (1, 2)
    assert submission.make("range(3)") == [0, 1, 2]
    assert submission.echo(collections.OrderedDict(a=1)) == {"a": 1}


def test_what_cannot_cross_becomes_a_handle(student):
    submission = student(ECHO)
    for code in ("object()", "{1, 2}", "lambda: 0", "np.array([None])", "np.array(['a'])", "iter([1])", "{object(): 1}"):
        handle = submission.make(code)
        assert type(handle).__name__ == "Handle", code


def test_results_are_copies_and_read_only(student):
    submission = student(
        """
        import numpy as np
        class A:
            def __init__(self): self.x = np.zeros(3)
            def get(self): return self.x
        """
    )
    owner = submission.A()
    for array in (owner.x, owner.get()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert np.array_equal(owner.x, np.zeros(3))


def test_arguments_are_copies_that_student_code_may_write_to(student):
    submission = student("def fill(x):\n    x[:] = 7\n    return x")
    mine = np.zeros(3)
    assert np.array_equal(submission.fill(mine), [7, 7, 7])
    assert np.array_equal(mine, np.zeros(3))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("x[0] = 9", np.zeros(3)), ("x.sort()", np.array([2.0, 1.0])), ("x.append(1)", [1, 2]), ("x[0] = 5", [1.0, 2.0]),
        ("x['k'][0] = 1", {"k": np.zeros(2)}), ("x['new'] = 1", {"k": 1}), ("x[1][0] += 1", (1, np.zeros(2))),
    ],
)  # fmt: skip
def test_a_changed_argument_is_reported_by_name(open_port, body, value):
    port = open_port(f"def change(x, other=None):\n    {body}")
    Submission(port).change(value, other=np.ones(2))
    assert port.contact.notes == ["change changed its argument 'x' in place"]


@pytest.mark.parametrize(
    "value", [{(0, 1): np.zeros(2), (1, 0): 3}, {(0.5, 2): [1.0, 2.0]}, [{("a", 1): (1, 2)}, np.ones(2)]]
)
def test_a_dict_with_tuples_as_keys_that_stays_as_it_is_is_not_reported(open_port, value):
    port = open_port("def leave(x, other=None):\n    return len(x)")
    Submission(port).leave(value, other=np.ones(2))
    assert port.contact.notes == []


def test_an_unchanged_argument_is_not_reported(open_port):
    port = open_port("def keep(*xs): return 1")
    Submission(port).keep(np.ones(3), [1, 2.5, "a"], {"k": [np.zeros(2)] * 3}, (1, 2), [np.float32(1)] * 4, float("nan"))
    assert port.contact.notes == []


def test_objects_are_reached_by_explicit_operations(student):
    submission = student(
        """
        class Box:
            def __init__(self): self.items = {"a": 1}; self.log = []
            def __len__(self): return 3
            def __getitem__(self, k): return k * 2
            def __setitem__(self, k, v): self.log.append((k, v))
            def __iter__(self): return iter("abc")
            def __repr__(self): return "a box"
            def __enter__(self): self.log.append("in"); return self
            def __exit__(self, *a): self.log.append("out")
        """
    )
    box = submission.Box()
    assert (len(box), box[4], list(box), repr(box), box.items) == (3, 8, ["a", "b", "c"], "a box", {"a": 1})
    box[1] = 2
    with box as inner:
        inner.items = {"b": 2}
    assert box.items == {"b": 2}
    assert box.log == [(1, 2), "in", "out"]
    submission.constant = 5
    assert submission.constant == 5


@pytest.mark.parametrize(
    "use",
    [
        lambda h: h == h, lambda h: h != 1, lambda h: bool(h), lambda h: float(h), lambda h: int(h), lambda h: h + 1,
        lambda h: 1 - h, lambda h: h < 2, lambda h: -h, lambda h: h @ h, lambda h: np.asarray(h), lambda h: hash(h),
        lambda h: 1 in h, lambda h: round(h), lambda h: {h}, lambda h: np.float64(1) * h, lambda h: [1, 2][h],
    ],
)  # fmt: skip
def test_implicit_operations_on_objects_raise(student, use):
    handle = student("class Liar:\n    def __eq__(self, o): return True\n    def __float__(self): return 1.0").Liar()
    with pytest.raises(TypeError, match="stays in the worker|unhashable"):
        use(handle)


def test_an_object_goes_back_into_the_worker(student):
    submission = student("class A:\n    n = 4\ndef read(a, more): return a.n + more[0].n")
    a = submission.A()
    assert submission.read(a, [a]) == 8


def test_an_endless_iteration_is_cut(student):
    with pytest.raises(ValueError, match="goes on after 100,000 items"):
        iter(student("import itertools\ndef count(): return itertools.count()").count())


def test_guest_functions_run_beside_student_code(open_port):
    helpers = "def square(x): return x * x\ndef w(m): return m.w"
    port = open_port("def call(f, x): return f(x) + 1\nclass M:\n    w = 3", guest=helpers)
    submission, guest = Submission(port), Guests(port.guest)
    assert submission.call(guest.square, 4) == 17
    assert guest.square(5) == 25
    assert guest.w(submission.M()) == 3


def test_functions_of_the_test_do_not_cross(student):
    with pytest.raises(SuiteFault, match="passes the function '<lambda>'; only values, handles and functions of guest.py"):
        student(ECHO).echo(lambda x: x)
    with pytest.raises(SuiteFault, match="passes an array of object"):
        student(ECHO).echo(np.array([None]))
    with pytest.raises(SuiteFault, match="passes an object of type 'set'"):
        student(ECHO).echo([{1}])
    with pytest.raises(SuiteFault, match="as_tensor takes a NumPy array"):
        student(ECHO).echo(as_tensor([1.0]))


def test_objects_of_one_worker_do_not_reach_another(open_port):
    first, second = Submission(open_port(ECHO)), Submission(open_port(ECHO))
    with pytest.raises(SuiteFault, match="an object of one worker to another"):
        second.echo(first.make("object()"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("(lambda a: a.append(a) or a)([])", "nested deeper than 24 levels, or containing itself"),
        ("[object() for _ in range(250_000)]", "more than 200,000 separate objects"),
        ("{k: k for k in range(20_000)}", "a dict of more than 10,000 entries"),
        ("'x' * (1 << 21)", "a text of 2,097,152 characters"),
        ("1 << 5000", "an integer of 5,001 bits"),
        ("[str(k) * 20 for k in range(30_000)]", "too many separate objects"),
        ("np.zeros(600 << 17)", "600 MB of arrays, where 512 MB may cross at once"),
    ],
)
def test_results_that_are_too_large_are_named(student, code, words):
    with pytest.raises(CheckFailed, match=words):
        student(ECHO, limits=__import__("grader.course").course.Limits(cpu=10, memory=2 << 30)).make(code)


def test_exceptions_arrive_as_the_nearest_builtin(student):
    submission = student(
        """
        class Mine(KeyError): pass
        class Other(Exception): pass
        def fail(which):
            kinds = {"value": ValueError("bad"), "mine": Mine("k"), "other": Other("o"), "todo": NotImplementedError}
            raise kinds[which]
        """
    )
    for which, kind in (("value", ValueError), ("mine", KeyError), ("other", Exception), ("todo", NotImplementedError)):
        with pytest.raises(kind):
            submission.fail(which)


def test_a_name_that_is_not_there_is_named_with_what_is(student):
    with pytest.raises(AttributeError, match="no 'predict_labels'; did you mean to rename 'predict_label'?"):
        _ = student("def predict_label(): pass").predict_labels
    assert not hasattr(student("x = 1"), "y")


def test_sys_exit_is_a_students_exception(student):
    with pytest.raises(StudentError, match="SystemExit: 3"):
        student("def leave(): raise SystemExit(3)").leave()
    with pytest.raises(StudentError, match="SystemExit"):
        _ = student("import sys\nsys.exit('at import')").anything


def test_a_length_or_items_that_cannot_be_are_refused(open_port, monkeypatch):
    port = open_port("class A: pass")
    made = Submission(port).A()
    for use, words in ((len, "no count"), (iter, "no list"), (repr, "no text")):
        monkeypatch.setattr(port, "ask", lambda op, operands, label: {"not": "what was asked for"})
        with pytest.raises(TypeError, match=words):
            use(made)
        monkeypatch.undo()
