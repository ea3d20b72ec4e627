"""Workers with torch at every level, forked from a zygote that has imported it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.sandbox.view import view_of
from grader.tests.hostile import COLD, WARM, Arena, named, open_arena
from grader.worker.defaults import reset

torch = pytest.importorskip("torch")

PACKAGES = ("numpy", "torch")


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    yield from open_arena(request.param, PACKAGES)


LOADED = """
there = {name for name in ("torch", "torch._dynamo") if name in sys.modules}
import torch
def facts(): return sorted(there), torch.get_num_threads(), torch.cuda.is_available()
"""


def test_the_zygote_has_imported_it_and_computes_in_one_thread(arena: Arena) -> None:
    """The first optimizer of a process imports torch._dynamo, which takes as long as torch itself."""
    assert arena.student(LOADED).facts() == (["torch", "torch._dynamo"], 1, False)


COMPUTES = """
import torch
from torch import nn

def train(threads):
    torch.set_num_threads(threads)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 3))
    optimizer = torch.optim.Adam(model.parameters())
    images, labels = torch.rand(64, 1, 28, 28), torch.arange(64) % 3
    for _ in range(2):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return loss

def saved():
    with tempfile.TemporaryDirectory() as folder:
        state = nn.Linear(3, 2).state_dict()
        torch.save(state, os.path.join(folder, "model.pt"))
        back = torch.load(os.path.join(folder, "model.pt"), weights_only=True)
    return state, back

def draws():
    loader = torch.utils.data.DataLoader(range(6), shuffle=True)
    return torch.rand(2), torch.randperm(5), nn.Linear(2, 1).weight, [int(k) for k in loader]
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_training_in_threads(arena: Arena, threads: int) -> None:
    """None of the zygote's: a pool of threads would be missing in a forked child, which would wait for it for ever."""
    assert 0 < arena.student(COMPUTES).train(threads) < 5
    arena.still_works()


def test_models_are_saved_in_the_scratch_folder(arena: Arena) -> None:
    """Packages have asked for the folder of temporary files in the zygote already."""
    state, back = arena.student(COMPUTES).saved()
    assert state.keys() == back.keys() == {"weight", "bias"}
    assert all(np.array_equal(state[name], back[name]) for name in state)


def test_every_worker_draws_the_same_warm_or_cold(arena: Arena) -> None:
    first, again = arena.student(COMPUTES).draws(), arena.student(COMPUTES).draws()
    assert repr(first) == repr(again)
    if arena.level == "bubblewrap":
        cold = Arena(*COLD[0], list(PACKAGES))
        assert repr(cold.student(COMPUTES).draws()) == repr(first)
        for worker in cold.workers:
            worker.close()
        cold.sandbox.close()
    arena.still_works()


def test_what_the_zygote_holds_is_not_the_students(arena: Arena) -> None:
    """It has some 400 MB of its own; of 64 MB that a submission may use it can have 30."""
    source = "import torch\ndef some(): return torch.ones(30 << 18).sum()"
    assert arena.student(source, memory=64 << 20).some() == 30 << 18


def test_the_cuda_libraries_are_among_what_is_shown() -> None:
    shown = {target for target, _ in view_of(["torch"]).binds}
    assert {"/site/torch", "/site/sympy"} <= shown
    assert ("/site/nvidia" in shown) == (Path(torch.__file__).parents[1] / "nvidia").is_dir()


def test_library_defaults_are_put_back_in_process() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.autograd.set_detect_anomaly(True)
    torch.set_default_device("meta")
    reset(5)
    drawn = torch.rand(2)
    assert (drawn.dtype, drawn.device.type) == (torch.float32, "cpu")
    assert (torch.is_grad_enabled(), torch.is_anomaly_enabled()) == (True, False)
    assert not torch.are_deterministic_algorithms_enabled()
    reset(5)
    assert torch.equal(torch.rand(2), drawn)
