"""Whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput, RunError
from seqgen.core.sealed import read_sealed, write_sealed
from seqgen.core.tokenizer import Tokenizer

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

_SIMULATIONS = 200
LOWEST, HIGHEST = 0.5, 2.0  # temperatures
_GRID, _ENOUGH = 15, 200  # temperatures that are tried; places without which none is fitted
_FORMAT = 1
_AGAIN = "Delete it: `seqgen evaluate` makes it again."


def calibration_error(confidence_N: Floats, right_N: Bools, n_bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal mass: the mean distance between how probable
    the top choice was said to be and how often it was right."""
    order = np.argsort(confidence_N, kind="stable")
    gap = np.asarray(confidence_N, np.float64)[order] - np.asarray(right_N, np.float64)[order]
    return _binned(gap, n_bins) if len(gap) else 0.0


def calibration_excess(confidence_N: Floats, right_N: Bools, n_bins: int = 15, seed: int = 0) -> dict[str, float]:
    """ece; ece_by_chance: what perfectly calibrated probabilities of the same values show, the mean of 200 simulations;
    ece_excess: their difference, not below 0."""
    rng = np.random.default_rng(seed)
    confidence = np.sort(np.asarray(confidence_N, np.float64))
    chance = [
        _binned(confidence - (rng.random(len(confidence)) < confidence), n_bins)
        for _ in range(_SIMULATIONS if len(confidence) else 0)
    ]
    ece, by_chance = calibration_error(confidence_N, right_N, n_bins), float(np.mean(chance)) if chance else 0.0
    return {"ece": ece, "ece_by_chance": by_chance, "ece_excess": max(0.0, ece - by_chance)}


def reliability(confidence_N: Floats, right_N: Bools, n_bins: int = 20) -> list[dict[str, float]]:
    """What a reliability diagram draws, of each of some bins of equal width that is not empty: said, the mean of how
    probable the top choice was said to be, came, how often it was right, n, of how many."""
    confidence, right = np.asarray(confidence_N, np.float64), np.asarray(right_N, np.float64)
    places = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    n, said, came = (np.bincount(places, weights, minlength=n_bins) for weights in (None, confidence, right))
    return [
        {"said": round(float(said[k] / n[k]), 6), "came": round(float(came[k] / n[k]), 6), "n": int(n[k])}
        for k in np.flatnonzero(n).tolist()
    ]


def _binned(gap_N: npt.NDArray[np.float64], n_bins: int) -> float:
    """Mean over bins of the distance from zero of each bin's mean, weighted by its size."""
    parts = np.array_split(gap_N, min(n_bins, len(gap_N)))
    return float(np.sum([np.abs(part.sum()) for part in parts]) / len(gap_N))


class Temperatures:
    """Scores are divided by a number for each kind of place, so that probabilities mean what they say (Guo et al.
    2017). A kind of place is which types of ids may come there, such as `Outcome`, or `Batter|Bowler|End|Side`.

    values: kind of place -> temperature; 1 for those that are not named.
    """

    def __init__(self, tokenizer: Tokenizer[Any], values: Mapping[str, float]) -> None:
        self.kinds = place_kinds(tokenizer)
        self.values = dict(values)
        self.of_state = np.array([values.get(kind, 1.0) for kind in self.kinds], np.float32)  # [S]

    def save(self, path: Path, checkpoint: str) -> None:
        """checkpoint: the name of the one whose weights they suit."""
        write_sealed(path, {"format": _FORMAT, "checkpoint": checkpoint, "temperatures": self.values})

    @classmethod
    def load(cls, path: Path, tokenizer: Tokenizer[Any], checkpoint: str) -> Temperatures | None:
        """What `save` wrote; None where that was for another checkpoint. Raises RunError where it is damaged or of
        another tokenizer."""
        try:
            said = read_sealed(path, ("format", "checkpoint", "temperatures"))
        except BadInput as error:
            raise RunError(error.message, _AGAIN) from None
        values = said.get("temperatures") if said.get("format") == _FORMAT else None
        if not isinstance(values, dict) or not set(values) <= set(place_kinds(tokenizer)):
            raise RunError(f"{path} is damaged, or of another run.", _AGAIN)
        for value in values.values():
            if not isinstance(value, int | float) or isinstance(value, bool) or not LOWEST <= value <= HIGHEST:
                raise RunError(f"{path} is damaged: {str(value)[:40]} is no temperature.", _AGAIN)
        return cls(tokenizer, values) if said.get("checkpoint") == checkpoint else None


def place_kinds(tokenizer: Tokenizer[Any]) -> list[str]:
    """Of each state of the grammar, which types of ids may come."""
    types = np.array(tokenizer.vocabulary.types)
    return ["|".join(sorted(set(types[mask].tolist()))) for mask in tokenizer.grammar.masks]


class TemperatureFit:
    """Sums up how likely what came was at each of some temperatures, and finds the best between them."""

    def __init__(self, tokenizer: Tokenizer[Any]) -> None:
        self._tokenizer, self._kinds = tokenizer, np.array(place_kinds(tokenizer))
        self._grid = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), _GRID))
        self._nats: dict[str, npt.NDArray[np.float64]] = {}
        self._seen: dict[str, int] = {}

    def see(self, log_p_TV: Floats, ids_T: npt.NDArray[np.integer], states_T: npt.NDArray[np.integer]) -> None:
        """Distributions under the grammar's mask, what came, and the grammar's states."""
        masks, scored = self._tokenizer.grammar.masks, self._tokenizer.vocabulary.scored
        for kind in np.unique(self._kinds[states_T]).tolist():
            at = np.flatnonzero((self._kinds[states_T] == kind) & scored[ids_T])
            columns = np.flatnonzero(masks[self._kinds == kind].any(axis=0))
            if not len(at) or len(columns) < 2:
                continue
            log_p = np.asarray(log_p_TV[at][:, columns], np.float64)
            came = np.searchsorted(columns, ids_T[at])
            nats = [-_scaled(log_p, 1 / t)[np.arange(len(at)), came].sum() for t in self._grid]
            self._nats[kind] = self._nats.get(kind, 0.0) + np.array(nats)
            self._seen[kind] = self._seen.get(kind, 0) + len(at)

    def best(self) -> Temperatures:
        """Of kinds that hardly occurred it is 1."""
        found = {}
        for kind, nats in self._nats.items():
            if self._seen[kind] < _ENOUGH:
                continue
            k = int(np.clip(nats.argmin(), 1, _GRID - 2))
            a, b, c = nats[k - 1 : k + 2]
            shift = 0.5 * (a - c) / max(a - 2 * b + c, 1e-12)  # to the lowest point of a parabola
            place = k + float(np.clip(shift, -1, 1))
            found[kind] = round(float(np.exp(np.interp(place, np.arange(_GRID), np.log(self._grid)))), 4)
        return Temperatures(self._tokenizer, found)


def tempered(log_p_TV: Floats, temperatures_T: npt.NDArray[np.float32]) -> Floats:
    """The same distributions with scores divided by a temperature each."""
    return _scaled(log_p_TV, 1 / temperatures_T[:, None]).astype(np.float32)


def _scaled(log_p_NV: Floats, by: Any) -> npt.NDArray[np.float64]:
    scores = np.where(np.isfinite(log_p_NV), log_p_NV * by, -np.inf)
    top = scores.max(axis=1, keepdims=True)
    found: npt.NDArray[np.float64] = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return found
