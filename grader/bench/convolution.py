"""The reference's convolution beside torch's, forward and backward, 256 x 3 x 32 x 32 to 64 filters of 3 x 3, one thread."""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.course import find_course

from .figure import Figure

__all__ = ["run"]

_REPEATS = 7
_PARAM = {"stride": 1, "pad": 1}


def run() -> Iterator[Figure]:
    """Milliseconds of processor time of each, interleaved, and the ratio of ours to torch's."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        if os.environ.get(variable) != "1":
            raise SystemExit(f"set {variable}=1 first: the comparison is on one thread")
    rng = np.random.default_rng(0)
    x, w, b, dout = (
        rng.normal(size=shape).astype(np.float32) for shape in ((256, 3, 32, 32), (64, 3, 3, 3), (64,), (256, 64, 32, 32))
    )
    times = _times(_candidates(x, w, b, dout))
    for name, seconds in times.items():
        yield Figure(f"convolution, forward and backward, {name}", seconds * 1e3, "ms of CPU")
    if "torch" in times:
        yield Figure("convolution: ours over torch", times["ours"] / times["torch"], "x", 1.0)


def _candidates(x: Any, w: Any, b: Any, dout: Any) -> dict[str, Callable[[], Any]]:
    """The reference, and torch where it is installed; each gives dx, dw, db."""
    layers = _reference()

    def ours() -> Any:
        _, cache = layers.conv_forward_naive(x, w, b, _PARAM)
        return layers.conv_backward_naive(dout, cache)

    found: dict[str, Callable[[], Any]] = {"ours": ours}
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        leaves = [torch.from_numpy(array).requires_grad_() for array in (x, w, b)]
        upstream = torch.from_numpy(dout)

        def theirs() -> Any:
            out = torch.nn.functional.conv2d(*leaves, stride=1, padding=1)
            return [gradient.numpy() for gradient in torch.autograd.grad(out, leaves, upstream)]

        found["torch"] = theirs
        for mine, other in zip(ours(), theirs(), strict=True):
            assert np.allclose(mine, other, atol=1e-3 * np.abs(other).max())
    return found


def _reference() -> Any:
    """The module of the assignment convnet's reference."""
    spec = importlib.util.spec_from_file_location("layers_reference", find_course(None).reference("convnet"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _times(candidates: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median CPU seconds of each; one warm-up, then in turn, so that a slow moment hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for repeat in range(_REPEATS + 1):
        for name, function in candidates.items():
            begun = time.process_time()
            function()
            if repeat:
                taken[name].append(time.process_time() - begun)
    return {name: statistics.median(values) for name, values in taken.items()}
