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


def ensemble_log_probabilities(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    *,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Logs]:
    """float64 [T] for each piece: ln of the mean, over augmentations, of the probability of each id as re-written.

    An augmentation weighs as much as the probability that it gave to the scored ids so far; where a piece leaves its
    range, it gives nothing from there on. So nothing is used of what is to come, and what each id is given adds up to
    one at most, which makes the nats an upper bound.
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
    return [_mixed(np.stack(logs), scored[ids]) for ids, *logs in zip(pieces, *each, strict=True)]


def _mixed(logs_AT: Logs, scored_T: npt.NDArray[np.bool_]) -> Logs:
    """[T]: each column's mean under weights that follow from the columns before it. Header ids are given, so that they
    move no weight, but where one cannot be re-written nothing more is said."""
    said = np.where(scored_T | np.isneginf(logs_AT), logs_AT, 0.0).cumsum(axis=1)
    weights = np.concatenate([np.zeros((len(said), 1)), said[:, :-1]], axis=1)  # logarithms
    together: Logs = np.logaddexp.reduce(weights + logs_AT) - np.logaddexp.reduce(weights)
    return together
