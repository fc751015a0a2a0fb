"""What comes next in each of many pieces, beside what is known to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.evaluation.calibration import tempered
from seqgen.sampling.prediction import without_gaps
from seqgen.training.validation import piece_log_probabilities

if TYPE_CHECKING:
    from seqgen.api.model import Model

_TOGETHER = 500  # pieces
_COLUMNS = 100  # ids that may come, of which each has its probability in the row


def predict_each(
    model: Model, pieces: Sequence[Any], report: Callable[[str, int, int], None] = lambda what, done, total: None
) -> list[dict[str, Any]]:
    """See `Model.predict_each`."""
    if model.tokenizer.passed:
        raise UsageError(f"Pieces of {model.domain.name} are predicted one by one.", "Leave --each out.")
    rows: list[dict[str, Any]] = []
    for begin in range(0, len(pieces), _TOGETHER):
        report("predicting", begin, len(pieces))
        rows += _rows(model, pieces[begin : begin + _TOGETHER], begin + 1)
    report("predicting", len(pieces), len(pieces))
    return rows


def _rows(model: Model, pieces: Sequence[Any], first: int) -> list[dict[str, Any]]:
    t = model.tokenizer
    asked = [without_gaps(t, t.template(piece)) for piece in pieces]
    states = [int(t.grammar.states(ids)[-1]) for ids in asked]
    # Any id will do at the place that is asked for: what may come there does not depend on it.
    log_p = np.zeros((len(pieces), len(t.vocabulary)), np.float32)

    def see(i: int, log_p_TV: npt.NDArray[np.float32], part: slice) -> None:
        if part.stop == len(asked[i]) + 1:
            log_p[i] = log_p_TV[-1]

    piece_log_probabilities(model.network, t, [np.append(ids, 0) for ids in asked], see)
    if model.temperatures is not None:
        log_p = tempered(log_p, model.temperatures[states]).astype(np.float32)
    p, tokens = np.exp(log_p), t.vocabulary.tokens
    found = []
    for n, (piece, ids, state) in enumerate(zip(pieces, asked, states, strict=True)):
        may = np.flatnonzero(t.grammar.masks[state])
        if not len(may):
            raise UsageError(f"Nothing comes after a whole piece of {model.domain.name}.", "Leave --each out.")
        best, came = int(p[n].argmax()), _came(t.encode(piece), ids)
        row: dict[str, Any] = {"piece": first + n, "came": "" if came < 0 else tokens[came], "predicted": tokens[best]}
        row |= {"probability": round(float(p[n, best]), 6), "right": None if came < 0 else best == came}
        found.append(row | {tokens[i]: round(float(p[n, i]), 6) for i in may[:_COLUMNS]})
    return found


def _came(whole: npt.NDArray[np.int32], asked: npt.NDArray[np.int32]) -> int:
    """The id that the piece itself says there; -1 where that is not known."""
    n = len(asked)
    return int(whole[n]) if len(whole) > n and np.array_equal(whole[:n], asked) else -1
