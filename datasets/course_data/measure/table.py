"""Runs the standard models on the generated sets and prints one line for each."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from course_data.dataset import Dataset
from course_data.errors import RequestError
from course_data.loading import load
from course_data.measure.classic import Loss, gradient_descent, nearest_neighbours

__all__ = ["Trial", "measure"]


@dataclass(frozen=True)
class Trial:
    """A model on a set: `run(seed)` gives its accuracy on images that it was not trained on."""

    data: str
    model: str
    run: Callable[[int], float]
    seeds: int = 3


def measure(names: Sequence[str] = (), say: Callable[[str], None] = print) -> None:
    """Print accuracy and CPU seconds of every standard model on the named sets, or on all four, always generated ones.

    PyTorch's models are left out, and said to be, where it is not installed.

    Raises:
        RequestError: there are no models for a set of that name.
    """
    unknown = [name for name in names if name not in _PLANS]
    if unknown:
        raise RequestError(f"measure knows {', '.join(_PLANS)}; not {', '.join(unknown)}")
    for trial in (trial for name, plan in _PLANS.items() if not names or name in names for trial in plan()):
        try:
            began = time.process_time()
            scores = 100 * np.array([trial.run(seed) for seed in range(trial.seeds)])
        except ModuleNotFoundError as error:
            say(f"{trial.data:<30} {trial.model:<34} left out: {error}")
            continue
        figure = f"{scores.mean():5.1f} %" + (f" ({scores.min():.1f} to {scores.max():.1f})" if len(scores) > 1 else "")
        say(f"{trial.data:<30} {trial.model:<34} {figure:<24} {(time.process_time() - began) / len(scores):6.1f} s")


def _pair(name: str, held_out: str, train: int | None = None, test: int | None = None) -> tuple[Dataset, Dataset]:
    return load(name, "train", train, "generated"), load(name, held_out, test, "generated")


def _trial(
    pair: tuple[Dataset, Dataset], model: str, run: Callable[[Dataset, Dataset, int], float], seeds: int = 3
) -> Trial:
    train, test = pair
    return Trial(f"{train.name} {len(train)} / {len(test)}", model, lambda seed: run(train, test, seed), seeds)


def _cifar10() -> Iterator[Trial]:
    pair = _pair("cifar10", "test", 5000, 2000)
    yield _neighbours(pair, 1)
    yield _neighbours(pair, 10)
    yield _trial(pair, "linear SVM", functools.partial(_linear, "svm", 1e-4, 0.3))
    yield _trial(pair, "softmax", functools.partial(_linear, "softmax", 1e-3, 0.05))
    yield _trial(pair, "perceptron, 256 hidden", _perceptron)
    yield _trial(pair, "small CNN, 3 blocks, 20 epochs", functools.partial(_cnn, 20, 64, (32, 64, 128)))


def _mnist() -> Iterator[Trial]:
    pair = _pair("mnist", "test", 10_000, 2000)
    yield _neighbours(pair, 3)
    yield _trial(pair, "softmax", functools.partial(_linear, "softmax", 0.01, 1e-3))
    yield _trial(pair, "perceptron, 256 hidden", _perceptron)
    yield _trial(pair, "LeNet, 10 epochs", _lenet)


def _insects() -> Iterator[Trial]:
    pair = _pair("insects", "val")
    yield from _two_classes(pair)
    backbone: list[object] = []
    yield _trial(pair, "backbone of 20 plans, new head", functools.partial(_transfer, backbone), 5)


def _cats_vs_fish() -> Iterator[Trial]:
    yield from _two_classes(_pair("cats_vs_fish", "val"))


def _two_classes(pair: tuple[Dataset, Dataset]) -> Iterator[Trial]:
    yield _neighbours(pair, 5)
    yield _trial(pair, "softmax", functools.partial(_linear, "softmax", 1e-3, 0.05))
    yield _trial(pair, "small CNN, 4 blocks, 30 epochs", functools.partial(_cnn, 30, 16, (24, 48, 96, 192)))


def _neighbours(pair: tuple[Dataset, Dataset], k: int) -> Trial:
    return _trial(pair, f"nearest neighbours, k = {k}", lambda train, test, _: nearest_neighbours(train, test, k), 1)


def _linear(loss: Loss, rate: float, decay: float, train: Dataset, test: Dataset, seed: int) -> float:
    return gradient_descent(train, test, loss, epochs=20, rate=rate, decay=decay, seed=seed)


def _perceptron(train: Dataset, test: Dataset, seed: int) -> float:
    return gradient_descent(train, test, "softmax", hidden=256, epochs=20, rate=0.02, decay=1e-3, seed=seed)


def _lenet(train: Dataset, test: Dataset, seed: int) -> float:
    import torch

    from course_data.measure import nets

    torch.manual_seed(seed)
    net = nets.lenet()
    nets.fit(net, train, epochs=10, rate=4e-3, seed=seed)
    return nets.share_right(net, test)


def _cnn(epochs: int, batch: int, widths: tuple[int, ...], train: Dataset, test: Dataset, seed: int) -> float:
    import torch

    from course_data.measure import nets

    torch.manual_seed(seed)
    net = nets.convolutional(len(train.class_names), widths)
    nets.fit(net, train, epochs=epochs, rate=4e-3, batch=batch, flips=True, seed=seed)
    return nets.share_right(net, test)


def _transfer(backbone: list[object], train: Dataset, test: Dataset, seed: int) -> float:
    from torch.nn import Module

    from course_data.measure import nets

    if not backbone:
        backbone.append(nets.pretrained(load("body_plans", "train", None, "generated"), epochs=8))
    net = backbone[0]
    assert isinstance(net, Module)
    return nets.transfer(net, train, test, seed)


_PLANS: dict[str, Callable[[], Iterator[Trial]]] = {
    "cifar10": _cifar10, "mnist": _mnist, "insects": _insects, "cats_vs_fish": _cats_vs_fish,
}  # fmt: skip
