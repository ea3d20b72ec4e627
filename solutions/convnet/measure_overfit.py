"""How well five images are known by heart after 20 epochs: the table above LARGEST_LOSS in test_convnet_hidden.py.

Run `OMP_NUM_THREADS=1 PYTHONPATH=.:datasets python -m solutions.convnet.measure_overfit` in the course's folder.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from .cases import FIVE, five_images
from .oracle import net_loss

__all__ = ["main"]

SEEDS = 30
HERE = Path(__file__).parent


def solution(path):
    """The module at `path`."""
    spec = importlib.util.spec_from_file_location(f"measured_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reached(module, seed):
    """The loss of one run, by the suite's own network."""
    X, y = five_images(1000 + seed)
    model = module.ThreeLayerConvNet(**FIVE, seed=seed)
    module.overfit(model, X, y, 0.01, 20)
    return net_loss(model.params, X, y)


def main():
    """A line for each right solution, and one for plain steps."""
    found = {path.stem: solution(path) for path in [HERE / "layers.py", *sorted((HERE / "alternatives").glob("*.py"))]}
    plain = solution(HERE / "layers.py")
    plain._Adam.update = lambda self, params, grads: params.update(
        {name: params[name] - self.learning_rate * part for name, part in grads.items()}
    )
    for name, module in {**found, "plain steps": plain}.items():
        losses = [reached(module, seed) for seed in range(SEEDS)]
        print(
            f"#   {name:<22} median {np.median(losses):.2g}   least {min(losses):.2g}   largest {max(losses):.2g}",
            flush=True,
        )


if __name__ == "__main__":
    main()
