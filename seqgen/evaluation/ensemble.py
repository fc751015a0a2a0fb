"""One model asked in several keys: a piece re-written by every augmentation, the probabilities averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]
Logs = npt.NDArray[np.float64]

MEMORY = 0.98  # of what an augmentation said so far, an id later


def ensemble_log_probabilities(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    memory: float = MEMORY,
    *,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Logs]:
    """float64 [T] for each piece: ln of the mean, over augmentations, of the probability of each id as re-written.

    An augmentation weighs as much as the probability that it gave to the scored ids so far, those long ago counting
    less; where a piece leaves its range, it gives nothing from there on. So nothing is used of what is to come, and
    what each id is given adds up to one at most, which makes the nats an upper bound.
    """
    each = []  # per augmentation, [T] of every piece
    for done, table in enumerate(tokenizer.augmentations.map):
        report(done, len(tokenizer.augmentations))
        moved = [table[piece] for piece in pieces]
        until = [int((ids < 0).argmax()) if (ids < 0).any() else len(ids) for ids in moved]
        kept = [i for i, n in enumerate(until) if n]
        found = piece_log_probabilities(model, tokenizer, [moved[i][: until[i]] for i in kept])
        logs = [np.full(len(piece), -np.inf) for piece in pieces]
        for i, values in zip(kept, found, strict=True):
            logs[i][: until[i]] = values
        each.append(logs)
    report(len(each), len(each))
    scored = tokenizer.vocabulary.scored
    return [_mixed(np.stack(logs), scored[ids], memory) for ids, *logs in zip(pieces, *each, strict=True)]


def _mixed(logs_AT: Logs, scored_T: npt.NDArray[np.bool_], memory: float) -> Logs:
    """[T]: each column's mean under weights that follow from the columns before it."""
    weights = np.zeros(len(logs_AT))  # logarithms
    mixed = np.empty(logs_AT.shape[1])
    for t, column in enumerate(logs_AT.T):
        mixed[t] = np.logaddexp.reduce(weights + column) - np.logaddexp.reduce(weights)
        if scored_T[t]:
            weights = memory * weights + column
            weights -= weights.max()
        else:  # a header id is given, but where it cannot be re-written nothing more is said
            weights = np.where(np.isneginf(column), column, weights)
    return mixed
