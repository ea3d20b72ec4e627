"""A course that can be released: the toy course with the kit's own grader, data and settings."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

__all__ = ["KIT", "SOLUTION", "make_course"]

KIT = Path(__file__).parents[2]

SOLUTION = """\
    total = x.cumsum()
    shifted = total - total[0]
    scaled = shifted / len(shifted)
"""
_STUB = '''

def running(x):
    """The running mean of x, an array (N,), from its first element on."""
    {body}
'''
_FEW = (
    "grader/__init__.py", "grader/constraints.txt", "grader/cli", "grader/plugin", "grader/release/student_files",
    "datasets/course_data/__init__.py",
)  # fmt: skip
_HEAVY = shutil.ignore_patterns("__pycache__", "tests", "bench", "docs", "sheets", "*.egg-info")


def make_course(root: Path, *, whole: bool = False) -> Path:
    """The toy course in the new folder `root`, with a marked solution; with the `whole` grader, or a few files of it."""
    shutil.copytree(KIT / "grader" / "tests" / "toy_course", root, ignore=_HEAVY)
    for name in ("grader", "datasets") if whole else _FEW:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copyfile if (KIT / name).is_file() else functools.partial(shutil.copytree, ignore=_HEAVY)
        copy(KIT / name, root / name)
    for name in ("pyproject.toml", "tox.ini", "README.md", ".gitignore"):
        shutil.copyfile(KIT / name, root / name)
    stub, reference = root / "assignments" / "toy" / "toy.py", root / "solutions" / "toy" / "toy.py"
    marked = f"# BEGIN SOLUTION\n{SOLUTION}    return scaled\n    # END SOLUTION"
    text = stub.read_text()
    stub.write_text(text + _STUB.format(body="raise NotImplementedError"))
    reference.write_text(text + _STUB.format(body=marked))
    _private_files(root / "solutions" / "toy")
    return root


def _private_files(folder: Path) -> None:
    """One of each kind that gives answers away."""
    (folder / "oracle.py").write_text(
        "def expected(x):\n    rows = [x[: k + 1] for k in range(len(x))]\n"
        "    means = [sum(row) / len(row) for row in rows]\n    return means, rows, float(max(means))\n"
    )
    (folder / "alternatives").mkdir(exist_ok=True)
    (folder / "alternatives" / "by_steps.py").write_text(
        "def running(x):\n    carry, out = 0.0, []\n    for count, value in enumerate(x, 1):\n"
        "        carry += (value - carry) / count\n        out.append(carry)\n    return out\n"
    )
    (folder / "key.toml").write_text(
        '[mean]\nanswer = "b"\nwhy = "A running mean forgets nothing, it only weighs less."\n'
        'wrong = { a = "That would be the running sum, which grows without bound." }\n'
    )
