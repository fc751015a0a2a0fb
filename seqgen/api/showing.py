"""Samples that show what was asked of them: of several, one by how probably the model, asked what it shows, says that
(sampling-importance resampling: Rubin 1988)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from seqgen.core.tokenizer import Ids
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Drawn, Request, draw
from seqgen.training.validation import piece_log_probabilities

if TYPE_CHECKING:
    from seqgen.api.model import Model

_TOGETHER = 512  # sequences


def draw_showing(
    model: Model,
    request: Request,
    said: Callable[[Ids], Ids],
    *,
    candidates: int,
    count: int,
    filters: Filters,
    seed: int,
    log_probabilities: bool,
    report: Callable[[int], None],
) -> list[Drawn]:
    """As `draw` has it, each sequence out of so many candidates. said: a sequence -> the same with what was asked of it
    as its last id."""
    kept: list[Drawn] = []
    some = max(1, _TOGETHER // candidates)
    while len(kept) < count:
        n = min(some, count - len(kept))
        drawn = draw(
            model.network, model.tokenizer, request, count=n * candidates, first=len(kept) * candidates,
            filters=filters, seed=seed, log_probabilities=log_probabilities, report=report,
        )  # fmt: skip
        log_p = piece_log_probabilities(model.network, model.tokenizer, [said(one.ids) for one in drawn])
        shows = np.array([p[-1] for p in log_p], np.float64).reshape(n, candidates)
        odds = np.exp(shows - shows.max(axis=1, keepdims=True))
        for i in range(n):
            rng = np.random.Generator(np.random.Philox(key=[seed, 2**63 + len(kept)]))
            kept.append(drawn[i * candidates + int(rng.choice(candidates, p=odds[i] / odds[i].sum()))])
    return kept
