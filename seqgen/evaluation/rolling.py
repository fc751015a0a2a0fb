"""How good forecasts of a number are, from many places of held-out pieces, beside what has to be beaten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.course import Course
from seqgen.core.tokenizer import Tokenizer
from seqgen.evaluation.forecasts import (
    DECILES,
    bootstrap_interval,
    coverage,
    naive_scale,
    quantile_losses,
    scaled_errors,
    weighted_quantile_loss,
)
from seqgen.evaluation.walks import BASELINES
from seqgen.model import SequenceModel
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import roll_out

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
HORIZON, PATHS = 20, 200
_BEFORE = 60  # events of a piece, at least, before anything is forecast
_WALK = "random walk"


def forecast_scores(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    course: Callable[[Any, int], Course],
    pieces: Sequence[Ids],
    temperatures: npt.NDArray[np.float32] | None = None,
    *,
    places: int = 50,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """horizon, paths, places, model and baselines by name: wql, mase, coverage_80, each at all steps ahead; and where
    WQL less the random walk's lies (95 %): less_random_walk. Places are spread evenly over the pieces; the baselines
    know of a piece what stands before the place, too. Empty where pieces are too short."""
    found: dict[str, list[Floats]] = {name: [] for name in ("model", *BASELINES)}
    came, scales, done = list[Floats](), list[float](), 0
    for piece, begins in _places(tokenizer, pieces, places):
        reader, at, n_main = Reader(model, tokenizer, temperatures), 0, _n_main(tokenizer, piece)
        whole = tokenizer.decode(piece)
        values = course(whole, int(n_main[-1]) + 1).values
        for begin in begins:
            reader.read(piece[at:begin])
            at, known = begin, int(n_main[begin]) + 1
            drawn = roll_out(reader, tokenizer, count=PATHS, events=HORIZON, seed=begin)
            continued = tokenizer.continuation(piece[:begin], whole)
            paths = np.array([course(continued(drawn.path(n)), HORIZON).values for n in range(PATHS)])
            found["model"].append(np.quantile(paths, DECILES, axis=0).T)
            for name, baseline in BASELINES.items():
                found[name].append(baseline(values[:known], HORIZON, DECILES))
            came.append(values[known : known + HORIZON])
            scales.append(max(naive_scale(values[:known]), 1e-12))
            done += 1
            report(done, places)
    report(places, places)
    if not came:
        return {}
    truth, scale = np.array(came), np.array(scales)
    scored = {name: _scores(np.array(quantiles), truth, scale) for name, quantiles in found.items()}
    losses = {name: quantile_losses(np.array(found[name]), truth, DECILES) for name in ("model", _WALK)}
    interval = bootstrap_interval(losses["model"], losses[_WALK], np.abs(truth).sum(axis=1))
    return {
        "horizon": HORIZON,
        "paths": PATHS,
        "places": len(came),
        **scored.pop("model"),
        "baselines": scored,
        "less_random_walk": [round(value, 6) for value in interval],
    }


def _scores(quantiles: Floats, came: Floats, scales: Floats) -> dict[str, float]:
    found = {
        "wql": weighted_quantile_loss(quantiles, came, DECILES),
        "mase": float(scaled_errors(quantiles[..., 4], came, scales).mean()),
        "coverage_80": coverage(quantiles[..., 0], quantiles[..., -1], came),
    }
    return {name: round(value, 6) for name, value in found.items()}


def _n_main(tokenizer: Tokenizer[Any], piece: Ids) -> npt.NDArray[np.int64]:
    """int64 [T + 1]: events before each id, and all."""
    main = np.array(tokenizer.vocabulary.types) == tokenizer.main
    return np.concatenate([[0], np.cumsum(main[piece])])


def _places(tokenizer: Tokenizer[Any], pieces: Sequence[Ids], places: int) -> list[tuple[Ids, list[int]]]:
    """Of each piece the places at which an event has ended, enough of them before and behind."""
    open_to = []
    for piece in pieces:
        n_main = _n_main(tokenizer, piece)
        ended = tokenizer.grammar.final(tokenizer.grammar.states(piece))
        fits = ended & (n_main >= _BEFORE) & (n_main + HORIZON <= n_main[-1])
        open_to.append(np.flatnonzero(fits))
    total = sum(map(len, open_to))
    chosen = np.unique(np.linspace(0, total - 1, min(places, total)).astype(int)) if total else np.zeros(0, int)
    starts = np.cumsum([0, *map(len, open_to)])
    return [
        (piece, here[chosen[(chosen >= start) & (chosen < start + len(here))] - start].tolist())
        for piece, here, start in zip(pieces, open_to, starts, strict=False)
    ]
