"""Automatic mutants: small changes of a reference, each of which the hidden suite must notice.

Neither of the kept mutation libraries fits (looked at: mutmut 3.8, cosmic-ray 8.7). What is needed here is "source in,
mutated sources out": the hidden suites run in our own grader processes and sandboxes. mutmut puts all mutants of a file
behind switches and runs pytest itself, with no public function in between; cosmic-ray has one, at the price of 30
packages (SQLAlchemy and aiohttp among them). Both change strings or annotations, and neither knows an axis, a slice, a
transpose, arguments that changed places or a statement that is missing: what goes wrong in numeric code.
"""

from __future__ import annotations

from .judge import MutantResult, judge_mutants

__all__ = ["MutantResult", "judge_mutants"]
