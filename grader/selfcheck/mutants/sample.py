"""Which mutants are run where there is no time for all: the same ones every time, spread over functions and operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .mutate import Mutant

__all__ = ["sample_of"]


def sample_of(mutants: Sequence[Mutant], count: int) -> list[Mutant]:
    """At most `count` of them, in their order.

    First one of every operator in every function, then a second one of each, and so on; which one goes by the ids, so an
    edit of the file changes the choice only near by.
    """
    ranks: Counter[tuple[str, str]] = Counter()
    ranked = []
    for mutant in sorted(mutants, key=lambda mutant: mutant.id):
        group = mutant.region.function, mutant.operator
        ranked.append((ranks[group], mutant.id))
        ranks[group] += 1
    chosen = {key for _, key in sorted(ranked)[:count]}
    return [mutant for mutant in mutants if mutant.id in chosen]
