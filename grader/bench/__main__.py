"""Run the benchmarks named on the command line, or all of them, and print a line a figure with its goal."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator

from .figure import Figure

__all__ = ["main"]


def _benchmarks() -> dict[str, Callable[[], Iterator[Figure]]]:
    from . import classroom, convolution, distances, gradients, speed_noise, speed_tasks, student, torch_class, workers

    return {
        "workers": workers.run, "class": classroom.run, "memory": classroom.growth, "student": student.run,
        "distances": distances.run, "convolution": convolution.run, "gradients": gradients.run,
        "speed-noise": speed_noise.run, "speed-tasks": speed_tasks.run, "torch-class": torch_class.run,
    }  # fmt: skip


def main(names: list[str]) -> int:
    """Exit status 0; 2 for a name that is not there."""
    benchmarks = _benchmarks()
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in names or benchmarks:
        for figure in benchmarks[name]():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
