"""Tensors on their way to student code and back, in-process and sandboxed."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.checks import Mismatch, expect_close
from grader.course import Limits
from grader.errors import LimitExceeded
from grader.submission import Submission, as_tensor
from grader.submission.port import Port

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor", "ignore:The PyTorch API of nested tensors")

SOURCE = """
    import torch
    from torch import nn

    def kept(x):
        return x

    def facts(x):
        return type(x).__name__, str(x.dtype), str(x.device), tuple(x.shape), x.requires_grad

    def apply(f, x):
        return f(x)

    def model():
        return nn.Sequential(nn.Linear(3, 2), nn.ReLU())

    def loader():
        data = torch.utils.data.TensorDataset(torch.arange(5.0), torch.arange(5))
        return torch.utils.data.DataLoader(data, batch_size=2)

    def optimizer(model):
        return torch.optim.SGD(model.parameters(), lr=0.5)

    def step(model, optimizer, x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
        return [p.grad for p in model.parameters()]

    def double_in_place(x):
        return x.mul_(2)

    KINDS = {
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16), "float16": torch.tensor([1.5, -2.0]).half(),
        "bool": torch.tensor([True, False]), "int64": torch.tensor([1, -(2 ** 62)]),
        "uint8": torch.tensor([255], dtype=torch.uint8), "0-d": torch.tensor(2.5), "empty": torch.zeros(0, 3),
        "gradient": torch.ones(2, requires_grad=True), "parameter": nn.Parameter(torch.ones(2)),
        "transposed": torch.arange(6).reshape(2, 3).T, "strided": torch.arange(9)[::4],
        "expanded": torch.ones(2).expand(3, 2), "conjugate": torch.tensor([1 + 2j]).conj(),
    }
    STAYS = {
        "sparse": torch.eye(2).to_sparse(), "csr": torch.eye(2).to_sparse_csr(), "meta": torch.ones(2, device="meta"),
        "float8": torch.ones(2).to(torch.float8_e4m3fn),
    }

    def kind(name):
        return KINDS[name]

    def stays(name):
        return STAYS[name]

    def nested():
        return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])

    def losses(count):
        return [torch.tensor(float(k)) for k in range(count)]

    def rows():
        return [torch.ones(2), torch.zeros(3)]

    def of_several(lengths):
        return {"weights": [torch.ones(n) for n in lengths], "state": model().state_dict()}

    def much(megabytes):
        return torch.ones(megabytes << 18).sum()
"""
GUEST = """
    import torch

    def square(x):
        return (x * x).sum()

    def with_gradient(x):
        return x.clone().requires_grad_()
"""


@pytest.fixture(scope="module")
def sandbox(level: str) -> Iterator[object]:
    """A warm sandbox with torch at the best level."""
    from grader.sandbox.sandbox import Sandbox
    from grader.sandbox.view import view_of

    made = Sandbox(level, view_of(["numpy", "torch"]))
    yield made
    made.close()


@pytest.fixture(scope="module", params=["local", "sandboxed"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """A port to the module above, with its guest."""
    code, guest = textwrap.dedent(SOURCE), textwrap.dedent(GUEST)
    folder = tmp_path_factory.mktemp("torch")
    if request.param == "local":
        from grader.submission.local import LocalPort

        (folder / "tensors.py").write_text(code)
        (folder / "guest.py").write_text(guest)
        made: Port = LocalPort(folder, "tensors.py", ["tensors.py"], folder / "guest.py", seed=7)
    else:
        made = _sandboxed(request.getfixturevalue("sandbox"), code, guest)
    yield made
    made.close()
    sys.modules.pop("tensors", None)


def _sandboxed(sandbox: object, code: str, guest: str = "", **limits: int) -> Port:
    from grader.sandbox.sandbox import Job
    from grader.submission.sandboxed import SandboxPort

    job = Job({"tensors.py": code.encode(), "guest.py": guest.encode()}, "tensors.py", "guest.py", seed=7)
    worker = sandbox.worker(job, Limits(**{"cpu": 20, **limits}), time.monotonic() + 120)  # type: ignore[attr-defined]
    return SandboxPort(worker, "tensors.py", ["tensors.py"])


@pytest.fixture
def student(port: Port) -> Submission:
    return Submission(port)


@pytest.fixture
def guests(port: Port) -> object:
    from grader.submission import Guests

    return Guests(port.guest)


@pytest.mark.parametrize(("array", "dtype"), [
    (np.arange(6.0).reshape(2, 3).T, "float64"), (np.ones((2, 2), np.float32), "float32"), (np.array(3), "int64"),
    (np.array([True, False]), "bool"), (np.zeros((0, 3), np.float16), "float16"), (np.arange(3, dtype=np.uint8), "uint8"),
    (np.arange(3, dtype=">f4"), "float32"),
])  # fmt: skip
def test_an_array_arrives_as_a_tensor_and_comes_back(student: Submission, array: np.ndarray, dtype: str) -> None:
    marked = as_tensor(array)
    assert student.facts(marked) == ("Tensor", f"torch.{dtype}", "cpu", array.shape, False)
    back = student.kept(marked)
    assert (back.dtype, back.shape) == (np.dtype(dtype), array.shape)
    assert np.array_equal(back, array)


def test_tensors_inside_of_lists_and_dicts(student: Submission) -> None:
    found = student.kept({"pair": [as_tensor(np.ones(2)), (as_tensor(np.zeros(1)), 3)]})
    assert np.array_equal(found["pair"][0], np.ones(2))
    assert found["pair"][1][1] == 3


@pytest.mark.parametrize(("kind", "values", "dtype"), [
    ("bfloat16", [1.5, -2.0], "float32"), ("float16", [1.5, -2.0], "float16"), ("bool", [True, False], "bool"),
    ("int64", [1, -(2**62)], "int64"), ("uint8", [255], "uint8"), ("0-d", 2.5, "float32"),
    ("empty", np.zeros((0, 3)), "float32"), ("gradient", [1, 1], "float32"), ("parameter", [1, 1], "float32"),
    ("transposed", [[0, 3], [1, 4], [2, 5]], "int64"), ("strided", [0, 4, 8], "int64"),
    ("expanded", [[1, 1]] * 3, "float32"),
    ("conjugate", [1 - 2j], "complex64"),
])  # fmt: skip
def test_a_dense_tensor_crosses_by_value(student: Submission, kind: str, values: object, dtype: str) -> None:
    found = student.kind(kind)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.dtype(dtype)
    assert not found.flags.writeable
    assert np.array_equal(found, values)


@pytest.mark.parametrize(("kind", "words"), [
    ("sparse", "sparse tensor (sparse_coo)"), ("csr", "sparse tensor (sparse_csr)"),
    ("meta", "tensor on meta, a device that holds no values"), ("float8", "tensor of float8_e4m3fn"),
])  # fmt: skip
def test_what_cannot_cross_is_named(student: Submission, kind: str, words: str) -> None:
    with pytest.raises(Mismatch) as caught:
        expect_close(student.stays(kind), np.eye(2), name="the result")
    assert str(caught.value) == f"The result is an object of type {words} where numbers are expected."


def test_a_nested_tensor_is_named(student: Submission) -> None:
    with pytest.raises(Mismatch, match="an object of type nested tensor where numbers are expected"):
        expect_close(student.nested(), np.eye(2))


def test_models_loaders_and_optimizers_stay(student: Submission) -> None:
    model = student.model()
    optimizer = student.optimizer(model)
    assert "Linear(in_features=3, out_features=2" in repr(model)
    before = model[0].weight
    gradients = student.step(model, optimizer, as_tensor(np.ones((1, 3), np.float32)))
    assert [gradient.shape for gradient in gradients] == [(2, 3), (2,)]
    assert np.allclose(model[0].weight, before - 0.5 * gradients[0])
    assert [list(batch[1]) for batch in student.loader()] == [[0, 1], [2, 3], [4]]
    assert len(student.loader()) == 3
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_a_guest_function_gets_what_student_code_hands_it(student: Submission, guests: object) -> None:
    assert student.apply(guests.square, as_tensor(np.arange(3.0))) == 5  # type: ignore[attr-defined]
    tracked = guests.with_gradient(as_tensor(np.ones(2)))  # type: ignore[attr-defined]
    assert isinstance(tracked, np.ndarray)


def test_many_tensors_are_one_buffer(student: Submission) -> None:
    """As many losses as honest code keeps without `.item()`; a frame has 4,096 buffers at most."""
    found = student.losses(20_000)
    assert len(found) == 20_000
    assert np.array_equal(np.array(found), np.arange(20_000))
    assert [row.tolist() for row in student.rows()] == [[1, 1], [0, 0, 0]]
    several = student.of_several([1, 2])
    assert [w.shape for w in several["weights"]] == [(1,), (2,)]
    assert several["state"]["0.weight"].shape == (2, 3)


def test_a_change_in_place_is_noted(student: Submission, port: Port) -> None:
    port.contact.notes.clear()
    assert np.array_equal(student.double_in_place(as_tensor(np.ones(3))), [2, 2, 2])
    assert port.contact.notes == ["double_in_place changed its argument 'x' in place"]


def test_memory_that_torch_is_refused_is_a_limit_passed(sandbox: object) -> None:
    port = _sandboxed(sandbox, textwrap.dedent(SOURCE), memory=256 << 20)
    assert Submission(port).much(64) == 64 << 18
    with pytest.raises(LimitExceeded, match="^asked for 1.56 GB at once, of 256 MB of memory$"):
        Submission(port).much(1600)
    port.close()


SUITE = """
import sys

import numpy as np
import pytest

from grader.submission import as_tensor


@pytest.mark.task("double")
def test_values(submission):
    assert submission.double(as_tensor(np.ones(3))).tolist() == [2, 2, 2]
    assert "torch" not in sys.modules


@pytest.mark.task("counter")
def test_seeds(submission):
    assert False, str(submission.drawn())


@pytest.mark.task("refuse")
def test_a_loader_with_processes(submission):
    submission.loaded(2)
"""
MODULE = b"""
import torch
from torch.utils.data import DataLoader, TensorDataset

def double(x):
    return 2 * x

def drawn():
    loader = DataLoader(TensorDataset(torch.arange(4)), shuffle=True)
    return torch.rand(3), torch.nn.Linear(2, 1).weight, list(loader)

def loaded(workers):
    return list(DataLoader(TensorDataset(torch.arange(4)), num_workers=workers))
"""
CLOSED = (
    "toy.py, line 13 raised PermissionError (network, new processes and files but the scratch folder are closed to "
    "submissions; a DataLoader needs num_workers=0)"
)


def test_cold_starts_give_the_same_report_and_the_grader_does_without_torch(
    toy: Path, crew_on: Callable[..., object]
) -> None:
    from grader.course import Course
    from grader.grading.crew import Work

    facts = toy / "assignments" / "toy" / "assignment.toml"
    text = facts.read_text().replace('packages = ["numpy"]', 'packages = ["numpy", "torch"]')
    facts.write_text(text.replace("cpu = 1", "cpu = 20"))
    (toy / "solutions" / "toy" / "test_toy_hidden.py").write_text(SUITE)
    work = Work(0, "toy", {"toy.py": MODULE}, Course(toy).assignment("toy").limits)
    found = []
    for warm in (True, False):
        with crew_on(toy, warm=warm, purpose="record") as crew:  # type: ignore[attr-defined]
            (graded,) = crew.run([work])
        found.append({one.test: (one.verdict, one.message, one.detail) for one in graded.outcomes})
    assert found[0] == found[1]
    assert found[0]["test_values"][0] == "passed"
    assert found[0]["test_seeds"][1].startswith("(array([")
    assert found[0]["test_a_loader_with_processes"][1] == CLOSED
