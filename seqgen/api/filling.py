"""Pieces of which a part is given: other voices to a tune, other bars in a piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Gap
from seqgen.sampling.filling import CANDIDATES, check, fill
from seqgen.sampling.filters import Filters
from seqgen.sampling.reader import Reader
from seqgen.sampling.sampler import Drawn, Request, draw
from seqgen.training.validation import piece_log_probabilities

if TYPE_CHECKING:
    from seqgen.api.model import Model


def fill_in(
    model: Model,
    piece: Any,
    fixed: Mapping[str, Any],
    infill: str | None,
    given: Mapping[str, Any],
    *,
    count: int,
    candidates: int | None,
    filters: Filters,
    seed: int,
    log_probabilities: bool,
    report: Callable[[int], None],
) -> list[Drawn]:
    """What `Model.sample` draws where something is fixed, or filled in. Raises UsageError, BadInput."""
    if piece is not None and infill is None:
        raise UsageError("What is given stands in place of a prompt.", "With --infill 5-8 both go together.")
    if piece is None and infill is not None:
        raise UsageError("There is no piece to fill in.", "Give it: --prompt FILE.")
    if filters.needs_seen:
        raise UsageError("A repetition penalty is nothing for filling gaps.", "Leave it out.")
    n = CANDIDATES if candidates is None else candidates
    template = model.tokenizer.outline(piece, fixed, None if infill is None else _span(infill), **given)
    if isinstance(template, Gap):
        check(count, n)
        return [_fill_gap(model, template, n, filters, seed + i, report) for i in range(count)]
    if len(template) > LIMITS.max_sample_tokens:
        raise UsageError(f"A sample may have {LIMITS.max_sample_tokens:,} tokens at most.")
    return fill(
        Reader(model.network, model.tokenizer), model.tokenizer, template, count=count, candidates=n, filters=filters,
        seed=seed, log_probabilities=log_probabilities, report=report,
    )  # fmt: skip


def _fill_gap(
    model: Model, gap: Gap, candidates: int, filters: Filters, seed: int, report: Callable[[int], None]
) -> Drawn:
    """Of so many candidates the one that makes what stands behind the gap likeliest."""
    request = Request(gap.before, gap.length, barred=gap.barred)
    drawn = draw(
        model.network, model.tokenizer, request, count=candidates, filters=filters, seed=seed,
        report=report,
    )  # fmt: skip
    wholes = [gap.whole(one.ids[len(gap.before) :]) for one in drawn]
    log_p = piece_log_probabilities(model.network, model.tokenizer, wholes)
    best = int(np.argmax([p[-gap.n_behind :].sum(dtype=np.float64) for p in log_p]))
    return Drawn(wholes[best], log_p[best])


def _span(text: str) -> tuple[int, int]:
    """(5, 8) of "5-8", (5, 5) of "5"."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6}))?\s*", str(text))
    if not match:
        raise UsageError(f"{str(text)[:40]!r} is not a stretch of a piece.", "Write it like 5-8.")
    return int(match[1]), int(match[2] or match[1])
