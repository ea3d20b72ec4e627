"""How insects are built. Only the plan tells classes apart: colour, pose, size and place say nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANT_AND_BEE", "PATTERNS", "Plan", "TWENTY", "table"]

PATTERNS = ("plain", "striped", "dotted", "halved")


@dataclass(frozen=True)
class Plan:
    """One way to be an insect.

    Attributes: `segments` (1 to 3), `pattern` (one of `PATTERNS`), `legs` (pairs, 0 to 4), `wings` (0 none, 1
        small, 2 large).
    """

    segments: int
    pattern: str
    legs: int
    wings: int

    @property
    def name(self) -> str:
        """A class name, also of a folder: "2-striped-6legs-small-wings"."""
        wings = ("no", "small", "large")[self.wings]
        return f"{self.segments}-{self.pattern}-{2 * self.legs}legs-{wings}-wings"


ANT_AND_BEE: dict[str, Plan] = {"ant": Plan(3, "plain", 3, 0), "bee": Plan(2, "striped", 3, 1)}

TWENTY: tuple[Plan, ...] = (
    Plan(1, "plain", 3, 0), Plan(1, "dotted", 3, 0), Plan(2, "plain", 4, 0), Plan(2, "striped", 4, 0),
    Plan(1, "plain", 0, 2), Plan(1, "striped", 0, 2), Plan(3, "striped", 0, 0), Plan(3, "dotted", 0, 0),
    Plan(3, "halved", 2, 0), Plan(2, "halved", 3, 0), Plan(2, "dotted", 0, 1), Plan(3, "plain", 0, 1),
    Plan(1, "striped", 3, 1), Plan(2, "plain", 2, 2), Plan(3, "striped", 4, 1), Plan(1, "halved", 4, 2),
    Plan(2, "striped", 2, 0), Plan(3, "plain", 2, 1), Plan(1, "dotted", 0, 1), Plan(3, "dotted", 4, 2),
)  # fmt: skip
"""Plans to train a backbone on. The ant's and the bee's are not among them."""


def table(plans: tuple[Plan, ...]) -> NDArray[np.int64]:
    """The plans as numbers, (plans, 4): segments, place of the pattern in `PATTERNS`, pairs of legs, wings."""
    return np.array([(plan.segments, PATTERNS.index(plan.pattern), plan.legs, plan.wings) for plan in plans])
