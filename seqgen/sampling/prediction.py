"""What may come after a piece.

Shapes: W ways in which an event may go on, V ids, S states of the grammar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.sampling.reader import Predictor

Odds = npt.NDArray[np.float64]

_WAYS = 1024  # that are followed side by side; beyond that some stand for others


def next_event(
    predictor: Predictor, tokenizer: Tokenizer[Any], *, to: str = "", given: int | None = None, most: int = _WAYS
) -> Odds:
    """float64 [V]: how probably the next event says each id, whatever it says before. An event ends where a sequence
    may stop; to: or with an id of this type. given: of its type no other id is said; behind it, the ids of a type add
    up to how probably it is.

    The ids of one type add up to how probably one of them is said at all. Exact where no more than `most` ways of
    saying the beginning of an event are open at once; else those that are left out are stood for by others alike.
    """
    grammar = tokenizer.grammar
    following = grammar.transitions[:, grammar.class_of]  # [S, V]
    goes_on = (following >= 0) & ~grammar.final_states[following]
    types = np.array(tokenizer.vocabulary.types)
    goes_on &= types != to
    said = np.ones(len(types), bool) if given is None else (types != types[given]) | (np.arange(len(types)) == given)
    ways, found = predictor.fork(np.zeros(1, np.int64)), np.zeros(goes_on.shape[1])
    weights = np.ones(1)
    while len(weights):
        p = weights[:, None] * ways.probabilities() * said
        found += p.sum(axis=0)
        rows, ids = np.nonzero(goes_on[ways.states] & (p > 0))
        chosen, weights = thinned(p[rows, ids], most)
        if len(chosen):
            ways = ways.fork(rows[chosen])
            ways.take(ids[chosen])
    return found


def next_probabilities(predictor: Predictor, tokenizer: Tokenizer[Any], least: float = 0) -> npt.NDArray[np.float32]:
    """float32 [V]: the probability of each next id. Ids that a prediction looks through (`tokenizer.passed`) have none:
    each leads on to what comes behind it, so that an action's probability is that whoever acts. least: what is less
    probable is not looked through."""
    passed = np.array([kind in tokenizer.passed for kind in tokenizer.vocabulary.types])
    ways, found = predictor.fork(np.zeros(1, np.int64)), np.zeros(len(passed))
    weights = np.ones(1)
    while len(weights):
        p = weights[:, None] * ways.probabilities()
        found += np.where(passed, 0, p).sum(axis=0)
        rows, ids = np.nonzero(passed & (p > least))
        chosen, weights = thinned(p[rows, ids], _WAYS)
        if len(chosen):
            ways = ways.fork(rows[chosen])
            ways.take(ids[chosen])
    total: npt.NDArray[np.float32] = (found / max(found.sum(), 1e-30)).astype(np.float32)
    return total


def thinned(weights_N: npt.NDArray[np.floating], most: int) -> tuple[npt.NDArray[np.intp], Odds]:
    """(which of N to keep, their new weights): at most `most`, the same sum.

    The heaviest stay as they are; of the others every one is kept with the probability that its new weight, the same
    for all, makes good (Fearnhead & Clifford 2003). They are taken at equal distances: nothing is left to chance.
    """
    weights = np.asarray(weights_N, np.float64)
    order = np.argsort(-weights, kind="stable")
    if len(weights) <= most:
        return order, weights[order]
    ordered = weights[order]
    rest = ordered[::-1].cumsum()[::-1]
    n = int(np.argmax(ordered[:most] * (most - np.arange(most)) <= rest[:most]))
    common = rest[n] / (most - n)
    places = np.searchsorted(ordered[n:].cumsum(), (np.arange(most - n) + 0.5) * common)
    chosen = np.concatenate([np.arange(n), n + np.minimum(places, len(ordered) - n - 1)])
    return order[chosen], np.concatenate([ordered[:n], np.full(most - n, common)])


def without_gaps(tokenizer: Tokenizer[Any], template: Ids) -> Ids:
    """A template whose free header values are said to be unknown."""
    ids, state = template.copy(), tokenizer.grammar.start(1)
    for t in range(len(ids)):
        if ids[t] < 0:
            ids[t] = tokenizer.unknown_of[np.flatnonzero(tokenizer.grammar.mask(state)[0])[0]]
        state = tokenizer.grammar.advance(state, ids[t : t + 1])
    return ids
