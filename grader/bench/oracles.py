"""Functions with kinks and without, each with its gradient, written plainly: what gradient checks are tried on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.checks import distinct, draw_until, keep_off_zero

__all__ = ["Sample", "large_samples", "samples"]

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Sample:
    """`f` at the point `at`, an upstream gradient (None: f gives a number) and the right gradient."""

    name: str
    f: Callable[[Array], Any]
    at: Array
    cotangent: Array | None
    gradient: Array


def samples(rng: np.random.Generator) -> Iterator[Sample]:
    """One of each, with shapes and inputs of their own."""
    yield from _affine(rng, int(rng.integers(2, 7)), int(rng.integers(2, 9)), int(rng.integers(2, 6)))
    yield from _losses(rng, int(rng.integers(2, 9)), int(rng.integers(2, 8)), int(rng.integers(2, 7)))
    yield _relu(rng)
    yield from _conv(rng)
    yield _max_pool(rng)


def large_samples(rng: np.random.Generator) -> Iterator[Sample]:
    """Some with so many coordinates that they are checked along directions."""
    yield from (sample for sample in _affine(rng, 40, 90, 30) if sample.at.size > 2000)
    x = rng.normal(size=(60, 50))
    upstream = rng.normal(size=x.shape)
    yield Sample("tanh", np.tanh, x, upstream, upstream * (1 - np.tanh(x) ** 2))


def _affine(rng: np.random.Generator, N: int, D: int, M: int) -> Iterator[Sample]:
    x, w, b, upstream = (rng.normal(size=shape) for shape in ((N, D), (D, M), (M,), (N, M)))
    yield Sample("affine x", lambda x: x @ w + b, x, upstream, upstream @ w.T)
    yield Sample("affine w", lambda w: x @ w + b, w, upstream, x.T @ upstream)
    yield Sample("affine b", lambda b: x @ w + b, b, upstream, upstream.sum(axis=0))


def _losses(rng: np.random.Generator, N: int, D: int, C: int) -> Iterator[Sample]:
    x, y, reg = rng.normal(size=(N, D)), rng.integers(0, C, N), rng.uniform(0, 1)
    scores = 3 * rng.normal(size=(N, C))
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    yield Sample("softmax loss", lambda s: _softmax(s, y), scores, None, (p - np.eye(C)[y]) / N)
    W = draw_until(lambda: rng.normal(size=(D, C)), lambda W: bool(np.abs(_margins(W, x, y)).min() > 1e-3))
    counted = (_margins(W, x, y) > 0) * (1.0 - np.eye(C)[y])
    counted -= np.eye(C)[y] * counted.sum(axis=1, keepdims=True)
    yield Sample("hinge loss", lambda W: _hinge(W, x, y, reg), W, None, x.T @ counted / N + 2 * reg * W)


def _softmax(scores: Array, y: Array) -> float:
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(y)), y].mean())


def _margins(W: Array, x: Array, y: Array) -> Array:
    """(N, C): score - score of the true class + 1, which is 1 at the true class."""
    scores = x @ W
    margins: Array = scores - scores[np.arange(len(y)), y][:, None] + 1.0
    return margins


def _hinge(W: Array, x: Array, y: Array, reg: float) -> float:
    return float((np.maximum(_margins(W, x, y), 0).sum() - len(y)) / len(y) + reg * np.sum(W * W))


def _relu(rng: np.random.Generator) -> Sample:
    shape = tuple(rng.integers(2, 9, size=2))
    x = draw_until(lambda: keep_off_zero(rng.normal(size=shape)), lambda x: bool(np.any(x > 0)))
    upstream = rng.normal(size=x.shape)
    return Sample("ReLU", lambda x: np.maximum(x, 0), x, upstream, upstream * (x > 0))


def _conv(rng: np.random.Generator) -> Iterator[Sample]:
    stride, pad = int(rng.integers(1, 3)), int(rng.integers(0, 3))
    x, w, b = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)

    def forward(x: Array, w: Array, b: Array) -> Any:
        return np.einsum("ncijhw,fchw->nfij", _windows(_padded(x, pad), 3, 2, stride), w) + b[:, None, None]

    upstream = rng.normal(size=forward(x, w, b).shape)
    dx, dw = np.zeros_like(_padded(x, pad)), np.zeros_like(w)  # (N, C, H + 2 pad, W + 2 pad), (F, C, 3, 2)
    for i, j in np.ndindex(upstream.shape[2:]):
        window = np.s_[:, :, stride * i : stride * i + 3, stride * j : stride * j + 2]
        dx[window] += np.tensordot(upstream[:, :, i, j], w, 1)
        dw += np.tensordot(upstream[:, :, i, j].T, _padded(x, pad)[window], 1)
    inner = np.s_[:, :, pad : pad + 7, pad : pad + 6]
    yield Sample("conv x", lambda x: forward(x, w, b), x, upstream, dx[inner])
    yield Sample("conv w", lambda w: forward(x, w, b), w, upstream, dw)
    yield Sample("conv b", lambda b: forward(x, w, b), b, upstream, upstream.sum(axis=(0, 2, 3)))


def _padded(x: Array, pad: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def _windows(x: Array, height: int, width: int, stride: int) -> Array:
    """(N, C, H', W', height, width)."""
    every: Array = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(2, 3))
    return every[:, :, ::stride, ::stride]


def _max_pool(rng: np.random.Generator) -> Sample:
    """Windows of 3 x 2 at stride 2 overlap."""
    x = distinct(rng, (2, 3, 7, 6))

    def forward(x: Array) -> Any:
        return _windows(x, 3, 2, 2).max(axis=(4, 5))

    out = forward(x)
    upstream = rng.normal(size=out.shape)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(out.shape):
        dx[n, c][x[n, c] == out[n, c, i, j]] += upstream[n, c, i, j]
    return Sample("max pool x", forward, x, upstream, dx)
