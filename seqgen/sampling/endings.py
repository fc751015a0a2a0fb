"""Pieces of a given length that end as pieces do: of several drawn side by side one is kept, by how probable the model
holds it that a piece ends there (sampling-importance resampling: Rubin 1988)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Drawn, Request, draw

_TOGETHER = 256  # sequences


def draw_ended(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    request: Request,
    *,
    candidates: int,
    count: int = 1,
    filters: Filters | None = None,
    seed: int = 0,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> list[Drawn]:
    """As `draw` has it, each sequence out of so many candidates; with log-probabilities."""
    kept: list[Drawn] = []
    some = max(1, _TOGETHER // candidates)
    while len(kept) < count:
        n = min(some, count - len(kept))
        drawn = draw(
            model, tokenizer, request, count=n * candidates, first=len(kept) * candidates, filters=filters, seed=seed,
            log_probabilities=True, report=report,
        )  # fmt: skip
        for i in range(n):
            rng = np.random.Generator(np.random.Philox(key=[seed, 2**63 + len(kept)]))
            kept.append(_chosen(tokenizer, drawn[i * candidates : (i + 1) * candidates], rng))
    return kept


def _chosen(tokenizer: Tokenizer[Any], drawn: list[Drawn], rng: np.random.Generator) -> Drawn:
    """One of them, as often as the end of each is probable; where none has ended, all are alike."""
    grammar = tokenizer.grammar
    closed = [not grammar.masks[grammar.states(one.ids)[-1]].any() for one in drawn]
    ends = np.array([one.log_probabilities[-1] if over else -np.inf for one, over in zip(drawn, closed, strict=True)])
    weights = np.exp(ends - ends.max()) if any(closed) else np.ones(len(drawn))
    return drawn[int(rng.choice(len(drawn), p=weights / weights.sum()))]
