"""Numbers of each type of id, the fields of an event: of a model, and of counting beside it.

Shapes: T positions, V ids, S states of the grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.evaluation.calibration import TemperatureFit, Temperatures, calibration_excess, reliability, tempered
from seqgen.evaluation.counts import Counts, keys_of
from seqgen.model import SequenceModel
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.floating]
Report = Callable[[str, int, int], None]
ORDERS = {"unigram": 1, "bigram": 2, "trigram": 3}
_AT_ONCE = 4096  # distributions


class FieldScores:
    """Takes distributions and what came, and sums up for each type of the id that came."""

    def __init__(self, tokenizer: Tokenizer[Any], curves: bool = False) -> None:
        """curves: keep how probable the likeliest ids were said to be, for the calibration."""
        self._types = np.array(tokenizer.vocabulary.types)
        self._scored = tokenizer.vocabulary.scored
        self._nats, self._right, self._among_three, self._came, self._chosen, self._hit = np.zeros(
            (6, len(self._types))
        )  # of each id that came; chosen: of each id that was the likeliest, at a place of its type
        self._curves: list[tuple[Ids, Floats, npt.NDArray[np.bool_]]] | None = [] if curves else None

    def see(self, log_p_TV: Floats, ids_T: npt.NDArray[np.integer]) -> None:
        """Count a piece. log_p_TV: of every id at each position."""
        at = np.flatnonzero(self._scored[ids_T])
        ids, log_p = np.asarray(ids_T)[at], log_p_TV[at]
        places, n = np.arange(len(ids)), len(self._types)
        came = log_p[places, ids]
        best = log_p.argmax(axis=1)
        right = best == ids
        three = (log_p > came[:, None]).sum(axis=1) < 3
        sums = ((self._nats, -came), (self._right, right), (self._among_three, three), (self._came, np.ones(len(ids))))
        for total, weights in sums:
            total += np.bincount(ids, weights, minlength=n)
        same = self._types[best] == self._types[ids]
        self._chosen += np.bincount(best[same], minlength=n)
        self._hit += np.bincount(ids[right], minlength=n)
        if self._curves is not None:
            self._curves.append((ids.astype(np.int32), np.exp(log_p[places, best]), right))

    def curve(self, kind: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(how probable the likeliest id was said to be, whether it came) at the places of a type."""
        parts = [(p[mine], right[mine]) for ids, p, right in self._curves or () for mine in [self._types[ids] == kind]]
        if not parts:
            return np.zeros(0, np.float32), np.zeros(0, bool)
        return np.concatenate([p for p, _ in parts]), np.concatenate([right for _, right in parts])

    def numbers(self) -> dict[str, dict[str, Any]]:
        """Type -> tokens, nats, accuracy, top3_accuracy, macro_f1 (over the values that came) and, where curves are
        kept, ece, ece_by_chance, ece_excess and the bins of `reliability`."""
        found: dict[str, dict[str, Any]] = {}
        for kind in dict.fromkeys(self._types[self._came > 0].tolist()):
            ids = np.flatnonzero((self._types == kind) & (self._came > 0))
            n = self._came[ids].sum()
            f1 = 2 * self._hit[ids] / (self._came[ids] + self._chosen[ids])
            found[kind] = {
                "tokens": int(n),
                "nats": round(float(self._nats[ids].sum() / n), 4),
                "accuracy": round(float(self._right[ids].sum() / n), 4),
                "top3_accuracy": round(float(self._among_three[ids].sum() / n), 4),
                "macro_f1": round(float(f1.mean()), 4),
            }
            if self._curves is not None:
                excess = calibration_excess(*self.curve(kind))
                found[kind] |= {name: round(value, 4) for name, value in excess.items()}
                found[kind]["reliability"] = reliability(*self.curve(kind))
        return found


def fit_temperatures(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    report: Report = lambda what, done, total: None,
) -> Temperatures:
    """The temperatures that suit these pieces, which should be none that were learned from."""
    fit, states, seen = TemperatureFit(tokenizer), [tokenizer.grammar.states(p)[:-1] for p in pieces], 0

    def see(i: int, log_p_TV: npt.NDArray[np.float32], part: slice) -> None:
        nonlocal seen
        fit.see(log_p_TV, pieces[i][part], states[i][part])
        seen += len(log_p_TV)
        report("calibrating", seen, sum(map(len, pieces)))

    piece_log_probabilities(model, tokenizer, pieces, see)
    return fit.best()


def evaluate_fields(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    train: Sequence[Ids],
    pieces: Sequence[Ids],
    temperatures: npt.NDArray[np.float32] | None = None,
    report: Report = lambda what, done, total: None,
) -> dict[str, Any]:
    """Type of id -> what `FieldScores` says of the model at these temperatures, uncalibrated: nats, ece_excess
    and reliability without them, baselines: name -> the same of counting the training pieces."""
    plain, scores = FieldScores(tokenizer, curves=True), FieldScores(tokenizer, curves=True)
    states, seen = [tokenizer.grammar.states(p)[:-1] for p in pieces], 0

    def see(i: int, log_p_TV: npt.NDArray[np.float32], part: slice) -> None:
        nonlocal seen
        plain.see(log_p_TV, pieces[i][part])
        if temperatures is not None:
            scores.see(tempered(log_p_TV, temperatures[states[i][part]]), pieces[i][part])
        seen += len(log_p_TV)
        report("scoring fields", seen, sum(map(len, pieces)))

    piece_log_probabilities(model, tokenizer, pieces, see)
    scores = plain if temperatures is None else scores
    before, found = plain.numbers(), scores.numbers()
    counted = {}
    for k, (name, order) in enumerate(ORDERS.items()):
        report("counting each field", k, len(ORDERS))
        counted[name] = _counted(Counts.of(tokenizer, train, order), tokenizer, pieces)
    report("counting each field", len(ORDERS), len(ORDERS))
    return {
        kind: {
            **numbers,
            "uncalibrated": {name: before[kind][name] for name in ("nats", "ece_excess", "reliability")},
            "baselines": {name: of[kind] for name, of in counted.items()},
        }
        for kind, numbers in found.items()
    }


def _counted(counts: Counts, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> dict[str, dict[str, Any]]:
    scores = FieldScores(tokenizer)
    ids = np.concatenate(pieces)
    keys = np.concatenate([keys_of(tokenizer, piece.astype(np.int64), counts.n_before) for piece in pieces])
    order = np.argsort(keys, kind="stable")
    for begin in range(0, len(order), _AT_ONCE):
        at = order[begin : begin + _AT_ONCE]
        asked, places = np.unique(keys[at], return_inverse=True)
        with np.errstate(divide="ignore"):
            log_p = np.log(counts.probabilities(asked, keep=False))
        scores.see(log_p[places], ids[at])
    return scores.numbers()
