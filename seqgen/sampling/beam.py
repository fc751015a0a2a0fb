"""Beam search: of all sequences those that the model finds likeliest, as far as a few at a time can find them.

Shapes: W beams, V ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.cells import Floats
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Draft, Drawn, Request, one_thread

_MOST = 1024  # beams


@torch.inference_mode()
def draw_beam(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    request: Request,
    *,
    width: int,
    count: int = 1,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> list[Drawn]:
    """The `count` likeliest sequences that `width` beams find, the likeliest first, all different; fewer where there
    are no more.

    How likely one is, is the mean log-probability, under the grammar's mask, of the ids that were chosen: without the
    mean short ones would win (Wu et al. 2016, with a length penalty of 1). Nothing is left to chance. report(tokens so
    far) is called now and then. Raises UsageError for a template that breaks the grammar, or more sequences than beams.
    """
    if not 1 <= width <= _MOST:
        raise UsageError(f"{width} beams: choose from 1 to {_MOST}.")
    if not 1 <= count <= width:
        raise UsageError(f"{count} samples of {width} beams.", "Ask for at least one, and for no more than beams.")
    if request.max_tokens > LIMITS.max_sample_tokens:
        raise UsageError(f"A sample may have {LIMITS.max_sample_tokens:,} tokens at most.")
    with one_thread():
        beams = _Beams(model, tokenizer, request, width)
        while not beams.done():
            beams.step()
            if beams.n % 64 == 0:
                report(beams.n * width)
    best = sorted(beams.ended, key=lambda one: -one[0])  # stable: of equal ones the first found
    return [drawn for _, drawn in best[:count]]


class _Beams(Draft):
    """Beams in the making; what has ended leaves its place to another."""

    def __init__(self, model: SequenceModel, tokenizer: Tokenizer[Any], request: Request, width: int) -> None:
        super().__init__(model, tokenizer, request, width, Filters(), 0, False)
        self.ended: list[tuple[float, Drawn]] = []
        # Of what was chosen; all but one beam are empty at first, so that no sequence is there twice.
        self._total = np.where(np.arange(width) == 0, 0.0, -np.inf)
        self._n_chosen = 0
        self._log_p = np.zeros((width, 256), np.float32)

    def done(self) -> bool:
        return len(self.ended) >= len(self._total) or not np.isfinite(self._total).any()

    def step(self) -> None:
        """One more id for every beam: the best of all that may follow any of them."""
        fixed = self._fixed()
        log_p = self._log_probabilities(self.stepper(self.previous, self.cursor.row()))
        live = np.isfinite(self._total)
        if fixed >= 0:
            chosen = np.full(len(live), fixed, np.int64)
            parents = np.arange(len(live))
        else:
            allowed = self._allowed()
            for b in np.flatnonzero(live & ~allowed.any(axis=1)):
                self._end(int(b))
            totals = np.where(allowed, self._total[:, None] + log_p, -np.inf)
            parents, chosen = np.divmod(_largest(totals.reshape(-1), len(live)), totals.shape[1])
            self._total = totals[parents, chosen]
            self._n_chosen += 1
            if self.done():
                return
            # An empty place is filled with anything legal.
            empty = ~np.isfinite(self._total)
            parents[empty], chosen[empty] = parents[0], chosen[0]
            self._select(parents)
        if self.n == self._log_p.shape[1]:
            self._log_p = np.concatenate([self._log_p, np.zeros_like(self._log_p)], axis=1)
        self._log_p[:, self.n] = log_p[parents, chosen]
        self._take(chosen)
        for b in np.flatnonzero((self.lengths >= 0) & np.isfinite(self._total)):
            self._end(int(b))

    def _select(self, rows: npt.NDArray[np.integer]) -> None:
        """Go on from these beams, some of them perhaps several times."""
        self.stepper.select(rows)
        self.cursor = self.cursor.fork(rows)
        self.ids, self._log_p, self._counted = self.ids[rows], self._log_p[rows], self._counted[rows]
        self.grammar_state, self.rules_state = self.grammar_state[rows], self.rules_state[rows]
        self._amount = self._amount[rows]
        self.lengths[:] = -1
        if self._counts is not None:
            self._counts = self._counts[rows]

    def _end(self, b: int) -> None:
        """Put a beam aside as a whole sequence."""
        drawn = Drawn(self.ids[b, : self.n].copy(), self._log_p[b, : self.n].copy())
        self.ended.append((float(self._total[b]) / max(1, self._n_chosen), drawn))
        self._total[b] = -np.inf


def _largest(values: Floats, n: int) -> npt.NDArray[np.intp]:
    """The places of the n largest values, the largest first."""
    places = np.sort(np.argpartition(-values, n - 1)[:n])
    return places[np.argsort(-values[places], kind="stable")]
