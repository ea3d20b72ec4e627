"""What a machine must have: `GRADER_REQUIRE=bubblewrap,landlock,torch` makes a skip for want of one of them a failure.

The tests skip what a machine cannot run, and a gate that skips is no gate: there the variable names what has to be there.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

__all__ = ["fail_if_required", "required"]


def required(setting: str) -> frozenset[str]:
    """The names in a comma-separated list."""
    return frozenset(name.strip() for name in setting.split(",") if name.strip())


def fail_if_required(report: pytest.TestReport | pytest.CollectReport, names: Collection[str]) -> None:
    """Turn a skipped report into a failed one where its reason speaks of a required name."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    missing = sorted(name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reason, re.IGNORECASE))
    if missing:
        report.outcome = "failed"
        report.longrepr = f"GRADER_REQUIRE asks for {', '.join(missing)}, and this was skipped: {reason}"
