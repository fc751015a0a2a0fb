"""A grammar without some ids, in which a sample still always finds to an end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqgen.core.grammar import Grammar

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Barred:
    """Ids that may not come in a sample, behind what it begins with; all bool [V].

    never: those that may not come at all. waiting: those that may not come before one of `opening` has come.
    """

    never: Bools
    waiting: Bools
    opening: Bools


@dataclass(frozen=True, eq=False)
class Once:
    """Ids of which a sample says each but once until one of `anew` comes; both bool [V]."""

    ids: Bools
    anew: Bools


def narrowed(grammar: Grammar, barred: Iterable[Barred]) -> Grammar:
    """The grammar without the barred ids, and without those from which no way leads on to where a piece may stop.

    The first states are those of the grammar, with nothing opened yet: a sample may begin in any of them.
    """
    for one in barred:
        grammar = _narrowed(grammar, one)
    far = grammar.distance >= 2**30
    return Grammar(grammar.class_of, np.where(far[grammar.transitions], -1, grammar.transitions), grammar.final_states)


def _narrowed(grammar: Grammar, barred: Barred) -> Grammar:
    """Every state twice: before and after one of `opening`."""
    key = np.stack([grammar.class_of, barred.never, barred.waiting & ~barred.opening, barred.opening])
    kinds, class_of = np.unique(key, axis=1, return_inverse=True)
    old, never, waiting, opening = kinds
    n = grammar.n_states
    after = grammar.transitions[:, old]
    legal = (after >= 0) & (never == 0)
    before = np.where(legal & (waiting == 0), after + n * opening, -1)
    return Grammar(
        class_of.reshape(-1),
        np.concatenate([before, np.where(legal, after + n, -1)]),
        np.tile(grammar.final_states, 2),
    )
