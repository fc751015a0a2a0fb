"""Fills the gaps of a template, wherever they stand, with regard to the given ids before *and behind* them.

Drawn from left to right, an id knows nothing of what is given further on. So many candidates are drawn side by side;
each given id that they come to weighs them by how probable they make it, and where few of them bear most of the weight,
the others begin anew as copies of those (sequential Monte Carlo: Gordon et al. 1993, Doucet & Johansen 2009). Then
stretch after stretch is drawn again between what stands on both sides of it, and what is likelier takes its place
(after the blocked particle Gibbs of Andrieu et al. 2010, but climbing).

Shapes: N candidates, T ids, V ids of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.errors import UsageError
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.sampling.cells import Floats
from seqgen.sampling.filters import Filters, drawn
from seqgen.sampling.reader import Predictor
from seqgen.sampling.sampler import Drawn, one_thread

CANDIDATES, PASSES = 32, 1  # more of either find likelier fillings, and take longer
MOST = 4096  # candidates
STRETCH = 64  # ids that are drawn again together
NEAR, HORIZON = 32, 128  # ids that weigh the candidates behind a stretch, and behind the last gap
_LEAST = np.float32(1e-30)  # probability
_FEW = 0.5  # of the candidates bear the weight: the others begin anew


@dataclass(frozen=True)
class Cloud:
    """Candidates for a template: ids [N, T]; log_p [N, T], the log-probability of each under the grammar's mask;
    log_weights [N], up to a constant. The weighted candidates stand for what the model holds possible around the given
    ids."""

    ids: Ids
    log_p: Floats
    log_weights: npt.NDArray[np.float64]

    @property
    def likeliest(self) -> int:
        """The candidate whose ids, given ones included, are the most probable together."""
        return int(self.log_p.sum(axis=1, dtype=np.float64).argmax())


@torch.inference_mode()
def fill(
    predictor: Predictor,
    tokenizer: Tokenizer[Any],
    template: Ids,
    *,
    count: int = 1,
    candidates: int = CANDIDATES,
    passes: int = PASSES,
    filters: Filters | None = None,
    seed: int = 0,
    log_probabilities: bool = False,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> list[Drawn]:
    """`count` ways to fill a template (-1 where an id is free): each the likeliest of so many candidates, and after so
    many passes over it; with the log-probability of every id where they are asked for.

    predictor: one sequence before its first id. filters: of what is drawn. Number i depends on the seed and i.
    report(tokens so far) is called now and then. Raises UsageError for a template that breaks the grammar.
    """
    check(count, candidates)
    found = []
    with one_thread():
        for i in range(count):
            rng = np.random.Generator(np.random.Philox(key=[seed, i]))
            draft = _Filling(predictor, tokenizer, template, candidates, filters or Filters(), rng)
            for k in range(passes):
                report(i * len(template))
                draft.refine(k % 2 * STRETCH // 2)  # so that where one ends, another goes on
            log_p = draft.log_probabilities() if log_probabilities else np.zeros(0, np.float32)
            found.append(Drawn(draft.ids, log_p))
    report(count * len(template))
    return found


def check(count: int, candidates: int) -> None:
    """Raises UsageError."""
    if not 1 <= candidates <= MOST:
        raise UsageError(f"{candidates} candidates: choose from 1 to {MOST:,}.")
    if count < 1:
        raise UsageError(f"{count} samples: ask for at least one.")


class _Filling:
    """One filling in the making."""

    def __init__(
        self,
        predictor: Predictor,
        tokenizer: Tokenizer[Any],
        template: Ids,
        n: int,
        filters: Filters,
        rng: np.random.Generator,
    ) -> None:
        self._predictor, self._tokenizer, self._template = predictor, tokenizer, template
        self._n, self._filters, self._rng = n, filters, rng
        self.ids = template.copy()
        gaps = np.flatnonzero(template < 0)
        self._end = int(gaps[-1]) + 1 if len(gaps) else 0
        self._draw(predictor.fork(np.zeros(1, np.int64)), 0, self._end, HORIZON, kept=False)

    def refine(self, shift: int) -> None:
        """Draw stretch after stretch again; what makes the whole likelier stays. shift: how much earlier they begin."""
        reader, at = self._predictor.fork(np.zeros(1, np.int64)), 0
        for begin in range(-shift, self._end, STRETCH):
            start, stop = max(0, begin), min(begin + STRETCH, self._end)
            if (self._template[start:stop] < 0).any():
                for i in self.ids[at:start].tolist():
                    reader.take(np.full(1, i))
                at = start
                self._draw(reader.fork(np.zeros(1, np.int64)), start, stop, NEAR, kept=True)

    def _draw(self, reader: Predictor, start: int, stop: int, ahead: int, *, kept: bool) -> None:
        """Fill from start to stop, seen with what follows; kept: what stands there is a candidate."""
        far = min(stop + ahead, len(self.ids))
        span = np.concatenate([self._template[start:stop], self.ids[stop:far]])
        present = self.ids[start:far] if kept else None
        cloud = draw_candidates(reader, self._tokenizer, span, self._n, self._rng, self._filters, present)
        self.ids[start:far] = cloud.ids[cloud.likeliest]

    def log_probabilities(self) -> Floats:
        """float32 [T] of the ids as they are."""
        reader = self._predictor.fork(np.zeros(1, np.int64))
        log_p: Floats = draw_candidates(reader, self._tokenizer, self.ids, 1, self._rng).log_p[0]
        return log_p


def draw_candidates(
    reader: Predictor,
    tokenizer: Tokenizer[Any],
    template: Ids,
    n: int,
    rng: np.random.Generator,
    filters: Filters | None = None,
    kept: Ids | None = None,
    few: float = _FEW,
) -> Cloud:
    """n candidates for a template that begins where the reader stands. kept: ids that the first one has. few: when a
    smaller share of them bears the weight, the others begin anew; 0: never. Raises UsageError."""
    filters = filters or Filters()
    said = tokenizer.unknown_of != np.arange(len(tokenizer.unknown_of))  # "not given" is not an answer
    ids, log_p = np.zeros((n, len(template)), np.int32), np.zeros((n, len(template)), np.float32)
    log_weights, rows, alone = np.zeros(n), np.arange(n), True
    grammar = tokenizer.grammar
    open_to = grammar.open_to(template)
    open_to |= not open_to[0, reader.states].all()  # then some given id is refused below, by its place
    for t, given in enumerate(template.tolist()):
        if given < 0:
            if alone:
                reader, alone = reader.fork(np.zeros(n, np.int64)), False
            if _share(log_weights) < few:
                chosen = _systematic(log_weights, rng)
                if kept is not None:
                    chosen[0] = 0
                reader, ids, log_p = reader.fork(chosen), ids[chosen], log_p[chosen]
                log_weights = np.zeros(n)
        p = reader.probabilities()
        if given < 0:
            following = grammar.transitions[reader.states]
            leads_on = ((following >= 0) & open_to[t + 1][following])[:, grammar.class_of]
            taken = _drawn((p + _LEAST) * (said & leads_on), filters, t / len(template), rng)
            if kept is not None:
                taken[0] = kept[t]
        elif not grammar.mask(reader.states)[:, given].all():
            raise UsageError(f"{tokenizer.vocabulary.tokens[given]} may not stand at place {t + 1} of a piece.")
        else:
            taken = np.full(len(p), given, np.int64)
        made = np.log(np.maximum(p[rows[: len(p)], taken], _LEAST))
        if given >= 0:
            log_weights += made
        ids[:, t], log_p[:, t] = taken, made
        reader.take(taken)
    return Cloud(ids, log_p, log_weights)


def _drawn(p: Floats, filters: Filters, done: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    if filters != Filters():
        with np.errstate(divide="ignore"):
            logits = np.log(p)
        filtered = filters(torch.from_numpy(logits), done).numpy()
        p = np.exp(filtered - filtered.max(axis=1, keepdims=True))
    return drawn(p, rng.random(len(p)))


def _share(log_weights: npt.NDArray[np.float64]) -> float:
    """The effective number of candidates, as a share of them."""
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (len(w) * (w**2).sum()))


def _systematic(log_weights: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """int64 [N]: which candidates go on, each as often as its weight says, but for less than one (Kitagawa 1996)."""
    w = np.exp(log_weights - log_weights.max()).cumsum()
    places = (rng.random() + np.arange(len(w))) * (w[-1] / len(w))
    rows: npt.NDArray[np.int64] = np.minimum(np.searchsorted(w, places, side="right"), len(w) - 1)
    return rows
