"""What a sandbox shows of this machine: the interpreter, the assignment's packages, the worker's own files. Nothing else."""

from __future__ import annotations

import compileall
import dataclasses
import importlib.metadata
import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from grader import worker
from grader.errors import CourseError

__all__ = ["View", "view_of"]

_PACKAGE = "_grader_worker"
_LATE = {
    "numpy": ("numpy.ma", "numpy.fft", "numpy.polynomial"),  # numpy.unique alone costs a fresh worker 50 ms
    # The first optimizer of a process imports torch._dynamo: 1.6 s. The others: backward, repr, torch.save
    "torch": ("torch._dynamo", "torch.nested._internal.nested_tensor", "torch._subclasses.schema_check_mode",
              "torch.utils.serialization"),
    "torchvision": ("torchvision.transforms.v2",),
    "tensorboard": ("torch.utils.tensorboard",),
}  # fmt: skip
_HIDDEN = ("site-packages", "dist-packages")
_WHEELS = (
    "cuda-nvrtc", "cuda-runtime", "cuda-cccl", "cublas", "cufft", "curand", "cusolver", "cusparse", "nvjitlink", "nvvm",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class View:
    """`binds`: (path in the sandbox, path on this machine), read-only. `system`: folders of shared libraries, at their
    own paths.

    `python` (path in the sandbox): the interpreter. `stdlib` (path in the sandbox): its library, whose entries `hidden`
    are not to be seen, as packages of this machine lie there. `preload`: modules for the zygote to import; `tried`: those
    that it may do without; `late`: those that packages import at the first use of a function, for a zygote that serves
    many workers.

    With a `device` (see `driver`): `nodes` of it, at their own paths; `facts`: paths of /proc that its libraries read;
    `modules` that have to reach it; `env`: more of the environment.
    """

    binds: tuple[tuple[str, str], ...]
    system: tuple[str, ...]
    python: str
    stdlib: str
    hidden: tuple[str, ...]
    preload: tuple[str, ...]
    late: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    device: str | None = None
    nodes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()

    def sources(self, prefix: str = "") -> list[tuple[str, str]]:
        """(path, source) of every bind, the path below `prefix`."""
        return [(f"{prefix}{target}", source) for target, source in self.binds]

    def readable(self, places: dict[str, str]) -> list[str]:
        """Every path that may be read, given where each bind's path lies: of the library each entry, less what is hidden."""
        library = places[self.stdlib]
        entries = [f"{library}/{name}" for name in sorted(os.listdir(dict(self.binds)[self.stdlib])) if name not in _HIDDEN]
        others = [place for target, place in places.items() if target != self.stdlib]
        devices = [f"/dev/{name}" for name in ("null", "zero", "urandom", "random")]
        return [*entries, *others, *self.system, *devices, *filter(os.path.exists, self.facts)]


def view_of(packages: Sequence[str]) -> View:
    """The view for an assignment that may use these distributions and what they depend on.

    Raises CourseError for a distribution that is not installed.
    """
    python = os.path.realpath(sys.executable)
    name = f"/python/bin/{os.path.basename(python)}"
    source = sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix})
    stdlib = f"/python/{sys.platlibdir}/{os.path.basename(source)}"
    folder = str(Path(worker.__file__).parent)
    compileall.compile_dir(folder, maxlevels=0, quiet=2)  # in the sandbox nothing can be written: it would compile each time
    runtime = (f"/runtime/{_PACKAGE}", folder)
    binds = [(name, python), (stdlib, source), *_shared_objects(), *_packages(packages), runtime]
    hidden = tuple(entry for entry in _HIDDEN if os.path.isdir(f"{source}/{entry}"))
    preload = tuple(name for package in packages if not _is_cupy(package) for name in _modules(package))
    late = tuple(name for package in packages for name in _LATE.get(package, ()))
    tried = ("cupy",) if any(map(_is_cupy, packages)) else ()  # without a driver it may refuse to be imported
    return View(tuple(binds), tuple(_system_libraries()), name, stdlib, hidden, preload, late, tried)


def _is_cupy(package: str) -> bool:
    return re.fullmatch(r"cupy(-cuda\d+x?)?", _normal(package)) is not None


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _shared_objects() -> Iterator[tuple[str, str]]:
    """The interpreter's shared library, and those beside it where the interpreter brings its own (conda)."""
    folder = Path(sys.base_prefix) / "lib"
    pattern = "libpython3*.so*" if sys.base_prefix in ("/usr", "/usr/local") else "*.so*"
    for entry in sorted(folder.glob(pattern)):
        if entry.is_file():
            yield f"/python/lib/{entry.name}", str(entry)


def _system_libraries() -> Iterator[str]:
    """Folders of the C library and its like. Distributions without multiarch folders keep them in /usr/lib directly."""
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    multiarch = [f"/lib/{triplet}", f"/usr/lib/{triplet}"]
    plain = [] if any(map(os.path.isdir, multiarch)) else ["/lib", "/usr/lib", "/usr/lib64"]
    return (folder for folder in [*multiarch, "/lib64", *plain] if os.path.isdir(folder))


def _packages(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Top-level entries of the distributions and everything they require, each as /site/<entry>."""
    seen: dict[str, str] = {}
    for distribution in _closure(names):
        root = Path(str(distribution.locate_file("")))
        for entry in sorted({file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}):
            if not entry.endswith(".pth") and (root / entry).exists():
                seen.setdefault(f"/site/{entry}", str(root / entry))
    return iter(sorted(seen.items()))


def _modules(package: str) -> list[str]:
    """What an assignment imports of a distribution: the package of its own name, or else all its public ones."""
    files = importlib.metadata.distribution(package).files or ()
    found = {file.parts[0] for file in files if len(file.parts) == 2 and file.name == "__init__.py"}
    own = re.sub(r"[-.]+", "_", package)
    same = [name for name in sorted(found) if name.lower() == own.lower()]
    return same or sorted(name for name in found if name.isidentifier() and not name.startswith("_"))


def _closure(names: Sequence[str]) -> list[importlib.metadata.Distribution]:
    """The distributions of these names and of all that they require. A name comes once for each of its extras (torch asks
    for the CUDA libraries as extras of one distribution).
    """
    found: dict[str, importlib.metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    wanted = [(name, "", True) for name in names]
    for name in filter(_is_cupy, names):
        wanted += [(name, "ctk", False), *((wheel, "", False) for wheel in _looked_for())]
    while wanted:
        name, extra, named = wanted.pop()
        key = _normal(name)
        if (key, extra) in seen:
            continue
        seen.add((key, extra))
        try:
            found.setdefault(key, importlib.metadata.distribution(name))
        except importlib.metadata.PackageNotFoundError:
            if named:
                raise CourseError(f"the assignment's package {name!r} is not installed: pip install {name}") from None
            continue  # a requirement for another platform or an extra that this machine does without
        wanted += [(name, extra, False) for name, extra in _requirements(found[key], extra)]
    return list(found.values())


def _looked_for() -> list[str]:
    """CUDA's wheels, which CuPy looks for by their names (or asks for in its extra `ctk`) and does not require."""
    return [f"nvidia-{part}{suffix}" for part in _WHEELS for suffix in ("", "-cu12", "-cu13")]


def _requirements(distribution: importlib.metadata.Distribution, extra: str) -> Iterator[tuple[str, str]]:
    for line in distribution.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield from ((requirement.name, each) for each in ("", *requirement.extras))
