"""What a sandbox shows of distributions that ask for others, and what a zygote imports early."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from grader.course import Limits
from grader.sandbox.sandbox import Job, Sandbox
from grader.sandbox.view import view_of


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages: `asks` wants `kit` with one of its extras."""
    for name, facts in {
        "asks": "Requires-Dist: kit[fast]\nRequires-Dist: elsewhere ; sys_platform == 'nowhere'",
        "kit": "Provides-Extra: fast\nProvides-Extra: slow\nRequires-Dist: kit_fast ; extra == 'fast'\n"
        "Requires-Dist: kit_slow ; extra == 'slow'\nRequires-Dist: kit_always",
        "kit_fast": "Requires-Dist: asks", "kit_slow": "", "kit_always": "",
    }.items():  # fmt: skip
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{facts}\n")
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n")
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def shown(*names: str) -> set[str]:
    return {target for target, _ in view_of(names).binds if target.startswith("/site/")}


@pytest.mark.usefixtures("distributions")
def test_what_an_extra_asks_for_is_shown_and_no_other_extra() -> None:
    """torch asks for its CUDA libraries as extras of one distribution."""
    assert shown("asks") == {"/site/asks", "/site/kit", "/site/kit_fast", "/site/kit_always"}
    assert shown("kit") == {"/site/kit", "/site/kit_always"}
    assert shown("kit", "asks") == shown("asks")


def test_a_late_module_that_another_version_lacks_is_passed_over(level: str) -> None:
    view = dataclasses.replace(view_of(["numpy"]), late=("numpy.no_such_module", "numpy.fft"))
    sandbox = Sandbox(level, view)
    job = Job({"m.py": b"import sys\nfft = 'numpy.fft' in sys.modules"}, "m.py")
    worker = sandbox.worker(job, Limits(), time.monotonic() + 60)
    module = worker.request({"op": "load", "args": []}, [])[0]["ok"]
    assert worker.request({"op": "get", "args": [module, "fft"]}, [])[0]["ok"] is True
    sandbox.close()
